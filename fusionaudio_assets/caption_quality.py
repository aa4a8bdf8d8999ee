"""The quality of all captions of a lake: one report over all shards, for people."""

import dagster as dg
from pydantic import Field

from fusionaudio_assets.distribution import as_link
from fusionaudio_assets.materialize import OWNERS
from fusionaudio_assets.report import as_markdown, as_metadata, as_picture, survey
from fusionaudio_assets.stage.fingerprint import sha256_text
from fusionaudio_assets.workspace import LakeResource
from resources.errors import ResourceError

FOLDER = "reports"
REPORT = f"{FOLDER}/caption_quality.md"
PICTURE = f"{FOLDER}/caption_quality.svg"


class CaptionQualityConfig(dg.Config):
    """What the report shows."""

    examples: int = Field(5, ge=0, description="Number of captions to show that fit their clip best, and worst")


@dg.asset(
    deps=["raw_clips", "transcripts", "fused_captions", "caption_scores", "filtered_dataset"],
    group_name="release",
    kinds={"duckdb", "markdown"},
    owners=OWNERS,
)
def caption_quality(config: CaptionQualityConfig, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Report on the captions of all shards: writers, cues, lengths, scores, decisions, failures, drift and examples."""
    try:
        opened = lake.open().lake
        report = survey(opened, examples=config.examples)
        drawn = as_picture(report)
        page = as_markdown(report, PICTURE.removeprefix(f"{FOLDER}/"))
        opened.write_text(PICTURE, drawn)
        opened.write_text(REPORT, page)
    except ResourceError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    return dg.MaterializeResult(
        metadata={
            "report": dg.MetadataValue.md(as_markdown(report, as_link(drawn))),
            "path": dg.MetadataValue.path(f"{opened.uri}/{REPORT}"),
            **as_metadata(report),
        },
        data_version=dg.DataVersion(sha256_text(page)),
    )
