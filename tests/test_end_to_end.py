"""The whole graph on the example clips: real media, real models, a real Dagster run."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import jiwer
import pytest
import yaml

from fusionaudio_assets.captioning import prompts
from fusionaudio_assets.checks.gate import judged
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.run import Summary, run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import PROFILE_FILE, Workspace
from resources.adapter import close_all_but
from resources.profile_file import profile_text

EXAMPLES = Path(__file__).parents[1] / "examples"
BROKEN = {"truncated.mp4": "truncated", "notes.wav": "unknown_format"}
AFTER_FUSION = ["fused_captions", "caption_scores", "qa_pairs", "filtered_dataset"]


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Summary]]:
    """A lake of the examples after one run. Tests that change it put it back or come last."""
    workspace = Workspace.create(tmp_path_factory.mktemp("e2e") / "lake")
    collected = collect(EXAMPLES / "clips", EXAMPLES / "labels.csv")
    add_clips(workspace.lake, collected.rows)
    yield workspace, run_lake(workspace)
    close_all_but([])


def rows(workspace: Workspace, asset: str) -> dict[str, dict[str, Any]]:
    """Rows of an asset by the name of the clip's file."""
    (shard,) = workspace.lake.shards()
    clips = workspace.lake.read_table("raw_clips", shard)
    table = workspace.lake.read_table(asset, shard)
    assert clips is not None
    assert table is not None
    names = dict(zip(clips["clip_id"], clips["sources"].list.first(), strict=True))
    return {names[row["clip_id"]]: row for row in table.to_dicts()}


def test_every_stage_has_one_row_for_every_clip(captioned: tuple[Workspace, Summary]) -> None:
    workspace, summary = captioned
    assert summary.finished
    assert list(summary.materialized) == list(STAGES)
    names = {path.name for path in (EXAMPLES / "clips").iterdir()}
    for asset in STAGES:
        assert rows(workspace, asset).keys() == names, asset


def test_broken_files_fail_with_reasons_and_cost_nobody_else_anything(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    clips = rows(workspace, "raw_clips")
    assert {name: row["reason"] for name, row in clips.items() if row["status"] == "failed"} == BROKEN
    assert all(name in clips[name]["detail"] for name in BROKEN)
    for name, caption in rows(workspace, "fused_captions").items():
        assert caption["status"] == ("skipped" if name in BROKEN else "ok"), name
        assert bool(caption["caption"]) != (name in BROKEN), name
    decisions = rows(workspace, "filtered_dataset")
    assert all(decisions[name]["drop_reasons"] == [reason] for name, reason in BROKEN.items())


def normalised(text: str) -> str:
    """Lower case, no punctuation, titles spelled out: what word error rates are counted on."""
    kept = "".join(letter if letter.isalnum() or letter.isspace() else " " for letter in text.lower())
    return " ".join({"mr": "mister"}.get(word, word) for word in kept.split())


@pytest.mark.parametrize(("name", "most"), [("reading_austen.wav", 0.0), ("speech_over_music.m4a", 0.1)])
def test_transcripts_are_right_word_for_word(captioned: tuple[Workspace, Summary], name: str, most: float) -> None:
    """Clean read speech without an error; over music at −8 dB Whisper base may miss a word in ten."""
    with (EXAMPLES / "transcripts.csv").open() as file:
        references = {row["file"]: row["transcript"] for row in csv.DictReader(file)}
    heard = rows(captioned[0], "transcripts")[name]
    assert jiwer.wer(references[name], normalised(heard["text"])) <= most
    assert heard["confident"]


def test_speech_and_music_are_both_named(captioned: tuple[Workspace, Summary]) -> None:
    caption = rows(captioned[0], "fused_captions")["speech_over_music.m4a"]["caption"].lower()
    assert "music" in caption
    assert any(word in caption for word in ("speak", "speech", "voice", "narrat", "talk"))


def test_a_clear_sound_gets_its_tag_and_its_place_in_the_caption(captioned: tuple[Workspace, Summary]) -> None:
    tags = rows(captioned[0], "tags")["alarm_clock.ogg"]["tags"]
    assert {tag["label"] for tag in tags if tag["score"] >= 0.5} & {"Alarm", "Alarm clock", "Beep, bleep"}
    assert "alarm" in rows(captioned[0], "fused_captions")["alarm_clock.ogg"]["caption"].lower()


def test_silence_gets_no_invented_sound(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    caption = rows(workspace, "fused_captions")["silence.wav"]["caption"].lower()
    assert "silen" in caption
    for asset in ("stems", "transcripts", "music_captions"):
        assert rows(workspace, asset)["silence.wav"]["status"] == "skipped"


def test_nothing_that_is_said_or_seen_stands_in_a_caption(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    transcripts = rows(workspace, "transcripts")
    for name, row in rows(workspace, "fused_captions").items():
        assert not row["leaks"], name
        words = normalised(transcripts[name]["text"] or "").split()
        trigrams = {tuple(words[i : i + 3]) for i in range(len(words) - 2)}
        said = normalised(row["caption"] or "").split()
        assert not trigrams & {tuple(said[i : i + 3]) for i in range(len(said) - 2)}, name


def test_every_claim_of_a_kept_caption_names_its_cues(captioned: tuple[Workspace, Summary]) -> None:
    captions = rows(captioned[0], "fused_captions")
    kept = [name for name, row in rows(captioned[0], "filtered_dataset").items() if row["kept"]]
    assert len(kept) >= 6
    for name in kept:
        assert all(claim["supported"] and claim["by"] for claim in captions[name]["claims"]), name


def test_stems_add_up_to_the_mixture(captioned: tuple[Workspace, Summary]) -> None:
    """The rest is mixture − vocals by definition, so the vocals must have the mixture's rate and length."""
    clips, stems = rows(captioned[0], "raw_clips"), rows(captioned[0], "stems")
    separated = [name for name, row in stems.items() if row["status"] == "ok"]
    assert "speech_over_music.m4a" in separated
    for name in separated:
        assert stems[name]["sample_rate_hz"] == clips[name]["sample_rate_hz"]
        assert stems[name]["num_samples"] == round(clips[name]["duration_s"] * clips[name]["sample_rate_hz"])


def test_every_rule_holds(captioned: tuple[Workspace, Summary]) -> None:
    """Ten real clips, two of them broken, raise no alarm, not even a warning."""
    workspace, _ = captioned
    (shard,) = workspace.lake.shards()
    verdicts = [verdict for stage in STAGES.values() for verdict in judged(stage, shard, workspace.lake)]
    assert len(verdicts) > 100
    assert [str(verdict) for verdict in verdicts if not verdict.holds] == []


def test_figures_of_every_materialisation_are_in_dagster(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    with open_instance(workspace.lake) as instance:
        for asset in STAGES:
            event = instance.get_latest_materialization_event(dg.AssetKey(asset))
            assert event is not None
            materialization = event.asset_materialization
            assert materialization is not None
            assert materialization.metadata["rows"].value == 10
            assert materialization.partition == workspace.lake.shards()[0]


def test_a_second_run_computes_nothing(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    with open_instance(workspace.lake) as instance:
        runs = instance.get_runs_count()
        again = run_lake(workspace)
        assert instance.get_runs_count() == runs
    assert not again.materialized
    assert list(again.passed) == list(STAGES)


def test_a_changed_line_of_the_prompt_redoes_fusion_and_what_follows(
    captioned: tuple[Workspace, Summary], tmp_path: Path
) -> None:
    workspace, _ = captioned
    shipped = Path(prompts.__file__).with_name("prompt_files") / "fusion_small.txt"
    prompt = tmp_path / "prompt.txt"
    prompt.write_text(shipped.read_text().replace("Add nothing.", "Add nothing at all."))
    profile = yaml.safe_load(profile_text("embedded")[0])
    profile["stages"]["fused_captions"]["params"]["prompt"]["file"] = str(prompt)
    workspace.lake.write_text(PROFILE_FILE, yaml.safe_dump(profile))
    changed = run_lake(Workspace.open(workspace.lake.uri))
    assert changed.finished
    assert set(changed.materialized) <= set(AFTER_FUSION)
    assert "fused_captions" in changed.materialized
    assert set(changed.passed) >= set(STAGES) - set(AFTER_FUSION)
