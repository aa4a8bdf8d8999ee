"""The ledger: for every clip, its status in every stage. A view over the lake's tables, not a store of its own.

Nothing here needs Dagster, so that whoever only looks does not wait for it.
"""

import glob
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import duckdb
import polars as pl

from resources.errors import LakeError, clause
from resources.lake import Lake, way_back

STAGES = (
    "raw_clips",
    "tags",
    "stems",
    "transcripts",
    "sound_captions",
    "music_captions",
    "visual_captions",
    "fused_captions",
    "caption_scores",
    "qa_pairs",
    "filtered_dataset",
)
"""Stages in the order of the graph, spelled out since the graph takes seconds to import; a test holds them equal."""

_COUNTS = pl.Schema(
    {
        "stage": pl.String,
        "shard": pl.String,
        "status": pl.String,
        "reason": pl.String,
        "model": pl.String,
        "clips": pl.Int64,
    }
)


def counts(lake: Lake, stages: Iterable[str] = STAGES) -> pl.DataFrame:
    """Number of clips by stage, shard, status, reason and model; a stage without a table has no line.

    Raises:
        LakeError: A table cannot be read.
    """
    sql = "SELECT shard, status, reason, model, count(*) AS clips FROM this GROUP BY ALL ORDER BY ALL"
    frames = [
        query(lake, stage, ("status", "reason", "model"), sql).select(pl.lit(stage).alias("stage"), pl.all())
        for stage in stages
        if lake.shards(stage)
    ]
    return pl.concat([pl.DataFrame(schema=_COUNTS), *frames], how="vertical_relaxed")


def shard_sizes(lake: Lake) -> dict[str, int]:
    """Number of clips of every shard, in the order of their keys.

    Raises:
        LakeError: A manifest cannot be read.
    """
    if not lake.shards():
        return {}
    found = query(lake, "manifest", ("clip_id",), "SELECT shard, count(*) FROM this GROUP BY shard ORDER BY shard")
    return dict(found.iter_rows())


def query(lake: Lake, asset: str, columns: Sequence[str], sql: str, parameters: Sequence[str] = ()) -> pl.DataFrame:
    """Ask all shards of one asset in SQL; there must be one.

    Args:
        lake: The lake.
        asset: Whose tables.
        columns: Columns that the query uses.
        sql: Over the relation `this`, which holds `columns` and `shard`.
        parameters: Values for the query's ``?``.

    Raises:
        LakeError: A table cannot be read.
    """
    with duckdb.connect() as connection:
        try:
            _relation(connection, lake, asset, columns).create_view("this")
            found: pl.DataFrame = connection.sql(sql, params=list(parameters)).pl()
        except duckdb.Error as error:
            for shard in lake.shards(asset):  # DuckDB does not always name the file that is damaged: this does
                lake.read_table(asset, shard, columns)
            raise LakeError(
                f"The tables of {asset} in {lake.uri} cannot be read: {clause(error)}.",
                hint=way_back(asset),
            ) from error
    return found


def _relation(
    connection: duckdb.DuckDBPyConnection, lake: Lake, asset: str, columns: Sequence[str]
) -> duckdb.DuckDBPyRelation:
    if lake.is_local:
        # DuckDB opens thousands of small files in parallel; one by one they would take ten times as long.
        folder = glob.escape(f"{lake.root}/{asset}")
        paths = [f"{folder}/{shard}.parquet" for shard in lake.shards(asset)]
        tables = connection.read_parquet(paths, filename=True)
        return tables.project(f"{', '.join(columns)}, parse_filename(filename, true) AS shard")

    def read(shard: str) -> pl.DataFrame:
        return lake.read_frame(f"{asset}/{shard}.parquet", columns).with_columns(shard=pl.lit(shard))

    with ThreadPoolExecutor(16) as threads:
        frame = pl.concat(threads.map(read, lake.shards(asset)))
    return connection.from_arrow(frame.to_arrow())
