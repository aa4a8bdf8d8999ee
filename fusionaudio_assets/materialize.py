"""The thin layer between a stage and Dagster: asset options, and one materialisation."""

from collections.abc import Callable, Set
from typing import Any

import dagster as dg
import polars as pl

from fusionaudio_assets.shards import MANIFEST, SHARDS
from fusionaudio_assets.stage import Stage, run_shard
from fusionaudio_assets.stage.fingerprint import canonical_json, sha256_text, stage_identity
from fusionaudio_assets.tables import column_schema
from fusionaudio_assets.workspace import LakeResource
from resources.errors import ResourceError
from resources.profile import StageProfile

OWNERS = ["team:fusionaudio"]


def stage_asset(
    stage: Stage[Any, Any], *, group: str, kinds: Set[str]
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate the thin asset of a stage: all that follows from the stage is filled in.

    `backfill_policy` stays unset: one run per shard, since a blocking check blocks only inside its own run.
    """
    return dg.asset(
        name=stage.name,
        partitions_def=SHARDS,
        deps=[asset for asset in stage.reads if asset != MANIFEST],
        group_name=group,
        kinds={"parquet", *kinds},
        owners=OWNERS,
        metadata={"dagster/column_schema": column_schema(stage.table)},
    )


def code_version(stage: Stage[Any, Any], profile: StageProfile) -> str:
    """The stage's version and a hash of all that decides its output under the lake's profile."""
    return f"{stage.version}-{sha256_text(canonical_json(stage_identity(stage, profile)))[:8]}"


def materialize(
    stage: Stage[Any, Any],
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    preview: Callable[[pl.DataFrame], str] | None = None,
) -> dg.MaterializeResult[None]:
    """Bring the shard of this run up to date and report its figures.

    Args:
        stage: The stage.
        context: The run.
        lake: Where it reads and writes.
        preview: Markdown made from the committed table, shown in the UI.
    """
    shard = context.partition_key
    try:
        workspace = lake.open()
        outcome = run_shard(stage, shard, workspace.lake, workspace.stage_profile(stage))
    except ResourceError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    figures: dict[str, Any] = dict(outcome.account.metadata(outcome.table))
    context.log.info(f"{stage.name} {shard}: {figures}")
    if preview is not None:
        figures["preview"] = dg.MetadataValue.md(preview(outcome.table))
    return dg.MaterializeResult(metadata=figures, data_version=dg.DataVersion(outcome.data_version))
