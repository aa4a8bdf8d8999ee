"""What a prompt shows, and what it must not."""

import json
from pathlib import Path

import pytest

from fusionaudio_assets.captioning.cues import LabelCue, StretchCue
from fusionaudio_assets.captioning.facts import facts_of
from fusionaudio_assets.captioning.prompts import FusionPrompt, small_cues
from fusionaudio_assets.fused_captions import FusionParams
from resources.errors import SettingError
from resources.profile import Profile, StageNeeds
from tests.captioning import clips

SECRET = ("John", "Miller", "Samoyed", "collar", "grass")


@pytest.mark.parametrize("style", ["small", "full"])
def test_words_spoken_and_pictures_stay_out_unless_the_profile_shows_them(style: str) -> None:
    prompt = FusionPrompt.model_validate({"style": style})
    text = " ".join(turn.content for turn in prompt.request(clips.SPEECH_AND_DOG_SEEN).messages)
    assert not [word for word in SECRET if word in text]


def test_a_large_model_is_shown_what_the_profile_allows() -> None:
    shown = FusionPrompt(style="full", show_transcript=True, show_visual=True).request(clips.SPEECH_AND_DOG_SEEN)
    cues = json.loads(shown.messages[-1].content)
    assert cues["speech"]["text"] == clips.TRANSCRIPT
    assert cues["visual"]["labels"] == ["Samoyed", "park bench"]
    assert shown.schema is not None


@pytest.mark.parametrize("style", ["small", "full"])
def test_requests_share_all_turns_but_the_last_so_that_a_server_can_keep_them(style: str) -> None:
    prompt = FusionPrompt.model_validate({"style": style})
    first, second = (prompt.request(cues).messages for cues in (clips.GLASS, clips.SPEECH_OVER_MUSIC))
    assert first[:-1] == second[:-1]
    assert first[-1] != second[-1]


def test_cues_are_shown_the_most_reliable_first_and_only_where_there_are_any() -> None:
    shown = json.loads(FusionPrompt(style="full").request(clips.LABELLED).messages[-1].content)
    assert shown == {"duration_s": 10.0, "confirmed_labels": ["Helicopter (100%)"]}, "raters refute the dog"
    doubted = LabelCue(name="Owl", quality=0.4)
    clip = clips.SPEECH_OVER_MUSIC.model_copy(update={"labels": (doubted,)})
    shown = json.loads(FusionPrompt(style="full").request(clip).messages[-1].content)
    assert list(shown) == ["duration_s", "sounds", "music", "speech", "unconfirmed_labels"]


def test_what_was_measured_is_shown_and_not_without_end() -> None:
    ticks = tuple(StretchCue(start_s=at_s, end_s=at_s + 0.1, level_db=-20, manner=("low",)) for at_s in range(300))
    clip = clips.GLASS.model_copy(update={"stretches": ticks})
    shown = json.loads(FusionPrompt(style="full").request(clip).messages[-1].content)
    assert shown["measured"][1] == {"from_to_s": [1.0, 1.1], "how": "low"}
    assert len(shown["measured"]) == 30


def test_a_small_model_is_shown_wording_that_may_stand_in_the_caption() -> None:
    assert small_cues(facts_of(clips.RAIN_AND_THUNDER), 10) == "thunder rumbles. background: rain"
    assert small_cues(facts_of(clips.SPEECH_OVER_MUSIC), 10) == (
        "a person speaks. music: slow, calm ambient music with a piano and strings"
    )


def test_music_that_follows_other_sounds_is_shown_after_them() -> None:
    events = (clips.event("Speech", 0.9, (0, 4)), clips.event("Music", 0.8, (4.5, 10)))
    clip = clips.SPEECH_OVER_MUSIC.model_copy(update={"events": events})
    shown = small_cues(facts_of(clip), clip.duration_s)
    assert shown == "a person speaks, then slow, calm ambient music with a piano and strings plays"


@pytest.mark.parametrize("shown", ["show_transcript", "show_visual"])
def test_a_small_prompt_does_not_promise_to_show_what_it_never_shows(shown: str) -> None:
    text = f"name: mine\nstages: {{fused_captions: {{params: {{prompt: {{{shown}: true}}}}}}}}"
    with pytest.raises(SettingError, match=r"stages.fused_captions.params: prompt = .*need `style: full`"):
        Profile.parse(text, origin="mine.yaml").stage("fused_captions", StageNeeds(params=FusionParams))


def test_another_line_is_another_prompt(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("=== system\nWrite.\n=== user\n{cues}\n")
    first = FusionPrompt(file=str(mine))
    before = first.sha256
    assert first.request(clips.GLASS).messages[0].content == "Write."
    mine.write_text("=== system\nWrite well.\n=== user\n{cues}\n")
    assert FusionPrompt(file=str(mine)).sha256 != before


def test_a_prompt_without_a_place_for_cues_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("Write something.")
    with pytest.raises(SettingError, match=r"mine\.txt"):
        FusionPrompt(file=str(mine)).request(clips.GLASS)
