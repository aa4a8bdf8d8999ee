"""Sounds made here: their truth is known exactly, and they need no files."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

RATE_HZ = 44_100
_MADE_S = 10.0
_RAMP_S = 0.01


def _time(duration_s: float = _MADE_S) -> NDArray[np.float64]:
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def _tones(frequencies_hz: Sequence[float], duration_s: float = _MADE_S) -> NDArray[np.float64]:
    """Sines added up, each as loud as the others, with short ramps at both ends."""
    time_s = _time(duration_s)
    ramp = np.clip(np.minimum(time_s, time_s[::-1]) / _RAMP_S, 0, 1)
    waves = [np.sin(2 * np.pi * frequency * time_s) for frequency in frequencies_hz]
    return np.asarray(ramp * np.sum(waves, axis=0))


def _pulses(tone: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """A short tone again and again."""
    once = np.zeros(round(period_s * RATE_HZ))
    once[: len(tone)] = tone
    return np.resize(once, round(_MADE_S * RATE_HZ))


def _noise(slope: float) -> NDArray[np.float64]:
    """Gaussian noise whose power falls with frequency as ``1 / f ** slope``."""
    count = round(_MADE_S * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(count))
    spectrum[1:] /= (np.fft.rfftfreq(count, 1 / RATE_HZ)[1:] / 20).clip(1) ** (slope / 2)
    spectrum[0] = 0
    return np.fft.irfft(spectrum, count)


def _hum() -> NDArray[np.float64]:
    return np.asarray(sum(_tones([50.0 * harmonic]) / harmonic for harmonic in range(1, 12)))


def _dtmf() -> NDArray[np.float64]:
    """The digits 1, 5, 9, 0, 3, 7."""
    pairs = ((697, 1209), (770, 1336), (852, 1477), (941, 1336), (697, 1477), (852, 1209))
    gap = np.zeros(round(0.2 * RATE_HZ))
    return np.concatenate([np.concatenate([_tones(pair, 0.3), gap]) for pair in pairs])


def _ticks() -> NDArray[np.float64]:
    time_s = _time(0.03)
    return _pulses(np.sin(2 * np.pi * 2500 * time_s) * np.exp(-time_s / 0.004), 0.5)


def _chords() -> NDArray[np.float64]:
    """C, A minor, F, G on a plain organ-like sound, two chords every three seconds."""
    roots = ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))
    voices = [[pitch * harmonic for pitch in chord for harmonic in (1, 2, 3)] for chord in roots]
    return np.concatenate([_tones(voice, 1.5) for voice in voices])


MADE: dict[str, Callable[[], NDArray[np.float64]]] = {
    "sine": lambda: _tones([1000.0]),
    "beeps": lambda: _pulses(_tones([2400.0, 4800.0], 0.15), 0.5),
    "busy": lambda: _pulses(_tones([480.0, 620.0], 0.5), 1.0),
    "dtmf": _dtmf,
    "hum": _hum,
    "ticks": _ticks,
    "chords": _chords,
    "white": lambda: _noise(0.0),
    "pink": lambda: _noise(1.0),
    "brown": lambda: _noise(2.0),
}
"""What can be made, by name."""


def made(name: str) -> FloatArray:
    """Make a sound.

    Returns:
        ``(samples,) float32`` at `RATE_HZ`, of any level.
    """
    return MADE[name]().astype(np.float32)
