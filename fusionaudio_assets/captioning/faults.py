"""Why a draft cannot be kept: what no cue supports, what leaks, what is left out or out of order, and what is no prose.

Each fault is a sentence that a model can be shown, so that it writes again.
"""

import re
from collections import Counter
from itertools import permutations

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.heard import Facts
from fusionaudio_assets.captioning.layers import SLACK_S
from fusionaudio_assets.captioning.leaks import find_leaks
from fusionaudio_assets.captioning.likelihood import Likelihood
from fusionaudio_assets.captioning.music_phrases import music_name
from fusionaudio_assets.captioning.support import Claim, check_support, nearest_cues
from fusionaudio_assets.captioning.vocabulary import VISUAL, sound_stems, sources
from fusionaudio_assets.captioning.words import NEUTRAL_STEMS, NOTHING, any_of, claim_runs, stem, tokens
from resources.sound_names import bare

_MIN_WORDS, _MAX_WORDS = 3, 80
_EMPTY_PHRASES = re.compile(
    r"\b(?:various|different|several|multiple) (?:sounds|noises)\b|\b(?:is|are) present\b"
    r"|\b(?:ambiguous|unclear|cannot be)\b",
    re.IGNORECASE,
)
_PEOPLE = frozenset(map(stem, ("someone", "somebody", "person")))
_TIME_WORDS = frozenset(["beginning", "start", "end", "first", "last", "finally", "throughout", "suddenly", "twice"])
_AT_ONCE = frozenset(["while", "as", "over"])
_IN_ORDER = frozenset(["then", "followed", "before", "later", "next"])
_LOOSE = re.compile(
    r", (?!then|with|while|as|and (?:then|an?|someone|something)\b|followed|before|joined|over|along|accompanied)[^,.]+"
)
_HEARD = re.compile(r"\b(?:is|are|can be) (?:also )?heard\b")
_RELATED = frozenset(["while", "as", "then", "before", "after", "over", "with", "followed", "until", "during"])
_TEMPO_ALONE = re.compile(r"\b(?:slow|moderate|fast)(?=[.,;]|$)")
_IDLE = re.compile(r"\b(?:is|are) (?:played|on|playing music)\b")
_HEARD_BY = re.compile(r"\bheard by\b[^.,;]*")
_A_THING = re.compile(r"\ba thing\b", re.IGNORECASE)
_ARTICLES = ("", "a ", "an ", "the ")
_CHARACTERS = re.compile(r"(?:[^\W_]|[ .,;:!?'’\"“”()–—-])*")
_SENTENCES = re.compile(r"[A-Z][^\n]*[.!?]")


def faults(
    caption: str, cues: Cues, facts: Facts, *, strict: bool = False, likelihood: Likelihood | None = None
) -> list[str]:
    """Return why a caption cannot be kept, one short sentence each; empty when it can.

    Args:
        caption: What the model wrote.
        cues: What it may be made of.
        facts: `facts_of(cues)`.
        strict: Also refuse what small models do: saying a thing twice, and times that they were not told.
        likelihood: Finds the report that comes nearest to what none supports.
    """
    found = [_unsupported(claim, cues, likelihood) for claim in check_support(caption, cues).unsupported]
    found += [f'"{leak.text}": {leak.reason}.' for leak in find_leaks(caption, cues)]
    found += [f"It leaves out: {name}." for name in _left_out(caption, facts)]
    words = [token.text.lower() for token in tokens(caption)]
    if not _MIN_WORDS <= len(words) <= _MAX_WORDS:
        found.append(f"It has {len(words)} words.")
    if not _CHARACTERS.fullmatch(caption):
        found.append("It holds characters that stand in no prose.")
    if not _SENTENCES.fullmatch(caption):
        found.append("It is not made of whole sentences.")
    if len(_HEARD.findall(caption)) > 1 or (caption.count(",") > 2 and not _RELATED & set(words)):
        found.append("It lists sounds instead of telling how they follow each other.")
    if match := _EMPTY_PHRASES.search(caption):
        found.append(f'"{match[0]}" says nothing.')
    found += misordered(caption, facts)
    return found + _of_small_models(caption, words, facts) if strict else found


def _of_small_models(caption: str, words: list[str], facts: Facts) -> list[str]:
    """Return what small models do beside the rest: they say a thing twice, add times, and write no English."""
    repeated = Counter(one for run in claim_runs(caption) for one in {token.stem for token in run})
    twice = sorted(one for one, times in repeated.items() if times > 1 and one not in _PEOPLE)
    found = [f'It says "{one}" twice.' for one in twice]
    found += [f'"{word}" is in no report.' for word in words if word in _TIME_WORDS]
    plain = _plainly(caption, facts)
    found += [f'"{phrase}" is no clause.' for phrase in _LOOSE.findall(plain)]
    if caption.count(" and ") > 1 + bool(facts.music):
        found.append('It strings its sounds together by "and".')
    made_of_facts = (_clause_after_preposition, _without_article, _without_verb, _unjoined)
    patterns = (*(made(plain, facts) for made in made_of_facts), _TEMPO_ALONE, _HEARD_BY, _IDLE, _A_THING)
    found += [f'"{match[0]}" is no English.' for pattern in patterns for match in pattern.finditer(plain)]
    return found


def _unsupported(claim: Claim, cues: Cues, likelihood: Likelihood | None) -> str:
    """Say that no report has a claim, and which comes nearest; of what is seen the prompt alone may tell."""
    heard = [source for source in sources(cues) if not source.cue.startswith(VISUAL)]
    near = nearest_cues(claim, heard, likelihood) if likelihood else ()
    hint = f"; the nearest is {' and '.join(near)}" if near else ""
    return f'"{claim.text}" is in no report{hint}.'


def _clause_after_preposition(caption: str, facts: Facts) -> re.Pattern[str]:
    """Match "followed by a dog barks" and "music with guitar and a dog barks"."""
    clauses = any_of(_clauses(facts), caption, after=("with ", "by ", "and "))
    return re.compile(rf"\b(?:(?:with|by)|music with [\w ]+ and) (?:{clauses})", re.IGNORECASE)


def _without_article(caption: str, facts: Facts) -> re.Pattern[str]:
    """Match "and whale calls"."""
    clauses = [clause.split(" ", 1)[1] for clause in _clauses(facts) if clause.startswith(("a ", "an "))]
    bare_ones = any_of(clauses, caption, after=("and ", "then ", "while ", "as "))
    return re.compile(rf"\b(?:and|then|while|as) (?:{bare_ones})", re.IGNORECASE)


def _plainly(caption: str, facts: Facts) -> str:
    """Return a caption in which the music has no character: the commas of "slow, calm music" part no clauses."""
    if not facts.music:
        return caption
    words = any_of(music_name(facts.music).partition(" with ")[0].replace(",", "").split(), caption)
    return re.sub(rf"\b(?:(?:{words}),? )+music\b", "music", caption, flags=re.IGNORECASE)


def _without_verb(caption: str, facts: Facts) -> re.Pattern[str]:
    """Match "while white noise", where nothing is told of it."""
    told = [noun for one in (facts.speech, facts.singing, *facts.sounds) if one for noun in one.nouns]
    nouns = any_of(told, caption, after=("while ", "as "))
    music = r"music(?: with (?:(?!play)[^.,;])*)?"
    return re.compile(rf"\b(?:while|as) (?:{nouns}|{music})(?=[.,;])", re.IGNORECASE)


def _unjoined(caption: str, facts: Facts) -> re.Pattern[str]:
    """Match "a person speaks a vacuum cleaner" and "a frog croaks a crow caws", where nothing joins the two."""
    first = [f"{clause} " for clause in _clauses(facts)]
    nouns = {bare(noun) for one in (facts.speech, facts.singing, *facts.sounds) if one for noun in one.nouns}
    nouns |= {"music"} if facts.music else set()
    names = any_of(sorted(nouns), caption, after=(f"{clause}{one}" for clause in first for one in _ARTICLES))
    clauses = any_of(sorted(_clauses(facts)), caption, after=first)
    before = NOTHING if names == clauses == NOTHING else any_of(sorted(first), caption)
    return re.compile(rf"\b(?:{before})(?:(?:an? |the )?(?:{names})|{clauses})\b", re.IGNORECASE)


def _clauses(facts: Facts) -> list[str]:
    return [clause for one in (facts.speech, facts.singing, *facts.sounds) if one for clause in one.clauses]


def misordered(caption: str, facts: Facts) -> list[str]:
    """Return what is wrong with the order in which a text tells sounds that follow each other."""
    words = tokens(caption)
    heard = [one for one in (facts.speech, *facts.sounds) if one and one.spans]
    timed = [(one.nouns[0], one.label.split(" + "), one.spans) for one in heard]
    if facts.music and facts.music.spans:
        timed.append(("the music", ["Music"], facts.music.spans))
    place: dict[str, int] = {}
    for noun, labels, _ in timed:
        own = frozenset[str]().union(*map(_telling_stems, labels))
        place[noun] = next((index for index, token in enumerate(words) if token.stem in own), -1)
    found = []
    for (first, _, before), (second, _, after) in permutations(timed, 2):
        if before[-1][1] > after[0][0] + SLACK_S or min(place[first], place[second]) < 0:
            continue
        start, end = sorted((place[first], place[second]))
        between = {token.text.lower() for token in words[start:end]}
        if place[second] < place[first] and _IN_ORDER & between:
            found.append(f"It tells {second} before {first}.")
        elif _AT_ONCE & between and not _IN_ORDER & between:
            found.append(f"It tells {first} and {second} as if at once.")
    return found


def _telling_stems(label: str) -> frozenset[str]:
    """Return the words that tell of a sound; that somebody makes it is true of many sounds."""
    stems = sound_stems(label)
    return stems - NEUTRAL_STEMS - _PEOPLE or stems


def _left_out(caption: str, facts: Facts) -> list[str]:
    """Return the main sounds of which a caption has no word."""
    said = {token.stem for token in tokens(caption)}
    main = {one.nouns[0]: one.label.split(" + ") for one in (facts.speech, facts.singing, *facts.sounds) if one}
    if facts.music:
        main["the music"] = ["Music"]
    stems = {name: frozenset[str]().union(*map(_telling_stems, labels)) for name, labels in main.items()}
    return [name for name, allowed in stems.items() if not said & allowed]
