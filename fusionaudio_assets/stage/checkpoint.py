"""Checkpoints: every finished batch is on disk at once, so that a kill costs what is under way.

That is one batch, and one more where rows are finished behind the models.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any
from uuid import uuid4

import filelock
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from fusionaudio_assets.stage.fingerprint import sha256_text
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Row, Stage
from fusionaudio_assets.tables import polars_schema
from resources.errors import LakeError
from resources.lake import Lake

_logger = logging.getLogger(__name__)

_ROWS = ".rows.arrow"
"""Ending of the file that says that a batch is finished."""


class Checkpoint:
    """The batches of a stage and shard that are finished and not yet committed.

    A batch is a rows file, and beside it one file per payload that is written first: a rows file vouches for its
    payloads. On a local lake the checkpoint is locked, since two runs of the same shard would delete each other's
    batches.
    """

    def __init__(self, stage: Stage[Any, Any], shard: str, lake: Lake) -> None:
        self.stage = stage
        self.shard = shard
        self.lake = lake
        self.folder = folder_of_batches(stage, shard)
        self._parts: list[tuple[str, pl.DataFrame]] = []
        self._lock = filelock.FileLock(f"{lake.root}/.work/{stage.name}/{shard}.lock") if lake.is_local else None

    def __enter__(self) -> "Checkpoint":
        if self._lock is not None:
            try:
                self.lake.make_folder(f".work/{self.stage.name}")
                self._lock.acquire(timeout=0)
                self.lake.sweep(self.stage.name, self.shard)
            except filelock.Timeout as error:
                raise LakeError(
                    f"{self.stage.name} of shard {self.shard} is being made by another run.",
                    hint="Wait for it, or stop it; its finished batches are kept.",
                ) from error
            except OSError as error:
                raise LakeError(
                    f"{self._lock.lock_file} cannot be locked: {error.strerror or error}.", hint="Give write access."
                ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.release()

    def resume(self, todo: Iterable[Pending]) -> set[str]:
        """Take over batches of a run that died; returns the clips that they settle. Stale rows are left aside.

        Rows that depend on each other are taken over all together or not at all.
        """
        wanted = {pending.clip_id: pending.fingerprint for pending in todo}
        settled: set[str] = set()
        for part, frame in self._finished():
            fresh = [
                row["clip_id"]
                for row in frame.select("clip_id", "fingerprint").to_dicts()
                if wanted.get(row["clip_id"]) == row["fingerprint"] and row["clip_id"] not in settled
            ]
            if fresh:
                self._parts.append((part, frame.filter(pl.col("clip_id").is_in(fresh))))
                settled.update(fresh)
        if self.stage.together and settled != wanted.keys():
            self._parts = []
            return set()
        return settled

    def _finished(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """The batches that are whole and of this version of the table."""
        for name in self.lake.files(self.folder):
            part, found, _ = name.partition(_ROWS)
            if not found:
                continue
            try:
                frame = pl.DataFrame(self.lake.read_batch(f"{self.folder}/{name}"))
                if frame.schema != polars_schema(self.stage.table):
                    continue
                for payload in self.stage.payloads:
                    if _with_payload(frame, payload):
                        self.lake.read_batch(self._part_name(part, payload))
            except LakeError as error:
                _logger.warning("A finished batch is lost and is made again: %s", error.args[0])
                continue
            yield part, frame

    def save(self, rows: list[Row]) -> None:
        """Store a finished batch; payload values are taken out of the rows."""
        part = f"{len(self._parts):06d}-{uuid4().hex[:8]}"
        for payload, table in self.stage.payloads.items():
            schema = _arrow(pl.DataFrame(schema=polars_schema(table))).schema
            (value,) = (column for column in schema.names if column != "clip_id")
            held = [row for row in rows if row.get(payload) is not None]
            found = [{"clip_id": row["clip_id"], value: row.pop(payload)} for row in held]
            if found:
                # Arrow all the way: a frame of polars in between would be one more copy of long sound.
                self.lake.write_batch(self._part_name(part, payload), pa.Table.from_pylist(found, schema=schema))
            for row in held:
                row[f"{payload}_file"] = "pending"
        plain = [{key: value for key, value in row.items() if key not in self.stage.payloads} for row in rows]
        frame = pl.DataFrame(plain, schema=polars_schema(self.stage.table))
        self.lake.write_batch(f"{self.folder}/{part}{_ROWS}", _arrow(frame))
        self._parts.append((part, frame))

    def rows(self) -> pl.DataFrame:
        """All rows of the checkpoint, payload columns pointing to the files that `seal` writes."""
        frames = [frame for _, frame in self._parts]
        rows = pl.concat(frames) if frames else pl.DataFrame(schema=polars_schema(self.stage.table))
        columns = {}
        for payload in self.stage.payloads:
            name = pl.lit(self._payload_name(payload, rows))
            columns[f"{payload}_file"] = pl.when(pl.col(f"{payload}_file").is_not_null()).then(name)
        return rows.with_columns(**columns)

    def seal(self) -> None:
        """Join the payloads of all batches into one immutable file each."""
        rows = pl.concat([frame for _, frame in self._parts]) if self._parts else None
        for payload in self.stage.payloads:
            if rows is None or not (clips := _with_payload(rows, payload)):
                continue
            self.lake.write_payload(
                self.stage.name, payload, self._payload_name(payload, rows), self._tables(payload, clips)
            )

    def clear(self) -> None:
        """Forget the batches: they are committed."""
        self.lake.delete(self.folder)
        self._parts = []

    def _tables(self, payload: str, clips: Mapping[str, None]) -> Iterator[pa.Table]:
        for part, frame in self._parts:
            wanted = [clip for clip in _with_payload(frame, payload) if clip in clips]
            if wanted:
                yield _of_clips(self.lake.read_batch(self._part_name(part, payload)), wanted)

    def _part_name(self, part: str, payload: str) -> str:
        return f"{self.folder}/{part}.{payload}.arrow"

    def _payload_name(self, payload: str, rows: pl.DataFrame) -> str:
        fingerprints = rows.filter(pl.col(f"{payload}_file").is_not_null())["fingerprint"]
        return f"{self.shard}-{sha256_text(''.join(fingerprints))[:12]}.parquet"


def folder_of_batches(stage: Stage[Any, Any], shard: str) -> str:
    """Folder of the lake that holds the batches of a run under way, and after it was stopped or died."""
    return f".work/{stage.name}/{shard}"


def _of_clips(table: pa.Table, clips: list[str]) -> pa.Table:
    if table.num_rows == len(clips):  # a filter copies
        return table
    return table.filter(pc.is_in(table["clip_id"], pa.array(clips, pa.large_string())))


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _with_payload(rows: pl.DataFrame, payload: str) -> dict[str, None]:
    return dict.fromkeys(rows.filter(pl.col(f"{payload}_file").is_not_null())["clip_id"])
