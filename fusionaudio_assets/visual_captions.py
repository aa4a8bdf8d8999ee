"""Visual captions: what is seen in the key frames. It may sharpen what is heard and never stands in a caption."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg

from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, PayloadRef, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import VisualCaptions
from fusionaudio_assets.workspace import LakeResource
from resources.errors import ClipError
from resources.image_describer import ImageDescriber
from resources.media import KeyFrame
from resources.profile import Settings


def derive(rows: Upstream, gate: Settings, models: Models) -> Work | Skip:
    """Describe clips that have key frames."""
    clip = rows["raw_clips"]
    if clip["frames_file"] is None:
        return Skip(Reason.NO_VIDEO)
    frames = PayloadRef("raw_clips", "frames", clip["frames_file"], clip["frames_sha256"])
    return Work({}, {"frames": frames}, clip["duration_s"])


def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> list[KeyFrame]:
    """Key frames, decoded; the describer is shown them."""
    describer = models.of("describer", ImageDescriber)
    frames = [KeyFrame(frame["time_s"], frame["jpeg"]) for frame in payloads["frames"]]
    for frame in frames:
        _ = frame.pixels  # here, where the model need not wait for it and a damaged picture costs its clip alone
        describer.ahead(frame)
    return frames


def describe(jobs: Sequence[Job], models: Models, params: Settings) -> list[Row | ClipError]:
    """Describe the key frames of each clip."""
    describer = models.of("describer", ImageDescriber)
    answers = describer.describe([job.prepared for job in jobs])
    return [answer if isinstance(answer, ClipError) else asdict(answer) for answer in answers]


STAGE = Stage(
    name="visual_captions",
    table=VisualCaptions,
    version="1",
    reads={"raw_clips": ("duration_s", "frames_sha256", "frames_file")},
    derive=derive,
    prepare=prepare,
    compute=describe,
    models={"describer": ImageDescriber},
)


@stage_asset(STAGE, group="cues", kinds={"onnx"})
def visual_captions(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Describe what is seen in the key frames of clips that have pictures."""
    return materialize(STAGE, context, config, lake)
