"""The report in figures: metadata that the Dagster UI plots over time."""

from fusionaudio_assets.distribution import percentiles
from fusionaudio_assets.report.survey import OF_MUSIC, Report


def as_metadata(report: Report) -> dict[str, int | float]:
    """Figures of the report by name."""
    clips, counts = report.all, report.counts
    figures: dict[str, int | float] = {
        "shards": report.shards,
        "shards_unfinished": report.unfinished,
        "shards_standing_out": len(report.standing_out),
        "clips": clips.clips,
        "captions": clips.captions,
        "kept": clips.kept,
        "share/captioned": round(clips.captions / clips.clips, 4) if clips.clips else 0.0,
        "share/kept": round(clips.kept_share, 4) if clips.clips else 0.0,
        "abstained": counts["abstained"].total(),
        "with_leak": sum(counts["leak"].values()),
        "with_unsupported_claim": counts["unsupported"].total(),
        "rows_failed": report.failures.total(),
    }
    for name in ("words", "similarity"):
        if counts[name]:
            figures |= {f"{name}/{key}": round(value, 4) for key, value in percentiles(counts[name]).items()}
    if clips.captions:
        figures["share/several_cues"] = round(report.share_of_several_cues, 4)
        figures |= {
            f"named/{name.replace(OF_MUSIC, '_of_music')}": round(percentiles(numbers)["mean"], 4)
            for name, numbers in report.numbers_named.items()
            if numbers
        }
        figures |= {
            f"share/{name}": round(group.captions / clips.captions, 4) for name, group in report.largest("modality")
        }
    for kind in ("author", "modality"):
        figures |= {f"{kind}/{name}": group.captions for name, group in report.largest(kind)}
    figures |= {f"drop_reason/{name}": count for name, count in counts["drop_reason"].most_common()}
    if heard := counts["transcript"].total():
        figures["share/transcripts_confident"] = round(counts["transcript"]["confident"] / heard, 4)
    if (errors := report.expected_word_errors) is not None:
        figures["expected_word_error_rate"] = round(errors, 4)
    return figures
