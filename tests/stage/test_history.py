"""Accounts of earlier runs stay in the lake, and are never what a run stumbles over."""

import logging
from pathlib import Path
from time import perf_counter, sleep

import pytest

from fusionaudio_assets.stage import run_shard
from fusionaudio_assets.stage.history import (
    accounted_shards,
    overheads,
    record_overhead,
    served_by,
    shard_runs,
)
from resources.lake import Lake
from resources.load_time import loading_s, loads
from tests.stage.conftest import LENGTHS, TEXTS, Ruler, manifest, stage_profile

PATHS = [f"clip-{'x' * i}.wav" for i in range(4)]


@pytest.fixture
def made(lake: Lake) -> Lake:
    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile(min_length=9))
    return lake


def test_a_run_leaves_its_account(made: Lake) -> None:
    (run,) = shard_runs(made, "lengths", "s")
    assert (run.clips, run.skipped, run.computed, run.heard_s) == (4, 0, 4, 0.0)
    assert run.work_s > 0
    assert (run.models, run.settings) == served_by(LENGTHS, stage_profile())
    assert run.models == "ruler: Ruler ruler"
    assert accounted_shards(made, "lengths") == ["s"]


def test_a_run_that_computes_nothing_erases_nothing(made: Lake) -> None:
    before = shard_runs(made, "lengths", "s")
    run_shard(LENGTHS, "s", made, stage_profile(min_length=9))
    assert shard_runs(made, "lengths", "s") == before
    for least in (10, 11):
        run_shard(LENGTHS, "s", made, stage_profile(min_length=least))
    runs = shard_runs(made, "lengths", "s")
    assert [(run.computed, run.skipped) for run in runs] == [(4, 0), (0, 2)]


def test_the_last_runs_are_kept(made: Lake) -> None:
    for plus in range(1, 7):
        run_shard(LENGTHS, "s", made, stage_profile(plus=plus))
    runs = shard_runs(made, "lengths", "s")
    assert len(runs) == 4
    assert runs[-1].settings == served_by(LENGTHS, stage_profile(plus=6))[1]


def test_models_are_told_apart_from_their_settings() -> None:
    profiles = [stage_profile(), stage_profile(plus=1), stage_profile(ruler=Ruler(scale=2))]
    models, settings = zip(*(served_by(LENGTHS, profile) for profile in profiles), strict=True)
    assert len(set(models)) == 1
    assert len(set(settings)) == 3


@pytest.mark.parametrize("damage", [b"", b"\0\0\0", b'[{"at": 1}]', b"\xff"])
def test_an_account_that_is_damaged_is_left_aside(made: Lake, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("accounts/lengths/s.json", "accounts/runs.json"):
        (Path(made.root) / name).write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        assert shard_runs(made, "lengths", "s") == []
        assert overheads(made) == []
    assert "accounts/lengths/s.json" in caplog.text
    run_shard(LENGTHS, "s", made, stage_profile(plus=1))
    assert len(shard_runs(made, "lengths", "s")) == 1


def test_the_last_overheads_are_kept(lake: Lake) -> None:
    for tables in range(6):
        record_overhead(lake, tables, start_s=1.0, table_s=0.1)
    assert [one.tables for one in overheads(lake)] == [2, 3, 4, 5]


def test_what_a_stage_reads_is_counted(made: Lake) -> None:
    run_shard(TEXTS, "s", made, stage_profile())
    assert shard_runs(made, "texts", "s")[0].heard_s == 0.0  # their work tells no seconds of sound


def test_loading_within_loading_is_counted_once() -> None:
    @loads
    def inner() -> None:
        sleep(0.05)

    @loads
    def outer() -> None:
        inner()

    before_s, start_s = loading_s(), perf_counter()
    outer()
    assert 0.05 <= loading_s() - before_s <= perf_counter() - start_s
