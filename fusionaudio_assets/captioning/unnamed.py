"""Sounds of which no cue knows the name: what was measured of them makes their noun phrase."""

from collections.abc import Sequence

from fusionaudio_assets.captioning.cues import Cues, StretchCue
from fusionaudio_assets.captioning.facts import Facts, Heard
from fusionaudio_assets.captioning.stretches import (
    FADING,
    FALLING,
    RISING,
    SWELLING,
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
_WHOLE = 0.85


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


def timbre(manner: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a manner that are adjectives."""
    return tuple(one for one in manner if one not in _COURSES)


def _heard(group: Sequence[StretchCue], duration_s: float) -> Heard:
    spans = joined(group, 0.0)
    coverage = min(1.0, sum(end - start for start, end in spans) / duration_s) if duration_s else 0.0
    first, count = group[0], len(group)
    length = "" if coverage >= _WHOLE else length_word(first)
    qualities = ", ".join(filter(None, (length, *timbre(first.manner))))
    course = next((_COURSES[one] for one in first.manner if one in _COURSES), None)
    one_sound, sounds = with_article(f"{qualities} sound".strip()), f"{qualities} sounds".strip()
    if count == 1:
        noun = f"{one_sound} that {course[0]}" if course else one_sound
        clauses = [f"{one_sound} {course[0]}"] if course else [f"{one_sound} is heard"]
    else:
        noun = f"{_NUMBERS.get(count, 'a series of')} {sounds}" + (f" that {course[1]}" if course else "")
        clauses = [f"{noun} {'are' if count in _NUMBERS else 'is'} heard"]
        if count in _TIMES and not course:
            clauses.append(f"{one_sound} is heard {_TIMES[count]}")
    return Heard(
        label="",
        group=GROUP,
        nouns=(noun,),
        clauses=tuple(clauses),
        score=1.0,
        sure=True,
        spans=spans,
        coverage=coverage,
        measured=True,
    )
