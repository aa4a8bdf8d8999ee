"""Isolation: an exception in a batch costs one clip, and a broken model costs none.

A batch that raises is cut in half until one clip is left. Then the models are probed on an input that is known to be
good: if a probe fails, the fault is the stage's and it stops; if it passes, the fault is the clip's.
"""

from collections.abc import Collection, Sequence
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


def compute_rows(
    stage: Stage[Any, Any],
    batch: Sequence[Pending],
    jobs: Sequence[Job | ClipError],
    models: Models,
    params: Settings,
) -> list[Row]:
    """Rows of a batch that was loaded, in its order, as they are stored.

    Raises:
        Exception: As `compute_isolated`.
    """
    ready = [job for job in jobs if isinstance(job, Job)]
    results = iter(compute_isolated(stage, ready, models, params))
    outcomes = [next(results) if isinstance(job, Job) else job for job in jobs]
    by = made_by(models.values())
    return [row_of(pending, outcome, by) for pending, outcome in zip(batch, outcomes, strict=True)]


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
) -> list[Row | ClipError]:
    """Compute a batch; clips that raise come back as `ClipError`, one result per job in their order.

    Raises:
        ModelUnavailable: A model does not answer its own probe either.
        RuntimeError: `compute` broke its contract.
        Exception: Whatever `compute` raises where the rows of a shard depend on each other.
    """
    if not jobs:
        return []
    if stage.together:  # halves would give another answer, not a part of this one
        return _answers(stage, jobs, stage.compute(jobs, models, params))
    try:
        results = list(stage.compute(jobs, models, params))
    except STAGE_FAULTS:
        raise
    except ClipError as error:
        if len(jobs) == 1:
            return [error]
    except Exception as error:  # noqa: BLE001 - what a model raises on a hostile clip is not ours to know
        if len(jobs) == 1:
            probe(models, error)
            return [ClipError(Reason.MODEL_ERROR.value, f"{type(error).__name__}: {error}", permanent=False)]
    else:
        return _answers(stage, jobs, results)
    middle = len(jobs) // 2
    return [
        *compute_isolated(stage, jobs[:middle], models, params),
        *compute_isolated(stage, jobs[middle:], models, params),
    ]


def _answers(stage: Stage[Any, Any], jobs: Sequence[Job], results: Sequence[Row | ClipError]) -> list[Row | ClipError]:
    if len(results) != len(jobs):
        raise RuntimeError(f"{stage.name} returned {len(results)} rows for {len(jobs)} clips")
    return list(results)


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
