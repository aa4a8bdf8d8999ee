"""Speech leaks by comparison: what a caption and the transcript have in common, and no audible cue has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile

from fusionaudio_assets.captioning.leaks.leak import Leak
from fusionaudio_assets.captioning.leaks.numbers import number, number_leaks
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.vocabulary import sound_stems
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token, tokens
from resources.sound_names import known_labels

_RUN = 3
_ROOT = 5
"""Letters that words of one family begin with alike, at the least."""
_KINSHIP = 0.6
"""And the share of their letters."""
_MANNER = stems(raw()["manner"]) | stems(raw()["free"]) | stems(raw()["vague_speech"])
_NAMES = words(raw()["sound_names"])


def spoken_leaks(caption: str, said: Sequence[Token], heard: frozenset[str], transcript: str) -> Iterator[Leak]:
    """Find runs of words, words and names of the transcript, and numbers that count nothing audible."""
    spoken = tokens(transcript)
    yield from _runs(caption, said, heard, spoken)
    stems_spoken = {token.stem for token in spoken}
    roots, roots_heard = _roots(stems_spoken), _roots(heard)
    for index, token in enumerate(said):
        if token.stem in heard or token.text.lower() in FUNCTION_WORDS or number(token) is not None:
            continue
        if token.stem in stems_spoken and (_is_name(said, index) or _tells(token)):
            yield Leak("speech", token.text, token.start, token.end, "the transcript has it, and nothing else does")
        elif _tells(token) and _has_kin(token.stem, roots) and not _has_kin(token.stem, roots_heard):
            yield Leak("speech", token.text, token.start, token.end, "the transcript has a word of its family")
    yield from number_leaks(caption, said, heard, spoken)


def _roots(spoken: Iterable[str]) -> dict[str, list[str]]:
    """Return stems by their first letters."""
    found: dict[str, list[str]] = {}
    for one in spoken:
        if len(one) >= _ROOT:
            found.setdefault(one[:_ROOT], []).append(one)
    return found


def _has_kin(one: str, roots: Mapping[str, Sequence[str]]) -> bool:
    return any(_akin(one, other) for other in roots.get(one[:_ROOT], ()))


def _akin(one: str, other: str) -> bool:
    """Whether stems have most of their letters in common: "gravity" and "gravitational", "Chile" and "Chilean"."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return alike >= _KINSHIP * max(len(one), len(other))


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
