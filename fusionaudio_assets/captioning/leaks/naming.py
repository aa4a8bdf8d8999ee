"""What a stem names: a thing, a place, a sound; and which words tell of the same sound."""

from collections.abc import Sequence
from functools import cache, lru_cache

from fusionaudio_assets.captioning.cues import CLIPS_AT_HAND
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import INSTRUMENT, lexicon
from fusionaudio_assets.captioning.vocabulary import sound_stems
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, Token
from resources.sound_names import known_labels, sound_name

_TOUCH_FAMILIES = tuple(map(stems, raw()["kindred_sounds"]["of_touch"]))
_FAMILIES = _TOUCH_FAMILIES + tuple(map(stems, raw()["kindred_sounds"]["of_sources"]))
_OF_TOUCH, _OF_THINGS = frozenset[str]().union(*_TOUCH_FAMILIES), frozenset[str]().union(*_FAMILIES)
_THING_KINDS = frozenset(
    {"artifact", "vehicle", "music", "food", "plant", "substance", "nature", "body", "weather", "imaginary", INSTRUMENT}
)
_NO_SOUND_KINDS = frozenset({"person", "place", "group", "quality"})
_OF_BEINGS = frozenset(
    {"speech", "voice", "singing", "human", "animal", "insect", "instrument", "music", "genre", "mood"}
)
_FURTHER_THINGS = stems(raw()["further_things"])
_BROAD_ANIMALS = stems(raw()["broad_animals"])
_ALSO_THINGS = stems(raw()["sounding_things"])
_FREE = stems(raw()["free"])
_DETERMINERS = words("a an the his her its their this that each every")
_TOOLS = stems(raw()["tools"])
_MUSICAL = stems("drum beat")  # music has them where no thing is heard
_REVEALED = tuple((stems(one["sounds"]), stems(one["places"])) for one in raw()["revealed_places"])
_AT_WORK = tuple(
    (tuple(map(stems, one["sounds"].split("|"))), stems(one["people"])) for one in raw()["revealed_people"]
)


@lru_cache(maxsize=CLIPS_AT_HAND)
def kindred_stems(heard: frozenset[str]) -> frozenset[str]:
    """Return the stems of the words for the sounds of things that are heard, and of all words for such sounds.

    A clank is also told as a clatter, and where any thing is heard all words that mean but a sound are allowed; "rolls"
    and "cuts" are heard only where something of their family is. Voices and instruments name nothing that is seen.
    """
    own = (heard & _sounds()) - voiced_stems() - _FREE
    struck = heard - _MUSICAL
    own = own.union(*(family for family in _FAMILIES if not family.isdisjoint(struck)))
    return own | _sounds_of_things() if own else own


def made_by_touch(sounds: frozenset[str]) -> frozenset[str]:
    """Return those that are made on, in or with another thing, as a knock is and the hum of a motor is not."""
    return sounds & _OF_TOUCH


def names_a_sound(one: str) -> bool:
    """Whether a stem means but a sound, so that no picture can show it."""
    return one in _sounds_of_things() or one in _plain_voices()


def is_thing(one: str) -> bool:
    """Whether a stem may name a thing that can be touched."""
    return lexicon().kind(one) in _THING_KINDS or one in lexicon().things or one in _FURTHER_THINGS


def names_first_a_thing(one: str) -> bool:
    """Whether the plainest sense of a stem is a thing that can be touched: a "stand" is, and to "stand" more often."""
    return lexicon().kind(one) in _THING_KINDS or one in _FURTHER_THINGS


def is_verb_of_a_thing(said: Sequence[Token], index: int) -> bool:
    """Whether a name of a thing is a verb at its place, as "matches" in "one cricket matches the other"."""
    around = said[max(0, index - 1) : index + 2]
    if len(around) < 3 or not said[index].text.endswith("s") or not is_thing(said[index].stem):
        return False
    before, after = around[0].text.lower(), around[2].text.lower()
    return before not in FUNCTION_WORDS and after in _DETERMINERS


def is_person(one: str) -> bool:
    """Whether a stem names somebody or a group, and no thing as well."""
    return lexicon().kind(one) in {"person", "group"} and not is_thing(one)


def is_animal(one: str) -> bool:
    """Whether a stem names an animal, and no thing that captions mean by it: a "bat" strikes."""
    return lexicon().kind(one) == "animal" and one not in _FURTHER_THINGS


def is_eaten(one: str) -> bool:
    """Whether a stem names food, or a plant that may be cut or eaten."""
    return lexicon().kind(one) in {"food", "plant"} and one not in _FURTHER_THINGS


def is_tool(one: str) -> bool:
    """Whether a stem names what is worked with: an axe, a knife."""
    return one in _TOOLS or not lexicon().wider(one).isdisjoint(_TOOLS)


def is_place(one: str) -> bool:
    """Whether a stem names a place."""
    return one in _places()


def is_such_an_animal(one: str, heard: frozenset[str]) -> bool:
    """Whether only the kind of an animal is heard: a bird may be a woodpecker, but a dog is no Samoyed by ear."""
    return is_animal(one) and not heard.isdisjoint(_BROAD_ANIMALS & (lexicon().wider(one) | stems("animal")))


@lru_cache(maxsize=CLIPS_AT_HAND)
def revealed_stems(heard: frozenset[str]) -> frozenset[str]:
    """Return the stems for the spaces and people that sounds tell of: a hall by its echo, a smith by an anvil."""
    places = (one for sounds, one in _REVEALED if not heard.isdisjoint(sounds))
    people = (one for blocks, one in _AT_WORK if not any(map(heard.isdisjoint, blocks)))
    return frozenset[str]().union(*places, *people)


@cache
def voiced_stems() -> frozenset[str]:
    """Return the stems of what beings and instruments do, but of nothing that things do as well."""
    beings = (sound_stems(label) for label in known_labels() if sound_name(label).group in _OF_BEINGS)
    return frozenset[str]().union(*beings) - _OF_THINGS


@cache
def spoken_stems() -> frozenset[str]:
    """Return the stems of what people alone do: no saw talks, though it may sing or groan."""
    speech = (sound_stems(label) for label in known_labels() if sound_name(label).group == "speech")
    return frozenset[str]().union(*speech) - _OF_THINGS


@cache
def _places() -> frozenset[str]:
    return (lexicon().places | stems(raw()["further_places"])) - stems(raw()["not_places"])


@cache
def _sounds() -> frozenset[str]:
    return frozenset(one for one, kind in lexicon().kinds.items() if kind == "acoustic") | lexicon().sounding


@cache
def _sounds_of_things() -> frozenset[str]:
    plain = frozenset(one for one in _sounds() if lexicon().kind(one) not in _NO_SOUND_KINDS)
    return plain - voiced_stems() - _ALSO_THINGS


@cache
def _plain_voices() -> frozenset[str]:
    """Return the stems of what is done with the voice, and of nothing else."""
    voices = frozenset(
        one for one in voiced_stems() & _sounds() if not is_thing(one) and lexicon().kind(one) != "animal"
    )
    return (voices | stems(raw()["voicing"])) - _ALSO_THINGS
