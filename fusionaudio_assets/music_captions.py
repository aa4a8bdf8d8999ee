"""Music captions: genre, instruments, tempo and mood, where there is music."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.payloads import audio_of, loaded_audio, vocals_of
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import MusicCaptions, Status
from fusionaudio_assets.voice import COLUMNS, PresenceGate, has_music, has_singing
from fusionaudio_assets.workspace import LakeResource
from resources.audio import resample, to_mono
from resources.errors import ClipError
from resources.music_describer import MusicDescriber
from resources.profile import Settings


def derive(rows: Upstream, gate: PresenceGate, models: Models) -> Work | Skip:
    """Describe music only where there is some. Speech is taken out when it was separated; a singer is part of it."""
    clip, tags, stems = rows["raw_clips"], rows["tags"], rows["stems"]
    if not has_music(tags, gate):
        return Skip(Reason.NO_MUSIC)
    payloads = {"audio": audio_of(clip)}
    if stems["status"] == Status.OK and not has_singing(tags, gate):
        payloads["vocals"] = vocals_of(stems)
    return Work({}, payloads, clip["duration_s"])


def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> NDArray[np.float32]:
    """Mono audio at the describer's rate, without the vocals where they were separated."""
    audio, stored_hz = loaded_audio(payloads["audio"])
    if "vocals" in payloads:
        audio = audio - loaded_audio(payloads["vocals"])[0]
    return resample(to_mono(audio), stored_hz, models.of("describer", MusicDescriber).sample_rate_hz)


def describe(jobs: Sequence[Job], models: Models, params: Settings) -> list[Row | ClipError]:
    """Describe the music of each clip."""
    describer = models.of("describer", MusicDescriber)
    answers = describer.describe([job.prepared for job in jobs])
    return [answer if isinstance(answer, ClipError) else asdict(answer) for answer in answers]


STAGE = Stage(
    name="music_captions",
    table=MusicCaptions,
    version="1",
    reads={
        "raw_clips": ("duration_s", "audio_sha256", "audio_file"),
        "tags": COLUMNS,
        "stems": ("vocals_sha256", "vocals_file"),
    },
    needs=("raw_clips", "tags"),
    derive=derive,
    prepare=prepare,
    compute=describe,
    models={"describer": MusicDescriber},
    gate=PresenceGate,
)


@stage_asset(STAGE, group="cues", kinds={"onnx"})
def music_captions(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Describe genre, instruments, tempo and mood of clips that hold music."""
    return materialize(STAGE, context, config, lake)
