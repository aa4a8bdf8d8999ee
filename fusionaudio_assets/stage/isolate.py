"""Isolation: an exception in a batch costs one clip, and a broken model costs none.

A batch that raises is cut in half until one clip is left. Then the models are probed on an input that is known to be
good: if a probe fails, the fault is the stage's and it stops; if it passes, the fault is the clip's.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Job, Models, Row, Stage
from fusionaudio_assets.tables import Status
from resources.adapter import Adapter
from resources.errors import ClipError, LakeError, ModelUnavailable, SettingError, clause
from resources.profile import Settings

STAGE_FAULTS = (ModelUnavailable, LakeError, SettingError)
"""Errors that say themselves that no clip is to blame."""


PORTION_BYTES = 64 * 2**20
"""Rows are handed on when their payloads are as large as this: a batch of long clips would fill the memory."""


def compute_rows(
    stage: Stage[Any, Any],
    batch: Sequence[Pending],
    jobs: Sequence[Job | ClipError],
    models: Models,
    params: Settings,
) -> Iterator[list[Row]]:
    """Rows of a batch that was loaded, in its order, as they are stored: all at once, or in portions.

    Raises:
        Exception: As `compute_isolated`.
    """
    ready = [job for job in jobs if isinstance(job, Job)]
    by = made_by(models.values())
    rows: list[Row] = []
    held = 0
    with closing(compute_isolated(stage, ready, models, params)) as results:
        for pending, job in zip(batch, jobs, strict=True):
            outcome = next(results) if isinstance(job, Job) else job
            rows.append(row_of(pending, outcome, by))
            held += sum(_size(rows[-1].get(payload)) for payload in stage.payloads)
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


def made_by(adapters: Collection[Adapter]) -> Row:
    """Columns of a row that say who computed it."""
    return {
        "model": ", ".join(adapter.model_name for adapter in adapters) or None,
        "libraries": ", ".join(sorted({one for adapter in adapters for one in adapter.library_versions})) or None,
    }


def row_of(pending: Pending, outcome: Row | ClipError, by: Row) -> Row:
    """The row of a clip that was computed, or could not be; `by` as `made_by` says."""
    row: Row = {"clip_id": pending.clip_id, "fingerprint": pending.fingerprint} | by
    if isinstance(outcome, ClipError):
        failed = {"status": Status.FAILED.value, "reason": outcome.reason, "permanent": outcome.permanent}
        return row | failed | {"detail": str(outcome)}
    return row | {"status": Status.OK.value, "permanent": False} | outcome


def compute_isolated(
    stage: Stage[Any, Any], jobs: Sequence[Job], models: Models, params: Settings
) -> Generator[Row | ClipError]:
    """Compute a batch; clips that raise come back as `ClipError`, one result per job in their order.

    Raises:
        ModelUnavailable: A model does not answer its own probe either.
        RuntimeError: `compute` broke its contract.
        Exception: Whatever `compute` raises where the rows of a shard depend on each other.
    """
    if not jobs:
        return
    done = 0
    try:
        for result in _answers(stage, jobs, models, params):
            yield result
            done += 1
    except (*STAGE_FAULTS, _BrokenContract):
        raise
    except Exception as error:
        if stage.together:  # halves would give another answer, not a part of this one
            raise
        left = jobs[done:]
        if len(left) > 1:
            middle = len(left) // 2
            yield from compute_isolated(stage, left[:middle], models, params)
            yield from compute_isolated(stage, left[middle:], models, params)
        elif isinstance(error, ClipError):
            yield error
        else:
            probe(models, error)
            yield ClipError(Reason.MODEL_ERROR.value, f"{type(error).__name__}: {error}", permanent=False)


class _BrokenContract(RuntimeError):
    """The code of a stage is wrong."""


def _answers(
    stage: Stage[Any, Any], jobs: Sequence[Job], models: Models, params: Settings
) -> Iterator[Row | ClipError]:
    """What `compute` answers: at once, or one by one when it gives an iterator."""
    results = stage.compute(jobs, models, params)
    count = 0
    if isinstance(results, Sequence) and len(results) != len(jobs):
        raise _BrokenContract(f"{stage.name} returned {len(results)} rows for {len(jobs)} clips")
    for result in results:
        yield result
        count += 1
    if count != len(jobs):
        raise _BrokenContract(f"{stage.name} returned {count} rows for {len(jobs)} clips")


def probe(models: Models, cause: Exception | None = None) -> None:
    """Run every model on its own known-good input, loading it when it is not.

    Raises:
        ModelUnavailable: One of them fails; so `cause`, when given, is no clip's fault.
    """
    for role, adapter in models.items():
        try:
            adapter.probe()
        except Exception as error:  # noqa: BLE001 - any failure of a probe is the model's
            raise ModelUnavailable(
                f"The {role} {adapter.model_name} fails on its own probe as well: {clause(error)}.",
                hint="No clip was recorded as failed; mend the model or its settings and run again.",
            ) from cause or error
