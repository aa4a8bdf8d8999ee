"""What is told of a tagger's events, and who is believed about speech."""

from typing import Any

import pytest

from fusionaudio_assets.voice import PresenceGate, is_told_of, told_events
from resources.ontology import load_ontology

GATE = PresenceGate(min_event_score=0.7, min_brief_event_score=0.85, min_second_event_score=0.9)


def event(label: str, score: float, *spans: tuple[float, float]) -> dict[str, Any]:
    return {"label": label, "score": score, "spans": [{"start_s": start, "end_s": end} for start, end in spans]}


def told(*events: dict[str, Any]) -> list[str]:
    return [one["label"] for one in told_events(events, GATE, load_ontology())]


def test_what_is_unsure_is_not_told_and_what_is_brief_must_be_surer() -> None:
    assert told(event("Rain", 0.75, (0, 5)), event("Knock", 0.6, (0, 5)), event("Bark", 0.8, (6, 6.5))) == ["Rain"]
    assert told(event("Bark", 0.9, (6, 6.5))) == ["Bark"]


def test_of_close_kin_at_once_the_surest_is_told() -> None:
    duck, goose = event("Quack", 0.99, (0, 4)), event("Goose", 0.98, (1, 3))
    assert told(goose, duck) == ["Quack"]
    assert told(duck, event("Goose", 0.98, (5, 7))) == ["Quack", "Goose"]


def test_a_second_name_for_a_stretch_must_be_very_sure() -> None:
    hiss = event("White noise", 0.95, (0, 9))
    assert told(hiss, event("Waterfall", 0.8, (1, 8))) == ["White noise"]
    assert told(hiss, event("Bark", 0.94, (1, 3))) == ["White noise", "Bark"]


def test_voices_and_music_take_no_place_from_others() -> None:
    speech, music = event("Speech", 1.0, (0, 9)), event("Guitar", 0.8, (0, 9))
    assert told(speech, music, event("Rain", 0.75, (0, 9))) == ["Speech", "Guitar", "Rain"]
    assert told(event("Silence", 0.99, (0, 9)), event("Rain", 0.75, (0, 9))) == ["Silence", "Rain"]


def test_a_wider_class_is_told_where_it_is_much_surer() -> None:
    wide, narrow = event("Animal", 0.95, (0, 3)), event("Roar", 0.8, (0, 3))
    assert told(wide, narrow) == ["Animal"]
    assert told(event("Animal", 0.85, (0, 3)), narrow) == ["Roar"]
    assert told(wide, event("Roar", 0.92, (0, 3))) == ["Roar"]


@pytest.mark.parametrize(
    ("score", "transcript", "speaks"),
    [
        (0.5, {"status": "ok", "confident": True}, True),
        (0.5, {"status": "ok", "confident": False}, False),
        (0.95, {"status": "ok", "confident": False}, True),
        (0.5, {"status": "failed", "confident": None}, True),
        (0.1, {"status": "ok", "confident": True}, False),
    ],
)
def test_speech_without_words_needs_a_sure_tagger(score: float, transcript: dict[str, Any], speaks: bool) -> None:
    assert is_told_of({"speech_s": 2.0, "speech_score": score}, transcript, PresenceGate()) is speaks
