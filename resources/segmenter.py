"""Segmenters: where in a clip there is speech, singing, music."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from resources.adapter import Adapter

SegmentKind = Literal["speech", "singing", "music"]


@dataclass(frozen=True)
class Segment:
    """A stretch ``[start_s, end_s)`` of a clip that holds `kind`."""

    kind: SegmentKind
    start_s: float
    end_s: float


class Segmenter(Adapter):
    """Protocol of a speech / singing / music detector. Segments of different kinds may overlap."""

    sample_rate_hz: ClassVar[int]

    @abstractmethod
    def segment(self, clips: Sequence[NDArray[np.float32]]) -> list[list[Segment]]:
        """Find segments in mono clips, each ``(samples,) float32`` in [-1, 1]; sorted by start, inside the clip."""
