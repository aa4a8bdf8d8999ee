"""A process of its own for a shard at which runs died: what kills it costs a clip, not the run.

Batches go to the process one by one. When it dies of a batch, a new one is given that batch clip by clip, and a clip
of which it dies again fails for good. The process loads and probes the models before it takes a clip: when it dies of
that, the models are at fault and no clip is. A time limit makes a death of a hang.
"""

import logging
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage.account import Account
from fusionaudio_assets.stage.checkpoint import Checkpoint
from fusionaudio_assets.stage.finishing import Finisher
from fusionaudio_assets.stage.isolate import made_by, probe, row_of
from fusionaudio_assets.stage.loading import Loader, batches_of
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Models, Row, Stage
from fusionaudio_assets.tables import Status
from resources.adapter import Adapter
from resources.child_process import cause_of_death, end_with_parent, importing_alike, time_limit
from resources.errors import ClipError, ModelUnavailable, ResourceError
from resources.lake import Lake
from resources.profile import Settings, StageProfile

_logger = logging.getLogger(__name__)

_START_LIMIT_S = 1800.0
"""Bound on loading and probing the models of a stage."""

_ATTEMPTS = 2
"""A process that dies while its models load is started once more: the first death may have been the machine's."""

_MOST_CRASHES = 5
"""Models that die of so many clips and answer for none are at fault themselves, though their probes pass."""

_OF_THE_CHILD = "from fusionaudio_assets.stage.alone import serve; serve()"


def rows_alone(
    stage: Stage[Any, Any],
    todo: Sequence[Pending],
    lake: Lake,
    profile: StageProfile,
    *,
    account: Account,
    checkpoint: Checkpoint,
) -> Generator[list[Row]]:
    """Rows of one batch after the other, computed in a process of its own. Close it when it is left early.

    Raises:
        ModelUnavailable: As `Alone.rows`.
        LakeError: The lake cannot be read.
    """
    _logger.warning(
        "Runs died twice in %s at the same clips of %s: what is left of it is computed in a process of its own.",
        stage.name,
        checkpoint.shard,
    )
    account.audio_s += sum(pending.work.audio_s for pending in todo)
    for adapter in profile.models.values():
        adapter.release()  # the process needs the memory, and loads its own
    with Alone(stage, lake, profile, answers=_ok(checkpoint.rows().to_dicts())) as alone:
        for batch in batches_of(stage, todo, profile.batch_size):
            try:
                with account.timed("compute"):
                    rows = alone.rows(batch)
            except DiesOfAll:
                checkpoint.clear()  # all that is in it are clips that were blamed for what the models do to every clip
                raise
            yield rows


class DiesOfAll(ModelUnavailable):
    """The process died of every clip so far."""


class _Died(Exception):
    """The process died; `args` hold what it died of, to follow "died of"."""


@dataclass(frozen=True)
class Task:
    """What the process is told once. Adapters travel as their settings: what they have loaded cannot."""

    stage: Stage[Any, Any]
    lake: str
    models: tuple[tuple[str, type[Adapter], dict[str, Any]], ...]
    params: Settings
    limit_s: float


class Alone(AbstractContextManager["Alone"]):
    """Computes rows in a process of its own, which starts on first use.

    The stage travels to it by the names of its functions: they must be importable, no lambdas.

    Args:
        stage: The stage.
        lake: Where payloads are read.
        profile: What the profile gives the stage.
        answers: Clips that its models have answered for already.

    Attributes:
        task: What the process is told.
    """

    def __init__(self, stage: Stage[Any, Any], lake: Lake, profile: StageProfile, *, answers: int = 0) -> None:
        self._stage = stage
        models = tuple(
            (role, model.in_this_process or type(model), model.model_dump()) for role, model in profile.models.items()
        )
        self.task = Task(stage, lake.uri, models, profile.params, profile.clip_timeout_s)
        self._made_by = made_by(profile.models.values())
        self._names: str = self._made_by["model"] or "the code of " + stage.name
        self._answers, self._crashes = answers, 0
        self._child: _Child | None = None

    def rows(self, batch: Sequence[Pending]) -> list[Row]:
        """Rows of a batch, in its order; a clip of which the process dies has failed for good.

        Raises:
            ModelUnavailable: The process dies before it has seen a clip or of every clip, or the rows depend on each
                other, so that no clip can be told to be the cause; or a model says itself that it does not work.
            LakeError: The lake cannot be read.
        """
        try:
            return self._answer(batch)
        except _Died as death:
            if self._stage.together:
                raise ModelUnavailable(
                    f"{self._stage.name} looks at all clips at once ({len(batch):,}) and died of {death}.",
                    hint="No clip was recorded as failed. If memory ran out, use smaller shards or a larger machine.",
                ) from death
        return [self._row(pending) for pending in batch]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        if self._child is not None:
            self._child.end()

    def _row(self, pending: Pending) -> Row:
        try:
            (row,) = self._answer([pending])
        except _Died as death:
            self._crashes += 1
            if self._crashes >= _MOST_CRASHES and not self._answers:
                raise DiesOfAll(
                    f"{self._stage.name} died of every clip, {self._crashes} in all, the last time of {death}: "
                    f"{self._names} is at fault.",
                    hint="No clip was recorded as failed; mend the model or its settings and run again.",
                ) from death
            detail = f"{self._names} died of {death} at this clip, also when it was given no other."
            return row_of(pending, ClipError(Reason.MODEL_CRASHED.value, detail), self._made_by)
        return row

    def _answer(self, batch: Sequence[Pending]) -> list[Row]:
        child = self._child or self._start()
        try:
            answer: list[Row] | Exception = child.ask(batch)
        except _Died:
            self._child = None
            raise
        if isinstance(answer, Exception):
            raise answer
        self._answers += _ok(answer)
        return answer

    def _start(self) -> "_Child":
        for attempt in range(_ATTEMPTS):
            child = _Child(self.task.limit_s)
            try:
                ready = child.ask(self.task)
            except _Died as death:
                if attempt == _ATTEMPTS - 1:
                    raise ModelUnavailable(
                        f"{self._stage.name} cannot start: {self._names} died of {death} before it was given a clip.",
                        hint="No clip was recorded as failed; mend the model or its settings and run again.",
                    ) from death
                continue
            if isinstance(ready, Exception):
                child.end()
                raise ready
            self._child = child
            break
        assert self._child is not None
        return self._child


def _ok(rows: Sequence[Row]) -> int:
    return sum(row["status"] == Status.OK for row in rows)


class _Child:
    """The process, seen from here."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._channel, theirs = Pipe()
        self._messages = tempfile.TemporaryFile("w+", prefix="fusionaudio-alone-", errors="replace")  # noqa: SIM115
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter with code of ours
                [sys.executable, "-P", "-c", _OF_THE_CHILD, str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=self._messages,
                stderr=self._messages,
                pass_fds=[theirs.fileno()],
                env=importing_alike(),
                process_group=0,  # Ctrl-C is for the run, which ends it
            )

    def ask(self, question: object) -> Any:
        """Give the process something to do and wait for its answer; errors are given back.

        Raises:
            _Died: It died of it.
        """
        try:
            self._channel.send(question)
            return self._channel.recv()
        except (EOFError, ConnectionError) as error:
            code = self._process.wait()
            raise _Died(self._told(code)) from error
        finally:
            if self._process.returncode is not None:
                self.end()

    def end(self) -> None:
        """End the process; does nothing when it is dead."""
        assert self._process.stdin is not None
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._channel.close()
        self._messages.close()

    def _told(self, code: int) -> str:
        if code == -signal.SIGALRM:
            return f"a hang (it took over {self._limit_s:g} s)"
        if code == -signal.SIGKILL:
            return "the signal SIGKILL (memory ran out, most likely)"
        self._messages.seek(0)
        last = " ".join(self._messages.read()[-300:].split())
        return f"{cause_of_death(code)}{f', saying: {last}' if last else ''}"


def serve() -> None:
    """Be the process: take the task, then batch after batch, and answer each with rows or with an error."""
    end_with_parent(sys.stdin.fileno())
    _offer_to_the_oom_killer()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    channel = Connection(int(sys.argv[1]))
    task: Task = channel.recv()
    models = Models({role: kind.model_validate(settings) for role, kind, settings in task.models})
    with time_limit(_START_LIMIT_S):
        channel.send(_told(probe, models))
    loader = Loader(task.stage, Lake(task.lake), models, Account())

    def rows(batch: Sequence[Pending]) -> list[Row]:
        with Finisher(task.stage, models, task.params) as finisher:
            portions = chain(finisher.rows(batch, loader.load(batch)), finisher.rest())
            return [row for rows in portions for row in rows]

    while True:
        batch = channel.recv()
        with time_limit(task.limit_s):
            channel.send(_told(rows, batch))


def _told(work: Any, *arguments: Any) -> Any:
    """What a function returns, or the error that it raises, in a form that reaches the run."""
    try:
        return work(*arguments)
    except ResourceError as error:
        return error
    except Exception as error:  # noqa: BLE001 - it is raised where it is read
        return RuntimeError(f"{type(error).__name__}: {error}")


def _offer_to_the_oom_killer() -> None:
    """Where memory runs out, Linux shall kill this process and not the run."""
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text("1000")
