"""The ledger: for every clip, its status in every stage. DuckDB views over the lake's tables, not a store of its own.

    from fusionaudio_assets.ledger import connect

    db = connect("lake")
    db.sql("SELECT stage, reason, count(*) FROM ledger WHERE status = 'failed' GROUP BY ALL").show()

Nothing here needs Dagster, so that whoever only looks does not wait for it.
"""

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from fusionaudio_assets.overrides import read_overrides
from fusionaudio_assets.tables import TABLES, StageTable, polars_schema
from fusionaudio_assets.versions import check_columns
from resources.errors import LakeError, clause
from resources.lake import Lake

STAGES = tuple(name for name, table in TABLES.items() if issubclass(table, StageTable))
"""Stages in the order of the graph, which takes seconds to import; a test holds them equal."""

_COLUMNS = ("clip_id", "status", "reason", "detail", "permanent", "model", "fingerprint")
"""Of every stage's table, as far back as there are lakes."""

_Connection = duckdb.DuckDBPyConnection


def connect(lake: Lake | str | Path) -> duckdb.DuckDBPyConnection:
    """Open a lake in DuckDB. Nothing but a table's footer is read before a query asks for it.

    Views, as of now: shards that are made later need a new connection.

    * ``ledger``: a row for each clip and stage, ``shard, stage, clip_id, status, reason, detail, permanent, model,
      fingerprint, overrides``; the last is a list of ``{rule, figure, reason, recorded_at}``, empty for nearly all;
    * ``manifest``, ``raw_clips``, ``tags``, ...: the tables of all shards, with the column ``shard``; no row where
      nothing is made;
    * ``overrides``: ``stage, shard, rule, figure, reason, recorded_at``: the rules that were passed over for a table.

    Args:
        lake: The lake, its folder or its ``s3://`` URI.

    Returns:
        A connection of the caller's own, who closes it.

    Raises:
        LakeError: There is no lake, or a table cannot be read.
    """
    opened = lake if isinstance(lake, Lake) else Lake(lake)
    opened.check()
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")  # it would stand among the results
    try:
        standing = {asset: opened.shards(asset) for asset in TABLES}
        for asset, shards in standing.items():
            _create_view(connection, opened, asset, shards)
        overrides = read_overrides(opened, {stage: standing[stage] for stage in STAGES})
        connection.register("overrides", overrides.to_arrow())
        connection.execute(_ledger_view())
    except duckdb.Error as error:
        connection.close()
        raise _fault(opened, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def query(lake: Lake, sql: str, parameters: Sequence[object] = ()) -> pl.DataFrame:
    """Ask a lake in SQL over the views of `connect`.

    Args:
        lake: The lake.
        sql: The query.
        parameters: Values for its ``?``.

    Raises:
        LakeError: There is no lake, or a table cannot be read.
    """
    with reading(lake) as connection:
        found: pl.DataFrame = connection.sql(sql, params=list(parameters)).pl()
    return found


@contextmanager
def reading(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection as of `connect` for several queries; it is closed afterwards.

    Raises:
        LakeError: There is no lake, or a table cannot be read.
    """
    with connect(lake) as connection:
        try:
            yield connection
        except duckdb.Error as error:
            raise _fault(lake, error) from error


def counts(lake: Lake) -> pl.DataFrame:
    """Number of clips: ``stage, shard, status, reason, model, clips``; a stage without a table has no line.

    Raises:
        LakeError: A table cannot be read.
    """
    sql = "SELECT stage, shard, status, reason, model, count(*) AS clips FROM ledger GROUP BY ALL ORDER BY ALL"
    return query(lake, sql)


def shard_sizes(lake: Lake) -> dict[str, int]:
    """Number of clips of every shard, in the order of their keys.

    Raises:
        LakeError: A manifest cannot be read.
    """
    return dict(query(lake, "SELECT shard, count(*) FROM manifest GROUP BY shard ORDER BY shard").iter_rows())


def _create_view(connection: _Connection, lake: Lake, asset: str, shards: Sequence[str]) -> None:
    if not shards:
        schema = {"shard": pl.String} | polars_schema(TABLES[asset])
        connection.register(asset, pl.DataFrame(schema=schema).to_arrow())
    elif lake.is_local:
        # DuckDB opens thousands of small files in parallel; one by one they would take ten times as long.
        folder = glob.escape(f"{lake.root}/{asset}")
        tables = connection.read_parquet([f"{folder}/{shard}.parquet" for shard in shards], filename=True)
        tables.project("parse_filename(filename, true) AS shard, * EXCLUDE (filename)").create_view(asset)
    else:
        connection.register(asset, lake.dataset(asset, shards))


def _ledger_view() -> str:
    columns = ", ".join(_COLUMNS)
    stages = " UNION ALL ".join(f"SELECT shard, '{stage}' AS stage, {columns} FROM {stage}" for stage in STAGES)  # noqa: S608 - names of ours
    return f"""
        CREATE TEMP VIEW ledger AS
        SELECT rows.*, coalesce(passed_over.overrides, []) AS overrides
        FROM ({stages}) AS rows LEFT JOIN (
            SELECT stage, shard,
                list({{rule: rule, figure: figure, reason: reason, recorded_at: recorded_at}}) AS overrides
            FROM overrides GROUP BY stage, shard
        ) AS passed_over USING (stage, shard)
    """  # noqa: S608 - names of ours


def _fault(lake: Lake, error: duckdb.Error) -> LakeError:
    """The table that is to blame, with the way out: DuckDB does not always name it, nor know the way."""
    tables = [(asset, shard) for asset in TABLES for shard in lake.shards(asset)]
    for asset, shard in sorted(tables, key=lambda table: f"{table[0]}/{table[1]}.parquet" not in str(error)):
        try:
            frame = lake.read_table(asset, shard)
            if frame is not None:
                check_columns(asset, shard, frame)
        except LakeError as found:
            return found
    return LakeError(f"The tables in {lake.uri} cannot be read: {clause(error)}.", hint="Look at what DuckDB names.")
