"""Reading payloads (audio, frames, stems) by clip out of one Parquet file."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from resources.errors import LakeError, clause


class PayloadReader:
    """Reads payloads by clip, from a file with the column `clip_id` and one more.

    Keeps the last row group, since clips are asked for in the order they were written.
    """

    def __init__(self, files: fs.FileSystem, path: str) -> None:
        """Open a file.

        Raises:
            LakeError: The file is gone or cannot be read.
        """
        self.path = path
        try:
            self._file = pq.ParquetFile(files.open_input_file(path))
            (self._value,) = (column for column in self._file.schema_arrow.names if column != "clip_id")
            ids = [
                self._file.read_row_group(group, columns=["clip_id"]).column("clip_id").to_pylist()
                for group in range(self._file.num_row_groups)
            ]
        except (OSError, pa.ArrowException) as error:
            raise LakeError(
                f"{path} cannot be read: {clause(error)}.",
                hint="Delete the table that refers to it and run again: the shard is made anew.",
            ) from error
        self._place = {clip: (group, row) for group, clips in enumerate(ids) for row, clip in enumerate(clips)}
        self._group = -1
        self._table: pa.Table | None = None

    def read(self, clip_id: str) -> Any:
        """The payload of one clip, as Python objects.

        Raises:
            LakeError: The clip is not in the file.
        """
        if clip_id not in self._place:
            raise LakeError(f"{self.path} holds no clip {clip_id}.")
        group, row = self._place[clip_id]
        if group != self._group or self._table is None:
            self._table, self._group = self._file.read_row_group(group), group
        return self._table.column(self._value)[row].as_py()

    def tables(self, clip_ids: set[str]) -> Iterator[pa.Table]:
        """The rows of `clip_ids`, group by group."""
        for group in range(self._file.num_row_groups):
            table = self._file.read_row_group(group)
            mask = [clip in clip_ids for clip in table.column("clip_id").to_pylist()]
            if any(mask):
                yield table.filter(pa.array(mask))

    def close(self) -> None:
        """Close the file, and let go of the last row group."""
        self._file.close(force=True)  # without force pyarrow leaves open what it did not open itself
        self._table = None
