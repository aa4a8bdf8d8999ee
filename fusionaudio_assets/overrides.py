"""Overrides: the rules that were passed over for a table, and why. They lie beside the tables and outlive Dagster."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import polars as pl

from resources.errors import LakeError, clause
from resources.lake import Lake

FOLDER = "overrides"
OVERRIDES_SCHEMA = pl.Schema(
    {
        "stage": pl.String,
        "shard": pl.String,
        "rule": pl.String,
        "figure": pl.Float64,
        "reason": pl.String,
        "recorded_at": pl.String,
    }
)
"""A line for each rule that was passed over for a table: ``<asset>/<rule>``, what was measured, why and when."""

_KEYS = ("rule", "figure", "reason", "recorded_at")


def override_name(stage: str, shard: str) -> str:
    """File of the lake that says which rules were passed over for a table."""
    return f"{FOLDER}/{stage}/{shard}.json"


def write_overrides(lake: Lake, stage: str, shard: str, passed_over: Sequence[Mapping[str, Any]]) -> None:
    """Keep which rules were passed over for a table; one that was made without any has no such file.

    Args:
        lake: The lake.
        stage: The stage.
        shard: The shard.
        passed_over: Rule, figure, reason and time of each.
    """
    name = override_name(stage, shard)
    if passed_over:
        lake.write_text(name, json.dumps(list(passed_over), indent=1) + "\n")
    else:
        lake.delete(name)


def read_overrides(lake: Lake, tables: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """The overrides under which tables were made: columns of `OVERRIDES_SCHEMA`.

    Args:
        lake: The lake.
        tables: Shards that have a table, by stage.

    Raises:
        LakeError: A record is damaged.
    """
    recorded = [
        (stage, shard)
        for stage, shards in tables.items()
        for shard in sorted({name.removesuffix(".json") for name in lake.files(f"{FOLDER}/{stage}")} & set(shards))
    ]
    with ThreadPoolExecutor(16) as threads:
        rows = chain.from_iterable(threads.map(lambda table: _read(lake, *table), recorded))
        return pl.DataFrame(list(rows), schema=OVERRIDES_SCHEMA)


def _read(lake: Lake, stage: str, shard: str) -> list[dict[str, Any]]:
    name = override_name(stage, shard)
    try:
        found = json.loads(lake.read_text(name))
        return [{"stage": stage, "shard": shard} | {key: one[key] for key in _KEYS} for one in found]
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{lake.uri}/{name} is damaged: {clause(error)}.",
            hint="Restore it, or delete it: it only says which rules were passed over for that table.",
        ) from error
