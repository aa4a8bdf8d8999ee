"""How long it will take: from what earlier runs of the same models took, never from a guess."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from fusionaudio_assets.forecast.rows import Amount, Rows
from fusionaudio_assets.stage import Stage
from fusionaudio_assets.stage.history import accounted_shards, overheads, served_by, shard_runs
from resources.lake import Lake
from resources.profile import StageProfile

_MOST_SHARDS = 64
"""The newest shards tell enough, and reading the accounts of thousands would take longer than planning."""


@dataclass(frozen=True)
class Seconds:
    """Wall seconds: at least, as expected, and at most; None where nothing is known to tell them from."""

    low: float | None = 0.0
    expected: float | None = 0.0
    high: float | None = 0.0

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(_sum(self.low, other.low), _sum(self.expected, other.expected), _sum(self.high, other.high))


@dataclass(frozen=True)
class Pace:
    """What a stage took in earlier runs.

    Attributes:
        runs: Runs over a shard, with the models that will run now, in which something was computed.
        clips: Clips that were computed in them.
        same_settings: Settings and parameters were those of now as well.
        models_s: For loading the models, once a run.
        plan_s: For planning, for each clip of a shard.
        clip_s: For each clip that is computed; None without a run.
        heard_s: Seconds of its medium that are read for each clip; 0 where the stage works on rows alone.
        share: Share of all clips that the stage was needed for; None when no shard went through it.
    """

    runs: int
    clips: int
    same_settings: bool
    models_s: float
    plan_s: float
    clip_s: float | None
    heard_s: float
    share: float | None

    def expected(self, rows: Rows) -> Amount:
        """What will be computed if clips that stand change wherever they may, and new ones are like earlier ones."""
        share = 1.0 if self.share is None else self.share
        new = Amount(round(rows.new.clips * share), rows.new.media_s * share, round(rows.new.unmeasured * share))
        return rows.certain + rows.likely + new

    def seconds(self, rows: Rows, *, written: int, touched: int, table_s: float) -> Seconds:
        """Time for all tables of the stage.

        Args:
            rows: What becomes of their rows.
            written: Clips of the tables that are certainly written anew.
            touched: Clips of the tables that may be.
            table_s: What the tables that may be written take besides.
        """
        planned_s = self.plan_s * touched + table_s
        return Seconds(
            _sum(self._computing(rows.certain), self.plan_s * written),
            _sum(self._computing(self.expected(rows)), planned_s),
            _sum(self._computing(rows.certain + rows.doubtful), planned_s),
        )

    def _computing(self, amount: Amount) -> float | None:
        if not amount.clips:
            return 0.0
        if self.clip_s is None:
            return None
        if not self.heard_s:
            return self.models_s + amount.clips * self.clip_s
        return self.models_s + self.clip_s * (amount.media_s / self.heard_s + amount.unmeasured)


@dataclass(frozen=True)
class Besides:
    """What a run takes besides the work of its stages.

    Attributes:
        runs: Earlier runs that this is known from; 0 when it is not.
        start_s: Once.
        table_s: For each table.
    """

    runs: int = 0
    start_s: float = 0.0
    table_s: float = 0.0


def pace_of(stage: Stage[Any, Any], lake: Lake, profile: StageProfile) -> Pace:
    """What a stage took in earlier runs, those under the settings of now if there are any."""
    models, settings = served_by(stage, profile)
    accounts = [shard_runs(lake, stage.name, shard) for shard in accounted_shards(lake, stage.name)[-_MOST_SHARDS:]]
    newest = [account[-1] for account in accounts if account]
    of_models = [run for account in accounts for run in account if run.models == models and run.computed]
    alike = [run for run in of_models if run.settings == settings]
    runs = alike or of_models
    computed = sum(run.computed for run in runs)
    passed, skipped = sum(run.clips for run in newest), sum(run.skipped for run in newest)
    return Pace(
        runs=len(runs),
        clips=computed,
        same_settings=bool(alike),
        # The least: it is a fixed cost, but the first time weights may also have been fetched or converted.
        models_s=min((run.models_s for run in of_models if run.models_s), default=0.0),
        plan_s=_ratio(sum(run.plan_s for run in newest), passed) or 0.0,
        clip_s=_ratio(sum(run.work_s for run in runs), computed),
        heard_s=_ratio(sum(run.heard_s for run in runs), computed) or 0.0,
        share=None if not passed else 1 - skipped / passed,
    )


def besides(lake: Lake) -> Besides:
    """What the last runs from the terminal took besides the work of their stages."""
    known = overheads(lake)
    if not known:
        return Besides()
    return Besides(
        runs=len(known),
        start_s=statistics.median(one.start_s for one in known),
        table_s=statistics.median(one.table_s for one in known),
    )


def total(parts: Sequence[Seconds]) -> Seconds:
    """Sum of what is known; None in what is not."""
    return reduce(Seconds.__add__, parts, Seconds())


def _ratio(seconds: float, count: float) -> float | None:
    return seconds / count if count else None


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
