"""`fusionaudio demo`: the whole way from files to captions on the example clips."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import typer
from rich.table import Table

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.console import out, print_table, printable, say
from fusionaudio_assets.cli.ingest import add_source
from fusionaudio_assets.cli.models import fetch_for
from fusionaudio_assets.cli.run import run_lake
from fusionaudio_assets.graph import LAKE_ASSETS, QUALITY, RELEASE, STAGES
from fusionaudio_assets.reasons import MEANINGS, Reason
from resources.english import counted
from resources.errors import SettingError
from resources.lake import Lake

EXAMPLES = Path(__file__).parents[2] / "examples"


def demo(lake_uri: str) -> None:
    """Ingest the examples, run, and print a caption or a reason for each of them."""
    clips, labels = EXAMPLES / "clips", EXAMPLES / "labels.csv"
    if not clips.is_dir():
        raise SettingError(f"There are no example clips at {clips}.", hint="Run the demo in a clone of the project.")
    ingested = add_source(lake_uri, clips, labels)
    say(f"{counted(len(ingested.collected.rows), 'example clip is', 'example clips are')} in the lake {lake_uri}.")
    fetch_for(ingested.workspace.profile)
    wanted = {row["clip_id"] for row in ingested.collected.rows}
    shards = _shards_of(ingested.workspace.lake, wanted)
    summary = run_lake(ingested.workspace, shards=shards, select=[*STAGES, *LAKE_ASSETS])
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 1, 0))
    table.add_column("clip", overflow="fold")
    table.add_column("caption, or the reason why there is none", overflow="fold")
    for name, told in outcomes(ingested.workspace.lake, shards, wanted):
        table.add_row(name, told)
    if out.is_terminal:
        typer.echo()
    print_table(table)
    if not summary.finished:
        raise typer.Exit(1)
    typer.echo(f"\nRelease: {summary.written[RELEASE]}")
    typer.echo(f"Report:  {summary.written[QUALITY]}")
    say(f"More about a clip: fusionaudio show CLIP --lake {lake_uri}")


def outcomes(lake: Lake, shards: list[str], clip_ids: set[str]) -> Iterator[tuple[str, str]]:
    """Name and caption, or name and reason, of clips; those of unfinished shards have neither."""
    for shard in shards:
        manifest = lake.read_frame(f"manifest/{shard}.parquet", ["clip_id", "sources"])
        decisions = lake.read_table("filtered_dataset", shard, ["clip_id", "caption", "drop_reasons"])
        failures = lake.read_table("raw_clips", shard, ["clip_id", "detail"])
        clips = manifest.filter(pl.col("clip_id").is_in(clip_ids)).sort("sources")
        told = {} if decisions is None else {row["clip_id"]: row for row in decisions.to_dicts()}
        details = {} if failures is None else dict(failures.iter_rows())
        for clip_id, sources in clips.iter_rows():
            yield printable(", ".join(sources)), _outcome(told.get(clip_id), details.get(clip_id))


def _outcome(decision: dict[str, object] | None, detail: str | None) -> str:
    if decision is None:
        return "not finished"
    reasons = decision["drop_reasons"]
    assert isinstance(reasons, list)
    against = "; ".join(MEANINGS[Reason(reason)] for reason in reasons)
    if not decision["caption"]:
        return f"No caption: {against}.{f' {detail}' if detail else ''}"
    return f"{decision['caption']}{f' (Not released: {against}.)' if against else ''}"


def _shards_of(lake: Lake, clip_ids: set[str]) -> list[str]:
    sql = "SELECT DISTINCT shard FROM manifest WHERE clip_id IN ? ORDER BY shard"
    found = ledger.query(lake, sql, [list(clip_ids)])
    return found["shard"].to_list()
