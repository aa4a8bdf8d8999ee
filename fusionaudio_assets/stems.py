"""Stems: the vocals, where a voice and something else are both present."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray

from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.payloads import audio_of, loaded_audio, stored_audio
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import AudioPayload, Stems
from fusionaudio_assets.voice import COLUMNS, PresenceGate, has_music, has_other, has_singing, has_speech
from fusionaudio_assets.workspace import LakeResource
from resources.audio import resample, samples_sha256
from resources.profile import Settings
from resources.separator import Separator

_ENERGY_BLOCK = 1024


def derive(rows: Upstream, gate: PresenceGate, models: Models) -> Work | Skip:
    """Separate only what is mixed."""
    clip, tags = rows["raw_clips"], rows["tags"]
    if not (has_speech(tags, gate) or has_singing(tags, gate)):
        return Skip(Reason.NO_VOICE)
    if not (has_music(tags, gate) or has_other(tags, gate)):
        return Skip(Reason.VOICE_ALONE)
    return Work({}, {"audio": audio_of(clip)}, clip["duration_s"])


def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> dict[str, Any]:
    """The mixture as stored, and at the separator's rate."""
    mixture, stored_hz = loaded_audio(payloads["audio"])
    at_rate = resample(mixture, stored_hz, models.of("separator", Separator).sample_rate_hz)
    return {"mixture": mixture, "stored_hz": stored_hz, "at_rate": at_rate}


def separate(jobs: Sequence[Job], models: Models, params: Settings) -> list[Row]:
    """Separate the vocals, at the separator's rate."""
    separated = models.of("separator", Separator).separate([job.prepared["at_rate"] for job in jobs])
    return [{"at_rate": vocals} for vocals in separated]


def store(job: Job, separated: Row, models: Models) -> Row:
    """The row of a clip: its vocals at the mixture's own rate and length, so that the rest is a difference."""
    mixture, stored_hz = job.prepared["mixture"], job.prepared["stored_hz"]
    rate_hz = models.of("separator", Separator).sample_rate_hz
    vocals = fitted(resample(separated["at_rate"], rate_hz, stored_hz), mixture.shape[1])
    return energies(mixture, vocals) | {
        "num_samples": mixture.shape[1],
        "sample_rate_hz": stored_hz,
        "vocals_sha256": samples_sha256(vocals, stored_hz),
        "vocals": stored_audio(job.clip_id, vocals, stored_hz),
    }


def fitted(audio: NDArray[np.float32], num_samples: int) -> NDArray[np.float32]:
    """Cut or pad ``(channels, samples)`` at its end, by what resampling there and back rounds off."""
    missing = num_samples - audio.shape[1]
    return np.pad(audio, ((0, 0), (0, missing))) if missing > 0 else audio[:, :num_samples]


def energy(audio: NDArray[np.float32]) -> float:
    """Sum of squares, in float32 over a thousand samples and in float64 over those: a quarter of the time."""
    flat = audio.ravel()
    whole = flat.size // _ENERGY_BLOCK * _ENERGY_BLOCK
    blocks = flat[:whole].reshape(-1, _ENERGY_BLOCK)
    return float(np.einsum("ij,ij->i", blocks, blocks).sum(dtype=np.float64) + np.square(flat[whole:]).sum())


def energies(mixture: NDArray[np.float32], vocals: NDArray[np.float32]) -> Row:
    """Share of the vocals in the energy of both stems, and the level of the rest relative to the mixture in dB."""
    vocal, remaining, whole = map(energy, (vocals, mixture - vocals, mixture))
    tiny = 1e-12
    return {
        "vocal_share": vocal / max(vocal + remaining, tiny),
        "residual_db": 10 * float(np.log10(max(remaining, tiny) / max(whole, tiny))),
    }


STAGE = Stage(
    name="stems",
    table=Stems,
    version="1",
    reads={"raw_clips": ("duration_s", "audio_sha256", "audio_file"), "tags": COLUMNS},
    needs=("raw_clips", "tags"),
    derive=derive,
    prepare=prepare,
    compute=separate,
    finish=store,
    models={"separator": Separator},
    gate=PresenceGate,
    payloads={"vocals": AudioPayload},
    batch_size=8,
)


@stage_asset(STAGE, group="cues", kinds={"onnx"})
def stems(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Separate the vocals from the rest where a voice and something else are both present."""
    return materialize(STAGE, context, config, lake)
