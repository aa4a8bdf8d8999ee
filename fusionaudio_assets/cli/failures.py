"""`fusionaudio failures`: failed clips by stage and reason, with examples."""

import json
from typing import Any

import typer

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.console import printable, say
from fusionaudio_assets.reasons import MEANINGS, Reason
from resources.lake import Lake

_FAILED = """
    SELECT reason, permanent, count(*) AS clips,
        (list({'clip_id': clip_id, 'shard': shard, 'detail': detail} ORDER BY shard, clip_id))[1:3] AS examples
    FROM this WHERE status = 'failed' GROUP BY reason, permanent ORDER BY clips DESC, reason
"""
_COLUMNS = ("clip_id", "status", "reason", "permanent", "detail")


def failures(lake_uri: str, *, as_json: bool) -> None:
    """Print how many clips failed in which stage and why, most frequent first."""
    lake = Lake(lake_uri)
    lake.check()
    found = failed(lake)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    if not found:
        say("No clip failed.")
    for group in found:
        again = "stays so until the file changes" if group["permanent"] else "is tried again by the next run"
        meaning = MEANINGS[Reason(group["reason"])]
        typer.echo(f"{group['stage']}: {group['reason']}, {group['clips']} clip(s): {meaning}; {again}")
        for example in group["examples"]:
            typer.echo(f"  {example['clip_id']} in {example['shard']}: {printable(example['detail'] or '')}")


def failed(lake: Lake) -> list[dict[str, Any]]:
    """Failed clips grouped by stage, reason and whether the failure is permanent, each with up to three examples.

    Raises:
        LakeError: A table cannot be read.
    """
    return [
        {"stage": stage} | row
        for stage in ledger.STAGES
        if lake.shards(stage)
        for row in ledger.query(lake, stage, _COLUMNS, _FAILED).to_dicts()
    ]
