"""What is measured of sounds whose course, pitch and colour are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from resources.activity import ACTIVITY_RATE_HZ, stretches
from tests.properties import examples

FloatArray = NDArray[np.float32]


def tone(pitch_hz: float, length_s: float, level_db: float = -20.0) -> FloatArray:
    time_s = np.arange(int(length_s * ACTIVITY_RATE_HZ)) / ACTIVITY_RATE_HZ
    return np.asarray(np.sqrt(2) * 10 ** (level_db / 20) * np.sin(2 * np.pi * pitch_hz * time_s), np.float32)


def noise(length_s: float, level_db: float = -20.0) -> FloatArray:
    samples = np.random.default_rng(0).standard_normal(int(length_s * ACTIVITY_RATE_HZ))
    return np.asarray(10 ** (level_db / 20) * samples, np.float32)


def placed(length_s: float, *sounds: tuple[float, FloatArray]) -> FloatArray:
    clip = np.zeros(int(length_s * ACTIVITY_RATE_HZ), np.float32)
    for at_s, sound in sounds:
        start = int(at_s * ACTIVITY_RATE_HZ)
        clip[start : start + sound.size] += sound
    return clip


def test_sounds_are_timed_to_a_few_hundredths_of_a_second() -> None:
    found = stretches(placed(6.0, (1.0, tone(440, 0.5)), (2.0, noise(0.2)), (4.0, tone(2000, 1.5))))
    times_s = [(one.start_s, one.end_s) for one in found]
    assert np.allclose(times_s, [(1.0, 1.5), (2.0, 2.2), (4.0, 5.5)], atol=0.03)
    assert [round(one.level_db) for one in found] == pytest.approx([-20, -20, -20], abs=1)


def test_short_pauses_are_bridged_and_quiet_backgrounds_left_out() -> None:
    beeps = placed(4.0, (1.0, tone(800, 0.3)), (1.4, tone(800, 0.3)), (3.0, tone(800, 0.3)))
    found = stretches(beeps + noise(4.0, -60.0))
    assert [round(one.start_s, 1) for one in found] == [1.0, 3.0]


@pytest.mark.parametrize("pitch_hz", [90, 220, 440, 1000, 2500])
def test_a_tone_has_its_pitch_and_noise_has_none(pitch_hz: float) -> None:
    harmonics = sum(tone(pitch_hz * number, 1.0) / number for number in range(1, 4))
    (found,) = stretches(placed(3.0, (1.0, np.asarray(harmonics, np.float32))))
    assert found.pitch_hz == pytest.approx(pitch_hz, rel=0.03)
    assert found.flatness < 0.01
    (hiss,) = stretches(noise(2.0))
    assert hiss.pitch_hz is None
    assert hiss.flatness > 0.3
    assert hiss.centroid_hz > 3000


def test_course_of_level_and_pitch() -> None:
    fade = tone(440, 2.0) * np.linspace(1, 0.05, 2 * ACTIVITY_RATE_HZ, dtype=np.float32)
    (fading,) = stretches(placed(4.0, (1.0, fade)))
    (steady,) = stretches(placed(4.0, (1.0, tone(440, 2.0))))
    assert fading.growth_db < -10 < abs(steady.growth_db) - 9
    assert steady.spread_db < 1 < fading.spread_db
    sweep = np.sin(2 * np.pi * np.cumsum(np.linspace(300, 600, 2 * ACTIVITY_RATE_HZ)) / ACTIVITY_RATE_HZ)
    (rising,) = stretches(placed(4.0, (1.0, np.asarray(0.1 * sweep, np.float32))))
    assert rising.glide_semitones == pytest.approx(8, abs=2)
    assert steady.glide_semitones == pytest.approx(0, abs=0.5)


def test_silence_has_no_stretch() -> None:
    assert stretches(np.zeros(0, np.float32)) == []
    assert stretches(placed(3.0)) == []
    assert stretches(noise(3.0, -80.0)) == []


@given(
    seconds=st.floats(0.001, 3.0),
    bursts=st.lists(st.tuples(st.floats(0, 3.0), st.floats(0.001, 1.0), st.floats(-100, 0)), max_size=5),
    floor_db=st.floats(-120, 0),
)
@examples(60)
def test_stretches_lie_in_order_inside_the_clip(
    seconds: float, bursts: list[tuple[float, float, float]], floor_db: float
) -> None:
    clip = noise(seconds, floor_db)
    for at_s, length_s, level_db in bursts:
        start = int(at_s * ACTIVITY_RATE_HZ)
        part = clip[start : start + int(length_s * ACTIVITY_RATE_HZ)]
        part += noise(1.0, level_db)[: part.size]
    found = stretches(clip)
    times_s = [time_s for one in found for time_s in (one.start_s, one.end_s)]
    assert times_s == sorted(times_s)
    assert all(0 <= time_s <= clip.size / ACTIVITY_RATE_HZ for time_s in times_s)
    assert all(0 <= one.flatness <= 1 and one.centroid_hz > 0 and one.spread_db >= 0 for one in found)
