"""Isolation: an exception in a batch costs one clip, and a broken model costs none.

A batch that raises is cut in half until one clip is left. Then the models are probed on an input that is known to be
good: if a probe fails, the fault is the stage's and it stops; if it passes, the fault is the clip's.
"""

from collections.abc import Sequence
from typing import Any

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage.spec import Job, Models, Row, Stage
from resources.errors import ClipError, LakeError, ModelUnavailable, SettingError, clause
from resources.profile import Settings

STAGE_FAULTS = (ModelUnavailable, LakeError, SettingError)
"""Errors that say themselves that no clip is to blame."""


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
            _probe(models, error)
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


def _probe(models: Models, cause: Exception) -> None:
    for role, adapter in models.items():
        try:
            adapter.probe()
        except Exception as error:  # noqa: BLE001 - any failure of a probe is the model's
            raise ModelUnavailable(
                f"The {role} {adapter.model_name} fails on its own probe as well: {clause(error)}.",
                hint="No clip was recorded as failed; mend the model or its settings and run again.",
            ) from cause
