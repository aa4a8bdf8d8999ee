"""Words for single sounds: a clause or a noun phrase each, and when it is heard; no wording twice in a caption."""

import random
import re
from collections.abc import Sequence

from fusionaudio_assets.captioning.facts import Heard
from fusionaudio_assets.captioning.stretches import is_regular, pace
from fusionaudio_assets.captioning.unnamed import GROUP as UNNAMED
from resources.english import present_participle, with_article

_VAGUE_SUBJECTS = ("something", "someone", "there is", "there are")
_WEAK_END = "can be heard"
_IS_THERE = ("there is ", "there are ")
_REGISTERS = {"low": "low", "low-pitched": "low", "high": "high-pitched", "high-pitched": "high-pitched"}
_SOUND_OF = "the sound of "
_MAKES = "makes a sound"
_BARE = re.compile(r"an? [\w-]+")
_COUNTS = {2: "twice", 3: "three times"}
_CALL_S = 1.5
"""What is longer may be several calls or knocks in a row, so that its stretches are not counted."""

_WORDS_S, _LONG_S = 3.5, 4.0
"""Who speaks for less than the first speaks briefly; what lasts for more than the second goes on for a while."""

_APART_S = 1.0
_WHOLE = 0.85
_CURT_WORDS = 4
"""A sentence of fewer words sounds curt."""

_START, _EARLY, _LATE = 0.1, 0.35, 0.65
"""Shares of a clip: what begins before the first is heard at its start, what ends before the second early on."""

_WHOLE_TIME = (" throughout", " throughout", " the whole time")
_STEADY = re.compile(r"\bsteady,? ")
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
        strong = [clause for clause in fresh if not (clause.endswith(_WEAK_END) or clause.startswith(_IS_THERE))]
        if not fresh:
            return f"{self.noun(one)} {_WEAK_END}"
        free = [clause for clause in strong if _vague_subject(clause) not in self._needed]
        chosen = self.rng.choice(free or strong or fresh)
        if subject := _vague_subject(chosen):
            self._subjects.add(subject)
        return self._made(one, chosen)

    def noun(self, one: Heard) -> str:
        """Return a noun phrase, ``"a dog barking"``; an animal of which no more is known is heard, not met."""
        noun = self.rng.choice(one.nouns)
        if noun.startswith(_SOUND_OF):
            register = _register(one)
            return f"the {register} {noun.removeprefix('the ')}" if register else noun
        return f"{_SOUND_OF}{noun}" if one.group == "animal" and _BARE.fullmatch(noun) else noun

    def is_better_named(self, one: Heard) -> bool:
        """Whether a noun phrase says as much as any clause of the sound that is still free."""
        return one.group == UNNAMED or self.tells_little(one)

    def tells_little(self, one: Heard) -> bool:
        """Whether no clause of the sound that is still free tells more than that it is there."""
        return all(
            clause.endswith(_WEAK_END)
            or _vague_subject(clause) in self._subjects
            or (one.group == UNNAMED and clause.startswith(_IS_THERE))
            for clause in one.clauses
        )

    def alone(self, one: Heard, *, faint: bool = False) -> str:
        """Return a sentence about the only sound: what it does, and how often, how long or when.

        That there is no other, no cue says.
        """
        if one.group == UNNAMED:
            return self._unnamed_alone(one, faint=faint)
        faintly = " faintly" if faint else ""
        clauses = [clause for clause in one.clauses if not clause.endswith(_WEAK_END)]
        again = self.again(one) or self._again_apart(one)
        for extent in (again, "") if again else (self.extent(one), self.extent(one, told=True)):
            told = [self._made(one, clause, f"{faintly}{extent}") for clause in clauses if _fits(clause, extent)]
            told += [] if extent else [f"{ongoing}{faintly}" for ongoing in _ongoing(one)]
            if told := [text for text in told if not is_curt(text)]:
                return self.rng.choice(told)
        when = self.again(one) or self.when(one) or (" throughout" if self._lasts(one) else "")
        return f"{self.noun(one)} {_WEAK_END}{faintly}{when}"

    def _made(self, one: Heard, clause: str, extent: str = "") -> str:
        """Say how an animal sounds of which no more is known than that it makes a sound."""
        if _MAKES not in clause:
            return f"{clause}{extent}"
        short = "short" if extent.endswith(" briefly") else ""
        adjectives = ", ".join(filter(None, (short, _register(one))))
        made = with_article(f"{adjectives} sound") if adjectives else "sounds" if extent == " on and off" else "a sound"
        return clause.replace(_MAKES, f"makes {made}") + extent.removesuffix(" briefly")

    def _unnamed_alone(self, one: Heard, *, faint: bool) -> str:
        clause, noun = one.clauses[0], one.nouns[0]
        tone, again = clause.endswith(" sounds"), self.again(one)
        lasts = self._lasts(one) and not again
        steadily = lasts and bool(_STEADY.search(noun))
        if steadily:
            noun = _STEADY.sub("", noun)
        if faint and len(one.spans) == 1:
            noun = _faint(noun)
            clause = f"there is {noun}"
        if lasts:
            return f"{noun} continues steadily" if steadily else f"there is {noun} the whole time"
        plain = tone or clause.startswith(_IS_THERE)
        if plain and len(one.spans) == 1 and _length_s(one) >= _CALL_S:
            return self._plain_alone(one, noun, tone=tone)
        return f"{clause}{again or (' briefly' if is_curt(clause) else self.when(one))}"

    def _plain_alone(self, one: Heard, noun: str, *, tone: bool) -> str:
        """Return a sentence about one sound of which there is nothing to tell but how it sounds, and how long."""
        if _length_s(one) >= _LONG_S:
            return f"{noun} {'sounds for a while' if tone and ' long' not in noun else 'is heard'}"
        if tone:
            return f"{noun} sounds for about {_seconds(one)}"
        options = (f"{noun} is heard", f"there is {noun}")
        return f"{self.rng.choice(options)} for about {_seconds(one)}"

    def again(self, one: Heard) -> str:
        """Return how a sound that comes back does, with a space before; empty for one that does not."""
        if one.measured and len(one.spans) > 1:
            return self._counted(one)
        if len(one.spans) < 3:
            return ""
        if one.flows:
            return " on and off"
        spread_s = one.spans[-1][1] - one.spans[0][0]
        if spread_s > 0.6 * self.duration_s:
            return self.rng.choice((" now and then", " again and again", " from time to time", " repeatedly"))
        return self.rng.choice((" several times", " repeatedly", " again and again"))

    def _again_apart(self, one: Heard) -> str:
        """Say that a lone sound comes back after a pause."""
        if len(one.spans) != 2 or one.flows:
            return ""
        return " on and off" if one.spans[1][0] - one.spans[0][1] >= _APART_S else ""

    def _counted(self, one: Heard) -> str:
        """Return how often a sound is heard whose spans are those of the signal."""
        count, longest_s = len(one.spans), max(end - start for start, end in one.spans)
        if one.flows:
            return " on and off"
        if is_regular(one.spans):
            return f" {pace(one.spans)}"
        if one.group == UNNAMED:  # its words have the number
            return ""
        if count not in _COUNTS:
            return self.rng.choice((" several times", " repeatedly", " again and again"))
        return f" {_COUNTS[count]}" if longest_s <= _CALL_S else " on and off"

    def when(self, one: Heard) -> str:
        """Return how often or when a sound is heard among others, with a space before; often nothing."""
        if not one.spans or not self.duration_s or one.start_s is None or one.end_s is None:
            return ""
        if again := self.again(one):
            return again
        if one.start_s > _LATE * self.duration_s:
            return self.rng.choice((" near the end", " toward the end"))
        if one.end_s < _EARLY * self.duration_s:
            return " at the start" if one.start_s < _START * self.duration_s else " early on"
        return ""

    def extent(self, one: Heard, *, told: bool = False) -> str:
        """Return how long a lone sound lasts, with a space before; most need no such words.

        Args:
            one: A sound.
            told: Its length must be told where it is known, for there is nothing else to tell.
        """
        if not one.spans:
            return ""
        voice = one.group in {"speech", "singing"}
        if self._lasts(one):
            return _WHOLE_TIME[-1] if voice else self.rng.choice(_WHOLE_TIME)
        if not one.measured or len(one.spans) > 1:
            return ""
        length_s = _length_s(one)
        if length_s < (_WORDS_S if voice else _CALL_S):
            return " briefly"
        options = [*([] if told else [""]), *([" for a while"] * 2 if length_s >= _LONG_S else [])]
        # "Talks about" would report what is said, and so would a dog that "barks for about" some time.
        if one.flows and not voice and round(length_s) - 2 < len(_SECONDS):
            options.append(f" for about {_seconds(one)}")
        return self.rng.choice(options) if options else ""

    def _lasts(self, one: Heard) -> bool:
        return bool(one.spans) and one.coverage >= _WHOLE


def joined(items: Sequence[str], conjunction: str = "and") -> str:
    """Join phrases as prose does: ``"a, b and c"``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def is_curt(sentence: str) -> bool:
    """Whether a sentence has so few words that it sounds curt."""
    return len(sentence.split()) < _CURT_WORDS


def _only_subject(one: Heard) -> str:
    """Return the vague subject that all clauses of a sound have, empty where one has another."""
    subjects = {_vague_subject(clause) for clause in one.clauses}
    return subjects.pop() if len(subjects) == 1 else ""


def _vague_subject(clause: str) -> str:
    return next((vague for vague in _VAGUE_SUBJECTS if clause.startswith(vague)), "")


def _fits(clause: str, extent: str) -> bool:
    """Whether a clause may be told with an extent: a state has no number, and what goes on has no length."""
    if clause.startswith(_IS_THERE):
        return extent in _WHOLE_TIME
    return " is " not in clause or not extent.startswith((" for ", " briefly"))


def _register(one: Heard) -> str:
    return next((_REGISTERS[word] for word in one.manner if word in _REGISTERS), "")


def _faint(noun: str) -> str:
    """Return ``"a faint, low sound"`` for ``"a low sound"``."""
    rest = noun.partition(" ")[2]
    return f"a faint{',' if ' ' in rest.partition(' that ')[0] else ''} {rest}"


def _length_s(one: Heard) -> float:
    return one.spans[0][1] - one.spans[0][0]


def _seconds(one: Heard) -> str:
    return f"{_SECONDS[round(_length_s(one)) - 2]} seconds"


def _ongoing(one: Heard) -> list[str]:
    """Return clauses for what goes on, ``"a dog is barking"``, where noun phrase and clause tell the same."""
    found = []
    for noun in one.nouns:
        subject, _, participle = noun.rpartition(" ")
        for clause in one.clauses:
            verb = clause.removeprefix(f"{subject} ")
            if subject.startswith(("a ", "an ")) and " " not in verb and present_participle(verb) == participle:
                found.append(f"{subject} is {participle}")
    return found
