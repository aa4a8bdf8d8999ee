"""Fusion: one caption per clip out of all its cues, by a language model where its words hold, else by the composer.

A model's draft is kept only if every claim of it is supported, nothing leaks, and it leaves out none of the main
sounds. One that fails is shown its faults and may write again; then the composer writes. So every clip ends with a
caption, with an abstention, or, where the model could not answer for now, as failed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fusionaudio_assets.captioning.composer import Composed, ambiguities, compose, modalities
from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.facts import facts_of
from fusionaudio_assets.captioning.faults import faults
from fusionaudio_assets.captioning.heard import Facts
from fusionaudio_assets.captioning.leaks import Leak, find_leaks
from fusionaudio_assets.captioning.likelihood import Likelihood
from fusionaudio_assets.captioning.names import sound_vocabulary
from fusionaudio_assets.captioning.prompts import ABSTAIN_REASONS, MODALITIES, FusionPrompt
from fusionaudio_assets.captioning.reports import plain_cues
from fusionaudio_assets.captioning.support import Claim, check_support
from fusionaudio_assets.captioning.unnamed import unnamed_sounds
from fusionaudio_assets.captioning.vocabulary import VISUAL
from fusionaudio_assets.captioning.words import NEUTRAL_STEMS, any_of, content_stems
from resources.adapter import Json
from resources.errors import ClipError
from resources.language_model import ChatReply, ChatRequest, LanguageModel, Message, tokens_of

VERSION = "17"
"""Raise when the same cues, prompt and answers would give another caption."""

COMPOSER = "composer"
_CONFUSING = content_stems("could be confused with mistaken for taken as similar alike like either or rather than")
_PHRASE = re.compile(r"[A-Za-z][A-Za-z ,;()'’-]{2,118}[A-Za-z)]\.?")


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


def fuse(
    clips: Sequence[Cues],
    model: LanguageModel | None,
    prompt: FusionPrompt | None = None,
    likelihood: Likelihood | None = None,
) -> list[Fused]:
    """Write a caption for every clip, in order; without a model the composer writes them all.

    Args:
        clips: The cues of each clip.
        model: Writes the drafts.
        prompt: How it is asked.
        likelihood: Finds the report nearest to a claim that none supports, to be told to a model that writes again.

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
            _judge(attempt, reply, model.model_name, strict=prompt.style == "small", likelihood=likelihood)
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


def _judge(
    attempt: _Attempt,
    reply: ChatReply | ClipError,
    model_name: str,
    *,
    strict: bool,
    likelihood: Likelihood | None,
) -> None:
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
    found = faults(caption, attempt.cues, attempt.facts, strict=strict, likelihood=likelihood)
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


def _edited(caption: str, facts: Facts) -> str:
    """Strike the article where a sound takes none, which small models write: "a thunder", "a something is sawn"."""
    sounds = [one for one in (facts.speech, facts.singing, *facts.sounds) if one]
    mass = [noun for one in sounds for noun in one.nouns if not noun.startswith(("a ", "an ", "the "))]
    music_words = facts.music and (*facts.music.moods, facts.music.genre, facts.music.tempo, *facts.music.instruments)
    music = rf"(?:(?:{any_of(filter(None, music_words or ()), caption)}),? )*music"
    without = any_of(mass, caption, after=("a ", "an "))
    article = re.compile(rf"\ban? (?=(?:some(?:thing|one|body)|{without}|{music})\b)", re.IGNORECASE)
    edited = article.sub("", caption)
    return edited[:1].upper() + edited[1:]
