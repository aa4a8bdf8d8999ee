"""Captions read as an editor reads them: right order, nothing invented, nothing doubtful said plainly."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from fusionaudio_assets.captioning.composer import compose
from fusionaudio_assets.captioning.cues import Cues, EventCue, LabelCue, MusicCue, SpeechCue
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
    for word in ("calm ambient music", "piano", "strings"):
        assert word in caption
    assert any(word in caption for word in ("speak", "talk", "voice"))
    assert compose(clips.SPEECH_OVER_MUSIC).modalities == ("speech", "music")


def test_what_lasts_stands_in_the_background() -> None:
    assert re.search(
        "^rain falls while|rain falls in the background|over the sound of rain", words(clips.RAIN_AND_THUNDER)
    )


def test_two_tags_of_one_sound_are_one_sound() -> None:
    assert re.search(r"glass clinks|clinking of glass", words(clips.GLASS))


def test_a_lone_sound_gets_a_caption_that_is_not_curt() -> None:
    """The profile drops captions of fewer than four words."""
    for label in ("Speech", "Bark", "Fireworks", "Guitar", "Music", "Rain", "Bleat"):
        for spans in ((), ((1.0, 2.0),), ((0.0, 10.0),)):
            caption = words(Cues(duration_s=10, events=(EventCue(label=label, score=0.9, spans=spans),)))
            assert len(caption.split()) >= 4, caption


def test_a_doubtful_sound_is_worded_with_care_and_listed_as_ambiguous() -> None:
    composed = compose(clips.MAYBE_FRYING)
    assert "it sounds like" in composed.caption.lower()
    assert composed.ambiguities == ("What is heard as frying could be confused with rain or static.",)


def test_silence_is_said_and_nothing_else() -> None:
    assert "silen" in words(clips.SILENCE)
    assert "music" not in words(clips.SILENCE)


def test_without_cues_it_abstains() -> None:
    composed = compose(clips.NOTHING)
    assert (composed.caption, composed.abstained) == ("", True)


def test_a_confirmed_label_counts_and_a_refuted_one_does_not() -> None:
    assert "helicopter" in words(clips.LABELLED)
    assert "a dog" not in words(clips.LABELLED).split("sounds like")[0]
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


def test_the_page_of_captions_is_up_to_date() -> None:
    """Whoever changes a wording sees, and reads, all captions that change with it."""
    page = runpy.run_path(str(DOCS / "make_captions.py"))["page"]()
    assert (DOCS / "captions.md").read_text() == page, "run `python docs/make_captions.py` and read what changed"


def music(**fields: Any) -> Cues:
    tagged = (clips.event("Music", 0.9, (0, 10)),)
    return Cues(duration_s=10, events=tagged, music=MusicCue.model_validate(fields))


def test_what_lasts_frames_what_happens() -> None:
    events = (
        clips.event("Speech", 0.9, (0, 10)),
        clips.event("Door", 0.8, (2, 3)),
        clips.event("Keys jangling", 0.8, (5, 6)),
    )
    caption = words(Cues(duration_s=10, events=events))
    assert caption.startswith(("as ", "while "))
    assert caption.index("door") < caption.index("keys")


def test_music_that_begins_late_follows_what_was_heard_before() -> None:
    events = (clips.event("Speech", 0.9, (0, 4)), clips.event("Music", 0.8, (4.5, 10)))
    caption = words(clips.SPEECH_OVER_MUSIC.model_copy(update={"events": events}))
    assert re.search(r"(then|before|followed by) .*music", caption)


@pytest.mark.parametrize("music_s", [(3.0, 7.0), (2.0, 6.0), (7.0, 10.0), (0.5, 5.0)])
def test_music_that_passes_while_someone_speaks_is_told_with_one_while(music_s: tuple[float, float]) -> None:
    for seed in range(20):
        events = (EventCue(label="Speech", score=0.0), EventCue(label="Music", score=1.0, spans=(music_s,)))
        clip = Cues(duration_s=10 + seed / 100, labels=(LabelCue(name="Speech"),), events=events)
        assert compose(clip).caption.count("while") <= 1


def test_music_has_no_two_characters_that_exclude_each_other() -> None:
    caption = words(music(genres=["jazz"], moods=["calm", "loud", "sad"]))
    assert "calm" in caption
    assert "loud" not in caption


@pytest.mark.parametrize(
    ("instruments", "said", "unsaid"),
    [
        (["strings", "violin", "cello"], "cello", "strings"),
        (["guitar", "electric guitar"], "electric guitar", "guitar and"),
        (["choir", "organ"], "organ", "choir"),
    ],
)
def test_no_family_of_instruments_stands_beside_its_member(instruments: list[str], said: str, unsaid: str) -> None:
    caption = words(music(instruments=instruments))
    assert said in caption
    assert unsaid not in caption


def test_a_part_is_told_as_that_of_its_owner() -> None:
    events = (clips.event("Train horn", 0.9, (0, 3)), clips.event("Train", 0.9, (0, 9)))
    clip = Cues(duration_s=10, events=(*events, clips.event("Train wheels squealing", 0.8, (6, 9))))
    assert re.fullmatch("a train sounds its horn,( and)? then its wheels squeal.", words(clip))


def test_two_sounds_of_one_maker_have_one_subject() -> None:
    events = (clips.event("Engine starting", 0.9, (0, 3)), clips.event("Idling", 0.9, (4, 10)))
    assert words(Cues(duration_s=10, events=events)) == "an engine starts, then idles."


def test_a_label_tells_the_tagger_s_wider_classes() -> None:
    label = LabelCue(name="Helicopter", implied=("Aircraft", "Vehicle"))
    clip = Cues(duration_s=10, labels=(label,), events=(clips.event("Vehicle", 0.8, (0, 10)),))
    assert "vehicle" not in words(clip)
