"""Isolation: an exception in a batch costs one clip, and a broken model costs none.

A batch that raises is cut in half until one clip is left. Then the models are probed on an input that is known to be
good: if a probe fails, the fault is the stage's and it stops; if it passes, the fault is the clip's. Before memory that
does not suffice is anybody's fault, the models of other stages make room.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from typing import Any

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Job, Models, Row, Stage
from fusionaudio_assets.tables import Status
from resources.adapter import Adapter, make_room_for
from resources.batches import is_out_of_memory
from resources.english import counted
from resources.errors import ClipError, LakeError, ModelUnavailable, SettingError, clause
from resources.profile import Settings

STAGE_FAULTS = (ModelUnavailable, LakeError, SettingError)
"""Errors that say themselves that no clip is to blame."""


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
    stage: Stage[Any, Any], jobs: Sequence[Job], models: Models, params: Settings, *, may_make_room: bool = True
) -> Generator[Row | ClipError]:
    """Compute a batch; clips that raise come back as `ClipError`, one result per job in their order.

    `may_make_room` allows closing other stages' models, once, when memory does not suffice.

    Raises:
        ModelUnavailable: A model does not answer its own probe either.
        RuntimeError: `compute` broke its contract.
        Exception: Whatever `compute` raises where the rows of a shard depend on each other.
    """
    if not jobs:
        return
    done = 0
    parts: list[Sequence[Job]] = []
    try:
        for result in _answers(stage, jobs, models, params):
            yield result
            done += 1
    except Exception as error:
        left, middle = jobs[done:], (len(jobs) - done) // 2
        if may_make_room and is_out_of_memory(error) and make_room_for(models.values()):
            parts, may_make_room = [left], False
        elif isinstance(error, (*STAGE_FAULTS, _BrokenContract)) or stage.together:
            raise  # where rows depend on each other, halves would give another answer, not a part of this one
        elif len(left) > 1:
            parts = [left[:middle], left[middle:]]
        else:
            yield fault_of_clip(error, models)
    for part in parts:  # only here, out of the error's reach, is what the batch held in memory let go of
        yield from compute_isolated(stage, part, models, params, may_make_room=may_make_room)


def fault_of_clip(error: Exception, models: Models) -> ClipError:
    """What a clip is recorded with that was alone at work.

    Raises:
        ModelUnavailable: A model does not answer its own probe either, so that no clip is to blame.
    """
    if isinstance(error, ClipError):
        return error
    probe(models, error)
    reason = Reason.OUT_OF_MEMORY if is_out_of_memory(error) else Reason.MODEL_ERROR
    return ClipError(reason.value, f"{type(error).__name__}: {error}", permanent=False)


class _BrokenContract(RuntimeError):
    """The code of a stage is wrong."""


def _answers(
    stage: Stage[Any, Any], jobs: Sequence[Job], models: Models, params: Settings
) -> Iterator[Row | ClipError]:
    """What `compute` answers: at once, or one by one when it gives an iterator."""
    results = stage.compute(jobs, models, params)
    count = 0
    if isinstance(results, Sequence) and len(results) != len(jobs):
        raise _BrokenContract(f"{stage.name} returned {len(results)} of {counted(len(jobs), 'row')}")
    for result in results:
        yield result
        count += 1
    if count != len(jobs):
        raise _BrokenContract(f"{stage.name} returned {count} of {counted(len(jobs), 'row')}")


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
