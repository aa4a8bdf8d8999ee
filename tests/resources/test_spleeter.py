import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from resources.embedded.spleeter import Spleeter, _istft, _stft
from tests.resources.media import example_audio


def si_sdr_db(estimate: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Scale-invariant signal to distortion ratio (Le Roux et al., 2019)."""
    target = np.dot(estimate, reference) / np.dot(reference, reference) * reference
    return float(10 * np.log10(np.sum(target**2) / np.sum((estimate - target) ** 2)))


@pytest.fixture(scope="module")
def speech_and_music() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read speech, and music of the same power, at 44.1 kHz."""
    speech = example_audio("reading_austen.wav", Spleeter.sample_rate_hz)
    music = example_audio("morning_coffee.mp3", Spleeter.sample_rate_hz)[: len(speech)]
    return speech, music * (np.linalg.norm(speech) / np.linalg.norm(music))


def test_speech_over_music_is_separated(speech_and_music: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
    speech, music = speech_and_music
    mixture = speech + music
    vocals = Spleeter().separate([mixture[None]])[0][0]
    assert abs(si_sdr_db(mixture, speech)) < 0.5
    assert si_sdr_db(vocals, speech) > 6.5
    assert si_sdr_db(mixture - vocals, music) > 6.5


def test_speech_alone_is_vocals_and_music_alone_is_not(
    speech_and_music: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    shares = []
    for signal in speech_and_music:
        vocals = Spleeter().separate([signal[None]])[0][0]
        shares.append(float(np.sum(vocals**2) / np.sum(signal**2)))
    assert shares[0] > 0.95
    assert shares[1] < 0.01


@given(st.integers(0, 20_000), st.sampled_from([1, 2]))
def test_the_transform_is_inverted(samples: int, channels: int) -> None:
    signal = np.random.default_rng(samples).uniform(-1, 1, (channels, samples)).astype(np.float32)
    np.testing.assert_allclose(_istft(_stft(signal), samples), signal, atol=1e-5)


def test_a_clip_of_several_tiles_has_no_seam(speech_and_music: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
    """Tiles of 128 frames cost some quality, never a gap or a click."""
    speech, music = speech_and_music
    vocals = Spleeter(tile_frames=128).separate([(speech + music)[None]])[0][0]
    assert si_sdr_db(vocals, speech) > 5.5
