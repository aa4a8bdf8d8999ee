"""Hangs: a process that somebody starts again ends itself at a batch that takes far too long.

So a hang becomes a death like others: it is noted, and what runs died at twice is tried in a process of its own
(`fusionaudio_assets.stage.alone`). A notebook is nobody's to end.
"""

import multiprocessing
from contextlib import AbstractContextManager, nullcontext

from resources.child_process import time_limit

PATIENCE = 5
"""So many times `clip_timeout_s` may a batch take: it has many clips, and may have to load models first."""

_is_started_again = False


def will_be_started_again() -> None:
    """Tell that whoever started this process starts another one when it dies."""
    global _is_started_again  # noqa: PLW0603 - said of the process
    _is_started_again = True


def ended_when_it_hangs(clip_timeout_s: float) -> AbstractContextManager[None]:
    """End this process by SIGALRM when a block takes `PATIENCE` times `clip_timeout_s`, if that costs nothing.

    It is so in the run of a terminal and in those that Dagster's daemon launches, each in a process of its own.
    """
    if _is_started_again or multiprocessing.parent_process() is not None:
        return time_limit(PATIENCE * clip_timeout_s)
    return nullcontext()
