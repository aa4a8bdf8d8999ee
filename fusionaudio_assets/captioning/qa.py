"""Question-answer pairs about the sound of one clip.

Six categories and four difficulties as in MECAT (Niu et al. 2025); formats as audio-language models are tested in:
open, multiple choice, yes or no, label list, time interval. Everything is asked of the audible facts, so nothing can be
answered from spoken words or pictures. Which questions a clip gets follows from a hash of its cues, towards a quota of
25, 35, 25 and 15 % basic, intermediate, advanced and complex ones over a data set.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.facts import facts_of
from fusionaudio_assets.captioning.faults import misordered
from fusionaudio_assets.captioning.leaks import find_leaks
from fusionaudio_assets.captioning.prompts import fill, prompt_sha256
from fusionaudio_assets.captioning.questions import Difficulty, QaPair, candidates
from fusionaudio_assets.captioning.support import check_support
from fusionaudio_assets.captioning.words import content_stems
from resources.adapter import Json
from resources.errors import ClipError
from resources.language_model import ChatReply, ChatRequest, LanguageModel, tokens_of

VERSION = "2"
"""Raise when the same cues would give other pairs."""

QUOTA: dict[Difficulty, float] = {"basic": 0.25, "intermediate": 0.35, "advanced": 0.25, "complex": 0.15}
MAX_PAIRS = 5
PROMPT_FILE = "qa.txt"
_RELATED = re.compile(r"\b(?P<how>before|after|while|as)\b(?P<other>[^?]+)", re.IGNORECASE)
_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Written:
    """The pairs of one clip, and the tokens that a model read and wrote for them."""

    pairs: tuple[QaPair, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0


def prompt_identity() -> str:
    """Return the SHA-256 of the prompt that models are asked with."""
    return prompt_sha256(PROMPT_FILE)


def write_pairs(
    clips: Sequence[tuple[str, Cues]], model: LanguageModel | None = None, *, max_tokens: int = 120
) -> list[Written | ClipError]:
    """Write up to five pairs for each captioned clip, in order; none where the caption is empty (abstained).

    Args:
        clips: Caption and cues of each clip.
        model: Asked for one open question a clip, taken only if its answer is supported; None for none.
        max_tokens: Bound on its answer, reasoning included.

    Returns:
        For each clip its pairs, or why the model gave no answer where it may give one when asked again later.

    Raises:
        ModelUnavailable: The model is gone.
    """
    composed = [Written(tuple(compose_pairs(cues)) if caption else ()) for caption, cues in clips]
    results: list[Written | ClipError] = list(composed)
    asked = [index for index, one in enumerate(composed) if one.pairs and not clips[index][1].silent] if model else []
    if model is None or not asked:
        return results
    requests = [_request(clips[index][0], composed[index].pairs, max_tokens) for index in asked]
    for index, reply in zip(asked, model.chat(requests), strict=True):
        pairs = composed[index].pairs
        if isinstance(reply, ClipError) and not reply.permanent:
            results[index] = reply
            continue
        if isinstance(reply, ChatReply) and (own := _accepted(reply, *clips[index], pairs, model.model_name)):
            pairs = (*pairs[: MAX_PAIRS - 1], own)
        results[index] = Written(pairs, *tokens_of(reply))
    return results


def compose_pairs(cues: Cues) -> list[QaPair]:
    """Write the pairs that the facts of a clip allow, three to five where they allow as many."""
    rng = random.Random(cues.audible_digest())
    pool = candidates(facts_of(cues), cues, rng)
    rng.shuffle(pool)
    wanted = rng.choices(list(QUOTA), weights=list(QUOTA.values()), k=rng.choice((4, 5)))
    chosen: list[QaPair] = []
    for difficulty in wanted:
        left = [pair for pair in pool if not _told(pair, chosen)]
        if not left:
            break
        used = {pair.category for pair in chosen}
        chosen.append(min(left, key=lambda pair: (pair.difficulty != difficulty, pair.category in used)))
    return chosen


def _told(pair: QaPair, chosen: Sequence[QaPair]) -> bool:
    """Whether a question was asked already, or another of the same kind gives its answer away."""
    return any(
        pair.question == other.question or (pair.format, pair.category) == (other.format, other.category)
        for other in chosen
    )


def _request(caption: str, asked: Sequence[QaPair], max_tokens: int) -> ChatRequest:
    earlier = " ".join(pair.question for pair in asked)
    return ChatRequest(fill(PROMPT_FILE, f"Caption: {caption}\nEarlier questions: {earlier}"), _SCHEMA, max_tokens)


def _accepted(reply: ChatReply, caption: str, cues: Cues, asked: Sequence[QaPair], model_name: str) -> QaPair | None:
    """Return the model's pair when it asks something new about sound and its answer is what the caption says."""
    answer_of = reply.data if isinstance(reply.data, dict) else {}
    question, answer = (" ".join(str(answer_of.get(key, "")).split()) for key in ("question", "answer"))
    told = content_stems(answer)
    sound = (
        question.endswith("?")
        and len(question.split()) >= 4
        and bool(told)
        and told < content_stems(caption)
        and not told <= content_stems(question)
        and not check_support(f"{question} {answer}", cues).unsupported  # nor may the question presuppose anything
        and not find_leaks(f"{question} {answer}", cues)
        and not misordered(_in_order(question, answer), facts_of(cues))
        and question not in {pair.question for pair in asked}
    )
    return QaPair(question, answer, "perception", "intermediate", "open", author=model_name) if sound else None


def _in_order(question: str, answer: str) -> str:
    """What a pair claims of the order: "What is heard after the bark?", "A horn." gives "the bark, then A horn"."""
    if not (match := _RELATED.search(question)):
        return ""
    first, second = (match["other"], answer) if match["how"].lower() == "after" else (answer, match["other"])
    joint = "then" if match["how"].lower() in ("before", "after") else "while"
    return f"{first.strip(' .')}, {joint} {second.strip(' .')}"
