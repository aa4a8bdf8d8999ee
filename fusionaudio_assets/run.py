"""A run from the terminal: stage by stage over all shards, through Dagster, each model loaded once."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from fusionaudio_assets.checks.gate import check_overrides
from fusionaudio_assets.definitions import JOB, LAKE_JOBS, build_definitions
from fusionaudio_assets.graph import LAKE_ASSETS, RELEASE, STAGES, profile_needs
from fusionaudio_assets.instance import dagster_home, databases_held_open, open_instance, storage_faults
from fusionaudio_assets.interrupts import heeding_interrupts
from fusionaudio_assets.registration import Register
from fusionaudio_assets.run_clock import RunClock
from fusionaudio_assets.run_launcher import terminal
from fusionaudio_assets.selection import chosen_assets, chosen_shards
from fusionaudio_assets.stage import Stage, look, progress_listener
from fusionaudio_assets.workspace import Workspace
from resources.adapter import close_all_but
from resources.embedded import weights
from resources.errors import LakeError

Config = Mapping[str, Any]
"""A `StageConfig` as Dagster reads it."""

QUIET: Mapping[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The terminal shows progress of its own; the events of every run are in the UI."""


@dataclass
class Progress:
    """What a run tells while it works; every call is optional to heed.

    Attributes:
        stage: Called with the name of a stage before its first shard.
        clips: Called with stage, shard, clips done and clips to do.
        passed: Called with stage and shard when nothing would change.
        registered: Called with stage, number of the shard and number of shards when a table that stands was shown to a
            Dagster database that did not know it.
        failed: Called with stage, shard and the message when a shard could not be finished.
    """

    stage: Callable[[str], None] = lambda name: None
    clips: Callable[[str, str, int, int], None] = lambda stage, shard, done, todo: None
    passed: Callable[[str, str], None] = lambda stage, shard: None
    registered: Callable[[str, int, int], None] = lambda stage, done, todo: None
    failed: Callable[[str, str, str], None] = lambda stage, shard, message: None


@dataclass
class Summary:
    """What a run did.

    Attributes:
        materialized: Shards that were worked on, by stage.
        passed: Shards in which nothing would have changed, by stage.
        failures: Asset, shard (empty for an asset over all shards) and message of what could not be finished.
        written: Where assets over all shards were written, by asset: the folder of a release, the file of a report.
    """

    materialized: dict[str, list[str]] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """True when every shard went through every selected stage."""
        return not self.failures


def run_lake(
    workspace: Workspace,
    *,
    shards: Sequence[str] | None = None,
    select: Sequence[str] | None = None,
    overrides: Mapping[str, str] | None = None,
    retry: Mapping[str, Collection[str]] | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Bring shards up to date.

    A shard that fails in a stage is not taken further; the others go on. A shard in which nothing would change is
    passed over without starting anything.

    Args:
        workspace: Lake and profile.
        shards: Keys; all when None.
        select: Assets, in any order; all stages when None; assets over all shards are made when they are named.
        overrides: ERROR rules (``"<asset>/<rule>"``) to pass over, each with the reason.
        retry: Reasons by stage: of the clips that failed compute again those, also where they failed for good, and no
            others. When None, those whose failure is not permanent, in every stage.
        progress: Told what happens.

    Raises:
        SettingError: The profile or an override is not valid, or a stage or shard does not exist.
        LakeError: The lake cannot be read, or Dagster's storage cannot be used.
        ModelUnavailable: There is work, and a library, a checkpoint or a key that a model needs is missing.
        KeyboardInterrupt: The user stopped it; what was finished is kept.
    """
    workspace.profile.check(profile_needs())
    check_overrides(overrides or {}, STAGES)
    keys, selected = chosen_shards(workspace.lake, shards), chosen_assets(select)
    stages = [STAGES[name] for name in selected if name in STAGES]
    told = progress or Progress()
    home = dagster_home(workspace.lake)
    with (
        storage_faults(home),
        open_instance(workspace.lake) as instance,
        databases_held_open(home),
        terminal(instance, lambda run: Register(instance, workspace.lake).made_by(run, STAGES)) as tags,
        heeding_interrupts() as heed_interrupts,
        _listening(told.clips),
        _no_model_left(),
    ):
        configs = {stage.name: _config(stage, overrides or {}, retry) for stage in stages}
        configs[RELEASE] = {"overrides": dict(overrides or {})}
        run = _Run(workspace, instance, told, tags, heed_interrupts, stages=stages, configs=configs)
        for index, stage in enumerate(stages):
            run.stage(stage, keys)
            _free_models(workspace, stages[index + 1 :])
        for name in selected:
            if name in LAKE_ASSETS:
                run.over_all_shards(name)
    run.clock.record(workspace.lake)
    return run.summary


class _Run:
    """A run under way."""

    def __init__(
        self,
        workspace: Workspace,
        instance: dg.DagsterInstance,
        told: Progress,
        tags: Mapping[str, str],
        heed_interrupts: Callable[[], None],
        *,
        stages: Sequence[Stage[Any, Any]],
        configs: Mapping[str, Config],
    ) -> None:
        self.workspace, self.stages, self.instance, self.told = workspace, stages, instance, told
        self._tags, self._heed_interrupts, self._configs = tags, heed_interrupts, configs
        definitions = build_definitions(workspace.lake.uri)
        self.job = definitions.resolve_job_def(JOB)
        self.lake_jobs = {asset: definitions.resolve_job_def(job) for asset, job in LAKE_JOBS.items()}
        self.summary, self.clock, self.register = Summary(), RunClock(), Register(instance, workspace.lake)
        self._broken: set[str] = set()
        self._checked: set[str] = set()

    def stage(self, stage: Stage[Any, Any], shards: Sequence[str]) -> None:
        """Bring all shards but the broken ones up to date in one stage."""
        self.told.stage(stage.name)
        known = self.instance.get_materialized_partitions(dg.AssetKey(stage.name))
        lake, profile = self.workspace.lake, self.workspace.stage_profile(stage)
        retry = self._configs[stage.name].get("retry")
        for number, shard in enumerate(shards, 1):
            if shard in self._broken:
                continue
            try:
                if not look(stage, shard, lake, profile, retry).changed:
                    if shard not in known:  # an instance that was lost
                        self.register.table(stage, shard)
                        self.told.registered(stage.name, number, len(shards))
                    self.summary.passed.setdefault(stage.name, []).append(shard)
                    self.told.passed(stage.name, shard)
                    continue
                self._check_models(stage, shard)
                message = self._executed(self.job, stage.name, shard)
            except LakeError as error:
                message = str(error)
            if message is None:
                self.summary.materialized.setdefault(stage.name, []).append(shard)
            else:
                self._broken.add(shard)
                self._failed(stage.name, shard, message)

    def _check_models(self, first: Stage[Any, Any], shard: str) -> None:
        """Before the first work of a stage: what a late stage lacks is told before an early one takes hours.

        Checked are the stages that will have work: this one, those that read what one of them makes, and those in
        which this shard is not up to date either.
        """
        if first.name in self._checked:
            return
        busy: set[str] = set()
        for stage in self.stages[self.stages.index(first) :]:
            if stage is first or busy.intersection(stage.reads) or self._is_to_change(stage, shard):
                busy.add(stage.name)
                profile = self.workspace.stage_profile(stage)
                profile.check_ready()
                for name in stage.weights(profile.params):
                    weights.require(name)
        self._checked |= busy

    def _is_to_change(self, stage: Stage[Any, Any], shard: str) -> bool:
        lake, profile = self.workspace.lake, self.workspace.stage_profile(stage)
        try:
            return look(stage, shard, lake, profile, self._configs[stage.name].get("retry")).changed
        except LakeError:  # told when its turn comes
            return False

    def over_all_shards(self, asset: str) -> None:
        """Make an asset of what all shards hold now."""
        self.told.stage(asset)
        message = self._executed(self.lake_jobs[asset], asset)
        if message is not None:
            self._failed(asset, "", message)
            return
        # By the order of events: where an asset was wiped, Dagster's notion of the latest one goes by the clock.
        (record,) = self.instance.fetch_materializations(dg.AssetKey(asset), limit=1).records
        assert record.asset_materialization is not None
        told = record.asset_materialization.metadata
        self.summary.written[asset] = str(told["path"].value)
        if asset == RELEASE and (refused := told["refused_shards"].value):
            self._failed(
                asset, "", f"Shards that a gate refused and that were left out: {refused}. Its README.md tells why."
            )

    def _executed(self, job: dg.JobDefinition, asset: str, shard: str | None = None) -> str | None:
        start_s = time.monotonic()
        result = job.execute_in_process(
            partition_key=shard,
            asset_selection=[dg.AssetKey(asset)],
            instance=self.instance,
            tags=dict(self._tags),
            raise_on_error=False,
            run_config={**QUIET, "ops": {asset: {"config": self._configs.get(asset, {})}}},
        )
        self._heed_interrupts()
        if not result.success:
            return _message_of(result)
        wall_s = time.monotonic() - start_s
        if shard is None:
            self.clock.leave_out(wall_s)
        else:
            self.clock.made(wall_s, result)
        return None

    def _failed(self, asset: str, shard: str, message: str) -> None:
        self.summary.failures.append((asset, shard, message))
        self.told.failed(asset, shard, message)


def _config(
    stage: Stage[Any, Any], overrides: Mapping[str, str], retry: Mapping[str, Collection[str]] | None
) -> Config:
    """What the runs of a stage are told."""
    told: dict[str, Any] = {"overrides": dict(overrides)}
    return told if retry is None else told | {"retry": sorted(retry.get(stage.name, ()))}


def _message_of(result: dg.ExecuteInProcessResult) -> str:
    """What went wrong."""
    for check in result.get_asset_check_evaluations():
        if check.blocking and not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
            return check.description or ""
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data is not None and failure.user_failure_data.description:
                return failure.user_failure_data.description
            if failure.error is not None:
                cause = failure.error.cause or failure.error
                return f"{cause.message.strip()} (run {result.run_id})"
    return f"The run {result.run_id} failed before its first step."


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
