"""Speech leaks by their form: quotations, addresses, names with a title."""

import re
from collections.abc import Iterator, Sequence

from fusionaudio_assets.captioning.leaks.leak import Cause, Leak, words_at
from fusionaudio_assets.captioning.leaks.tables import raw, stems
from fusionaudio_assets.captioning.words import Token

_QUOTE = re.compile(
    r"[\"“”«»„]([^\"“”«»„]+)[\"“”«»]|(?<!\w)[‘'](\w[^’']{0,200}(?:['’]\w[^’']{0,200}){0,9}[\w!?.,])[’'](?!\w)"
)
_BY_FORM = {
    Cause.ADDRESS: re.compile(
        r"\b(?:https?://\S+|www\.\S+|[\w.+-]{1,64}@\w[\w.-]{0,253}\.\w+"
        r"|[\w-]+\.(?:com|org|net|edu|gov|io|co|tv|info|de|uk|fm|me)\b|\w+ dot (?:com|org|net|tv)"
        r"|(?:web ?site|web page|hashtag|url)s?\b)|(?<!\w)[#@][A-Za-z]\w+",
        re.IGNORECASE,
    ),
    Cause.SOMEBODY: re.compile(
        r"\b(?:Mr|Mrs|Ms|Miss|Dr|Sir|Madam|President|Senator|King|Queen|Captain|Professor)\b\.? [A-Z]\w+(?: [A-Z]\w+)*"
    ),
    Cause.NAMED: re.compile(r"\b(?:called|named|nicknamed|titled|entitled) [A-Z]\w+(?: [A-Z]\w+)*"),
}
_SCREEN_TEXT = re.compile(
    r"\b(?:title|card|sign|text|banner|subtitle|caption|screen|logo|label|poster)s?\b[^.]*$", re.IGNORECASE
)
_INTERJECTIONS = stems(raw()["interjections"])
_REACH_BACK = 80
_SOUND_WORD = re.compile(r" ?(?:sounds?|noises?|effects?|calls?|-like)\b", re.IGNORECASE)


def quoted_leaks(caption: str, said: Sequence[Token], heard: frozenset[str], seen: frozenset[str]) -> Iterator[Leak]:
    """Find quotations, addresses and names of which some word is in no audible cue.

    What is quoted from a sign, a screen or the picture is a visual leak. ``a "whoosh" sound`` quotes nobody.
    """
    for match in _QUOTE.finditer(caption):
        if _all_in(heard | _INTERJECTIONS, match, said) or _SOUND_WORD.match(caption, match.end()):
            continue
        if _SCREEN_TEXT.search(caption, max(0, match.start() - _REACH_BACK), match.start()) or _all_in(
            seen, match, said
        ):
            yield Leak(match[0], *match.span(), Cause.WRITTEN)
        else:
            yield Leak(match[0], *match.span(), Cause.QUOTED)
    for cause, form in _BY_FORM.items():
        for match in form.finditer(caption):
            if not _all_in(heard, match, said):
                yield Leak(match[0], *match.span(), cause)


def _all_in(known: frozenset[str], match: re.Match[str], said: Sequence[Token]) -> bool:
    return all(token.stem in known for token in words_at(said, *match.span()))
