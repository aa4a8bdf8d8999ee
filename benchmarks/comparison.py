"""What the pipeline and the naive loop say of the same clips, side by side."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import jiwer

from benchmarks.corpus import Clip
from benchmarks.naive import Heard
from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.facts import facts_of
from fusionaudio_assets.captioning.faults import faults
from fusionaudio_assets.captioning.fusion import COMPOSER
from fusionaudio_assets.stage import Row

_SURE = 0.5


@dataclass(frozen=True)
class Comparison:
    """Figures over all clips.

    Attributes:
        speech: Clips in which somebody speaks.
        wer: Word error rate on them against what was read, pipeline and loop.
        same_words: Of them, how many have the same words on both sides.
        invented: Clips without speech that have words nevertheless, pipeline (if it is confident of them) and loop.
        top_tag: Clips whose best tag is the same.
        tags: Mean overlap (Jaccard) of the tags scored at least 0.5.
        music: Clips whose music the pipeline described.
        music_tags: Mean overlap of the five best music tags on those.
        captions: Captions of the pipeline; all passed its checks.
        by_model: Of them, how many the language model wrote; the composer wrote the others.
        unchecked_good: Of the loop's captions, all the language model's, how many pass the same checks.
    """

    speech: int
    wer: tuple[float, float]
    same_words: int
    invented: tuple[int, int]
    top_tag: int
    tags: float
    music: int
    music_tags: float
    captions: int
    by_model: int
    unchecked_good: int


def compare(
    clips: Sequence[Clip], rows: Mapping[str, Mapping[str, Row]], cues: Mapping[str, Cues], heard: Mapping[str, Heard]
) -> Comparison:
    """Compare the rows of the lake and the loop's findings, both by the name of the file."""
    believed = [clip.path.name for clip in clips if rows[clip.path.name]["transcripts"]["confident"]]
    words = {clip.path.name: rows[clip.path.name]["transcripts"]["text"] or "" for clip in clips}
    speech = [clip for clip in clips if clip.reference]
    references = [normal(clip.reference) for clip in speech]
    ours = [normal(words[clip.path.name]) for clip in speech]
    theirs = [normal(heard[clip.path.name].text) for clip in speech]
    silent = [clip.path.name for clip in clips if not clip.reference]
    tags = {name: {tag["label"]: tag["score"] for tag in of["tags"]["tags"] or []} for name, of in rows.items()}
    music = {name: [tag["label"] for tag in of["music_captions"]["raw"] or []][:5] for name, of in rows.items()}
    described = [name for name, found in music.items() if found]
    authors = [of["fused_captions"]["author"] for of in rows.values() if of["fused_captions"]["caption"]]
    return Comparison(
        speech=len(speech),
        wer=(jiwer.wer(references, ours), jiwer.wer(references, theirs)),
        same_words=sum(a == b for a, b in zip(ours, theirs, strict=True)),
        invented=(sum(name in believed for name in silent), sum(bool(heard[name].text) for name in silent)),
        top_tag=sum(next(iter(tags[name]), "") == next(iter(heard[name].tags), "") for name in tags),
        tags=mean(overlap(sure(tags[name]), sure(heard[name].tags)) for name in tags),
        music=len(described),
        music_tags=mean(overlap(music[name], heard[name].music) for name in described) if described else 0.0,
        captions=len(authors),
        by_model=sum(author != COMPOSER for author in authors),
        unchecked_good=sum(
            not faults(found.caption, cues[name], facts_of(cues[name]), strict=True) for name, found in heard.items()
        ),
    )


def normal(text: str) -> str:
    """Words in lower case without punctuation, a hyphen parting words and "Mr." spelt out, as in the references."""
    return " ".join(re.findall(r"[a-z0-9']+", text.lower().replace("mr.", "mister")))


def sure(scores: Mapping[str, float]) -> set[str]:
    """Tags that score at least 0.5."""
    return {tag for tag, score in scores.items() if score >= _SURE}


def overlap(one: Collection[str], other: Collection[str]) -> float:
    """Jaccard index; 1 when both are empty."""
    union = {*one, *other}
    return len({*one} & {*other}) / len(union) if union else 1.0
