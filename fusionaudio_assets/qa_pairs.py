"""QA pairs: questions and answers about the sound of each captioned clip."""

from collections.abc import Sequence
from dataclasses import asdict

import dagster as dg
from pydantic import Field

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.fusion import COMPOSER
from fusionaudio_assets.captioning.identity import QUESTION_TABLES, tables_sha256
from fusionaudio_assets.captioning.qa import VERSION, Written, prompt_identity, write_pairs
from fusionaudio_assets.cues import CUE_COLUMNS, cues_of
from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import QaPairs, Status
from fusionaudio_assets.voice import PresenceGate, class_weights
from fusionaudio_assets.workspace import LakeResource
from resources.adapter import Json
from resources.errors import ClipError
from resources.language_model import LanguageModel
from resources.ontology import load_ontology
from resources.profile import Settings


class QaParams(Settings):
    """How the pairs are written."""

    ask_model: bool = Field(True, description="Ask the writer for an open question beside the composed ones")
    max_tokens: int = Field(120, ge=16, description="Bound on its answer, reasoning included")


def derive(rows: Upstream, gate: PresenceGate, models: Models) -> Work | Skip:
    """Ask about clips that have a caption; what is asked rests on the cues."""
    fused = rows["fused_captions"]
    if fused["status"] != Status.OK or not fused["caption"]:
        return Skip(Reason.NO_CAPTION)
    cues = cues_of(rows, gate, load_ontology())
    return Work(
        {"caption": fused["caption"], "cues": cues.model_dump(mode="json")}, audio_s=rows["raw_clips"]["duration_s"]
    )


def write(jobs: Sequence[Job], models: Models, params: QaParams) -> list[Row | ClipError]:
    """Write the pairs of each clip; one that the model could not answer for now is left for the next run."""
    clips = [(job.inputs["caption"], Cues.model_validate(job.inputs["cues"])) for job in jobs]
    writer = models.of("writer", LanguageModel)
    written = write_pairs(clips, writer if params.ask_model else None, max_tokens=params.max_tokens)
    made_by: Row = {} if params.ask_model else {"model": COMPOSER, "libraries": None}
    return [one if isinstance(one, ClipError) else pair_row(one) | made_by for one in written]


def pair_row(written: Written) -> Row:
    """Columns of the pairs of one clip."""
    return {
        "pairs": [asdict(pair) for pair in written.pairs],
        "num_pairs": len(written.pairs),
        "prompt_tokens": written.prompt_tokens,
        "completion_tokens": written.completion_tokens,
    }


def also(params: QaParams) -> dict[str, Json]:
    """The text logic, its words and the prompt decide the pairs as well."""
    return {
        "captioning": VERSION,
        "tables_sha256": tables_sha256(QUESTION_TABLES),
        "prompt_sha256": prompt_identity(),
    }


STAGE = Stage(
    name="qa_pairs",
    table=QaPairs,
    version="1",
    reads={**CUE_COLUMNS, "fused_captions": ("caption",)},
    derive=derive,
    compute=write,
    models={"writer": LanguageModel},
    gate=PresenceGate,
    params=QaParams,
    also=also,
    weights=class_weights,
    batch_size=32,
)


@stage_asset(STAGE, group="captions", kinds={"llm"})
def qa_pairs(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Write question-answer pairs about the sound of each captioned clip."""
    return materialize(STAGE, context, config, lake)
