"""A folder or a bucket whose files are written whole or not at all: texts, frames as Parquet, batches as Arrow.

Names are paths below its root. Which files there are, and what they hold, is the lake's to say.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from resources.aside import Aside
from resources.bucket import ACCESS, Bucket, Version, open_bucket
from resources.errors import LakeError, clause
from resources.lake_faults import lacking, unreadable


class Store:
    """Files at a local path or an `s3://bucket/prefix` URI.

    Writers never overwrite in place: a local file is written aside and renamed, an object is put in one request. A
    reader sees the old file or the new one.

    Raises:
        LakeError: The URI is none that a store can have, or its bucket cannot be reached.
    """

    def __init__(self, root: str | Path) -> None:
        self.uri = str(root)
        self.fs: fs.FileSystem = fs.LocalFileSystem()
        self.bucket: Bucket | None = None
        path = str(Path(root).absolute())
        if "://" in self.uri:
            self.fs, path = open_bucket(self.uri)
            self.bucket = Bucket()
        self.root = PurePosixPath(path)

    @property
    def is_local(self) -> bool:
        """True for a folder, False for a bucket."""
        return self.bucket is None

    # Files -------------------------------------------------------------------------------------------------------

    def has_file(self, name: str) -> bool:
        """True when there is a file of this name below the root."""
        with self._reading(name):
            return bool(self.fs.get_file_info(str(self.root / name)).type == fs.FileType.File)

    def files(self, folder: str) -> list[str]:
        """Names of the files in a folder below the root, sorted, hidden ones apart; empty without such a folder."""
        selector = fs.FileSelector(str(self.root / folder), allow_not_found=True)
        with self._reading(folder):
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
            message = f"{self.root / name} cannot be made: {clause(error)}."
            raise LakeError(message, hint="Give write access.") from error

    def delete(self, name: str) -> None:
        """Remove a file or a folder below the root; does nothing when it is not there."""
        path = str(self.root / name)
        info = self.fs.get_file_info(path)
        if info.type == fs.FileType.Directory:
            self.fs.delete_dir(path)
        elif info.type == fs.FileType.File:
            self.fs.delete_file(path)

    # Texts -------------------------------------------------------------------------------------------------------

    def read_text(self, name: str) -> str:
        """Read a small text file below the root."""
        with self._reading(name), self.fs.open_input_stream(str(self.root / name)) as stream:
            return bytes(stream.read()).decode()

    def write_text(self, name: str, text: str, *, durable: bool = True) -> None:
        """Write a small text file atomically; one that is not `durable` may be gone after a power cut."""
        with Aside(self.fs, str(self.root / name), durable=durable) as stream:
            stream.write(text.encode())

    # Frames ------------------------------------------------------------------------------------------------------

    def read_frame(self, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Read a Parquet file below the root.

        Raises:
            LakeError: The file is not there, or damaged, or lacks a column.
        """
        path = str(self.root / name)
        try:
            with self.fs.open_input_file(path) as stream:
                content = stream.read()
            # Whole, since tables are small; by polars, which takes half of pyarrow's time.
            return pl.read_parquet(content, columns=list(columns) if columns is not None else None)
        except pl.exceptions.ColumnNotFoundError as error:
            raise lacking(path, set(columns or ()) - set(pl.read_parquet_schema(content))) from error
        except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
            raise unreadable(path, error) from error

    def write_frame(
        self,
        name: str,
        frame: pl.DataFrame,
        *,
        metadata: Mapping[str, str] | None = None,
        replaces: Version | None = None,
    ) -> None:
        """Write a Parquet file below the root atomically; `metadata` is kept in its footer.

        Raises:
            LakeError: The place cannot be written, or what stands in a bucket is no longer what `replaces` says.
        """
        path = str(self.root / name)
        if self.bucket and replaces:
            body = io.BytesIO()
            _write_parquet(frame, body, metadata)
            self.bucket.put(path, body.getvalue(), replaces=replaces)
            return
        with Aside(self.fs, path) as stream:
            _write_parquet(frame, stream, metadata)

    def read_batch(self, name: str) -> pa.Table:
        """Read what `write_batch` wrote.

        Raises:
            LakeError: The file is not there, or damaged.
        """
        path = str(self.root / name)
        try:
            with self.fs.open_input_file(path) as stream:
                return pa.ipc.open_file(stream).read_all()
        except (OSError, pa.ArrowException) as error:
            raise unreadable(path, error) from error

    def write_batch(self, name: str, table: pa.Table) -> None:
        """Write rows for a short while, as Arrow: five times quicker than Parquet.

        It does not wait for the disk either: a killed process loses nothing, and what a power cut leaves is noticed.
        """
        options = pa.ipc.IpcWriteOptions(compression="lz4")  # which also tells zeros from data
        with (
            Aside(self.fs, str(self.root / name), durable=False) as stream,
            pa.ipc.new_file(stream, table.schema, options=options) as writer,
        ):
            writer.write_table(table)

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """Tell in words when the place cannot be looked at: no network, no rights, no such bucket."""
        try:
            yield
        except OSError as error:
            raise LakeError(f"{self.root / name} cannot be read: {clause(error)}.", hint=ACCESS) from error


def _write_parquet(frame: pl.DataFrame, stream: BinaryIO, metadata: Mapping[str, str] | None) -> None:
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).replace_schema_metadata(metadata)
    pq.write_table(table, stream, compression="zstd")
