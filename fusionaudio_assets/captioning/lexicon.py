"""What grounding knows of words: their kinds, wider names and what can make which sound.

`lexicon.txt` is made out of WordNet and the AudioSet ontology by `benchmarks/lexicon.py`; `grounding.yaml` corrects it
by hand. Everything is looked up by stem.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from fusionaudio_assets.captioning.named import telling_words
from fusionaudio_assets.captioning.words import stem

_SECTION = re.compile(r"^\[(?P<name>\w+)(?: (?P<kind>\w+))?\]$")
_INSTRUMENT, _MUSIC = stem("instrument"), stem("music")
INSTRUMENT = "instrument"
"""The kind of instruments and genres: what one piece of music is told from another by."""
ABSTRACT = "abstract"
"""The kind of words that name nothing to be seen or touched, and of words that nobody knows."""


@dataclass(frozen=True)
class AgentRule:
    """Who can make sounds of these verbs: things of these kinds, and some more by name."""

    verbs: frozenset[str]
    kinds: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class Opposites:
    """Words that cannot both be true of one thing: a man's voice and a woman's, slow music and fast."""

    ones: frozenset[str]
    others: frozenset[str]


@dataclass(frozen=True)
class Lexicon:
    """Look-ups by stem.

    Attributes:
        kinds: What a word names: ``"animal"``, ``"music"``, ``"vehicle"``, ``"action"``, ``"quality"`` ...
        wider_names: Synonyms and wider names, ``"car"``: ``{"automobil", "vehicl"}``.
        sounding: Words that name a sound or how one is made.
        places: Words that name a place: a room, a building, a road, a piece of land or water.
        things: Words that may name a thing that can be touched, though their most frequent sense is another.
        classes: In how many sound classes' names and descriptions a word stands.
        measures: Words of degree, order and place that claim no source.
        agents: Who can make which sound.
        opposites: What cannot both be true of one thing, each pair both ways round.
    """

    kinds: dict[str, str]
    wider_names: dict[str, frozenset[str]]
    sounding: frozenset[str]
    places: frozenset[str]
    things: frozenset[str]
    classes: dict[str, int]
    measures: frozenset[str]
    agents: tuple[AgentRule, ...]
    opposites: tuple[Opposites, ...]

    def knows(self, one: str) -> bool:
        """Whether a stem is that of a common English word, or one for sounds; names of people and brands are not."""
        return any(one in known for known in (self.kinds, self.wider_names, self.classes, self.sounding, self.measures))

    def kind(self, one: str) -> str:
        """Return the kind of a stem."""
        return self.kinds.get(one, ABSTRACT)

    def wider(self, one: str) -> frozenset[str]:
        """Return the synonyms and wider names of a stem."""
        return self.wider_names.get(one, frozenset())

    def rule(self, verb: str) -> AgentRule | None:
        """Return who can do what a stem says, None when anything might."""
        return next((rule for rule in self.agents if verb in rule.verbs), None)


@cache
def lexicon() -> Lexicon:
    """Return the lexicon."""
    by_hand: dict[str, Any] = yaml.safe_load(_text("grounding.yaml"))
    made = {name: list(lines) for name, lines in _sections(_text("lexicon.txt"))}
    kinds: dict[str, str] = {}
    for name, lines in made.items():
        if name.startswith("kind "):
            # The plainest word of a stem decides: "engine" before "engineer".
            for word in sorted(" ".join(lines).split(), key=len):
                kinds.setdefault(stem(word), name.removeprefix("kind "))
    for kind, words in by_hand["kinds"].items():
        kinds.update(dict.fromkeys(_stems(words), kind))
    wider: dict[str, frozenset[str]] = {}
    for line in made["wider"]:
        word, _, names = line.partition(":")
        wider.setdefault(stem(word), _stems(names))
    wider |= {stem(word): _stems(names) for word, names in by_hand["wider"].items()}
    for one in _stems(telling_words()):
        kinds[one] = INSTRUMENT
        wider[one] = wider.get(one, frozenset()) | {_MUSIC}
    kinds |= {one: INSTRUMENT for one, kind in kinds.items() if kind == "music" and _INSTRUMENT in wider.get(one, ())}
    calls = frozenset[str]().union(*(_stems(rule["verbs"]) for rule in by_hand["agents"]))
    return Lexicon(
        kinds=kinds,
        wider_names=wider,
        sounding=_stems(" ".join(made["sounding"])) | _stems(by_hand["kinds"]["acoustic"]) | calls,
        places=_stems(" ".join(made["places"])),
        things=_stems(" ".join(made["things"])),
        classes={
            one: int(count) for one, _, count in (cell.partition("=") for cell in " ".join(made["familiar"]).split())
        },
        measures=_stems(by_hand["measures"]),
        agents=tuple(
            AgentRule(_stems(rule["verbs"]), frozenset(rule["kinds"].split()), _stems(rule["of"]))
            for rule in by_hand["agents"]
        ),
        opposites=tuple(
            Opposites(_stems(ones), _stems(others))
            for pair in by_hand["opposites"]
            for ones, others in (pair, pair[::-1])
        ),
    )


def _text(name: str) -> str:
    return files("fusionaudio_assets.captioning").joinpath(name).read_text(encoding="utf-8")


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    name, lines = "", list[str]()
    for line in text.splitlines():
        if match := _SECTION.match(line):
            if name:
                yield name, lines
            name, lines = " ".join(filter(None, match.groups())), []
        elif not line.startswith("#"):
            lines.append(line)
    yield name, lines


def _stems(words: str | Iterable[str]) -> frozenset[str]:
    listed = words.split() if isinstance(words, str) else words
    return frozenset(map(stem, listed))
