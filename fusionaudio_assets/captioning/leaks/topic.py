"""What is told after a word of speech, behind "about", "that", "to" or the like, and whether it tells anything."""

from collections.abc import Sequence
from itertools import takewhile

from fusionaudio_assets.captioning.leaks.context import REPORTS, TELLING, plain_stem, speaks
from fusionaudio_assets.captioning.leaks.naming import is_place, is_thing
from fusionaudio_assets.captioning.leaks.numbers import number
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token

NO_TOPIC = stems(raw()["no_topic"])
VAGUE = stems(
    " ".join((raw()["vague_speech"], raw()["manner"], raw()["free"], raw()["sound_names"], raw()["reports"]["speech"]))
)
_REACH_TOPIC = 6
_NO_MATTER = words("of on in at to from with against into")
_MANNER_OF = REPORTS["manner_of"]
LISTENERS = words(
    "him her them us me you each one another someone somebody everybody everyone people listeners viewers"
)
WORDS_SAID = words("commands orders words phrases sentences insults curses oaths names numbers")
_CAN = words("can could would might")
_UTTERED_BY = words(raw()["uttered_by"])
_CALLED_TO = words("prayer prayers worship mass order arms action")
_PERSONAL = words("i you he she it we they")
PRONOUNS = words("i you he she it we they there someone somebody everyone everybody nobody people")
DETERMINERS = words("a an the this that these those some any no each every his her its their")
_TELLING_NOTHING = FUNCTION_WORDS | DETERMINERS | _PERSONAL


def topic_after(word: str, rest: Sequence[Token]) -> Sequence[Token]:
    """Return what follows "about", "how" or the like; "about as loudly as" is no topic."""
    for place, token in enumerate(rest[:_REACH_TOPIC]):
        one = token.text.lower()
        if one == "that" and (word in REPORTS["speech"] or place > 1) and not _tells_a_clause(word, rest, place):
            return ()  # "a melody that climbs"
        if one == "that" and _is_relative(word, rest, place):
            return ()  # "bellows orders that bounce around"
        if one == "in" and [after.text for after in rest[place + 1 : place + 2]] == ["which"]:
            return rest[place + 2 :] if word in REPORTS["speech"] else ()  # "a tale in which a boy is lost"
        if one in REPORTS["topical"] or word in REPORTS.get(f"topic_{one}", ()):
            after = rest[place + 1 :]
            of_somebody = one == "of" and word in _UTTERED_BY and _names_somebody(after)
            return () if of_somebody or _is_no_topic(rest[:place], after) else after
        if one in _MANNER_OF:
            # "Yells at him for parking", "talks at length about money".
            is_reproach = word in REPORTS["uttering"] and [after.text for after in rest[:3:2]] == ["at", "for"]
            return rest[3:] if is_reproach else _about(rest[place:])
    return ()


def _is_relative(word: str, rest: Sequence[Token], place: int) -> bool:
    """Whether "that" tells of words as of a sound: "insults that echo", "words that the wind swallows"."""
    noun = rest[place - 1].text.lower() if place else word
    return noun in WORDS_SAID or (place == 1 and noun in REPORTS["speech"] and not is_clause(rest[2:]))


def led(word: str, rest: Sequence[Token]) -> Sequence[Token]:
    """Return what a phrasal verb tells of: "points out a flaw", "takes a class through the proof".

    Without a listener it may be a way that is walked, "through the leaves", "over a bridge".
    """
    topic = topic_after(word, rest)
    listener = rest[: len(rest) - len(topic) - 1]
    if not topic or topic[0].text.lower() in _NO_MATTER or (listener and not _is_somebody(listener[-1])):
        return ()
    if word not in REPORTS["walking"]:
        return topic
    named = takewhile(lambda one: one.text.lower() not in FUNCTION_WORDS - DETERMINERS, topic)
    ways = [one.stem for one in named][-1:]
    if listener:
        return () if any(map(is_place, ways)) else topic
    moved = word.endswith("ing") or any(is_place(one) or is_thing(one) or one in lexicon().classes for one in ways)
    tells = any(tells_something(one, frozenset(), VAGUE) for one in topic)
    return topic if tells and not moved else ()


def _names_somebody(rest: Sequence[Token]) -> bool:
    """Whether words name people and nothing else: "a group of hikers"."""
    named = [one for one in rest if one.text.lower() not in FUNCTION_WORDS | DETERMINERS and one.stem not in VAGUE]
    return all(map(speaks, named))


def _is_no_topic(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Whether it is no topic: "talks about as loudly as", "talks his way through the verse", "about who knows what"."""
    on_the_way = bool(before) and before[-1].text.lower() == "way"
    as_much = bool(after) and after[0].text.lower() == "as"
    return on_the_way or as_much or _is_unknown(after)


def _is_unknown(after: Sequence[Token]) -> bool:
    """Whether nobody can tell what it is about: "about who knows what"."""
    return [one.text.lower() for one in after[1:2]] == ["knows"]


def _is_somebody(token: Token) -> bool:
    return token.text.lower() in LISTENERS or speaks(token)


def _about(rest: Sequence[Token]) -> Sequence[Token]:
    """Return what follows "about" later on: "talks at length about", but not "at about noon"."""
    for place, token in enumerate(rest[:_REACH_TOPIC]):
        if token.text.lower() == "about":
            return no_measure(rest, place)
    return ()


def no_measure(rest: Sequence[Token], place: int) -> Sequence[Token]:
    """Return what follows the "about" at a place, unless it tells how much or where somebody moves."""
    before, after = rest[place - 1].text.lower() if place else "", rest[place + 1 :]
    measured = bool(after) and (after[0].text.lower() in REPORTS["measured"] or number(after[0]) is not None)
    return () if measured or _is_unknown(after) or before in REPORTS["moved"] else after


def _tells_a_clause(word: str, rest: Sequence[Token], place: int) -> bool:
    """Whether "that" leads to what was said: "explanation that smoke calms", "explains to her son that it is late"."""
    after = rest[place + 1 : place + 2]
    if not after or after[0].text.lower() in REPORTS["relative"] or after[0].text.lower().endswith("ly"):
        return False
    if word in REPORTS["clausal"] and place == 0:
        own = lexicon().kind(after[0].stem) in {"action", "acoustic"} and after[0].text.endswith(("s", "ed"))
        return not own
    return word in TELLING and place > 1 and (rest[0].text.lower() == "to" or speaks(rest[place - 1]))


def told_to_do(rest: Sequence[Token]) -> Sequence[Token]:
    """Return what follows "to" with a verb, as in "tells him to run"; "says to the crowd" has none."""
    for place, token in enumerate(rest[:_REACH_TOPIC]):
        after = rest[place + 1 :]
        if token.text.lower() == "to" and after and after[0].text.lower() not in DETERMINERS | LISTENERS:
            return () if after[0].stem in lexicon().sounding or after[0].text.lower() in _CALLED_TO else after
    return ()


def is_clause(after_that: Sequence[Token]) -> bool:
    """Whether a subject follows "that", as in "that he is late", and no verb, as in "that rises"."""
    return bool(after_that) and after_that[0].text.lower() in DETERMINERS | PRONOUNS


def nobody_can(after: Sequence[Token]) -> bool:
    """Whether it is about how clearly somebody speaks: an announcement "that nobody could follow"."""
    return after[0].text.lower() in {"nobody", "no"} and not _CAN.isdisjoint(one.text.lower() for one in after[1:3])


def tells_something(token: Token, heard: frozenset[str], vague: frozenset[str]) -> bool:
    """Whether a word tells of something that no audible cue has, and that is not among the `vague` stems."""
    word = token.text.lower()
    if word in _TELLING_NOTHING or word.endswith("ly"):
        return False
    own = {token.stem, plain_stem(token)}
    return all(known.isdisjoint(own) for known in (heard, NEUTRAL_STEMS, vague))
