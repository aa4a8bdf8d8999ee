"""Sentences about what happens in time: "then", "while", "followed by", "near the end"."""

import random
import re
from collections.abc import Sequence
from itertools import pairwise

from fusionaudio_assets.captioning.facts import Heard
from fusionaudio_assets.captioning.layers import follows
from fusionaudio_assets.captioning.unnamed import GROUP as UNNAMED
from fusionaudio_assets.captioning.wording import Wording
from resources.english import is_plural

_IN_ONE_SENTENCE = 3
_CLOSE = 0.6
"""From this coverage on, the pauses of a sound need no mention beside another sound."""

_AFTER = 0.6
"""How often what follows a sound without a name is told first."""

_VOICE = "speech"
_HEARD = " can be heard"
_ONE = re.compile(r"(an?|the|some(one|thing)) ")
_SUBJECT = re.compile(r"(an? \w+ )\w+s\b")


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
        if len(events) == 1 and not self.wording.is_better_named(events[0]) and "," not in together:
            return [f"{together}, and {self.wording.clause(events[0])}{self.wording.when(events[0])}"]
        return [together, *self._later(None, events)]

    def _together(self, sounds: Sequence[Heard]) -> str:
        """Return a clause about one or two sounds that last."""
        if len(sounds) == 1:
            return self.wording.clause(sounds[0]) + self.wording.again(sounds[0])
        first, second = sorted(sounds, key=self.wording.is_better_named)
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
        return f"{self._binding(frame, *events)} {ground}, {told}"

    def _with_one(self, ground: str, frame: Heard, event: Heard) -> str:
        noun, when = self.wording.noun(event), self.wording.when(event)
        if self.wording.is_better_named(event):
            if frame.group != _VOICE:
                return f"{ground}, with {noun}{when}"
            # After "with" the sound would be one of the voice.
            clause = self.wording.clause(event)
            return f"{clause}{when}, and {ground}" if when == " at the start" else f"{ground}, and {clause}{when}"
        clause = self.wording.clause(event)
        options = [f"{ground} {self._binding(frame, event)} {clause}{when}"]
        if when.endswith(" the end"):
            options.append(f"{ground}, and {clause}{when}")
        elif noun.endswith("ing") and " " in noun:
            options.append(f"{ground}, with {noun}{when}")
        return self.rng.choice(options)

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
        told = self._chain(events)
        if start_s > 0.65 * self.wording.duration_s:
            told = told.removesuffix(" near the end").removesuffix(" toward the end")
            return [f"{self.rng.choice(('toward the end', 'near the end'))}, {told}"]
        if before is not None and follows(before, events[0]):
            then = () if "then" in told else ("then",)
            return [f"{self.rng.choice(('after that,', 'next,', *then))} {told}"]
        return [f"{self.rng.choice(('meanwhile,', 'at the same time,'))} {told}"]

    def _chain(self, events: Sequence[Heard], *, framed: bool = False) -> str:
        """Return one sentence about one to three events in order of time; `framed` by an "as" or "while" before."""
        if len(events) == 1:
            return self.wording.clause(events[0]) + self.wording.when(events[0])
        if len(events) == 2:
            return self._joined(*events, framed=framed)
        in_turn = all(follows(a, b) for a, b in pairwise(events))
        if in_turn and not any(map(self.wording.is_better_named, events)):
            a, b, c = (self.wording.clause(one) + self.wording.again(one) for one in events)
            return self.rng.choice((f"{a}, {b}, and then {c}", f"{a}, then {b}, and finally {c}"))
        return self._continued(self._joined(*events[:2]), events[1], events[2])

    def _continued(self, told: str, before: Heard, last: Heard) -> str:
        """Add a third event to a sentence about two."""
        named = self.wording.is_better_named(last)
        if not follows(before, last):
            overlaps = named or "followed" in told
            if overlaps:
                return f"{told}, with {self.wording.noun(last)}"
            return f"{told}{',' if ' with ' in told else ''} and {self.wording.clause(last)}"
        return f"{told}, and {'finally' if 'then ' in told else 'then'} {self.wording.clause(last)}"

    def _joined(self, first: Heard, second: Heard, *, framed: bool = False) -> str:
        """Return one sentence about two sounds, in their order in time."""
        little = self.wording.tells_little(first)
        if follows(first, second):
            if little:
                return self._followed(first, second)
            return self._in_sequence(self.wording.clause(first) + self.wording.again(first), second)
        if little and not self.wording.tells_little(second):
            b = self.wording.clause(second) + self.wording.again(second)
            noun = _further(self.wording.noun(first))
            return f"{b} over {noun}" if noun.startswith("a series") else f"{b}, along with {noun}"
        a = f"{self.wording.noun(first)}{_HEARD}" if little else self.wording.clause(first)
        a += self.wording.again(first) if first.coverage < _CLOSE else ""
        if not (first.spans and second.spans):
            named = self.wording.is_better_named(second)
            return f"{a}, along with {self.wording.noun(second)}" if named else f"{a} and {self.wording.clause(second)}"
        return self._at_once(a, first, second, framed=framed)

    def _followed(self, first: Heard, second: Heard) -> str:
        """Return a sentence about a sound of which no more is told than its noun, and what comes after it."""
        before = self.wording.noun(first)
        if "," not in before and not self.wording.is_better_named(second) and self.rng.random() < _AFTER:
            return f"after {before}, {self.wording.clause(second)}{self.wording.again(second)}"
        after = self.wording.noun(second)
        again = self.wording.again(second) if after.endswith("ing") and " " in after else ""
        many = not _ONE.match(before) and is_plural(before)
        return f"{before} {'are' if many else 'is'} followed by {after}{again}"

    def _in_sequence(self, a: str, second: Heard) -> str:
        b = self.wording.clause(second) + self.wording.again(second)
        if self.wording.is_better_named(second):
            return f"{a}, and then {b}"
        if rest := _same_subject(a, b):
            return f"{a}, then {rest}"
        before = [] if " is " in a + b or self.wording.again(second) else [f"{a} before {b}"]
        return self.rng.choice([f"{a}, then {b}", f"{a}, and then {b}", *before])

    def _at_once(self, a: str, first: Heard, second: Heard, *, framed: bool) -> str:
        when = "" if second.coverage >= _CLOSE else self.wording.when(second)
        if self.wording.is_better_named(second):
            noun = _further(self.wording.noun(second))
            when = when if noun.endswith("ing") or second.group == UNNAMED else ""
            if a.endswith(_HEARD):
                return f"{a.removesuffix(_HEARD)} and {noun}{_HEARD}"
            if " long" in noun:
                return f"{a} over {noun}"
            return f"{a}, {self.rng.choice(('with', 'along with'))} {noun}{when}"
        b = self.wording.clause(second) + when
        if rest := _same_subject(a, b):
            return f"{a} and {rest}"
        binding = "as" if a.endswith(" while") else self._binding(first, second)
        return f"{a} and {b}" if framed else f"{a} {binding} {b}"


def _further(noun: str) -> str:
    """Return a noun phrase as it stands beside another sound: "a burp, along with another sound"."""
    return "another sound" if noun == "a sound" else noun


def _same_subject(a: str, b: str) -> str:
    """Return the second clause without its subject, where "an engine starts" and "an engine idles" share it."""
    of_a, of_b = _SUBJECT.match(a), _SUBJECT.match(b)
    return b.removeprefix(of_b[1]) if of_a and of_b and of_a[1] == of_b[1] else ""
