"""Visual leaks: what only eyes can tell, and what only the pictures of this clip show."""

from collections.abc import Iterator, Sequence

from fusionaudio_assets.captioning.leaks.leak import Leak, words_at
from fusionaudio_assets.captioning.leaks.tables import pattern, raw, stems, words
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token

_SOUNDING = pattern(raw()["sounding"])
_LOOKS = {kind: pattern(patterns) for kind, patterns in raw()["looks"].items()}
_FREE = stems(raw()["free"])
_POSTURES = words(raw()["posture"])
_BEINGS = words(raw()["groups"]["being"])
_ADJECTIVE_ENDINGS = ("y", "ing", "ed", "ic", "al", "ous", "ful", "less", "ish")
_SONIC = words(raw()["groups"]["sonic"])


def visual_leaks(
    caption: str, said: Sequence[Token], heard: frozenset[str], seen: frozenset[str], sharpened: frozenset[str]
) -> Iterator[Leak]:
    """Find visual leaks.

    Args:
        caption: The caption.
        said: Its words.
        heard: Stems that some cue has by ear.
        seen: Stems of what is seen.
        sharpened: Those of `seen` that may name the source of a vague sound.
    """
    masked = {place for match in _SOUNDING.finditer(caption) for place in range(*match.span())}
    for kind, look in _LOOKS.items():
        for match in look.finditer(caption):
            own = _claiming(said, *match.span())
            if not (own and own <= heard) and masked.isdisjoint(range(*match.span())):
                yield Leak("visual", match[0], match.start(), match.end(), f"{kind} cannot be heard")
    for index, token in enumerate(said):
        if token.stem in heard or not masked.isdisjoint(range(token.start, token.end)):
            continue
        if token.text.lower() in _POSTURES and _taken_by_a_being(said[:index]):
            yield Leak("visual", token.text, token.start, token.end, "a posture or gesture cannot be heard")
        elif token.stem in seen - sharpened and not _free(token) and not _of_a_sound(said[index : index + 4]):
            yield Leak("visual", token.text, token.start, token.end, "only the pictures show it")


def _free(token: Token) -> bool:
    return token.text.lower() in FUNCTION_WORDS or token.stem in _FREE | NEUTRAL_STEMS


def _of_a_sound(ahead: Sequence[Token]) -> bool:
    """Whether the first of these words is an adjective of a sound or mood: "a smoky, late-night mood"."""
    if not ahead[0].text.lower().endswith(_ADJECTIVE_ENDINGS):
        return False
    for token in ahead[1:]:
        if token.text.lower() in FUNCTION_WORDS:
            return False
        if token.text.lower() in _SONIC:
            return True
    return False


def _claiming(said: Sequence[Token], start: int, end: int) -> frozenset[str]:
    """Return the stems of the claiming words in a place."""
    inside = words_at(said, start, end)
    return frozenset(t.stem for t in inside if t.text.lower() not in FUNCTION_WORDS and t.stem not in NEUTRAL_STEMS)


def _taken_by_a_being(before: Sequence[Token]) -> bool:
    """Whether the nearest noun before a posture is somebody or an animal rather than a sound."""
    nearest = (token.text.lower() for token in reversed(before[-6:]))
    return next((one in _BEINGS for one in nearest if one in _BEINGS or one in _SONIC), False)
