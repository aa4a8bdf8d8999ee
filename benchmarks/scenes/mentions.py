"""Which sounds a caption names, read apart from the pipeline.

The pipeline writes from its own wordings and supports its claims by them. Here neither is used: words are matched, by
stem, with the display names of the whole AudioSet ontology and a lexicon of this package, the longest phrase first.
What neither knows is handed back as unread, so that a new model's vocabulary is not passed over in silence.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import snowballstemmer
import yaml

from benchmarks.scenes.bank import HERE
from resources.ontology import Ontology

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[.,;:!?]")
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_MOST_WORDS = 5
_stemmer = snowballstemmer.stemmer("english")


@dataclass(frozen=True)
class Claim:
    """A stretch of a caption, between two connecting words, that names sounds or says something unread.

    Attributes:
        text: Its words.
        joined: The connecting words and punctuation before it.
        mentions: For each phrase that names a sound, the AudioSet classes that it can mean.
        unread: Words that neither ontology nor lexicon knows.
    """

    text: str
    joined: tuple[str, ...]
    mentions: tuple[frozenset[str], ...]
    unread: tuple[str, ...]


@cache
def lexicon() -> dict[str, Any]:
    """`lexicon.yaml`."""
    told: dict[str, Any] = yaml.safe_load((HERE / "lexicon.yaml").read_text(encoding="utf-8"))
    return told


def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's words."""
    return tuple(_stemmer.stemWords(re.findall(r"[a-z]+", text.lower().replace("'s", ""))))


class Reader:
    """Reads captions with the words of an ontology."""

    def __init__(self, ontology: Ontology) -> None:
        told = lexicon()
        self._phrases: dict[tuple[str, ...], frozenset[str]] = {}
        never = {stems(phrase) for phrase in told["never"]}
        for name in ontology.names:
            for phrase in {_BRACKETS.sub("", name), *_BRACKETS.sub("", name).split(", ")}:
                if phrase != "etc." and (words := stems(phrase)) not in never:
                    self._add(words, {name})
        own: dict[tuple[str, ...], set[str]] = {}
        for phrase, classes in told["phrases"].items():
            if unknown := [one for one in classes if one not in ontology]:
                raise ValueError(f"lexicon.yaml, {phrase}: no AudioSet class is called {unknown[0]!r}.")
            own.setdefault(stems(phrase), set()).update(classes)
        for words, classes in own.items():
            self._add(words, classes)
        self._unsaid = frozenset(stems(told["unsaid"]))
        self._breaks = {word for words in told["pieces"].values() for word in words} | set(".,;:!?")
        self._absent = frozenset(told["pieces"]["absent"])
        self._counted = {stems(word) for word in told["counted"]}
        self._counts = frozenset(told["counts"].split())

    def _add(self, words: tuple[str, ...], classes: set[str]) -> None:
        self._phrases[words] = self._phrases.get(words, frozenset()) | classes

    def read(self, caption: str) -> list[Claim]:
        """Return what a caption claims, in its order; what it says is absent is no claim."""
        claims: list[Claim] = []
        joined: list[str] = []
        words: list[str] = []
        listed: list[str] = []
        for token in [*_TOKEN.findall(caption.lower()), "."]:
            if token not in self._breaks:
                words.append(token)
                continue
            if words and (claim := self._claim(words, tuple(joined), listed)):
                claims.append(claim)
                joined = []
            joined.append(token)
            listed = [*listed, *words] if token == "," else []  # "a short, low tone" has its article before the comma
            words = []
        return claims

    def _claim(self, words: list[str], joined: tuple[str, ...], listed: list[str]) -> Claim | None:
        if joined and joined[-1] in self._absent:
            return None
        plain = [word.removesuffix("'s") for word in words]
        roots = _stemmer.stemWords(plain)
        mentions, unread, at = [], [], 0
        while at < len(roots):
            for size in range(min(_MOST_WORDS, len(roots) - at), 0, -1):
                phrase = tuple(roots[at : at + size])
                if phrase in self._counted and self._counts & {*listed, *plain[:at]}:
                    at += 1
                    break
                if found := self._phrases.get(phrase):
                    mentions.append(found)
                    if size > 1 and phrase[-1] == "music":  # "jazz music" is music, whatever the genre
                        mentions.append(frozenset({"Music"}))
                    at += size
                    break
            else:
                if roots[at] not in self._unsaid:
                    unread.append(plain[at])
                at += 1
        if not mentions and not unread:
            return None
        return Claim(" ".join(words), joined, tuple(mentions), tuple(unread))
