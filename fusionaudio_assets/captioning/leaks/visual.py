"""Visual leaks: what only eyes can tell, and what only the pictures of this clip show."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.leaks.clause import is_likened, tells_of_sound_alone
from fusionaudio_assets.captioning.leaks.context import is_advertised
from fusionaudio_assets.captioning.leaks.figurative import (
    is_instrument,
    is_sonic,
    qualifies_a_sound,
    sounds_so,
    tells_of_sound,
)
from fusionaudio_assets.captioning.leaks.heard import named_stems, seen_stems, sharpened_stems
from fusionaudio_assets.captioning.leaks.leak import Cause, Leak, leak_at, words_at
from fusionaudio_assets.captioning.leaks.naming import (
    is_animal,
    is_person,
    is_thing,
    is_verb_of_a_thing,
    names_a_sound,
    revealed_stems,
)
from fusionaudio_assets.captioning.leaks.source import Parts
from fusionaudio_assets.captioning.leaks.tables import folded, pattern, raw, stems, words
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token, tokens

_SOUNDING = pattern(raw()["sounding"])
_LOOKS = {Cause(f"{look} cannot be heard"): pattern(patterns) for look, patterns in raw()["looks"].items()}
_IN_CAPITALS = re.compile(rf"(?<![\w-])(?i:{'|'.join(raw()['written_things'].split())}) (?:[A-Z]{{2,}}\b ?)+(?![\w-])")
_FREE = stems(raw()["free"])
_FIGURATIVE = frozenset({Cause.COLOUR, Cause.LOOK, Cause.SILENT_THING})
_SAID_OF_SOUND = words(raw()["groups"]["colour"]) | words(raw()["said_of_instruments"])
_SHAPES = words(raw()["shapes_of_sound"])
_SAID_IN_FIGURES = _SAID_OF_SOUND | _SHAPES
_PREPOSITIONS = words(raw()["prepositions"])
_POSTURES = words(raw()["posture"])
_PAGES, _READING = words(raw()["reports"]["read_from"]), words("read reads reading recites reciting")
_JOINING = FUNCTION_WORDS | words("about around along away")
_REACH_READING = 12
_REACH_LOOK = 3
_BEINGS = words(raw()["groups"]["being"])


def visual_leaks(caption: str, said: Sequence[Token], cues: Cues, heard: frozenset[str]) -> Iterator[Leak]:
    """Find visual leaks.

    Args:
        caption: The caption.
        said: Its words.
        cues: What it may be made of.
        heard: Stems that some cue has by ear.
    """
    shown = seen_stems(cues)
    pictured = tokens(cues.visual.description) if cues.visual else ()
    revealed, sharpened = revealed_stems(heard), sharpened_stems(cues, heard)
    unheard = shown - heard - sharpened - revealed
    masked = {place for match in _SOUNDING.finditer(folded(caption)) for place in range(*match.span())}
    for cause, match in _looks(caption):
        own = _claiming(said, *match.span())
        if (own and own <= heard) or not masked.isdisjoint(range(*match.span())):
            continue
        if cause not in _FIGURATIVE or not _figurative(said, match, pictured, unheard):
            yield leak_at(caption, *match.span(), cause)
    named, parts = named_stems(cues), Parts(said, heard, sharpened)
    for index, token in enumerate(said):
        if token.stem in heard or not masked.isdisjoint(range(token.start, token.end)):
            continue
        if token.text.lower() in _POSTURES and _taken_by_a_being(said[:index]):
            yield Leak(token.text, token.start, token.end, Cause.POSTURE)
        elif _free(token) or qualifies_a_sound(said, index) or _is_figure(said, index, unheard):
            continue
        elif cues.visual and parts.tells_a_place(index) and token.stem not in revealed:
            yield Leak(token.text, token.start, token.end, Cause.PLACE)
        elif token.stem not in unheard or _is_told_otherwise(said, index, heard, pictured):
            continue
        elif token.stem in named or not parts.told_by_ear(index):
            yield Leak(token.text, token.start, token.end, Cause.PICTURED)


def _looks(caption: str) -> Iterator[tuple[Cause, re.Match[str]]]:
    """Find what is said of looks, and why no ear has it."""
    small = folded(caption)
    for cause, look in _LOOKS.items():
        yield from ((cause, match) for match in look.finditer(small))
    yield from ((Cause.WRITTEN, match) for match in _IN_CAPITALS.finditer(caption))


def _free(token: Token) -> bool:
    """Whether a word is of no picture: it tells of sound, of measure or manner, or of nothing."""
    word = token.text.lower()
    if word in _JOINING or word.endswith("ly") or token.stem in _FREE or token.stem in NEUTRAL_STEMS:
        return True
    return token.stem in lexicon().measures or names_a_sound(token.stem) or is_sonic(token)


def _figurative(
    said: Sequence[Token], match: re.Match[str], pictured: Sequence[Token], unheard: frozenset[str]
) -> bool:
    first = bisect_right(said, match.start(), key=attrgetter("end"))
    if _is_shown_on_the_same(said[first : first + 2], pictured):
        return False
    if sounds_so(said, first) and all(one.stem != said[first].stem for one in pictured):
        return True
    last = first + len(list(words_at(said, *match.span()))) - 1
    if first == last and is_verb_of_a_thing(said, first):  # "the pedal clouds the chords"
        return True
    if tells_of_sound(said, first, last - (said[last].text == "of")):
        return True
    said_of_sound = match[0].lower().split("-")[0] in _SAID_OF_SOUND and not _looks_so(said[first].stem, pictured)
    return said_of_sound and (is_likened(said, first, unheard) or tells_of_sound_alone(said, first, last, unheard))


def _is_shown_on_the_same(look: Sequence[Token], pictured: Sequence[Token]) -> bool:
    """Whether the pictures have a look and the same thing after it: "a red slide" is no glide of a voice."""
    if len(look) < 2 or look[1].text.lower() in FUNCTION_WORDS | _SHAPES:
        return False
    stems_of = [token.stem for token in look]
    return any(stems_of == [one.stem, after.stem] for one, after in pairwise(pictured))


def _looks_so(one: str, pictured: Sequence[Token]) -> bool:
    """Whether the pictures tell the same look of an instrument: "a gleaming harpsichord"."""
    around = (
        pictured[max(0, place - _REACH_LOOK) : place + 1 + _REACH_LOOK]
        for place, token in enumerate(pictured)
        if token.stem == one
    )
    return any(is_instrument(token.stem) for near in around for token in near)


def _is_figure(said: Sequence[Token], index: int, unheard: frozenset[str]) -> bool:
    """Whether a word that names nothing to be touched is used of sound: "the voices glow", "a line hangs"."""
    if is_likened(said, index, unheard):
        return True
    if said[index].text.lower() not in _SAID_IN_FIGURES:
        tangible = is_thing(said[index].stem) or lexicon().kind(said[index].stem) not in {"action", "quality"}
        if tangible or (index and said[index - 1].text.lower() in _PREPOSITIONS):
            return False
    return tells_of_sound_alone(said, index, index, unheard)


def _claiming(said: Sequence[Token], start: int, end: int) -> frozenset[str]:
    """Return the stems of the claiming words in a place."""
    inside = words_at(said, start, end)
    return frozenset(t.stem for t in inside if t.text.lower() not in FUNCTION_WORDS and t.stem not in NEUTRAL_STEMS)


def _read_from(said: Sequence[Token], index: int) -> bool:
    """Whether a word names what somebody reads aloud from, which tells how they speak."""
    before = [token.text.lower() for token in said[max(0, index - _REACH_READING) : index]]
    return said[index].text.lower() in _PAGES and "from" in before[-3:] and not _READING.isdisjoint(before)


def _joins(one: str, heard: frozenset[str]) -> bool:
    """Whether a word is made of two that are heard: a "motorboat" where a boat's motor is."""
    return any(one[:place] in heard and one[place:] in heard for place in range(3, len(one) - 2))


def _is_told_otherwise(said: Sequence[Token], index: int, heard: frozenset[str], pictured: Sequence[Token]) -> bool:
    joined = _joins(said[index].stem, heard)
    told = _read_from(said, index) or is_advertised(said, index)
    return joined or told or _is_another_word(said, index, pictured)


def _is_another_word(said: Sequence[Token], index: int, pictured: Sequence[Token]) -> bool:
    """Whether a verb is written like what the pictures have only as a thing: "matches" and "a box of matches"."""
    alike = [place for place, one in enumerate(pictured) if one.stem == said[index].stem]
    acts = any(is_verb_of_a_thing(pictured, one) or pictured[one].text.endswith(("ed", "ing")) for one in alike)
    return is_verb_of_a_thing(said, index) and not acts


def _taken_by_a_being(before: Sequence[Token]) -> bool:
    """Whether the nearest noun before a posture is somebody or an animal rather than a sound."""
    for token in reversed(before[-6:]):
        if is_sonic(token):
            return False
        if token.text.lower() in _BEINGS or is_person(token.stem) or is_animal(token.stem):
            return True
    return False
