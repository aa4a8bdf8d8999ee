"""What a leak is, and the words at its place."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import attrgetter
from typing import Literal

from fusionaudio_assets.captioning.words import Token


@dataclass(frozen=True)
class Leak:
    """What leaked, its place ``[start, end)`` in the caption, and why it is one."""

    kind: Literal["visual", "speech"]
    text: str
    start: int
    end: int
    reason: str


def words_at(said: Sequence[Token], start: int, end: int) -> Iterator[Token]:
    """Return the words of a text that have a letter in ``[start, end)``, without looking at all others."""
    first = bisect_right(said, start, key=attrgetter("end"))
    return takewhile(lambda token: token.start < end, (said[index] for index in range(first, len(said))))
