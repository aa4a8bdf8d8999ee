"""`fusionaudio status`."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import polars as pl
import typer

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.console import printable, say
from fusionaudio_assets.overrides import read_overrides
from resources.english import counted
from resources.lake import Lake

_STATUSES = ("ok", "skipped", "failed")

_MOST_LISTED = 3
"""Shards that a footnote names."""

Counts = Mapping[str, int]
"""Number of clips by status."""

Notes = Mapping[tuple[str, str], list[tuple[str, str]]]
"""Shard and stage of the tables that were made over a rule, by that rule and the reason given."""


def status(lake_uri: str, *, as_json: bool) -> None:
    """Print clips by shard, stage and status, and totals."""
    lake = Lake(lake_uri)
    sizes = ledger.shard_sizes(lake)
    found = ledger.counts(lake)
    overrides = read_overrides(lake, {stage: lake.shards(stage) for stage in ledger.STAGES})
    overrides = overrides.sort("shard", maintain_order=True)
    if as_json:
        typer.echo(json.dumps(as_object(lake_uri, sizes, found, overrides), ensure_ascii=False))
        return
    if not sizes:
        say("The lake holds no clip. Put some in with `fusionaudio ingest SOURCE`.")
        return
    by_shard, notes = _by_shard(found), _notes(overrides)
    for line in chain(_lines(sizes, by_shard, notes), _footnotes(notes)):
        typer.echo(line)
    unfinished = sum(any((shard, stage) not in by_shard for stage in ledger.STAGES) for shard in sizes)
    if unfinished:
        say(f"Shards with stages that are not made: {unfinished:,} of {len(sizes):,}. `fusionaudio run` makes them.")


def as_object(lake_uri: str, sizes: Mapping[str, int], found: pl.DataFrame, overrides: pl.DataFrame) -> dict[str, Any]:
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
        "overrides": overrides.to_dicts(),
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


def _notes(overrides: pl.DataFrame) -> Notes:
    notes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for override in overrides.iter_rows(named=True):
        tables = notes.setdefault((override["rule"], override["reason"]), [])
        tables.append((override["shard"], override["stage"]))
    return notes


def _footnotes(notes: Notes) -> Iterator[str]:
    """One for each rule and reason, with the tables that were made over it."""
    for number, ((rule, reason), tables) in enumerate(notes.items(), 1):
        shards = list(dict.fromkeys(shard for shard, _ in tables))
        more = f" and {len(shards) - _MOST_LISTED} more" if len(shards) > _MOST_LISTED else ""
        where = f"{', '.join(dict.fromkeys(stage for _, stage in tables))} of {', '.join(shards[:_MOST_LISTED])}{more}"
        yield f"[{number}] made although {rule} is broken: {where}: {printable(reason)}"


def _lines(sizes: Mapping[str, int], by_shard: Mapping[tuple[str, str], Counts], notes: Notes) -> Iterator[str]:
    """Aligned lines: one for each shard and stage, then the totals. Not a rich table, which takes ages to lay out."""
    marks: dict[tuple[str, str], str] = {}
    for number, tables in enumerate(notes.values(), 1):
        marks |= {table: f"{marks.get(table, '')}  [{number}]" for table in tables}
    wide = max(len("total"), *map(len, sizes))
    stage_wide = max(map(len, ledger.STAGES))
    yield f"{'shard':{wide}}  {'stage':{stage_wide}}  {'ok':>8}  {'skipped':>8}  {'failed':>8}"
    for shard, clips in sizes.items():
        for stage in ledger.STAGES:
            counts = by_shard.get((shard, stage))
            told = _cells(counts) if counts else f"not made ({counted(clips, 'clip')})"
            yield f"{shard:{wide}}  {stage:{stage_wide}}  {told}{marks.get((shard, stage), '')}"
    for stage in ledger.STAGES:
        total = _total(by_shard, sizes, stage)
        made = f"{total['shards']:,} of {counted(len(sizes), 'shard')}"
        yield f"{'total':{wide}}  {stage:{stage_wide}}  {_cells(total)}  {made}"


def _cells(counts: Counts) -> str:
    return "  ".join(f"{counts[state]:8}" for state in _STATUSES)
