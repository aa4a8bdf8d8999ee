"""A run from the terminal: stage by stage over all shards, through Dagster, each model loaded once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from fusionaudio_assets.definitions import JOB, RELEASE_JOB, build_definitions
from fusionaudio_assets.graph import RELEASE, STAGES, profile_needs
from fusionaudio_assets.instance import dagster_home, open_instance, storage_faults
from fusionaudio_assets.interrupts import heeding_interrupts
from fusionaudio_assets.stage import Stage, look, progress_listener
from fusionaudio_assets.workspace import Workspace
from resources.adapter import close_all_but
from resources.errors import LakeError, SettingError

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The terminal shows progress of its own; the events of every run are in the UI."""


@dataclass
class Progress:
    """What a run tells while it works; every call is optional to heed.

    Attributes:
        stage: Called with the name of a stage before its first shard.
        clips: Called with stage, shard, clips done and clips to do.
        passed: Called with stage and shard when nothing would change.
        failed: Called with stage, shard and the message when a shard could not be finished.
    """

    stage: Callable[[str], None] = lambda name: None
    clips: Callable[[str, str, int, int], None] = lambda stage, shard, done, todo: None
    passed: Callable[[str, str], None] = lambda stage, shard: None
    failed: Callable[[str, str, str], None] = lambda stage, shard, message: None


@dataclass
class Summary:
    """What a run did.

    Attributes:
        materialized: Shards that were worked on, by stage.
        passed: Shards in which nothing would have changed, by stage.
        failures: Asset, shard (empty for the release) and message of what could not be finished.
        release: Folder of the release, when one was asked for and made.
    """

    materialized: dict[str, list[str]] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    release: str | None = None

    @property
    def finished(self) -> bool:
        """True when every shard went through every selected stage."""
        return not self.failures


def run_lake(
    workspace: Workspace,
    *,
    shards: Sequence[str] | None = None,
    select: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Bring shards up to date.

    A shard that fails in a stage is not taken further; the others go on. A shard in which nothing would change is
    passed over without starting anything.

    Args:
        workspace: Lake and profile.
        shards: Keys; all when None.
        select: Assets, in any order; all stages when None, but not the release, which is made when it is named.
        progress: Told what happens.

    Raises:
        SettingError: The profile is not valid, or a stage or shard does not exist.
        LakeError: The lake cannot be read, or Dagster's storage cannot be used.
        KeyboardInterrupt: The user stopped it; what was finished is kept.
    """
    workspace.profile.check(profile_needs())
    keys = _known(shards, workspace.lake.shards(), "shard", "fusionaudio status")
    selected = list(STAGES) if select is None else _known(select, [*STAGES, RELEASE], "asset", "")
    stages = [STAGES[name] for name in selected if name in STAGES]
    told = progress or Progress()
    home = dagster_home(workspace.lake)
    with (
        storage_faults(home),
        open_instance(workspace.lake) as instance,
        heeding_interrupts() as heed_interrupts,
        _listening(told.clips),
        _no_model_left(),
    ):
        run = _Run(workspace, instance, told, heed_interrupts)
        for index, stage in enumerate(stages):
            run.stage(stage, keys)
            _free_models(workspace, stages[index + 1 :])
        if RELEASE in selected:
            run.release()
    return run.summary


class _Run:
    """A run under way."""

    def __init__(
        self, workspace: Workspace, instance: dg.DagsterInstance, told: Progress, heed_interrupts: Callable[[], None]
    ) -> None:
        self.workspace, self.instance, self.told = workspace, instance, told
        self._heed_interrupts = heed_interrupts
        definitions = build_definitions(workspace.lake.uri)
        self.job = definitions.resolve_job_def(JOB)
        self.release_job = definitions.resolve_job_def(RELEASE_JOB)
        self.summary = Summary()
        self._broken: set[str] = set()

    def stage(self, stage: Stage[Any, Any], shards: Sequence[str]) -> None:
        """Bring all shards but the broken ones up to date in one stage."""
        self.told.stage(stage.name)
        # An instance that was lost, or belongs to a copied lake, does not know tables that stand: they are shown to it.
        known = self.instance.get_materialized_partitions(dg.AssetKey(stage.name))
        lake, profile = self.workspace.lake, self.workspace.stage_profile(stage)
        for shard in shards:
            if shard in self._broken:
                continue
            try:
                if shard in known and not look(stage, shard, lake, profile).changed:
                    self.summary.passed.setdefault(stage.name, []).append(shard)
                    self.told.passed(stage.name, shard)
                    continue
                message = self._executed(self.job, stage.name, shard)
            except LakeError as error:
                message = str(error)
            if message is None:
                self.summary.materialized.setdefault(stage.name, []).append(shard)
            else:
                self._broken.add(shard)
                self._failed(stage.name, shard, message)

    def release(self) -> None:
        """Release what is kept now."""
        self.told.stage(RELEASE)
        message = self._executed(self.release_job, RELEASE)
        if message is not None:
            self._failed(RELEASE, "", message)
            return
        event = self.instance.get_latest_materialization_event(dg.AssetKey(RELEASE))
        assert event is not None
        assert event.asset_materialization is not None
        self.summary.release = str(event.asset_materialization.metadata["path"].value)

    def _executed(self, job: dg.JobDefinition, asset: str, shard: str | None = None) -> str | None:
        message = _execute(job, self.instance, asset, shard)
        self._heed_interrupts()
        return message

    def _failed(self, asset: str, shard: str, message: str) -> None:
        self.summary.failures.append((asset, shard, message))
        self.told.failed(asset, shard, message)


def _execute(job: dg.JobDefinition, instance: dg.DagsterInstance, asset: str, shard: str | None = None) -> str | None:
    """Materialise an asset, or one shard of it; returns the message of what went wrong."""
    result = job.execute_in_process(
        partition_key=shard,
        asset_selection=[dg.AssetKey(asset)],
        instance=instance,
        raise_on_error=False,
        run_config=QUIET,
    )
    if result.success:
        return None
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data is not None and failure.user_failure_data.description:
                return failure.user_failure_data.description
            if failure.error is not None:
                cause = failure.error.cause or failure.error
                return f"{cause.message.strip()} (run {result.run_id})"
    return f"The run {result.run_id} failed before its first step."


def _known(chosen: Sequence[str] | None, known: Sequence[str], what: str, lister: str) -> list[str]:
    if chosen is None:
        return list(known)
    for name in chosen:
        if name not in known:
            way_out = f"`{lister}` lists them." if lister else f"There are: {', '.join(known)}."
            raise SettingError(f"There is no {what} {name!r}.", hint=way_out)
    return [name for name in known if name in chosen]


def _free_models(workspace: Workspace, later: Sequence[Stage[Any, Any]]) -> None:
    """Give back the memory of models that no later stage uses."""
    close_all_but([model for stage in later for model in workspace.stage_profile(stage).models.values()])


@contextmanager
def _listening(listener: Callable[[str, str, int, int], None]) -> Iterator[None]:
    token = progress_listener.set(listener)
    try:
        yield
    finally:
        progress_listener.reset(token)


@contextmanager
def _no_model_left() -> Iterator[None]:
    """Close what is loaded also when the run is stopped: workers that still start would complain that nobody waits."""
    try:
        yield
    finally:
        close_all_but(())
