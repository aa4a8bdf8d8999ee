"""Clauses in order of time: "then", "while", "throughout", "near the end"."""

import random
from collections.abc import Iterable, Sequence

from fusionaudio_assets.captioning.facts import Heard

_SLACK_S = 0.3
_BRIEF_S = 1.2
_VAGUE_SUBJECTS = ("something", "someone", "there is")


class Timeline:
    """Wordings for the sounds of one clip of `duration_s`, picked by `rng`."""

    def __init__(self, duration_s: float, rng: random.Random) -> None:
        self.duration_s = duration_s
        self.rng = rng

    def ordered(self, sounds: Iterable[Heard]) -> list[Heard]:
        """Order sounds by their start; those of unknown time come first, as what holds for the whole clip."""
        return sorted(sounds, key=lambda one: one.start_s or 0.0)

    def sentence(self, sounds: Sequence[Heard], *, alone: bool = False, opening: bool = False) -> str:
        """Return one sentence, without capital and full stop, about one or two sounds (or more, listed).

        Args:
            sounds: In order of time.
            alone: Nothing else is heard in the clip.
            opening: It continues a sentence about earlier sounds.
        """
        text = self._single(sounds[0], alone=alone) if len(sounds) == 1 else self._pair(*sounds[:2])
        if len(sounds) > 2:
            text = f"{text}, and {self._clause(sounds[2])}"
        return self._later(sounds[0], text) if opening else text

    def clauses(self, sounds: Sequence[Heard]) -> str:
        """Return the clauses of several sounds, joined."""
        joined = [self._clause(one) for one in sounds]
        return " and ".join((", ".join(joined[:-1]), joined[-1])) if len(joined) > 1 else joined[0]

    def _single(self, one: Heard, *, alone: bool) -> str:
        text = self._clause(one) + self._when(one, alone=alone)
        if alone:
            text += self.rng.choice(
                ("", ", with nothing else clearly audible", ", and nothing else is clearly audible")
            )
        return text

    def _pair(self, first: Heard, second: Heard) -> str:
        a, b, b_noun = self._clause(first), self._clause(second), self._noun(second)
        both_vague = any(a.startswith(vague) and b.startswith(vague) for vague in _VAGUE_SUBJECTS)
        last = self._when(second) if second.coverage < 0.85 else ""
        if self._follows(first, second):
            again = self._again(first)
            if both_vague:
                return f"{self._noun(first)} can be heard{again}, followed by {b_noun}{last}"
            return self.rng.choice(
                (f"{a}{again}, then {b}{last}", f"{a}{again} before {b}", f"{a}{again}, followed by {b_noun}")
            )
        if both_vague:
            return f"{self._noun(first)} and {b_noun} can be heard"
        if first.spans and second.spans:
            options = [f"{a} while {b}{last}", f"{a} as {b}{last}"]
            if second.spans[0][0] - first.spans[0][0] > 1.5:
                options.append(f"{a}, joined by {b_noun}{last}")
            return self.rng.choice(options)
        return self.rng.choice((f"{a} and {b}", f"{a}, with {b_noun} also audible", f"{a}, along with {b_noun}"))

    def _follows(self, first: Heard, second: Heard) -> bool:
        if first.end_s is None or second.start_s is None:
            return False
        return second.start_s >= first.end_s - _SLACK_S

    def _when(self, one: Heard, *, alone: bool = False) -> str:
        """Return when a sound is heard, as an ending of its clause; often nothing."""
        if not one.spans or not self.duration_s or one.start_s is None or one.end_s is None:
            return ""
        if one.coverage >= 0.85:
            return self.rng.choice((" throughout", "")) if not alone else " throughout"
        if again := self._again(one):
            return again
        if one.start_s > 0.65 * self.duration_s:
            return " near the end"
        if one.end_s < 0.35 * self.duration_s:
            return " at the beginning"
        return ""

    def _again(self, one: Heard) -> str:
        if len(one.spans) < 3:
            return ""
        lasting = one.steady or one.group in {"speech", "singing", "music", "engine"}
        return " on and off" if lasting else self.rng.choice((" repeatedly", " on and off", " again and again"))

    def _later(self, one: Heard, text: str) -> str:
        if not one.spans:
            return f"also, {text}"
        if one.start_s is not None and one.start_s > 0.65 * self.duration_s:
            openings = ["toward the end, "]
        else:
            openings = ["then ", "later, ", "next, ", "after that, "]
        opening = self.rng.choice(openings)
        return opening + text.removesuffix(" near the end") if "end" in opening else opening + text

    def _clause(self, one: Heard) -> str:
        return self.rng.choice(one.clauses)

    def _noun(self, one: Heard) -> str:
        return self.rng.choice(one.nouns)
