"""Sounds of which no cue knows the name: what was measured of them makes their noun phrase.

What has a pitch is called a tone and what hisses or rushes a noise, as a listener would who does not know the source.
"""

from collections.abc import Sequence

from fusionaudio_assets.captioning.cues import Cues, StretchCue
from fusionaudio_assets.captioning.heard import Facts, Heard
from fusionaudio_assets.captioning.stretches import (
    FADING,
    FALLING,
    PITCHED,
    RISING,
    SINKING,
    SWELLING,
    Spans,
    coarse,
    is_regular,
    joined,
    length_word,
    unnamed,
)
from resources.english import with_article

GROUP = "unnamed"
_NUMBERS = {2: "two", 3: "three"}
_TIMES = {2: "twice", 3: "three times"}
_COURSES = {
    FADING: ("fades away", "fade away"),
    SINKING: ("gradually fades", "gradually fade"),
    SWELLING: ("grows louder", "grow louder"),
    RISING: ("rises in pitch", "rise in pitch"),
    FALLING: ("falls in pitch", "fall in pitch"),
}
_GLIDES = (RISING, FALLING)
_TEXTURES = {"sharp": "sharp", "steady": "steady", "unsteady": "wavering", "fluctuating": "fluctuating"}
_BRIEF = ("brief", "short")
_WHOLE = 0.85
_ADJECTIVES = 2
"""Before a noun; more read like a list."""

_SLOW_S = 3.0
"""A course of this length is a slow one."""


def unnamed_sounds(cues: Cues, facts: Facts) -> tuple[Heard, ...]:
    """Return what sounds where no fact is heard, in order; nothing where the time of a fact is unknown."""
    # What masks a steady sound is heard beside it: there the tagger's own times count.
    tagged = {event.label: event.spans for event in cues.events}
    steady = {one.label for one in facts.sounds if one.steady} & tagged.keys()
    others = (facts.speech, facts.singing, facts.music, *(one for one in facts.sounds if one.label not in steady))
    told = [*(tagged[label] for label in steady), *(one.spans for one in (*others, *facts.doubtful) if one)]
    if facts.silent or not all(told):
        return ()
    return tuple(_heard(group, cues.duration_s) for group in unnamed(cues.stretches, told))


def _heard(group: Sequence[StretchCue], duration_s: float) -> Heard:
    spans = joined(group, 0.0)
    first = group[0]
    if len({one.manner for one in group}) > 1:
        first = first.model_copy(update={"manner": coarse(first.manner)})
    # The pauses of what comes at regular intervals belong to it.
    sounding_s = spans[-1][1] - spans[0][0] if is_regular(spans) else sum(end - start for start, end in spans)
    coverage = min(1.0, sounding_s / duration_s) if duration_s else 0.0
    whole = coverage >= _WHOLE and len(group) == 1
    noun, is_ = _noun_phrase(first, len(group), whole=whole), "are" if len(group) in _NUMBERS else "is"
    clauses = _clauses(first, spans, len(group), whole=whole)
    return Heard(
        label="",
        group=GROUP,
        nouns=(noun,),
        clauses=clauses or (f"there {is_} {noun}", f"{noun} {is_} heard"),
        score=1.0,
        sure=True,
        spans=spans,
        coverage=coverage,
        measured=True,
    )


def _noun_phrase(first: StretchCue, count: int, *, whole: bool) -> str:
    """Return ``"a short, low sound"``, ``"two rising tones"``, ``"a series of tones that fade away"``."""
    noun, adjectives = _kind(first, whole=whole)
    course = _course(first)
    if course in _GLIDES:
        adjectives = [" ".join([*adjectives[:1], course])]
    fades = f" that {_COURSES[course][count > 1]}" if course and course not in _GLIDES else ""
    if count == 1:
        return with_article(_phrase(adjectives, noun)) + fades
    return f"{_NUMBERS.get(count, 'a series of')} {_phrase(adjectives, f'{noun}s')}{fades}"


def _clauses(first: StretchCue, spans: Spans, count: int, *, whole: bool) -> tuple[str, ...]:
    """Return clauses with a verb that tells something; none where there is no such verb."""
    noun, adjectives = _kind(first, whole=whole)
    course = _course(first)
    if course and "long" not in adjectives:  # it tells enough: beside it a pile of adjectives reads like a table
        adjectives = adjectives[-1:]
    one = with_article(_phrase(adjectives, noun))
    if course and count > 1:
        return (f"{_NUMBERS.get(count, 'several')} {_phrase(adjectives, f'{noun}s')} {_COURSES[course][1]}",)
    if course == SINKING:
        return f"{one} {_COURSES[course][0]}", f"{one} slowly dies away"
    if course:
        slowly = "slowly " if first.end_s - first.start_s >= _SLOW_S else ""
        return (f"{one} {slowly}{_COURSES[course][0]}",)
    if is_regular(spans):
        return (f"{one} repeats",)
    if noun == "tone" and not whole and count <= max(_TIMES):
        return (f"{one} sounds {_TIMES.get(count, '')}".strip(),)
    return ()


def _course(one: StretchCue) -> str:
    return next((word for word in one.manner if word in _COURSES), "")


def _kind(one: StretchCue, *, whole: bool) -> tuple[str, list[str]]:
    """Return the noun for a stretch and its adjectives, the most telling first."""
    length, manner = "" if whole else length_word(one), set(one.manner)
    noun = "tone" if manner & PITCHED and length != "brief" else "noise" if "noisy" in manner else "sound"
    texture = next((said for word, said in _TEXTURES.items() if word in manner), "")
    low, high = manner & {"low", "low-pitched"}, manner & {"high", "high-pitched"}
    register = "low" if low else ("high" if noun == "tone" else "high-pitched") if high else ""
    register = next((word for word in ("deep", "shrill") if word in manner), register)
    if texture == "steady" and length in _BRIEF:
        texture = ""
    if texture == "sharp":
        length, texture = "", "sudden" if low else "sharp"
    words = [length, texture, register]
    return noun, [word for word in words if word][:_ADJECTIVES]


def _phrase(adjectives: Sequence[str], noun: str) -> str:
    return f"{', '.join(adjectives)} {noun}".strip()
