"""What must hold for all cues, however absurd."""

import re

from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.captioning.composer import compose
from fusionaudio_assets.captioning.cues import Cues, EventCue
from fusionaudio_assets.captioning.leaks import find_leaks
from fusionaudio_assets.captioning.qa import compose_pairs
from fusionaudio_assets.captioning.support import check_support
from resources.sound_names import known_labels
from tests.captioning.strategies import cues, hostile


@given(cues)
def test_a_composed_caption_is_prose_that_the_cues_support(clip: Cues) -> None:
    composed = compose(clip)
    assert composed.abstained == (not composed.caption) == bool(composed.abstain_reason)
    if composed.caption:
        assert re.fullmatch(r"[A-Z][^\n]*\.", composed.caption)
        assert "  " not in composed.caption
        assert not re.search(r"\.\.|,,|\ba an?\b|[\x00-\x1f]", composed.caption)
        assert not re.search(r"\bwhile\b[^.]*\bwhile\b|in the background[^.]*in the background", composed.caption)
        assert check_support(composed.caption, clip).unsupported == ()
        assert find_leaks(composed.caption, clip) == []


@given(cues, st.one_of(st.text(max_size=80), hostile))
def test_claims_stand_where_they_say(clip: Cues, text: str) -> None:
    for caption in (compose(clip).caption, text):
        for claim in check_support(caption, clip).claims:
            assert caption[claim.start : claim.end] == claim.text
            assert claim.supported == bool(claim.by) == (claim.support == 1)


@given(cues)
def test_neither_words_spoken_nor_pictures_change_a_composed_caption(clip: Cues) -> None:
    speech = clip.speech.model_copy(update={"text": ""}) if clip.speech else None
    assert compose(clip) == compose(clip.model_copy(update={"visual": None, "speech": speech}))


@given(cues)
def test_cues_survive_json(clip: Cues) -> None:
    assert Cues.model_validate_json(clip.model_dump_json()) == clip


@given(cues)
def test_pairs_are_different_questions_with_answers(clip: Cues) -> None:
    pairs = compose_pairs(clip)
    assert len(pairs) <= 5
    assert len({pair.question for pair in pairs}) == len(pairs)
    for pair in pairs:
        assert pair.question.endswith("?")
        assert pair.answer
        if pair.format == "choice":
            assert len(set(pair.options)) == 4
            assert pair.answer in pair.options


def test_where_nearly_everything_is_heard_nothing_absent_is_asked_for() -> None:
    """All classes at once leave no sound of which a cue has no word."""
    events = tuple(EventCue(label=label, score=0.9) for label in known_labels())
    for duration_s in range(4):
        pairs = compose_pairs(Cues(duration_s=duration_s, events=events))
        assert pairs
        assert all(pair.answer != "No" or "Can you hear" not in pair.question for pair in pairs)
        assert all(len(set(pair.options)) == 4 for pair in pairs if pair.format == "choice")
