"""A disk that is full is told in a sentence, and the same command finishes when there is room."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.recovery.lakes import SELECT, write_profile
from tests.recovery.terminal import Terminal, leftovers

_CLIP_BYTES = 320_000
"""Of ten seconds of noise as FLAC; Dagster's database is smaller than that after a few events."""


@pytest.fixture(scope="module")
def noisy(shell: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of one shard with three large clips, its instance made."""
    folder = tmp_path_factory.mktemp("noisy")
    for number in range(3):
        noise = np.random.default_rng(number).uniform(-0.5, 0.5, 160_000)
        soundfile.write(folder / f"noise {number}.wav", noise, 16_000)
    lake = folder / "lake"
    assert shell.run("init", "--lake", lake, "--profile", write_profile(folder, "doubles")).code == 0
    assert shell.run("ingest", folder, "--lake", lake).code == 0
    return lake


@pytest.mark.parametrize(
    ("max_file_bytes", "told"),
    [
        pytest.param(int(2.5 * _CLIP_BYTES), "raw_clips/audio/", id="a payload"),
        pytest.param(4_000, "Dagster's storage", id="Dagster's events"),
    ],
)
def test_a_run(shell: Terminal, noisy: Path, tmp_path: Path, max_file_bytes: int, told: str) -> None:
    lake = Path(shutil.copytree(noisy, tmp_path / "lake"))
    full = shell.run("run", "--lake", lake, "--select", SELECT, max_file_bytes=max_file_bytes)
    assert full.code == 1
    assert "Traceback" not in full.output
    assert told in full.output
    assert "Make room" in full.output
    roomy = shell.run("run", "--lake", lake, "--select", SELECT)
    assert roomy.code == 0, roomy.output
    assert "Tables made: 2; unchanged and passed over: 0; not finished: 0." in roomy.output
    assert leftovers(lake) == []
