"""`fusionaudio retry`: compute failed clips again, also those that failed for good, and what follows from them."""

from collections.abc import Iterable, Sequence

import polars as pl
import typer
from rich.table import Table

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.console import print_table, say
from fusionaudio_assets.cli.run import print_counts, run_lake
from fusionaudio_assets.reasons import WAYS_OUT
from fusionaudio_assets.workspace import Workspace
from resources.english import counted
from resources.errors import SettingError

_BEGUN = ".work/retry"
"""File of the lake with the shards of a retry that is under way."""

_FAILED = """
    SELECT stage, reason, shard, count(*) AS clips FROM ledger WHERE status = 'failed'
    GROUP BY stage, reason, shard ORDER BY list_position(?, stage), reason, shard
"""


def retry(lake: str, stage: str | None, reason: str | None, shards: Sequence[str] | None, *, dry_run: bool) -> None:
    """Compute the failed clips again that match; exit code 1 when a shard could not be finished."""
    workspace = Workspace.open(lake)
    failed = ledger.query(workspace.lake, _FAILED, [list(ledger.STAGES)])
    _refuse_unknown("stage", [stage], ledger.STAGES)
    _refuse_unknown("reason", [reason], list(dict.fromkeys([*failed["reason"].unique(maintain_order=True), *WAYS_OUT])))
    _refuse_unknown("shard", shards or [], workspace.lake.shards())
    wanted = {"stage": stage and [stage], "reason": reason and [reason], "shard": shards}
    matching = failed.filter(*(pl.col(name).is_in(list(chosen)) for name, chosen in wanted.items() if chosen))
    if matching.is_empty():
        say("No failed clip matches: there is nothing to try again. `fusionaudio failures` lists what there is.")
    else:
        _print_matching(matching)
    if not dry_run:
        _compute_again(workspace, matching)


def _compute_again(workspace: Workspace, matching: pl.DataFrame) -> None:
    lake = workspace.lake
    # Clips that succeeded do not match any more: of a retry that was stopped only the note knows what was to follow.
    begun = lake.read_text(_BEGUN).splitlines() if lake.has_file(_BEGUN) else []
    concerned = sorted({*matching["shard"], *begun} & set(lake.shards()))
    if not concerned:
        return
    if begun:
        say(f"A retry was stopped; what it began is finished as well: {counted(len(begun), 'shard')}.")
    lake.write_text(_BEGUN, "\n".join(concerned))
    reasons = {name: set(group["reason"]) for (name,), group in matching.group_by("stage")}
    summary = run_lake(workspace, shards=concerned, select=None, retry=reasons)
    lake.delete(_BEGUN)
    print_counts(lake, concerned)
    if not summary.finished:
        raise typer.Exit(1)


def _print_matching(matching: pl.DataFrame) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("to be tried again", "reason"):
        table.add_column(name, no_wrap=True)
    for name in ("clips", "shards"):
        table.add_column(name, justify="right")
    groups = matching.group_by("stage", "reason", maintain_order=True).agg(pl.col("clips").sum(), shards=pl.len())
    for row in groups.iter_rows():
        table.add_row(*map(str, row))
    print_table(table)


def _refuse_unknown(what: str, chosen: Iterable[str | None], known: Sequence[str]) -> None:
    for name in chosen:
        if name is not None and name not in known:
            raise SettingError(f"There is no {what} {name!r}.", hint=f"There are: {', '.join(known) or 'none'}.")
