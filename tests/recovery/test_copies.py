"""A lake that was copied, moved, or lost Dagster's database is what it was: nothing is computed again."""

import hashlib
import shutil
import signal
from pathlib import Path

import dagster as dg
import pytest

from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.shards import SHARDS_NAME
from resources.lake import Lake
from tests.recovery.lakes import SELECT, differences, not_shown
from tests.recovery.moments import Moment
from tests.recovery.terminal import Terminal

SHARDS = ["shard-000001", "shard-000002"]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening an instance sets these for Dagster's processes: put them back afterwards."""
    for name in ("DAGSTER_HOME", "FUSIONAUDIO_LAKE"):
        monkeypatch.setenv(name, "")


def test_a_copy_is_a_lake_of_its_own(shell: Terminal, tmp_path: Path, finished: Path) -> None:
    copy = Path(shutil.copytree(finished, tmp_path / "copy"))
    before = _content(finished)
    log = tmp_path / "batches.txt"
    again = shell.run("run", "--lake", copy, "--select", SELECT, log=log)
    assert again.code == 0, again.output
    assert "Tables made: 0; unchanged and passed over: 4" in again.output
    assert "they are shown to it" not in again.output, "its database was copied with it"
    assert not log.exists()
    _check_registered(copy)
    (copy / "tags" / "shard-000001.parquet").unlink()
    assert shell.run("run", "--lake", copy, "--select", SELECT, log=log).code == 0
    assert {line.split()[0] for line in log.read_text().splitlines()} == {"tags"}
    assert _materialized(Lake(copy), "tags") == 3
    assert _content(finished) == before, "the original was touched"
    assert _materialized(Lake(finished), "tags") == 2


def test_a_moved_lake_goes_on(shell: Terminal, tmp_path: Path, finished: Path) -> None:
    moved = shutil.copytree(finished, tmp_path / "here").rename(tmp_path / "there")
    again = shell.run("run", "--lake", moved, "--select", SELECT)
    assert "Tables made: 0; unchanged and passed over: 4" in again.output
    assert not (tmp_path / "here").exists()
    _check_registered(moved)


def test_a_lake_that_lost_its_instance_is_registered_again(shell: Terminal, tmp_path: Path, finished: Path) -> None:
    lake = Path(shutil.copytree(finished, tmp_path / "lake"))
    shutil.rmtree(lake / ".dagster")
    log = tmp_path / "batches.txt"
    killed = shell.run("run", "--lake", lake, "--select", SELECT, at=Moment("event stored", nth=4))
    assert killed.code == -signal.SIGKILL, "the checks of a second table are stored, and it is not"
    again = shell.run("run", "--lake", lake, "--select", SELECT, log=log)
    assert again.code == 0, again.output
    assert "Tables made: 0; unchanged and passed over: 4" in again.output
    assert again.output.count("they are shown to it") == 1
    assert not log.exists(), "something was computed"
    assert differences(finished, lake) == []
    with open_instance(Lake(lake)) as instance:
        assert {(run.job_name, run.is_success) for run in instance.get_runs()} == {("register", True)}
    _check_registered(lake)


def _check_registered(lake: Path) -> None:
    with open_instance(Lake(lake)) as instance:
        assert instance.get_dynamic_partitions(SHARDS_NAME) == SHARDS
    assert not_shown(lake, SELECT.split(",")) == []


def _materialized(lake: Lake, asset: str) -> int:
    with open_instance(lake) as instance:
        return len(instance.fetch_materializations(dg.AssetKey(asset), limit=100).records)


def _content(lake: Path) -> dict[str, str]:
    """SHA-256 of every file."""
    return {
        str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(lake.rglob("*"))
        if path.is_file()
    }
