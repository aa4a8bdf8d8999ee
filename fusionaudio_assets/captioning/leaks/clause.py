"""Whether a clause tells of sound alone, so that words of sight in it are figures of speech.

"The trumpets blaze" and "a hum comes through, grey and featureless" name nothing that can be seen but what sounds;
"the trumpets blaze under the lamps" does. A look right before a thing is of that thing: a "golden guitar" is seen.
"""

from collections.abc import Iterator, Sequence

from fusionaudio_assets.captioning.leaks.figurative import is_instrument, is_sonic
from fusionaudio_assets.captioning.leaks.naming import (
    is_animal,
    is_person,
    is_place,
    names_a_sound,
    names_first_a_thing,
)
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token

_BETWEEN_CLAUSES = words("while whilst as when until whereas because although though but where who whose")
_DETERMINERS = words("a an the his her their its another")
_IN_SOUND = stems(raw()["shapes_of_sound"])
_FREE = stems(raw()["free"])
_COLOURS = words(raw()["groups"]["colour"])
_OF_SIGHT = words(raw()["said_of_instruments"])
_BEING, _BECOMING = words("is are was were becomes become forms form makes make"), words("into to")
_DISSOLVING = stems("dissolve melt fade turn sink blur merge drift dwindle swell grow change")
_SHOWING = words("everything all everyone everybody hand hands finger fingers head")
_REACH = 16


def tells_of_sound_alone(said: Sequence[Token], first: int, last: int, unheard: frozenset[str]) -> bool:
    """Whether around the words from `first` to `last` a clause names what is heard, and nothing that is seen."""
    attributive = last + 1 < len(said) and said[last + 1].start == said[last].end + 1
    if first and said[first - 1].text.lower() == "in" and said[first].text.lower() in _COLOURS and not attributive:
        return False  # "dressed in black"
    if _is_before_a_thing(said, last):
        return False
    sounding = False
    for token in _clause(said, first, last):
        if is_sonic(token) or is_instrument(token.stem) or names_a_sound(token.stem):
            sounding = True
        elif (token.stem in unheard and not _may_be_figure(token)) or token.text.lower() in _SHOWING or _is_seen(token):
            return False
    return sounding


def is_likened(said: Sequence[Token], index: int, unheard: frozenset[str]) -> bool:
    """Whether a sound is said to be something: "the drone is a solid block", "the strings dissolve into mist"."""
    start = index
    while index - start < _REACH and start and _qualifies(said[start - 1]):
        start -= 1
    if not start or said[start - 1].text.lower() not in _BEING | _BECOMING:
        return False
    subject = said[: start - 1]
    if not subject:
        return False  # "Into mist"
    if said[start - 1].text.lower() in _BEING:
        return is_sonic(subject[-1])
    return subject[-1].stem in _DISSOLVING and tells_of_sound_alone(said, start, index, unheard)


def _qualifies(token: Token) -> bool:
    plain = token.text.lower() in _DETERMINERS or token.stem in _FREE or token.text.lower() in _COLOURS
    return plain or lexicon().kind(token.stem) == "quality"


def _is_before_a_thing(said: Sequence[Token], last: int) -> bool:
    """Whether a word tells how an instrument or a thing looks that follows it."""
    for before, token in zip(said[last:], said[last + 1 : last + 4], strict=False):
        if token.start > before.end + 1 or token.text.lower() in FUNCTION_WORDS or is_sonic(token):
            return False
        if is_instrument(token.stem) or _is_seen(token) or token.stem in lexicon().places:
            return True
    return False


def _may_be_figure(token: Token) -> bool:
    return token.stem in _IN_SOUND or token.stem in _FREE or token.text.lower() in _COLOURS | _OF_SIGHT


def _is_seen(token: Token) -> bool:
    one = token.stem
    if (
        one in _IN_SOUND
        or token.text.lower() in _COLOURS
        or one in NEUTRAL_STEMS
        or token.text.lower() in FUNCTION_WORDS
    ):
        return False
    if is_person(one):
        return True
    return one not in _FREE and (names_first_a_thing(one) or is_place(one) or is_animal(one))


def _clause(said: Sequence[Token], first: int, last: int) -> Iterator[Token]:
    """Yield the other words of the clause; of a part without a noun, as "grey and dull" is, also those before it."""
    named = False
    for index in range(last + 1, min(last + _REACH, len(said))):
        if _parts(said, index):
            break
        named |= _names(said[index])
        yield said[index]
    for index in range(first - 1, max(first - _REACH, -1), -1):
        if _parts(said, index + 1) and (named or said[index + 1].text[0].isupper()):
            break
        named |= _names(said[index])
        yield said[index]


def _names(token: Token) -> bool:
    return is_sonic(token) or is_instrument(token.stem) or names_a_sound(token.stem) or _is_seen(token)


def _parts(said: Sequence[Token], index: int) -> bool:
    """Whether a clause begins at a word."""
    word, before = said[index].text.lower(), said[index - 1]
    broken = said[index].start > before.end + 1 and said[index].text.lower() != "and"
    joined = before.text.lower() == "and" and word in _DETERMINERS
    return broken or joined or word in _BETWEEN_CLAUSES
