"""The sensor under Dagster's own daemon, with runs in their own processes, as a user has it."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import soundfile

from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.instance import WORKSPACE, open_instance
from fusionaudio_assets.shards import MANIFEST
from fusionaudio_assets.workspace import Workspace
from resources.lake import Lake
from sensors.watch import WatchSettings, watch
from tests.doubles import double_profile

ROOT = Path(__file__).parents[2]


class World:
    """A lake that watches a folder, its instance, and the daemon's process."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.folder = root / "incoming"
        self.folder.mkdir()
        self.log = root / "daemon.log"
        profile = root / "doubles.yaml"
        profile.write_text(double_profile(profile_needs()))
        self.lake: Lake = Workspace.create(root / "lake", str(profile)).lake
        given = {"settle_s": 1, "shard_size": 3, "look_every_s": 1} | settings
        watch(self.lake, WatchSettings(folder=self.folder, **given))
        self.instance = open_instance(self.lake)

    @contextmanager
    def daemon(self) -> Iterator[Callable[[], None]]:
        """Run the daemon; gives a function that pulls the plug: daemon, code server and runs die at once."""
        command = [sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(WORKSPACE)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def unplug() -> None:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

        try:
            yield unplug
        finally:
            unplug()

    def wait_for(self, what: str, happened: Callable[[], bool], while_waiting: Callable[[], object] = int) -> None:
        """Wait until something happened, at most five minutes."""
        end_s = time.monotonic() + 300
        while not happened():
            if time.monotonic() > end_s:
                runs = [(run.run_id, run.status.value) for run in self.instance.get_runs()]
                pytest.fail(f"Not within five minutes: {what}. Runs: {runs}\n{self.log.read_text()[-4000:]}")
            while_waiting()
            time.sleep(0.3)

    def runs(self, status: dg.DagsterRunStatus) -> Counter[str]:
        """Number of runs of this status by shard."""
        runs = self.instance.get_runs(dg.RunsFilter(statuses=[status]))
        return Counter(run.tags["dagster/partition"] for run in runs)

    def run_processes_ended(self) -> bool:
        """True when the process of every run is gone, and its models with it."""
        return all(
            any("Process for run exited" in (event.message or "") for event in self.instance.all_logs(run.run_id))
            for run in self.instance.get_runs()
        )

    def clips(self, asset: str) -> list[str]:
        """Ids of the clips in all tables of an asset."""
        tables = [self.lake.read_table(asset, shard, ["clip_id"]) for shard in self.lake.shards(asset)]
        return sorted(clip for table in tables if table is not None for clip in table["clip_id"])

    def computed(self, asset: str) -> int:
        """Number of rows that were computed, over all materialisations."""
        records = self.instance.fetch_materializations(dg.AssetKey(asset), limit=100).records
        figures = [event.metadata["computed"].value for r in records if (event := r.asset_materialization)]
        return sum(figure for figure in figures if isinstance(figure, int))


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening an instance sets these for Dagster's processes: put them back afterwards."""
    for name in ("DAGSTER_HOME", "FUSIONAUDIO_LAKE"):
        monkeypatch.setenv(name, "")


def write_tone(path: Path, pitch_hz: float, num_samples: int = 8000) -> None:
    time_s = np.arange(num_samples) / 16_000
    soundfile.write(path, 0.1 * np.sin(2 * np.pi * pitch_hz * time_s), 16_000)


def test_files_become_a_finished_run_and_one_that_is_being_copied_waits(tmp_path: Path, home: None) -> None:
    world = World(tmp_path, seal_after_s=0)
    for number in range(3):
        write_tone(world.folder / f"tone {number}.wav", 200 + 100 * number)
    half = world.folder / "half.wav"

    def copy_on() -> None:
        with half.open("ab") as file:
            file.write(b"more of it")

    with world.daemon():
        world.wait_for(
            "a finished run", lambda: sum(world.runs(dg.DagsterRunStatus.SUCCESS).values()) > 0, while_waiting=copy_on
        )
        world.wait_for("the end of its process", world.run_processes_ended)
    assert len(world.clips("filtered_dataset")) == 3
    assert world.clips("filtered_dataset") == world.clips(MANIFEST)
    assert world.runs(dg.DagsterRunStatus.SUCCESS) == {"shard-000001": 1}


@pytest.mark.slow
def test_a_power_cut_in_the_middle_of_a_run_loses_nothing_and_runs_nothing_twice(tmp_path: Path, home: None) -> None:
    world = World(tmp_path, seal_after_s=5)
    for number in range(5):
        write_tone(world.folder / f"tone {number}.wav", 200 + 100 * number)
    with world.daemon() as unplug:
        world.wait_for("clips of the first run", lambda: world.lake.has_table("raw_clips", "shard-000001"))
        unplug()
    assert not world.lake.has_table("filtered_dataset", "shard-000001"), "the cut came too late to prove anything"
    for number in range(5, 7):
        write_tone(world.folder / f"tone {number}.wav", 200 + 100 * number)
    with world.daemon():
        world.wait_for("all clips at the end of the graph", lambda: len(world.clips("filtered_dataset")) == 7)
        world.wait_for("the end of all runs", lambda: len(world.runs(dg.DagsterRunStatus.SUCCESS)) == 3)
    for asset in (MANIFEST, *STAGES):
        assert world.clips(asset) == world.clips(MANIFEST), asset
    assert len(set(world.clips(MANIFEST))) == 7
    assert set(world.runs(dg.DagsterRunStatus.SUCCESS).values()) == {1}
    assert world.runs(dg.DagsterRunStatus.FAILURE) == {"shard-000001": 1}, "the run that died"
    for asset in STAGES:
        assert world.computed(asset) <= 7, asset
