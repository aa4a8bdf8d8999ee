"""`fusionaudio run`: progress on stderr, a table of counts on stdout."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fusionaudio_assets import ledger
from fusionaudio_assets import run as engine
from fusionaudio_assets.cli.console import complain, err, print_table, say
from fusionaudio_assets.cli.supervisor import tell_place
from fusionaudio_assets.workspace import Workspace
from resources.lake import Lake

_STATUSES = ("ok", "skipped", "failed")


def run(lake: str, shards: Sequence[str] | None, select: Sequence[str] | None, override: Sequence[str]) -> None:
    """Bring the lake up to date; exit code 1 when a shard could not be finished."""
    overrides = parse_overrides(override)
    workspace = Workspace.open(lake)
    if not workspace.lake.shards():
        say("The lake holds no clip. Put some in with `fusionaudio ingest SOURCE`.")
        if not (shards or select):
            return
    summary = run_lake(workspace, shards=shards, select=select, overrides=overrides)
    print_counts(workspace.lake, shards)
    if not summary.finished:
        raise typer.Exit(1)


def parse_overrides(given: Sequence[str]) -> dict[str, str]:
    """Reasons by rule, from ``"<asset>/<rule>=<reason>"``; the engine refuses a rule without a reason."""
    return {rule.strip(): reason.strip() for rule, _, reason in (one.partition("=") for one in given)}


def run_lake(
    workspace: Workspace,
    *,
    shards: Sequence[str] | None,
    select: Sequence[str] | None,
    overrides: Mapping[str, str] | None = None,
    retry: Mapping[str, Collection[str]] | None = None,
) -> engine.Summary:
    """`fusionaudio_assets.run.run_lake`, and show how it goes.

    Raises:
        SettingError: The profile or an override is not valid, or a stage or shard does not exist.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        summary = engine.run_lake(
            workspace, shards=shards, select=select, overrides=overrides, retry=retry, progress=_Told(bars).progress
        )
    made = sum(map(len, summary.materialized.values()))
    passed = sum(map(len, summary.passed.values()))
    say(f"Tables made: {made}; unchanged and passed over: {passed}; not finished: {len(summary.failures)}.")
    for asset, path in summary.written.items():
        say(f"{asset}: {path}")
    return summary


def print_counts(lake: Lake, shards: Sequence[str] | None) -> None:
    """Print clips by stage and status, with the reasons."""
    found = ledger.counts(lake)
    if shards is not None:
        found = found.filter(pl.col("shard").is_in(shards))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("stage", no_wrap=True)
    for name in _STATUSES:
        table.add_column(name, justify="right")
    table.add_column("reasons", overflow="fold")
    for stage in ledger.STAGES:
        rows = found.filter(pl.col("stage") == stage)
        counts = dict(rows.group_by("status").agg(pl.col("clips").sum()).iter_rows())
        reasons = rows.drop_nulls("reason").group_by("reason").agg(pl.col("clips").sum())
        told = ", ".join(
            f"{name} {count}" for name, count in reasons.sort("clips", "reason", descending=True).iter_rows()
        )
        table.add_row(stage, *(str(counts.get(name, 0)) for name in _STATUSES), told)
    print_table(table)


class _Told:
    """Turns what a run tells into bars, one at a time."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = bars.add_task("starting", total=None)
        self._is_registering = False
        self.progress = engine.Progress(
            stage=self._stage, clips=self._clips, registered=self._registered, failed=self._failed
        )

    def _stage(self, name: str) -> None:
        if not err.is_terminal:
            say(name)
        self._bars.reset(self._task, description=name, total=None)

    def _clips(self, stage: str, shard: str, done: int, todo: int) -> None:
        tell_place(stage, shard, todo - done)
        self._bars.update(self._task, description=f"{stage} {shard}", completed=done, total=todo)

    def _registered(self, stage: str, done: int, todo: int) -> None:
        if not self._is_registering:
            say("Dagster's database lacks tables that stand in the lake: they are shown to it, not computed.")
            self._is_registering = True
        self._bars.update(self._task, description=f"{stage}, registered", completed=done, total=todo)

    def _failed(self, stage: str, shard: str, message: str) -> None:
        complain(f"{f'{stage} of {shard}' if shard else stage} could not be finished: {message}")
