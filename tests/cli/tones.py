"""Lakes of tones, whose models are cheap: for commands that compute."""

from pathlib import Path

import numpy as np
import soundfile

from fusionaudio_assets.graph import profile_needs
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import Workspace
from resources.lake import Lake
from tests import doubles


def write_tone(folder: Path, name: str, seconds: float, pitch_hz: float) -> None:
    time_s = np.arange(int(seconds * 16_000)) / 16_000
    soundfile.write(folder / name, 0.2 * np.sin(2 * np.pi * pitch_hz * time_s), 16_000)


def ingested(root: Path, source: Path) -> Lake:
    profile = root / "doubles.yaml"
    profile.write_text(doubles.double_profile(profile_needs()))
    lake = Workspace.create(root / "lake", str(profile)).lake
    add_clips(lake, collect(source).rows)
    return lake
