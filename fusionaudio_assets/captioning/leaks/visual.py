"""Visual leaks: what only eyes can tell, and what only the pictures of this clip show."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.leaks.heard import named_stems, seen_stems, sharpened_stems, sounding_stems
from fusionaudio_assets.captioning.leaks.leak import Leak, words_at
from fusionaudio_assets.captioning.leaks.tables import pattern, raw, stems, words
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token

_SOUNDING = pattern(raw()["sounding"])
_LOOKS = {kind: pattern(patterns) for kind, patterns in raw()["looks"].items()}
_FREE = stems(raw()["free"])
_POSTURES = words(raw()["posture"])
_BEINGS = words(raw()["groups"]["being"])
_ARTICLES = words("a an the its their his her some")
_PREPOSITIONS = words(
    "with in on at by from of near beside under over against behind through across around between into onto"
)
_ADJECTIVE_ENDINGS = ("y", "ing", "ed", "ic", "al", "ous", "ful", "less", "ish")
_SONIC = words(raw()["groups"]["sonic"])


def visual_leaks(caption: str, said: Sequence[Token], cues: Cues, heard: frozenset[str]) -> Iterator[Leak]:
    """Find visual leaks.

    Args:
        caption: The caption.
        said: Its words.
        cues: What it may be made of.
        heard: Stems that some cue has by ear.
    """
    masked = {place for match in _SOUNDING.finditer(caption) for place in range(*match.span())}
    for kind, look in _LOOKS.items():
        for match in look.finditer(caption):
            own = _claiming(said, *match.span())
            if not (own and own <= heard) and masked.isdisjoint(range(*match.span())):
                yield Leak("visual", match[0], match.start(), match.end(), f"{kind} cannot be heard")
    unheard = seen_stems(cues) - heard - sharpened_stems(cues, heard)
    named, sounding = named_stems(cues), sounding_stems(heard)
    for index, token in enumerate(said):
        if token.stem in heard or not masked.isdisjoint(range(token.start, token.end)):
            continue
        ahead = said[index + 1 : index + 4]
        if token.text.lower() in _POSTURES and _taken_by_a_being(said[:index]):
            yield Leak("visual", token.text, token.start, token.end, "a posture or gesture cannot be heard")
        elif token.stem not in unheard or _free(token) or _of_a_sound(token, ahead) or _done_by_a_sound(said, index):
            continue
        elif token.stem in named or not _sounds(said, index, sounding):
            yield Leak("visual", token.text, token.start, token.end, "only the pictures show it")


def _sounds(said: Sequence[Token], index: int, sounding: frozenset[str]) -> bool:
    """Whether a thing makes a sound that is heard, as a seen suitcase that "rolls"; not one after a preposition."""
    before = [token.text.lower() for token in said[max(0, index - 4) : index]]
    lead = next((one for one in reversed(before) if one in FUNCTION_WORDS and one not in _ARTICLES), "")
    if lead in _PREPOSITIONS:
        return False
    for token, after in pairwise(said[index : index + 4]):
        if after.start > token.end + 1 or after.text.lower() in FUNCTION_WORDS:
            return False
        if after.stem in sounding:
            return True
    return False


def _free(token: Token) -> bool:
    return token.text.lower() in FUNCTION_WORDS or token.stem in _FREE or token.stem in NEUTRAL_STEMS


def _of_a_sound(token: Token, ahead: Sequence[Token]) -> bool:
    """Whether a word is an adjective of a sound or mood: "a smoky, late-night mood"."""
    clause = takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS, ahead)
    return token.text.lower().endswith(_ADJECTIVE_ENDINGS) and any(one.text.lower() in _SONIC for one in clause)


def _done_by_a_sound(said: Sequence[Token], index: int) -> bool:
    """Whether a verb tells what music or a voice does: "the chorus glows"."""
    return index > 0 and said[index].text.lower().endswith("s") and said[index - 1].text.lower() in _SONIC


def _claiming(said: Sequence[Token], start: int, end: int) -> frozenset[str]:
    """Return the stems of the claiming words in a place."""
    inside = words_at(said, start, end)
    return frozenset(t.stem for t in inside if t.text.lower() not in FUNCTION_WORDS and t.stem not in NEUTRAL_STEMS)


def _taken_by_a_being(before: Sequence[Token]) -> bool:
    """Whether the nearest noun before a posture is somebody or an animal rather than a sound."""
    nearest = (token.text.lower() for token in reversed(before[-6:]))
    return next((one in _BEINGS for one in nearest if one in _BEINGS or one in _SONIC), False)
