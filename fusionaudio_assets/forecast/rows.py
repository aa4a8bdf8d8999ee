"""What a run would do to the rows of one shard, stage by stage: exactly down to the first stage that changes.

Below it a clip is in doubt when a row above it may change: it may come out the same, and then its row stands. What is
in doubt is counted apart, so that the figures have a lower and an upper bound.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from fusionaudio_assets.forecast.causes import Cause, Difference, causes, compare
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.shards import MANIFEST
from fusionaudio_assets.stage import Pending, Plan, Stage, plan_shard
from fusionaudio_assets.stage.checkpoint import Checkpoint
from fusionaudio_assets.stage.current import CONDITIONS, conditions_of, inputs_in, is_current
from fusionaudio_assets.tables import Status
from fusionaudio_assets.workspace import Workspace
from resources.adapter import Json
from resources.errors import LakeError, clause


@dataclass(frozen=True)
class Amount:
    """Clips, with the seconds of their media as far as those are known.

    Attributes:
        clips: Number of clips.
        media_s: Seconds of those whose length is known.
        unmeasured: Number of the others.
    """

    clips: int = 0
    media_s: float = 0.0
    unmeasured: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.clips + other.clips, self.media_s + other.media_s, self.unmeasured + other.unmeasured)

    @classmethod
    def of(cls, clip_ids: Iterable[str], durations_s: Mapping[str, float]) -> "Amount":
        """The clips of these ids; lengths that are not in `durations_s` are not known."""
        return cls.of_lengths(durations_s.get(clip_id, 0.0) for clip_id in clip_ids)

    @classmethod
    def of_lengths(cls, lengths_s: Iterable[float]) -> "Amount":
        """Clips of these lengths; 0 is one that is not known."""
        lengths = list(lengths_s)
        return cls(len(lengths), sum(lengths), lengths.count(0.0))


@dataclass
class Rows:
    """What a run would do to the rows of a table, or of all tables of a stage.

    Attributes:
        clips: Rows.
        certain: Clips that are computed whatever comes out above.
        resumed: Those that a run that died had finished: they are taken over, and not in `certain`.
        settled: Rows that are skipped anew, without any computing.
        likely: Clips in doubt whose row stands and was needed.
        spared: Clips in doubt whose row stands and was not needed.
        new: Clips in doubt that have no row.
        why: Number of rows that are computed, taken over or settled by cause.
        maybe: Number of clips in doubt by cause.
        differences: What changed in the stage itself.
    """

    clips: int = 0
    certain: Amount = field(default_factory=Amount)
    resumed: int = 0
    settled: int = 0
    likely: Amount = field(default_factory=Amount)
    spared: Amount = field(default_factory=Amount)
    new: Amount = field(default_factory=Amount)
    why: Counter[Cause] = field(default_factory=Counter)
    maybe: Counter[Cause] = field(default_factory=Counter)
    differences: tuple[Difference, ...] = ()

    @property
    def computed(self) -> tuple[int, int]:
        """Rows that are computed: at least, and at most."""
        return self.certain.clips, self.certain.clips + self.doubtful.clips

    @property
    def reused(self) -> tuple[int, int]:
        """Rows that stand: at least, and at most."""
        most = self.clips - self.certain.clips - self.resumed - self.settled
        return most - self.doubtful.clips, most

    @property
    def doubtful(self) -> Amount:
        """Clips that may be computed, or not."""
        return self.likely + self.spared + self.new

    @property
    def touched(self) -> bool:
        """The table may be written anew."""
        return bool(self.certain.clips or self.resumed or self.settled or self.doubtful.clips)

    def add(self, other: "Rows") -> None:
        """Take in the rows of another shard."""
        self.clips += other.clips
        self.certain += other.certain
        self.resumed += other.resumed
        self.settled += other.settled
        self.likely += other.likely
        self.spared += other.spared
        self.new += other.new
        self.why += other.why
        self.maybe += other.maybe
        self.differences = tuple(dict.fromkeys((*self.differences, *other.differences)))


class ShardForecast:
    """Walks a shard through the graph, as a run would, without computing anything."""

    def __init__(self, shard: str, workspace: Workspace, selected: Collection[str]) -> None:
        self.shard, self.workspace, self.lake = shard, workspace, workspace.lake
        self.selected = selected
        self.refused = ""
        """Why the shard would not be taken further; empty when it would."""
        self._doubt: dict[str, frozenset[str]] = {}
        self._outdated: dict[str, str] = {}
        self._is_certain = True

    def stage(self, stage: Stage[Any, Any]) -> Rows | None:
        """What would become of the rows of a stage; None when the shard does not get there.

        Raises:
            LakeError: The manifest or a table cannot be read.
        """
        doubt = frozenset[str]().union(*(self._doubt.get(asset, frozenset()) for asset in stage.reads))
        if stage.name not in self.selected:
            self._look(stage, doubt)
            return None
        if not self.refused:
            self.refused = self._refusal(stage)
        if self.refused:
            return None
        return self._rows(stage, doubt)

    def _look(self, stage: Stage[Any, Any], doubt: frozenset[str]) -> None:
        """See whether a table that the run leaves as it is would be refused by the stages that read it."""
        if not self.lake.has_table(stage.name, self.shard):
            self._outdated[stage.name] = "is not made"
        elif doubt:
            self._is_certain = False
        else:
            try:
                plan = self._plan(stage)
            except LakeError as error:
                self._outdated[stage.name] = f"cannot be looked at: {clause(error)}"
                return
            if plan is not None and not plan.current:
                self._outdated[stage.name] = "is out of date with what stands above it"

    def _refusal(self, stage: Stage[Any, Any]) -> str:
        told = [f"{asset} {self._outdated[asset]}" for asset in stage.reads if asset in self._outdated]
        return f"{stage.name} of shard {self.shard} will be refused: {told[0]}." if told else ""

    def _rows(self, stage: Stage[Any, Any], doubt: frozenset[str]) -> Rows | None:
        try:
            plan = self._plan(stage)
        except LakeError as error:
            if not doubt:  # then the run would stumble over the same table
                self.refused = str(error)
                return None
            plan, doubt = None, self._all
        rows, changing = self._standing(stage, doubt) if plan is None else self._planned(stage, plan, doubt)
        self._doubt[stage.name] = changing
        return rows

    def _plan(self, stage: Stage[Any, Any]) -> Plan | None:
        """What a run would do if nothing above changed; None when nothing."""
        inputs = inputs_in(self._conditions(stage))
        content = self.lake.content_of(stage.name, self.shard)
        if is_current(stage, self.shard, self.lake, inputs=inputs, content=content):
            return None
        return plan_shard(stage, self.shard, self.lake, self.workspace.stage_profile(stage))

    def _standing(self, stage: Stage[Any, Any], doubt: frozenset[str]) -> tuple[Rows, frozenset[str]]:
        """Rows of a table that would stand if nothing above changed, or that cannot be planned yet."""
        if doubt and stage.together:
            doubt = self._all
        rows = Rows(clips=len(self._all))
        if doubt:
            found = self.lake.read_table(stage.name, self.shard, ["clip_id", "status"])
            statuses = {} if found is None else dict(found.iter_rows())
            self._put_doubt(rows, doubt, statuses, dict.fromkeys(doubt - statuses.keys(), self._absent(stage)))
        return rows, doubt

    def _planned(self, stage: Stage[Any, Any], plan: Plan, doubt: frozenset[str]) -> tuple[Rows, frozenset[str]]:
        """Rows of a table that a plan tells, but for the clips in doubt."""
        comparison = compare(self.lake.notes_of(stage.name, self.shard).get(CONDITIONS), self._conditions(stage))
        found = causes(plan, comparison, self._absent(stage))
        if not self._is_certain:  # it may be refused
            doubt |= found.keys()
        if stage.together and doubt and found.keys() <= doubt | _drawn_in(found):
            doubt = self._all
        certain = [pending for pending in plan.todo if pending.clip_id not in doubt]
        resumed = Checkpoint(stage, self.shard, self.lake).resume(plan.todo) - doubt
        rows = Rows(
            clips=len(plan.clip_ids),
            certain=_amount(pending for pending in certain if pending.clip_id not in resumed),
            resumed=len(resumed),
            settled=sum(row["clip_id"] not in doubt for row in plan.settled),
            why=Counter(cause for clip_id, cause in found.items() if clip_id not in doubt),
            differences=comparison.identity,
        )
        statuses = dict(plan.standing.select("clip_id", "status").iter_rows())
        self._put_doubt(rows, doubt, statuses, found)
        return rows, doubt | found.keys() | _carried_anew(stage, plan)

    def _put_doubt(
        self, rows: Rows, doubt: frozenset[str], statuses: Mapping[str, str], found: Mapping[str, Cause]
    ) -> None:
        """Count the clips in doubt by what stands of them."""
        standing = doubt & statuses.keys()
        spared = {clip_id for clip_id in standing if statuses[clip_id] == Status.SKIPPED}
        rows.likely = Amount.of(standing - spared, self._durations_s)
        rows.spared = Amount.of(spared, self._durations_s)
        rows.new = Amount.of(doubt - standing, self._durations_s)
        rows.maybe = Counter(found.get(clip_id, Cause.UPSTREAM) for clip_id in doubt)

    def _absent(self, stage: Stage[Any, Any]) -> Cause:
        """Why a clip has no row."""
        if self.lake.has_table(stage.name, self.shard):
            return Cause.OLD_TABLE
        return Cause.NO_TABLE if self._is_begun else Cause.NEW_CLIP

    def _conditions(self, stage: Stage[Any, Any]) -> dict[str, Json]:
        return conditions_of(stage, self.shard, self.lake, self.workspace.stage_profile(stage))

    @cached_property
    def _is_begun(self) -> bool:
        """The shard went through some stage before."""
        return any(self.lake.has_table(name, self.shard) for name in STAGES)

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset(self.lake.read_frame(f"{MANIFEST}/{self.shard}.parquet", ["clip_id"])["clip_id"])

    @cached_property
    def _durations_s(self) -> dict[str, float]:
        """Lengths of the clips that were decoded before."""
        clips = self.lake.read_table("raw_clips", self.shard, ["clip_id", "duration_s"])
        return {} if clips is None else dict(clips.drop_nulls().iter_rows())


def _amount(pending: Iterable[Pending]) -> Amount:
    return Amount.of_lengths(one.work.audio_s for one in pending)


def _drawn_in(found: Mapping[str, Cause]) -> set[str]:
    """Clips that are computed only since another clip of their shard is."""
    return {clip_id for clip_id, cause in found.items() if cause is Cause.TOGETHER}


def _carried_anew(stage: Stage[Any, Any], plan: Plan) -> set[str]:
    """Clips whose row stands but for the columns that are copied into it, or judged."""
    if not stage.renewed or plan.reused.is_empty():
        return set()
    before = plan.standing.filter(pl.col("clip_id").is_in(plan.reused["clip_id"].to_list()))
    rows = zip(before.select("clip_id", *stage.renewed).rows(), plan.reused.select(stage.renewed).rows(), strict=True)
    return {old[0] for old, new in rows if old[1:] != new}
