"""`fusionaudio check`: the rules over all tables that stand, without a run."""

import json
from collections.abc import Iterable
from typing import Any

import typer

from fusionaudio_assets.checks import ERROR, Verdict, evaluate_lake
from fusionaudio_assets.cli.console import printable, say
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.shards import MANIFEST
from resources.lake import Lake


def check(lake_uri: str, *, as_json: bool) -> None:
    """Print the rules that do not hold, worst first; exit code 1 when one of them blocks."""
    lake = Lake(lake_uri)
    lake.check()
    reads = {name: [asset for asset in stage.reads if asset != MANIFEST] for name, stage in STAGES.items()}
    judged, broken = 0, []
    for shard, verdicts in evaluate_lake(lake, reads):
        judged += len(verdicts)
        broken += [_line(shard, verdict) for verdict in verdicts if not verdict.holds]
    broken.sort(key=lambda line: (line["severity"] != ERROR, line["rule"], line["shard"]))
    if as_json:
        typer.echo(json.dumps({"judged": judged, "broken": broken}, ensure_ascii=False))
    else:
        _print(broken)
        if not judged:
            say("No table stands, so there is nothing to judge. `fusionaudio run` makes them.")
            return
        say(f"Verdicts that do not hold: {len(broken):,} of {judged:,}.")
    if any(line["severity"] == ERROR for line in broken):
        raise typer.Exit(1)


def _line(shard: str, verdict: Verdict) -> dict[str, Any]:
    rule = verdict.rule
    return {
        "shard": shard,
        "rule": f"{rule.asset}/{rule.name}",
        "severity": rule.severity,
        "figure": verdict.figure,
        "allowed": rule.bound_text,
        "guards": rule.guards,
        "examples": list(verdict.samples),
    }


def _print(broken: Iterable[dict[str, Any]]) -> None:
    for line in broken:
        figure = f"{line['figure']:.4g}, allowed is {line['allowed']}"
        typer.echo(f"{line['severity']} {line['shard']} {line['rule']}: {figure}. {line['guards']}")
        for example in line["examples"]:
            typer.echo(f"  {printable(example)}")
