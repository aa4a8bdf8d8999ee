"""Sound captions: a description of the sound events of a clip, in time."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.payloads import audio_of, mono_at
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import SoundCaptions
from fusionaudio_assets.voice import PresenceGate, class_weights, told_events
from fusionaudio_assets.workspace import LakeResource
from resources.errors import ClipError
from resources.ontology import load_ontology
from resources.profile import Settings
from resources.sound_describer import SoundDescriber, SoundEvent, SoundEvidence


def derive(rows: Upstream, gate: PresenceGate, models: Models) -> Work | Skip:
    """A describer that listens is given the audio, one that writes from tags the events that are told of."""
    clip, tags = rows["raw_clips"], rows["tags"]
    inputs: dict[str, Any] = {"duration_s": round(clip["duration_s"], 1)}
    if models.of("describer", SoundDescriber).needs_audio:
        return Work(inputs, {"audio": audio_of(clip)}, clip["duration_s"])
    if not (events := told_events(tags["events"], gate, load_ontology())):
        return Skip(Reason.NO_EVENTS)
    return Work(inputs | {"events": rounded_events(events)}, audio_s=clip["duration_s"])


def rounded_events(events: Sequence[Row]) -> list[dict[str, Any]]:
    """Events of a row of `tags`, scores and times to one decimal."""
    return [
        {
            "label": event["label"],
            "score": round(event["score"], 1),
            "spans": [[round(span["start_s"], 1), round(span["end_s"], 1)] for span in event["spans"]],
        }
        for event in events
    ]


def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> NDArray[np.float32] | None:
    """Mono audio at the describer's rate, when it listens."""
    describer = models.of("describer", SoundDescriber)
    return mono_at(payloads["audio"], describer.sample_rate_hz) if describer.needs_audio else None


def describe(jobs: Sequence[Job], models: Models, params: Settings) -> list[Row | ClipError]:
    """Describe the sound events of each clip."""
    evidence = [
        SoundEvidence(
            duration_s=job.inputs["duration_s"],
            events=tuple(
                SoundEvent(e["label"], e["score"], tuple((start_s, end_s) for start_s, end_s in e["spans"]))
                for e in job.inputs.get("events", [])
            ),
            audio=job.prepared,
        )
        for job in jobs
    ]
    answers = models.of("describer", SoundDescriber).describe(evidence)
    return [answer if isinstance(answer, ClipError) else {"description": answer} for answer in answers]


STAGE = Stage(
    name="sound_captions",
    table=SoundCaptions,
    version="1",
    reads={"raw_clips": ("duration_s", "audio_sha256", "audio_file"), "tags": ("events",)},
    needs=("raw_clips", "tags"),
    derive=derive,
    prepare=prepare,
    compute=describe,
    models={"describer": SoundDescriber},
    gate=PresenceGate,
    weights=class_weights,
)


@stage_asset(STAGE, group="cues", kinds=set())
def sound_captions(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Describe the sound events of each clip in the order of time."""
    return materialize(STAGE, context, config, lake)
