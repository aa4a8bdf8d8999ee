"""Speech leaks without a transcript: reported speech, as in "a man explains how to bake bread"."""

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, pairwise, takewhile

from fusionaudio_assets.captioning.leaks.leak import Leak
from fusionaudio_assets.captioning.leaks.naming import is_place, is_thing
from fusionaudio_assets.captioning.leaks.numbers import number
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import INSTRUMENT, lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token, stem

_REPORTS = {name: words(block) for name, block in raw()["reports"].items()}
_TELLING = _REPORTS["telling"] | _REPORTS["speaking"]
_UTTERING = _REPORTS["uttering"] | _REPORTS["speech"]
_ONLY_LEADING = _REPORTS["leading"] - _TELLING - _UTTERING
_ANNOUNCING = _TELLING | _UTTERING | _ONLY_LEADING
_SPEAKERS = words(raw()["speakers"])
_SOUNDING = words(raw()["groups"]["sonic"]) - _SPEAKERS - words("song songs")
_VAGUE = stems(
    " ".join((raw()["vague_speech"], raw()["manner"], raw()["free"], raw()["sound_names"], raw()["reports"]["speech"]))
)
_NO_TOPIC = stems(raw()["no_topic"])
_BREAK = re.compile(r"[.,;:!?()\"“”—–]")
_VOICED = words(raw()["manner_of_speaking"])
_HOW = {"from": _REPORTS["read_from"], "at": words("pace speed tempo volume pitch")}
_NO_SPEAKERS = frozenset({"animal", "music", INSTRUMENT})
_STANDING_IN = words("one another")
_DETERMINERS = words("a an the this that these those some any no each every his her its their")
_PRONOUNS = words("i you he she it we they there someone somebody everyone everybody nobody people")
_PASSIVE = words("is are was were be being been")
_LISTENERS = words(
    "him her them us me you each one another someone somebody everybody everyone people listeners viewers"
)
_MANNER_OF = _REPORTS["manner_of"]
_NO_MATTER = words("of on in at to from with against into")
_LETTING = words("let lets letting")
_GOING = words("go goes going went on keeps keep carries carry drones droning")
_COLOURS = words(raw()["groups"]["colour"])
_REACH_BACK = 7
_REACH_TOPIC = 6
_REACH_CLAUSE = 25


def reported_leaks(caption: str, said: Sequence[Token], heard: frozenset[str]) -> Iterator[Leak]:
    """Find reported speech that tells of something no audible cue has."""
    for index, token in enumerate(said):
        word = token.text.lower()
        if word not in _ANNOUNCING and word != "about":
            continue
        rest = _clause(caption, said, index)
        if not rest and (start := _said_before(caption, said, index)) < index:
            if any(_tells_something(one, heard, _NO_TOPIC) for one in said[start:index]):
                place = said[start].start
                yield Leak("speech", caption[place : token.end], place, token.end, "it reports what is said")
            continue
        phrased = _phrased(said, index, rest)
        if not phrased and (word == "about" or word in _ONLY_LEADING):
            continue
        told, vague = (phrased, _NO_TOPIC) if phrased else _told(caption, said, index, rest)
        if _asks(token, rest, heard) or any(_tells_something(one, heard, vague) for one in told):
            start, end = token.start, rest[-1].end if rest else token.end
            yield Leak("speech", caption[start:end], start, end, "it reports what is said")


def _said_before(caption: str, said: Sequence[Token], index: int) -> int:
    """Return where begins what is told before a verb that ends its sentence: "The road is shut, a man says"."""
    ended = [place for place in range(1, index) if _BREAK.search(caption, said[place - 1].end, said[place].start)]
    if said[index].text.lower() not in _TELLING - _REPORTS["speaking"] or not ended:
        return index
    subject = said[ended[-1] : index]
    if "," not in caption[said[ended[-1] - 1].end : subject[0].start if subject else 0] or not _is_subject(subject):
        return index
    return max((place for place in ended if said[place].text[0].isupper()), default=0)


def _is_subject(subject: Sequence[Token]) -> bool:
    """Whether words are but somebody: "a man", "the woman"."""
    somebody = bool(subject) and _speaks(subject[-1])
    return somebody and all(one.text.lower() in _DETERMINERS for one in subject[:-1])


def _phrased(said: Sequence[Token], index: int, rest: Sequence[Token]) -> Sequence[Token]:
    """Return what is told by more than one word: "goes on about money", "lets him know the bus is late"."""
    word = said[index].text.lower()
    before = [token.text.lower() for token in said[max(0, index - 4) : index]]
    if word in _REPORTS["leading"]:
        return _led(word, rest) if _subject(said[:index]) == "speaker" else ()
    if word == "know":
        return () if _LETTING.isdisjoint(before) else rest
    if word != "about" or before[-1:] != ["on"] or _GOING.isdisjoint(before) or _subject(said[:index]) != "speaker":
        return ()
    return _no_measure(said[index : index + 1 + len(rest)], 0)


def _asks(token: Token, rest: Sequence[Token], heard: frozenset[str]) -> bool:
    """Whether a question is told, be its words ever so plain: "asks what time it is"."""
    words_after = [one.text.lower() for one in rest[:3]]
    if words_after[:1] in (["over"], ["about"]):
        words_after = words_after[1:]
    asked = bool(words_after) and words_after[0] in _REPORTS["asked"]
    if not asked or words_after[1:2] == ["sounds"] or all(one.stem in heard for one in rest):
        return False
    return token.text.lower() in _REPORTS["telling"]


def _told(
    caption: str, said: Sequence[Token], index: int, rest: Sequence[Token]
) -> tuple[Sequence[Token], frozenset[str]]:
    """Return the words that tell what was said after the word at `index`, and the stems that tell nothing there."""
    word = said[index].text.lower()
    subject = _subject(said[:index])
    before = said[index - 1].text.lower() if index else ""
    if before in _PASSIVE and word in _REPORTS["treated"]:
        return said[max(0, index - 2) : index - 1], _NO_TOPIC
    if before in _DETERMINERS or before.endswith("'s") or (before in _PASSIVE and not word.endswith("ing")):
        # As in "a debate host", "a promise to return", "is told to sit"; "a singing voice starts" tells nothing.
        is_told_of = bool(rest) and _speaks(rest[0])
        return () if is_told_of else _topic(word, rest) or _told_to_do(rest), _NO_TOPIC
    if word in _TELLING and [one.text.lower() for one in rest[:1]] == ["that"] and _is_clause(rest[1:]):
        return rest[1:], _NO_TOPIC  # whoever it is that explains "that the engine has to be cleaned"
    needs_subject = word in _REPORTS["speaking"] or word.endswith("ing")
    if needs_subject and not (subject == "speaker" and _is_verb(caption, said, index)):
        return (_topic(word, rest), _NO_TOPIC) if word in _REPORTS["speech"] else ((), _VAGUE)
    if word in _TELLING and subject != "sound":
        topic = _topic(word, rest) or _told_to_do(rest)
        return (topic, _NO_TOPIC) if topic or _is_a_sound(rest) else (_without_listener(rest), _VAGUE)
    return _topic(word, rest) or (_told_to_do(rest) if _ordered(rest) else ()), _NO_TOPIC


def _without_listener(rest: Sequence[Token]) -> Sequence[Token]:
    """Leave out whom something is told: "gives directions to a taxi driver"."""
    for place, (token, after) in enumerate(pairwise(rest)):
        if place and token.text.lower() == "to" and after.text.lower() in _DETERMINERS:
            listener = list(takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS, rest[place + 2 :]))
            if listener and _speaks(listener[-1]):
                return [*rest[:place], *rest[place + 2 + len(listener) :]]
    return rest


def _is_clause(after_that: Sequence[Token]) -> bool:
    """Whether a subject follows "that", as in "that he is late", and no verb, as in "that rises"."""
    return bool(after_that) and after_that[0].text.lower() in _DETERMINERS | _PRONOUNS


def _is_a_sound(rest: Sequence[Token]) -> bool:
    """Whether what is given or greeted is no word but a sound: "offers a low grunt", "greets the swell of strings"."""
    after = dropwhile(lambda one: one.text.lower() in _DETERMINERS, rest)
    thing = takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS - {"of", "like"}, after)
    return any(one.text.lower() in _SOUNDING or one.stem in lexicon().sounding for one in thing)


def _ordered(rest: Sequence[Token]) -> bool:
    """Whether somebody is spoken to so that they do something: "shouts at the others to hurry"."""
    return bool(rest) and rest[0].text.lower() in {"at", "for"}


def _is_verb(caption: str, said: Sequence[Token], index: int) -> bool:
    """Whether a word is no part of a compound: "duck calls", "warning bells" and "an order" report nothing."""
    before, after = said[index - 1], said[index + 1 : index + 2]
    word = before.text.lower()
    if _BREAK.search(caption, before.end, said[index].start):
        # "A man whispers, warning someone" goes on telling; "a voice, pleading and low" does not.
        return bool(after) and after[0].text.lower() not in {"and", "but", "yet", "of"}
    named = before.text[0].isupper() or _speaks(before) or word.endswith("ly")
    return named or word in FUNCTION_WORDS - _DETERMINERS or before.stem in NEUTRAL_STEMS


def _clause(caption: str, said: Sequence[Token], index: int) -> Sequence[Token]:
    """Return the words after the one at `index`, up to where what was said ends."""
    announcing = said[index].text.lower()
    end = index + 1
    while end < min(len(said), index + _REACH_CLAUSE) and not _BREAK.search(
        caption, said[end - 1].end, said[end].start
    ):
        if _ends_clause(announcing, said[index + 1 : end], said[end], said[end + 1 : end + 6]):
            break
        end += 1
    return said[index + 1 : end]


def _ends_clause(announcing: str, told: Sequence[Token], token: Token, after: Sequence[Token]) -> bool:
    """Whether what is told ends before a word: what follows says how, where, when or what else is heard."""
    word = token.text.lower()
    if word in _HOW and not _HOW[word].isdisjoint(one.text.lower() for one in after[:3]):
        return True
    if announcing in _REPORTS.get(f"topic_{word}", ()):
        return False
    if word in {"in", "with"} and (not after or after[0].text.lower() not in _LISTENERS):
        goes_on = "about" in (one.text for one in after)
        return not goes_on and _of_the_voice(after)
    if told and told[-1].text.lower() == "something":
        return word not in _REPORTS["topical"]
    placed = word in _REPORTS["place"] and announcing in _REPORTS["speaking"]
    if word == "from" and announcing in _REPORTS["sourced"]:
        return False
    return placed or word in _REPORTS["boundary"]


def _of_the_voice(after: Sequence[Token]) -> bool:
    """Whether "in" or "with" leads to how it is spoken: "in a calm voice", "with emphasis", "with a groan"."""
    voiced = any(token.text.lower() in _VOICED or token.stem in lexicon().sounding for token in after)
    return bool(after) and (voiced or after[0].stem in _VAGUE)


def _topic(word: str, rest: Sequence[Token]) -> Sequence[Token]:
    """Return what follows "about", "how" or the like; "about as loudly as" is no topic."""
    for place, token in enumerate(rest[:_REACH_TOPIC]):
        one = token.text.lower()
        if one == "that" and (word in _REPORTS["speech"] or place > 1) and not _tells_a_clause(word, rest, place):
            return ()  # "a melody that climbs"
        if one == "in" and [after.text for after in rest[place + 1 : place + 2]] == ["which"]:
            return rest[place + 2 :] if word in _REPORTS["speech"] else ()  # "a tale in which a boy is lost"
        if one in _REPORTS["topical"] or word in _REPORTS.get(f"topic_{one}", ()):
            after = rest[place + 1 :]
            return () if after and after[0].text.lower() == "as" else after
        if one in _MANNER_OF:
            return _about(rest[place:])
    return ()


def _led(word: str, rest: Sequence[Token]) -> Sequence[Token]:
    """Return what a phrasal verb tells of: "points out a flaw", "takes a class through the proof".

    Without a listener it may be a way that is walked, "through the leaves", "over a bridge".
    """
    topic = _topic(word, rest)
    listener = rest[: len(rest) - len(topic) - 1]
    if not topic or topic[0].text.lower() in _NO_MATTER or (listener and not _is_somebody(listener[-1])):
        return ()
    if word not in _REPORTS["walking"]:
        return topic
    named = takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS - _DETERMINERS, topic)
    ways = [one.stem for one in named][-1:]
    if listener:
        return () if any(map(is_place, ways)) else topic
    moved = word.endswith("ing") or any(is_place(one) or is_thing(one) or one in lexicon().classes for one in ways)
    tells = any(_tells_something(one, frozenset(), _VAGUE) for one in topic)
    return topic if tells and not moved else ()


def _is_somebody(token: Token) -> bool:
    return token.text.lower() in _LISTENERS or _speaks(token)


def _about(rest: Sequence[Token]) -> Sequence[Token]:
    """Return what follows "about" later on: "talks at length about", but not "at about noon"."""
    for place, token in enumerate(rest[:_REACH_TOPIC]):
        if token.text.lower() == "about":
            return _no_measure(rest, place)
    return ()


def _no_measure(rest: Sequence[Token], place: int) -> Sequence[Token]:
    before, after = rest[place - 1].text.lower() if place else "", rest[place + 1 :]
    measured = bool(after) and (after[0].text.lower() in _REPORTS["measured"] or number(after[0]) is not None)
    return () if measured or before in _REPORTS["moved"] else after


def _tells_a_clause(word: str, rest: Sequence[Token], place: int) -> bool:
    """Whether "that" leads to what was said: "explanation that smoke calms", "explains to her son that it is late"."""
    after = rest[place + 1 : place + 2]
    if not after or after[0].text.lower() in _REPORTS["relative"] or after[0].text.lower().endswith("ly"):
        return False
    if word in _REPORTS["clausal"] and place == 0:
        own = lexicon().kind(after[0].stem) in {"action", "acoustic"} and after[0].text.endswith(("s", "ed"))
        return not own
    return word in _TELLING and place > 1 and (rest[0].text.lower() == "to" or _speaks(rest[place - 1]))


def _told_to_do(rest: Sequence[Token]) -> Sequence[Token]:
    """Return what follows "to" with a verb, as in "tells him to run"; "says to the crowd" has none."""
    for place, token in enumerate(rest[:_REACH_TOPIC]):
        after = rest[place + 1 :]
        if token.text.lower() == "to" and after and after[0].text.lower() not in _DETERMINERS | _LISTENERS:
            return () if after[0].stem in lexicon().sounding else after
    return ()


def _subject(before: Sequence[Token]) -> str:
    """Tell whether the nearest subject before a verb is a "speaker" or a "sound"; empty where neither is near."""
    one_of_them = False
    for token in reversed(before[-_REACH_BACK:]):
        word = token.text.lower()
        if word in _COLOURS:
            continue
        if word in _STANDING_IN:
            one_of_them = True
        elif word not in _SPEAKERS and (word in _SOUNDING or lexicon().kind(token.stem) in _NO_SPEAKERS):
            return "sound"
        elif _speaks(token):
            return "speaker"
    if one_of_them:
        return "speaker"
    return "sound" if before and lexicon().kind(before[-1].stem) in {"artifact", "vehicle", "acoustic"} else ""


def _speaks(token: Token) -> bool:
    word = token.text.lower()
    return not _SPEAKERS.isdisjoint({word, word.removesuffix("s")}) or lexicon().kind(token.stem) == "person"


def _tells_something(token: Token, heard: frozenset[str], vague: frozenset[str]) -> bool:
    word = token.text.lower()
    told = word not in FUNCTION_WORDS | _DETERMINERS and not word.endswith("ly")
    plain = stem(re.sub(r"(?:i?er|i?est)$", "", word))  # "to a clearer voice" tells no more than "to a clear one"
    return told and (heard | NEUTRAL_STEMS | vague).isdisjoint({token.stem, plain})
