"""`fusionaudio models` and `models fetch` for a profile of large models, against a hub on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from resources.profile_file import profile_text
from tests.cli.conftest import Terminal
from tests.hub_server import Hub, serving_hub, use_hub

OF_THE_HUB = {"tagger", "separator", "recognizer", "scorer"}


def repositories(*, served: bool) -> set[tuple[str, str]]:
    """Names and commits of the profile `gpu`."""
    found: set[tuple[str, str]] = set()
    for stage in yaml.safe_load(profile_text("gpu")[0])["stages"].values():
        for model in stage.get("models", {}).values():
            if "hub_revision" in model:
                found.add((model.get("repository", model["model"]), model["hub_revision"]))
            if "clip_model" in model:
                found.add((model["clip_model"], model["clip_revision"]))
            if served and "model_revision" in model:
                found.add((model["model"], model["model_revision"]))
    return found


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Every repository with some bytes for weights: fetching does not look into them."""
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("config.json", "model.safetensors", "model.bin", "htdemucs.yaml", "pytorch_model.bin", "x.py"):
        (repository / name).write_bytes(b"something")
    with serving_hub(dict.fromkeys(repositories(served=True), repository)) as hub:
        use_hub(monkeypatch, hub.url, tmp_path / "hub")
        yield hub


def listed(terminal: Terminal, tmp_path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    result = terminal("models", "--profile", "gpu", "--json", "--lake", tmp_path / "none")
    assert result.exit_code == 0, result.stderr
    return {(row["stage"], row["role"]): row for row in json.loads(result.stdout)["models"]}


def test_models_of_the_hub_are_missing_then_fetched_then_here(terminal: Terminal, hub: Hub, tmp_path: Path) -> None:
    missing = {key for key, row in listed(terminal, tmp_path).items() if row["weights"] == "missing"}
    assert {role for _, role in missing} == OF_THE_HUB | {"describer"}
    fetched = terminal("models", "fetch", "--profile", "gpu", "--lake", tmp_path / "none")
    assert fetched.exit_code == 0, fetched.stderr
    asked = " ".join(hub.asked)
    assert all(f"{name}/resolve/{commit}/" in asked for name, commit in repositories(served=False))
    assert "pytorch_model.bin" not in asked
    assert "x.py" not in asked
    assert "Qwen" not in asked
    rows = listed(terminal, tmp_path)
    assert {rows[key]["weights"] for key in missing} == {"present"}
    for key in missing:
        assert all(Path(path).is_dir() and path in fetched.stdout for path in rows[key]["paths"])
        assert rows[key]["size_gb"] > 0
    hub.asked.clear()
    assert terminal("models", "fetch", "--profile", "gpu", "--lake", tmp_path / "none").exit_code == 0
    assert hub.asked == []


def test_what_servers_read_is_fetched_when_asked_for(terminal: Terminal, hub: Hub, tmp_path: Path) -> None:
    fetched = terminal("models", "fetch", "--profile", "gpu", "--served", "--lake", tmp_path / "none")
    assert fetched.exit_code == 0, fetched.stderr
    for name, commit in repositories(served=True):
        assert f"models--{name.replace('/', '--')}/snapshots/{commit}" in fetched.stdout


def test_the_table_says_how_to_get_what_is_missing(terminal: Terminal, hub: Hub, tmp_path: Path) -> None:
    result = terminal("models", "--profile", "gpu", "--lake", tmp_path / "none")
    assert result.exit_code == 0
    tagger = next(line for line in result.stdout.splitlines() if "AudioSpectrogramTransformer" in line)
    assert {"tags", "tagger", "f826b80d", "missing", "4", "BSD-3-Clause", "gpu"} <= set(
        tagger.replace(":", " ").split()
    )
    assert "`fusionaudio models fetch --profile gpu`" in result.stderr
    assert "vllm serve Qwen/Qwen3-8B --revision b968826d9c46dd6066d109eabc6255188de91218" in result.stderr
    assert str(tmp_path / "hub") in result.stderr
    assert "FUSIONAUDIO_CACHE" in result.stderr


def test_a_commit_that_the_hub_does_not_have_is_said(terminal: Terminal, hub: Hub, tmp_path: Path) -> None:
    text, _ = profile_text("gpu")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("f826b80d28226b62986cc218e5cec390b1096902", "ab" * 20))
    result = terminal("models", "fetch", "--profile", path, "--lake", tmp_path / "none")
    assert result.exit_code == 1
    assert "MIT/ast-finetuned-audioset-10-10-0.4593 at abababababab" in result.stderr
    assert "Correct `model` or `hub_revision`" in result.stderr
