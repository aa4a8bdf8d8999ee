"""Words for single sounds: a clause or a noun phrase each, and when it is heard; no wording twice in a caption."""

import random
import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from fusionaudio_assets.captioning.facts import Heard
from fusionaudio_assets.captioning.unnamed import GROUP as UNNAMED

_VAGUE_SUBJECTS = ("something", "someone", "there is")
_WEAK_END = "can be heard"
_REGISTERS = frozenset({"low", "high", "low-pitched", "high-pitched", "noisy"})
_SOUND_OF = "the sound of "
_BARE = re.compile(r"an? [\w-]+")
_TALKS_ON = frozenset({"speech", "singing", "music"})
_COUNTS = {2: "twice", 3: "three times"}
_CALL_S = 1.5
"""What is longer may be several calls or knocks in a row, so that its stretches are not counted."""

_MOMENT_S, _LONG_S = 0.7, 4.0
_WHOLE = 0.85
_REGULAR = 0.15
"""Intervals that differ by no more than this share of their mean."""

_SECONDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Wording:
    """Wordings for the sounds of one clip of `duration_s`, picked by `rng`."""

    def __init__(self, sounds: Sequence[Heard], duration_s: float, rng: random.Random) -> None:
        self.duration_s = duration_s
        self.rng = rng
        self._subjects: set[str] = set()
        self._needed = {subject for one in sounds if (subject := _only_subject(one))}

    def clause(self, one: Heard) -> str:
        """Return a clause, ``"a dog barks"``; of a subject as vague as "something" a caption gets only one."""
        fresh = [clause for clause in one.clauses if _vague_subject(clause) not in self._subjects]
        strong = [clause for clause in fresh if not clause.endswith(_WEAK_END)]
        if not fresh:
            return f"{self.noun(one)} {_WEAK_END}"
        free = [clause for clause in strong if _vague_subject(clause) not in self._needed]
        chosen = self.rng.choice(free or strong or fresh)
        if subject := _vague_subject(chosen):
            self._subjects.add(subject)
        return chosen

    def noun(self, one: Heard) -> str:
        """Return a noun phrase, ``"a dog barking"``; an animal of which no more is known is heard, not met."""
        noun = self.rng.choice(one.nouns)
        if noun.startswith(_SOUND_OF):
            timbre = ", ".join(word for word in one.manner if word in _REGISTERS)
            return f"the {timbre} {noun.removeprefix('the ')}" if timbre else noun
        return f"{_SOUND_OF}{noun}" if one.group == "animal" and _BARE.fullmatch(noun) else noun

    def is_better_named(self, one: Heard) -> bool:
        """Whether the sound has no clause that tells more than its name, or none that is still free."""
        told = all(clause.endswith(_WEAK_END) or _vague_subject(clause) in self._subjects for clause in one.clauses)
        return told or one.group == UNNAMED

    def again(self, one: Heard) -> str:
        """Return how a sound that comes back does, with a space before; empty for one that does not."""
        if one.measured and len(one.spans) > 1:
            return self._counted(one)
        if len(one.spans) < 3:
            return ""
        if one.steady or one.group in _TALKS_ON:
            return " on and off"
        spread_s = one.spans[-1][1] - one.spans[0][0]
        if spread_s > 0.6 * self.duration_s:
            return self.rng.choice((" now and then", " again and again", " from time to time"))
        return self.rng.choice((" several times", " repeatedly", " again and again"))

    def _counted(self, one: Heard) -> str:
        """Return how often a sound is heard whose spans are those of the signal."""
        count, longest_s = len(one.spans), max(end - start for start, end in one.spans)
        if one.steady or one.group in _TALKS_ON:
            return " on and off"
        if is_regular(one.spans):
            return " at regular intervals"
        if one.group == UNNAMED:  # its noun has the number
            return ""
        if count not in _COUNTS:
            return self.rng.choice((" several times", " again and again"))
        return f" {_COUNTS[count]}" if longest_s <= _CALL_S else " on and off"

    def when(self, one: Heard) -> str:
        """Return when a sound is heard, or how long, with a space before; often nothing."""
        if not one.spans or not self.duration_s or one.start_s is None or one.end_s is None:
            return ""
        if again := self.again(one):
            return again
        if one.start_s > 0.65 * self.duration_s:
            return self.rng.choice((" near the end", " toward the end"))
        if one.end_s < 0.35 * self.duration_s:
            return self.rng.choice((" at the beginning", self.length(one) or " at the beginning"))
        return self.length(one)

    def length(self, one: Heard) -> str:
        """Return how long a sound lasts that was measured to, with a space before; empty for one that never stops."""
        if not one.measured or len(one.spans) > 1 or one.coverage >= _WHOLE:
            return ""
        length_s = one.spans[0][1] - one.spans[0][0]
        if one.group == UNNAMED and not _CALL_S <= length_s < _LONG_S:  # its noun says so
            return ""
        if length_s < _CALL_S:
            return self.rng.choice((" briefly", " for a moment")) if length_s < _MOMENT_S else " for a second or so"
        if round(length_s) - 2 >= len(_SECONDS):
            return ""
        if one.group == UNNAMED and not one.clauses[0].endswith("heard"):
            return f" over about {_SECONDS[round(length_s) - 2]} seconds"
        seconds = f"{_SECONDS[round(length_s) - 2]} seconds"
        # "Talks about" would report what is said.
        about = [] if one.group in _TALKS_ON else [f" for about {seconds}"]
        return self.rng.choice([*about, f" for some {seconds}", f" for {seconds} or so"])


def is_regular(spans: Sequence[tuple[float, float]]) -> bool:
    """Whether spans, four of them or more, begin at equal intervals."""
    if len(spans) < 4:
        return False
    gaps = [after[0] - before[0] for before, after in pairwise(spans)]
    return bool(max(gaps) - min(gaps) <= 2 * _REGULAR * fmean(gaps))


def joined(items: Sequence[str], conjunction: str = "and") -> str:
    """Join phrases as prose does: ``"a, b and c"``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def _only_subject(one: Heard) -> str:
    """Return the vague subject that all clauses of a sound have, empty where one has another."""
    subjects = {_vague_subject(clause) for clause in one.clauses}
    return subjects.pop() if len(subjects) == 1 else ""


def _vague_subject(clause: str) -> str:
    return next((vague for vague in _VAGUE_SUBJECTS if clause.startswith(vague)), "")
