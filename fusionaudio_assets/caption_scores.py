"""Caption scores: how well a caption fits its clip, on the scorer's own scale."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusionaudio_assets.distribution import Panel, as_link, picture
from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.payloads import audio_of, mono_at
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import CaptionScores, Status
from fusionaudio_assets.workspace import LakeResource
from resources.profile import Settings
from resources.similarity import CaptionedClip, SimilarityScorer


def derive(rows: Upstream, gate: Settings, models: Models) -> Work | Skip:
    """Score captions: against the audio, or against the tags to one decimal, as the scorer asks."""
    clip, fused, tags = rows["raw_clips"], rows["fused_captions"], rows["tags"]
    if fused["status"] != Status.OK or not fused["caption"]:
        return Skip(Reason.NO_CAPTION)
    inputs: dict[str, Any] = {"caption": fused["caption"]}
    if models.of("scorer", SimilarityScorer).needs_audio:
        return Work(inputs, {"audio": audio_of(clip)}, clip["duration_s"])
    labels = [[tag["label"], round(tag["score"], 1)] for tag in tags["tags"] or []]
    return Work(inputs | {"labels": sorted(labels, key=lambda label: (-label[1], label[0]))}, {}, clip["duration_s"])


def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> NDArray[np.float32] | None:
    """Mono audio at the scorer's rate, when it listens."""
    scorer = models.of("scorer", SimilarityScorer)
    if not scorer.needs_audio:
        return None
    audio = mono_at(payloads["audio"], scorer.sample_rate_hz)
    scorer.ahead(audio)
    return audio


def score(jobs: Sequence[Job], models: Models, params: Settings) -> list[Row]:
    """Score each caption."""
    scorer = models.of("scorer", SimilarityScorer)
    clips = [
        CaptionedClip(
            job.inputs["caption"],
            tuple((label, value) for label, value in job.inputs.get("labels", [])),
            job.prepared,
        )
        for job in jobs
    ]
    return [
        {"similarity": similarity, "scorer": scorer.model_name, "num_words": len(clip.caption.split())}
        for clip, similarity in zip(clips, scorer.score(clips), strict=True)
    ]


STAGE = Stage(
    name="caption_scores",
    table=CaptionScores,
    version="1",
    reads={
        "raw_clips": ("duration_s", "audio_sha256", "audio_file"),
        "tags": ("tags",),
        "fused_captions": ("caption",),
    },
    derive=derive,
    prepare=prepare,
    compute=score,
    models={"scorer": SimilarityScorer},
)


def preview(table: pl.DataFrame) -> str:
    """Scores of the captions as a picture, in Markdown."""
    scores = table["similarity"].drop_nulls()
    counts = Counter(round(score, 2) for score in scores)
    drawn = picture(Panel("Captions by similarity", counts, "similarity of caption and clip"))
    return f"![Captions by similarity]({as_link(drawn)})"


@stage_asset(STAGE, group="quality", kinds={"onnx"})
def caption_scores(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Score how well each caption fits its clip."""
    return materialize(STAGE, context, config, lake, preview)
