"""A caption against the truth of its scene: what it names rightly and wrongly, in which order, and what it leaks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from benchmarks.scenes.compose import AUDIBLE_DB, Event, Truth
from benchmarks.scenes.mentions import Claim, Reader, lexicon, stems
from resources.ontology import Ontology

SILENCE, SPACE, SUNG = "Silence", "Acoustic environment", ("Singing", "Vocal music")
_SLACK_S, _LATER_S = 0.2, 1.0
_HUSHED_S = 1.0
"""Least time without an audible source at the end of a clip of which a caption says that it goes quiet."""

_QUOTED_WORDS = 3
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Verdict(StrEnum):
    """On one claim."""

    RIGHT = "right"
    WRONG = "wrong"
    OPEN = "open"


class Order(StrEnum):
    """How a caption tells two sounds of which one ends before the other begins, or which overlap."""

    RIGHT = "right"
    WRONG = "wrong"
    UNTOLD = "untold"


@dataclass(frozen=True)
class Judged:
    """One caption, judged.

    Attributes:
        claims: Each with the verdict on it; those that name no sound are left out.
        named: Names of the sources that it names.
        order: For each pair of sources that it names apart.
        lengths: Seconds that it tells a sound to last, and whether a source does.
        leaks: Words of the picture, or of the transcript, that no audible source allows.
        unread: Words that the reader does not know.
    """

    claims: tuple[tuple[str, Verdict], ...]
    named: frozenset[str]
    order: tuple[tuple[str, str, Order], ...]
    lengths: tuple[tuple[int, bool], ...]
    leaks: tuple[str, ...]
    unread: tuple[str, ...]


class Judge:
    """Judges captions by the classes of an ontology."""

    def __init__(self, ontology: Ontology) -> None:
        self.ontology = ontology
        self.reader = Reader(ontology)
        self._sung = frozenset(SUNG).union(*(ontology.descendants(name) for name in SUNG))
        self._spaces = ontology.descendants(SPACE) | {SPACE}

    def judge(self, caption: str, truth: Truth) -> Judged:
        """Judge one caption; an empty one claims nothing."""
        read = self.reader.read(caption)
        claims = [claim for claim in read if claim.mentions]
        verdicts = [(claim.text, self.verdict(claim, truth)) for claim in claims]
        places = {event.source: self._place(event, claims) for event in reversed(truth.events)}
        named = frozenset(source for source, place in places.items() if place is not None)
        order = [
            (first.source, second.source, told)
            for first, second in combinations(sorted(truth.events, key=lambda event: event.onset_s), 2)
            if (told := _order(first, second, places, claims)) is not None
        ]
        unread = tuple(word for claim in read for word in claim.unread)
        return Judged(
            tuple(verdicts), named, tuple(order), _lengths(caption, truth), self.leaks(caption, truth), unread
        )

    def verdict(self, claim: Claim, truth: Truth) -> Verdict:
        """Wrong if anything in it is, right if anything else is, open if the truth cannot tell."""
        found = {self._of_mention(mention, truth, partly=_is_partly(claim)) for mention in claim.mentions}
        return Verdict.WRONG if Verdict.WRONG in found else Verdict.RIGHT if Verdict.RIGHT in found else Verdict.OPEN

    def fits(self, mention: frozenset[str], event: Event) -> bool:
        """Whether one of the classes is a name for the source, or a wider class of it."""
        wider = frozenset[str]().union(*(self.ontology.ancestors(label) for label in event.labels))
        return bool(mention & {*event.labels, *event.accepts, *wider})

    def _of_mention(self, mention: frozenset[str], truth: Truth, *, partly: bool) -> Verdict:
        if any(self.fits(mention, event) for event in truth.events):
            return Verdict.RIGHT
        if SILENCE in mention:
            loud = [event for event in truth.events if event.level_db >= AUDIBLE_DB]
            over_s = max((event.offset_s for event in loud), default=0.0)
            if loud and partly and truth.duration_s - over_s >= _HUSHED_S:
                return Verdict.OPEN
            return Verdict.WRONG if loud else Verdict.RIGHT
        is_open = any(self._is_open(mention, event) for event in truth.events)
        return Verdict.OPEN if is_open or mention & self._spaces else Verdict.WRONG

    def _is_open(self, mention: frozenset[str], event: Event) -> bool:
        """Whether one of the classes belongs to what the truth leaves open about a source: a flute, in music."""
        return any(self.ontology.is_a(name, family) for name in mention - self._sung for family in event.open)

    def _place(self, event: Event, claims: Sequence[Claim]) -> int | None:
        """Index of the first claim that names a source by more than the top of the ontology, or a part of it."""
        wide = set(self.ontology.roots) - set(event.labels) - set(event.accepts)
        fitting = (
            index
            for index, claim in enumerate(claims)
            if any(self.fits(mention - wide, event) or self._is_open(mention, event) for mention in claim.mentions)
        )
        return next(fitting, None)

    def leaks(self, caption: str, truth: Truth) -> tuple[str, ...]:
        """What a caption has from the picture or from the words that are said.

        Words for pictures as such, and those of this picture that are no name of an audible source; three words in a
        row of the transcript, or a figure.
        """
        pictured = {*stems(lexicon()["seen"]), *stems(" ".join(truth.picture_words))}
        words = re.findall(r"[a-z]+", caption.lower())
        found = [word for word in words if stems(word)[0] in pictured and not self._is_heard(word, truth)]
        said = {
            tuple(spoken[at : at + _QUOTED_WORDS])
            for event in truth.events
            if (spoken := event.transcript.split())
            for at in range(len(spoken) - _QUOTED_WORDS + 1)
        }
        quoted = (tuple(words[at : at + _QUOTED_WORDS]) for at in range(len(words) - _QUOTED_WORDS + 1))
        return (*found, *(" ".join(run) for run in quoted if run in said), *re.findall(r"\d+", caption))

    def _is_heard(self, word: str, truth: Truth) -> bool:
        """Whether a word, alone or in the name of a class, stands for an audible source."""
        labels = {label for event in truth.events for label in (*event.labels, *event.accepts)}
        wider = frozenset[str]().union(*(self.ontology.ancestors(label) for label in labels))
        named = {stem for label in labels | wider for stem in stems(label)}
        mentions = [mention for claim in self.reader.read(word) for mention in claim.mentions]
        return stems(word)[0] in named or any(self.fits(one, event) for one in mentions for event in truth.events)


def _lengths(caption: str, truth: Truth) -> tuple[tuple[int, bool], ...]:
    """The seconds that a caption names, each with whether a source sounds about as long without or with its pauses."""
    lengths_s = [
        length_s
        for event in truth.events
        for length_s in (*(end - start for start, end in event.spans), event.offset_s - event.onset_s)
    ]
    told = [_NUMBERS.index(word) + 2 for word in re.findall(rf"\b({'|'.join(_NUMBERS)}) seconds", caption.lower())]
    return tuple((seconds, any(abs(seconds - one) <= max(1.0, seconds / 4) for one in lengths_s)) for seconds in told)


def _is_partly(claim: Claim) -> bool:
    """Whether a claim is about what comes last: "then all is quiet", "the rest is quiet"."""
    return bool({*claim.joined, *claim.text.split()} & set(lexicon()["pieces"]["partly"]))


def _order(first: Event, second: Event, places: dict[str, int | None], claims: Sequence[Claim]) -> Order | None:
    """How two sources are told; None when they are not named apart. `first` begins first."""
    here, there = places[first.source], places[second.source]
    if here is None or there is None or here == there:
        return None
    between = {word for claim in claims[min(here, there) + 1 : max(here, there) + 1] for word in claim.joined}
    pieces = lexicon()["pieces"]
    in_sequence, reverse = between & set(pieces["sequence"]), between & set(pieces["reverse"])
    apart = first.offset_s <= second.onset_s + _SLACK_S
    if not apart:  # "music plays, then a dog barks" will do where the dog comes later
        return (
            Order.WRONG if in_sequence and (second.onset_s - first.onset_s < _LATER_S or there < here) else Order.UNTOLD
        )
    if in_sequence or reverse:
        return Order.RIGHT if (here < there) == (not reverse) else Order.WRONG
    together = set(claims[max(here, there)].joined) & set(pieces["together"])
    return Order.WRONG if together else Order.UNTOLD
