"""Words of captions: tokens with their places, stems, and the words that claim nothing.

Two lists decide what a claim is. *Function words* separate claims. *Neutral words* tell when, how often and in what
order something is heard, or that it is heard at all; they need no support of their own. Every other word is a claim.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import snowballstemmer
import yaml


@cache
def word_lists() -> dict[str, Any]:
    """Return the lists of `word_lists.yaml`: words in one string each, or tables of them."""
    text = files("fusionaudio_assets.captioning").joinpath("word_lists.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    return raw


NOTHING = "(?!)"
"""A pattern that matches nowhere."""
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)*")
_BREAK = re.compile(r"[.,;:!?…()\[\]<>|*\"“”—–\n\r\u2028\u2029]")
_stemmer = snowballstemmer.stemmer("english")

_IRREGULAR: dict[str, str] = word_lists()["irregular"]
FUNCTION_WORDS = frozenset(word_lists()["function"].split())
"""Words that separate claims."""


class Token(NamedTuple):
    """A word or number of a text, with its place ``[start, end)`` in characters and its stem."""

    text: str
    start: int
    end: int
    stem: str


@lru_cache(maxsize=2**16)  # transcripts of all languages pass through here: their words have no end
def stem(word: str) -> str:
    """Reduce a word to what its inflections share: ``"barking"``, ``"barks"`` and ``"Bark"`` are one."""
    plain = word.lower().replace("’", "'").removesuffix("'s")
    plain = _IRREGULAR.get(plain, plain)
    return str(_stemmer.stemWord(plain))


NEUTRAL_STEMS = frozenset(stem(word) for word in word_lists()["neutral"].split())
"""Stems of words that need no support."""


@lru_cache(maxsize=64)  # every check of a caption wants its words; few, since a text may be as long as a book
def tokens(text: str) -> tuple[Token, ...]:
    """Split a text into words and numbers."""
    return tuple(Token(m[0], m.start(), m.end(), stem(m[0])) for m in _TOKEN.finditer(text))


def content_words(text: str) -> frozenset[str]:
    """Return a text's words in lower case, without function words."""
    return frozenset(token.text.lower() for token in tokens(text)) - FUNCTION_WORDS


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of a text's words, without function words."""
    return frozenset(map(stem, content_words(text)))


def any_of(phrases: Iterable[str], text: str, after: Iterable[str] = ("",)) -> str:
    """Return a pattern for those of some phrases that stand in a text after one of some others.

    A pattern of all that a clip's sounds are called takes far longer to compile than to use.
    """
    small, led_by = text.lower(), [one.lower() for one in after if one.lower() in text.lower()]
    told = [phrase for phrase in phrases if any(f"{one}{phrase.lower()}" in small for one in led_by)]
    return "|".join(map(re.escape, told)) or NOTHING


def claim_runs(text: str) -> list[list[Token]]:
    """Return the runs of claiming words: unbroken by function words and punctuation, neutral words left out.

    ``"A dog barks twice while rain falls."`` gives ``[dog, barks]`` and ``[rain, falls]``.
    """
    runs: list[list[Token]] = [[]]
    last_end = 0
    for token in tokens(text):
        if token.text.lower() in FUNCTION_WORDS or _BREAK.search(text, last_end, token.start):
            runs.append([])
        if token.text.lower() not in FUNCTION_WORDS and token.stem not in NEUTRAL_STEMS:
            runs[-1].append(token)
        last_end = token.end
    return [run for run in runs if run]
