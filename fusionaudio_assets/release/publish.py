"""Put a release together: under the lake's `releases`, or as an export into a folder of the user's."""

import glob
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import filelock
from pyarrow import fs

from fusionaudio_assets.checks.admission import EVERY_SHARD, Admission
from fusionaudio_assets.release.card import data_card
from fusionaudio_assets.release.clips import AudioSource, released_shards
from fusionaudio_assets.release.formats import GamaWriter, JsonlWriter, ParquetWriter, Writer
from fusionaudio_assets.release.survey import FORMAT, RowsHash, Survey, survey
from resources.aside import aside_of, sweep
from resources.errors import LakeError, SettingError
from resources.lake import Lake
from resources.profile import Profile

FORMATS: Mapping[str, type[Writer]] = {"parquet": ParquetWriter, "jsonl": JsonlWriter, "gama": GamaWriter}
RELEASES = "releases"
_RECORD = "release.json"
"""Written last: a folder without it is no release."""


@dataclass(frozen=True)
class Released:
    """A release of a lake.

    Attributes:
        version: Made from the content.
        name: Its folder below the lake's root.
        is_new: False when it stood already and nothing was written.
        record: What `release.json` says.
    """

    version: str
    name: str
    is_new: bool
    record: dict[str, Any]


def publish(lake: Lake, profile: Profile, admission: Admission = EVERY_SHARD, *, with_audio: bool) -> Released:
    """Write the release of what the lake keeps now to ``releases/<version>/``; one that stands is left alone.

    Args:
        lake: The lake.
        profile: Its profile, for the card.
        admission: Shards that are kept out, and rules that are passed over.
        with_audio: Put the sound into the Parquet files; otherwise they name its source.

    Raises:
        LakeError: Nothing is kept, the lake is not up to date, or it cannot be written.
    """
    found = survey(lake, admission, with_audio=with_audio)
    name = f"{RELEASES}/{found.version}"
    lake.make_folder(RELEASES)
    with _writing(name), _workplace(lake, found.version) as folder:
        if _RECORD in lake.files(name):
            return Released(found.version, name, is_new=False, record=json.loads(lake.read_text(f"{name}/{_RECORD}")))
        record = _write(folder, lake, profile, found, FORMATS, with_audio=with_audio)
        _place(folder, lake, name)
    return Released(found.version, name, is_new=True, record=record)


def write_export(
    lake: Lake, profile: Profile, folder: Path, form: str, admission: Admission = EVERY_SHARD, *, with_audio: bool
) -> Survey:
    """Write what the lake keeps now to a folder of the user's, in one format; it appears complete or not at all.

    Raises:
        SettingError: The folder holds something.
        LakeError: As `publish`.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingError(f"{folder} is there and is not an empty folder.", hint="Name one that is not there yet.")
    found = survey(lake, admission, with_audio=with_audio)
    aside = aside_of(folder)
    with _writing(str(folder)):
        sweep(folder.parent, glob.escape(folder.name))
        aside.mkdir(parents=True)
        try:
            _write(aside, lake, profile, found, {form: FORMATS[form]}, with_audio=with_audio)
            aside.replace(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return found


@contextmanager
def _workplace(lake: Lake, version: str) -> Iterator[Path]:
    """An empty folder to write a release in, on the lake's own disk where it has one; one writer has it at a time."""
    if not lake.is_local:
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
        return
    releases = Path(lake.root) / RELEASES
    lake.make_folder(".work")
    with filelock.FileLock(f"{lake.root}/.work/{RELEASES}.lock"):
        sweep(releases, "*")
        folder = aside_of(releases / version)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _write(
    folder: Path,
    lake: Lake,
    profile: Profile,
    found: Survey,
    formats: Mapping[str, type[Writer]],
    *,
    with_audio: bool,
) -> dict[str, Any]:
    """Write data, card and record of a release; returns the record."""
    _write_clips(folder, lake, found, formats, with_audio=with_audio)
    record = {
        "format": FORMAT,
        "version": found.version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "fusionaudio": package_version("fusionaudio"),
        "profile": {"name": profile.name, "description": profile.description},
        "formats": list(formats),
        "with_audio": with_audio,
        "rows_sha256": found.rows_sha256,
        **found.figures.as_json(),
        "files": [
            {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size}
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.parent.name != "audio"
        ],
    }
    (folder / "README.md").write_text(data_card(record), encoding="utf-8")
    (folder / _RECORD).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return record


def _write_clips(
    folder: Path, lake: Lake, found: Survey, formats: Mapping[str, type[Writer]], *, with_audio: bool
) -> None:
    written = RowsHash()
    with ExitStack() as stack:
        source = AudioSource(lake)
        stack.callback(source.close)
        writers = {name: writer(folder) for name, writer in formats.items()}
        for writer in writers.values():
            stack.callback(writer.close)
        for shard in released_shards(lake, found.figures.refused_shards):
            written.update(shard.clips)
            for clips, audio in source.batches(shard) if with_audio else [(shard.clips, None)]:
                for name, writer in writers.items():
                    # Where Parquet holds the sound, the formats beside it need no second copy.
                    writer.write(clips, audio if name == "parquet" or "parquet" not in writers else None)
    if written.hexdigest() != found.rows_sha256:
        raise LakeError("The lake changed while the release was written.", hint="Try again when no run is under way.")


def _place(folder: Path, lake: Lake, name: str) -> None:
    if lake.is_local:
        folder.rename(Path(lake.root) / name)
        return
    record = folder / _RECORD
    text = record.read_text(encoding="utf-8")
    record.unlink()
    fs.copy_files(str(folder), str(lake.root / name), destination_filesystem=lake.fs)
    lake.write_text(f"{name}/{_RECORD}", text)


@contextmanager
def _writing(name: str) -> Iterator[None]:
    """Say which release could not be written when the disk is full or closed to us."""
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"{name} cannot be written: {error.strerror or error}.", hint="Make room or give write access, then retry."
        ) from error
