"""Figures kept beside the tables that they were taken from: `<lake>/figures/<asset>/<shard>.json`.

They only ever save reading tables: a file that is missing, or that another version wrote, is passed over, and `refresh`
makes it anew.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl

from fusionaudio_assets.figures.measure import SCHEMA, measure
from resources.lake import Lake

FOLDER = "figures"
FORMAT = 1
"""Raise when a figure comes to mean something else under the same name."""
_READERS = 16


def keep(lake: Lake, asset: str, shard: str, table: pl.DataFrame) -> pl.DataFrame:
    """Measure a table that was just committed and keep its figures.

    Returns:
        The figures, in the schema `SCHEMA`.

    Raises:
        LakeError: The lake cannot be written.
    """
    figures = measure(asset, table.with_columns(shard=pl.lit(shard)))
    told = {
        "format": FORMAT,
        "content": lake.content_of(asset, shard),
        "figures": [list(row) for row in figures.select("name", "value", "error", "clips").iter_rows()],
    }
    lake.write_text(_name(asset, shard), json.dumps(told) + "\n", durable=False)
    return figures


def kept(lake: Lake, asset: str, most: int | None = None) -> pl.DataFrame:
    """Figures of the shards of an asset for which they are kept.

    Args:
        lake: The lake.
        asset: The asset.
        most: No more than so many shards, evenly spread over their keys.

    Returns:
        In the schema `SCHEMA`.
    """
    names = lake.files(f"{FOLDER}/{asset}")
    if most is not None and len(names) > most:
        names = [names[index * len(names) // most] for index in range(most)]
    return _frame(_all_told(lake, asset, [name.removesuffix(".json") for name in names]))


def current(lake: Lake, asset: str, tables: pl.DataFrame) -> pl.DataFrame:
    """Figures of tables at hand: those that are kept of the same content, and the others measured now.

    Args:
        lake: The lake.
        asset: Whose tables they are.
        tables: Their rows as they stand in the lake, with the column `shard`.

    Returns:
        In the schema `SCHEMA`.
    """
    shards = tables["shard"].unique(maintain_order=True).to_list()
    told = _all_told(lake, asset, shards)
    stale = [shard for shard in shards if _is_stale(lake, asset, shard, told[shard])]
    fresh = _frame({shard: told[shard] for shard in shards if shard not in set(stale)})
    if stale:
        others = tables if len(stale) == len(shards) else tables.filter(pl.col("shard").is_in(stale))
        return pl.concat([fresh, measure(asset, others)])
    return fresh


def refresh(lake: Lake, asset: str) -> pl.DataFrame:
    """Figures of all shards of an asset, measured anew where none of the table that stands are kept.

    Raises:
        LakeError: A table cannot be read, or the lake cannot be written.
    """
    shards = lake.shards(asset)

    def brought_up(shard: str) -> None:
        if _is_stale(lake, asset, shard, _told(lake, asset, shard)):
            keep(lake, asset, shard, lake.read_frame(f"{asset}/{shard}.parquet"))

    with ThreadPoolExecutor(_READERS) as threads:
        list(threads.map(brought_up, shards))
    return _frame(_all_told(lake, asset, shards))


def _all_told(lake: Lake, asset: str, shards: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    with ThreadPoolExecutor(_READERS) as threads:
        return dict(zip(shards, threads.map(lambda shard: _told(lake, asset, shard), shards), strict=True))


def _frame(found: Mapping[str, dict[str, Any] | None]) -> pl.DataFrame:
    rows = [(shard, *row) for shard, told in found.items() if told for row in told["figures"]]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _is_stale(lake: Lake, asset: str, shard: str, told: dict[str, Any] | None) -> bool:
    """True when `told` is not of the table that stands."""
    return told is None or told["content"] is None or told["content"] != lake.content_of(asset, shard)


def _told(lake: Lake, asset: str, shard: str) -> dict[str, Any] | None:
    name = _name(asset, shard)
    if not lake.has_file(name):
        return None
    try:
        told = json.loads(lake.read_text(name))
    except ValueError:
        return None
    return told if isinstance(told, dict) and told.get("format") == FORMAT else None


def _name(asset: str, shard: str) -> str:
    return f"{FOLDER}/{asset}/{shard}.json"
