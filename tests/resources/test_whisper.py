"""Whisper: which window decides, what is dropped, where words stand, what cannot be loaded."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import jiwer
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from resources.embedded.weights import weight_path
from resources.errors import ModelUnavailable
from resources.recognizer import SpeechSegment
from resources.voiced import Voiced
from resources.whisper import FasterWhisper
from resources.whisper_windows import Decoding
from tests.resources.media import example_audio
from tests.resources.random_whisper import write_random_whisper

RATE_HZ = 16_000
REFERENCE = (
    "and mister john dashwood had then leisure to consider how much there might be "
    "prudently in his power to do for them"
)


@pytest.fixture(scope="module")
def whisper() -> FasterWhisper:
    return FasterWhisper()


@pytest.fixture(scope="module")
def speech() -> NDArray[np.float32]:
    return example_audio("reading_austen.wav", RATE_HZ)


def plain(text: str) -> str:
    """Lower case without punctuation, titles spelt out."""
    return re.sub(r"[^\w' ]", "", text.lower().replace("mr.", "mister"))


def decoding(*, text: str = " Good morning.", **changes: object) -> Decoding:
    segment = SpeechSegment(text.strip(), 0.0, 2.0, avg_logprob=-0.3, no_speech_prob=0.1, compression_ratio=0.8)
    segment = replace(segment, **{k: v for k, v in changes.items() if hasattr(segment, k)})  # type: ignore[arg-type]
    finished = bool(changes.get("finished", True))
    return Decoding(text, (segment,), (), "en", 1.0, finished)


def test_read_speech_is_right_word_for_word(whisper: FasterWhisper, speech: NDArray[np.float32]) -> None:
    transcript = whisper.transcribe([speech])[0]
    assert jiwer.wer(REFERENCE, plain(transcript.text)) == 0
    assert not transcript.full_window
    assert transcript.language_probability > 0.9


def test_short_and_full_windows_agree_on_clean_speech(whisper: FasterWhisper, speech: NDArray[np.float32]) -> None:
    short = whisper.transcribe([speech])[0]
    full = FasterWhisper(short_windows=False).transcribe([speech])[0]
    assert full.full_window
    assert plain(full.text) == plain(short.text)
    assert [word.text for word in full.words] == [word.text for word in short.words]
    differences_s = [abs(a.start_s - b.start_s) for a, b in zip(short.words[1:], full.words[1:], strict=True)]
    assert max(differences_s) < 0.3


def test_words_stand_where_they_are_said(whisper: FasterWhisper, speech: NDArray[np.float32]) -> None:
    quiet = np.zeros(5 * RATE_HZ, np.float32)
    early, late = whisper.transcribe([speech, np.concatenate([quiet, speech, quiet])])
    assert [word.text for word in early.words] == [word.text for word in late.words]
    for before, after in list(zip(early.words, late.words, strict=True))[1:]:
        assert after.start_s - before.start_s == pytest.approx(5, abs=0.2)


def test_a_long_clip_is_decoded_in_full_windows(whisper: FasterWhisper, speech: NDArray[np.float32]) -> None:
    transcript = whisper.transcribe([np.tile(speech, 5)])[0]
    assert transcript.full_window
    assert plain(transcript.text).count("prudently in his power") == 5
    assert transcript.words[-1].end_s > 30


def test_music_alone_gives_no_text(whisper: FasterWhisper) -> None:
    for transcript in whisper.transcribe(
        [example_audio(name, RATE_HZ) for name in ("morning_coffee.mp3", "big_buck_bunny.mp4", "alarm_clock.ogg")]
    ):
        assert transcript.text == ""


def test_speech_over_music_is_understood(whisper: FasterWhisper) -> None:
    text = plain(whisper.transcribe([example_audio("speech_over_music.m4a", RATE_HZ)])[0].text)
    assert "young man" in text
    assert "selfish" in text


def test_the_same_clip_gives_the_same_figures(whisper: FasterWhisper, speech: NDArray[np.float32]) -> None:
    assert whisper.transcribe([speech]) == whisper.transcribe([speech])


def test_a_given_language_is_kept(speech: NDArray[np.float32]) -> None:
    transcript = FasterWhisper(language="de").transcribe([speech[: 3 * RATE_HZ]])[0]
    assert transcript.language == "de"
    assert transcript.language_probability == 1


@pytest.mark.parametrize(
    ("changes", "settled"),
    [
        ({}, True),
        ({"avg_logprob": -1.5}, False),
        ({"text": " la" * 80}, False),
        ({"finished": False}, False),
        ({"end_s": 0.5}, False),
        # It repeats itself in the silence after the clip.
        ({"start_s": 4.0, "end_s": 4.0}, False),
        # The decoder doubts that there is speech: the full window is not asked.
        ({"avg_logprob": -1.5, "no_speech_prob": 0.9}, True),
        ({"text": " la" * 80, "no_speech_prob": 0.9}, True),
    ],
)
def test_the_full_window_is_asked_when_the_short_one_failed(
    whisper: FasterWhisper, changes: dict[str, object], settled: bool
) -> None:
    part = Voiced(np.zeros(4 * RATE_HZ, np.float32), start_s=0.0, last_speech_s=3.5, speech_s=3.0)
    assert whisper._is_settled(decoding(**changes), part) is settled  # type: ignore[arg-type]


def test_a_folder_serves_as_well_as_a_name(tmp_path: Path, speech: NDArray[np.float32]) -> None:
    folder = tmp_path / "my-whisper"
    shutil.copytree(weight_path("whisper-base"), folder)
    from_folder = FasterWhisper(model=str(folder))
    assert from_folder.model_name == "my-whisper"
    assert len(from_folder.revision) == 64
    assert plain(from_folder.transcribe([speech])[0].text) == REFERENCE


def test_a_model_of_another_size_runs_from_a_folder(tmp_path: Path, speech: NDArray[np.float32]) -> None:
    """With the number of mel bands of large-v3; random weights say anything or nothing."""
    write_random_whisper(tmp_path / "wide", mel_bands=128, width=64, layers=2)
    whisper = FasterWhisper(model=str(tmp_path / "wide"), language="en", compute_type="float32")
    assert whisper._windows._features(speech, 8).shape == (128, 800)
    decodings = [*whisper._windows.decode([speech, speech[: 2 * RATE_HZ]]), whisper._decode_full_windows(speech)]
    assert [decoding.language for decoding in decodings] == ["en"] * 3
    assert whisper.transcribe([speech])[0].speech_s > 5


def test_a_model_that_is_nowhere_is_named() -> None:
    with pytest.raises(ModelUnavailable, match=r"no-such-whisper.*hub_revision"):
        FasterWhisper(model="no-such-whisper").load()


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=re.escape(str(tmp_path))):
        FasterWhisper(model=str(tmp_path)).load()


def test_an_unknown_language_does_not_validate() -> None:
    with pytest.raises(ValidationError, match="ISO 639-1"):
        FasterWhisper(language="english")
