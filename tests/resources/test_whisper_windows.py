"""Short windows: their length, the split at timestamps, words from pieces, several languages in one batch."""

import ctranslate2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.whisper import FasterWhisper
from resources.whisper_windows import (
    FULL_WINDOW_S,
    MAX_CLIP_S,
    MIN_WINDOW_S,
    SILENCE_S,
    STEP_S,
    ShortWindows,
    split_at_timestamps,
    whole_words,
)
from resources.whisper_windows import window_s as window_of
from tests.resources.media import example_audio

TIMESTAMPS = 50_000


@given(st.floats(0, MAX_CLIP_S))
def test_a_window_holds_the_clip_and_silence_and_little_more(duration_s: float) -> None:
    seconds = window_of(duration_s)
    assert duration_s + SILENCE_S <= seconds <= max(MIN_WINDOW_S, duration_s + SILENCE_S + STEP_S)
    assert seconds <= FULL_WINDOW_S


def test_split_between_pairs_of_timestamps() -> None:
    tokens = [TIMESTAMPS, 1, 2, TIMESTAMPS + 100, TIMESTAMPS + 120, 3, TIMESTAMPS + 200]
    assert split_at_timestamps(tokens, TIMESTAMPS, 5.0) == [([1, 2], 0.0, 2.0), ([3], 2.4, 4.0)]


def test_text_without_a_last_timestamp_lasts_to_the_end() -> None:
    assert split_at_timestamps([TIMESTAMPS + 50, 7], TIMESTAMPS, 3.0) == [([7], 1.0, 3.0)]


@given(
    st.lists(st.one_of(st.integers(0, 99), st.integers(TIMESTAMPS, TIMESTAMPS + 1500)), max_size=40), st.floats(0, 30)
)
def test_splitting_loses_no_text_and_orders_time(tokens: list[int], duration_s: float) -> None:
    pieces = split_at_timestamps(tokens, TIMESTAMPS, duration_s)
    assert [token for text, *_ in pieces for token in text] == [token for token in tokens if token < TIMESTAMPS]
    times_s = [time_s for _, start_s, end_s in pieces for time_s in (start_s, end_s)]
    assert times_s == sorted(times_s)
    assert all(0 <= time_s <= duration_s for time_s in times_s)


def test_hyphenated_words_are_whole() -> None:
    pieces = [(" rather", 0.0, 0.4, 0.9), (" cold", 0.4, 0.6, 0.8), ("-hearted", 0.6, 1.0, 0.7), (" ", 1.0, 1.0, 0.1)]
    words = whole_words(pieces, "en")
    assert [(word.text, word.start_s, word.end_s, word.probability) for word in words] == [
        ("rather", 0.0, 0.4, 0.9),
        ("cold-hearted", 0.4, 1.0, 0.7),
    ]


def test_languages_without_spaces_keep_their_pieces() -> None:
    assert [word.text for word in whole_words([("你", 0, 1, 1), ("好", 1, 2, 1)], "zh")] == ["你", "好"]


def test_clips_of_different_languages_share_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    speech = example_audio("reading_austen.wav", 16_000)
    alone = {language: FasterWhisper(language=language)._windows.decode([speech])[0] for language in ("en", "de")}
    monkeypatch.setattr(ShortWindows, "_languages", lambda *_: [("en", 1.0), ("de", 1.0)])
    for together in FasterWhisper()._windows.decode([speech, speech]):
        expected = alone[together.language]
        assert together.text == expected.text
        assert [word.text for word in together.words] == [word.text for word in expected.words]
        np.testing.assert_allclose(
            [word.probability for word in together.words], [word.probability for word in expected.words], atol=0.02
        )


def test_clips_of_all_lengths_keep_their_places_when_several_batches_are_under_way() -> None:
    speech = example_audio("reading_austen.wav", 16_000)
    clips = [np.tile(speech, 2)[: seconds * 16_000] for seconds in (2, 9, 3)]
    one, three = (FasterWhisper(workers=count, threads=3, batch_size=1)._windows for count in (1, 3))
    assert (one._under_way, three._under_way) == (1, 3)
    expected = one.decode(clips)
    assert len({decoding.text for decoding in expected}) == len(clips)
    assert [decoding.text for decoding in three.decode(clips)] == [decoding.text for decoding in expected]


def test_a_batch_that_does_not_fit_into_memory_is_halved_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = FasterWhisper(batch_size=4)._windows
    generate = windows._generate

    def limited(encoded: ctranslate2.StorageView, seconds: int) -> object:
        if encoded.shape[0] > 1:
            raise RuntimeError("CUDA failed with error out of memory")
        return generate(encoded, seconds)

    speech = example_audio("reading_austen.wav", 16_000)
    clips = [speech, speech[:-100]]
    expected = [windows.decode([clip])[0].text for clip in clips]
    monkeypatch.setattr(windows, "_generate", limited)
    assert [decoding.text for decoding in windows.decode(clips)] == expected
    assert windows._batches.size == 1
