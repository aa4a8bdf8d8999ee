"""Leaks that must be found, and sentences that only look like one."""

import pytest

from fusionaudio_assets.captioning.cues import Cues, EventCue, MusicCue
from fusionaudio_assets.captioning.leaks import find_leaks
from tests.captioning import clips

CLIP = clips.SPEECH_AND_DOG_SEEN


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("A dog in a red collar barks.", "in a red collar"),
        ("A Samoyed barks.", "Samoyed"),
        ("A person speaks to the camera.", "the camera"),
        ("Someone wearing headphones talks.", "wearing headphones"),
    ],
)
def test_what_only_eyes_can_tell_is_a_visual_leak(caption: str, leaked: str) -> None:
    leak = find_leaks(caption, CLIP)[0]
    assert (leak.kind, leak.text) == ("visual", leaked)
    assert caption[leak.start : leak.end] == leaked


@pytest.mark.parametrize(
    "caption",
    [
        'A person says "leave your message".',
        "A person asks to leave your message.",
        "Someone speaks to John.",
        "A person talks about a message.",
        "A voice says it is seven.",
        "A person names example.com.",
    ],
)
def test_what_was_said_is_a_speech_leak(caption: str) -> None:
    assert "speech" in {leak.kind for leak in find_leaks(caption, CLIP)}


@pytest.mark.parametrize(
    "caption",
    [
        "A person speaks while a dog barks, with wind in the background.",
        "A warm voice speaks.",
        "White noise hisses.",
        "A person speaks after the dog.",
    ],
)
def test_what_can_be_heard_is_no_leak(caption: str) -> None:
    assert find_leaks(caption, CLIP) == []


def test_what_is_heard_may_also_be_said() -> None:
    cues = Cues(
        duration_s=5,
        events=(EventCue(label="Bark", score=0.9),),
        speech=CLIP.speech.model_copy(update={"text": "listen, a dog barks in the yard"}) if CLIP.speech else None,
        music=MusicCue(genres=("blues",)),
    )
    assert find_leaks("A dog barks over blues music.", cues) == []
