"""The filtered dataset: every clip, kept or not, with all reasons."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from fusionaudio_assets.captioning.support import names_a_source
from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, Row, Stage, Upstream, Work
from fusionaudio_assets.tables import FilteredDataset, Status
from fusionaudio_assets.workspace import LakeResource
from resources.profile import Settings


class FilteredDatasetParams(Settings):
    """What a caption must satisfy to be released."""

    min_similarity: float = Field(
        0.08,
        ge=-1,
        le=1,
        description="Least similarity, on the scale of the profile's scorer; 0.08 is the paper's",
    )
    min_words: int = Field(4, ge=1, description="Fewest words of a caption")
    max_words: int = Field(120, ge=1, description="Most words of a caption")
    needs_source: bool = Field(
        True, description='Drop a caption that names no source ("a short, low sound is heard") nor silence'
    )


def derive(rows: Upstream, gate: Settings, models: Models) -> Work:
    """All that speaks for or against a clip; failed and skipped clips are decided on as well."""
    clip, fused, scores = rows["raw_clips"], rows["fused_captions"], rows["caption_scores"]
    return Work(
        {
            "clip": {name: clip[name] for name in ("license", "split")}
            | {"status": clip["status"], "reason": clip["reason"], "duration_s": _rounded(clip["duration_s"])},
            "fused": {
                name: fused[name] for name in ("status", "reason", "caption", "author", "modalities", "abstained")
            }
            | {
                "unsupported": [claim["text"] for claim in fused["claims"] or [] if not claim["supported"]],
                "leaks": sorted({leak["kind"] for leak in fused["leaks"] or []}),
                "names_source": names_a_source(cue for claim in fused["claims"] or [] for cue in claim["by"] or []),
            },
            "scores": {name: scores[name] for name in ("status", "reason", "scorer")}
            | {"similarity": _rounded(scores["similarity"])},
        }
    )


def decide(jobs: Sequence[Job], models: Models, params: FilteredDatasetParams) -> list[Row]:
    """Decide on every clip of the shard; of equal captions the one that fits its clip best is kept."""
    rows = [decision(job.inputs, params) for job in jobs]
    best: dict[str, int] = {}
    for index, row in enumerate(rows):
        if not row["drop_reasons"]:
            other = best.setdefault(_folded(row["caption"]), index)
            if row["similarity"] > rows[other]["similarity"]:
                best[_folded(row["caption"])] = index
    for index, row in enumerate(rows):
        if not row["drop_reasons"] and best[_folded(row["caption"])] != index:
            row["drop_reasons"].append(Reason.DUPLICATE_CAPTION.value)
        row["kept"] = not row["drop_reasons"]
    return rows


def decision(inputs: dict[str, Any], params: FilteredDatasetParams) -> Row:
    """Everything that stands against one clip, but for what other clips say."""
    clip, fused, scores = inputs["clip"], inputs["fused"], inputs["scores"]
    return {
        "drop_reasons": [reason.value for reason in _against(inputs, params)],
        "caption": fused["caption"],
        "author": fused["author"],
        "modalities": fused["modalities"],
        "similarity": scores["similarity"],
        "scorer": scores["scorer"],
        "duration_s": clip["duration_s"],
        "license": clip["license"],
        "split": clip["split"],
    }


def _against(inputs: dict[str, Any], params: FilteredDatasetParams) -> list[Reason]:
    clip, fused, scores = inputs["clip"], inputs["fused"], inputs["scores"]
    if clip["status"] != Status.OK:
        return [Reason(clip["reason"])]
    if fused["status"] != Status.OK:
        return [Reason(fused["reason"])]
    if fused["abstained"] or not fused["caption"]:
        return [Reason.ABSTAINED]
    scored = scores["status"] == Status.OK
    num_words = len(fused["caption"].split())
    verdicts = {
        Reason.VISUAL_LEAK: "visual" in fused["leaks"],
        Reason.SPEECH_LEAK: "speech" in fused["leaks"],
        Reason.UNSUPPORTED_CLAIM: bool(fused["unsupported"]),
        Reason.NO_SOURCE_NAMED: params.needs_source and not fused["names_source"],
        Reason.CAPTION_TOO_SHORT: num_words < params.min_words,
        Reason.CAPTION_TOO_LONG: num_words > params.max_words,
        Reason.LOW_SIMILARITY: scored and scores["similarity"] < params.min_similarity,
    }
    # A caption that could not be scored is not known to fit.
    unscored = [] if scored else [Reason(scores["reason"])]
    return [reason for reason, holds in verdicts.items() if holds] + unscored


def _folded(caption: str) -> str:
    return " ".join(caption.casefold().split())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


STAGE = Stage(
    name="filtered_dataset",
    table=FilteredDataset,
    version="2",
    reads={
        "raw_clips": ("duration_s", "license", "split"),
        "fused_captions": ("caption", "author", "modalities", "abstained", "claims", "leaks"),
        "caption_scores": ("similarity", "scorer"),
    },
    needs=(),
    derive=derive,
    compute=decide,
    params=FilteredDatasetParams,
    together=True,
)


@stage_asset(STAGE, group="release", kinds=set())
def filtered_dataset(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Decide which clips are released, and keep every reason against the others."""
    return materialize(STAGE, context, config, lake)
