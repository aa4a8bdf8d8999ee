"""Where in a caption speech is spoken of: what its words share with a transcript is a leak only there.

"Rain comes down hard while a man talks" may share "hard" with the man by chance; "a man talks of bread" tells of it.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import ABSTRACT, lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token, stem

SENTENCE = re.compile(r"[.;!?…]")
BREAK = re.compile(r"[.,;:!?()\"“”—–]")
REPORTS = {name: words(block) for name, block in raw()["reports"].items()}
TELLING = REPORTS["telling"] | REPORTS["speaking"]
UTTERING = REPORTS["uttering"] | REPORTS["speech"]
ONLY_LEADING = REPORTS["leading"] - TELLING - UTTERING
ANNOUNCING = TELLING | UTTERING | ONLY_LEADING
SPEAKERS = words(raw()["speakers"])
STANDING_IN = words("one another")
SOUNDING = words(raw()["groups"]["sonic"]) - SPEAKERS - words("song songs")
_OF_SPEECH = TELLING | REPORTS["speech"] | words(raw()["of_speech"])
_JOINING = words("while whilst as over and but before after until till amid when whereas then under beneath with above")
_CLAIMING_NO_SOUND = NEUTRAL_STEMS | stems(raw()["sound_names"])
_ADVERTS = words("advert adverts ad ads advertisement advertisements commercial commercials promo")
_REACH_PRODUCT = 4
_REACH_BACK = 12
_MIGHT = words("might would")


def speaks(token: Token) -> bool:
    """Whether a word names somebody, or something that speaks."""
    word = token.text.lower()
    return not SPEAKERS.isdisjoint({word, word.removesuffix("s")}) or lexicon().kind(token.stem) == "person"


def is_advertised(said: Sequence[Token], index: int) -> bool:
    """Whether a word tells what an advert is for, as "an orange juice advert" does: that is a kind of talk."""
    if said[index].text[0].isupper():
        return False
    before = [token.text.lower() for token in said[max(0, index - _REACH_PRODUCT) : index]]
    after = (token.text.lower() for token in said[index + 1 : index + _REACH_PRODUCT])
    if "for" in before and not _ADVERTS.isdisjoint(before[: before.index("for")]):
        return FUNCTION_WORDS.isdisjoint(before[before.index("for") + 1 :])
    return any(word in _ADVERTS for word in takewhile(lambda one: one not in FUNCTION_WORDS, after))


def plain_stem(token: Token) -> str:
    """Return the stem of an adjective without its degree: "to a clearer voice" tells no more than "to a clear one"."""
    is_thing = lexicon().kind(token.stem) not in {ABSTRACT, "quality"}
    return token.stem if is_thing else stem(re.sub(r"(?:i?er|i?est)$", "", token.text.lower()))


def is_compared(caption: str, said: Sequence[Token], index: int) -> bool:
    """Whether a word stands in a comparison, "as if telling a story", "as a witch might": that tells of manner."""
    later = [token.text.lower() for token in said[index + 1 : index + 3]]
    place = index
    while place > max(0, index - _REACH_BACK) and not BREAK.search(caption, said[place - 1].end, said[place].start):
        place -= 1
        word, before = said[place].text.lower(), said[place - 1].text.lower() if place else ""
        follows = said[place + 1].text.lower() if place + 1 < len(said) else ""
        if said[place].start and caption[said[place].start - 1] == "-":
            continue
        if (word == "like" and "to" not in {before, follows}) or (before == "as" and word in {"if", "though", "in"}):
            return True
        if word == "as":
            return not _MIGHT.isdisjoint(later)
    return False


def of_speech(caption: str, said: Sequence[Token], heard: frozenset[str]) -> list[bool]:
    """Tell for each word whether its part of the sentence is about what somebody says.

    A part without a word of speech that names a sound is not; one that has neither is about what the part before it is.
    """
    found = list[bool]()
    before = True
    for parts in _sentences(caption, said):
        kinds = [_is_of_speech(part, heard) for part in parts]
        before = next((kind for kind in kinds if kind is not None), before)
        told = parts[0][0].text.lower() == "according"
        for place, (kind, part) in enumerate(zip(kinds, parts, strict=True)):
            after = parts[place + 1] if place + 1 < len(parts) else []
            if place and before and ":" in caption[parts[place - 1][-1].end : part[0].start]:
                told = True
            before = told or (kind if kind is not None else before) or _attributes(after)
            found += [before] * len(part)
    return found


def _attributes(part: Sequence[Token]) -> bool:
    """Whether a part says whose words stand before it: ", notes a man", ", a man enthuses,", ", according to her"."""
    if not part:
        return False
    first, last = part[0].text.lower(), part[-1].text.lower()
    is_verb = first not in _JOINING and first.endswith("s") and any(map(speaks, part[1:4]))
    return is_verb or first in ANNOUNCING or first == "according" or last in ANNOUNCING - REPORTS["speech"]


def _is_of_speech(part: Sequence[Token], heard: frozenset[str]) -> bool | None:
    if any(speaks(one) or one.text.lower() in _OF_SPEECH for one in part):
        return True
    named = [one for one in part if one.text.lower() not in FUNCTION_WORDS and one.stem not in _CLAIMING_NO_SOUND]
    sounds = (one.stem in heard or one.stem in lexicon().sounding or one.text.lower() in SOUNDING for one in named)
    return False if any(sounds) else None


def _sentences(caption: str, said: Sequence[Token]) -> Iterator[list[list[Token]]]:
    """Cut a caption into sentences, and these into parts at commas and at words that join."""
    parts: list[list[Token]] = [[token] for token in said[:1]]
    for last, token in pairwise(said):
        if SENTENCE.search(caption, last.end, token.start):
            yield parts
            parts = [[]]
        elif BREAK.search(caption, last.end, token.start) or token.text.lower() in _JOINING:
            parts.append([])
        parts[-1].append(token)
    if parts:
        yield parts
