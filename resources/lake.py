"""The lake: a folder or bucket of Parquet tables, one file per asset and shard, committed atomically.

    <lake>/lake.json                        format version
    <lake>/profile.yaml                     the profile that made it
    <lake>/manifest/<shard>.parquet         the clips of a shard
    <lake>/<asset>/<shard>.parquet          one row per clip: facts only, small
    <lake>/<asset>/<payload>/<file>.parquet audio, frames: immutable files, row groups of `ROW_GROUP` clips
    <lake>/.work/<asset>/<shard>/           batches of a run under way

The lake knows files and frames. What the columns mean is told to it by whoever writes.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from resources.errors import LakeError
from resources.payload_reader import PayloadReader

FORMAT = 1
ROW_GROUP = 32
"""Clips per row group of a payload file: one seek reads a batch."""
_CONTENT = "content"
"""Key of the content's hash in a table's footer."""


class Lake:
    """A lake at a local path or an `s3://bucket/prefix` URI.

    Writers never overwrite in place: a local file is written aside and renamed, an object is put in one request. A
    reader sees the old file or the new one.
    """

    def __init__(self, root: str | Path) -> None:
        self.uri = str(root)
        if "://" in self.uri:
            self.fs, path = fs.FileSystem.from_uri(self.uri)
            self.root = PurePosixPath(path)
        else:
            self.fs = fs.LocalFileSystem()
            self.root = PurePosixPath(Path(root).absolute())

    @property
    def is_local(self) -> bool:
        """True for a folder, False for a bucket."""
        return isinstance(self.fs, fs.LocalFileSystem)

    @property
    def exists(self) -> bool:
        """True when a lake was made here."""
        return self.has_file("lake.json")

    # Making and opening ------------------------------------------------------------------------------------------

    def create(self) -> None:
        """Make the lake; does nothing when it is there.

        Raises:
            LakeError: The place cannot be written, or holds a lake of a newer format.
        """
        if self.exists:
            self.check()
            return
        self.write_text("lake.json", json.dumps({"format": FORMAT}) + "\n")

    def check(self) -> None:
        """Refuse to work on what is not a lake of a format that this version can read.

        Raises:
            LakeError: There is no lake here, or it is damaged or of another format.
        """
        if not self.exists:
            raise LakeError(
                f"There is no lake at {self.uri}.",
                hint="Make one with `fusionaudio init`, or name another with --lake.",
            )
        try:
            found = json.loads(self.read_text("lake.json"))["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise LakeError(
                f"{self.uri}/lake.json is damaged: {error}.", hint=f'Restore it: {{"format": {FORMAT}}}.'
            ) from error
        if found != FORMAT:
            raise LakeError(
                f"The lake at {self.uri} has format {found}; this version reads format {FORMAT}.",
                hint="Use the version of fusionaudio that made it, or a newer one.",
            )

    # Text files --------------------------------------------------------------------------------------------------

    def read_text(self, name: str) -> str:
        """Read a small text file below the lake's root."""
        with self.fs.open_input_stream(str(self.root / name)) as stream:
            return bytes(stream.read()).decode()

    def write_text(self, name: str, text: str, *, durable: bool = True) -> None:
        """Write a small text file atomically; `durable` as for `write_frame`."""
        with _Aside(self, name, durable=durable) as stream:
            stream.write(text.encode())

    # Tables ------------------------------------------------------------------------------------------------------

    def has_table(self, asset: str, shard: str) -> bool:
        """True when `asset` was committed for `shard`."""
        return self.has_file(f"{asset}/{shard}.parquet")

    def read_table(self, asset: str, shard: str, columns: Sequence[str] | None = None) -> pl.DataFrame | None:
        """Read the table of one shard, None when there is none."""
        if not self.has_table(asset, shard):
            return None
        return self.read_frame(f"{asset}/{shard}.parquet", columns)

    def write_table(self, asset: str, shard: str, frame: pl.DataFrame) -> None:
        """Commit the table of one shard, its content's hash in the file's footer."""
        digest = hashlib.sha256(frame.write_ndjson().encode()).hexdigest()
        self.write_frame(f"{asset}/{shard}.parquet", frame, metadata={_CONTENT: digest})

    def content_of(self, asset: str, shard: str) -> str | None:
        """SHA-256 of a table's content without reading it; None when there is no table or none was recorded."""
        try:
            with self.fs.open_input_file(f"{self.root}/{asset}/{shard}.parquet") as stream:
                digest = (pq.read_metadata(stream).metadata or {}).get(_CONTENT.encode())
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(f"{self.root}/{asset}/{shard}.parquet", error) from error
        return digest.decode() if digest else None

    def shards(self, asset: str = "manifest") -> list[str]:
        """Keys of all shards that `asset` has a table for, sorted."""
        return [name.removesuffix(".parquet") for name in self.files(asset) if name.endswith(".parquet")]

    def scan(self, asset: str) -> pl.LazyFrame:
        """All shards of `asset` as one lazy frame, with the shard's key in the column `shard`; empty without any."""
        frames = [
            frame.lazy().with_columns(shard=pl.lit(shard))
            for shard in self.shards(asset)
            if (frame := self.read_table(asset, shard)) is not None
        ]
        return pl.concat(frames, how="diagonal_relaxed") if frames else pl.LazyFrame()

    # Payloads ----------------------------------------------------------------------------------------------------

    def write_payload(self, asset: str, payload: str, file: str, tables: Iterator[pa.Table]) -> None:
        """Write an immutable payload file, `ROW_GROUP` clips a row group, never holding more than one group."""
        name = f"{asset}/{payload}/{file}"
        first = next(tables, None)
        if first is None:
            raise LakeError(f"{name} would be empty.")
        with (
            _Aside(self, name) as stream,
            pq.ParquetWriter(stream, first.schema, compression="none", use_dictionary=False) as writer,
        ):
            for group in _regrouped(chain([first], tables)):
                writer.write_table(group, row_group_size=ROW_GROUP)

    def open_payload(self, asset: str, payload: str, file: str) -> PayloadReader:
        """Open a payload file for reading by clip."""
        return self.open_clips(f"{asset}/{payload}/{file}")

    def open_clips(self, name: str) -> PayloadReader:
        """Open any Parquet file with a column `clip_id` for reading by clip.

        Raises:
            LakeError: The file is gone or cannot be read.
        """
        return PayloadReader(self.fs, str(self.root / name))

    def payload_files(self, asset: str, payload: str, shard: str) -> list[str]:
        """Names of the payload files that belong to `shard`."""
        return [name for name in self.files(f"{asset}/{payload}") if name.startswith(f"{shard}-")]

    # Files -------------------------------------------------------------------------------------------------------

    def files(self, folder: str) -> list[str]:
        """Names of the files in a folder below the root, sorted, hidden ones apart; empty without such a folder."""
        selector = fs.FileSelector(str(self.root / folder), allow_not_found=True)
        infos = self.fs.get_file_info(selector)
        return sorted(i.base_name for i in infos if i.type == fs.FileType.File and not i.base_name.startswith("."))

    def make_folder(self, name: str) -> None:
        """Make a folder and those above it; does nothing when it is there.

        Raises:
            LakeError: The place cannot be written.
        """
        try:
            self.fs.create_dir(str(self.root / name), recursive=True)
        except OSError as error:
            raise LakeError(f"{self.root / name} cannot be made: {error}.", hint="Give write access.") from error

    def delete(self, name: str) -> None:
        """Remove a file or a folder below the root; does nothing when it is not there."""
        path = str(self.root / name)
        info = self.fs.get_file_info(path)
        if info.type == fs.FileType.Directory:
            self.fs.delete_dir(path)
        elif info.type == fs.FileType.File:
            self.fs.delete_file(path)

    def read_frame(self, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Read a Parquet file below the root.

        Raises:
            LakeError: The file is not there, or damaged, or lacks a column.
        """
        path = str(self.root / name)
        try:
            with self.fs.open_input_file(path) as stream:
                table = pq.read_table(stream, columns=list(columns) if columns is not None else None)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(path, error) from error
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def write_frame(
        self, name: str, frame: pl.DataFrame, *, durable: bool = True, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Write a Parquet file below the root atomically.

        Args:
            name: Path below the root.
            frame: What to write.
            durable: Wait until a power cut cannot take the file any more. A killed process never can.
            metadata: Kept in the file's footer.
        """
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).replace_schema_metadata(metadata)
        with _Aside(self, name, durable=durable) as stream:
            pq.write_table(table, stream, compression="zstd")

    def has_file(self, name: str) -> bool:
        """True when there is a file of this name below the root."""
        return bool(self.fs.get_file_info(str(self.root / name)).type == fs.FileType.File)


def _regrouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of `tables` in tables of a multiple of `ROW_GROUP` rows, but for the last."""
    pending: list[pa.Table] = []
    for table in tables:
        pending.append(table)
        if sum(part.num_rows for part in pending) >= ROW_GROUP:
            merged = pa.concat_tables(pending)
            full = merged.num_rows - merged.num_rows % ROW_GROUP
            yield merged.slice(0, full)
            pending = [merged.slice(full)]
    if sum(part.num_rows for part in pending):
        yield pa.concat_tables(pending)


def _unreadable(path: str, error: Exception) -> LakeError:
    return LakeError(f"{path} cannot be read: {error}.", hint="Delete the file and run again: the shard is made anew.")


class _Aside:
    """An output stream whose file appears under its name only when all of it is written.

    Locally it is renamed into place; for a bucket it is written to a temporary file and sent as one object, since a
    stream to a bucket that is closed half-way would leave half an object.
    """

    def __init__(self, lake: Lake, name: str, *, durable: bool = True) -> None:
        self.lake = lake
        self.durable = durable and lake.is_local
        self.target = str(lake.root / name)
        folder = Path(self.target).parent if lake.is_local else Path(tempfile.gettempdir())
        self.aside = folder / f".{PurePosixPath(name).name}.{uuid4().hex[:8]}"
        self.stream: Any = None

    def __enter__(self) -> Any:
        try:
            self.aside.parent.mkdir(parents=True, exist_ok=True)
            self.stream = self.aside.open("wb")
        except OSError as error:
            raise self._error(error) from error
        return self.stream

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self.stream.flush()
            if self.durable:
                os.fsync(self.stream.fileno())  # a rename must not outlive a power cut with its content lost
            self.stream.close()
            if kind is None:
                self._place()
        except OSError as failure:
            raise self._error(failure) from failure
        finally:
            self.stream.close()
            self.aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise self._error(error) from error

    def _place(self) -> None:
        if self.lake.is_local:
            self.aside.replace(self.target)
            return
        with self.aside.open("rb") as source, self.lake.fs.open_output_stream(self.target) as target:
            shutil.copyfileobj(source, target, 1 << 20)

    def _error(self, error: OSError) -> LakeError:
        return LakeError(
            f"{self.target} cannot be written: {error.strerror or error}.",
            hint="Make room or give write access, then run again: finished batches are kept.",
        )
