"""Which instruments, emotions and genres a caption names, in its own words: figures for a report, no judgement."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from resources.sound_names import bare, known_labels, sound_name

KINDS = ("instruments", "emotions", "genres")


@dataclass(frozen=True)
class Named:
    """The different instruments, emotions and genres of a caption, in order of the alphabet."""

    instruments: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()


def named(caption: str) -> Named:
    """Find what a caption names: ``"calm jazz with piano and drums"`` has two instruments, one emotion and one genre.

    An instrument that a longer name holds counts once, and a plural as its singular. Words such as "rock" are genres
    only where a word for music follows.
    """
    text = caption.lower()
    found = {kind: {_singular(match[0]) for match in _patterns()[kind].finditer(text)} for kind in KINDS}
    found["genres"] |= {match[0] for match in _patterns()["genres_before_music"].finditer(text)}
    return Named(**{kind: tuple(sorted(words)) for kind, words in found.items()})


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    raw = _lists()
    instruments = {*_listed(raw["instruments"]), *_of_group("instrument")} - set(_listed(raw["not_instruments"]))
    before = set(_listed(raw["genres_before_music"]))
    genres = {*_listed(raw["genres"]), *_of_group("genre")} - before
    followed = rf"(?=(?:[ ,]+[\w'’-]+){{0,2}}? (?:{'|'.join(raw['music_words'].split())})\b)"
    return {
        "instruments": re.compile(rf"{_any(instruments)}s?\b"),
        "emotions": re.compile(rf"{_any(raw['emotions'].split())}\b"),
        "genres": re.compile(rf"{_any(genres)}\b"),
        "genres_before_music": re.compile(rf"{_any(before)}\b{followed}"),
    }


def _any(words: Iterable[str]) -> str:
    """Match any of the words, the longest first, at the start of a word."""
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, longest_first))})"


def _listed(block: str) -> list[str]:
    return [word.strip() for word in block.split(",")]


@cache
def telling_words() -> frozenset[str]:
    """Return the single words that name an instrument, or a genre and nothing else, in lower case."""
    raw = _lists()
    listed = {*_listed(raw["instruments"]), *_listed(raw["genres"]), *_of_group("instrument")}
    return frozenset(listed - set(_listed(raw["not_instruments"])) - {name for name in listed if " " in name})


@cache
def _lists() -> dict[str, Any]:
    text = files("fusionaudio_assets.captioning").joinpath("named.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    return raw


def _of_group(group: str) -> set[str]:
    names = (sound_name(label) for label in known_labels())
    return {bare(noun).lower() for name in names if name.group == group for noun in name.nouns}


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "brass", "bass")) else word
