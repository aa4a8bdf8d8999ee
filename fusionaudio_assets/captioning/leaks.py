"""Does a caption tell what was seen, or what was said?

A first, plain detector. What some audible cue supports is never a leak: "an orange juice advert" is one only where
nobody tagged or described it by ear.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.vocabulary import audible_stems
from fusionaudio_assets.captioning.words import (
    FUNCTION_WORDS,
    NEUTRAL_STEMS,
    Token,
    content_stems,
    stem,
    tokens,
    word_lists,
)

_SHARED_RUN = 3
_LOOK_STEMS = {kind: frozenset(map(stem, listed.split())) for kind, listed in word_lists()["looks"].items()}
_SONIC = frozenset(map(stem, word_lists()["sonic"].split()))
_TIMBRE_COLOURS = frozenset(map(stem, word_lists()["timbre_colours"].split()))
_NUMBERS = frozenset(word_lists()["numbers"].split())
_QUOTE = re.compile(r"[\"“”«»]([^\"“”«»]{2,})[\"“”«»]|(?<!\w)[‘'](\w[^'’]*\s[^'’]*)[’'](?!\w)")
_REPORT = re.compile(
    r"\b(?:(?:says?|said|saying|explain(?:s|ing)?|mention(?:s|ing)?|announc(?:es?|ing)|claim(?:s|ing)?|stat(?:es|ing)"
    r"|ask(?:s|ing))\s+(?:that|how|why|whether|what|about)|(?:talk(?:s|ing)?|speak(?:s|ing)?|discuss(?:es|ing)?)\s+about"
    r"|discuss(?:es|ing)\s+\w+)\b",
    re.IGNORECASE,
)
_SITE = re.compile(r"\b(?:https?://\S+|www\.\S+|\w+\.(?:com|org|net|edu|gov|io|co|tv)|\w+ dot com)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Leak:
    """What leaked, its place ``[start, end)`` in the caption, and why it is one."""

    kind: Literal["visual", "speech"]
    text: str
    start: int
    end: int
    reason: str


def find_leaks(caption: str, cues: Cues) -> list[Leak]:
    """Find what a caption takes from the pictures or from the words spoken, in order of place."""
    heard = audible_stems(cues)
    words = tokens(caption)
    found = [*_visual(words, cues, heard), *_reported(caption, heard), *_spoken(caption, words, cues, heard)]
    unique = {(leak.kind, leak.start, leak.end): leak for leak in found}
    return sorted(unique.values(), key=lambda leak: (leak.start, leak.end, leak.kind))


def _visual(words: Sequence[Token], cues: Cues, heard: frozenset[str]) -> Iterator[Leak]:
    seen = content_stems(" ".join((*cues.visual.labels, cues.visual.description))) if cues.visual else frozenset()
    for index, token in enumerate(words):
        if token.stem in heard or token.text.lower() in FUNCTION_WORDS:
            continue
        after = {follower.stem for follower in words[index + 1 : index + 3]}
        if token.stem in NEUTRAL_STEMS or (token.stem in _TIMBRE_COLOURS and after & _SONIC):  # "white noise"
            continue
        look = next((kind for kind, listed in _LOOK_STEMS.items() if token.stem in listed), None)
        if look or token.stem in seen:
            reason = f"{look} cannot be heard" if look else "only the pictures show it"
            yield Leak("visual", token.text, token.start, token.end, reason)


def _reported(caption: str, heard: frozenset[str]) -> Iterator[Leak]:
    """Find quotes, reported speech and addresses, with or without a transcript."""
    for pattern, reason in (
        (_QUOTE, "it quotes speech"),
        (_REPORT, "it reports what is said"),
        (_SITE, "it names an address"),
    ):
        for match in pattern.finditer(caption):
            if not content_stems(match[0]) <= heard:
                yield Leak("speech", match[0], match.start(), match.end(), reason)


def _spoken(caption: str, words: Sequence[Token], cues: Cues, heard: frozenset[str]) -> Iterator[Leak]:
    """Find runs, names and numbers that the transcript has too, unless all their words are supported by ear."""
    if cues.speech is None or not cues.speech.text:
        return
    said = tokens(cues.speech.text)
    free = heard | NEUTRAL_STEMS
    said_runs = {tuple(t.stem for t in said[i : i + _SHARED_RUN]) for i in range(len(said) - _SHARED_RUN + 1)}
    for i in range(len(words) - _SHARED_RUN + 1):
        run = words[i : i + _SHARED_RUN]
        own = [token for token in run if token.text.lower() not in FUNCTION_WORDS and token.stem not in free]
        if own and tuple(token.stem for token in run) in said_runs:
            start, end = run[0].start, run[-1].end
            yield Leak("speech", caption[start:end], start, end, "the transcript has the same words")
    names = {token.stem for token in said[1:] if token.text[0].isupper() and token.text != "I"}
    numbers = {token.stem for token in said if _is_number(token)}
    for token in words:
        if token.stem in free or token.text.lower() in FUNCTION_WORDS:
            continue
        if token.text[0].isupper() and token.start > 0 and token.stem in names:
            yield Leak("speech", token.text, token.start, token.end, "the transcript names it")
        elif _is_number(token) and token.stem in numbers:
            yield Leak("speech", token.text, token.start, token.end, "the transcript has the number")


def _is_number(token: Token) -> bool:
    return token.text[0].isdigit() or token.text.lower() in _NUMBERS
