"""Speech, singing and music with times, by YAMNet: the gate of the paper's pipeline.

Coarser than a detector made for it, a frame is a second; it knows the sounds that such detectors take for music, since
its classes name them.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from resources.adapter import runtime
from resources.embedded.yamnet import Yamnet
from resources.ontology import load_ontology
from resources.segmenter import Segment, Segmenter, SegmentKind
from resources.tagger import TagScores

_HEADS: dict[SegmentKind, str] = {"speech": "Speech", "singing": "Singing", "music": "Music"}
"""AudioSet class whose score, at least that of its children, decides."""


class YamnetSegments(Segmenter):
    """Stretches in which YAMNet hears speech, singing or music."""

    libraries: ClassVar[tuple[str, ...]] = Yamnet.libraries
    sample_rate_hz: ClassVar[int] = Yamnet.sample_rate_hz

    speech_threshold: float = Field(0.5, gt=0, lt=1, description="Score from which a frame counts as speech.")
    singing_threshold: float = Field(0.5, gt=0, lt=1, description="Score from which a frame counts as singing.")
    music_threshold: float = Field(0.5, gt=0, lt=1, description="Score from which a frame counts as music.")
    threads: int = runtime(0, "Clips that are worked on at the same time; 0 for one per core.")

    @property
    def model_name(self) -> str:
        """That of YAMNet."""
        return self._yamnet.model_name

    @property
    def revision(self) -> str:
        """That of YAMNet."""
        return self._yamnet.revision

    @cached_property
    def _yamnet(self) -> Yamnet:
        return Yamnet(threads=self.threads)

    def load(self) -> None:
        """Load YAMNet."""
        self._yamnet.load()

    def probe(self) -> None:
        """Tag a second of silence."""
        self._yamnet.probe()

    def close(self) -> None:
        """Drop YAMNet."""
        self._yamnet.close()

    def segment(self, clips: Sequence[NDArray[np.float32]]) -> list[list[Segment]]:
        """Find segments in every clip; see `Segmenter.segment`."""
        durations_s = [len(clip) / self.sample_rate_hz for clip in clips]
        return [self._segments(*pair) for pair in zip(self._yamnet.tag(clips), durations_s, strict=True)]

    def _segments(self, frames: TagScores, duration_s: float) -> list[Segment]:
        scores = load_ontology().propagate(frames.scores, self._yamnet.classes)
        found = [
            Segment(kind, start_s, end_s)
            for kind in get_args(SegmentKind)
            for start_s, end_s in _spans(self._is_heard(kind, scores), frames, duration_s)
        ]
        return sorted(found, key=lambda segment: (segment.start_s, segment.end_s, segment.kind))

    def _is_heard(self, kind: SegmentKind, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
        threshold: float = getattr(self, f"{kind}_threshold")
        heard: NDArray[np.bool_] = scores[:, self._yamnet.classes.index(_HEADS[kind])] >= threshold
        return heard


def _spans(heard: NDArray[np.bool_], frames: TagScores, duration_s: float) -> list[tuple[float, float]]:
    """Runs of frames in seconds.

    Frames overlap: each speaks for the hop around its middle, the first and the last one to the clip's ends.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], heard, [False]]).astype(np.int8)))
    edge_s = (frames.window_s - frames.hop_s) / 2
    spans = []
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        start_s = 0.0 if first == 0 else first * frames.hop_s + edge_s
        end_s = duration_s if after == len(heard) else after * frames.hop_s + edge_s
        spans.append((min(start_s, duration_s), min(end_s, duration_s)))
    return [span for span in spans if span[0] < span[1]]
