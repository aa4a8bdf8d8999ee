"""Speech leaks by number: what is counted, priced or dated in words, and what of it nobody could count by ear."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile

from fusionaudio_assets.captioning.leaks.leak import Cause, Leak, leak_at
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, Token

_DIGITS = re.compile(r"\d{1,15}")
_NUMBERS: dict[str, int] = raw()["numbers"]
_HUNDREDS = words("hundred thousand million")
_UNITS = words(raw()["units"])
_ACOUSTIC_UNITS = words(raw()["acoustic_units"])
_COUNTED = stems(raw()["counted_by_ear"])
_MEASURED = words("tall high wide long deep across")
_JOINING = words("and point dot decimal")
_COUNTING = words("count counts counted counting")
_BOUNDS = words("to from through until")
_REACH_COUNT = 7
_YEARS = range(1100, 2100)
_SMALL = frozenset({1, 2, 3})
_TELLS_APART = 4
"""So many animals are told apart by ear, and no more."""
_LONGEST = 6
"""Words of the longest number that is looked for in a transcript."""


def number(token: Token) -> int | None:
    """Return the number that a word stands for; of two with a point or colon between them the first."""
    digits = _DIGITS.match(token.text.replace(",", ""))
    if digits:
        return int(digits[0])
    return _NUMBERS.get(token.text.lower())


def number_leaks(caption: str, said: Sequence[Token], heard: frozenset[str], spoken: Sequence[Token]) -> Iterator[Leak]:
    """Find numbers that people speak: with a unit of theirs, three in a row, years, and those of the transcript."""
    values, written = {number(token) for token in spoken} - {None}, _written(spoken)
    index = 0
    while index < len(said):
        end = index
        while end < len(said) and number(said[end]) is not None:
            end += 1
        if end > index:
            run, after = said[index:end], _counted(said[end : end + 2])
            if not all(one.stem in heard for one in run) and (
                _counted_aloud(said[:index], after, heard) or _told(run, after, heard, values, written)
            ):
                last = after[0] if after and after[0].text.lower() in _UNITS else run[-1]
                yield leak_at(caption, run[0].start, last.end, Cause.NUMBER)
        index = max(end, index + 1)


def _counted(after: Sequence[Token]) -> Sequence[Token]:
    """Return the words right after a number that may name what it counts."""
    return list(takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS, after))


def _counted_aloud(before: Sequence[Token], after: Sequence[Token], heard: frozenset[str]) -> bool:
    """Whether somebody counts from or to a number: "counts breaths, one to eight"."""
    near = [token.text.lower() for token in before[-_REACH_COUNT:]]
    if any(one.stem in heard | _COUNTED for one in after) or _COUNTING.isdisjoint(near):
        return False
    return near[-1] in _BOUNDS and (near[-1] != "to" or number(before[-2]) is not None or near[-2] in _COUNTING)


def _told(
    run: Sequence[Token], after: Sequence[Token], heard: frozenset[str], spoken: set[int | None], written: set[str]
) -> bool:
    measured = len(after) > 1 and after[1].text.lower() in _MEASURED  # "two metres tall" is seen
    if len(run) >= 3 or (after and after[0].text.lower() in _UNITS and not measured):
        return True
    values = {number(one) for one in run} - _SMALL
    same = bool(values) and (bool(values & spoken) or not written.isdisjoint({_value(run), _digits(run)}))
    if any(lexicon().kind(one.stem) == "animal" for one in after):
        return same and any(value and value > _TELLS_APART for value in values)
    if any(one.stem in heard | _COUNTED or one.text.lower() in _ACOUSTIC_UNITS for one in after):
        return False
    return same or not values.isdisjoint(_YEARS) or any(one.text.lower() in _HUNDREDS for one in run)


def _written(spoken: Sequence[Token]) -> set[str]:
    """Return the digits of all numbers that a transcript may mean: "one two one", "two fifty", "eight fifteen"."""
    found = set[str]()
    plain = (token for token in spoken if token.text.lower() not in _JOINING)
    for is_number, group in groupby(plain, key=lambda token: number(token) is not None):
        run = list(group) if is_number else []
        for start in range(len(run)):
            for part in (run[start:end] for end in range(start + 1, min(start + _LONGEST, len(run)) + 1)):
                found |= {_value(part), _digits(part)}
    return found


def _value(run: Sequence[Token]) -> str:
    """Return the number that words make together, "thirty six thousand", as digits."""
    total = below = 0
    for one in run:
        value = number(one) or 0
        if one.text.lower() not in _HUNDREDS:
            below += value
        elif value == _NUMBERS["hundred"]:
            below = max(below, 1) * value
        else:
            total, below = total + max(below, 1) * value, 0
    return str(total + below)


def _digits(run: Sequence[Token]) -> str:
    """Return numbers said one after another, "nineteen seventy six" or "121.5", as digits."""
    parts = list[str]()
    tens = 0
    for one in run:
        value = _NUMBERS.get(one.text.lower())
        if value is None:
            parts.append("".join(filter(str.isdigit, one.text)))
        elif tens and 0 < value < 10:
            parts[-1] = str(tens + value)
        else:
            parts.append(str(value))
        tens = value if value is not None and 20 <= value < 100 else 0
    return "".join(parts)
