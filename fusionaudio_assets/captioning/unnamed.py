"""Sounds of which no cue knows the name: what was measured of them makes their noun phrase.

What has a pitch is called a tone and what hisses or rushes a noise, as a listener would who does not know the source.
"""

from collections.abc import Sequence

from fusionaudio_assets.captioning.cues import Cues, StretchCue
from fusionaudio_assets.captioning.facts import Facts, Heard
from fusionaudio_assets.captioning.stretches import (
    FADING,
    FALLING,
    PITCHED,
    RISING,
    SWELLING,
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
    SWELLING: ("grows louder", "grow louder"),
    RISING: ("rises in pitch", "rise in pitch"),
    FALLING: ("falls in pitch", "fall in pitch"),
}
_GLIDES = (RISING, FALLING)
_TEXTURES = ("sharp", "steady", "unsteady", "fluctuating")
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
    sounding_s = sum(end - start for start, end in spans)
    if is_regular(spans):  # its pauses belong to it
        sounding_s = spans[-1][1] - spans[0][0]
    first, count = group[0], len(group)
    coverage = min(1.0, sounding_s / duration_s) if duration_s else 0.0
    whole = coverage >= _WHOLE and count == 1
    noun, adjectives = _kind(first, whole=whole)
    course = next((one for one in first.manner if one in _COURSES), "")
    glide = [course] if course in _GLIDES else []
    qualified = [" ".join([*adjectives[:1], *glide])] if glide else adjectives
    fades = _COURSES[course] if course and not glide else None
    one, many = (_phrase(adjectives, form) for form in (noun, f"{noun}s"))
    if count == 1:
        told = with_article(_phrase(qualified, noun)) + (f" that {fades[0]}" if fades else "")
    else:
        told = f"{_NUMBERS.get(count, 'a series of')} {_phrase(qualified, f'{noun}s')}"
        told += f" that {fades[1]}" if fades else ""
    if course:
        slowly = "slowly " if spans[0][1] - spans[0][0] >= _SLOW_S else ""
        number = _NUMBERS.get(count, "several")
        clause = (
            f"{with_article(one)} {slowly}{_COURSES[course][0]}"
            if count == 1
            else f"{number} {many} {_COURSES[course][1]}"
        )
    elif count > max(_NUMBERS):
        clause = f"{with_article(one)} repeats" if is_regular(spans) else f"there is {told}"
    elif noun == "tone" and not whole:
        clause = f"{with_article(one)} sounds{f' {_TIMES[count]}' if count > 1 else ''}"
    else:
        clause = f"there {'is' if count == 1 else 'are'} {told}"
    return Heard(
        label="",
        group=GROUP,
        nouns=(told,),
        clauses=(clause,),
        score=1.0,
        sure=True,
        spans=spans,
        coverage=coverage,
        measured=True,
    )


def _kind(one: StretchCue, *, whole: bool) -> tuple[str, list[str]]:
    """Return the noun for a stretch and its adjectives, the most telling first."""
    length, manner = "" if whole else length_word(one), set(one.manner)
    noun = "tone" if manner & PITCHED and length != "brief" else "noise" if "noisy" in manner else "sound"
    texture = next((word for word in _TEXTURES if word in manner), "")
    if noun == "tone" and texture in {"unsteady", "fluctuating"}:
        texture = "wavering"
    low, high = manner & {"low", "low-pitched"}, manner & {"high", "high-pitched"}
    register = "low" if low else ("high" if noun == "tone" else "high-pitched") if high else ""
    words = ["" if texture == "sharp" else length, texture, register]
    return noun, [word for word in words if word][:_ADJECTIVES]


def _phrase(adjectives: Sequence[str], noun: str) -> str:
    return f"{', '.join(adjectives)} {noun}".strip()
