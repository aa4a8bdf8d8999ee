"""A sentence about the only sound of a clip: what it does, and how often, how long or when.

That there is no other, no cue says.
"""

import re

from fusionaudio_assets.captioning.heard import Heard
from fusionaudio_assets.captioning.stretches import PACES
from fusionaudio_assets.captioning.unnamed import GROUP as UNNAMED
from fusionaudio_assets.captioning.wording import (
    BRIEFLY,
    CALL_S,
    IS_THERE,
    WEAK_ENDS,
    Wording,
    are,
    is_curt,
    on_and_off,
    tells_little,
)
from resources.english import present_participle

_WORDS_S, _LONG_S = 3.5, 4.0
"""Who speaks for less than the first speaks briefly; what lasts for more than the second goes on for a while."""

_FEW_S, _SEVERAL_S = 2.5, 3.5
"""What lasts for so long lasts a few seconds, or several."""

_APART_S = 1.0
_WHOLE = 0.85
_THROUGHOUT = " throughout"
_WHOLE_TIME = (_THROUGHOUT, " continuously")
_A_FEW, _SEVERAL = " for a few seconds", " for several seconds"
_STEADY = re.compile(r"\bsteady,? ")


class Lone:
    """Sentences about a sound that is alone in its clip."""

    def __init__(self, wording: Wording, *, faint: bool = False) -> None:
        self.wording = wording
        self.rng = wording.rng
        self.faint = faint

    def sentence(self, one: Heard) -> str:
        """Return the sentence, without capital and full stop."""
        if one.group == UNNAMED:
            return self._unnamed(one)
        faintly = " faintly" if self.faint else ""
        clauses = [clause for clause in one.clauses if not clause.endswith(WEAK_ENDS)]
        again = self.wording.again(one) or _again_apart(one)
        for extent in (again, "") if again else (self.extent(one), self.extent(one, told=True)):
            told = [self.wording.made(one, clause, f"{faintly}{extent}") for clause in clauses if _fits(clause, extent)]
            told += [] if extent else [f"{ongoing}{faintly}" for ongoing in _ongoing(one)]
            if told := [text for text in told if (extent and extent == again) or not is_curt(text)]:
                return self.rng.choice(told)
        again = self.wording.again(one)
        if again.strip() in PACES:  # who hears something is neither rapid nor steady
            again = " again and again"
        when = again or self.wording.when(one) or (_THROUGHOUT if _lasts(one) else "")
        return f"{self.wording.noun(one)} can be heard{faintly}{when}"

    def extent(self, one: Heard, *, told: bool = False) -> str:
        """Return how long the sound lasts, with a space before; most need no such words.

        Args:
            one: A sound.
            told: Its length must be told where it is known, for there is nothing else to tell.
        """
        if not one.spans:
            return ""
        voice = one.group in {"speech", "singing"}
        if _lasts(one):
            is_there = all(clause.startswith(IS_THERE) for clause in one.clauses)
            return _THROUGHOUT if is_there else _WHOLE_TIME[-1] if voice else self.rng.choice(_WHOLE_TIME)
        if not one.measured or len(one.spans) > 1:
            return ""
        length_s = _length_s(one)
        if length_s < (_WORDS_S if voice else CALL_S):
            return self.rng.choice(BRIEFLY)
        options = [*([] if told else [""]), *([" for a while"] * 2 if length_s >= _LONG_S else [])]
        if one.flows and not voice and _FEW_S <= length_s < 2 * _LONG_S:
            options.append(_seconds(one))
        return self.rng.choice(options) if options else ""

    def _unnamed(self, one: Heard) -> str:
        noun, clause, again = one.nouns[0], self.rng.choice(one.clauses), self.wording.again(one)
        if _lasts(one) and not again:
            described = _described("faint", _STEADY.sub("", noun)) if self.faint else noun
            return f"there {are(noun)} {described}{_THROUGHOUT}" if tells_little(clause) else f"{clause}{_THROUGHOUT}"
        if len(one.spans) > 1 or not (tells_little(clause) or clause.endswith(" sounds")):
            return f"{clause}{again or self.wording.when(one)}"
        if self.faint:
            noun = _described("faint", noun)
        return self.rng.choice(self._plain(one, noun, is_tone=not self.faint and not tells_little(clause)))

    def _plain(self, one: Heard, noun: str, *, is_tone: bool) -> list[str]:
        """Return sentences about one sound of which there is nothing to tell but how it sounds, and how long."""
        length_s = _length_s(one)
        heard = f"{noun} sounds" if is_tone else f"{noun} {are(noun)} heard"
        if " long" in noun:
            return [f"{noun} is heard"]
        if length_s < CALL_S:
            when = self.wording.when(one)
            options = [f"{heard}{when}", *([] if is_tone else [f"there is {noun}{when}"])]
        elif length_s < _FEW_S:
            options = [f"{heard} briefly"]
            options += [] if "," in noun or _STEADY.search(noun) else [f"there is {_described('brief', noun)}"]
        else:
            options = [f"{heard}{_seconds(one)}", f"there is {noun}{_seconds(one)}"]
        return [text for text in options if not is_curt(text)]


def _again_apart(one: Heard) -> str:
    """Say that a lone sound comes back after a pause."""
    if len(one.spans) != 2 or one.flows:
        return ""
    return on_and_off(one) if one.spans[1][0] - one.spans[0][1] >= _APART_S else ""


def _lasts(one: Heard) -> bool:
    return bool(one.spans) and one.coverage >= _WHOLE


def _fits(clause: str, extent: str) -> bool:
    """Whether a clause may be told with an extent: a state has no number, and what goes on has no length."""
    if clause.startswith(IS_THERE):
        return extent == _THROUGHOUT
    return " is " not in clause or not extent.startswith((" for ", " briefly"))


def _described(how: str, noun: str) -> str:
    """Return ``"a faint, low sound"`` for "faint" and ``"a low sound"``."""
    rest = noun.partition(" ")[2]
    return f"a {how}{',' if ' ' in rest.partition(' that ')[0] else ''} {rest}"


def _length_s(one: Heard) -> float:
    return one.spans[0][1] - one.spans[0][0]


def _seconds(one: Heard) -> str:
    return _SEVERAL if _length_s(one) >= _SEVERAL_S else _A_FEW


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
