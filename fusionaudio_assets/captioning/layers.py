"""What stands where in a caption: what lasts in front, what happens in time, what lies behind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fusionaudio_assets.captioning.heard import Facts, Heard, Music

_EARLY, _LATE = 0.2, 0.75
"""What begins before and ends after these shares of a clip frames all that happens in it."""

_LASTING_COVERAGE = 0.5
SLACK_S = 0.3
"""A sound may begin this much before another ends, and still follows it."""


@dataclass(frozen=True)
class Layers:
    """The sounds of a clip by their part in it.

    Attributes:
        lasting: In front from beginning to end, or at an unknown time.
        events: In front for a time, by their beginning.
        behind: Steady sounds that other sounds stand out from.
    """

    lasting: tuple[Heard, ...]
    events: tuple[Heard, ...]
    behind: tuple[Heard, ...]

    @property
    def empty(self) -> bool:
        """There is no sound beside music."""
        return not (self.lasting or self.events or self.behind)


def layers_of(facts: Facts, unnamed: Sequence[Heard], duration_s: float, *, music_leads: bool) -> Layers:
    """Give every sure sound its part.

    Args:
        facts: What is heard.
        unnamed: Further sounds that stand in front.
        duration_s: Length of the clip.
        music_leads: Music is told, and singing with it.
    """
    voices = [one for one in (facts.speech, None if music_leads else facts.singing) if one]
    standing_out = [*voices, *unnamed, *(one for one in facts.sounds if not one.steady)]
    behind = [one for one in facts.sounds if one.steady and not _has_its_turn(one, standing_out)]
    front = [*voices, *unnamed, *(one for one in facts.sounds if one not in behind)]
    if not front and not music_leads:
        front, behind = behind[:2], behind[2:]
    lasting = [one for one in front if frames(one.spans, one.coverage, duration_s)]
    events = in_order(one for one in front if one not in lasting)
    return Layers(tuple(lasting[:2]), (*lasting[2:], *events), tuple(behind))


def _has_its_turn(one: Heard, others: Sequence[Heard]) -> bool:
    """Whether a sound has its place in time: it begins when another is over, or is over when all others begin."""
    return any(follows(other, one) for other in others) or (
        bool(others) and all(follows(one, other) for other in others)
    )


def music_frames(music: Music, duration_s: float) -> bool:
    """Whether the music goes on from beginning to end, as it does when its times are unknown."""
    return frames(music.spans, music.coverage, duration_s)


def frames(spans: tuple[tuple[float, float], ...], coverage: float, duration_s: float) -> bool:
    """Whether a sound lasts from beginning to end, as far as is known."""
    if not spans or not duration_s:
        return True
    spread = spans[0][0] <= _EARLY * duration_s and spans[-1][1] >= _LATE * duration_s
    return spread and coverage >= _LASTING_COVERAGE


def in_order(sounds: Iterable[Heard]) -> list[Heard]:
    """Order sounds by their start."""
    return sorted(sounds, key=lambda one: (one.start_s or 0.0, one.end_s or 0.0))


def follows(first: Heard, second: Heard) -> bool:
    """Whether the second sound begins when the first is over."""
    if first.end_s is None or second.start_s is None:
        return False
    return second.start_s >= first.end_s - SLACK_S
