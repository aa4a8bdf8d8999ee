"""Questions that a model writes are taken where the caption answers them; else the tables have theirs."""

import json

import pytest

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.qa import Written, write_pairs
from fusionaudio_assets.captioning.questions import QaPair
from resources.errors import ClipError
from tests.captioning import clips
from tests.captioning.scripted import Scripted


def pairs(caption: str, cues: Cues, answer: str) -> tuple[QaPair, ...]:
    (written,) = write_pairs([(caption, cues)], Scripted(answers=(answer,)))
    assert isinstance(written, Written)
    return written.pairs


def test_a_model_s_question_is_taken_only_when_the_caption_answers_it() -> None:
    caption = "Thunder rumbles while rain falls."
    good = '{"question": "What can be heard while rain falls?", "answer": "Thunder rumbles."}'
    bad = '{"question": "What can be heard while rain falls?", "answer": "A truck rumbles."}'
    presuming = '{"question": "What rumbles before the dog barks?", "answer": "Thunder rumbles."}'
    assert pairs(caption, clips.RAIN_AND_THUNDER, good)[-1].author == "scripted"
    for refused in (bad, presuming, "broken"):
        assert {pair.author for pair in pairs(caption, clips.RAIN_AND_THUNDER, refused)} == {"composer"}


@pytest.mark.parametrize(
    ("question", "answer", "right"),
    [
        ("What can be heard after the dog barks?", "A car horn honks.", True),
        ("What can be heard before the car horn honks?", "A dog barks.", True),
        ("What can be heard after the car horn honks?", "A dog barks.", False),
        ("What can be heard before the dog barks?", "A car horn honks.", False),
        ("What can be heard while the dog barks?", "A car horn honks.", False),
    ],
)
def test_a_model_s_question_turns_no_order_round(question: str, answer: str, right: bool) -> None:
    written = pairs(
        "A dog barks before a car horn honks.",
        clips.DOG_THEN_HORN,
        json.dumps({"question": question, "answer": answer}),
    )
    assert (written[-1].author == "scripted") == right


def test_a_clip_whose_question_a_busy_model_did_not_write_is_asked_for_again() -> None:
    clip = ("Thunder rumbles while rain falls.", clips.RAIN_AND_THUNDER)
    busy, written = write_pairs([clip, clip], Scripted(answers=("busy", "broken")))
    assert isinstance(busy, ClipError)
    assert not busy.permanent
    assert isinstance(written, Written)
    assert written.pairs


def test_abstained_clips_get_no_pairs() -> None:
    assert write_pairs([("", clips.NOTHING)]) == [Written()]
