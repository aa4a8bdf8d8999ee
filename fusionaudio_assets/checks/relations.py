"""The tables that rules see: those of a group of shards, each read once, with the column `shard`."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from fusionaudio_assets.figures import kept
from fusionaudio_assets.versions import check_columns, differences, table_of
from resources.errors import LakeError
from resources.lake import Lake

PEERS = 64
"""Shards that one is compared with: evenly spread over the lake, so that the cost does not grow with it."""

Gather = Callable[[Callable[[str], bytes], Iterable[str]], Iterable[bytes]]
"""`map`, or that of an executor, which reads many files at a time."""


class Tables:
    """Tables of some shards of a lake."""

    def __init__(
        self,
        lake: Lake,
        standing: Mapping[str, Sequence[str]],
        peers: dict[str, pl.DataFrame] | None = None,
        gather: Gather = map,
    ) -> None:
        """Prepare to read.

        Args:
            lake: The lake.
            standing: The shards by table, those that are judged and those above them.
            peers: Figures that other groups have read already, by asset; they are added to.
            gather: How the files of a table are read.
        """
        self.lake = lake
        self._standing = standing
        self._peers = {} if peers is None else peers
        self._gather = gather
        self._whole: dict[str, pl.DataFrame | None] = {}
        self._single: dict[tuple[str, str], pl.DataFrame] = {}

    def differences(self, asset: str, shard: str) -> list[str]:
        """How the columns of a table differ from those declared."""
        return differences(asset, self.of(asset, shard)) if self._in_one(asset) is None else []

    def of(self, asset: str, shard: str) -> pl.DataFrame:
        """The table of one shard, as it stands.

        Raises:
            LakeError: It is missing, or cannot be read.
        """
        if (asset, shard) not in self._single:
            frame = self.lake.read_table(asset, shard)
            if frame is None:
                raise LakeError(f"Shard {shard} has no table of {asset}.", hint=f"Materialise {asset} first.")
            self._single[asset, shard] = frame
        return self._single[asset, shard]

    def together(self, asset: str, shards: Sequence[str]) -> pl.DataFrame:
        """The tables of some shards, at least one, in one frame of the declared columns and `shard`.

        Raises:
            LakeError: One is missing, cannot be read, or was written by another version of the code.
        """
        whole = self._in_one(asset)
        if whole is not None:
            is_all = len(shards) == len(self._standing[asset])
            return whole if is_all else whole.filter(pl.col("shard").is_in(list(shards)))
        frames = []
        for shard in shards:
            frame = self.of(asset, shard)
            check_columns(asset, shard, frame)
            frames.append(frame.select(*table_of(asset).columns(), pl.lit(shard).alias("shard")))
        return pl.concat(frames)

    def peers(self, asset: str) -> pl.DataFrame:
        """Kept figures of the shards that one is compared with."""
        if asset not in self._peers:
            self._peers[asset] = kept(self.lake, asset, PEERS)
        return self._peers[asset]

    def _in_one(self, asset: str) -> pl.DataFrame | None:
        if asset not in self._whole:
            self._whole[asset] = self._read_in_one(asset)
        return self._whole[asset]

    def _read_in_one(self, asset: str) -> pl.DataFrame | None:
        """Read all shards of a table in half the time that one after another takes.

        None where that fails, or the columns are not those declared: `of` finds out of which shard, and tells.
        """
        shards = self._standing[asset]
        try:
            files = list(self._gather(self._content, [f"{self.lake.root}/{asset}/{shard}.parquet" for shard in shards]))
            rows = [pq.read_metadata(pa.BufferReader(file)).num_rows for file in files]
            frame = pl.read_parquet(files)
        except (OSError, pa.ArrowException, pl.exceptions.PolarsError):
            return None
        if differences(asset, frame):
            return None
        keys = pl.Series(shards, dtype=pl.String).gather(np.repeat(np.arange(len(shards)), rows))
        # In one chunk: DuckDB then works in full vectors, whatever the size of a shard.
        return frame.select(*table_of(asset).columns(), keys.alias("shard")).rechunk()

    def _content(self, path: str) -> bytes:
        with self.lake.fs.open_input_file(path) as stream:
            return bytes(stream.read())
