"""A model that takes its process with it costs the clip that it dies of, and no run dies of the same clip for ever."""

import json
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.hangs import ended_when_it_hangs
from fusionaudio_assets.stage import Stage, plan_shard, run_shard
from fusionaudio_assets.stage.alone import Alone
from fusionaudio_assets.stage.attempts import Attempts
from resources.errors import ModelUnavailable
from resources.lake import Lake
from resources.profile import Profile, StageProfile
from resources.profile_file import profile_text
from tests.stage.conftest import LENGTHS, Ruler, manifest, stage_profile
from tests.stage.rulers import DeadlyRuler

TOGETHER = replace(LENGTHS, together=True)
PATHS = [f"clip-{number}.wav" for number in range(10)]

_DYING_RUNS = """
import os, sys
from dataclasses import replace
from fusionaudio_assets.stage import run_shard
from fusionaudio_assets.hangs import will_be_started_again
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, stage_profile
from tests.stage.rulers import DeadlyRuler

will_be_started_again()
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        ruler = DeadlyRuler.model_validate_json(sys.argv[2])
        run_shard(LENGTHS, "s", Lake(sys.argv[1]), replace(stage_profile(ruler), clip_timeout_s=float(sys.argv[3])))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def die_of(lake: Lake, ruler: DeadlyRuler, died_of: int = signal.SIGSEGV, clip_timeout_s: float = 600) -> None:
    """Let two runs, which a terminal would start again, die of the model."""
    runs = subprocess.run(
        [sys.executable, "-c", _DYING_RUNS, str(lake.root), ruler.model_dump_json(), str(clip_timeout_s)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    assert runs.stdout.split() == [str(-died_of)] * 2


def die(lake: Lake, times: int = 2, stage: Stage[Any, Any] = LENGTHS) -> None:
    """Leave what runs leave that were killed while all clips were under way."""
    todo = plan_shard(stage, "s", lake, profile_of(Ruler())).todo
    for _ in range(times):
        Attempts(stage, "s", lake, todo).begin([todo])


def note(lake: Lake) -> Path:
    return Path(lake.root) / ".work/lengths/s.begun"


@pytest.fixture
def deaths(tmp_path: Path) -> Path:
    return tmp_path / "deaths"


def profile_of(ruler: Ruler, **changes: Any) -> StageProfile:
    return replace(stage_profile(ruler), **changes)


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_every_stage_and_its_shipped_models_can_go_to_another_process(stage: Stage[Any, Any]) -> None:
    text, origin = profile_text("embedded")
    needs = stage.profile_needs
    profile = Profile.parse(text, origin=origin).stage(stage.name, needs)
    task = pickle.loads(pickle.dumps(Alone(stage, Lake("nowhere"), profile).task))
    models = {role: kind.model_validate(settings) for role, kind, settings in task.models}
    assert {role: model.model_dump() for role, model in models.items()} == {
        role: model.model_dump() for role, model in profile.models.items()
    }
    assert task.stage == stage


def test_what_died_twice_is_tried_in_another_process_and_costs_one_clip(lake: Lake, deaths: Path) -> None:
    paths = [*PATHS[:6], "deadly.wav", *PATHS[6:]]
    lake.write_table("manifest", "s", manifest(paths))
    ruler = DeadlyRuler(deaths=str(deaths))
    die_of(lake, ruler)
    outcome = run_shard(LENGTHS, "s", lake, profile_of(ruler))
    assert len(deaths.read_text()) == 4, "twice in the run, once in a batch of another process, once alone"
    failed = outcome.table.filter(pl.col("status") != "ok").to_dicts()
    assert [(row["clip_id"], row["reason"], row["permanent"]) for row in failed] == [("0006", "model_crashed", True)]
    assert "ruler died of a segmentation fault (SIGSEGV) at this clip" in failed[0]["detail"]
    assert outcome.account.resumed == 4, "the batch before those that were under way"
    undisturbed = Lake(f"{lake.root}-undisturbed")
    undisturbed.write_table("manifest", "s", manifest(paths))
    expected = run_shard(LENGTHS, "s", undisturbed, profile_of(Ruler())).table.drop("audio_file")
    assert outcome.table.drop("audio_file").remove(clip_id="0006").equals(expected.remove(clip_id="0006"))
    assert not note(lake).exists()
    assert run_shard(LENGTHS, "s", lake, profile_of(ruler)).account.computed == 0, "it stays failed"


def test_runs_that_were_killed_twice_at_good_clips_change_nothing(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    die(lake)
    table = run_shard(LENGTHS, "s", lake, profile_of(Ruler())).table
    assert table["length"].to_list() == [len(path) for path in PATHS]
    assert table["status"].unique().to_list() == ["ok"]


def test_a_hang_is_a_death(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(["a.wav", "endless.wav", "b.wav"]))
    die_of(lake, DeadlyRuler(), signal.SIGALRM, clip_timeout_s=0.1)
    table = run_shard(LENGTHS, "s", lake, profile_of(DeadlyRuler(), clip_timeout_s=1.0)).table
    assert table["status"].to_list() == ["ok", "failed", "ok"]
    assert "a hang (it took over 1 s)" in table["detail"][1]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dies_of_probe": True}, "before it was given a clip"),
        pytest.param({"dies_of": ".wav"}, "died of every clip, 5 in all", marks=pytest.mark.slow),
    ],
    ids=["its probe", "every clip"],
)
def test_a_model_that_always_dies_is_at_fault_and_no_clip(
    lake: Lake, deaths: Path, changes: dict[str, Any], told: str
) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    die(lake)
    ruler = DeadlyRuler(deaths=str(deaths), **changes)
    with pytest.raises(ModelUnavailable, match=f"ruler.*{told}|{told}.*ruler"):
        run_shard(LENGTHS, "s", lake, profile_of(ruler, batch_size=2))
    assert not lake.has_table("lengths", "s")
    assert note(lake).exists(), "the next run need not die to find out"
    table = run_shard(LENGTHS, "s", lake, profile_of(Ruler())).table
    assert table["status"].unique().to_list() == ["ok"], "mended"


def test_rows_that_depend_on_each_other_blame_no_clip(lake: Lake, deaths: Path) -> None:
    lake.write_table("manifest", "s", manifest([*PATHS, "deadly.wav"]))
    ruler = DeadlyRuler(deaths=str(deaths))
    die(lake, stage=TOGETHER)
    with pytest.raises(ModelUnavailable, match=r"looks at all clips at once \(11\) and died of a segmentation fault"):
        run_shard(TOGETHER, "s", lake, profile_of(ruler))
    table = run_shard(TOGETHER, "s", lake, profile_of(Ruler())).table
    assert table["status"].unique().to_list() == ["ok"]


def test_a_fault_that_the_other_process_tells_is_raised_here(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    die(lake)
    with pytest.raises(ModelUnavailable, match="the ruler is broken"):
        run_shard(LENGTHS, "s", lake, profile_of(Ruler(broken=True)))


def test_nothing_ends_a_process_that_nobody_starts_again() -> None:
    with ended_when_it_hangs(clip_timeout_s=0.001):
        time.sleep(0.05)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ModelUnavailable], ids=lambda error: error.__name__)
def test_a_run_that_ends_in_order_is_no_death(lake: Lake, error: type[BaseException]) -> None:
    def fail(*_: object) -> list[Any]:
        assert json.loads(note(lake).read_text())
        raise error("stopped")

    lake.write_table("manifest", "s", manifest(PATHS))
    stage: Stage[Any, Any] = replace(LENGTHS, compute=fail)
    with pytest.raises(error):
        run_shard(stage, "s", lake, profile_of(Ruler()))
    assert not note(lake).exists()


def test_one_death_is_remembered_over_an_orderly_end_and_forgotten_with_other_work(lake: Lake) -> None:
    def fail(*_: object) -> list[Any]:
        raise ModelUnavailable("not today")

    lake.write_table("manifest", "s", manifest(PATHS))
    die(lake, times=1)
    before = json.loads(note(lake).read_text())
    assert set(before.values()) == {1}
    with pytest.raises(ModelUnavailable):
        run_shard(replace(LENGTHS, compute=fail), "s", lake, profile_of(Ruler()))
    assert json.loads(note(lake).read_text()) == before
    with pytest.raises(ModelUnavailable):
        run_shard(replace(LENGTHS, compute=fail), "s", lake, profile_of(Ruler(scale=2)))
    assert not note(lake).exists()


@pytest.mark.parametrize("content", ["", "[1, 2", "[1]", '{"a": "b"}', "null"])
def test_a_note_that_a_power_cut_damaged_is_passed_over(lake: Lake, content: str) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    note(lake).parent.mkdir(parents=True)
    note(lake).write_text(content)
    assert run_shard(LENGTHS, "s", lake, profile_of(Ruler())).table.height == 10
    assert not note(lake).exists()
