"""Captions read as an editor reads them: right order, nothing invented, nothing doubtful said plainly."""

import runpy
from pathlib import Path

import pytest

from fusionaudio_assets.captioning.composer import compose
from fusionaudio_assets.captioning.cues import Cues, EventCue, LabelCue, SpeechCue
from fusionaudio_assets.captioning.support import check_support
from resources.sound_names import known_labels
from tests.captioning import clips

DOCS = Path(__file__).parents[2] / "docs"


def words(cues: Cues) -> str:
    return compose(cues).caption.lower()


def test_events_stand_in_order_of_time() -> None:
    caption = words(clips.DOG_THEN_HORN)
    assert caption.index("bark") < caption.index("h")
    assert "animal" not in caption


def test_speech_and_music_are_both_named_with_the_music_s_character() -> None:
    caption = words(clips.SPEECH_OVER_MUSIC)
    for word in ("calm ambient music", "piano", "strings", "slow"):
        assert word in caption
    assert any(word in caption for word in ("speak", "talk", "voice"))
    assert compose(clips.SPEECH_OVER_MUSIC).modalities == ("speech", "music")


def test_what_lasts_stands_in_the_background() -> None:
    assert "in the background" in words(clips.RAIN_AND_THUNDER)


def test_two_tags_of_one_sound_are_one_sound() -> None:
    assert "glass clinks" in words(clips.GLASS)


def test_a_doubtful_sound_is_worded_with_care_and_listed_as_ambiguous() -> None:
    composed = compose(clips.MAYBE_FRYING)
    assert "what sounds like" in composed.caption.lower()
    assert composed.ambiguities == ("What is heard as frying could be confused with rain or static.",)


def test_silence_is_said_and_nothing_else() -> None:
    assert "silence" in words(clips.SILENCE)
    assert "music" not in words(clips.SILENCE)


def test_without_cues_it_abstains() -> None:
    composed = compose(clips.NOTHING)
    assert (composed.caption, composed.abstained) == ("", True)


def test_a_confirmed_label_counts_and_a_refuted_one_does_not() -> None:
    assert "helicopter" in words(clips.LABELLED)
    assert "a dog" not in words(clips.LABELLED).split("what sounds like")[0]
    assert "labels" in compose(clips.LABELLED).modalities


def test_the_recogniser_never_tells_who_speaks() -> None:
    caption = words(Cues(duration_s=4, speech=SpeechCue(present=True, text="I am his mother")))
    assert not {"man", "woman", "child", "mother"} & set(caption.rstrip(".").split())


def test_captions_of_different_scenes_differ() -> None:
    captions = {
        compose(Cues(duration_s=10, events=(EventCue(label=label, score=0.9),))).caption for label in known_labels()
    }
    assert len(captions) > 480


@pytest.mark.parametrize("label", known_labels())
def test_every_class_is_said_in_words_that_support_it(label: str) -> None:
    cues = Cues(duration_s=10, events=(EventCue(label=label, score=0.9, spans=((1, 4),)),))
    composed = compose(cues)
    assert composed.abstained or not check_support(composed.caption, cues).unsupported


def test_a_manner_is_told_only_of_speech_that_is_there() -> None:
    calm = SpeechCue(present=True, manner="calm")
    assert "in a calm tone" in words(Cues(duration_s=4, speech=calm))
    absent = calm.model_copy(update={"present": False})
    labelled = Cues(duration_s=4, labels=(LabelCue(name="Speech"),), speech=absent)
    assert "calm" not in words(labelled)


def test_the_page_of_captions_is_up_to_date() -> None:
    """Whoever changes a wording sees, and reads, all captions that change with it."""
    page = runpy.run_path(str(DOCS / "make_captions.py"))["page"]()
    assert (DOCS / "captions.md").read_text() == page, "run `python docs/make_captions.py` and read what changed"
