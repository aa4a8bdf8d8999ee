"""Speech leaks by comparison: what a caption and the transcript have in common, and no audible cue has."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile

from fusionaudio_assets.captioning.leaks.context import (
    ANNOUNCING,
    BREAK,
    REPORTS,
    SENTENCE,
    SOUNDING,
    TELLING,
    is_advertised,
    is_compared,
    of_speech,
    plain_stem,
    speaks,
)
from fusionaudio_assets.captioning.leaks.leak import Cause, Leak, leak_at
from fusionaudio_assets.captioning.leaks.numbers import number, number_leaks
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.vocabulary import sound_stems
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token, tokens
from resources.sound_names import known_labels

_RUN = 3
_ROOT = 5
"""Letters that words of one family begin with alike, at the least."""
_KINSHIP = 0.6
"""And the share of their letters."""
_FOREIGN = re.compile(r"[^\W\d_\u0000-\u024f]")
"""A letter of another script than the Latin."""
_REACH_SOUND = 3
_ANNOUNCED = ANNOUNCING - words("sentence sentences name names") | {"about"}
_REACH_TELLING = 6
_ARTICLES = words("a an the")
_NOUN_ENDINGS = ("ness", "tion", "sion", "ity", "ment", "ism")
_VOICED = words(
    "voice voices toned sounding voiced like word words phrase phrases vowel vowels syllable syllables "
    "baritone tenor soprano alto drawl lilt brogue"
)
_MANNER = stems(" ".join((raw()["manner"], raw()["free"], raw()["vague_speech"])))
_SAID_OF_SOUND = stems(raw()["said_of_sound"])
_VERBS = TELLING | REPORTS["uttering"]
_TALK = words(raw()["talk"])
_NAMES = words(raw()["sound_names"])
_NO_NEWS = _NAMES | _VERBS


def spoken_leaks(caption: str, said: Sequence[Token], heard: frozenset[str], transcript: str) -> Iterator[Leak]:
    """Find runs of words, words and names of the transcript, and numbers that count nothing audible."""
    spoken = tokens(transcript)
    shared = _Shared(caption, said, heard, spoken)
    yield from _runs(shared, spoken)
    roots, roots_heard = _roots(shared.stems), _roots(heard)
    for index, token in enumerate(said):
        if token.stem in heard or token.text.lower() in FUNCTION_WORDS or number(token) is not None:
            continue
        if shared.is_foreign and shared.is_told(index) and shared.is_name(index) and not lexicon().knows(token.stem):
            yield Leak(token.text, token.start, token.end, Cause.UNHEARD_NAME)
        elif token.stem in shared.stems and (shared.is_name(index) or shared.tells(index)):
            yield Leak(token.text, token.start, token.end, Cause.SHARED_WORD)
        elif _has_kin(token.stem, roots) and not _has_kin(token.stem, roots_heard) and shared.tells(index):
            yield Leak(token.text, token.start, token.end, Cause.AKIN)
    yield from number_leaks(caption, said, heard, spoken)


class _Shared:
    """What a caption has in common with a transcript, and whether that can be chance."""

    def __init__(self, caption: str, said: Sequence[Token], heard: frozenset[str], spoken: Sequence[Token]) -> None:
        self.caption, self.said, self.heard = caption, said, heard
        self.stems = frozenset(token.stem for token in spoken)
        self.is_foreign = bool(_FOREIGN.search("".join(token.text for token in spoken)))
        self._of_speech = of_speech(caption, said, heard)

    def is_name(self, index: int) -> bool:
        """Whether a word is written as a name, not that of a style or language; a sentence's first may be."""
        token = self.said[index]
        if not token.text[0].isupper() or token.text.lower() in _NAMES:
            return False
        is_first = index == 0 or bool(SENTENCE.search(self.caption, self.said[index - 1].end, token.start))
        return not (is_first and lexicon().knows(token.stem))

    def is_told(self, index: int) -> bool:
        """Whether a word stands where speech is spoken of, and not in a comparison or a "step by step"."""
        by_chance = is_compared(self.caption, self.said, index) or self._is_idle(index)
        return self._of_speech[index] and not (by_chance or is_advertised(self.said, index))

    def tells(self, index: int) -> bool:
        """Whether a word alone is too much to share by chance: a thing that is told of, a quality only after a verb."""
        if (
            not (_tells(self.said[index]) and self.is_told(index))
            or self._modifies_a_sound(index)
            or self._names_a_kind(index)
        ):
            return False
        return not self._is_weak(index) or self._is_announced(index) or self._has_company(index)

    def _is_idle(self, index: int) -> bool:
        """Whether a word is said twice over: "step by step", "one by one"."""
        near = [*self.said[max(0, index - 2) : max(0, index - 1)], *self.said[index + 2 : index + 3]]
        return any(one.stem == self.said[index].stem for one in near)

    def _names_a_kind(self, index: int) -> bool:
        """Whether a word tells what kind of talk or mass of sound it is: "a cabin announcement", "a wall of boos"."""
        after = [one.text.lower() for one in self.said[index + 1 : index + 4]]
        if after[:1] == ["of"]:
            of_what = takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS, self.said[index + 2 : index + 4])
            sounding = lexicon().sounding, self.heard
            return any(one.text.lower() in SOUNDING or any(one.stem in stems for stems in sounding) for one in of_what)
        return not _TALK.isdisjoint(after[:1])

    def _modifies_a_sound(self, index: int) -> bool:
        """Whether a word says how something sounds: "an odd squeak", "a plain, unadorned voice", "bronze-toned"."""
        reach = _REACH_SOUND if self._is_weak(index) else 1
        for place in range(index + 1, min(index + 1 + reach, len(self.said))):
            one = self.said[place]
            word = one.text.lower()
            if word in FUNCTION_WORDS or (reach == 1 and BREAK.search(self.caption, self.said[index].end, one.start)):
                return False
            if word in SOUNDING or word in _VOICED or (one.stem in lexicon().sounding and word not in ANNOUNCING):
                return not (self._is_named(index) and place == index + 1 and word.endswith("s"))
        return False

    def _is_weak(self, index: int) -> bool:
        """Whether a word names nothing: a quality, or what is done."""
        if self.said[index].text.lower().endswith(_NOUN_ENDINGS):
            return False
        kind = lexicon().kind(self.said[index].stem)
        if self.said[index].stem in _SAID_OF_SOUND or self._is_uttering(index):
            return True
        return kind == "quality" or (kind == "action" and not self._is_named(index))

    def _is_uttering(self, index: int) -> bool:
        """Whether a word is what somebody does with their voice: "a pupil mumbles"."""
        before = self.said[max(0, index - 1) : index]
        by_somebody = any(
            (speaks(one) or one.text.lower() == "other") and "'" not in one.text and "’" not in one.text
            for one in before
        )
        return by_somebody and self.said[index].text.endswith("s")

    def _is_named(self, index: int) -> bool:
        return index > 0 and self.said[index - 1].text.lower() in _ARTICLES

    def _is_announced(self, index: int) -> bool:
        """Whether a word of telling stands shortly before: "a speech marking the end of the war"."""
        before = self.said[max(0, index - _REACH_TELLING) : index]
        wider = self.said[max(0, index - _REACH_TELLING - 2) : index]
        tells_that = any(speaks(one) and two.text == "that" for one, two in zip(wider, wider[2:], strict=False))
        return tells_that or any(one.text.lower() in _ANNOUNCED for one in before)

    def _has_company(self, index: int) -> bool:
        """Whether the word beside it is shared, too: "solar panels"."""
        back = index - 2 if self._is_named(index) else index - 1  # "cancels the test"
        beside = [*self.said[max(0, back) : index], *self.said[index + 1 : index + 2]]
        own = [one for one in beside if one.text.lower() not in FUNCTION_WORDS]
        return any(one.stem in self.stems - self.heard and _tells(one) for one in own)

    def leaks(self, start: int, end: int) -> bool:
        """Whether a run of words is no chance: it has a word of weight, or two, on both sides of a comma."""
        own = [
            index
            for index in range(start, end)
            if self.said[index].text.lower() not in FUNCTION_WORDS
            and self.said[index].stem not in self.heard
            and self.said[index].stem not in NEUTRAL_STEMS
            and not self._is_idle(index)
            and not is_compared(self.caption, self.said, index)
        ]
        rare = [index for index in own if _tells(self.said[index])]
        for index in range(start + 1, end):
            if BREAK.search(self.caption, self.said[index - 1].end, self.said[index].start) and not (
                any(one < index for one in own) and any(one >= index for one in own)
            ):
                return False
        if any(map(self.is_told, own)):
            return bool(rare) or len(own) > 1 or self._is_announced(own[0])
        return len(rare) > 1 or self._is_quoted(start, end)

    def _is_quoted(self, start: int, end: int) -> bool:
        """Whether a long run of words, plain as they are, follows a colon: "a satnav: turn around when possible"."""
        led_in = start > 0 and ":" in self.caption[self.said[start - 1].end : self.said[start].start]
        return led_in and end - start > _RUN and self._of_speech[start]


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


def _runs(shared: _Shared, spoken: Sequence[Token]) -> Iterator[Leak]:
    """Find the longest runs of words, of three or more, that stand in the transcript as well."""
    known = {tuple(one.stem for one in spoken[i : i + _RUN]) for i in range(len(spoken) - _RUN + 1)}
    said = shared.said
    start = 0
    while start <= len(said) - _RUN:
        end = start + _RUN - 1
        while end < len(said) and tuple(one.stem for one in said[end - _RUN + 1 : end + 1]) in known:
            end += 1
        if end - start >= _RUN and shared.leaks(start, end):
            yield leak_at(shared.caption, said[start].start, said[end - 1].end, Cause.SAME_WORDS)
        start = max(end - _RUN + 1, start) + 1


def _tells(token: Token) -> bool:
    """Whether a word tells more than how something sounds or that somebody speaks."""
    word = token.text.lower()
    if len(word) < 3 or word.endswith("ly") or word in _NO_NEWS:
        return False
    return _plain_stems().isdisjoint({token.stem, plain_stem(token)})


@cache
def _plain_stems() -> frozenset[str]:
    """Return the stems of what tells how something sounds, how somebody speaks, or nothing."""
    return (NEUTRAL_STEMS | _MANNER).union(*map(sound_stems, known_labels()))
