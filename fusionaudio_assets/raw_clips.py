"""Raw clips: media files become sound and key frames, with facts about the medium."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.shards import MANIFEST
from fusionaudio_assets.stage import Job, Models, Row, Stage, Upstream, Work
from fusionaudio_assets.tables import AudioPayload, FramesPayload, RawClips
from fusionaudio_assets.workspace import LakeResource
from resources.decoder import MediaDecoder
from resources.errors import ClipError
from resources.media import KeyFrame
from resources.media.pool import DecodeRequest, PreparedClip
from resources.profile import Settings


def derive(rows: Upstream, gate: Settings, models: Models) -> Work:
    """A clip is its file's bytes and its bounds. A file that could not be read is tried where it was."""
    clip = rows[MANIFEST]
    bounds = {"start_s": clip["start_s"], "end_s": clip["end_s"]}
    # The path is not part of what decides the output: a moved file with the same bytes decodes to the same clip. It
    # does decide where to look, so it travels outside of the fingerprint.
    return Work({"file_sha256": clip["file_sha256"], **bounds}, locator=clip["path"])


def decode(jobs: Sequence[Job], models: Models, params: Settings) -> Iterator[Row | ClipError]:
    """Decode each clip; one by one, since a batch of long ones takes gigabytes."""
    requests = [
        DecodeRequest(Path(job.locator), job.inputs["start_s"], job.inputs["end_s"], job.inputs["file_sha256"])
        for job in jobs
    ]
    results = models.of("decoder", MediaDecoder).decode(requests)
    for job, result in zip(jobs, results, strict=True):
        yield result if isinstance(result, ClipError) else clip_row(job.clip_id, result)


def clip_row(clip_id: str, clip: PreparedClip) -> Row:
    """Facts and payloads of a decoded clip."""
    frames = [{"time_s": frame.time_s, "jpeg": frame.jpeg} for frame in clip.key_frames]
    return {
        "duration_s": clip.duration_s,
        "sample_rate_hz": clip.sample_rate_hz,
        "channels": min(clip.channels, 2),
        "source_channels": clip.channels,
        "codec": clip.audio_codec,
        "container": clip.container,
        "loudness_lufs": clip.loudness_lufs,
        "peak_db": clip.peak_db,
        "has_video": clip.has_video,
        "width": clip.width,
        "height": clip.height,
        "num_frames": len(frames),
        "note": " ".join(clip.notes) or None,
        "audio_sha256": clip.samples_sha256,
        "audio": {"bytes": clip.flac, "path": f"{clip_id}.flac"},
        "frames_sha256": frames_sha256(clip.key_frames) if frames else None,
        "frames": frames or None,
    }


def frames_sha256(frames: Sequence[KeyFrame]) -> str:
    """Hash of all that later stages see of the key frames: pictures and times."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(f"{frame.time_s:.3f}:{len(frame.jpeg)}:".encode())
        digest.update(frame.jpeg)
    return digest.hexdigest()


STAGE = Stage(
    name="raw_clips",
    table=RawClips,
    version="1",
    reads={MANIFEST: ("path", "file_sha256", "start_s", "end_s", "sources", "labels", "license", "split")},
    needs=(),
    derive=derive,
    compute=decode,
    models={"decoder": MediaDecoder},
    payloads={"audio": AudioPayload, "frames": FramesPayload},
    carry=("sources", "labels", "license", "split", "start_s", "end_s"),
    batch_size=64,
)


@stage_asset(STAGE, group="ingest", kinds={"ffmpeg"})
def raw_clips(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Decode every clip of the shard to FLAC and key frames, and measure it."""
    return materialize(STAGE, context, config, lake)
