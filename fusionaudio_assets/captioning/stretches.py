"""What the measured stretches of a clip tell: when just a tagged sound is heard, and what sounds that has no tag.

A tagger knows what is heard, in frames of half a second and more; the signal tells when, and how a sound is of which
nobody knows the source: that much may be said of it, and no more.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from fusionaudio_assets.captioning.cues import StretchCue

Spans = tuple[tuple[float, float], ...]

FADING, SWELLING, SINKING, RISING, FALLING = "fading", "swelling", "sinking", "rising", "falling"
_DEGREES = frozenset({"deep", "shrill", SINKING})
_COARSE = {"fluctuating": "unsteady"}
PITCHED = frozenset({"tonal", "low-pitched", "high-pitched"})
"""Words for what has a pitch."""

_LOW_HZ, _HIGH_HZ = 500.0, 2_500.0
_LOW_PITCH_HZ, _HIGH_PITCH_HZ = 250.0, 1_000.0
_DEEP_HZ, _SHRILL_HZ = 120.0, 2_500.0
_NOISY_FLATNESS = 0.12
_STEADY_DB, _UNSTEADY_DB, _FLUCTUATING_DB = 2.5, 6.0, 9.0
_FADES_DB, _SINKS_DB = 10.0, 5.0
_GLIDES_SEMITONES = 3.0
_COURSE_FROM_S = 1.0
"""A shorter sound has no course: that it dies away is nothing to tell."""

_BRIEF_S, _SHORT_S, _LONG_S = 0.35, 1.3, 4.0

_FRAME_S = 0.25
"""Frames of a tagger reach this much over what they are of."""

_REACH_S = 0.75
_INSIDE = 0.6
_FAR_BELOW_DB = 25.0
_BELOW_DB = 10.0
_MASKED = 0.5
_AS_LONG = 1.5
MOST_UNNAMED = 3
_REGULAR = 0.15
"""Intervals that differ by no more than this share of their mean."""

_RAPID_S = 0.7
"""Up to this interval what repeats does so rapidly."""

PACES = ("rapidly", "steadily")


def manner(
    *,
    start_s: float,
    end_s: float,
    growth_db: float,
    spread_db: float,
    centroid_hz: float,
    flatness: float,
    pitch_hz: float | None,
    glide_semitones: float | None,
    **_: float,
) -> tuple[str, ...]:
    """Word the measures of a stretch, see `resources.activity`; what is middling has no word."""
    length_s = end_s - start_s
    course = length_s >= _COURSE_FROM_S
    if pitch_hz is None:
        register = "low" if centroid_hz < _LOW_HZ else "high" if centroid_hz > _HIGH_HZ else ""
    else:
        register = (
            "low-pitched" if pitch_hz < _LOW_PITCH_HZ else "high-pitched" if pitch_hz > _HIGH_PITCH_HZ else "tonal"
        )
    words = [
        "sharp" if length_s < _BRIEF_S and growth_db <= -_FADES_DB else "",
        "steady" if course and spread_db < _STEADY_DB else "",
        register,
        "noisy" if pitch_hz is None and flatness >= _NOISY_FLATNESS else "",
    ]
    if pitch_hz is not None:
        words.append("deep" if pitch_hz < _DEEP_HZ else "shrill" if pitch_hz >= _SHRILL_HZ else "")
    fades = course and abs(growth_db) >= _FADES_DB
    glides = course and not fades and glide_semitones is not None and abs(glide_semitones) >= _GLIDES_SEMITONES
    if course and spread_db >= _UNSTEADY_DB and not (fades or glides):
        words.insert(0, "fluctuating" if spread_db >= _FLUCTUATING_DB else "unsteady")
    if fades:
        words.append(FADING if growth_db < 0 else SWELLING)
    elif glides:
        words.append(FALLING if glide_semitones and glide_semitones < 0 else RISING)
    elif course and abs(growth_db) >= _SINKS_DB:
        words.append(SINKING if growth_db < 0 else SWELLING)
    return tuple(filter(None, words))


def coarse(manner: Sequence[str]) -> tuple[str, ...]:
    """Return a manner without the words for degrees, by which sounds that are alike may differ."""
    return tuple(_COARSE.get(word, word) for word in manner if word not in _DEGREES)


def measured(span: tuple[float, float], stretches: Sequence[StretchCue]) -> list[StretchCue]:
    """Return the stretches that a sound fills which was tagged in a span; none where it goes on beside them.

    Args:
        span: When the tagger hears it.
        stretches: All of the clip.
    """
    inside = [one for one in stretches if _shared_s(one, (span,), _FRAME_S) >= _INSIDE * (one.end_s - one.start_s)]
    loudest_db = max((one.level_db for one in inside), default=0.0)
    own = [one for one in inside if one.level_db >= loudest_db - _BELOW_DB]
    reaches = own and own[0].start_s - span[0] <= _REACH_S and span[1] - own[-1].end_s <= _REACH_S
    return own if reaches else []


def unmasked(spans: Spans, stretches: Sequence[StretchCue]) -> Spans:
    """Bridge the gaps of a sound that lasts which are filled by louder ones: what is masked has not stopped."""
    kept: list[tuple[float, float]] = []
    for start, end in spans:
        gap = (kept[-1][1], start) if kept else None
        if gap and sum(_shared_s(one, (gap,)) for one in stretches) >= _MASKED * (start - gap[0]):
            kept[-1] = (kept[-1][0], end)
        else:
            kept.append((start, end))
    return tuple(kept)


def joined(stretches: Sequence[StretchCue], pause_s: float) -> Spans:
    """Return the spans of stretches, with pauses up to `pause_s` bridged."""
    spans: list[tuple[float, float]] = []
    for one in stretches:
        if spans and one.start_s - spans[-1][1] <= pause_s:
            spans[-1] = (spans[-1][0], one.end_s)
        else:
            spans.append((one.start_s, one.end_s))
    return tuple(spans)


def unnamed(stretches: Sequence[StretchCue], told: Sequence[Spans]) -> list[list[StretchCue]]:
    """Return the stretches in which nothing is heard that has a name, those that sound alike together.

    Args:
        stretches: All of the clip.
        told: When the sounds are heard that have names.

    Returns:
        At most `MOST_UNNAMED` groups in order of time, the loudest.
    """
    loudest_db = max((one.level_db for one in stretches), default=0.0)
    free = [
        one
        for one in stretches
        if one.level_db >= loudest_db - _FAR_BELOW_DB
        and all(_shared_s(one, spans, _FRAME_S) < (1 - _INSIDE) * (one.end_s - one.start_s) for spans in told)
    ]
    groups: list[list[StretchCue]] = []
    for one in free:
        if groups and _alike(groups[-1][-1], one):
            groups[-1].append(one)
        else:
            groups.append([one])
    kept = sorted(groups, key=lambda group: -max(one.level_db for one in group))[:MOST_UNNAMED]
    return sorted(kept, key=lambda group: group[0].start_s)


def _alike(one: StretchCue, other: StretchCue) -> bool:
    shorter_s, longer_s = sorted((one.end_s - one.start_s, other.end_s - other.start_s))
    return coarse(one.manner) == coarse(other.manner) and longer_s <= _AS_LONG * shorter_s


def is_regular(spans: Spans) -> bool:
    """Whether spans, four of them or more, begin at equal intervals."""
    if len(spans) < 4:
        return False
    gaps = [after[0] - before[0] for before, after in pairwise(spans)]
    return bool(max(gaps) - min(gaps) <= 2 * _REGULAR * fmean(gaps))


def pace(spans: Spans) -> str:
    """Word how quickly spans come that begin at equal intervals; nobody counts them by the second."""
    gap_s = (spans[-1][0] - spans[0][0]) / (len(spans) - 1)
    return PACES[gap_s > _RAPID_S]


def length_word(one: StretchCue) -> str:
    """Word the length of a stretch; neither short nor long is empty."""
    length_s = one.end_s - one.start_s
    return "brief" if length_s < _BRIEF_S else "short" if length_s < _SHORT_S else "long" if length_s >= _LONG_S else ""


def _shared_s(one: StretchCue, spans: Spans, margin_s: float = 0.0) -> float:
    return sum(max(0.0, min(one.end_s, end + margin_s) - max(one.start_s, start - margin_s)) for start, end in spans)
