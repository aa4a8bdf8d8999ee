"""Fused captions: one caption about sound for each clip, or an abstention, with the cues behind every claim."""

from collections import Counter
from collections.abc import Sequence
from functools import cache

import dagster as dg
import polars as pl

from fusionaudio_assets import markdown
from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.fusion import VERSION, Fused, fuse
from fusionaudio_assets.captioning.identity import CAPTION_TABLES, tables_sha256
from fusionaudio_assets.captioning.likelihood import Likelihood
from fusionaudio_assets.captioning.prompts import FusionPrompt
from fusionaudio_assets.cues import CUE_COLUMNS, cues_of, left_out
from fusionaudio_assets.distribution import Panel, as_link, picture
from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.stage import Job, Models, Row, Stage, Upstream, Work
from fusionaudio_assets.tables import FusedCaptions
from fusionaudio_assets.voice import PresenceGate
from fusionaudio_assets.workspace import LakeResource
from resources.adapter import Json
from resources.errors import ClipError
from resources.language_model import LanguageModel
from resources.ontology import ONTOLOGY, load_ontology
from resources.profile import Settings
from resources.word_vectors import WEIGHT, vectors_revision, word_vectors


class FusionParams(Settings):
    """How the caption is written."""

    prompt: FusionPrompt = FusionPrompt()


def derive(rows: Upstream, gate: PresenceGate, models: Models) -> Work:
    """All cues of the clip, rounded, and the labels that may not be among them."""
    clip, ontology = rows["raw_clips"], load_ontology()
    cues = cues_of(rows, gate, ontology).model_dump(mode="json")
    return Work({"cues": cues, "left_out": list[Json](left_out(clip, ontology))}, audio_s=clip["duration_s"])


def write(jobs: Sequence[Job], models: Models, params: FusionParams) -> list[Row | ClipError]:
    """Write a caption for each clip; one that the model could not answer for now is left for the next run."""
    clips = [Cues.model_validate(job.inputs["cues"]) for job in jobs]
    likelihood = _likelihood() if params.prompt.max_rewrites else None
    fused = fuse(clips, models.of("writer", LanguageModel), params.prompt, likelihood)
    return [
        one.unanswered or caption_row(one) | {"left_out": job.inputs["left_out"]}
        for job, one in zip(jobs, fused, strict=True)
    ]


@cache
def _likelihood() -> Likelihood:
    """One for the process, since it keeps the vectors that it met; their model loads when a draft first needs it."""
    return Likelihood(word_vectors(lazily=True))


def caption_row(fused: Fused) -> Row:
    """Columns of one caption."""
    return {
        "caption": fused.caption or None,
        "ambiguities": list(fused.ambiguities),
        "modalities": list(fused.modalities),
        "author": fused.author,
        "abstained": fused.abstained,
        "abstain_reason": fused.abstain_reason or None,
        "claims": [claim.told() for claim in fused.claims],
        "leaks": [{"kind": leak.kind, "text": leak.text, "detail": leak.reason} for leak in fused.leaks],
        "draft": fused.draft or None,
        "draft_rejected": fused.draft_rejected or None,
        "prompt_tokens": fused.prompt_tokens,
        "completion_tokens": fused.completion_tokens,
    }


def also(params: FusionParams) -> dict[str, Json]:
    """The text logic, its words and the prompt decide the caption as well."""
    return {
        "captioning": VERSION,
        "tables_sha256": tables_sha256(CAPTION_TABLES),
        "prompt_sha256": params.prompt.sha256,
        "word_vectors": vectors_revision() if params.prompt.max_rewrites else "",
    }


def weights(params: FusionParams) -> tuple[str, ...]:
    """Drafts are grounded by word vectors."""
    return (ONTOLOGY, WEIGHT) if params.prompt.max_rewrites else (ONTOLOGY,)


STAGE = Stage(
    name="fused_captions",
    table=FusedCaptions,
    version="2",
    reads=CUE_COLUMNS,
    derive=derive,
    compute=write,
    models={"writer": LanguageModel},
    gate=PresenceGate,
    params=FusionParams,
    also=also,
    weights=weights,
    batch_size=32,
)


def preview(table: pl.DataFrame) -> str:
    """Lengths, writers and cues of the captions as a picture, and a few of them, as Markdown."""
    captions = table.filter(pl.col("caption").is_not_null())
    drawn = picture(
        Panel("Captions by number of words", Counter(len(caption.split()) for caption in captions["caption"]), "words"),
        Panel("Captions by cue drawn on", Counter(captions["modalities"].explode().drop_nulls())),
        Panel("Captions by writer", Counter(captions["author"])),
    )
    rows = captions.head(10).select("clip_id", "author", "caption").iter_rows()
    few = markdown.table(("clip", "writer", "caption"), (tuple(map(markdown.cell, row)) for row in rows))
    return f"![Captions by number of words, cue and writer]({as_link(drawn)})\n\n{few}"


@stage_asset(STAGE, group="captions", kinds={"llm"})
def fused_captions(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Fuse labels and all cues of each clip into one caption about sound, every claim with the cues that support it."""
    return materialize(STAGE, context, config, lake, preview)
