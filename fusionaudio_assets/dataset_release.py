"""The dataset release: what is kept, in the formats that people load, under a version made from its content."""

import dagster as dg
from pydantic import Field

from fusionaudio_assets.materialize import OVERRIDES, OWNERS, ask_gate, column_schema
from fusionaudio_assets.release import publish
from fusionaudio_assets.release.card import data_card
from fusionaudio_assets.tables import Release
from fusionaudio_assets.workspace import LakeResource
from resources.errors import ResourceError

READS = ["raw_clips", "fused_captions", "qa_pairs", "filtered_dataset"]


class DatasetReleaseConfig(dg.Config):
    """What goes into a release."""

    overrides: dict[str, str] = OVERRIDES
    with_audio: bool = Field(False, description="Put the sound into the Parquet files instead of naming its source")


@dg.asset(
    deps=READS,
    group_name="release",
    kinds={"parquet", "huggingface"},
    owners=OWNERS,
    metadata={"dagster/column_schema": column_schema(Release)},
)
def dataset_release(config: DatasetReleaseConfig, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Write the kept clips of all shards as a versioned release: Parquet, JSONL, training JSON and a data card."""
    try:
        workspace = lake.open()
        admission = ask_gate("dataset_release", READS, workspace, config.overrides)
        released = publish(workspace.lake, workspace.profile, admission, with_audio=config.with_audio)
    except ResourceError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    record = released.record
    return dg.MaterializeResult(
        metadata={
            "version": released.version,
            "path": dg.MetadataValue.path(f"{workspace.lake.uri}/{released.name}"),
            "is_new": released.is_new,
            "clips": record["clips"],
            "dagster/row_count": record["kept"],
            "dropped": record["clips"] - record["kept"],
            "audio_s": record["audio_s"],
            "words_mean": record["words"]["mean"],
            "qa_pairs": sum(record["qa_pairs"].values()),
            "unfinished_shards": record["unfinished_shards"],
            "refused_shards": len(record["refused_shards"]),
            "card": dg.MetadataValue.md(data_card(record).split("---\n", 2)[2]),
        },
        data_version=dg.DataVersion(released.version),
    )
