"""What Dagster is told: one snapshot of all definitions, and what must hold for every asset.

After a change that is meant, write the snapshot anew: `python -m tests.test_definitions`.
"""

import json
import os
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from fusionaudio_assets.definitions import build_definitions
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.shards import SHARDS_NAME
from fusionaudio_assets.stage import Stage
from fusionaudio_assets.tables import polars_schema
from sensors.watch import WatchSettings, watch
from tests.lakes import make_lake

ROOT = Path(__file__).parents[1]
SNAPSHOT = Path(__file__).with_name("definitions.json")
NOWHERE = "/nowhere/lake"
"""No lake: the definitions are those of the default profile."""


def described() -> dict[str, Any]:
    """All definitions as plain JSON, apart from hashes, which follow from the profile."""
    repository = build_definitions(NOWHERE).get_repository_def()
    return {
        "assets": {spec.key.to_user_string(): _described(spec) for spec in _specs()},
        "checks": sorted(key.to_user_string() for key in repository.asset_graph.asset_check_keys),
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "sensors": {sensor.name: sensor.job_name for sensor in repository.sensor_defs},
        "resources": sorted(repository.get_top_level_resources()),
    }


@cache
def _specs() -> list[dg.AssetSpec]:
    return sorted(build_definitions(NOWHERE).resolve_all_asset_specs(), key=lambda spec: spec.key)


def _described(spec: dg.AssetSpec) -> dict[str, Any]:
    return {
        "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
        "group": spec.group_name,
        "kinds": sorted(spec.kinds),
        "owners": sorted(spec.owners),
        "partitions": spec.partitions_def.name
        if isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition)
        else None,
        "description": spec.description,
    }


@pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))
def test_a_stage_can_be_sent_to_a_process_of_its_own(stage: Stage[Any, Any]) -> None:
    """What runs died at is computed there."""
    assert pickle.loads(pickle.dumps(stage)).name == stage.name


def test_definitions_are_those_of_the_snapshot() -> None:
    found, expected = described(), json.loads(SNAPSHOT.read_text())
    assert found == expected, "If the change is meant: python -m tests.test_definitions"


def test_no_asset_has_a_backfill_policy() -> None:
    """A blocking check blocks only inside its own run.

    With a policy on one of two assets, a backfill built the lower one on a shard whose check had failed, and ended as
    a success; with one on both, the results of the checks were lost. Unset, every shard is one run of all its assets.
    """
    policies = {str(asset.key): asset.backfill_policy for asset in build_definitions(NOWHERE).assets or []}  # type: ignore[union-attr]
    assert policies
    assert set(policies.values()) == {None}


@pytest.mark.parametrize("spec", _specs(), ids=lambda spec: spec.key.to_user_string())
def test_every_asset_says_what_it_is(spec: dg.AssetSpec) -> None:
    assert spec.description
    assert spec.description.endswith(".")
    assert "\n" not in spec.description, "one sentence, as it is shown in lists"
    assert spec.owners
    assert spec.group_name not in (None, "default")
    assert spec.kinds
    if "parquet" not in spec.kinds:
        return
    schema = spec.metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert all(column.description for column in schema.columns), "every column has a meaning"


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_every_stage_is_a_partitioned_versioned_asset_with_its_table(stage: Any) -> None:
    (spec,) = [spec for spec in _specs() if spec.key == dg.AssetKey(stage.name)]
    assert isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition)
    assert spec.partitions_def.name == SHARDS_NAME
    assert (spec.code_version or "").startswith(f"{stage.version}-")
    assert [column.name for column in spec.metadata["dagster/column_schema"].columns] == polars_schema(
        stage.table
    ).names()
    assert {dep.asset_key.to_user_string() for dep in spec.deps} == set(stage.reads) - {"manifest"}


def test_the_code_version_follows_the_profile_of_the_lake(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [])
    same = _versions(str(tmp_path / "lake"))
    assert same == _versions(NOWHERE)
    profile = yaml.safe_load(lake.read_text("profile.yaml"))
    profile["stages"].setdefault("filtered_dataset", {}).setdefault("params", {})["min_words"] = 5
    lake.write_text("profile.yaml", yaml.safe_dump(profile))
    changed = {asset for asset, version in _versions(str(tmp_path / "lake")).items() if version != same[asset]}
    assert changed == {"filtered_dataset"}


def _versions(uri: str) -> dict[str, str | None]:
    return {spec.key.to_user_string(): spec.code_version for spec in build_definitions(uri).resolve_all_asset_specs()}


def test_assets_that_take_a_gpu_are_in_its_pool_and_no_others(tmp_path: Path) -> None:
    """A stage of the embedded profile must not wait for a GPU that another run holds."""
    uri = str(tmp_path / "lake")
    lake = make_lake(tmp_path / "lake", [])
    assert set(_pools(uri).values()) == {None}
    profile, versions = yaml.safe_load(lake.read_text("profile.yaml")), _versions(uri)
    profile["stages"]["transcripts"]["models"]["recognizer"]["device"] = "cuda"
    lake.write_text("profile.yaml", yaml.safe_dump(profile))
    assert {asset for asset, pool in _pools(uri).items() if pool == "gpu"} == {"transcripts"}
    assert _versions(uri) == versions
    assert len(build_definitions(uri).resolve_asset_graph().asset_check_keys) == len(described()["checks"])


def _pools(uri: str) -> dict[str, str | None]:
    assets = [asset for asset in build_definitions(uri).assets or [] if isinstance(asset, dg.AssetsDefinition)]
    return {asset.key.to_user_string(): asset.op.pool for asset in assets}


def test_the_sensor_looks_as_often_as_the_lake_says(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [])
    watch(lake, WatchSettings(folder=tmp_path, look_every_s=7))
    definitions = build_definitions(str(tmp_path / "lake"))
    assert definitions.resolve_sensor_def("new_clips").minimum_interval_seconds == 7


@pytest.mark.parametrize("command", [["dg", "check", "defs"], ["dagster", "definitions", "validate"]], ids=" ".join)
def test_dagster_s_own_tools_accept_the_project_without_flags(command: list[str], tmp_path: Path) -> None:
    binaries = Path(sys.executable).parent
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    environment = os.environ | {"DAGSTER_HOME": str(tmp_path), "FUSIONAUDIO_LAKE": NOWHERE}
    environment["VIRTUAL_ENV"] = str(binaries.parent)
    done = subprocess.run(
        [binaries / command[0], *command[1:]], check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(described(), indent=1) + "\n")
