"""Speech leaks by comparison: what a caption and the transcript have in common, and no audible cue has."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from fusionaudio_assets.captioning.leaks.leak import Leak
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.vocabulary import sound_stems
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token, tokens
from resources.sound_names import known_labels

_RUN = 3
_DIGITS = re.compile(r"\d{1,15}")
_NUMBERS: dict[str, int] = raw()["numbers"]
_UNITS = words(raw()["units"])
_MANNER = stems(raw()["manner"]) | stems(raw()["free"]) | stems(raw()["vague_speech"])
_NAMES = words(raw()["sound_names"])
_COUNTED = stems("time beat second bar knock voice people string note bpm bit step hit ring blow cough bark layer part")
_YEARS = range(1100, 2100)


def spoken_leaks(caption: str, said: Sequence[Token], heard: frozenset[str], transcript: str) -> Iterator[Leak]:
    """Find runs of words, words and names of the transcript, and numbers that count nothing audible."""
    spoken = tokens(transcript)
    yield from _runs(caption, said, heard, spoken)
    stems_spoken = {token.stem for token in spoken}
    for index, token in enumerate(said):
        if token.stem in heard or token.text.lower() in FUNCTION_WORDS or _number(token) is not None:
            continue
        if token.stem in stems_spoken and (_is_name(said, index) or _tells(token)):
            yield Leak("speech", token.text, token.start, token.end, "the transcript has it, and nothing else does")
    yield from _numbers(caption, said, heard, {_number(token) for token in spoken} - {None})


def _runs(caption: str, said: Sequence[Token], heard: frozenset[str], spoken: Sequence[Token]) -> Iterator[Leak]:
    runs = {tuple(one.stem for one in spoken[i : i + _RUN]) for i in range(len(spoken) - _RUN + 1)}
    for i in range(len(said) - _RUN + 1):
        run = said[i : i + _RUN]
        own = [one for one in run if one.text.lower() not in FUNCTION_WORDS and one.stem not in heard | NEUTRAL_STEMS]
        if own and tuple(one.stem for one in run) in runs:
            start, end = run[0].start, run[-1].end
            yield Leak("speech", caption[start:end], start, end, "the transcript has the same words")


def _is_name(said: Sequence[Token], index: int) -> bool:
    """Whether a word within a sentence is written as a name, and not as that of a style or language."""
    token = said[index]
    return index > 0 and token.text[0].isupper() and token.text.lower() not in _NAMES


def _tells(token: Token) -> bool:
    """Whether a word tells more than how something sounds, so that having it in common is no chance."""
    if len(token.text) < 3 or token.text.lower().endswith("ly") or token.text.lower() in _NAMES:
        return False
    return token.stem not in NEUTRAL_STEMS and token.stem not in _MANNER and token.stem not in _sound_words()


@cache
def _sound_words() -> frozenset[str]:
    return frozenset[str]().union(*map(sound_stems, known_labels()))


def _numbers(caption: str, said: Sequence[Token], heard: frozenset[str], spoken: set[int | None]) -> Iterator[Leak]:
    """Find numbers that people speak: with a unit of theirs, three in a row, years, and those of the transcript."""
    index = 0
    while index < len(said):
        end = index
        while end < len(said) and _number(said[end]) is not None:
            end += 1
        if end > index:
            run, after = said[index:end], said[end : end + 2]
            if not all(one.stem in heard for one in run) and _told(run, after, heard, spoken):
                last = after[0] if after and after[0].text.lower() in _UNITS else run[-1]
                start, stop = run[0].start, last.end
                yield Leak("speech", caption[start:stop], start, stop, "numbers that are spoken are not heard")
        index = max(end, index + 1)


def _told(run: Sequence[Token], after: Sequence[Token], heard: frozenset[str], spoken: set[int | None]) -> bool:
    if len(run) >= 3 or (after and after[0].text.lower() in _UNITS):
        return True
    if any(one.stem in heard or one.stem in _COUNTED for one in after):
        return False
    values = {_number(one) for one in run} - {1, 2, 3}
    return bool(values & spoken) or bool(values & set(_YEARS))


def _number(token: Token) -> int | None:
    """Return the number that a word stands for; of two with a point or colon between them the first."""
    digits = _DIGITS.match(token.text.replace(",", ""))
    if digits:
        return int(digits[0])
    return _NUMBERS.get(token.text.lower())
