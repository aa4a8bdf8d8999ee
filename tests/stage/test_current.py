"""Marks of shards that are up to date: they may save a plan, and may never be wrong."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fusionaudio_assets.stage import current, plan_shard, run_shard
from fusionaudio_assets.stage.current import inputs_of, is_current, look
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, TEXTS, Ruler, manifest, stage_profile

PATHS = [f"clip-{'x' * i}.wav" for i in range(4)]


@pytest.fixture
def made(lake: Lake) -> Lake:
    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    return lake


def marked(lake: Lake, stage: Any = LENGTHS, **settings: Any) -> bool:
    inputs = inputs_of(stage, "s", lake, stage_profile(**settings))
    return is_current(stage, "s", lake, inputs=inputs, content=lake.content_of(stage.name, "s"))


def test_a_run_leaves_a_mark_that_spares_the_plan(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert marked(made)
    monkeypatch.setattr(current, "plan_shard", None)
    assert look(LENGTHS, "s", made, stage_profile()) == current.Standing(current=True, changed=False)


def test_a_mark_that_is_lost_is_made_again(made: Lake) -> None:
    made.delete(".work/lengths/s.current")
    assert not marked(made)
    assert not look(LENGTHS, "s", made, stage_profile()).changed
    assert marked(made)


@pytest.mark.parametrize(
    "settings",
    [{"plus": 1}, {"min_length": 12}, {"min_length": 1}, {"ruler": Ruler(scale=2)}],
    ids=["params", "a gate that decides anew", "a gate that decides the same", "model"],
)
def test_other_settings_are_planned(made: Lake, settings: dict[str, Any]) -> None:
    assert not marked(made, **settings)


def test_another_version_or_other_code_is_planned(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not marked(made, replace(LENGTHS, version="2"))
    monkeypatch.setattr(current, "_code_sha256", lambda: "other")
    assert not marked(made)


def test_another_table_above_is_planned(made: Lake) -> None:
    made.write_table("manifest", "s", manifest(PATHS, split="train"))
    assert not marked(made)
    made.write_table("manifest", "s", manifest(PATHS))
    assert marked(made)


def test_another_table_under_the_mark_is_planned(made: Lake) -> None:
    table = made.read_frame("lengths/s.parquet")
    made.write_table("lengths", "s", table.reverse())
    assert not marked(made)
    made.delete("lengths/s.parquet")
    assert look(LENGTHS, "s", made, stage_profile()) == current.Standing(current=False, changed=True)


@pytest.mark.parametrize("asset", ["manifest", "lengths"])
def test_a_table_that_another_program_wrote_is_planned(made: Lake, asset: str) -> None:
    path = Path(made.root) / asset / "s.parquet"
    frame = made.read_frame(f"{asset}/s.parquet")
    frame.write_parquet(path)
    assert not marked(made)
    run_shard(LENGTHS, "s", made, stage_profile())
    frame.reverse().write_parquet(path)
    assert not marked(made)


def test_failures_that_are_tried_again_leave_no_mark(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest([*PATHS, "bad.wav"]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    assert not marked(lake)
    assert look(LENGTHS, "s", lake, stage_profile()).changed
    assert not marked(lake)


def test_failures_for_good_do(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest([*PATHS, "unreadable.wav"]))
    run_shard(LENGTHS, "s", lake, stage_profile())
    assert marked(lake)


def test_what_changes_during_a_run_is_not_taken_for_its_input(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """New labels that arrive between a plan and its commit are seen by the next run."""
    real = plan_shard

    def slow_plan(*arguments: Any) -> Any:
        plan = real(*arguments)
        made.write_table("manifest", "s", manifest(PATHS, split="train"))
        return plan

    monkeypatch.setattr("fusionaudio_assets.stage.runner.plan_shard", slow_plan)
    run_shard(LENGTHS, "s", made, stage_profile())
    assert not marked(made)
    made.delete(".work/lengths/s.current")
    made.write_table("manifest", "s", manifest(PATHS))
    monkeypatch.setattr(current, "plan_shard", slow_plan)
    look(LENGTHS, "s", made, stage_profile())
    assert not marked(made)


def test_the_code_is_hashed_with_all_that_it_reads() -> None:
    files = {path.suffix for package in current._PACKAGES for path in package.rglob("*.*")}
    assert {".py", ".yaml", ".txt"} <= files
    assert all((Path(package) / "__init__.py").exists() for package in current._PACKAGES)


def test_a_stage_further_down_follows(made: Lake) -> None:
    run_shard(TEXTS, "s", made, stage_profile())
    assert marked(made, TEXTS)
    run_shard(LENGTHS, "s", made, stage_profile(plus=1))
    assert not marked(made, TEXTS)


@pytest.mark.parametrize("name", ["s/000000-12345678.rows.arrow", "s.begun"])
def test_what_a_run_left_that_died_after_its_commit_is_cleared_by_the_next(made: Lake, name: str) -> None:
    made.write_text(f".work/lengths/{name}", "{}")
    assert look(LENGTHS, "s", made, stage_profile()) == current.Standing(current=True, changed=True)
    assert run_shard(LENGTHS, "s", made, stage_profile()).account.computed == 0
    assert not made.has_file(f".work/lengths/{name}")
    assert look(LENGTHS, "s", made, stage_profile()) == current.Standing(current=True, changed=False)
