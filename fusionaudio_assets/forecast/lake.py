"""The forecast of a run over a lake."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from fusionaudio_assets.forecast.pace import Besides, Pace, Seconds, besides, pace_of, total
from fusionaudio_assets.forecast.rows import Rows, ShardForecast
from fusionaudio_assets.graph import LAKE_ASSETS, STAGES, profile_needs
from fusionaudio_assets.selection import chosen_assets, chosen_shards
from fusionaudio_assets.stage import Stage
from fusionaudio_assets.workspace import Workspace
from resources.lake import Lake

_AT_ONCE = 8
"""Shards that are looked at at a time: of a bucket each answer is waited for."""


class Snapshot(Lake):
    """A lake as it is now: what a footer tells is read once."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._contents: dict[tuple[str, str], str | None] = {}

    def content_of(self, asset: str, shard: str) -> str | None:
        """As `Lake.content_of`."""
        key = (asset, shard)
        if key not in self._contents:
            self._contents[key] = super().content_of(asset, shard)
        return self._contents[key]


@dataclass
class StageForecast:
    """What a run would do to all tables of a stage.

    Attributes:
        rows: What becomes of their rows.
        pace: What earlier runs took.
        tables: Tables that a run looks at.
        touched: Those that may be written anew.
        touched_clips: Clips of those.
        written_clips: Clips of those that certainly are.
        table_s: What each table takes besides the work of the stage.
    """

    pace: Pace
    table_s: float
    rows: Rows = field(default_factory=Rows)
    tables: int = 0
    touched: int = 0
    touched_clips: int = 0
    written_clips: int = 0

    @property
    def seconds(self) -> Seconds:
        """Time for all of them."""
        return self.pace.seconds(
            self.rows,
            written=self.written_clips,
            touched=self.touched_clips,
            table_s=self.touched * self.table_s,
        )

    def add(self, rows: Rows) -> None:
        """Take in a table."""
        self.rows.add(rows)
        self.tables += 1
        if rows.touched:
            self.touched += 1
            self.touched_clips += rows.clips
        if rows.certain.clips or rows.resumed or rows.settled:
            self.written_clips += rows.clips


@dataclass(frozen=True)
class Forecast:
    """What a run would do to a lake.

    Attributes:
        shards: Number of shards that it goes over.
        stages: By name, in the order of the graph.
        refused: Why shards would not be taken through all selected stages, by their keys.
        besides: What runs take besides the work of their stages.
        over_all_shards: Assets over all shards that are asked for; what they take is not forecast.
    """

    shards: int
    stages: Mapping[str, StageForecast]
    refused: Mapping[str, str]
    besides: Besides
    over_all_shards: tuple[str, ...]

    @property
    def seconds(self) -> Seconds:
        """Time of the whole run, that of a release apart; None where a stage's is not known."""
        known = total([stage.seconds for stage in self.stages.values()])
        start_s = self.besides.start_s if any(stage.touched for stage in self.stages.values()) else 0.0
        return known + Seconds(0.0, start_s, start_s)

    @property
    def unknown(self) -> list[str]:
        """Stages that something may be computed in and nothing is known of."""
        return [name for name, stage in self.stages.items() if stage.seconds.high is None]


def forecast(
    workspace: Workspace, *, shards: Sequence[str] | None = None, select: Sequence[str] | None = None
) -> Forecast:
    """Tell what a run would do; nothing is computed, started or written.

    It is taken for granted that the rules hold and that Dagster knows the tables that stand.

    Args:
        workspace: Lake and profile; the profile may be another one than the lake's.
        shards: Keys; all when None.
        select: Assets, in any order; all stages when None.

    Raises:
        SettingError: The profile is not valid, or a stage or shard does not exist.
        LakeError: The lake cannot be read.
    """
    workspace.profile.check(profile_needs())
    keys, selected = chosen_shards(workspace.lake, shards), chosen_assets(select)
    workspace = replace(workspace, lake=Snapshot(workspace.lake.uri))
    rest = besides(workspace.lake)
    stages = {
        name: StageForecast(pace_of(stage, workspace.lake, workspace.stage_profile(stage)), rest.table_s)
        for name, stage in STAGES.items()
        if name in selected
    }
    refused: dict[str, str] = {}
    looked_at = _looked_at(selected)

    def walk(key: str) -> tuple[dict[str, Rows], str]:
        shard = ShardForecast(key, workspace, selected)
        rows = {stage.name: shard.stage(stage) for stage in looked_at}
        return {name: found for name, found in rows.items() if found is not None}, shard.refused

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for key, (rows, refusal) in zip(keys, threads.map(walk, keys), strict=True):
            for name, found in rows.items():
                stages[name].add(found)
            if refusal:
                refused[key] = refusal
    over_all_shards = tuple(name for name in selected if name in LAKE_ASSETS)
    return Forecast(len(keys), stages, refused, rest, over_all_shards)


def _looked_at(selected: Sequence[str]) -> list[Stage[Any, Any]]:
    """Selected stages and those that they read, in the order of the graph."""
    read = {asset for name in selected if name in STAGES for asset in STAGES[name].reads}
    return [stage for name, stage in STAGES.items() if name in read or name in selected]
