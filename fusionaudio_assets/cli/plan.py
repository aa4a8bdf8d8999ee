"""`fusionaudio plan`: what a run would do, why, and how long it would take."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import typer
from rich.table import Table

from fusionaudio_assets.cli.console import print_table, say, warn
from fusionaudio_assets.forecast import Cause, Forecast, Rows, StageForecast, forecast
from fusionaudio_assets.workspace import Workspace
from resources.english import counted
from resources.profile import Profile
from resources.profile_file import profile_text

_MOST_DIFFERENCES = 3
_MOST_REFUSED = 5


def plan(
    lake: str, shards: Sequence[str] | None, select: Sequence[str] | None, profile: str | None, *, as_json: bool
) -> None:
    """Print what a run would do to the lake under its profile or another one; nothing is changed."""
    workspace = Workspace.open(lake)
    if profile is not None:
        text, origin = profile_text(profile)
        workspace = Workspace(workspace.lake, Profile.parse(text, origin=origin))
    found = forecast(workspace, shards=shards, select=select)
    if as_json:
        typer.echo(json.dumps(as_object(workspace, found), ensure_ascii=False))
        return
    if not found.shards:
        say("The lake holds no clip. Put some in with `fusionaudio ingest SOURCE`.")
        return
    print_table(_table(found))
    for line in _remarks(found):
        typer.echo(line)
    for key in list(found.refused)[:_MOST_REFUSED]:
        warn(found.refused[key])
    if len(found.refused) > _MOST_REFUSED:
        warn(f"{counted(len(found.refused) - _MOST_REFUSED, 'more shard')} will be refused.")


def as_object(workspace: Workspace, found: Forecast) -> dict[str, Any]:
    """The forecast as scripts read it; times that nothing is known of are null."""
    return {
        "lake": workspace.lake.uri,
        "profile": workspace.profile.name,
        "shards": found.shards,
        "stages": {name: _stage_object(stage) for name, stage in found.stages.items()},
        "time_s": asdict(found.seconds),
        "besides": asdict(found.besides),
        "refused": dict(found.refused),
        "over_all_shards": list(found.over_all_shards),
    }


def _stage_object(stage: StageForecast) -> dict[str, Any]:
    rows = stage.rows
    return {
        "tables": stage.tables,
        "touched": stage.touched,
        "reuse": {"low": rows.reused[0], "high": rows.reused[1]},
        "compute": {
            "low": rows.computed[0],
            "expected": stage.pace.expected(rows).clips,
            "high": rows.computed[1],
        },
        "resumed": rows.resumed,
        "settled": rows.settled,
        "why": {cause.value: count for cause, count in rows.why.most_common()},
        "maybe": {cause.value: count for cause, count in rows.maybe.most_common()},
        "differences": [difference.text for difference in rows.differences],
        "time_s": asdict(stage.seconds),
        "rests_on": {"runs": stage.pace.runs, "clips": stage.pace.clips, "same_settings": stage.pace.same_settings},
    }


def _table(found: Forecast) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stage", no_wrap=True)
    for name in ("shards", "reuse", "compute"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=1)
    for name in ("time", "at most"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("from", overflow="fold")
    for name, stage in found.stages.items():
        table.add_row(
            name,
            f"{stage.touched} of {stage.tables}" if stage.touched else "",
            _range(*stage.rows.reused),
            _range(*stage.rows.computed),
            "; ".join(_why(stage.rows)),
            _duration(stage.seconds.expected) if stage.touched else "",
            _duration(stage.seconds.high) if stage.touched else "",
            _basis(stage) if stage.touched else "",
        )
    return table


def _why(rows: Rows) -> Iterable[str]:
    """Causes with their counts, those that are certain first; what changed in the stage stands behind its cause."""
    told: set[Cause] = set()
    for counts, at_most in ((rows.why, ""), (rows.maybe, "≤ ")):
        for cause, count in counts.most_common():
            changed = [difference.text for difference in rows.differences if difference.cause is cause]
            more = "" if len(changed) <= _MOST_DIFFERENCES else ", …"
            texts = f" ({', '.join(changed[:_MOST_DIFFERENCES])}{more})" if changed and cause not in told else ""
            told.add(cause)
            yield f"{at_most}{count} {cause.value}{texts}"
    if rows.settled:
        yield f"{rows.settled} of them need nothing computed"
    if rows.resumed:
        yield f"{rows.resumed} of them a run that died had finished"


def _basis(stage: StageForecast) -> str:
    pace = stage.pace
    if not pace.runs:
        return ""
    of = f"{counted(pace.runs, 'run')}, {counted(pace.clips, 'clip')}"
    return of if pace.same_settings else f"{of}, other settings"


def _remarks(found: Forecast) -> Iterable[str]:
    seconds = found.seconds
    if found.unknown:
        yield f"In all: not known; no earlier run with these models tells of {', '.join(found.unknown)}."
    else:
        low, high = _duration(seconds.low), _duration(seconds.high)
        yield f"In all: {_duration(seconds.expected)}, at least {low}, at most {high}."
    if any(stage.touched for stage in found.stages.values()) and not found.besides.runs:
        yield "No earlier run from the terminal tells what Dagster takes besides: it is not in the times."
    for asset in found.over_all_shards:
        yield f"{asset} is made of what stands then; its time is not forecast."


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
