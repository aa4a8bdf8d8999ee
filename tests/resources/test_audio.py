"""Arithmetic on sound: what is stored comes back, and levels are what the standards say."""

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from resources.audio import (
    PEAK_FLOOR_DB,
    FloatArray,
    decode_flac,
    downmix,
    encode_flac,
    loudness_lufs,
    peak_db,
    resample,
    samples_sha256,
    to_mono,
)
from tests.resources.synthetic_media import chirp

SOUNDS = arrays(
    np.float32,
    st.tuples(st.integers(1, 2), st.integers(1, 300)),
    elements=st.floats(-1.5, 1.5, width=32),
)
RATES = st.sampled_from([8000, 11_025, 16_000, 44_100, 48_000])


@given(audio=SOUNDS, rate=RATES)
def test_flac_keeps_24_bits_and_the_hash(audio: FloatArray, rate: int) -> None:
    stored, stored_rate = decode_flac(encode_flac(audio, rate))
    assert stored_rate == rate
    assert stored.shape == audio.shape
    np.testing.assert_allclose(stored, audio.clip(-1, 1), atol=2**-23)
    assert samples_sha256(stored, rate) == samples_sha256(audio, rate)
    assert encode_flac(stored, rate) == encode_flac(audio, rate)


@given(audio=SOUNDS)
def test_hash_tells_sounds_apart(audio: FloatArray) -> None:
    whole = samples_sha256(audio, 16_000)
    assert samples_sha256(audio, 8000) != whole
    assert samples_sha256(audio[:, :-1], 16_000) != whole
    assert samples_sha256(audio.reshape(-1), 16_000) == whole or len(audio) > 1
    changed = audio.copy()
    changed[0, 0] = -0.25 if audio[0, 0] > 0 else 0.25
    assert samples_sha256(changed, 16_000) != whole


@pytest.mark.parametrize("channels", [1, 2])
def test_resampling_keeps_the_tone_and_the_shape(channels: int) -> None:
    audio = chirp(0.5, 48_000, channels)
    low = resample(audio, 48_000, 16_000)
    assert low.shape == (channels, 8000)
    assert low.dtype == np.float32
    np.testing.assert_allclose(low[:, 200:-200], chirp(0.5, 16_000, channels)[:, 200:-200], atol=1e-3)
    assert resample(audio, 48_000, 48_000) is audio
    np.testing.assert_array_equal(resample(audio[0], 48_000, 16_000), low[0])


def test_mono_is_the_mean() -> None:
    audio = chirp(0.1, 8000, 2)
    np.testing.assert_allclose(to_mono(audio), (audio[0] + audio[1]) / 2, atol=1e-7)
    np.testing.assert_array_equal(to_mono(audio[:1]), audio[0])
    np.testing.assert_array_equal(to_mono(audio[0]), audio[0])


def test_downmix_without_positions_is_the_mean() -> None:
    audio = chirp(0.1, 8000, 4)
    np.testing.assert_allclose(
        downmix(audio, ["AMBI0", "AMBI1", "AMBI2", "AMBI3"]), [audio.mean(axis=0)] * 2, atol=1e-6
    )


def test_loudness_of_the_reference_tone() -> None:
    """EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS per channel is -23 LUFS."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(5 * 48_000) / 48_000)
    audio = np.stack([tone, tone]).astype(np.float32)
    assert loudness_lufs(audio, 48_000) == pytest.approx(-23, abs=0.1)
    assert peak_db(audio) == pytest.approx(-23, abs=0.01)


def test_silence_and_short_sounds_have_no_loudness() -> None:
    silence = np.zeros((1, 48_000), np.float32)
    assert loudness_lufs(silence, 48_000) is None
    assert loudness_lufs(silence + np.float32(1e-6), 48_000) is None
    assert loudness_lufs(chirp(0.39, 48_000), 48_000) is None
    assert peak_db(silence) == PEAK_FLOOR_DB
    assert peak_db(np.full((1, 1), 1e-9, np.float32)) == PEAK_FLOOR_DB


@pytest.mark.parametrize(("rate", "seconds"), [(8000, 185.37), (11_025, 60.3), (48_000, 60.31), (8000, 60.0)])
def test_loudness_of_long_sound_is_that_of_the_whole(rate: int, seconds: float) -> None:
    """It is measured piece by piece."""
    noise = np.random.default_rng(0).standard_normal((2, round(seconds * rate)))
    audio = (noise * np.linspace(0.001, 0.3, noise.shape[1])).astype(np.float32)
    whole = pyloudnorm.Meter(rate).integrated_loudness(audio.T.astype(np.float64))
    assert loudness_lufs(audio, rate) == pytest.approx(whole, abs=1e-4)
