"""Show Dagster what stands in the lake and its instance does not know, without a run.

An instance that was deleted knows nothing, and one whose terminal died in the wrong moment knows an older table. A run
that finds nothing to compute would tell it as well, at four times the cost.
"""

from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from fusionaudio_assets.checks.asset_checks import GATE, broken_rules, check_results, rule_figures
from fusionaudio_assets.checks.gate import judged
from fusionaudio_assets.figures import as_metadata, keep
from fusionaudio_assets.stage import Stage
from fusionaudio_assets.stage.account import counts
from fusionaudio_assets.stage.runner import data_version
from resources.lake import Lake


def register(instance: dg.DagsterInstance, stage: Stage[Any, Any], shard: str, lake: Lake) -> None:
    """Report a table that stands as materialised, with its figures and the results of its checks as they are now.

    What it cost to make is not told: that belongs to the run that made it.

    Raises:
        LakeError: The table cannot be read.
        SettingError: A rule cannot run.
    """
    table = lake.read_frame(f"{stage.name}/{shard}.parquet")
    verdicts = judged(stage, shard, lake)
    figures = counts(table) | broken_rules(verdicts) | as_metadata(keep(lake, stage.name, shard, table))
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            stage.name,
            partition=shard,
            metadata={**figures, **rule_figures(verdicts)},
            tags={DATA_VERSION_TAG: data_version(table)},
        )
    )
    for result in check_results(verdicts):
        assert result.check_name is not None
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(stage.name),
                check_name=result.check_name,
                partition=shard,
                passed=result.passed,
                severity=result.severity,
                description=result.description,
                metadata=result.metadata,
                blocking=result.check_name == GATE,
            )
        )
