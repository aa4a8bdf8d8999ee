"""A description of sound events in time, written from tags: the sound describer of the embedded profile."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from resources.sound_describer import SoundDescriber, SoundEvent, SoundEvidence
from resources.sound_names import sound_name, wording_sha256

_SILENT_GROUPS = frozenset({"abstract", "genre", "mood"})


class TagTimeline(SoundDescriber):
    """Writes one plain sentence per stretch of a clip in which the same sounds are heard first.

    It says what each class is and when it is heard, nothing else. Times are in seconds; they are meant for the fusion,
    which turns them into "then" and "throughout".
    """

    version: ClassVar[str] = "1"
    needs_audio: ClassVar[bool] = False

    min_score: float = Field(0.3, ge=0, le=1, description="Leave out events that score less.")
    max_events: int = Field(8, ge=1, description="Keep at most this many events, the best first.")

    @property
    def model_name(self) -> str:
        """Name of the writer."""
        return "tag-timeline"

    @property
    def revision(self) -> str:
        """SHA-256 of the wording."""
        return wording_sha256()

    def load(self) -> None:
        """Do nothing: there are no weights."""

    def probe(self) -> None:
        """Do nothing: a pure function cannot be lost."""

    def describe(self, clips: Sequence[SoundEvidence]) -> list[str]:
        """Describe the events of each clip in order of time; empty when none scores enough."""
        return [self._describe(clip) for clip in clips]

    def _describe(self, clip: SoundEvidence) -> str:
        events = [
            event
            for event in clip.events
            if event.score >= self.min_score and event.spans and sound_name(event.label).group not in _SILENT_GROUPS
        ]
        best = sorted(events, key=lambda event: (-event.score, event.label))[: self.max_events]
        in_time = sorted(best, key=lambda event: (event.spans[0][0], -event.score, event.label))
        return " ".join(_sentence(event, clip.duration_s) for event in in_time)


def _sentence(event: SoundEvent, duration_s: float) -> str:
    clause = sound_name(event.label).clauses[0]
    first_s, last_s = event.spans[0][0], event.spans[-1][1]
    heard_s = sum(end - start for start, end in event.spans)
    if heard_s >= 0.9 * duration_s:
        return f"Throughout, {clause}."
    on_and_off = " on and off" if len(event.spans) > 1 else ""
    return f"From {first_s:.1f} to {last_s:.1f} s, {clause}{on_and_off}."
