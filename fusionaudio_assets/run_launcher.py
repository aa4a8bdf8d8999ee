"""Notice runs whose process died with the machine, the daemon or the terminal.

Dagster cannot tell such a run from one that works: it would stay `STARTED` for ever, and with one run at a time
nothing would ever start again. So a run holds a lock beside the instance for as long as its process lives, and the
launcher, which `dagster.yaml` names, looks at it when the monitoring daemon asks. Where no daemon runs, the next run
from a terminal looks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import dagster as dg
import filelock
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import MAX_RETRIES_TAG, RETRY_STRATEGY_TAG, WILL_RETRY_TAG

TERMINAL_TAG = "fusionaudio/terminal"
"""Names the terminal whose process holds a run."""
_FOLDER = "running"
_TERMINAL = "terminal-"


@contextmanager
def living(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Show that a run is alive for the length of a `with`; the system lets go of the lock when the process dies."""
    mark = _mark(instance, run_id)
    mark.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(mark)
    with lock:
        mark.touch()
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)
    Path(lock.lock_file).unlink(missing_ok=True)


def is_dead(instance: dg.DagsterInstance, run_id: str) -> bool:
    """True when the process of a run died. A run that has not come to its lock yet is not dead."""
    mark = _mark(instance, run_id)
    if not mark.exists():
        return False
    try:
        with _lock(mark):
            return mark.exists()  # or it ended just now
    except filelock.Timeout:
        return False


@contextmanager
def terminal(instance: dg.DagsterInstance, show: Callable[[dg.DagsterRun], None]) -> Iterator[dict[str, str]]:
    """Give the tags of a terminal's runs, all of which end with this process.

    What terminals before it left under way when they died is reported as failed. No daemon takes such a run up again:
    whoever comes back to the terminal does, and it would compete with them.

    Args:
        instance: The instance.
        show: Called with each run that a dead terminal did not finish, to show what it has made and could not tell.
    """
    for mark in (Path(instance.root_directory) / _FOLDER).glob(f"{_TERMINAL}*"):
        if not mark.suffix and is_dead(instance, mark.name):
            _bury(instance, mark.name, show)
    name = f"{_TERMINAL}{uuid4().hex[:12]}"
    with living(instance, name):
        yield {TERMINAL_TAG: name, MAX_RETRIES_TAG: "0"}


def _bury(instance: dg.DagsterInstance, name: str, show: Callable[[dg.DagsterRun], None]) -> None:
    """Report the runs of a dead terminal, then forget it: whoever dies on the way does it again."""
    for run in instance.get_runs(dg.RunsFilter(tags={TERMINAL_TAG: name})):
        if run.is_success:
            continue
        show(run)
        if not run.is_finished:  # the daemon may have looked before
            instance.report_run_failed(run, "Its process died. The next run goes on from its last finished batch.")
        _forget(_mark(instance, run.run_id))
    _forget(_mark(instance, name))


def _forget(mark: Path) -> None:
    mark.unlink(missing_ok=True)
    mark.with_suffix(".lock").unlink(missing_ok=True)


def _mark(instance: dg.DagsterInstance, run_id: str) -> Path:
    return Path(instance.root_directory) / _FOLDER / run_id


def _lock(mark: Path) -> filelock.BaseFileLock:
    return filelock.FileLock(mark.with_suffix(".lock"), timeout=0)


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Dagster's launcher of runs on this machine, which also knows whether they are alive."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: this is what it is for."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Tell whether the process of a started run lives; the monitoring daemon fails the run when it does not."""
        if not is_dead(self._instance, run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        self._promise_retry(run)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process died")

    def _promise_retry(self, run: dg.DagsterRun) -> None:
        """Say that the run will be retried before it is failed.

        Dagster writes the failure, then the run's status, then this tag. The daemon that retries wakes in the same
        second as the one that monitors; where it sees the failure before the status, it would never retry. Nor may
        the retry start from the failed step then, which asks for the status; all steps cost little, as rows are kept.
        """
        group = self._instance.get_run_group(run.run_id)
        attempts = len(list(group[1])) if group else 1
        most = int(run.tags.get(MAX_RETRIES_TAG, self._instance.run_retries_max_retries))
        if self._instance.run_retries_enabled and attempts <= most:
            self._instance.add_run_tags(run.run_id, {WILL_RETRY_TAG: "true", RETRY_STRATEGY_TAG: "ALL_STEPS"})
