"""The report on all captions: its counts, whatever the shards; what it says of drift; how it is asked for."""

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fusionaudio_assets.caption_quality import CaptionQualityConfig, caption_quality
from fusionaudio_assets.report import Report, as_markdown, as_metadata, as_picture, survey
from fusionaudio_assets.run import run_lake
from fusionaudio_assets.workspace import LakeResource, Workspace
from resources.errors import LakeError
from resources.lake import Lake
from tests.lakes import Row, broken_row, clip_row, make_lake, write_shard

MUSIC: list[Row] = [{"name": "Music | <b>", "quality": 0.5}, {"name": "Bark", "quality": 0.1}]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three shards: four captions of which two are kept, one abstention, two broken media."""
    return make_lake(
        tmp_path / "lake",
        [
            [clip_row(1), broken_row(2), clip_row(3, drop_reasons=["low_similarity", "visual_leak"])],
            [clip_row(4, caption="Thunder | and\n<img> rain", labels=MUSIC), broken_row(5, "corrupt")],
            [clip_row(6, caption=None, drop_reasons=["abstained"]), clip_row(7, drop_reasons=["low_similarity"])],
        ],
    )


def test_clips_are_counted_by_all_that_they_have_in_common(lake: Lake) -> None:
    report = survey(lake, examples=2)
    assert (report.shards, report.unfinished) == (3, 0)
    clips = report.all
    assert (clips.clips, clips.captions, clips.kept) == (7, 4, 2)
    assert clips.mean_words == pytest.approx((14 + 14 + 5 + 14) / 4)
    labels = {name: (group.clips, group.captions, group.kept) for name, group in report.groups["label"].items()}
    assert labels == {"Bark": (7, 4, 2), "Music | <b>": (1, 1, 1)}
    assert report.groups["author"]["tester"].captions == 4
    assert report.groups["modality"]["sound"].captions == 4
    assert report.counts["words"] == {14: 3, 5: 1}
    assert report.counts["similarity"] == {0.5: 4}
    assert report.numbers_named["instruments"] == {0: 4}
    assert report.counts["drop_reason"] == {
        "low_similarity": 2,
        "visual_leak": 1,
        "truncated": 1,
        "corrupt": 1,
        "abstained": 1,
    }
    assert report.counts["drop_reason_by_label"]["Bark", "low_similarity"] == 2
    assert report.failures == {("raw_clips", "truncated"): 1, ("raw_clips", "corrupt"): 1}


def test_the_report_does_not_depend_on_how_many_shards_are_read_at_once(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = survey(lake, examples=3)
    monkeypatch.setattr(import_module("fusionaudio_assets.report.survey"), "SHARDS_AT_ONCE", 1)
    apart = survey(lake, examples=3)
    for field in fields(Report):
        if field.name != "drifted":
            assert getattr(apart, field.name) == getattr(together, field.name), field.name
    assert apart.drifted.equals(together.drifted)


def test_what_is_not_finished_is_told_and_only_its_failures_are_counted(lake: Lake) -> None:
    lake.delete("caption_scores/shard-000001.parquet")
    report = survey(lake, examples=2)
    assert (report.shards, report.unfinished) == (2, 1)
    assert report.all.clips == 4
    assert report.failures.total() == 2
    assert "1 shard is not finished" in as_markdown(report, "")
    for shard in ("shard-000002", "shard-000003"):
        lake.delete(f"caption_scores/{shard}.parquet")
    with pytest.raises(LakeError, match=r"No shard .* decision .* `fusionaudio run`"):
        survey(lake, examples=2)


@pytest.mark.parametrize("shard", ["shard-000001", "shard-000003"])
def test_a_damaged_table_is_named_with_the_way_out(lake: Lake, shard: str) -> None:
    (Path(lake.root) / f"fused_captions/{shard}.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(LakeError, match=rf"fused_captions/{shard}\.parquet cannot be read.*Delete the file"):
        survey(lake, examples=2)


def test_words_of_others_break_no_table(lake: Lake) -> None:
    page = as_markdown(survey(lake, examples=5), "picture.svg")
    lines = page.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("| ---"):
            columns = line.count("|")
            rows = [row.replace("\\|", "") for row in [lines[number - 1], *_block(lines[number:])]]
            assert {row.count("|") for row in rows} == {columns}
    assert "Thunder \\| and &lt;img> rain" in page
    assert "![Captions by length, similarity, writer, cues and what they name; clips by label](picture.svg)" in page


def _block(lines: list[str]) -> list[str]:
    return [line for line in lines[: [*lines, ""].index("")] if line]


def test_the_best_and_the_worst_are_shown(lake: Lake) -> None:
    rows = [clip_row(number, caption=f"Caption of clip number {number}.") for number in range(20, 26)]
    write_shard(lake, "shard-000004", rows)
    table = lake.read_frame("caption_scores/shard-000004.parquet")
    similarity = table["clip_id"].to_frame().with_row_index("similarity")["similarity"].cast(table["similarity"].dtype)
    lake.write_table("caption_scores", "shard-000004", table.with_columns(similarity=similarity / 10))
    report = survey(lake, examples=2)
    assert [row["caption"] for row in report.examples["worst"]] == [f"Caption of clip number {n}." for n in (20, 21)]
    # All others are scored with 0.5, as the last of these is.
    assert all(row["similarity"] == pytest.approx(0.5) for row in report.examples["best"])


def test_shards_that_stand_out_are_named_with_the_figure(tmp_path: Path) -> None:
    usual = [[clip_row(100 * shard + clip) for clip in range(30)] for shard in range(8)]
    odd = [clip_row(900 + clip, drop_reasons=["low_similarity"] if clip < 20 else []) for clip in range(30)]
    report = survey(make_lake(tmp_path / "lake", [*usual, odd]), examples=0)
    assert set(report.drifted["shard"]) == {"shard-000009"}
    assert set(report.drifted["name"]) == {"share/kept", "share/dropped/any", "share/dropped/low_similarity"}
    assert as_metadata(report)["shards_standing_out"] == 1
    page = as_markdown(report, "")
    assert "figures farther than 3.5 spreads" in page
    assert "): 1 of 9." in page
    assert "| `shard-000009` | `filtered_dataset` | `share/kept` | 0.3333 | 1 |" in page


def test_the_lake_shows_the_report_and_keeps_it(lake: Lake) -> None:
    result = dg.materialize(
        [caption_quality],
        run_config=dg.RunConfig({"caption_quality": CaptionQualityConfig(examples=1)}),
        resources={"lake": LakeResource(uri=lake.uri)},
        selection=["caption_quality"],
    )
    metadata = result.asset_materializations_for_node("caption_quality")[0].metadata
    figures = {name: value.value for name, value in metadata.items()}
    assert list(figures)[:2] == ["report", "path"]
    assert Path(str(figures["path"])).read_text() == lake.read_text("reports/caption_quality.md")
    assert lake.read_text("reports/caption_quality.svg").startswith("<svg")
    assert "data:image/svg+xml;base64," in str(figures["report"])
    numbers: dict[str, Any] = {name: value for name, value in figures.items() if name not in ("report", "path")}
    assert {type(value) for value in numbers.values()} <= {int, float}
    assert (numbers["clips"], numbers["captions"], numbers["kept"]) == (7, 4, 2)
    assert numbers["share/kept"] == pytest.approx(2 / 7, abs=1e-4)
    assert numbers["author/tester"] == 4


def test_the_terminal_makes_it_when_it_is_named(lake: Lake) -> None:
    summary = run_lake(Workspace.open(lake.uri), select=["caption_quality"])
    assert summary.finished
    assert summary.written == {"caption_quality": f"{lake.uri}/reports/caption_quality.md"}


def test_a_lake_without_captions_is_told_from_the_terminal(tmp_path: Path) -> None:
    summary = run_lake(Workspace.open(make_lake(tmp_path / "lake", []).uri), select=["caption_quality"])
    ((asset, shard, message),) = summary.failures
    assert (asset, shard) == ("caption_quality", "")
    assert "Make captions first" in message


def test_the_picture_shows_all_captions(lake: Lake) -> None:
    drawn = as_picture(survey(lake, examples=0))
    assert "5: 1</title>" in drawn
    assert "14: 3</title>" in drawn
    assert len(re.findall(r'<text x="[\d.]+" y="[\d.]+">4</text>', drawn)) == 2  # all are by one writer, from one cue
