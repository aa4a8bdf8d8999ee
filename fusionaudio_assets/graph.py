"""The graph: all stages and assets, in the order in which a shard passes through them."""

from typing import Any

import dagster as dg

from fusionaudio_assets import (
    caption_quality,
    caption_scores,
    dataset_release,
    filtered_dataset,
    fused_captions,
    music_captions,
    qa_pairs,
    raw_clips,
    sound_captions,
    stems,
    tags,
    transcripts,
    visual_captions,
)
from fusionaudio_assets.stage import Stage
from resources.profile import StageNeeds

STAGES: dict[str, Stage[Any, Any]] = {
    module.STAGE.name: module.STAGE
    for module in (
        raw_clips,
        tags,
        stems,
        transcripts,
        sound_captions,
        music_captions,
        visual_captions,
        fused_captions,
        caption_scores,
        qa_pairs,
        filtered_dataset,
    )
}

STAGE_ASSETS: list[dg.AssetsDefinition] = [
    raw_clips.raw_clips,
    tags.tags,
    stems.stems,
    transcripts.transcripts,
    sound_captions.sound_captions,
    music_captions.music_captions,
    visual_captions.visual_captions,
    fused_captions.fused_captions,
    caption_scores.caption_scores,
    qa_pairs.qa_pairs,
    filtered_dataset.filtered_dataset,
]

QUALITY = caption_quality.caption_quality.key.to_user_string()
RELEASE = dataset_release.dataset_release.key.to_user_string()

LAKE_ASSETS: dict[str, dg.AssetsDefinition] = {
    asset.key.to_user_string(): asset for asset in (caption_quality.caption_quality, dataset_release.dataset_release)
}
"""Assets over all shards, by name."""


def profile_needs() -> dict[str, StageNeeds]:
    """What every stage asks of a profile."""
    return {name: stage.profile_needs for name, stage in STAGES.items()}
