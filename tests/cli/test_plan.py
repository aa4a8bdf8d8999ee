"""`fusionaudio plan`: what people read and what scripts parse; what it says is tested in tests/forecast."""

import json
from pathlib import Path

import pytest

from fusionaudio_assets.graph import STAGES
from tests.cli.conftest import Terminal
from tests.forecast.world import Words, World


class Other(Words):
    """A model of which nothing is known."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A lake of a shard after a run, its recogniser changed since."""
    world = World(tmp_path_factory.mktemp("plan"))
    world.ingest(5)
    world.run()
    world.model("transcripts", "recognizer", Other, word="hi")
    world.record()
    return world


def line_of(stage: str, output: str) -> str:
    (line,) = (line for line in output.splitlines() if line.startswith(f"{stage} "))
    return " ".join(line.split())


def test_people_read_what_is_computed_and_why(terminal: Terminal, world: World) -> None:
    result = terminal("plan", "--lake", world.root / "lake")
    assert result.exit_code == 0
    assert line_of("tags", result.stdout) == "tags 5 0"
    transcripts = line_of("transcripts", result.stdout)
    assert transcripts.startswith("transcripts 1 of 1 2 3 3 new model (recognizer: double-words →")
    assert "unknown" in transcripts
    assert line_of("fused_captions", result.stdout).startswith("fused_captions 1 of 1 2–5 0–3 ≤ 3 upstream changed")
    assert "In all: not known; no earlier run with these models tells of transcripts." in result.stdout


def test_scripts_get_bounds_causes_and_times(terminal: Terminal, world: World) -> None:
    result = terminal("plan", "--json", "--lake", world.root / "lake")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert list(told["stages"]) == list(STAGES)
    assert told["shards"] == 1
    transcripts, fusion = told["stages"]["transcripts"], told["stages"]["fused_captions"]
    assert transcripts["compute"] == {"low": 3, "expected": 3, "high": 3}
    assert transcripts["why"] == {"new model": 3}
    assert transcripts["time_s"] == {"low": None, "expected": None, "high": None}
    assert fusion["compute"] == {"low": 0, "expected": 3, "high": 3}
    assert fusion["rests_on"] == {"runs": 1, "clips": 5, "same_settings": True}
    assert 0 == fusion["time_s"]["low"] < fusion["time_s"]["high"]


def test_another_profile_may_be_tried_without_any_harm(terminal: Terminal, world: World, tmp_path: Path) -> None:
    recorded = (world.root / "lake" / "profile.yaml").read_text()
    other = tmp_path / "other.yaml"
    other.write_text(
        recorded.replace("tests.cli.test_plan.Other", "tests.forecast.world.Words").replace("word: hi", "word: hello")
    )
    result = terminal("plan", "--profile", other, "--lake", world.root / "lake")
    assert result.exit_code == 0
    assert line_of("transcripts", result.stdout) == "transcripts 5 0"
    assert "In all: 0.0 s, at least 0.0 s, at most 0.0 s." in result.stdout
    assert (world.root / "lake" / "profile.yaml").read_text() == recorded


def test_what_is_not_chosen_is_not_told(terminal: Terminal, world: World) -> None:
    result = terminal("plan", "--select", "transcripts, dataset_release", "--lake", world.root / "lake")
    assert result.exit_code == 0
    assert "tags" not in result.stdout
    assert "dataset_release" in result.stdout


def test_a_shard_that_would_be_refused_is_told(terminal: Terminal, world: World) -> None:
    result = terminal("plan", "--select", "fused_captions", "--lake", world.root / "lake")
    assert result.exit_code == 0
    assert "fused_captions of shard shard-000001 will be refused: transcripts is out of date" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--select", "nonsense"], "There is no asset 'nonsense'"),
        (["--shard", "nonsense"], "There is no shard 'nonsense'"),
        (["--profile", "nonsense"], "There is no profile 'nonsense'"),
    ],
)
def test_what_is_not_there_is_told(terminal: Terminal, world: World, arguments: list[str], told: str) -> None:
    result = terminal("plan", *arguments, "--lake", world.root / "lake")
    assert result.exit_code == 1
    assert told in result.stderr
    assert not result.stdout


def test_an_empty_lake_has_nothing_to_tell(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal("init", "--lake", tmp_path / "lake").exit_code == 0
    result = terminal("plan", "--lake", tmp_path / "lake")
    assert result.exit_code == 0
    assert "ingest" in result.stderr
