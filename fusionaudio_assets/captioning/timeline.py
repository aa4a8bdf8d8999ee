"""Sentences about what happens in time: "then", "while", "followed by", "near the end"."""

import random
from collections.abc import Sequence
from itertools import pairwise

from fusionaudio_assets.captioning.facts import Heard
from fusionaudio_assets.captioning.layers import follows
from fusionaudio_assets.captioning.wording import Wording, joined

_IN_ONE_SENTENCE = 3
_CLOSE = 0.6
"""From this coverage on, the pauses of a sound need no mention beside another sound."""


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
        return [self._together(lasting), *self._later(None, events)]

    def _together(self, sounds: Sequence[Heard]) -> str:
        """Return a clause about one or two sounds that last."""
        if len(sounds) == 1:
            return self.wording.clause(sounds[0]) + self.wording.again(sounds[0])
        first, second = sorted(sounds, key=self.wording.is_better_named)
        return self._joined(first, second)

    def _within(self, frame: Heard, events: Sequence[Heard]) -> str:
        """Return a sentence about events while something else lasts."""
        if self.wording.is_better_named(frame):
            told, noun = self._chain(events), self.wording.noun(frame)
            return f"{told}, with {noun} {'throughout' if frame.spans else 'also audible'}"
        ground = self.wording.clause(frame) + self.wording.again(frame)
        if len(events) == 1:
            (event,) = events
            if self.wording.is_better_named(event):
                return f"{ground}, with {self.wording.noun(event)}{self.wording.when(event)}"
            clause, when = self.wording.clause(event), self.wording.when(event)
            options = [f"{ground} while {clause}{when}", f"{ground} as {clause}{when}"]
            if when.strip() in {"near the end", "toward the end"}:
                options.append(f"{ground} before {clause}{when}" if follows(frame, event) else f"{ground}, and {clause}{when}")
            elif "ing" in self.wording.noun(event):
                options.append(f"{ground}, with {self.wording.noun(event)}{when}")
            return self.rng.choice(options)
        told = self._chain(events, framed=True)
        return self.rng.choice((f"as {ground}, {told}", f"while {ground}, {told}"))

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
            return [f"{self.rng.choice(('then', 'after that,', 'next,'))} {told}"]
        return [f"{self.rng.choice(('meanwhile,', 'at the same time,'))} {told}"]

    def _chain(self, events: Sequence[Heard], *, framed: bool = False) -> str:
        """Return one sentence about one to three events in order of time; `framed` by an "as" or "while" before."""
        if len(events) == 1:
            clause = self.wording.clause(events[0])
            return clause + self.wording.when(events[0])
        if len(events) == 2:
            return self._joined(*events, framed=framed)
        in_turn = all(follows(a, b) for a, b in pairwise(events))
        if in_turn and not any(map(self.wording.is_better_named, events)):
            a, b, c = (self.wording.clause(one) + self.wording.again(one) for one in events)
            return self.rng.choice((f"{a}, {b}, and then {c}", f"{a}, then {b}, and finally {c}"))
        start = self._joined(*events[:2])
        last = events[2]
        if not follows(events[1], last):
            if self.wording.is_better_named(last) or "followed" in start:
                return f"{start}, with {self.wording.noun(last)}"
            return f"{start} and {self.wording.clause(last)}"
        if self.wording.is_better_named(last) or "followed" not in start:
            return f"{start}, {'and then' if 'followed' in start else 'followed by'} {self.wording.noun(last)}"
        return f"{start}, and then {self.wording.clause(last)}"

    def _joined(self, first: Heard, second: Heard, *, framed: bool = False) -> str:
        """Return one sentence about two sounds, in their order in time."""
        if self.wording.is_better_named(first):
            a = f"{self.wording.noun(first)} can be heard"
        else:
            a = self.wording.clause(first)
        named = self.wording.is_better_named(second)
        if follows(first, second):
            a += self.wording.again(first)
            if named:
                return f"{a}, followed by {self.wording.noun(second)}"
            b = self.wording.clause(second) + self.wording.again(second)
            return self.rng.choice((f"{a}, then {b}", f"{a}, and then {b}", f"{a} before {b}"))
        a += self.wording.again(first) if first.coverage < _CLOSE else ""
        if not (first.spans and second.spans):
            return f"{a}, along with {self.wording.noun(second)}" if named else f"{a} and {self.wording.clause(second)}"
        when = "" if second.coverage >= _CLOSE else self.wording.when(second)
        if named:
            if a.endswith("can be heard"):
                return f"{joined([a.removesuffix(' can be heard'), self.wording.noun(second)])} can be heard"
            return f"{a}, {self.rng.choice(('with', 'along with'))} {self.wording.noun(second)}{when}"
        b = self.wording.clause(second) + when
        if framed:
            return f"{a} and {b}"
        return self.rng.choice((f"{a} while {b}", f"{a} as {b}"))
