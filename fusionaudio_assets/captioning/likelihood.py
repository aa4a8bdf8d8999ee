"""How likely it is that a word of a caption tells of the same clip as the cues, though none of them entails it.

Cues are never complete: a listener who wrote "a tap drips" may well have meant what the cues call trickling water. A
logistic model over a few features that people can read says how well a word fits: is it a synonym, a narrower or a
related name of something in the cues, how near are they as embeddings, does it name a sound, or a source of some kind?
`grounding_weights.yaml` holds its coefficients and how they were fitted. An agent that cannot make the sound is refused
by rule, not by likelihood.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from fusionaudio_assets.captioning.lexicon import INSTRUMENT, lexicon
from fusionaudio_assets.captioning.vocabulary import Source
from fusionaudio_assets.captioning.words import Token, stem

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Turns texts into vectors of length 1, ``(texts, dimensions) float32``."""

FEATURES = (
    *("entailed", "narrower", "related", "nearness", "familiar", "kind_in_cues"),
    *("thing_before_known", "other_before_known"),
    *(
        "is_animal",
        "is_imaginary",
        "is_person",
        "is_group",
        "is_music",
        "is_instrument",
        "is_vehicle",
        "is_food",
        "is_plant",
    ),
    *("is_place", "is_nature", "is_weather", "is_phenomenon", "is_body", "is_substance", "is_artifact"),
    *("is_communication", "is_acoustic", "is_action", "is_quality"),
)
"""Names of the features, each in [0, 1] but `nearness`, a cosine."""

_NO_AGENT = frozenset({"action", "quality", "acoustic", "abstract", "communication", "body", "group"})
CONTRADICTED = 0.4
"""The most support that is left to what a cue says the opposite of: listeners do differ."""
_ANY_ANIMAL = stem("animal")
_MOST_CACHED = 200_000


@dataclass(frozen=True)
class Weights:
    """Coefficients of the logistic model of *un*likeliness, and the support from which a claim is taken."""

    bias: float
    coefficients: NDArray[np.float64]
    threshold: float


@cache
def weights() -> Weights:
    """Return the coefficients of `grounding_weights.yaml`."""
    text = files("fusionaudio_assets.captioning").joinpath("grounding_weights.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    return Weights(raw["bias"], np.array([raw["coefficients"][name] for name in FEATURES]), raw["threshold"])


class Likelihood:
    """Judges words by what the cues say. Keeps the vectors of words that it met; shared by all captions of a run."""

    def __init__(self, embed: Embed, fitted: "Weights | None" = None) -> None:
        self.weights = fitted or weights()
        self._embed = embed
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def terms(self, known: Sequence[Source]) -> "Terms":
        """Prepare the words of all cues of a clip."""
        told = [source for source in known if source.words]
        surfaces = {stem(word): word for source in told for word in sorted(source.words)}
        return Terms(surfaces, self.vectors(list(surfaces.values())), told)

    def vectors(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of single words, ``(words, dimensions)``."""
        missing = sorted({word for word in words if word not in self._vectors})
        if missing:
            if len(self._vectors) > _MOST_CACHED:
                self._vectors.clear()
                missing = sorted(set(words))
            self._vectors.update(zip(missing, self._embed(missing), strict=True))
        return np.stack([self._vectors[word] for word in words]) if words else np.zeros((0, 1), np.float32)

    def features(self, run: Sequence[Token], index: int, terms: "Terms") -> NDArray[np.float64]:
        """Return the features of one word of a run, in the order of `FEATURES`."""
        words, token = lexicon(), run[index]
        own, wider = token.stem, words.wider(token.stem)
        kind = words.kind(own)
        cues = terms.surfaces.keys()
        nearness = self.nearness(token, terms)
        entailed, narrower = own in terms.wider, bool(wider & cues) and not terms.has_sibling(own)
        # A banjo is like a guitar, and who heard a guitar heard no banjo: among instruments likeness is no evidence.
        alike = entailed or narrower or kind != INSTRUMENT
        # "A forklift vehicle" tells of one thing, "a kangaroo engine" puts another into its place.
        known_next = index + 1 < len(run) and run[index + 1].stem in cues - wider
        values = {
            "entailed": entailed,
            "narrower": narrower,
            "related": alike * max((len(wider & one) / len(wider | one) for one in terms.wider_of_each), default=0.0),
            "nearness": alike * float(nearness.max(initial=0.0)),
            "familiar": min(math.log1p(words.classes.get(own, 0)), 3.0) / 3,
            "kind_in_cues": alike and kind in terms.kinds,
            "thing_before_known": known_next and kind not in _NO_AGENT,
            "other_before_known": known_next and kind in _NO_AGENT,
            f"is_{kind}": True,
        }
        return np.array([float(values.get(name, 0.0)) for name in FEATURES])

    def nearness(self, token: Token, terms: "Terms") -> NDArray[np.float32]:
        """Return the cosine between a word and each word of the cues."""
        if not terms.surfaces:
            return np.zeros(0, np.float32)
        cosines: NDArray[np.float32] = terms.vectors @ self.vectors([token.text.lower()])[0]
        return cosines

    def nearness_to_each(self, run: Sequence[Token], terms: "Terms") -> NDArray[np.float32]:
        """Return how near each word of a run is to each cue, ``(cues, words)``.

        It is 1 for a word that the cue has, or has a narrower name of; else the best cosine to a word of it.
        """
        cosines = np.stack([self.nearness(token, terms) for token in run], axis=1)
        near = np.stack([cosines[rows].max(axis=0) for rows in terms.rows])
        near[[[token.stem in source.wider_stems for token in run] for source in terms.known]] = 1
        return near

    def nearest(self, run: Sequence[Token], terms: "Terms") -> tuple[str, ...]:
        """Return the cue whose words come nearest to those of a run, and each that has a word which that one lacks."""
        if not terms.known:
            return ()
        near = self.nearness_to_each(run, terms)
        first = int(near.mean(axis=1).argmax())
        others = [int(column.argmax()) for column in near.T if column[first] < 1 <= column.max()]
        return tuple(dict.fromkeys(terms.known[index].cue for index in (first, *others)))

    def support(self, run: Sequence[Token], terms: "Terms") -> float:
        """Return how well the cues bear out a run, in [0, 1]: as its weakest word."""
        said = frozenset(token.stem for token in run)
        return min(self._support(run, index, said, terms) for index in range(len(run)))

    def _support(self, run: Sequence[Token], index: int, said: frozenset[str], terms: "Terms") -> float:
        """Return how well the cues bear out one word of a run of the stems `said`."""
        if wrong_agent(run, index):
            return 0.0
        most = CONTRADICTED if terms.contradict(run[index].stem, said) else 1.0
        if not needs_judging(run[index], terms):
            return most
        features = self.features(run, index, terms)
        return most / (1 + math.exp(self.weights.bias + float(self.weights.coefficients @ features)))


class Terms:
    """The words of all cues of one clip, by stem, with what the lexicon says of them."""

    def __init__(self, surfaces: dict[str, str], vectors: NDArray[np.float32], known: Sequence[Source]) -> None:
        words = lexicon()
        self.surfaces = surfaces
        self.vectors = vectors
        self.known = known
        self.wider_of_each = [names for one in surfaces if (names := words.wider(one))]
        self.wider = frozenset[str]().union(*self.wider_of_each)
        self.kinds = {words.kind(one) for one in surfaces}

    def has_sibling(self, own: str) -> bool:
        """Whether the cues name another instrument instead: a guitar for a banjo, under a wider name of both."""
        words = lexicon()
        kind, wider = words.kind(own), words.wider(own)
        return kind == INSTRUMENT and any(
            words.kind(one) == kind and one not in wider and words.wider(one) & wider for one in self.surfaces
        )

    def contradict(self, own: str, said: frozenset[str]) -> bool:
        """Whether a cue says the opposite of the same thing and none says as much: "a woman talks" of a man talking.

        Args:
            own: The stem of a word.
            said: Those of its run.
        """
        for pair in lexicon().opposites:
            if own in pair.ones and not pair.ones & self.surfaces.keys():
                rest = said - {own}
                told = [source for source in self.known if pair.others & source.stems]
                return any(rest & source.wider_stems for source in told) or (bool(told) and not rest)
        return False

    @cached_property
    def rows(self) -> list[list[int]]:
        """Of each cue where its words stand among the vectors."""
        place = {one: index for index, one in enumerate(self.surfaces)}
        return [[place[one] for one in sorted(source.stems)] for source in self.known]


def needs_judging(token: Token, terms: Terms) -> bool:
    """Whether a word claims what the cues do not say in the same word."""
    return token.stem not in lexicon().measures and token.stem not in terms.surfaces


def wrong_agent(run: Sequence[Token], index: int) -> bool:
    """Whether the word names a thing that cannot make the sound that the run says it makes: "a turkey speaks"."""
    words, token = lexicon(), run[index]
    kind = words.kind(token.stem)
    if kind in _NO_AGENT or token.stem in words.sounding:
        return False
    verbs = [*run[:1]] if index == 1 else []  # "a speaking turkey"
    for other in run[index + 1 :]:
        verbs.append(other)
        if words.kind(other.stem) not in _NO_AGENT and other.stem not in words.sounding:
            break  # what follows is said of another thing: "train horn blows"
    rules = [rule for verb in verbs if (rule := words.rule(verb.stem))]
    names = {token.stem} | (words.wider(token.stem) - {_ANY_ANIMAL})
    return any(kind not in rule.kinds and not names & rule.names for rule in rules)
