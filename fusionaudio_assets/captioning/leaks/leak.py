"""What a leak is."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Leak:
    """What leaked, its place ``[start, end)`` in the caption, and why it is one."""

    kind: Literal["visual", "speech"]
    text: str
    start: int
    end: int
    reason: str
