"""Show Dagster what stands in the lake and its instance does not know, without computing or planning anything.

An instance that was deleted knows nothing, and one whose terminal died at the wrong moment knows an older table. A run
that finds nothing to compute would tell it as well, at three times the cost.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.storage.tags import PARTITION_NAME_TAG
from dagster._core.utils import make_new_run_id

from fusionaudio_assets.checks.asset_checks import GATE, broken_rules, check_results, rule_figures
from fusionaudio_assets.checks.gate import judged
from fusionaudio_assets.figures import as_metadata, keep
from fusionaudio_assets.stage import Stage
from fusionaudio_assets.stage.account import counts
from fusionaudio_assets.stage.runner import data_version
from resources.lake import Lake

JOB_NAME = "register"


class Register:
    """Reports tables that stand as materialised, under a run of its own, which is made with the first of them.

    Dagster's events without a run do not do: of each check and shard it stores one such result and refuses a second.
    """

    def __init__(self, instance: dg.DagsterInstance, lake: Lake) -> None:
        self._instance, self._lake = instance, lake

    def table(self, stage: Stage[Any, Any], shard: str) -> None:
        """Show a table with its figures and the results of its checks as they are now.

        What it cost to make is not told: that belongs to the run that made it.

        Raises:
            LakeError: The table cannot be read.
            SettingError: A rule cannot run.
        """
        table = self._lake.read_frame(f"{stage.name}/{shard}.parquet")
        verdicts = judged(stage, shard, self._lake)
        for result in check_results(verdicts):
            assert result.check_name is not None
            evaluation = dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(stage.name),
                check_name=result.check_name,
                partition=shard,
                passed=result.passed,
                severity=result.severity,
                description=result.description,
                metadata=result.metadata,
                blocking=result.check_name == GATE,
            )
            self._store(DagsterEventType.ASSET_CHECK_EVALUATION, evaluation)
        # Last: by this event a shard is known, and its checks stand then.
        figures = counts(table) | broken_rules(verdicts) | as_metadata(keep(self._lake, stage.name, shard, table))
        materialization = dg.AssetMaterialization(
            stage.name,
            partition=shard,
            metadata={**figures, **rule_figures(verdicts)},
            tags={DATA_VERSION_TAG: data_version(table)},
        )
        self._store(DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(materialization))

    def made_by(self, run: dg.DagsterRun, stages: Mapping[str, Stage[Any, Any]]) -> None:
        """Show what a run that died may have committed without coming to tell it."""
        shard = run.tags.get(PARTITION_NAME_TAG, "")
        for key in run.asset_selection or ():
            asset = key.to_user_string()
            if asset in stages and self._lake.has_table(asset, shard):
                self.table(stages[asset], shard)

    @cached_property
    def _run_id(self) -> str:
        run = dg.DagsterRun(JOB_NAME, run_id=make_new_run_id(), status=dg.DagsterRunStatus.SUCCESS)
        return self._instance.add_run(run).run_id

    def _store(self, kind: DagsterEventType, content: Any) -> None:
        event = DagsterEvent(event_type_value=kind.value, job_name=JOB_NAME, event_specific_data=content)
        self._instance.report_dagster_event(event, run_id=self._run_id)
