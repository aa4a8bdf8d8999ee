"""Sentences about what happens in time: "and then", "while", "after", "near the end"."""

import random
import re
from collections.abc import Sequence
from itertools import pairwise

from fusionaudio_assets.captioning.heard import Heard
from fusionaudio_assets.captioning.layers import follows
from fusionaudio_assets.captioning.relations import parts
from fusionaudio_assets.captioning.unnamed import GROUP as UNNAMED
from fusionaudio_assets.captioning.wording import Wording, are, tells_little

_IN_ONE_SENTENCE = 3
_CLOSE = 0.6
"""From this coverage on, the pauses of a sound need no mention beside another sound."""

_AFTER = 0.6
"""How often what follows a sound without a name is told first."""

_AFTER_CLAUSE = 0.3
"""How often of two sounds with names the first is told with "after"."""

_VOICE = "speech"
_SUBJECT = re.compile(r"(an? \w+ )\w+s\b")
_UNKNOWN = re.compile(r"(there is )?an? ((?:[\w-]+,? ){0,2}(?:sound|tone|noise))\b(?! of ) ?")
_BOUND = frozenset({"while", "as", "over", "after"})
_SOUNDS = " sounds"
_AT_START = " at the start"


class Timeline:
    """Sentences about the foreground of one clip, picked by `rng`."""

    def __init__(self, wording: Wording, rng: random.Random) -> None:
        self.wording = wording
        self.rng = rng

    def sentences(self, lasting: Sequence[Heard], events: Sequence[Heard]) -> list[str]:
        """Return one or two sentences, without capital and full stop.

        Args:
            lasting: At most two sounds that last.
            events: Sounds in order of time.
        """
        if not lasting:
            return self._in_turn(events)
        if not events:
            return [self._together(lasting)]
        if len(lasting) == 1:
            first, rest = events[:2], events[2:]
            return [self._within(lasting[0], first), *self._later(first[-1], rest)]
        together = self._together(lasting)
        if len(events) == 1 and "," not in together:
            return [f"{together}, and {self.wording.clause(events[0])}{self.wording.when(events[0])}"]
        return [together, *self._later(None, events)]

    def _together(self, sounds: Sequence[Heard]) -> str:
        """Return a clause about one or two sounds that last."""
        if len(sounds) == 1:
            return self.wording.clause(sounds[0]) + self.wording.again(sounds[0])
        first, second = sorted(sounds, key=self.wording.tells_little)
        return self._joined(first, second)

    def _within(self, frame: Heard, events: Sequence[Heard]) -> str:
        """Return a sentence about one or two events while something else lasts."""
        if self.wording.tells_little(frame):
            told, noun = self._chain(events), self.wording.noun(frame)
            return f"{told}, with {noun} {'throughout' if frame.spans else 'also audible'}"
        ground = self.wording.clause(frame) + self.wording.again(frame)
        if len(events) == 1:
            return self._with_one(ground, frame, events[0])
        told = self._chain(events, framed=True)
        options = [f"{self._binding(frame, *events)} {ground}, {told}"]
        if not (_BOUND | {"then"}) & set(told.split()):
            options.append(f"{told} {self._binding(frame, *events)} {ground}")
        return self.rng.choice(options)

    def _with_one(self, ground: str, frame: Heard, event: Heard) -> str:
        when, clause = self.wording.when(event), self.wording.clause(event)
        if follows(event, frame):
            return f"{clause}{'' if when == _AT_START else when}, and then {ground}"
        if tells_little(clause) or when.endswith(" the end"):
            return f"{ground}, and {clause}{when}"
        return f"{ground} {self._binding(frame, event)} {clause}{when}"

    def _binding(self, *sounds: Heard) -> str:
        """Return what binds clauses about sounds heard at once; "as someone speaks" would read as a cause."""
        return "while" if any(one.group == _VOICE for one in sounds) else self.rng.choice(("while", "as"))

    def _in_turn(self, events: Sequence[Heard]) -> list[str]:
        cut = len(events) if len(events) <= _IN_ONE_SENTENCE else (len(events) + 1) // 2
        first, rest = events[:cut], events[cut:]
        return [self._chain(first), *self._later(first[-1], rest)]

    def _later(self, before: Heard | None, events: Sequence[Heard]) -> list[str]:
        """Return a further sentence, opened by its time; none without events."""
        if not events:
            return []
        start_s = events[0].start_s or 0.0
        told = self._chain(events, opened=True)
        if start_s > 0.65 * self.wording.duration_s:
            told = told.removesuffix(" near the end").removesuffix(" toward the end")
            return [f"{self.rng.choice(('toward the end', 'near the end'))}, {told}"]
        if before is not None and follows(before, events[0]):
            return [f"{self.rng.choice(('after that', 'next'))}, {told}"]
        return [f"{self.rng.choice(('meanwhile', 'at the same time'))}, {told}"]

    def _chain(self, events: Sequence[Heard], *, framed: bool = False, opened: bool = False) -> str:
        """Return one sentence about one to three events in order of time.

        Args:
            events: The sounds.
            framed: An "as" or "while" stands before it.
            opened: "After that" or the like stands before it.
        """
        if len(events) == 1:
            return self.wording.clause(events[0]) + self.wording.when(events[0])
        if len(events) == 2:
            return self._joined(*events, framed=framed, opened=opened)
        in_turn = all(follows(a, b) for a, b in pairwise(events))
        if in_turn and not self.wording.tells_little(events[0]):
            a, b, c = (self.wording.clause(one) + self.wording.again(one) for one in events)
            return f"{a}, {b}, and {'finally' if opened else 'then'} {c}"
        return self._continued(self._joined(*events[:2]), events[1], events[2])

    def _continued(self, told: str, before: Heard, last: Heard) -> str:
        """Add a third event to a sentence about two."""
        clause = self.wording.clause(last)
        if not follows(before, last):
            return f"{told} and {clause}"
        return f"{told}, and {'finally' if 'then ' in told else 'then'} {clause}"

    def _joined(self, first: Heard, second: Heard, *, framed: bool = False, opened: bool = False) -> str:
        """Return one sentence about two sounds, in their order in time."""
        little = self.wording.tells_little(first)
        if follows(first, second):
            if little and first.group == UNNAMED:
                return self._followed(first, second, inside=framed or opened)
            a = self.wording.clause(first) + self.wording.again(first)
            return self._in_sequence(a, first, second, framed=framed, opened=opened)
        if little and self.wording.tells_little(second):
            noun = self.wording.noun(first)
            return f"{noun} and {_linked(noun, self.wording.noun(second))} can be heard"
        if little:
            first, second = second, first
        a = self.wording.clause(first)
        a += self.wording.again(first) if first.coverage < _CLOSE or little else ""
        if not (first.spans and second.spans):
            return f"{a} and {self.wording.clause(second)}"
        return self._at_once(a, first, second, framed=framed)

    def _followed(self, first: Heard, second: Heard, *, inside: bool) -> str:
        """Return a sentence about a sound of which no more is told than its noun, and what comes after it.

        Args:
            first: The sound.
            second: What comes after it.
            inside: Other words stand before, beside which there is no room for "after".
        """
        before = self.wording.noun(first)
        one = before.startswith(("a ", "an ")) and "," not in before
        if not inside and one and not self.wording.tells_little(second) and self.rng.random() < _AFTER:
            return f"after {before}, {self.wording.clause(second)}{self.wording.again(second)}"
        if second.group != UNNAMED and self.wording.tells_little(second) and second.group != "music":
            return f"{before} {are(before)} heard, and then {self.wording.clause(second)}"
        after = self.wording.noun(second)
        again = self.wording.again(second) if after.endswith("ing") and " " in after else ""
        return f"{before} {are(before)} followed by {after}{again}"

    def _in_sequence(self, a: str, first: Heard, second: Heard, *, framed: bool, opened: bool) -> str:
        followed = second.group == UNNAMED and self.wording.tells_little(second) and first.group != _VOICE
        if followed and not (framed or opened):
            return f"{a}, followed by {_linked(a, self.wording.noun(second))}"
        b = self.wording.clause(second) + self.wording.again(second)
        if first.group != UNNAMED and (rest := _same_subject(a, b)):
            return f"{a}, then {rest}"
        b = _linked(a, b)
        if opened or framed:
            return f"{a} and {b}" if opened else f"{a}, and then {b}"
        if a.endswith(_SOUNDS) and self.rng.random() < _AFTER:
            return f"after {a.removesuffix(_SOUNDS)}, {b}"
        named = not {_VOICE, UNNAMED} & {first.group, second.group}
        if named and self.rng.random() < _AFTER_CLAUSE:
            return f"after {a}, {b}"
        return f"{a}, {self.rng.choice(('and then', 'and then' if ',' in f'{a}{b}' else 'then'))} {b}"

    def _at_once(self, a: str, first: Heard, second: Heard, *, framed: bool) -> str:
        when = "" if second.coverage >= _CLOSE else self.wording.when(second)
        noun = self.wording.noun(second)
        if self.wording.tells_little(second) and (" long" in noun or noun.startswith("a series")):
            return f"{a} over {noun}"
        b = self.wording.clause(second)
        if tells_little(b):
            return f"{a}, and {_linked(a, b)}{when}"
        b += when
        if first.group != UNNAMED and (rest := _same_subject(a, b)):
            return f"{a} and {rest}"
        binding = "as" if a.endswith(" while") else self._binding(first, second)
        b = _linked(a, b)
        return f"{a} and {b}" if framed else f"{a} {binding} {b}"


def _same_subject(a: str, b: str) -> str:
    """Return the second clause without its subject, where "an engine starts" and "an engine idles" share it."""
    of_a, of_b = _SUBJECT.match(a), _SUBJECT.match(b)
    return b.removeprefix(of_b[1]) if of_a and of_b and of_a[1] == of_b[1] else ""


def _linked(a: str, b: str) -> str:
    """Return a second clause as it stands beside the first: "its wheels squeal", "another tone falls in pitch"."""
    for part in parts():
        if a.startswith(f"{part.owner} ") and b.startswith(part.said):
            return b.replace(part.said, part.own, 1)
    if not (found := _UNKNOWN.match(b)):
        return b
    told = re.search(rf"\b(an?|two|three|several) {found[2]}s?\b", a)
    kind = "" if told else "sound " if found[2] == "sound" else None
    return b if kind is None else f"{found[1] or ''}another {kind}{b.removeprefix(found[0])}".rstrip()
