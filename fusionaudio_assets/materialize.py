"""The thin layer between a stage and Dagster: asset options, and one materialisation."""

from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg
import dataframely as dy
import polars as pl
from pydantic import Field

from fusionaudio_assets.checks.admission import Admission, admitted
from fusionaudio_assets.checks.asset_checks import broken_rules, check_results, check_specs, rule_figures
from fusionaudio_assets.checks.gate import gate_in, judged, name_of, record_overrides
from fusionaudio_assets.figures import as_metadata, keep
from fusionaudio_assets.shards import MANIFEST, SHARDS
from fusionaudio_assets.stage import Stage, run_shard
from fusionaudio_assets.stage.account import counts
from fusionaudio_assets.stage.fingerprint import canonical_json, sha256_text, stage_identity
from fusionaudio_assets.workspace import LakeResource, Workspace
from resources.errors import ResourceError
from resources.profile import StageProfile

if TYPE_CHECKING:
    Materialized = dg.MaterializeResult[None]
else:  # Dagster reads the annotations of an asset, and takes no generic for the result of one that has checks
    Materialized = dg.MaterializeResult

OWNERS = ["team:fusionaudio"]

GPU_POOL = "gpu"
"""Dagster lets as many runs with an asset of this pool run at a time as its limit says."""

_IN_GPU_POOL: dict[str, Callable[[], dg.AssetsDefinition]] = {}

_DECLARED: dict[str, Stage[Any, Any]] = {}
"""Stages by name, filled as their assets are declared: a gate looks at the stages above."""


OVERRIDES: dict[str, str] = Field(
    {}, description="ERROR rules of tables above to pass over, each with the reason: {'tags/scores_in_range': 'why'}"
)


class StageConfig(dg.Config):
    """What a run may be told."""

    overrides: dict[str, str] = OVERRIDES
    retry: list[str] | None = Field(
        None,
        description="Of the clips that failed compute again those that failed for one of these reasons and no others, "
        "e.g. ['timeout']; unset: those whose failure is not permanent",
    )


def stage_asset(
    stage: Stage[Any, Any], *, group: str, kinds: Set[str]
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate the thin asset of a stage: all that follows from the stage is filled in.

    `backfill_policy` stays unset: one run per shard, since a blocking check blocks only inside its own run.
    """
    _DECLARED[stage.name] = stage
    declare = partial(
        dg.asset,
        name=stage.name,
        partitions_def=SHARDS,
        deps=[asset for asset in stage.reads if asset != MANIFEST],
        group_name=group,
        kinds={"parquet", *kinds},
        owners=OWNERS,
        metadata={"dagster/column_schema": column_schema(stage.table)},
        check_specs=check_specs(stage.name, SHARDS),
    )

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        _IN_GPU_POOL[stage.name] = lambda: declare(pool=GPU_POOL)(function)
        return declare()(function)

    return decorate


def in_gpu_pool(name: str) -> dg.AssetsDefinition:
    """The asset of a stage once more, in the pool of those that need a GPU: the profile decides that, not the stage."""
    return _IN_GPU_POOL[name]()


def column_schema(table: type[dy.Schema]) -> dg.TableSchema:
    """A table as Dagster shows it: names, types, meaning."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                type=str(column.dtype),
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=column.primary_key),
            )
            for name, column in table.columns().items()
        ]
    )


def ask_gate(reader: str, above: Sequence[str], workspace: Workspace, overrides: Mapping[str, str]) -> Admission:
    """Ask the gate about all shards, for an asset over the whole lake; `above` are names of stages as for `admitted`.

    Raises:
        SettingError: An override names no rule, or gives no reason.
    """
    return admitted(reader, [_DECLARED[name] for name in above], workspace, _DECLARED, overrides)


def code_version(stage: Stage[Any, Any], profile: StageProfile) -> str:
    """The stage's version and a hash of all that decides its output under the lake's profile."""
    return f"{stage.version}-{sha256_text(canonical_json(stage_identity(stage, profile)))[:8]}"


def materialize(
    stage: Stage[Any, Any],
    context: dg.AssetExecutionContext,
    config: StageConfig,
    lake: LakeResource,
    preview: Callable[[pl.DataFrame], str] | None = None,
) -> Materialized:
    """Bring the shard of this run up to date, unless what stands above it is bad, and judge what came out.

    Args:
        stage: The stage.
        context: The run.
        config: What the run was told.
        lake: Where it reads and writes.
        preview: Markdown made from the committed table, shown in the UI.

    Raises:
        dagster.Failure: A gate above refused the shard, or the stage could not be brought up to date.
    """
    shard = context.partition_key
    try:
        workspace = lake.open()
        passed_over = gate_in(stage, shard, workspace, _DECLARED, config.overrides)
        if passed_over:  # before the table: one that was made over a rule never stands without a record of it
            record_overrides(stage, shard, workspace.lake, passed_over, config.overrides)
        outcome = run_shard(stage, shard, workspace.lake, workspace.stage_profile(stage), config.retry)
        if not passed_over:
            record_overrides(stage, shard, workspace.lake, (), {})
        content = keep(workspace.lake, stage.name, shard, outcome.table)
        verdicts = judged(stage, shard, workspace.lake)
    except ResourceError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    figures: dict[str, Any] = {} if preview is None else {"preview": dg.MetadataValue.md(preview(outcome.table))}
    if passed_over:
        told = {name_of(verdict): config.overrides[name_of(verdict)] for verdict in passed_over}
        context.log.warning(f"{stage.name} {shard} passed over rules: {told}")
        figures["overrides"] = dg.MetadataValue.json(told)
    done = counts(outcome.table) | broken_rules(verdicts) | as_metadata(content) | outcome.account.costs(outcome.table)
    context.log.info(f"{stage.name} {shard}: {done}")
    figures |= done | rule_figures(verdicts)
    return dg.MaterializeResult(
        metadata=figures,
        data_version=dg.DataVersion(outcome.data_version),
        check_results=check_results(verdicts, config.overrides),
    )
