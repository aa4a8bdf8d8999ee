"""What every speech recogniser must satisfy. A new recogniser is one line in `RECOGNIZERS`."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.recognizer import Recognizer, SpeechSegment, Transcript, Word
from resources.whisper import FasterWhisper
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.signals import awkward_clips
from tests.resources.media import example_audio

RECOGNIZERS: list[Recognizer] = [FasterWhisper()]


@pytest.fixture(params=RECOGNIZERS, ids=lambda recognizer: recognizer.model_name, scope="module")
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    adapter: Recognizer = request.param
    return adapter


@pytest.fixture(scope="module")
def clips(recognizer: Recognizer) -> list[NDArray[np.float32]]:
    """Awkward signals among speech of different lengths, one of them silent at both ends."""
    rate_hz = recognizer.sample_rate_hz
    speech = example_audio("reading_austen.wav", rate_hz)
    quiet = np.zeros(4 * rate_hz, np.float32)
    awkward = list(awkward_clips(rate_hz).values())
    return [awkward[0], speech, *awkward[1:], np.concatenate([quiet, speech[: 3 * rate_hz], quiet]), speech[::-1]]


@pytest.fixture(scope="module")
def transcripts(recognizer: Recognizer, clips: list[NDArray[np.float32]]) -> list[Transcript]:
    return recognizer.transcribe(clips)


def test_is_a_good_adapter(recognizer: Recognizer) -> None:
    check_identity(recognizer)
    check_settings_are_frozen_and_known(recognizer)
    check_life_cycle(recognizer)


def test_figures_are_in_range_and_times_inside_the_clip(
    recognizer: Recognizer, clips: list[NDArray[np.float32]], transcripts: list[Transcript]
) -> None:
    assert len(transcripts) == len(clips)
    for clip, transcript in zip(clips, transcripts, strict=True):
        duration_s = len(clip) / recognizer.sample_rate_hz
        assert 0 <= transcript.speech_s <= duration_s
        assert 0 <= transcript.language_probability <= 1
        assert transcript.text == transcript.text.strip()
        timed_items: list[SpeechSegment | Word] = [*transcript.segments, *transcript.words]
        for timed in timed_items:
            assert 0 <= timed.start_s <= timed.end_s <= duration_s
            assert timed.text.strip()
        for segment in transcript.segments:
            assert segment.avg_logprob <= 0
            assert 0 <= segment.no_speech_prob <= 1
            assert segment.compression_ratio > 0
        for before, after in itertools.pairwise(transcript.words):
            assert before.start_s <= after.start_s
        assert all(0 <= word.probability <= 1 for word in transcript.words)


def test_words_and_segments_spell_the_text(transcripts: list[Transcript]) -> None:
    for transcript in transcripts:
        assert "".join(word.text for word in transcript.words) == "".join(transcript.text.split())
        assert "".join("".join(s.text.split()) for s in transcript.segments) == "".join(transcript.text.split())


def test_figures_are_plain_numbers(transcripts: list[Transcript]) -> None:
    for transcript in transcripts:
        for item in (transcript, *transcript.segments, *transcript.words):
            assert all(type(value) in {str, float, bool, tuple} for value in vars(item).values()), item


def test_a_batch_gives_what_single_clips_give_in_order(
    recognizer: Recognizer, clips: list[NDArray[np.float32]], transcripts: list[Transcript]
) -> None:
    for clip, together in zip(clips, transcripts, strict=True):
        alone = recognizer.transcribe([clip])[0]
        assert alone.text == together.text
        assert alone.language == together.language
        assert alone.full_window == together.full_window
        assert alone.speech_s == together.speech_s
        assert alone.language_probability == pytest.approx(together.language_probability, abs=0.02)
        np.testing.assert_allclose(
            [s.avg_logprob for s in alone.segments], [s.avg_logprob for s in together.segments], atol=0.02
        )
        np.testing.assert_allclose(
            [(w.start_s, w.end_s) for w in alone.words], [(w.start_s, w.end_s) for w in together.words], atol=0.05
        )


def test_what_is_said_is_heard(transcripts: list[Transcript]) -> None:
    assert "had then leisure to consider how much" in transcripts[1].text
    assert transcripts[1].language == "en"


def test_nothing_is_heard_where_nothing_is_said(recognizer: Recognizer) -> None:
    clips = [np.zeros(3 * recognizer.sample_rate_hz, np.float32), np.zeros(1, np.float32)]
    for transcript in recognizer.transcribe(clips):
        assert transcript.text == ""
        assert transcript.language == ""
        assert transcript.speech_s == 0
    assert recognizer.transcribe([]) == []
