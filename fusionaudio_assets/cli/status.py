"""`fusionaudio status`."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
import typer

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.console import say
from resources.lake import Lake

_STATUSES = ("ok", "skipped", "failed")

Counts = Mapping[str, int]
"""Number of clips by status."""


def status(lake_uri: str, *, as_json: bool) -> None:
    """Print clips by shard, stage and status, and totals."""
    lake = Lake(lake_uri)
    lake.check()
    sizes = ledger.shard_sizes(lake)
    found = ledger.counts(lake)
    by_shard = _by_shard(found)
    if as_json:
        typer.echo(json.dumps(as_object(lake_uri, sizes, found)))
        return
    if not sizes:
        say("The lake holds no clip. Put some in with `fusionaudio ingest SOURCE`.")
        return
    for line in _lines(sizes, by_shard):
        typer.echo(line)
    unfinished = sum(any((shard, stage) not in by_shard for stage in ledger.STAGES) for shard in sizes)
    if unfinished:
        say(f"{unfinished} of {len(sizes)} shards have stages that are not made: `fusionaudio run`.")


def as_object(lake_uri: str, sizes: Mapping[str, int], found: pl.DataFrame) -> dict[str, Any]:
    """The status as scripts read it; a stage that is not made is null."""
    by_shard = _by_shard(found)
    return {
        "lake": lake_uri,
        "clips": sum(sizes.values()),
        "shards": [
            {
                "shard": shard,
                "clips": clips,
                "stages": {stage: by_shard.get((shard, stage)) for stage in ledger.STAGES},
            }
            for shard, clips in sizes.items()
        ],
        "totals": {
            stage: _total(by_shard, sizes, stage) | {"reasons": _reasons(found, stage)} for stage in ledger.STAGES
        },
    }


def _by_shard(found: pl.DataFrame) -> dict[tuple[str, str], dict[str, int]]:
    table: dict[tuple[str, str], dict[str, int]] = {}
    for shard, stage, state, clips in found.select("shard", "stage", "status", "clips").iter_rows():
        table.setdefault((shard, stage), dict.fromkeys(_STATUSES, 0))[state] += clips
    return table


def _total(by_shard: Mapping[tuple[str, str], Counts], sizes: Iterable[str], stage: str) -> dict[str, Any]:
    made = [by_shard[shard, stage] for shard in sizes if (shard, stage) in by_shard]
    return {"shards": len(made)} | {state: sum(counts[state] for counts in made) for state in _STATUSES}


def _reasons(found: pl.DataFrame, stage: str) -> dict[str, int]:
    rows = found.filter(pl.col("stage") == stage).drop_nulls("reason")
    reasons: Counter[str] = Counter()
    for reason, clips in rows.select("reason", "clips").iter_rows():
        reasons[reason] += clips
    return dict(reasons.most_common())


def _lines(sizes: Mapping[str, int], by_shard: Mapping[tuple[str, str], Counts]) -> Iterable[str]:
    """Aligned lines: one for each shard and stage, then the totals. Not a rich table, which takes ages to lay out."""
    wide = max(len("total"), *map(len, sizes))
    stage_wide = max(map(len, ledger.STAGES))
    yield f"{'shard':{wide}}  {'stage':{stage_wide}}  {'ok':>8}  {'skipped':>8}  {'failed':>8}"
    for shard, clips in sizes.items():
        for stage in ledger.STAGES:
            counts = by_shard.get((shard, stage))
            told = _cells(counts) if counts else f"not made ({clips} clips)"
            yield f"{shard:{wide}}  {stage:{stage_wide}}  {told}"
    for stage in ledger.STAGES:
        total = _total(by_shard, sizes, stage)
        made = f"{total['shards']} of {len(sizes)} shards"
        yield f"{'total':{wide}}  {stage:{stage_wide}}  {_cells(total)}  {made}"


def _cells(counts: Counts) -> str:
    return "  ".join(f"{counts[state]:8}" for state in _STATUSES)
