"""Transcripts: what is said, with times and every confidence the recogniser gives."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.payloads import audio_of, mono_at, vocals_of
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, JudgedColumn, Models, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import Status, Transcripts
from fusionaudio_assets.voice import COLUMNS, PresenceGate, has_speech
from fusionaudio_assets.workspace import LakeResource
from resources.profile import Settings
from resources.recognizer import Recognizer, Transcript


def derive(rows: Upstream, gate: PresenceGate, models: Models) -> Work | Skip:
    """Transcribe only where there is speech: the vocals when they were separated, else the clip."""
    clip, tags, stems = rows["raw_clips"], rows["tags"], rows["stems"]
    if not has_speech(tags, gate):
        return Skip(Reason.NO_SPEECH)
    separated = stems["status"] == Status.OK
    return Work({}, {"audio": vocals_of(stems) if separated else audio_of(clip)}, clip["duration_s"])


def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> NDArray[np.float32]:
    """Mono audio at the recogniser's rate."""
    return mono_at(payloads["audio"], models.of("recognizer", Recognizer).sample_rate_hz)


def transcribe(jobs: Sequence[Job], models: Models, params: Settings) -> list[Row]:
    """Recognise the words of each clip."""
    recognizer = models.of("recognizer", Recognizer)
    return [transcript_row(transcript) for transcript in recognizer.transcribe([job.prepared for job in jobs])]


def transcript_row(transcript: Transcript) -> Row:
    """Columns of one transcript; figures over several segments are their worst."""
    segments = [asdict(segment) for segment in transcript.segments]
    return {
        "text": transcript.text,
        "language": transcript.language or None,
        "language_probability": transcript.language_probability,
        "speech_s": transcript.speech_s,
        "full_window": transcript.full_window,
        "segments": segments,
        "words": [asdict(word) for word in transcript.words],
        "avg_logprob": min((s["avg_logprob"] for s in segments), default=None),
        "no_speech_prob": max((s["no_speech_prob"] for s in segments), default=None),
        "compression_ratio": max((s["compression_ratio"] for s in segments), default=None),
    }


def confident(row: Row, gate: PresenceGate) -> bool:
    """All confidences pass; a transcript without words never does."""
    return bool(
        row["text"]
        and row["avg_logprob"] >= gate.min_avg_logprob
        and row["no_speech_prob"] <= gate.max_no_speech_prob
        and row["compression_ratio"] <= gate.max_compression_ratio
        and row["language_probability"] >= gate.min_believed_language_probability
    )


CONFIDENCES = ("text", "avg_logprob", "no_speech_prob", "compression_ratio", "language_probability")


STAGE = Stage(
    name="transcripts",
    table=Transcripts,
    version="1",
    reads={
        "raw_clips": ("duration_s", "audio_sha256", "audio_file"),
        "tags": COLUMNS,
        "stems": ("vocals_sha256", "vocals_file"),
    },
    needs=("raw_clips", "tags"),
    derive=derive,
    prepare=prepare,
    compute=transcribe,
    models={"recognizer": Recognizer},
    gate=PresenceGate,
    judged=(JudgedColumn("confident", CONFIDENCES, confident),),
    batch_size=32,
)


@stage_asset(STAGE, group="cues", kinds={"asr"})
def transcripts(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Transcribe clips in which somebody speaks, from the separated vocals where there are any."""
    return materialize(STAGE, context, config, lake)
