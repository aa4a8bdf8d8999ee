"""Read tables of clips: AudioSet's segment lists, and plain CSV files with a header.

AudioSet's lists, as published: comment lines beginning with ``#``, the last of which names the columns, then
``YTID, start_seconds, end_seconds, positive_labels`` with the labels in quotes, parted by commas.

A plain file has a header with ``file`` and any of the columns in `COLUMNS`; labels are parted by semicolons, since the
names of AudioSet's classes hold commas (a list of mids alone may have commas).
"""

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from fusionaudio_assets.ingest.records import best_qualities
from resources.english import counted
from resources.errors import SettingError

COLUMNS = {
    "file": "file, relative to the folder of the media",
    "id": "in its place: the id that names the file, as in AudioSet's lists",
    "start_s": "start of the segment in seconds",
    "end_s": "its end, exclusive",
    "labels": "names or mids, parted by semicolons",
    "label_quality": "per cent, one for each label or one for all",
    "license": "licence of the clip",
    "split": "such as train or test",
}
_SYNONYMS = {
    "ytid": "id", "start_seconds": "start_s", "end_seconds": "end_s", "positive_labels": "labels",
    "quality": "label_quality", "licence": "license", "path": "file", "filename": "file",
}  # fmt: skip
_AUDIOSET_COLUMNS = ["id", "start_s", "end_s", "labels"]
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_MID = re.compile(r"/[a-z]/\w+")
_MOST_ERRORS = 10
_MOST_S = 1e7
"""Nearly four months."""


@dataclass(frozen=True)
class Segment:
    """One line of a table. `key` is a file name, or an id when `by_id`."""

    key: str
    by_id: bool
    start_s: float | None
    end_s: float | None
    labels: dict[str, float | None]
    license: str | None
    split: str | None


@dataclass
class SegmentTable:
    """A table that is read line by line.

    Attributes:
        columns: Names of the columns in order, of `COLUMNS`; None for one that is not used.
        unknown: Names of columns that are not used.
    """

    path: Path
    columns: list[str | None]
    unknown: list[str]
    header_lines: int
    errors: list[str] = field(default_factory=list)

    @property
    def by_id(self) -> bool:
        """True when lines name ids, not files."""
        return "id" in self.columns

    def __iter__(self) -> Iterator[Segment]:
        """Give the lines.

        Raises:
            SettingError: After the last line, naming line and column of what is wrong: take no line before the end.
        """
        with open_text(self.path) as file:
            reader = csv.reader(file, skipinitialspace=True)
            try:
                for fields in reader:
                    if reader.line_num > self.header_lines and any(fields) and not self._is_comment(fields):
                        segment = self._segment(fields, reader.line_num)
                        if segment is not None:
                            yield segment
            except csv.Error as error:
                self.errors.append(f"line {reader.line_num}: {error}")
            except UnicodeDecodeError as error:
                raise not_text(self.path) from error
        self._raise_errors()

    def _is_comment(self, fields: list[str]) -> bool:
        return self.by_id and fields[0].startswith("#")  # but a file may be called "#1.wav"

    def _segment(self, fields: list[str], line: int) -> Segment | None:
        if len(fields) != len(self.columns):
            self.errors.append(f"line {line}: {len(fields)} columns instead of {len(self.columns)}")
            return None
        values = {column: value.strip() for column, value in zip(self.columns, fields, strict=True) if column}
        try:
            return _parsed(values)
        except _BadField as error:
            self.errors.append(f"line {line}, column {error.column}: {error}")
            return None

    def _raise_errors(self) -> None:
        if self.errors:
            shown = "; ".join(self.errors[:_MOST_ERRORS])
            more = f"; and {len(self.errors) - _MOST_ERRORS} more" if len(self.errors) > _MOST_ERRORS else ""
            raise SettingError(f"{self.path}: {shown}{more}.", hint="Nothing was ingested; correct these lines first.")


class _BadField(ValueError):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def open_table(path: Path) -> SegmentTable:
    """Read the head of a CSV file.

    Raises:
        SettingError: The file cannot be read, is empty or misses a column.
    """
    try:
        with open_text(path) as file:
            names: list[str] = []
            for number, line in enumerate(file, 1):
                if "\0" in line:  # UTF-16 without its mark
                    raise not_text(path)
                if line.startswith("#"):
                    names = _split(line.lstrip("# "))
                elif line.strip():
                    return _with_columns(path, names, _split(line), number)
    except UnicodeDecodeError as error:
        raise not_text(path) from error
    raise SettingError(f"{path} holds no line but comments.", hint="Give one line for each clip.")


def open_text(path: Path) -> TextIO:
    """Open a text file of the user's.

    Raises:
        SettingError: It cannot be read.
    """
    try:
        if not path.is_file():  # a pipe would be waited on for ever, and can be read only once
            raise SettingError(f"{path} is not a regular file.", hint="Save what comes out of it to a file first.")
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}.") from error


def not_text(path: Path) -> SettingError:
    """Say that a file is no text."""
    return SettingError(f"{path} is not a text file in UTF-8.", hint="Give a folder, a list of paths or a CSV file.")


def _with_columns(path: Path, commented: list[str], first: list[str], number: int) -> SegmentTable:
    """Decide between a header, AudioSet's commented header, and AudioSet's columns without any."""
    if _known(first) & {"file", "id"}:
        return _table(path, first, number)
    if _known(commented) >= {"id"} and len(commented) == len(first):
        return _table(path, commented, number - 1)
    if len(first) == len(_AUDIOSET_COLUMNS) and _is_number(first[1]) and _is_number(first[2]):
        return _table(path, _AUDIOSET_COLUMNS, number - 1)
    line = ",".join(first)
    for delimiter, name in _OTHER_DELIMITERS.items():
        if _known(line.split(delimiter)) & {"file", "id"}:
            raise SettingError(f"{path}: line {number} is parted by {name}.", hint="Part the columns by commas.")
    raise SettingError(
        f"{path}: line {number} is neither a header with a column file (or id) nor a line of AudioSet's segment lists.",
        hint=f"Columns that are understood: {', '.join(COLUMNS)}.",
    )


def _table(path: Path, names: list[str], header_lines: int) -> SegmentTable:
    canonical = [_canonical(name) for name in names]
    columns = [name if name in COLUMNS else None for name in canonical]
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise SettingError(f"{path}: the column {twice[0]} stands there twice.")
    unknown = [name for name, column in zip(names, columns, strict=True) if column is None]
    return SegmentTable(path, columns, unknown, header_lines)


def _parsed(values: dict[str, str]) -> Segment:
    by_id = "file" not in values
    key = values["id" if by_id else "file"]
    if not key:
        raise _BadField("id" if by_id else "file", "it is empty")
    start_s, end_s = _seconds(values, "start_s"), _seconds(values, "end_s")
    if end_s is not None and end_s <= (start_s or 0.0):
        raise _BadField("end_s", f"the segment ends at {end_s:g} s, not after its start at {start_s or 0.0:g} s")
    if start_s is not None and start_s == 0 and end_s is None:
        start_s = None
    if start_s is None and end_s is not None:
        start_s = 0.0
    labels = _labels(values.get("labels", ""))
    qualities = _qualities(values.get("label_quality", ""), len(labels))
    rated = best_qualities(zip(labels, qualities, strict=True))
    return Segment(key, by_id, start_s, end_s, rated, values.get("license"), values.get("split"))


def _labels(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(_MID.fullmatch(part) for part in parts):
        parts = [part.strip() for part in text.split(";") if part.strip()]
    return parts


def _qualities(text: str, count: int) -> list[float | None]:
    parts = [part.strip() for part in re.split("[;,]", text)] if text else [""]
    if len(parts) == 1:
        parts *= count
    if len(parts) != count:
        raise _BadField("label_quality", f"{counted(len(parts), 'value')} for {counted(count, 'label')}")
    return [_percent(part) if part else None for part in parts]


def _percent(text: str) -> float:
    value = _number(text.removesuffix("%"), "label_quality")
    if not 0 <= value <= 100:
        raise _BadField("label_quality", f"{text!r} is not a percentage from 0 to 100")
    return value / 100


def _seconds(values: dict[str, str], column: str) -> float | None:
    text = values.get(column, "")
    if not text:
        return None
    value = _number(text, column)
    if value < 0:
        raise _BadField(column, f"{text!r} is before the start of the file")
    if value > _MOST_S:
        raise _BadField(column, f"{text!r} is after the end of any file")
    return round(value, 3)


def _number(text: str, column: str) -> float:
    if not _is_number(text):
        raise _BadField(column, f"{text!r} is not a number")
    return float(text)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _split(line: str) -> list[str]:
    return next(csv.reader([line], skipinitialspace=True), [])


def _canonical(name: str) -> str:
    name = name.strip().lower()
    return _SYNONYMS.get(name, name)


def _known(names: list[str]) -> set[str]:
    return {_canonical(name) for name in names} & set(COLUMNS)
