"""Payloads are prepared by several workers at once, and come out in the order of the clips."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from fusionaudio_assets.stage import Job, Models, loading, run_shard
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, TEXTS, manifest, stage_profile

PATHS = [f"{'x' * i}.wav" for i in range(8)]


def test_workers_prepare_side_by_side(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "WORKERS", 2)
    both = threading.Barrier(2, timeout=60)

    def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> Mapping[str, Any]:
        both.wait()
        return payloads

    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    profile = replace(stage_profile(), models={})
    table = run_shard(replace(TEXTS, prepare=prepare), "s", lake, profile).table
    assert table["status"].to_list() == ["ok"] * len(PATHS)
    assert table["length"].to_list() == [len(path) for path in PATHS]
