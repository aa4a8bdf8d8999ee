"""`init`, `profile`, `ingest` and `models`."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from fusionaudio_assets.graph import STAGES
from resources.embedded import weights
from resources.lake import Lake
from resources.profile_file import profile_text
from tests.cli.conftest import Terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three sounds, two of them of the same bytes, and a note."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    for number, name in enumerate(["one.wav", "two.wav"]):
        soundfile.write(folder / name, np.full(1600, number / 2), 16000)
    (folder / "again.wav").write_bytes((folder / "one.wav").read_bytes())
    (folder / "notes.txt").write_text("nothing to hear")
    return folder


def test_init_prints_the_lake_and_does_not_hurt_one_that_is_there(terminal: Terminal, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    assert terminal("init", "--lake", lake).stdout == f"{lake}\n"
    assert terminal("init", "--lake", lake).exit_code == 0
    assert Lake(lake).exists


def test_init_refuses_another_profile_for_a_lake_that_is_there(terminal: Terminal, tmp_path: Path) -> None:
    other = _profile(tmp_path, "name: other\n")
    terminal("init", "--lake", tmp_path / "lake")
    result = terminal("init", "--profile", other, "--lake", tmp_path / "lake")
    assert result.exit_code == 1
    assert "profile --set" in result.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("surprise: 1\nstages:", "surprise"),
        ("stages:\n  nonsense: {}", "nonsense"),
        ("stages:\n  tags: {}", "'tags' is given twice"),
    ],
)
def test_a_bad_profile_makes_no_lake(terminal: Terminal, tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "mine.yaml"
    text, _ = profile_text("embedded")
    path.write_text(text.replace("stages:\n", f"{line}\n"))
    result = terminal("init", "--profile", path, "--lake", tmp_path / "lake")
    assert result.exit_code == 1
    assert told in result.stderr
    assert not (tmp_path / "lake").exists()


def test_profile_shows_what_is_recorded(terminal: Terminal, tmp_path: Path) -> None:
    terminal("init", "--lake", tmp_path / "lake")
    assert terminal("profile", "--lake", tmp_path / "lake").stdout.rstrip() == profile_text("embedded")[0].rstrip()


def test_changing_the_profile_names_the_stages_that_follow(terminal: Terminal, tmp_path: Path) -> None:
    terminal("init", "--lake", tmp_path / "lake")
    text, _ = profile_text("embedded")
    changed = text.replace("  tags:\n", "  tags:\n    params: {min_score: 0.2}\n")
    path = tmp_path / "mine.yaml"
    path.write_text(changed)
    result = terminal("profile", "--set", path, "--lake", tmp_path / "lake")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "tags\n"
    assert Lake(tmp_path / "lake").read_text("profile.yaml") == changed
    again = terminal("profile", "--set", path, "--lake", tmp_path / "lake")
    assert again.stdout == ""
    assert "No stage computes anything else" in again.stderr


def test_a_bad_profile_leaves_the_standing_one(terminal: Terminal, tmp_path: Path) -> None:
    terminal("init", "--lake", tmp_path / "lake")
    assert terminal("profile", "--set", "nonsense", "--lake", tmp_path / "lake").exit_code == 1
    assert Lake(tmp_path / "lake").read_text("profile.yaml") == profile_text("embedded")[0]


@pytest.mark.parametrize("damage", [None, b"\xff\xfe", b"name: mine\nstages: 3\n"], ids=["none", "not text", "wrong"])
def test_a_damaged_profile_is_named_and_replaced(terminal: Terminal, tmp_path: Path, damage: bytes | None) -> None:
    terminal("init", "--lake", tmp_path / "lake")
    recorded = tmp_path / "lake" / "profile.yaml"
    recorded.unlink() if damage is None else recorded.write_bytes(damage)
    result = terminal("run", "--lake", tmp_path / "lake")
    assert result.exit_code == 1
    assert str(recorded) in result.stderr
    assert "A fault" not in result.stderr
    mended = terminal("profile", "--set", "embedded", "--lake", tmp_path / "lake")
    assert mended.exit_code == 0, mended.stderr
    assert mended.stdout.split() == list(STAGES)
    assert Lake(tmp_path / "lake").read_text("profile.yaml") == profile_text("embedded")[0]


def test_ingest_tells_of_files_that_are_not_there(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "clips.txt").write_text("gone.wav\nlost.wav\n")
    result = terminal("ingest", tmp_path / "clips.txt", "--lake", tmp_path / "lake")
    assert result.exit_code == 0
    assert "2 files are not there or not readable" in result.stderr
    assert "gone.wav" in result.stderr


def test_ingest_prints_shards_and_tells_what_it_did(terminal: Terminal, tmp_path: Path, folder: Path) -> None:
    result = terminal("ingest", folder, "--shard-size", 1, "--lake", tmp_path / "lake")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "shard-000001\nshard-000002\n"
    assert "Passed over 1 file that is not named as media: .txt (1)" in result.stderr
    assert "1 file has the same bytes as another" in result.stderr
    assert "2 new clips in 2 new shards" in result.stderr
    again = terminal("ingest", folder, "--lake", tmp_path / "lake")
    assert again.stdout == ""
    assert "2 clips were in the lake" in again.stderr


@pytest.mark.parametrize("source", ["missing", "empty"])
def test_a_bad_source_makes_no_lake(terminal: Terminal, tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    result = terminal("ingest", tmp_path / source, "--lake", tmp_path / "lake")
    assert result.exit_code == 1
    assert source in result.stderr
    assert not result.stdout
    assert not (tmp_path / "lake").exists()


def test_models_tells_that_weights_are_missing(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path / "cache"))
    result = terminal("models", "--lake", tmp_path / "none")
    assert result.exit_code == 0, result.stderr
    tags = next(line for line in result.stdout.splitlines() if "Yamnet" in line)
    assert tags.split()[:4] == ["tags", "tagger", "Yamnet", "yamnet-w8a8"]
    assert "missing" in tags
    assert "fusionaudio models fetch" in result.stderr


def test_every_weight_of_the_embedded_profiles_has_a_user() -> None:
    """`models fetch` takes from the adapters' revisions which weights to fetch: none may slip through."""
    from fusionaudio_assets.cli.models import needed_by, profile_of

    wanted = {name: set(needed_by(profile_of("no lake", name))) for name in ("embedded", "embedded-large")}
    assert set.union(*wanted.values()) == set(weights.names())
    assert wanted["embedded"] ^ wanted["embedded-large"] == {"smollm2-135m", "qwen2.5-coder-1.5b"}


def _profile(folder: Path, head: str) -> Path:
    text, _ = profile_text("embedded")
    path = folder / "other.yaml"
    path.write_text(text.replace("name: embedded\n", head))
    return path
