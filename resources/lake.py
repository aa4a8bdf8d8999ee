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
import operator
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from resources.aside import Aside, sweep
from resources.bucket import Version
from resources.errors import LakeError, clause
from resources.lake_faults import unreadable
from resources.payload_reader import PayloadReader
from resources.row_groups import ROW_GROUP, regrouped
from resources.store import Store

FORMAT = 1
_CONTENT = "content"
"""Key of the content's hash in a table's footer."""


class Lake(Store):
    """A lake at a local path or an `s3://bucket/prefix` URI, with the files of a `Store`.

    Raises:
        LakeError: The URI is none that a lake can have, or its bucket cannot be reached.
    """

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
            found = operator.index(json.loads(self.read_text("lake.json"))["format"])
        except (ValueError, KeyError, TypeError) as error:
            raise LakeError(
                f"{self.uri}/lake.json is damaged: {clause(error)}.", hint=f'Restore it: {{"format": {FORMAT}}}.'
            ) from error
        if found != FORMAT:
            raise LakeError(
                f"The lake at {self.uri} has format {found}; this version reads format {FORMAT}.",
                hint="Use the version of fusionaudio that made it, or a newer one.",
            )

    # Tables ------------------------------------------------------------------------------------------------------

    def has_table(self, asset: str, shard: str) -> bool:
        """True when `asset` was committed for `shard`."""
        return self.has_file(f"{asset}/{shard}.parquet")

    def read_table(self, asset: str, shard: str, columns: Sequence[str] | None = None) -> pl.DataFrame | None:
        """Read the table of one shard, None when there is none."""
        if not self.has_table(asset, shard):
            return None
        return self.read_frame(f"{asset}/{shard}.parquet", columns)

    def version_of(self, asset: str, shard: str) -> Version | None:
        """What `write_table` may be told to replace and nothing else. None on a local lake, where locks do that."""
        return self.bucket.version(f"{self.root}/{asset}/{shard}.parquet") if self.bucket else None

    def write_table(
        self,
        asset: str,
        shard: str,
        frame: pl.DataFrame,
        *,
        replaces: Version | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Commit the table of one shard, with its content's hash and `notes` in the file's footer.

        Raises:
            LakeError: The lake cannot be written, or what stands is no longer what `replaces` says.
        """
        name = f"{asset}/{shard}.parquet"
        metadata = {**(notes or {}), _CONTENT: hashlib.sha256(frame.write_ndjson().encode()).hexdigest()}
        self.write_frame(name, frame, metadata=metadata, replaces=replaces)

    def content_of(self, asset: str, shard: str) -> str | None:
        """SHA-256 of a table's content without reading it; None when there is no table or none was recorded."""
        return self.notes_of(asset, shard).get(_CONTENT)

    def notes_of(self, asset: str, shard: str) -> dict[str, str]:
        """What stands in the footer of a table; empty without a table."""
        try:
            with self.fs.open_input_file(f"{self.root}/{asset}/{shard}.parquet") as stream:
                found = pq.read_metadata(stream).metadata or {}
        except FileNotFoundError:
            return {}
        except (OSError, pa.ArrowException) as error:
            raise unreadable(f"{self.root}/{asset}/{shard}.parquet", error) from error
        return {key.decode(errors="replace"): value.decode(errors="replace") for key, value in found.items()}

    def shards(self, asset: str = "manifest") -> list[str]:
        """Keys of all shards that `asset` has a table for, sorted."""
        return [name.removesuffix(".parquet") for name in self.files(asset) if name.endswith(".parquet")]

    def dataset(self, asset: str, shards: Sequence[str]) -> ds.Dataset:
        """Tables of some shards, at least one, to be read when asked for: columns of the first, and `shard` before.

        Raises:
            LakeError: The first table cannot be read.
        """
        paths = [f"{self.root}/{asset}/{shard}.parquet" for shard in shards]
        try:
            with self.fs.open_input_file(paths[0]) as stream:
                schema = pq.read_schema(stream)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(paths[0], error) from error
        return ds.FileSystemDataset.from_paths(
            paths,
            schema=schema.insert(0, pa.field("shard", pa.string())),
            format=ds.ParquetFileFormat(),
            filesystem=self.fs,
            partitions=[ds.field("shard") == shard for shard in shards],
        )

    def sweep(self, asset: str, shard: str = "*") -> None:
        """Remove what killed writers left of the files of a shard, or of all; for whoever alone writes them.

        Raises:
            LakeError: The place cannot be written.
        """
        if not self.is_local:  # nothing of an object stands before all of it is sent
            return
        folder = Path(self.root / asset)
        try:
            for place in (folder, *(path for path in folder.glob("*/") if path.is_dir())):
                sweep(place, f"{shard}[.-]*")
        except OSError as error:
            raise LakeError(
                f"{error.filename} cannot be removed: {error.strerror}.", hint="Give write access."
            ) from error

    # Payloads ----------------------------------------------------------------------------------------------------

    def write_payload(self, asset: str, payload: str, file: str, tables: Iterator[pa.Table]) -> None:
        """Write an immutable payload file, as `write_clips` does."""
        self.write_clips(f"{asset}/{payload}/{file}", tables)

    def write_clips(self, name: str, tables: Iterator[pa.Table]) -> None:
        """Write a file of payloads, at most `ROW_GROUP` clips and about `ROW_GROUP_BYTES` a row group.

        Not compressed: FLAC and JPEG are.
        """
        first = next(tables, None)
        if first is None:
            raise LakeError(f"{name} would be empty.")
        schema, whole = first.schema, chain([first], tables)
        del first  # it may be large
        with (
            Aside(self.fs, str(self.root / name)) as stream,
            # Least and greatest values of payloads would be copies of them.
            pq.ParquetWriter(
                stream, schema, compression="none", use_dictionary=False, write_statistics=["clip_id"]
            ) as writer,
        ):
            for group in regrouped(whole):
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
