"""`fusionaudio failures`: failed clips by stage and reason, with examples and what to do about them."""

import json
from typing import Any

import typer

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.console import printable, say
from fusionaudio_assets.reasons import meaning_of, way_out_of
from resources.english import counted
from resources.lake import Lake

_FAILED = """
    WITH failed AS (
        SELECT stage, reason, permanent, count(*) AS clips,
            min_by({clip_id: clip_id, shard: shard, detail: detail}, (shard, clip_id), 3) AS examples
        FROM ledger WHERE status = 'failed' GROUP BY stage, reason, permanent
    ), examples AS (
        SELECT stage, reason, permanent, clips, unnest(examples) AS example FROM failed
    )
    SELECT stage, reason, permanent, any_value(clips) AS clips,
        list({clip_id: example.clip_id, shard: example.shard, sources: sources::VARCHAR[], detail: example.detail}
            ORDER BY example.shard, example.clip_id) AS examples
    FROM examples LEFT JOIN manifest ON manifest.shard = example.shard AND manifest.clip_id = example.clip_id
    GROUP BY stage, reason, permanent
    ORDER BY list_position(?, stage), clips DESC, reason, permanent
"""


def failures(lake_uri: str, *, as_json: bool) -> None:
    """Print how many clips failed in which stage and why, most frequent first, and the way out."""
    found = failed(Lake(lake_uri))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    if not found:
        say("No clip failed in what was made so far.")
    for group in found:
        typer.echo(f"{group['stage']}: {group['reason']}, {counted(group['clips'], 'clip')}: {group['meaning']}")
        for example in group["examples"]:
            name = printable(", ".join(example["sources"] or []))
            typer.echo(f"  {example['clip_id']} in {example['shard']} ({name}): {printable(example['detail'] or '')}")
        typer.echo(f"  → {_what_to_do(group)}")


def failed(lake: Lake) -> list[dict[str, Any]]:
    """Failed clips grouped by stage, reason and whether the failure is permanent, each with up to three examples.

    Raises:
        LakeError: There is no lake, or a table cannot be read.
    """
    groups = ledger.query(lake, _FAILED, [list(ledger.STAGES)]).to_dicts()
    return [
        group | {"meaning": meaning_of(group["reason"]), "way_out": way_out_of(group["reason"])} for group in groups
    ]


def _what_to_do(group: dict[str, Any]) -> str:
    retry = f"`fusionaudio retry --stage {group['stage']} --reason {group['reason']}`"
    again = f"tried again only by {retry}" if group["permanent"] else "tried again by the next run"
    return f"{group['way_out']}; {again}" if group["way_out"] else again
