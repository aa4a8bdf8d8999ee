"""Words for single sounds: a clause or a noun phrase each, and when it is heard; no wording twice in a caption."""

import random
import re
from collections.abc import Sequence

from fusionaudio_assets.captioning.facts import Heard

_VAGUE_SUBJECTS = ("something", "someone", "there is")
_WEAK_END = "can be heard"
_BARE = re.compile(r"an? [\w-]+")
_TALKS_ON = frozenset({"speech", "singing", "music"})


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
        return f"the sound of {noun}" if one.group == "animal" and _BARE.fullmatch(noun) else noun

    def is_better_named(self, one: Heard) -> bool:
        """Whether the sound has no clause that tells more than its name, or none that is still free."""
        return all(clause.endswith(_WEAK_END) or _vague_subject(clause) in self._subjects for clause in one.clauses)

    def again(self, one: Heard) -> str:
        """Return how a sound that comes back does, with a space before; empty for one that does not."""
        if len(one.spans) < 3:
            return ""
        if one.steady or one.group in _TALKS_ON:
            return " on and off"
        spread_s = one.spans[-1][1] - one.spans[0][0]
        if spread_s > 0.6 * self.duration_s:
            return self.rng.choice((" now and then", " again and again", " from time to time"))
        return self.rng.choice((" several times", " repeatedly", " again and again"))

    def when(self, one: Heard) -> str:
        """Return when a sound is heard, with a space before; often nothing."""
        if not one.spans or not self.duration_s or one.start_s is None or one.end_s is None:
            return ""
        if again := self.again(one):
            return again
        if one.start_s > 0.65 * self.duration_s:
            return self.rng.choice((" near the end", " toward the end"))
        if one.end_s < 0.35 * self.duration_s:
            return " at the beginning"
        return ""


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
