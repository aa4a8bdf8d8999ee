"""Runs whose process died are noticed, and no others."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import PARENT_RUN_ID_TAG, ROOT_RUN_ID_TAG
from dagster._core.test_utils import create_run_for_test
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import should_retry

from fusionaudio_assets.instance import TEMPLATE
from fusionaudio_assets.run_launcher import LocalRunLauncher, is_dead, living, terminal
from fusionaudio_assets.workspace import LakeResource

ROOT = Path(__file__).parents[1]
_DIE = """
import os, signal, sys, dagster as dg
from fusionaudio_assets.run_launcher import living
with living(dg.DagsterInstance.from_config(sys.argv[1]), sys.argv[2]):
    os.kill(os.getpid(), signal.SIGKILL)
"""

_DIE_AT_THE_TERMINAL = """
import os, signal, sys, dagster as dg
from dagster._core.test_utils import create_run_for_test
from fusionaudio_assets.run_launcher import living, terminal
instance = dg.DagsterInstance.from_config(sys.argv[1])
with terminal(instance, show=print) as tags:
    create_run_for_test(instance, "ended", tags=tags, status=dg.DagsterRunStatus.SUCCESS)
    create_run_for_test(instance, "not_begun", tags=tags)
    begun = create_run_for_test(instance, "begun", tags=tags, status=dg.DagsterRunStatus.STARTED)
    with living(instance, begun.run_id):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text(TEMPLATE.read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def test_a_run_is_dead_only_when_its_process_died(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert not is_dead(instance, "not-there-yet")
    with living(instance, "alive"):
        assert not is_dead(instance, "alive")
    assert not is_dead(instance, "alive"), "it ended"
    with pytest.raises(ValueError, match="in the run"), living(instance, "raised"):
        raise ValueError("in the run")
    assert not is_dead(instance, "raised"), "it ended, though badly"
    killed = subprocess.run([sys.executable, "-c", _DIE, str(tmp_path), "killed"], check=False, cwd=ROOT)
    assert killed.returncode < 0
    assert is_dead(instance, "killed")
    assert is_dead(instance, "killed"), "until the run is done again"


def test_the_instance_of_a_lake_asks_its_launcher(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    launcher = instance.run_launcher
    assert isinstance(launcher, LocalRunLauncher)
    assert launcher.supports_check_run_worker_health
    run = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    subprocess.run([sys.executable, "-c", _DIE, str(tmp_path), run.run_id], check=False, cwd=ROOT)
    assert launcher.check_run_worker_health(run).status is WorkerStatus.FAILED
    started = instance.get_run_by_id(run.run_id)
    assert started is not None
    assert started.status is dg.DagsterRunStatus.STARTED
    assert should_retry(started, instance), "the daemon that retries may see the failure before the run's status"
    instance.report_run_failed(started)
    failed = instance.get_run_by_id(run.run_id)
    assert failed is not None
    assert should_retry(failed, instance)


def test_a_run_that_died_too_often_is_not_promised_another_try(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    root = create_run_for_test(instance, status=dg.DagsterRunStatus.FAILURE)
    for _ in range(instance.run_retries_max_retries):
        last = create_run_for_test(
            instance,
            status=dg.DagsterRunStatus.STARTED,
            root_run_id=root.run_id,
            parent_run_id=root.run_id,
            tags={ROOT_RUN_ID_TAG: root.run_id, PARENT_RUN_ID_TAG: root.run_id},
        )
    subprocess.run([sys.executable, "-c", _DIE, str(tmp_path), last.run_id], check=False, cwd=ROOT)
    assert instance.run_launcher.check_run_worker_health(last).status is WorkerStatus.FAILED
    assert not should_retry(instance.get_run_by_id(last.run_id) or last, instance)


def _none(run: dg.DagsterRun) -> None:
    pytest.fail(f"{run.job_name} is not left by a dead terminal")


def test_what_a_dead_terminal_left_under_way_is_failed_by_the_next_one(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    create_run_for_test(instance, "of_the_daemon", status=dg.DagsterRunStatus.STARTED)
    subprocess.run([sys.executable, "-c", _DIE_AT_THE_TERMINAL, str(tmp_path)], check=False, cwd=ROOT)
    shown: list[str] = []
    with terminal(instance, lambda run: shown.append(run.job_name)) as tags, terminal(instance, _none):
        create_run_for_test(instance, "of_the_living", tags=tags, status=dg.DagsterRunStatus.STARTED)
    assert sorted(shown) == ["begun", "not_begun"]
    states = {run.job_name: run.status for run in instance.get_runs()}
    assert states == {
        "ended": dg.DagsterRunStatus.SUCCESS,
        "not_begun": dg.DagsterRunStatus.FAILURE,
        "begun": dg.DagsterRunStatus.FAILURE,
        "of_the_daemon": dg.DagsterRunStatus.STARTED,
        "of_the_living": dg.DagsterRunStatus.STARTED,
    }
    (begun,) = instance.get_runs(dg.RunsFilter(job_name="begun"))
    assert not should_retry(begun, instance), "whoever sits at the terminal does"
    assert list((tmp_path / "running").iterdir()) == []


def test_the_daemon_does_not_take_up_a_run_of_a_terminal(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _DIE_AT_THE_TERMINAL, str(tmp_path)], check=False, cwd=ROOT)
    (begun,) = instance.get_runs(dg.RunsFilter(job_name="begun"))
    assert instance.run_launcher.check_run_worker_health(begun).status is WorkerStatus.FAILED
    instance.report_run_failed(begun)
    (failed,) = instance.get_runs(dg.RunsFilter(job_name="begun"))
    assert not should_retry(failed, instance)


def test_every_run_with_a_lake_shows_that_it_is_alive(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    marks: list[str] = []

    @dg.asset
    def looked_at(lake: LakeResource) -> None:
        marks.extend(path.name for path in (tmp_path / "running").iterdir())

    result = dg.materialize([looked_at], instance=instance, resources={"lake": LakeResource(uri="nowhere")})
    assert result.run_id in marks
    assert list((tmp_path / "running").iterdir()) == []
