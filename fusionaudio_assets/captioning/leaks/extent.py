"""Where what was said begins and ends in a caption: before a verb of speech or, as a rule, behind it."""

from collections.abc import Sequence

from fusionaudio_assets.captioning.leaks.context import BREAK, REPORTS, STANDING_IN, TELLING, speaks
from fusionaudio_assets.captioning.leaks.tables import raw, words
from fusionaudio_assets.captioning.leaks.topic import DETERMINERS, LISTENERS, VAGUE, is_clause
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.words import Token

_VOICED = words(raw()["manner_of_speaking"])
_HOW = {"from": REPORTS["read_from"], "at": words("pace speed tempo volume pitch")}
_REACH = 25
_REACH_SUBJECT = 4
_REACH_RESUMED = 7


def told_after(caption: str, said: Sequence[Token], index: int) -> Sequence[Token]:
    """Return the words after the one at `index`, up to where what was said ends."""
    announcing = said[index].text.lower()
    end = index + 1
    while end < min(len(said), index + _REACH):
        if BREAK.search(caption, said[end - 1].end, said[end].start):
            resumed = _resumed(caption, said, index + 1, end)
            if resumed == end:
                break
            end = resumed
            continue
        if _ends_clause(announcing, said[index + 1 : end], said[end], said[end + 1 : end + 6]):
            break
        end += 1
    return said[index + 1 : end]


def _resumed(caption: str, said: Sequence[Token], start: int, end: int) -> int:
    """Return where a clause goes on after what is put in: "says that the last, deep as a sea, helps her sleep"."""
    told = said[start:end]
    if told and told[0].text.lower() == "out":
        told = told[1:]
    if not told or told[0].text.lower() != "that" or not is_clause(told[1:]) or len(told) > _REACH_SUBJECT:
        return end
    if any(_is_finite(one) for one in told[2:]):
        return end
    for place in range(end, min(len(said) - 1, end + _REACH_RESUMED)):
        between = caption[said[place].end : said[place + 1].start]
        if BREAK.search(between):
            return place + 1 if between == ", " and caption[said[end - 1].end] == "," else end
    return end


def _is_finite(token: Token) -> bool:
    word = token.text.lower()
    return word in REPORTS["relative"] or (word.endswith(("s", "ed")) and lexicon().kind(token.stem) == "action")


def _ends_clause(announcing: str, told: Sequence[Token], token: Token, after: Sequence[Token]) -> bool:
    """Whether what is told ends before a word: what follows says how, where, when or what else is heard."""
    word = token.text.lower()
    if word in _HOW and not _HOW[word].isdisjoint(one.text.lower() for one in after[:3]):
        return True
    if announcing in REPORTS.get(f"topic_{word}", ()):
        return word == "as" and not (after and after[0].text[0].isupper())
    if word in {"in", "with"} and (not after or after[0].text.lower() not in LISTENERS):
        goes_on = "about" in (one.text for one in after)
        return not goes_on and _of_the_voice(after)
    if told and told[-1].text.lower() == "something":
        return word not in REPORTS["topical"]
    placed = word in REPORTS["place"] and announcing in REPORTS["speaking"]
    if word == "from" and announcing in REPORTS["sourced"]:
        return False
    return placed or word in REPORTS["boundary"]


def _of_the_voice(after: Sequence[Token]) -> bool:
    """Whether "in" or "with" leads to how it is spoken: "in a calm voice", "with emphasis", "with a groan"."""
    voiced = any(token.text.lower() in _VOICED or token.stem in lexicon().sounding for token in after)
    tongue = any(token.text[0].isupper() and token.stem in VAGUE for token in after[:3])  # "in a lilting Breton"
    return bool(after) and (voiced or tongue or after[0].stem in VAGUE)


def told_from(caption: str, said: Sequence[Token], index: int) -> int:
    """Return where begins what is told before a verb that ends its sentence: "The road is shut, a man says"."""
    if said[index].text.lower() not in TELLING - REPORTS["speaking"]:
        return index
    near = range(max(1, index - _REACH), index)
    ended = [place for place in near if BREAK.search(caption, said[place - 1].end, said[place].start)]
    if not ended:
        return index
    subject = said[ended[-1] : index]
    if "," not in caption[said[ended[-1] - 1].end : subject[0].start if subject else 0] or not _is_subject(subject):
        return index
    return max((place for place in ended if said[place].text[0].isupper()), default=0)


def _is_subject(subject: Sequence[Token]) -> bool:
    """Whether words are but somebody: "a man", "the woman"."""
    somebody = bool(subject) and speaks(subject[-1]) and subject[-1].text.lower() not in STANDING_IN
    return somebody and all(one.text.lower() in DETERMINERS for one in subject[:-1])
