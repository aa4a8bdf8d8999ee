"""Speech leaks without a transcript: reported speech, as in "a man explains how to bake bread"."""

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, islice, pairwise, takewhile

from fusionaudio_assets.captioning.leaks.context import (
    ANNOUNCING,
    BREAK,
    ONLY_LEADING,
    REPORTS,
    SOUNDING,
    SPEAKERS,
    STANDING_IN,
    TELLING,
    UTTERING,
    is_advertised,
    is_compared,
    speaks,
)
from fusionaudio_assets.captioning.leaks.extent import told_after, told_from
from fusionaudio_assets.captioning.leaks.leak import Cause, Leak, leak_at
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.leaks.topic import (
    DETERMINERS,
    NO_TOPIC,
    PRONOUNS,
    VAGUE,
    WORDS_SAID,
    is_clause,
    led,
    no_measure,
    nobody_can,
    tells_something,
    told_to_do,
    topic_after,
)
from fusionaudio_assets.captioning.lexicon import INSTRUMENT, lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token

_NO_SPEAKERS = frozenset({"animal", "music", INSTRUMENT})
_KINDS_OF_TALK = (REPORTS["speech"] | words(raw()["kinds_of_talk"])) - words("letter letters names details facts")
_REACH_KIND = 4
_PLAIN_ASKED = words("what how why")
_PLAIN = stems("do does doing did done happen say go need work") | NEUTRAL_STEMS
_IN_LANGUAGE = re.compile(
    r",? in (?:[a-z]+ )?[A-Z]\w+(?:,(?= (?:as|that|how|about|why|whether|to|for)\b)"
    r"|(?= (?:as|that|how|about|why|whether|to|for)\b))"
)
_PASSIVE = words("is are was were be being been")
_ARTICLES = words("a an")
_LETTING = words("let lets letting")
_GOING = words("go goes going went on keeps keep carries carry drones droning")
_COLOURS = words(raw()["groups"]["colour"])
_CAUSES, _HAVING = words("because since"), words("has have had")
_STATED = words("i you he she it we they there this")
_STATING = words("will would was were is are has have had must might could should")
_REACH_BACK = 7
_REACH_SUBJECT = 4
_REACH_ORDER = 8


def reported_leaks(caption: str, said: Sequence[Token], heard: frozenset[str]) -> Iterator[Leak]:
    """Find reported speech that tells of something no audible cue has."""
    yield from _caused(caption, said, heard)
    text, (caption, said) = caption, _without_language(caption, said)
    for index, token in enumerate(said):
        word = token.text.lower()
        announces = word in ANNOUNCING or word == "about" or _cries_that(said, index)
        if not announces or is_compared(caption, said, index):
            continue
        rest = told_after(caption, said, index)
        if not rest and (start := told_from(caption, said, index)) < index:
            if any(tells_something(one, heard, NO_TOPIC) for one in said[start:index]):
                yield leak_at(text, said[start].start, token.end, Cause.REPORTED)
            continue
        phrased = _phrased(said, index, rest)
        if _is_a_sound_that(said, index, rest) or (not phrased and (word == "about" or word in ONLY_LEADING)):
            continue
        if len(rest) > 1 and rest[0].text == "for" and is_advertised(said, index + 2):
            continue
        told, vague = (phrased, NO_TOPIC) if phrased else _told(caption, said, index, rest)
        plain = _asks(token, rest, heard) or _states(said, index, rest, heard)
        if plain or any(tells_something(one, heard, vague) for one in _without_genre(told)):
            yield leak_at(text, token.start, rest[-1].end if rest else token.end, Cause.REPORTED)


def _caused(caption: str, said: Sequence[Token], heard: frozenset[str]) -> Iterator[Leak]:
    """Find what somebody must have said that others cheer: "because the head has just cancelled the test"."""
    for index, token in enumerate(said[:-_REACH_SUBJECT]):
        who, has = said[index + 2], said[index + 3]
        if token.text.lower() not in _CAUSES or not speaks(who) or has.text not in _HAVING:
            continue
        told = told_after(caption, said, index + 3)
        if any(tells_something(one, heard, VAGUE) for one in told):
            yield leak_at(caption, token.start, told[-1].end, Cause.REPORTED)


def _cries_that(said: Sequence[Token], index: int) -> bool:
    """Whether somebody says something in a way that is first a sound: "an onlooker hisses that it was a blunder"."""
    after = [one.text.lower() for one in said[index + 1 : index + 3]]
    ordered = after == ["not", "to"] or (after[:1] == ["to"] and _ordered(said[index + 1 : index + _REACH_ORDER]))
    if not ordered and (after[:1] != ["that"] or not is_clause(said[index + 2 :])):
        return False
    voiced = said[index].text.endswith(("s", "ing", "ed")) and said[index].stem in lexicon().sounding
    return voiced and _subject(said[:index]) == "speaker"


def _without_language(caption: str, said: Sequence[Token]) -> tuple[str, Sequence[Token]]:
    """Blank what parts a verb from what is told: "complains in French that", "gives her name, in Japanese, as"."""
    blanked = _IN_LANGUAGE.sub(lambda match: " " * len(match[0]), caption)
    return blanked, [token for token in said if not blanked[token.start].isspace()]


def _without_genre(told: Sequence[Token]) -> Iterator[Token]:
    """Leave out what kind of talk it is: "a ghost story", "a mock-solemn toast", "crisp knitting instructions"."""
    for place, token in enumerate(told):
        of_kind = takewhile(_may_tell_kind, told[place : place + _REACH_KIND])
        is_kind = token.text.lower() not in REPORTS["speech"]
        if not (is_kind and any(one.text.lower() in _KINDS_OF_TALK for one in of_kind)):
            yield token


def _may_tell_kind(token: Token) -> bool:
    return token.text[0].islower() and token.text.lower() not in FUNCTION_WORDS and not token.text.endswith("'s")


def _phrased(said: Sequence[Token], index: int, rest: Sequence[Token]) -> Sequence[Token]:
    """Return what is told by more than one word: "goes on about money", "lets him know the bus is late"."""
    word = said[index].text.lower()
    before = [token.text.lower() for token in said[max(0, index - 4) : index]]
    if word in REPORTS["leading"]:
        return led(word, rest) if _subject(said[:index]) == "speaker" else ()
    if word == "know":
        return () if _LETTING.isdisjoint(before) else rest
    if word != "about" or before[-1:] != ["on"] or _GOING.isdisjoint(before) or _subject(said[:index]) != "speaker":
        return ()
    return no_measure(said[index : index + 1 + len(rest)], 0)


def _is_a_sound_that(said: Sequence[Token], index: int, rest: Sequence[Token]) -> bool:
    """Whether a word names a sound and what follows tells of it: "a smooth, glinting whine that turns raw"."""
    if [one.text.lower() for one in rest[:1]] != ["that"]:
        return False
    if is_clause(rest[1:]) or said[index].text.lower() in REPORTS["clausal"]:
        return nobody_can(rest[1:])
    before = dropwhile(_is_adjective, reversed(said[max(0, index - _REACH_BACK) : index]))
    is_noun = any(one.text.lower() in DETERMINERS or one.text.endswith("'s") for one in islice(before, 1))
    return is_noun and said[index].text.lower() in UTTERING


def _is_adjective(token: Token) -> bool:
    return lexicon().kind(token.stem) == "quality" or token.text.endswith(("ing", "ed", "y"))


def _asks(token: Token, rest: Sequence[Token], heard: frozenset[str]) -> bool:
    """Whether a question is told, be its words ever so plain: "asks what time it is"."""
    words_after = [one.text.lower() for one in rest[:3]]
    if words_after[:1] in (["over"], ["about"]):
        words_after = words_after[1:]
    asked = bool(words_after) and words_after[0] in REPORTS["asked"]
    if asked and words_after[0] in _PLAIN_ASKED and token.text.lower() in REPORTS["explaining"]:
        asked = any(one.text.lower() not in FUNCTION_WORDS | PRONOUNS and one.stem not in _PLAIN for one in rest[1:])
    if not asked or words_after[1:2] == ["sounds"] or all(one.stem in heard for one in rest):
        return False
    return token.text.lower() in REPORTS["telling"]


def _states(said: Sequence[Token], index: int, rest: Sequence[Token], heard: frozenset[str]) -> bool:
    """Whether somebody says how something is, be the words ever so plain: "yells that he was here first"."""
    clause = [one.text.lower() for one in rest[:4]]
    if len(clause) < 4 or clause[0] != "that" or clause[1] not in _STATED or clause[2] not in _STATING:
        return False
    if all(one.stem in heard for one in rest):
        return False
    before = said[index - 1].text.lower() if index else ""
    is_noun = before in DETERMINERS or before.endswith("'s")
    return not is_noun and (said[index].text.lower() in TELLING or _subject(said[:index]) == "speaker")


def _told(
    caption: str, said: Sequence[Token], index: int, rest: Sequence[Token]
) -> tuple[Sequence[Token], frozenset[str]]:
    """Return the words that tell what was said after the word at `index`, and the stems that tell nothing there."""
    word = said[index].text.lower()
    subject = _subject(said[:index])
    before = said[index - 1].text.lower() if index else ""
    if before in _PASSIVE and word in REPORTS["treated"]:
        return said[max(0, index - 2) : index - 1], NO_TOPIC
    shouted = before in ANNOUNCING and word in WORDS_SAID  # "shouts insults that echo"
    if shouted or before in DETERMINERS or before.endswith("'s") or (before in _PASSIVE and not word.endswith("ing")):
        # As in "a debate host", "a promise to return", "is told to sit"; "a singing voice starts" tells nothing.
        is_told_of = bool(rest) and speaks(rest[0])
        return () if is_told_of else topic_after(word, rest) or told_to_do(rest), NO_TOPIC
    if word in TELLING and [one.text.lower() for one in rest[:1]] == ["that"] and is_clause(rest[1:]):
        return rest[1:], NO_TOPIC  # whoever it is that explains "that the engine has to be cleaned"
    needs_subject = word in REPORTS["speaking"] or word.endswith("ing")
    if needs_subject and not (subject == "speaker" and _is_verb(caption, said, index)):
        return (topic_after(word, rest), NO_TOPIC) if word in REPORTS["speech"] else ((), VAGUE)
    if word in TELLING and subject != "sound":
        topic = topic_after(word, rest) or told_to_do(rest)
        return (topic, NO_TOPIC) if topic or _is_a_sound(rest) else (_without_listener(rest), VAGUE)
    return topic_after(word, rest) or (told_to_do(rest) if _ordered(rest) else ()), NO_TOPIC


def _without_listener(rest: Sequence[Token]) -> Sequence[Token]:
    """Leave out whom something is told: "gives directions to a taxi driver"."""
    for place, (token, after) in enumerate(pairwise(rest)):
        if place and token.text.lower() == "to" and after.text.lower() in DETERMINERS:
            listener = list(takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS, rest[place + 2 :]))
            if listener and speaks(listener[-1]):
                return [*rest[:place], *rest[place + 2 + len(listener) :]]
    return rest


def _is_a_sound(rest: Sequence[Token]) -> bool:
    """Whether what is given or greeted is no word but a sound: "offers a low grunt", "greets the swell of strings"."""
    given = max((place for place, one in enumerate(rest) if one.text.lower() in _ARTICLES), default=0)
    after = dropwhile(lambda one: one.text.lower() in DETERMINERS, rest[given:])
    thing = takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS - {"of", "like"}, after)
    return any(one.text.lower() in SOUNDING or one.stem in lexicon().sounding for one in thing)


def _ordered(rest: Sequence[Token]) -> bool:
    """Whether somebody is spoken to so that they do something: "shouts at them to hurry", "whispers not to move"."""
    first = rest[0].text.lower() if rest else ""
    warned = first == "to" and any(one.text == "or" for one in rest) and not any(map(speaks, rest[1:2]))
    return warned or first in {"at", "for", "not"}


def _is_verb(caption: str, said: Sequence[Token], index: int) -> bool:
    """Whether a word is no part of a compound: "duck calls", "warning bells" and "an order" report nothing."""
    before, after = said[index - 1], said[index + 1 : index + 2]
    word = before.text.lower()
    if BREAK.search(caption, before.end, said[index].start):
        # "A man whispers, warning someone" goes on telling; "a voice, pleading and low" does not.
        return bool(after) and after[0].text.lower() not in {"and", "but", "yet", "of"}
    named = before.text[0].isupper() or speaks(before) or word.endswith("ly")
    return named or word in FUNCTION_WORDS - DETERMINERS or before.stem in NEUTRAL_STEMS


def _subject(before: Sequence[Token]) -> str:
    """Tell whether the nearest subject before a verb is a "speaker" or a "sound"; empty where neither is near."""
    one_of_them = False
    for token in reversed(before[-_REACH_BACK:]):
        word = token.text.lower()
        if word in _COLOURS:
            continue
        if word in STANDING_IN:
            one_of_them = True
        elif word not in SPEAKERS and (word in SOUNDING or lexicon().kind(token.stem) in _NO_SPEAKERS):
            return "sound"
        elif speaks(token):
            return "speaker"
    if one_of_them:
        return "speaker"
    return "sound" if before and lexicon().kind(before[-1].stem) in {"artifact", "vehicle", "acoustic"} else ""
