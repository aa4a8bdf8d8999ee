"""Words for single sounds: a clause or a noun phrase each, and when it is heard; no wording twice in a caption."""

import random
import re
from collections.abc import Sequence

from fusionaudio_assets.captioning.heard import Heard
from fusionaudio_assets.captioning.stretches import is_regular, pace
from fusionaudio_assets.captioning.unnamed import GROUP as UNNAMED
from resources.english import is_plural, with_article

_SOMEONE, _PERSON = "someone ", "a person"
_VAGUE_SUBJECTS = ("something", "someone", _PERSON, "there is", "there are")
WEAK_ENDS = ("can be heard", "is heard", "are heard")
IS_THERE = ("there is ", "there are ")
_REGISTERS = {"low": "low", "low-pitched": "low", "high": "high-pitched", "high-pitched": "high-pitched"}
_SOUND_OF = "the sound of "
_MAKES = "makes a sound"
_ONE = re.compile(r"(an?|the|some(one|thing)) ")
_BARE = re.compile(r"an? [\w-]+")
ON_AND_OFF = " on and off"
BRIEFLY = (" briefly", " for a moment")
_COUNTS = {2: "twice", 3: "three times"}
CALL_S = 1.5
"""What is longer may be several calls or knocks in a row, so that its stretches are not counted."""

_CURT_WORDS = 4
"""A sentence of fewer words sounds curt."""

_START, _EARLY, _LATE = 0.1, 0.35, 0.65
"""Shares of a clip: what begins before the first is heard at its start, what ends before the second near it."""


class Wording:
    """Wordings for the sounds of one clip of `duration_s`, picked by `rng`."""

    def __init__(self, sounds: Sequence[Heard], duration_s: float, rng: random.Random) -> None:
        self.duration_s = duration_s
        self.rng = rng
        self._subjects: set[str] = set()
        self._needed = {subject for one in sounds if (subject := _only_subject(one))}

    def clause(self, one: Heard) -> str:
        """Return a clause, ``"a dog barks"``; of a subject as vague as "something" a caption gets only one."""
        fresh = self._fresh(one)
        if not fresh:
            return f"{self.noun(one)} {WEAK_ENDS[0]}"
        strong = [clause for clause in fresh if not tells_little(clause)]
        free = [clause for clause in strong if _vague_subject(clause) not in self._needed]
        chosen = self.rng.choice(free or strong or fresh)
        if subject := _vague_subject(chosen):
            self._subjects.add(subject)
        return self.made(one, chosen)

    def _fresh(self, one: Heard) -> list[str]:
        """Return the clauses whose subject is free; what a second "someone" does a person does, or it is there."""
        someone = [clause for clause in one.clauses if clause.startswith(_SOMEONE)]
        there = [f"there {are(noun)} {noun}" for noun in one.nouns if someone and not noun.startswith(_SOMEONE)]
        for clauses in (one.clauses, [clause.replace("someone", _PERSON, 1) for clause in someone], there):
            if fresh := [clause for clause in clauses if _vague_subject(clause) not in self._subjects]:
                return fresh
        return []

    def noun(self, one: Heard) -> str:
        """Return a noun phrase, ``"a dog barking"``; an animal of which no more is known is heard, not met."""
        noun = self.rng.choice(one.nouns)
        if noun.startswith(_SOUND_OF):
            register = _register(one)
            return f"the {register} {noun.removeprefix('the ')}" if register else noun
        return f"{_SOUND_OF}{noun}" if one.group == "animal" and _BARE.fullmatch(noun) else noun

    def tells_little(self, one: Heard) -> bool:
        """Whether no clause of the sound that is still free tells more than that it is there."""
        telling = (clause for clause in self._fresh(one) if not clause.endswith(WEAK_ENDS))
        return all(one.group == UNNAMED and clause.startswith(IS_THERE) for clause in telling)

    def made(self, one: Heard, clause: str, extent: str = "") -> str:
        """Say how an animal sounds of which no more is known than that it makes a sound."""
        if _MAKES not in clause:
            return f"{clause}{extent}"
        register = _register(one)
        if not register and ON_AND_OFF in (extent, self.again(one)):
            return f"{clause.replace(_MAKES, 'makes sounds')}{extent}"
        briefly = extent in BRIEFLY
        adjectives = ", ".join(filter(None, ("short" if briefly else "", register)))
        made = with_article(f"{adjectives} sound") if adjectives else "a sound"
        return clause.replace(_MAKES, f"makes {made}") + ("" if briefly else extent)

    def again(self, one: Heard) -> str:
        """Return how a sound that comes back does, with a space before; empty for one that does not."""
        if one.measured and len(one.spans) > 1:
            return self._counted(one)
        if len(one.spans) < 3:
            return ""
        if one.flows:
            return on_and_off(one)
        spread_s = one.spans[-1][1] - one.spans[0][0]
        if spread_s > 0.6 * self.duration_s:
            return self.rng.choice((" now and then", " again and again", " from time to time", " repeatedly"))
        return self.rng.choice((" several times", " repeatedly", " again and again"))

    def _counted(self, one: Heard) -> str:
        """Return how often a sound is heard whose spans are those of the signal."""
        count, longest_s = len(one.spans), max(end - start for start, end in one.spans)
        if one.flows:
            return on_and_off(one)
        if is_regular(one.spans):
            return f" {pace(one.spans)}"
        if one.group == UNNAMED:  # its words have the number
            return ""
        if count not in _COUNTS:
            return self.rng.choice((" several times", " repeatedly", " again and again"))
        if longest_s <= CALL_S:
            return f" {_COUNTS[count]}"
        return on_and_off(one)

    def when(self, one: Heard) -> str:
        """Return how often or when a sound is heard among others, with a space before; often nothing."""
        if not one.spans or not self.duration_s or one.start_s is None or one.end_s is None:
            return ""
        if again := self.again(one):
            return again
        if one.start_s > _LATE * self.duration_s:
            return self.rng.choice((" near the end", " toward the end"))
        if one.end_s < _EARLY * self.duration_s:
            return " at the start" if one.start_s < _START * self.duration_s else " near the start"
        return ""


def joined(items: Sequence[str], conjunction: str = "and") -> str:
    """Join phrases as prose does: ``"a, b and c"``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def is_curt(sentence: str) -> bool:
    """Whether a sentence has so few words that it sounds curt."""
    return len(sentence.split()) < _CURT_WORDS


def tells_little(clause: str) -> bool:
    """Whether a clause tells no more than that a sound is there."""
    return clause.endswith(WEAK_ENDS) or clause.startswith(IS_THERE)


def are(noun: str) -> str:
    """Return "is" or "are", as a noun phrase wants it."""
    return "are" if not _ONE.match(noun) and is_plural(noun) else "is"


def _only_subject(one: Heard) -> str:
    """Return the vague subject that all clauses of a sound have, empty where one has another."""
    subjects = {_vague_subject(clause) for clause in one.clauses}
    return subjects.pop() if len(subjects) == 1 else ""


def _vague_subject(clause: str) -> str:
    return next((vague for vague in _VAGUE_SUBJECTS if clause.startswith(vague)), "")


def on_and_off(one: Heard) -> str:
    """Return how it comes and goes; one sound is not made on and off."""
    return " now and then" if _MAKES in one.clauses[0] and _register(one) else ON_AND_OFF


def _register(one: Heard) -> str:
    return next((_REGISTERS[word] for word in one.manner if word in _REGISTERS), "")
