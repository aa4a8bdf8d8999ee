"""Finishing: what the models gave becomes rows behind them, in threads of their own, as payloads are loaded ahead."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from fusionaudio_assets.stage.isolate import STAGE_FAULTS, compute_isolated, fault_of_clip, made_by, row_of
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Job, Models, Row, Stage
from resources.adapter import make_room_for
from resources.batches import is_out_of_memory
from resources.errors import ClipError
from resources.profile import Settings

WORKERS = os.cpu_count() or 1
"""Threads that finish rows: what lies behind the models is worked off while a core is free, at the end on all."""

PORTION_BYTES = 64 * 2**20
"""Rows are handed on when their payloads are as large as this: a batch of long clips would fill the memory."""


@dataclass(frozen=True)
class _Failed:
    """A clip that could not be finished."""

    pending: Pending
    job: Job
    result: Row
    error: Exception


_Begun = Row | Future[Row | _Failed]


class Finisher(AbstractContextManager["Finisher"]):
    """Rows of batches, in portions. Leave it when no more is wanted: what is not finished is dropped.

    Where a stage has nothing to finish, the rows of a batch are there as soon as it is computed. Otherwise they come
    after the next batch, or with `rest`: a device need not wait until what it gave is encoded.

    Args:
        stage: The stage.
        models: Its models.
        params: What its profile gives `compute`.
    """

    def __init__(self, stage: Stage[Any, Any], models: Models, params: Settings) -> None:
        self._stage, self._models, self._params = stage, models, params
        self._made_by = made_by(models.values())
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix=f"finish-{stage.name}")
        self._behind: list[_Begun] = []

    def rows(self, batch: Sequence[Pending], jobs: Sequence[Job | ClipError]) -> Iterator[list[Row]]:
        """Compute a batch that was loaded; rows that are ready then, as they are stored, in the order of their clips.

        Raises:
            Exception: As `compute_isolated`.
        """
        ready: Iterable[_Begun] = self._begun(batch, jobs)
        if self._stage.finish is not None:
            ready, self._behind = self._behind, list(ready)
        yield from self._portions(ready)

    def rest(self) -> Iterator[list[Row]]:
        """Rows that are not handed on yet."""
        yield from self._portions(self._behind)
        self._behind = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _begun(self, batch: Sequence[Pending], jobs: Sequence[Job | ClipError]) -> Iterator[_Begun]:
        ready = [job for job in jobs if isinstance(job, Job)]
        with closing(compute_isolated(self._stage, ready, self._models, self._params)) as results:
            for pending, job in zip(batch, jobs, strict=True):
                result = next(results) if isinstance(job, Job) else job
                if self._stage.finish is None or not isinstance(job, Job) or isinstance(result, ClipError):
                    yield row_of(pending, result, self._made_by)
                else:
                    yield self._pool.submit(self._finished, pending, job, result)

    def _finished(self, pending: Pending, job: Job, result: Row) -> "Row | _Failed":
        assert self._stage.finish is not None
        try:
            return row_of(pending, self._stage.finish(job, result, self._models), self._made_by)
        except Exception as error:  # noqa: BLE001 - who is to blame is asked where the models may be tried
            return _Failed(pending, job, result, error)

    def _blamed(self, failed: "_Failed") -> Row:
        """The row of a clip that could not be finished, by the rules of `compute_isolated` for a clip by itself."""
        if is_out_of_memory(failed.error) and make_room_for(self._models.values()):
            again = self._finished(failed.pending, failed.job, failed.result)
            if not isinstance(again, _Failed):
                return again
            failed = again
        if isinstance(failed.error, STAGE_FAULTS):
            raise failed.error
        return row_of(failed.pending, fault_of_clip(failed.error, self._models), self._made_by)

    def _portions(self, made: Iterable[_Begun]) -> Iterator[list[Row]]:
        rows: list[Row] = []
        held = 0
        for one in made:
            row = one.result() if isinstance(one, Future) else one
            rows.append(self._blamed(row) if isinstance(row, _Failed) else row)
            held += sum(_size(rows[-1].get(payload)) for payload in self._stage.payloads)
            if held > PORTION_BYTES:
                yield rows
                rows, held = [], 0
        if rows:
            yield rows


def _size(payload: Any) -> int:
    """Bytes of a payload value: of what is large in it, that is."""
    if isinstance(payload, bytes):
        return len(payload)
    parts = payload.values() if isinstance(payload, dict) else payload if isinstance(payload, list) else ()
    return sum(map(_size, parts))
