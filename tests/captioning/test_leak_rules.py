"""The leak detectors on labelled sentences, and what must hold for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusionaudio_assets.captioning.cues import Cues, SpeechCue, VisualCue
from fusionaudio_assets.captioning.leaks import find_leaks
from tests.captioning.labelled import sentences
from tests.captioning.strategies import cues, hostile

many = settings(max_examples=100, deadline=None)
WORDS = st.sampled_from(
    (
        "a",
        "dog",
        "in",
        "red",
        "says",
        "that",
        "seven",
        "men",
        "sit",
        "www.x.com",
        '"',
        "'",
        "about",
        "Anna",
        "tall",
        "²",
    )
)
texts = st.text(max_size=200) | hostile | st.lists(WORDS, max_size=12).map(" ".join)


@many
@given(texts, cues)
def test_a_leak_stands_in_the_caption(caption: str, clip: Cues) -> None:
    for leak in find_leaks(caption, clip):
        assert 0 <= leak.start < leak.end <= len(caption)
        assert caption[leak.start : leak.end] == leak.text
        assert leak.kind in {"visual", "speech"}
        assert leak.reason


@many
@given(texts)
def test_what_the_sound_description_says_is_no_leak(caption: str) -> None:
    clip = Cues(
        duration_s=5,
        sound=caption,
        speech=SpeechCue(present=True, text=caption),
        visual=VisualCue(description=caption),
    )
    assert find_leaks(caption, clip) == []


@pytest.mark.parametrize("kind", ["visual", "speech"])
def test_labelled_sentences(kind: str) -> None:
    """Precision and recall on the half that the rules were made on."""
    rows = [one for one in sentences("dev") if one.kind == kind]
    flagged = [one for one in rows if one.found()]
    caught = [one for one in flagged if one.leak]
    assert len(caught) / len(flagged) >= 0.95
    assert len(caught) / sum(one.leak for one in rows) >= 0.98
