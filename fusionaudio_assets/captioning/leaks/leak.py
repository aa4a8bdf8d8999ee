"""What a leak is, and the words at its place."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from operator import attrgetter
from typing import Literal

from fusionaudio_assets.captioning.words import Token


class Cause(StrEnum):
    """Why something is a leak, in the words in which it is told."""

    COLOUR = "a colour cannot be heard"
    CLOTHING = "clothing cannot be heard"
    LOOK = "a look cannot be heard"
    POSTURE = "a posture or gesture cannot be heard"
    CAMERA = "the camera or the picture cannot be heard"
    WRITTEN = "text on a screen cannot be heard"
    SILENT_THING = "a silent thing cannot be heard"
    PLACE = "a place cannot be heard"
    PICTURED = "only the pictures show it"
    QUOTED = "it quotes speech"
    ADDRESS = "it names an address"
    SOMEBODY = "it names somebody"
    NAMED = "it gives a name"
    REPORTED = "it reports what is said"
    UNHEARD_NAME = "it is a name, and nothing that is heard has it"
    SAME_WORDS = "the transcript has the same words"
    SHARED_WORD = "the transcript has it, and nothing else does"
    AKIN = "the transcript has a word of its family"
    NUMBER = "numbers that are spoken are not heard"


_SEEN = frozenset(
    {
        *(Cause.COLOUR, Cause.CLOTHING, Cause.LOOK, Cause.POSTURE, Cause.CAMERA, Cause.WRITTEN),
        *(Cause.SILENT_THING, Cause.PLACE, Cause.PICTURED),
    }
)


@dataclass(frozen=True)
class Leak:
    """What leaked, its place ``[start, end)`` in the caption, and why it is one."""

    text: str
    start: int
    end: int
    cause: Cause

    @property
    def kind(self) -> Literal["visual", "speech"]:
        """Whether it is of the pictures, or of the words spoken."""
        return "visual" if self.cause in _SEEN else "speech"

    @property
    def reason(self) -> str:
        """The cause as it is told in tables, verdicts and faults."""
        return self.cause.value


def leak_at(caption: str, start: int, end: int, cause: Cause) -> Leak:
    """Return the leak of what stands at ``[start, end)`` of a caption."""
    return Leak(caption[start:end], start, end, cause)


def words_at(said: Sequence[Token], start: int, end: int) -> Iterator[Token]:
    """Return the words of a text that have a letter in ``[start, end)``, without looking at all others."""
    first = bisect_right(said, start, key=attrgetter("end"))
    return takewhile(lambda token: token.start < end, (said[index] for index in range(first, len(said))))
