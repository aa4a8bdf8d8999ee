"""Turn a source that a user names into rows of the manifest."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fusionaudio_assets.ingest.records import Row, manifest_row, merge_all
from fusionaudio_assets.ingest.scan import MEDIA_SUFFIXES, Found, Scan, hash_files, is_text, printable, scan_folder
from fusionaudio_assets.ingest.segments import Segment, SegmentTable, not_text, open_table, open_text
from resources.english import counted
from resources.errors import SettingError


@dataclass
class Collected:
    """Clips of a source, and what of it did not become one.

    Attributes:
        rows: One for each clip, in a fixed order.
        ignored: Number of files passed over because of their name, by suffix.
        warnings: Sentences about what was refused or left without a partner.
    """

    rows: list[Row]
    ignored: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Account:
    """A file with what a table says about one clip in it, if anything."""

    found: Found
    segment: Segment | None = None
    whole: bool = False


def collect(source: Path, labels: Path | None = None) -> Collected:
    """Find the clips of a source.

    Args:
        source: A folder (searched recursively), a media file, a text file of paths (one a line, relative to it), or a
            CSV file whose media lie in its own folder or below: the clips are then those in the table.
        labels: For a folder: a CSV file with labels and segments. Files that it does not name are clips too.

    Raises:
        SettingError: The source is missing, empty or unreadable, or a table has faults. Files that cannot be read are
            no error: they become rows, and fail when they are decoded.
    """
    if not source.exists():
        raise SettingError(f"There is no file or folder {printable(str(source))}.", hint="Check the path.")
    if source.is_dir():
        return _from_folder(source, labels)
    if labels is not None:
        raise SettingError(f"Labels go with a folder, but {source} is a file.", hint="Give the folder of the media.")
    if source.suffix.lower() == ".csv":
        return _from_table(source)
    if source.suffix.lower() in MEDIA_SUFFIXES:
        return collect_files([source], source.parent)
    return _from_list(source)


def collect_files(paths: Iterable[Path], folder: Path) -> Collected:
    """Make clips of files that are known to be wanted; their names are relative to `folder` where they lie in it."""
    found = [
        Found(path.absolute(), path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix())
        for path in paths
    ]
    return Collected(_rows([_Account(file) for file in found]))


def _from_folder(folder: Path, labels: Path | None) -> Collected:
    scan = scan_folder(folder, labels)
    if not scan.media and not labels:
        raise _nothing(folder, scan)
    if labels is None:
        return Collected(_rows([_Account(file) for file in scan.media]), scan.ignored, scan.refused)
    table = open_table(labels)
    accounts, warnings = _matched(table, scan.media, folder)
    named = {account.found.path for account in accounts}
    others = [_Account(file) for file in scan.media if file.path not in named]
    if others:
        media = counted(len(scan.media), "media file")
        warnings.append(f"Without labels, since not in {labels}: {len(others):,} of {media}.")
    return Collected(_rows(accounts + others), scan.ignored, scan.refused + warnings)


def _from_table(source: Path) -> Collected:
    scan = scan_folder(source.parent, source)
    table = open_table(source)
    accounts, warnings = _matched(table, scan.media, source.parent)
    if not accounts and not table.by_id:
        raise SettingError(f"{source} holds a header and no line.", hint="Give one line for each clip.")
    if not accounts:
        raise SettingError(
            f"No media file below {source.parent.absolute()} belongs to a line of {source}.",
            hint="Name files by id: <id>.wav, <id>_<start>.wav or <id>_<start>_<end>.wav.",
        )
    named = {account.found.path for account in accounts}
    unnamed = sum(file.path not in named for file in scan.media)
    if unnamed:
        told = counted(unnamed, "media file")
        warnings.append(f"Left out, since not in {source.name}: {told} below {source.parent}.")
    return Collected(_rows(accounts), scan.ignored, scan.refused + warnings)


def _from_list(source: Path) -> Collected:
    with open_text(source) as file:
        try:
            lines = [line.rstrip("\r\n") for line in file if line.strip()]
        except UnicodeDecodeError as error:
            raise not_text(source) from error
    zeros = [number for number, line in enumerate(lines, 1) if "\0" in line]
    if zeros:
        raise SettingError(f"{source}: entry {zeros[0]} holds a zero byte, which no path can.")
    names = [line for line in lines if not _is_comment(line, source.parent)]
    if not names:
        raise SettingError(f"{source} lists no file.", hint="Give one path a line, relative to the list.")
    return Collected(_rows([_Account(Found((source.parent / name).absolute(), name)) for name in names]))


def _is_comment(line: str, folder: Path) -> bool:
    # But a file may be called "#1.wav". `Path.exists` fails at a comment that is longer than names may be.
    return line.startswith("#") and not os.path.exists(folder / line)  # noqa: PTH110


def _matched(table: SegmentTable, media: list[Found], folder: Path) -> tuple[list[_Account], list[str]]:
    """Join the lines of a table with files; the second value tells what was left over."""
    warnings = [f"{table.path}: the column {name!r} is not understood and is ignored." for name in table.unknown]
    if not table.by_id:
        return _by_name(table, media, folder), warnings
    by_stem: dict[str, list[Found]] = defaultdict(list)
    for file in media:
        by_stem[Path(file.name).stem].append(file)
    accounts: list[_Account] = []
    ids = {part for stem in by_stem for part in _possible_ids(stem)}
    lines = without = 0
    for segment in table:
        lines += 1
        stems = _stems(segment) if segment.key in ids else {}
        matches = [_Account(file, segment, whole) for stem, whole in stems.items() for file in by_stem.get(stem, ())]
        without += not matches
        accounts += matches
    if without and accounts:
        warnings.append(f"Without a media file here: {without:,} of {counted(lines, 'line')} of {table.path}.")
    return accounts, warnings


def _by_name(table: SegmentTable, media: list[Found], folder: Path) -> list[_Account]:
    known = {file.name: file for file in media}
    root = folder.resolve()
    outside: list[str] = []
    accounts: list[_Account] = []
    for segment in table:
        path = folder / segment.key
        file = known.get(segment.key)
        if file is None and ("\0" in segment.key or not path.resolve().is_relative_to(root)):
            outside.append(segment.key)
            continue
        accounts.append(_Account(file or Found(path.absolute(), segment.key), segment))
    if outside:
        raise SettingError(
            f"{table.path}: column file: {printable(outside[0])} leads out of {folder.absolute()}.",
            hint="Give files below that folder.",
        )
    return accounts


def _possible_ids(stem: str) -> list[str]:
    """Ids that a file of this name may belong to: most lines of AudioSet's two million can then be passed over."""
    return [stem, stem.removeprefix("Y"), stem.rpartition("_")[0], stem.rpartition("_")[0].rpartition("_")[0]]


def _stems(segment: Segment) -> dict[str, bool]:
    """File names, without suffix, that a line of an AudioSet list may have; True where the name says: cut already."""
    stems = {segment.key: False, f"Y{segment.key}": False}
    if segment.start_s is not None:
        starts = _written(segment.start_s)
        ends = _written(segment.end_s) if segment.end_s is not None else []
        stems |= {f"{segment.key}_{start}": True for start in starts}
        stems |= {f"{segment.key}_{start}_{end}": True for start, end in zip(starts, ends, strict=False)}
    return stems


def _written(time_s: float) -> list[str]:
    """Ways in which collections write a time in a file name: seconds, padded seconds, milliseconds."""
    whole = [str(int(time_s)), f"{int(time_s):06d}"] if time_s.is_integer() else [f"{time_s:g}", f"{time_s:g}"]
    return [*whole, str(round(time_s * 1000)), f"{time_s:.1f}", f"{time_s:.3f}"]


def _rows(accounts: list[_Account]) -> list[Row]:
    hashes = hash_files(account.found.path for account in accounts)
    return merge_all(_row(account, hashes[account.found.path]) for account in accounts)


def _row(account: _Account, file_sha256: str | None) -> Row:
    path, name, segment = str(account.found.path), account.found.name, account.segment
    if not is_text(path):
        raise SettingError(f"{printable(path)} has a name that is not UTF-8.", hint="Rename it.")
    if segment is None:
        return manifest_row(path, name, file_sha256)
    bounds = (None, None) if account.whole else (segment.start_s, segment.end_s)
    return manifest_row(
        path,
        name,
        file_sha256,
        start_s=bounds[0],
        end_s=bounds[1],
        labels=segment.labels,
        license=segment.license,
        split=segment.split,
    )


def _nothing(folder: Path, scan: Scan) -> SettingError:
    seen = scan.ignored.total()
    why = f"it holds {counted(seen, 'file')}, none with the suffix of one" if seen else "it holds no visible file"
    refused = f" {scan.refused[0]}" if scan.refused else ""
    return SettingError(
        f"There is no media file below {printable(str(folder))}: {why}.{refused}",
        hint="List files of other names in a text file, one path a line.",
    )
