"""When and how often a server is asked again, and how fast it is asked at all."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

import openai

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0

LONGEST_ASKED_PAUSE_S = 120.0
"""A server that asks for a longer pause is asked no more: its quota is spent."""

_PASSING_STATUS = frozenset({408, 409, 425, 429})

Answer = TypeVar("Answer")


class BrokenBody(Exception):
    """A body that is no JSON, or not that of a chat completion: a fault of the server or of what lies between."""


def passes(error: BaseException) -> bool:
    """Whether a server may fail so now and answer later."""
    if isinstance(error, openai.APIStatusError):
        return error.status_code in _PASSING_STATUS or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError | TimeoutError | BrokenBody)


class Pace:
    """Spreads attempts evenly, so that no minute sees more than `per_minute`; 0 for as they come."""

    def __init__(self, per_minute: int) -> None:
        self._gap_s = 60.0 / per_minute if per_minute else 0.0
        self._free_s = 0.0

    async def turn(self) -> None:
        """Wait until the next attempt may start."""
        now_s = time.monotonic()
        start_s = max(now_s, self._free_s)
        self._free_s = start_s + self._gap_s
        if start_s > now_s:
            await asyncio.sleep(start_s - now_s)


async def persist(attempt: Callable[[], Awaitable[Answer]], *, retries: int, timeout_s: float, pace: Pace) -> Answer:
    """Return what an attempt answers, the first or one of `retries` more, each bounded by `timeout_s`.

    Raises:
        Exception: That of the last attempt, or the first that no other attempt would mend.
    """
    tried = 0
    while True:
        await pace.turn()
        try:
            async with asyncio.timeout(timeout_s):
                return await attempt()
        except Exception as error:
            pause_s = _pause_s(tried, error)
            if not passes(error) or tried >= retries or pause_s > LONGEST_ASKED_PAUSE_S:
                raise
        tried += 1
        await asyncio.sleep(pause_s)


def _pause_s(tried: int, error: Exception) -> float:
    """What the server asks for, else twice as long each time; not the same for all, lest they come back together."""
    spread = random.uniform(0.75, 1.0)
    asked_s = _asked_pause_s(error)
    if asked_s is not None:
        return asked_s / spread
    return min(FIRST_PAUSE_S * 2.0**tried, LONGEST_PAUSE_S) * spread


def _asked_pause_s(error: Exception) -> float | None:
    """Seconds that a ``Retry-After`` header asks for, which holds a number or a date; None without a usable one."""
    if not isinstance(error, openai.APIStatusError):
        return None
    value = error.response.headers.get("retry-after", "")
    try:
        asked_s = float(value)
    except ValueError:
        try:
            asked_s = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, asked_s)
