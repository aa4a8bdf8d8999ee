"""What describers behind an endpoint send, and what they make of the answers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fusionaudio_assets import music_captions, sound_captions, visual_captions
from fusionaudio_assets.stage import Job, Models
from resources.endpoint_describers import EndpointImageDescriber, EndpointMusicDescriber, EndpointSoundDescriber
from resources.errors import ClipError, ModelUnavailable, SettingError
from resources.image_describer import VisualDescription
from resources.media import KeyFrame
from resources.music_describer import Labelled, MusicDescription
from resources.profile import Settings
from resources.sound_describer import SoundEvidence
from tests.contracts.chat_server import MODEL, Answer, serving
from tests.contracts.senses import hears, pictures, recording

NO_FRAMES = {"frames": [[]], "description": ""}
NO_MUSIC: dict[str, Any] = {"genres": [], "instruments": [], "moods": [], "vocals": [], "description": ""}


def beats(seconds: float = 6.0) -> NDArray[np.float32]:
    """A click every half second: 120 beats a minute."""
    clip = np.zeros(round(seconds * 16_000), np.float32)
    clip[::8000] = 1.0
    return np.convolve(clip, np.hanning(200).astype(np.float32))[: clip.size].astype(np.float32)


def frame(grey: int, time_s: float = 0.0) -> KeyFrame:
    return KeyFrame.of(Image.new("RGB", (32, 24), (grey, grey, grey)), time_s)


def test_pictures_stand_in_order_after_the_prompt_and_before_the_text() -> None:
    with serving(lambda *_: Answer('{"frames": [[], []], "description": ""}')) as server:
        EndpointImageDescriber(base_url=server.url, model=MODEL).describe([[frame(10, 0.5), frame(200, 2.25)]])
    (body,) = server.bodies
    system, user = body["messages"]
    assert system["role"] == "system"
    assert [part["type"] for part in user["content"]] == ["image_url", "image_url", "text"]
    assert user["content"][-1]["text"] == "Pictures taken at: 0.5 s, 2.2 s."
    assert [np.asarray(picture).mean().round() for picture in pictures(body)] == pytest.approx([10, 200], abs=2)
    assert body["response_format"]["json_schema"]["schema"]["properties"]["frames"]["maxItems"] == 2


@pytest.mark.parametrize("audio_format", ["wav", "flac"])
def test_sound_arrives_as_it_is(audio_format: str) -> None:
    clip = np.random.default_rng(0).uniform(-1, 1, 16_001).astype(np.float32)
    with serving(hears) as server:
        settings = {"base_url": server.url, "model": MODEL, "audio_format": audio_format}
        adapter = EndpointSoundDescriber.model_validate(settings)
        assert adapter.describe([SoundEvidence(1.0, audio=clip)]) == ["Rain falls."]
        assert adapter.identity == EndpointSoundDescriber(base_url=server.url, model=MODEL).identity
    (body,) = server.bodies
    samples, sample_rate_hz = recording(body)
    assert sample_rate_hz == 16_000
    np.testing.assert_allclose(samples, clip, atol=2**-14)


def test_silent_clips_and_clips_without_pictures_are_not_asked_about() -> None:
    silence = np.full(16_000, 5e-5, np.float32)
    with serving(lambda *_: Answer(status=500)) as server:
        at = {"base_url": server.url, "model": MODEL}
        assert EndpointSoundDescriber.model_validate(at).describe([SoundEvidence(1.0, audio=silence)]) == [""]
        with pytest.raises(ValueError, match="without audio"):
            EndpointSoundDescriber.model_validate(at).describe([SoundEvidence(1.0)])
        assert EndpointMusicDescriber.model_validate(at).describe([silence, silence[:0]]) == [MusicDescription()] * 2
        assert EndpointImageDescriber.model_validate(at).describe([[]]) == [VisualDescription((), "")]
    assert server.bodies == []


def test_labels_are_plain_and_the_tempo_is_measured() -> None:
    said = NO_MUSIC | {
        "genres": ["Techno", " techno ", "", "x" * 61],
        "instruments": [f"drum {n}" for n in range(20)],
        "description": " A steady\nbeat. ",
    }
    with serving(lambda *_: Answer(json.dumps(said))) as server:
        (music,) = EndpointMusicDescriber(base_url=server.url, model=MODEL).describe([beats()])
    assert isinstance(music, MusicDescription)
    assert music.genres == (Labelled("techno", 1.0),)
    assert len(music.instruments) == 12
    assert music.tempo_bpm == pytest.approx(120, abs=1)
    assert music.description == "A steady beat."


def test_a_model_that_hears_no_music_gives_no_tempo_either() -> None:
    with serving(lambda *_: Answer(json.dumps(NO_MUSIC))) as server:
        assert EndpointMusicDescriber(base_url=server.url, model=MODEL).describe([beats()]) == [MusicDescription()]


def test_a_list_for_each_picture_is_asked_for_again() -> None:
    right = '{"frames": [["Dog"]], "description": "A dog."}'
    wrong = '{"frames": [["Dog"], ["dog"]], "description": "A dog."}'
    with serving(lambda _, number: Answer(right if number else wrong)) as server:
        (seen,) = EndpointImageDescriber(base_url=server.url, model=MODEL).describe([[frame(0)]])
    assert isinstance(seen, VisualDescription)
    assert seen.frames[0].labels == (Labelled("dog", 1.0),)
    assert len(server.bodies) == 2


def test_the_stages_keep_the_error_of_one_clip_to_its_row() -> None:
    def answer(body: dict[str, Any], _: int) -> Answer:
        if "input_audio" in str(body):
            refused, data = recording(body)[0].size < 8000, NO_MUSIC if "genres" in str(body) else {"description": "A."}
        else:
            refused, data = np.asarray(pictures(body)[0]).mean() > 250, NO_FRAMES
        return Answer(status=400) if refused else Answer(json.dumps(data))

    clips: dict[Any, list[Any]] = {
        visual_captions: [[frame(0)], [frame(255)], [frame(100)]],
        sound_captions: [beats(1), beats(0.4), beats(2)],
        music_captions: [beats(1), beats(0.4), beats(2)],
    }
    adapters = {
        visual_captions: EndpointImageDescriber,
        sound_captions: EndpointSoundDescriber,
        music_captions: EndpointMusicDescriber,
    }
    for stage, prepared in clips.items():
        with serving(answer) as server:
            models = Models(describer=adapters[stage](base_url=server.url, model=MODEL))
            jobs = [Job(str(n), {"duration_s": 1.0}, prepared=one) for n, one in enumerate(prepared)]
            first, wrong, last = stage.describe(jobs, models, Settings())
        assert isinstance(wrong, ClipError)
        assert wrong.reason == "model_error"
        assert set(first) == set(last) <= set(stage.STAGE.table.column_names())


@pytest.mark.parametrize("kind", [EndpointImageDescriber, EndpointSoundDescriber, EndpointMusicDescriber])
def test_a_model_without_the_sense_is_no_clip_s_fault(kind: type[Any]) -> None:
    def deaf(body: dict[str, Any], _: int) -> Answer:
        attached = any(isinstance(turn["content"], list) for turn in body["messages"])
        return Answer(status=400, error="at most 0 may be given") if attached else Answer()

    clip: Any = {EndpointImageDescriber: [frame(0)], EndpointSoundDescriber: SoundEvidence(1.0, audio=beats())}
    with serving(deaf) as server:
        adapter = kind(base_url=server.url, model=MODEL)
        with pytest.raises(ModelUnavailable, match=r"at most 0 may be given.*Set `model` to one that takes"):
            adapter.describe([clip.get(kind, beats())] * 3)
        with pytest.raises(ModelUnavailable, match="at most 0 may be given"):
            adapter.probe()


def test_a_prompt_of_one_s_own_is_sent_and_decides_what_is_current(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("Say what you see.\n")
    with serving(lambda *_: Answer(json.dumps(NO_FRAMES))) as server:
        adapter = EndpointImageDescriber(base_url=server.url, model=MODEL, prompt=str(file))
        adapter.describe([[frame(0)]])
        before = adapter.identity
        file.write_text("Say what is there.\n")
        assert adapter.identity != before
    assert server.bodies[0]["messages"][0] == {"role": "system", "content": "Say what you see."}


@pytest.mark.parametrize("prompt", ["prompt.txt", "/no/such/prompt.txt"])
def test_a_prompt_that_cannot_be_read_names_the_setting(prompt: str) -> None:
    with pytest.raises(SettingError, match="`prompt`"):
        _ = EndpointImageDescriber(model=MODEL, prompt=prompt).identity
