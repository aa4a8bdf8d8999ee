"""Fusion: one caption per clip out of all its cues, by a language model where its words hold, else by the composer.

A model's draft is kept only if every claim of it is supported, nothing leaks, and it leaves out none of the main
sounds. One that fails is shown its faults and may write again; then the composer writes. So every clip ends with a
caption, with an abstention, or, where the model could not answer for now, as failed.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from fusionaudio_assets.captioning.composer import Composed, ambiguities, compose, modalities
from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.facts import Facts, facts_of
from fusionaudio_assets.captioning.layers import SLACK_S
from fusionaudio_assets.captioning.leaks import Leak, find_leaks
from fusionaudio_assets.captioning.names import sound_vocabulary
from fusionaudio_assets.captioning.prompts import ABSTAIN_REASONS, MODALITIES, FusionPrompt
from fusionaudio_assets.captioning.reports import plain_cues
from fusionaudio_assets.captioning.support import Claim, check_support
from fusionaudio_assets.captioning.unnamed import unnamed_sounds
from fusionaudio_assets.captioning.vocabulary import VISUAL, sound_stems
from fusionaudio_assets.captioning.words import NEUTRAL_STEMS, claim_runs, content_stems, stem, tokens
from resources.adapter import Json
from resources.errors import ClipError
from resources.language_model import ChatReply, ChatRequest, LanguageModel, Message, tokens_of

VERSION = "5"
"""Raise when the same cues, prompt and answers would give another caption."""

COMPOSER = "composer"
_MIN_WORDS, _MAX_WORDS = 3, 80
_EMPTY_PHRASES = re.compile(
    r"\b(?:various|different|several|multiple) (?:sounds|noises)\b|\b(?:is|are) present\b"
    r"|\b(?:ambiguous|unclear|cannot be)\b",
    re.IGNORECASE,
)
_CONFUSING = content_stems("could be confused with mistaken for taken as similar alike like either or rather than")
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
_PHRASE = re.compile(r"[A-Za-z][A-Za-z ,;()'’-]{2,118}[A-Za-z)]\.?")
_CHARACTERS = re.compile(r"(?:[^\W_]|[ .,;:!?'’\"“”()–—-])*")
_SENTENCES = re.compile(r"[A-Z][^\n]*[.!?]")


@dataclass(frozen=True)
class Fused:
    """What fusion says of one clip.

    Attributes:
        caption: Empty when abstained.
        ambiguities: What could be confused by ear.
        modalities: Cues that the caption draws on: labels, sound, speech, music, visual.
        author: The model that wrote the caption, or ``"composer"``.
        abstained: There is no caption, for `abstain_reason`.
        claims: The caption's claims with the cues that support them.
        leaks: What it tells of pictures and spoken words; empty for every caption that was kept.
        draft: What the model wrote last, where its words were not taken; else empty.
        draft_rejected: Why they were not.
        prompt_tokens: Tokens read, over all attempts.
        completion_tokens: Tokens written, over all attempts.
        unanswered: Why the model gave no answer, where it may give one when asked again later; else None. The
            composer's caption stands in.
    """

    caption: str
    ambiguities: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    author: str = COMPOSER
    abstained: bool = False
    abstain_reason: str = ""
    claims: tuple[Claim, ...] = ()
    leaks: tuple[Leak, ...] = ()
    draft: str = ""
    draft_rejected: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unanswered: ClipError | None = None


@dataclass
class _Attempt:
    """A clip on its way through the model."""

    cues: Cues
    facts: Facts
    request: ChatRequest
    shows_visual: bool
    result: Fused | None = None
    draft: str = ""
    rejected: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unanswered: ClipError | None = None


def fuse(clips: Sequence[Cues], model: LanguageModel | None, prompt: FusionPrompt | None = None) -> list[Fused]:
    """Write a caption for every clip, in order; without a model the composer writes them all.

    Raises:
        ModelUnavailable: The model is gone. A clip that only it cannot answer gets the composer's caption.
    """
    prompt = prompt or FusionPrompt()
    clips = [plain_cues(cues) for cues in clips]
    results = [_composed(cues) for cues in clips]
    if model is None:
        return results
    attempts = {
        index: _Attempt(cues, facts_of(cues), prompt.request(cues), prompt.show_visual)
        for index, (cues, result) in enumerate(zip(clips, results, strict=True))
        if not result.abstained and not cues.silent and (prompt.style == "full" or _tells_all(cues))
    }
    for _ in range(1 + prompt.max_rewrites):
        open_ones = [attempt for attempt in attempts.values() if attempt.result is None]
        if not open_ones:  # a model that nobody asks need not be started
            break
        replies = model.chat([attempt.request for attempt in open_ones])
        for attempt, reply in zip(open_ones, replies, strict=True):
            _judge(attempt, reply, model.model_name, strict=prompt.style == "small")
    for index, attempt in attempts.items():
        fallback = replace(
            results[index],
            draft=attempt.draft,
            draft_rejected=attempt.rejected,
            unanswered=attempt.unanswered,
        )
        results[index] = replace(
            attempt.result or fallback,
            prompt_tokens=attempt.prompt_tokens,
            completion_tokens=attempt.completion_tokens,
        )
    return results


def faults(caption: str, cues: Cues, facts: Facts, *, strict: bool = False) -> list[str]:
    """Return why a caption cannot be kept, one short sentence each; empty when it can.

    Args:
        caption: What the model wrote.
        cues: What it may be made of.
        facts: `facts_of(cues)`.
        strict: Also refuse what small models do: saying a thing twice, and times that they were not told.
    """
    found = [f'"{claim.text}" is in no report.' for claim in check_support(caption, cues).unsupported]
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
    found += _misordered(caption, facts)
    if strict:
        repeated = Counter(one for run in claim_runs(caption) for one in {token.stem for token in run})
        found += [
            f'It says "{one}" twice.' for one, times in sorted(repeated.items()) if times > 1 and one not in _PEOPLE
        ]
        found += [f'"{word}" is in no report.' for word in words if word in _TIME_WORDS]
        found += [f'"{phrase}" is no clause.' for phrase in _LOOSE.findall(caption)]
        if caption.count(" and ") > 1 + bool(facts.music):
            found.append('It strings its sounds together by "and".')
        for pattern in (_clause_after_preposition(facts), _without_article(facts), _TEMPO_ALONE):
            found += [f'"{match[0]}" is no English.' for match in pattern.finditer(caption)]
    return found


def _composed(cues: Cues) -> Fused:
    composed: Composed = compose(cues)
    return Fused(
        caption=composed.caption,
        ambiguities=composed.ambiguities,
        modalities=composed.modalities,
        abstained=composed.abstained,
        abstain_reason=composed.abstain_reason,
        claims=check_support(composed.caption, cues).claims,
        leaks=tuple(find_leaks(composed.caption, cues)),
    )


def _judge(attempt: _Attempt, reply: ChatReply | ClipError, model_name: str, *, strict: bool) -> None:
    """Keep the model's caption, or note its faults and ask for another."""
    attempt.unanswered = None
    prompt_tokens, completion_tokens = tokens_of(reply)
    attempt.prompt_tokens += prompt_tokens
    attempt.completion_tokens += completion_tokens
    if isinstance(reply, ClipError):
        attempt.rejected = str(reply)
        attempt.unanswered = None if reply.permanent else reply
        return
    answer = reply.data if isinstance(reply.data, dict) else {}
    if answer.get("abstain"):
        _abstain(attempt, reply, answer, model_name)
        return
    caption = " ".join(str(answer.get("caption", "")).split())
    caption = _edited(caption, attempt.facts)
    found = faults(caption, attempt.cues, attempt.facts, strict=strict)
    if found:
        attempt.draft, attempt.rejected = caption, " ".join(found)
        attempt.request = _rewrite(attempt.request, reply, found)
        return
    support = check_support(caption, attempt.cues)
    own = answer.get("ambiguities")
    named = _kept(own, attempt.cues) if isinstance(own, list) else ambiguities(attempt.facts)
    sharpened = {VISUAL} if any(one.startswith(VISUAL) for claim in support.claims for one in claim.by) else set()
    drawn_on = {*modalities(attempt.facts, attempt.cues), *sharpened, *_declared(answer, attempt)}
    used = tuple(one for one in MODALITIES if one in drawn_on)
    attempt.result = Fused(caption, named, used, model_name, claims=support.claims)


def _abstain(attempt: _Attempt, reply: ChatReply, answer: Mapping[str, Json], model_name: str) -> None:
    """Let the model abstain, unless there are clear sounds: a transcript may have told it to."""
    if attempt.facts.clear:
        fault = f"It abstains, but clear sounds are reported: {', '.join(attempt.facts.clear)}."
        attempt.rejected = fault
        attempt.request = _rewrite(attempt.request, reply, [fault])
        return
    why = answer.get("abstain_reason")
    reason = f"the model abstains: {why}" if why in ABSTAIN_REASONS else "the model abstains"
    attempt.result = Fused("", author=model_name, abstained=True, abstain_reason=reason)


def _declared(answer: Mapping[str, Json], attempt: _Attempt) -> set[str]:
    """Return the cues that the model says its caption draws on, as far as it was shown them."""
    said = answer.get("modalities")
    shown = {"labels": attempt.cues.labels, "visual": attempt.cues.visual if attempt.shows_visual else None}
    return {name for name, cue in shown.items() if cue and isinstance(said, list) and name in said}


def _kept(said: Sequence[object], cues: Cues) -> tuple[str, ...]:
    """Return the ambiguities that a model names, without those that are no short phrase about sounds, or leak.

    They name sounds that are not there, so no cue can support them.
    """
    phrases = [" ".join(str(one).split()) for one in said]
    about_sound = sound_vocabulary() | NEUTRAL_STEMS | _CONFUSING
    return tuple(
        one
        for one in phrases
        if _PHRASE.fullmatch(one) and content_stems(one) <= about_sound and not find_leaks(one, cues)
    )


def _rewrite(request: ChatRequest, reply: ChatReply, found: Sequence[str]) -> ChatRequest:
    turns = (
        Message("assistant", reply.text),
        Message("user", f"Write it again without these faults: {' '.join(found)}"),
    )
    return replace(request, messages=request.messages + turns)


def _tells_all(cues: Cues) -> bool:
    """Whether what a small model is shown is more than one sound, and all that there is."""
    facts = facts_of(cues)
    return _count(facts) > 1 and not unnamed_sounds(cues, facts)


def _count(facts: Facts) -> int:
    """Return how many sounds there are to fuse."""
    return sum(map(bool, (facts.speech, facts.singing, facts.music))) + len(facts.sounds)


def _clause_after_preposition(facts: Facts) -> re.Pattern[str]:
    """Match "followed by a dog barks" and "music with guitar and a dog barks"."""
    clauses = "|".join(map(re.escape, _clauses(facts))) or "(?!)"
    return re.compile(rf"\b(?:(?:with|by)|music with [\w ]+ and) (?:{clauses})", re.IGNORECASE)


def _without_article(facts: Facts) -> re.Pattern[str]:
    """Match "and whale calls"."""
    bare = [re.escape(clause.split(" ", 1)[1]) for clause in _clauses(facts) if clause.startswith(("a ", "an "))]
    return re.compile(rf"\b(?:and|then|while|as) (?:{'|'.join(bare) or '(?!)'})", re.IGNORECASE)


def _clauses(facts: Facts) -> list[str]:
    return [clause for one in (facts.speech, facts.singing, *facts.sounds) if one for clause in one.clauses]


def _edited(caption: str, facts: Facts) -> str:
    """Strike the article where a sound takes none, which small models write: "a thunder", "a calm music"."""
    sounds = [one for one in (facts.speech, facts.singing, *facts.sounds) if one]
    mass = [re.escape(noun) for one in sounds for noun in one.nouns if not noun.startswith(("a ", "an ", "the "))]
    character = filter(None, (*facts.music.moods, facts.music.genre, facts.music.tempo) if facts.music else ())
    music = rf"(?:(?:{'|'.join(map(re.escape, character)) or '(?!)'}),? )*music"
    article = re.compile(rf"\ban? (?=(?:{'|'.join([*mass, music])})\b)", re.IGNORECASE)
    edited = article.sub("", caption)
    return edited[:1].upper() + edited[1:]


def _misordered(caption: str, facts: Facts) -> list[str]:
    """Return what is wrong with the order in which a caption tells sounds that follow each other."""
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
