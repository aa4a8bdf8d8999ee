"""How sounds relate to each other by ear: the tables of `relations.yaml`, typed."""

from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

LABELS_KEPT = 4096
"""Labels of which it is kept what the tables say. There are 632 classes; names of other vocabularies have no end."""


@dataclass(frozen=True)
class Together:
    """Two sounds of one event and how they are said as one."""

    labels: frozenset[str]
    noun: str
    clause: str


@dataclass(frozen=True)
class Part:
    """A part of what makes a sound, how it is said, and how it is said after its owner was."""

    owner: str
    said: str
    own: str


@lru_cache(maxsize=LABELS_KEPT)
def covers(label: str) -> frozenset[str]:
    """Return the vaguer names under which the same sound is often tagged."""
    return frozenset(_raw()["covers"].get(label, ()))


@lru_cache(maxsize=LABELS_KEPT)
def confused_with(label: str) -> tuple[str, ...]:
    """Return what a listener could take the sound for."""
    return tuple(_raw()["confused"].get(label, ()))


@lru_cache(maxsize=LABELS_KEPT)
def sharpening_groups(label: str) -> frozenset[str]:
    """Return the groups in which a picture may find the source of a generic sound; empty for others."""
    return frozenset(_raw()["sharpened_by_sight"].get(label, ()))


@cache
def together() -> tuple[Together, ...]:
    """Return the pairs that are said as one."""
    return tuple(Together(frozenset(labels), noun, clause) for labels, noun, clause in _raw()["together"])


@cache
def parts() -> tuple[Part, ...]:
    """Return the parts that are called "its" after their owner."""
    return tuple(Part(*words) for words in _raw()["parts"])


@lru_cache(maxsize=LABELS_KEPT)
def stands_out(label: str) -> bool:
    """Whether the sound is no background, though its kind mostly is: a horn among vehicles, thunder in the weather."""
    return label in _raw()["stands_out"]


@lru_cache(maxsize=LABELS_KEPT)
def names_its_music(instrument: str) -> bool:
    """Whether music is called after the one instrument that plays it: "sad piano music"."""
    return instrument in _raw()["names_its_music"].split()


@lru_cache(maxsize=LABELS_KEPT)
def narrower_instruments(family: str) -> frozenset[str]:
    """Return the instruments beside which the name of their family adds nothing; empty for what is none."""
    return frozenset(_raw()["instrument_families"].get(family, ()))


@lru_cache(maxsize=LABELS_KEPT)
def names_voices(instrument: str) -> bool:
    """Whether a describer's "instrument" is a voice."""
    return bool(set(instrument.split()) & set(_raw()["voices"].split()))


@lru_cache(maxsize=LABELS_KEPT)
def opposite_moods(mood: str) -> frozenset[str]:
    """Return the characters that music of this one does not have."""
    return frozenset(one for pair in _raw()["opposite_moods"] if mood in pair for one in pair) - {mood}


@lru_cache(maxsize=LABELS_KEPT)
def proper_form(word: str) -> str:
    """Write a word of music as it is said: "indian" as "Indian", "soundtrack" as "cinematic"."""
    return str(_raw()["proper"].get(word, word))


@cache
def _raw() -> dict[str, Any]:
    text = files("fusionaudio_assets.captioning").joinpath("relations.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    return raw
