"""YAMNet on sounds that it must know, and its log-mel patches against their definition."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from resources.embedded.weights import cache_folder, weight_path
from resources.embedded.yamnet import Yamnet, averaged, log_mel, patches_of
from tests.resources.media import example_audio

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def yamnet() -> Yamnet:
    return Yamnet()


def top_classes(yamnet: Yamnet, clip: NDArray[np.float32], count: int = 3) -> list[str]:
    scores = yamnet.tag([clip])[0].scores.max(axis=0)
    return [yamnet.classes[index] for index in np.argsort(-scores, kind="stable")[:count]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("reading_austen.wav", "Speech"),
        ("morning_coffee.mp3", "Music"),
        ("alarm_clock.ogg", "Beep, bleep"),
        ("monkeys.flac", "Animal"),
        ("silence.wav", "Silence"),
    ],
)
def test_known_sounds_get_their_tag(yamnet: Yamnet, name: str, expected: str) -> None:
    assert expected in top_classes(yamnet, example_audio(name, RATE_HZ))


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_weights_may_be_links(
    yamnet: Yamnet, link: Callable[[Path, Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that was copied as links to save room."""
    own = tmp_path / "own"
    shutil.copytree(weight_path("yamnet"), own)
    linked = tmp_path / "linked" / weight_path("yamnet").relative_to(cache_folder())
    linked.mkdir(parents=True)
    for file in own.iterdir():
        link(file, linked / file.name)
    monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path / "linked"))
    clip = example_audio("alarm_clock.ogg", RATE_HZ)
    np.testing.assert_array_equal(Yamnet().tag([clip])[0].scores, yamnet.tag([clip])[0].scores)


def test_speech_is_placed_in_time(yamnet: Yamnet) -> None:
    speech = example_audio("reading_austen.wav", RATE_HZ)[: 3 * RATE_HZ]
    quiet = np.zeros(4 * RATE_HZ, np.float32)
    result = yamnet.tag([np.concatenate([quiet, speech, quiet])])[0]
    is_speech = result.scores[:, yamnet.classes.index("Speech")] > 0.5
    starts_s = np.flatnonzero(is_speech) * result.hop_s
    assert 4 - result.window_s <= starts_s.min() <= 4.5
    assert 6 <= starts_s.max() <= 7


def test_patches_are_log_mel_spectra() -> None:
    clip = np.random.default_rng(0).uniform(-1, 1, 15_600 + 7_680).astype(np.float32)
    patches = patches_of(log_mel(clip))
    assert patches.shape == (2, 96, 64)
    bands = librosa.filters.mel(sr=RATE_HZ, n_fft=512, n_mels=64, fmin=125, fmax=7_500, htk=True, norm=None)
    window = scipy.signal.get_window("hann", 400)
    for patch, frame in [(0, 0), (0, 95), (1, 7)]:
        start = patch * 7_680 + frame * 160
        spectrum = np.abs(np.fft.rfft(clip[start : start + 400] * window, 512))
        np.testing.assert_allclose(patches[patch, frame], np.log(bands @ spectrum + 0.001), rtol=1e-4, atol=1e-4)


@given(st.integers(1, 60_000))
def test_patches_cover_every_sample_and_no_more(num_samples: int) -> None:
    count = len(patches_of(log_mel(np.zeros(num_samples, np.float32))))
    covered = 15_600 + (count - 1) * 7_680
    assert covered >= num_samples
    assert count == 1 or covered - 7_680 < num_samples


def test_a_short_clip_is_padded_with_silence(yamnet: Yamnet) -> None:
    click = example_audio("alarm_clock.ogg", RATE_HZ)[: RATE_HZ // 2]
    padded = np.concatenate([click, np.zeros(15_600 - len(click), np.float32)])
    short, long = yamnet.tag([click, padded])
    np.testing.assert_array_equal(short.scores, long.scores)


@pytest.mark.parametrize("looks", [1, 2, 3, 4])
def test_looks_are_patches_between_patches_and_are_averaged_around_each(looks: int) -> None:
    clip = np.random.default_rng(0).uniform(-1, 1, 15_600 + 3 * 7_680).astype(np.float32)
    patches = patches_of(log_mel(clip), looks)
    np.testing.assert_array_equal(patches[::looks], patches_of(log_mel(clip)))
    index = np.arange(len(patches), dtype=np.float32)[:, None]
    means = averaged(index, looks)[:, 0]
    assert len(means) == 4
    assert np.abs(means - np.arange(4) * looks).max() <= looks / 2
