"""The watched folder as a queue: files arrive, are hashed, and are taken into shards. No Dagster here.

What is known lies in the lake, in `.watch/`:

    files.parquet   every file with its size, its time, since when both stand still, and how far it has come
    taking.parquet  files that are being taken into shards
    owed.json       runs that were not yet seen to be requested, oldest first

A kill between any two writes loses nothing, by their order: the files being taken, the manifests, what is owed, the
files taken. What was begun is done again at the next look: clips are known by their content, so they are found in
their shards, and the same runs are owed under the same keys. `files.parquet` can be thrown away: all files are then
hashed anew and found to be known.
"""

import hashlib
import json
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import filelock
import polars as pl

from fusionaudio_assets.ingest.records import manifest_row, merge_all
from fusionaudio_assets.ingest.scan import Found, hash_files, scan_folder
from fusionaudio_assets.shards import MANIFEST, add_clips
from resources.errors import LakeError
from resources.lake import Lake
from sensors.watch import WatchSettings

ARRIVING, HASHED, TAKEN = "arriving", "hashed", "taken"

_FOLDER = ".watch"
_FILES = f"{_FOLDER}/files.parquet"
_TAKING = f"{_FOLDER}/taking.parquet"
_OWED = f"{_FOLDER}/owed.json"
_SCHEMA = pl.Schema({
    "path": pl.String,
    "name": pl.String,
    "size": pl.Int64,
    "mtime_ns": pl.Int64,
    "since_s": pl.Float64,
    "state": pl.String,
    "sha256": pl.String,
})  # fmt: skip
_HASH_BUDGET_S = 20.0
"""Dagster gives a look 60 s in all; what was not hashed in time is hashed at the next look."""
_HASH_BATCH = 16


class Busy(LakeError):
    """Another look at the same folder is under way."""


@dataclass(frozen=True)
class OwedRun:
    """A run to request.

    Attributes:
        id: Unique; the cursor is the id of the last run that was requested.
        shard: Key of the shard.
        run_key: Changes with the shard's manifest: Dagster starts one run for it, however often it is asked.
    """

    id: str
    shard: str
    run_key: str


@dataclass(frozen=True)
class Sight:
    """What a look found.

    Attributes:
        arriving: Files that may still be written to, or were not hashed yet.
        waiting: Files that wait for a shard.
        taken: Files whose clips are in shards.
        refused: Sentences about what is not taken though it may hold media.
    """

    arriving: int
    waiting: int
    taken: int
    refused: list[str]


class Inbox:
    """The watched folder of a lake."""

    def __init__(self, lake: Lake, settings: WatchSettings) -> None:
        self.lake = lake
        self.settings = settings

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other looks out: one that was given up on by Dagster may still be hashing. Not for buckets.

        Raises:
            Busy: There is another one.
        """
        if not self.lake.is_local:
            yield
            return
        self.lake.make_folder(_FOLDER)
        lock = filelock.FileLock(f"{self.lake.root}/{_FOLDER}/.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise Busy("Another look at the watched folder is still under way.") from error
        try:
            yield
        finally:
            lock.release()

    def look(self, now_s: float) -> Sight:
        """Look at the folder once: see what is new, hash what has settled, make shards of what is due.

        Args:
            now_s: Seconds of a clock that goes on over restarts.

        Raises:
            LakeError: The lake cannot be read or written.
        """
        if self.lake.has_file(_TAKING):
            self._take(self.lake.read_frame(_TAKING))
        before = self.lake.read_frame(_FILES) if self.lake.has_file(_FILES) else pl.DataFrame(schema=_SCHEMA)
        scan = scan_folder(self.settings.folder)
        files = observed(scan.media, before, now_s)
        files = _hashed(files, now_s - self.settings.settle_s)
        due = due_files(files, self.settings, now_s)
        if due.height:
            # Their rows are kept first: a file may be gone by the time that a killed look is done again.
            self.lake.write_frame(_TAKING, due)
            self._take(due)
            files = files.with_columns(
                state=pl.when(pl.col("path").is_in(due["path"].implode())).then(pl.lit(TAKEN)).otherwise("state")
            )
        if not files.equals(before):
            self.lake.write_frame(_FILES, files)
        counts = dict(files["state"].value_counts().iter_rows())
        return Sight(counts.get(ARRIVING, 0), counts.get(HASHED, 0), counts.get(TAKEN, 0), scan.refused)

    def owed(self) -> list[OwedRun]:
        """Runs to request, oldest first."""
        if not self.lake.has_file(_OWED):
            return []
        return [OwedRun(**entry) for entry in json.loads(self.lake.read_text(_OWED))]

    def settle(self, requested: str | None) -> None:
        """Forget the run with the id `requested` and those before it: they have been requested."""
        owed = self.owed()
        ids = [run.id for run in owed]
        if requested in ids:
            self._write_owed(owed[ids.index(requested) + 1 :])

    def _take(self, due: pl.DataFrame) -> None:
        rows = merge_all(manifest_row(file["path"], file["name"], file["sha256"]) for file in due.to_dicts())
        added = add_clips(self.lake, rows, self.settings.shard_size)
        owed = self.owed()
        known = {run.run_key for run in owed}
        keys = {shard: run_key(self.lake, shard) for shard in added.holding}
        self._write_owed(owed + [OwedRun(uuid4().hex, shard, key) for shard, key in keys.items() if key not in known])
        self.lake.delete(_TAKING)

    def _write_owed(self, runs: list[OwedRun]) -> None:
        self.lake.write_text(_OWED, json.dumps([asdict(run) for run in runs], indent=1))


def run_key(lake: Lake, shard: str) -> str:
    """Shard and hash of its manifest, but for where the files lie."""
    manifest = lake.read_table(MANIFEST, shard)
    assert manifest is not None
    return f"{shard}-{hashlib.sha256(manifest.drop('path').write_ndjson().encode()).hexdigest()[:16]}"


def observed(found: Iterable[Found], before: pl.DataFrame, now_s: float) -> pl.DataFrame:
    """Compare files with what was known of them: one whose size or time changed arrives anew.

    The time of the file itself is only compared, never read as a time: copying tools set it, and clocks differ.
    """
    rows = [
        {"path": str(file.path), "name": file.name, "size": facts[0], "mtime_ns": facts[1]}
        for file in found
        if (facts := _facts(file.path)) is not None
    ]
    key = ["path", "size", "mtime_ns"]
    now = pl.DataFrame(rows, schema={name: _SCHEMA[name] for name in ("path", "name", "size", "mtime_ns")})
    files = now.join(before.drop("name"), on=key, how="left", maintain_order="left")
    # A clock that was set back must not make a file wait for the time to come again.
    since = pl.min_horizontal("since_s", pl.lit(now_s)).fill_null(now_s)
    return files.with_columns(since_s=since, state=pl.col("state").fill_null(ARRIVING)).select(_SCHEMA.names())


def due_files(files: pl.DataFrame, settings: WatchSettings, now_s: float) -> pl.DataFrame:
    """Files to make shards of: full shards at once, what remains when the oldest file has waited long enough."""
    waiting = files.filter(pl.col("state") == HASHED)
    oldest_s = waiting["since_s"].min()
    if isinstance(oldest_s, float) and now_s - oldest_s >= settings.seal_after_s:
        return waiting
    full = waiting.height - waiting.height % settings.shard_size
    return waiting.sort("since_s", "path").head(full)


def _hashed(files: pl.DataFrame, settled_by_s: float) -> pl.DataFrame:
    """Hash files that stood still since `settled_by_s`, as many as the time allows.

    An unreadable file is taken without a hash, as ingesting by hand does: decoding it will say why it failed.
    """
    todo = files.filter((pl.col("state") == ARRIVING) & (pl.col("since_s") <= settled_by_s)).to_dicts()
    end_s = time.monotonic() + _HASH_BUDGET_S
    hashes: dict[str, str | None] = {}
    for start in range(0, len(todo), _HASH_BATCH):
        if start and time.monotonic() > end_s:
            break
        batch = {Path(file["path"]): (file["size"], file["mtime_ns"]) for file in todo[start : start + _HASH_BATCH]}
        found = hash_files(batch)
        # What was written to meanwhile is no longer the file that was seen: the next look sees it anew.
        hashes |= {str(path): found[path] for path, facts in batch.items() if _facts(path) == facts}
    if not hashes:
        return files
    results = pl.DataFrame(
        {"path": list(hashes), "state": [HASHED] * len(hashes), "sha256": list(hashes.values())},
        schema={name: _SCHEMA[name] for name in ("path", "state", "sha256")},
    )
    return files.update(results, on="path")


def _facts(path: Path) -> tuple[int, int] | None:
    """Size and time of a regular file, None for anything else."""
    try:
        found = path.stat()
    except OSError:  # gone since the folder was listed
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None
