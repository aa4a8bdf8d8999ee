"""The measurement of stages against their limits, on a few rows: so that it works when it is needed."""

from pathlib import Path

import pytest

from benchmarks import stages
from benchmarks.recorded_calls import recorded
from benchmarks.stage_figures import difference, report
from benchmarks.stages import make_tables, measure
from resources.embedded.minilm import TagBridge
from resources.similarity import CaptionedClip
from resources.whisper import FasterWhisper
from tests.resources.media import example_audio


def test_a_stage_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stages.CLIPS, "caption_scores", 24)
    make_tables(tmp_path / "lake")
    figures = measure(tmp_path / "lake", "caption_scores", 2, {})
    assert 0 < figures.clips <= 24
    assert figures.same == "largest difference 0.0e+00, 0 clips differ otherwise"
    assert all(len(ratio) == 2 and min(ratio) > 0 for ratio in figures.ratios)
    assert min(run.wall_s for run in figures.networks) < max(run.wall_s for run in figures.stage)
    assert "| caption_scores |" in report({"caption_scores": figures})


def test_calls_are_recorded_and_made_again() -> None:
    bridge = TagBridge()
    clips = [CaptionedClip(f"A dog barks {number} times.", (("Bark", 0.9),)) for number in range(3)]
    with recorded([bridge]) as (models, networks):
        bridge.score(clips)
    assert (len(models.in_turn), len(networks.side_by_side)) == (1, 4)
    with recorded([bridge]) as (_, again):
        models()
        assert len(again.side_by_side) == 3  # the wording of the label is known by now
        networks()
        assert len(again.side_by_side) == 3  # what was recorded is the network itself


def test_what_is_asked_about_an_encoding_is_asked_again_about_another() -> None:
    whisper = FasterWhisper()
    whisper.load()
    with recorded([whisper]) as (_, networks):
        whisper.transcribe([example_audio("reading_austen.wav", 16_000)])
    asked = [call.asked for call in networks.side_by_side if hasattr(call, "asked")]
    assert [[name for name, *_ in of_batch] for of_batch in asked] == [["detect_language", "generate", "align"]]
    networks()


def test_rows_are_compared() -> None:
    one = {"score": 0.5, "labels": [{"name": "Bark", "score": 0.9}]}
    near = {"score": 0.5001, "labels": [{"name": "Bark", "score": 0.9}]}
    other = {"score": 0.5, "labels": [{"name": "Meow", "score": 0.9}]}
    assert difference([one, one], [one, near]) == "largest difference 1.0e-04, 0 clips differ otherwise"
    assert difference([one, one], [other, one]) == "largest difference 0.0e+00, 1 clips differ otherwise"
