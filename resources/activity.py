"""When something sounds in a clip, and how: measured on the signal, whatever it is that sounds.

A stretch is a time in which the level stands out of the clip's own background. Its measures are physical ones that a
listener hears without knowing the source: how loud it is, how bright, pitched or noisy, and whether it fades or swells.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resources.audio import PEAK_FLOOR_DB

FloatArray = NDArray[np.float64]

ACTIVITY_RATE_HZ = 32_000
_HOP, _WINDOW = 320, 1024
"""Samples: 10 ms and 32 ms."""

_OVER_BACKGROUND_DB = 10.0
_STEADY_DB = 20.0
"""A clip whose background is less than this below its peak has no pauses: the whole of it sounds."""

_UNDER_PEAK_DB = 30.0
_AUDIBLE_DB = -65.0
_MIN_PAUSE, _MIN_LENGTH = 20, 4
"""Frames: shorter pauses belong to a stretch, what is shorter than the second is none."""

_BAND_HZ = (60.0, 8_000.0)
_PITCH_HZ = (60.0, 4_000.0)
_PERIODIC = 0.8
"""Least correlation of a frame with itself one period later."""

_AS_HIGH = 0.9
"""The shortest lag counts whose peak is this share of the highest: longer ones are multiples of the period."""

_LOUD_DB = 15.0
_EDGE = 10
"""Frames at either end of a stretch in which it begins and dies away."""

_MAX_FRAMES = 100
"""Of a stretch at most so many frames, among those this close to its peak, tell how it sounds."""


@dataclass(frozen=True)
class Stretch:
    """A time in which something sounds.

    Attributes:
        start_s: Beginning.
        end_s: End, after the beginning.
        level_db: RMS level in dB of full scale.
        growth_db: Level of its last third over that of its first: below 0 where it fades.
        spread_db: Standard deviation of its levels over frames of 10 ms, its edges apart.
        centroid_hz: Centre of gravity of the power spectrum up to 8 kHz: low for rumbles, high for hisses.
        flatness: Flatness of that spectrum in [0, 1]: near 0 for tones, above about 0.15 for noise.
        pitch_hz: Median fundamental of its periodic frames; None when fewer than half of the loud ones are periodic.
        glide_semitones: How far that rises from its first third to its last; None where it has none.
    """

    start_s: float
    end_s: float
    level_db: float
    growth_db: float
    spread_db: float
    centroid_hz: float
    flatness: float
    pitch_hz: float | None
    glide_semitones: float | None


def stretches(audio: NDArray[np.float32]) -> list[Stretch]:
    """Find the stretches of a clip, in order; none in silence.

    Args:
        audio: ``(samples,) float32`` in [-1, 1] at `ACTIVITY_RATE_HZ`.
    """
    if not audio.size:
        return []
    frames = _framed(audio)
    powers = np.einsum("ij,ij->i", frames, frames) / _WINDOW
    length_s = audio.size / ACTIVITY_RATE_HZ
    return [_measured(frames[start:end], powers[start:end], start, length_s) for start, end in _active(_db(powers))]


def _framed(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``(frames, window)`` views, each around the middle of its hop."""
    count = -(-audio.size // _HOP)
    before = (_WINDOW - _HOP) // 2
    padded = np.pad(audio, (before, max(0, (count - 1) * _HOP + _WINDOW - audio.size - before)))
    framed: NDArray[np.float32] = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count]
    return framed


def _db(power: NDArray[np.floating]) -> FloatArray:
    decibels: FloatArray = 10 * np.log10(np.maximum(power, 10 ** (PEAK_FLOOR_DB / 10)))
    return decibels


def _active(levels_db: FloatArray) -> list[tuple[int, int]]:
    """Return ``[start, end)`` in frames of what stands out of the background."""
    background_db, peak_db = np.percentile(levels_db, (10, 99))
    least_db = max(_AUDIBLE_DB, peak_db - _UNDER_PEAK_DB)
    if peak_db - background_db >= _STEADY_DB:
        least_db = max(least_db, background_db + _OVER_BACKGROUND_DB)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], levels_db >= least_db, [False])).astype(np.int8)))
    runs: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if runs and start - runs[-1][1] < _MIN_PAUSE:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return [(start, end) for start, end in runs if end - start >= _MIN_LENGTH]


def _measured(frames: NDArray[np.float32], powers: NDArray[np.floating], start: int, length_s: float) -> Stretch:
    loud = np.flatnonzero(_db(powers) >= _db(powers.max()) - _LOUD_DB)
    chosen = frames[loud[np.linspace(0, loud.size - 1, min(loud.size, _MAX_FRAMES)).astype(int)]].astype(np.float64)
    hz = np.fft.rfftfreq(_WINDOW, 1 / ACTIVITY_RATE_HZ)
    band = (hz >= _BAND_HZ[0]) & (hz <= _BAND_HZ[1])
    spectra = np.square(np.abs(np.fft.rfft(chosen * np.hanning(_WINDOW), axis=1)))[:, band] + 1e-12
    flatness = np.exp(np.log(spectra).mean(axis=1)) / spectra.mean(axis=1)
    pitch_hz, glide_semitones = _melody(_pitches(chosen))
    hop_s, third, edge = _HOP / ACTIVITY_RATE_HZ, max(1, len(frames) // 3), min(_EDGE, len(frames) // 4)
    return Stretch(
        start_s=start * hop_s,
        end_s=min((start + len(frames)) * hop_s, length_s),
        level_db=float(_db(powers.mean())),
        growth_db=float(_db(powers[-third:].mean()) - _db(powers[:third].mean())),
        spread_db=float(np.std(_db(powers[edge : len(frames) - edge]))),
        centroid_hz=float((spectra.sum(axis=0) @ hz[band]) / spectra.sum()),
        flatness=float(np.median(flatness)),
        pitch_hz=pitch_hz,
        glide_semitones=glide_semitones,
    )


def _melody(pitches: FloatArray) -> tuple[float | None, float | None]:
    """Return pitch and glide out of the pitches of frames in order of time."""
    if 2 * np.count_nonzero(pitches) < pitches.size:
        return None, None
    periodic = pitches[pitches > 0]
    third = max(1, periodic.size // 3)
    glide = 12 * np.log2(np.median(periodic[-third:]) / np.median(periodic[:third]))
    return float(np.median(periodic)), float(glide)


def _pitches(frames: FloatArray) -> FloatArray:
    """Return ``(frames,)`` fundamentals in Hz, 0 for what is not periodic, by normalised autocorrelation."""
    centred = frames - frames.mean(axis=1, keepdims=True)
    spectra = np.square(np.abs(np.fft.rfft(centred, 2 * _WINDOW, axis=1)))
    lags = np.arange(1, int(ACTIVITY_RATE_HZ / _PITCH_HZ[0]) + 1)
    correlation = np.fft.irfft(spectra, axis=1)[:, lags]
    energy = np.cumsum(np.square(centred), axis=1)
    head, tail = energy[:, _WINDOW - 1 - lags], energy[:, -1:] - energy[:, lags - 1]
    normal = correlation / np.sqrt(np.maximum(head * tail, 1e-20))
    inner = normal[:, 1:-1]
    heights = np.where((inner > normal[:, :-2]) & (inner >= normal[:, 2:]), inner, 0.0)
    heights[:, : int(ACTIVITY_RATE_HZ / _PITCH_HZ[1]) - 2] = 0.0
    highest = heights.max(axis=1)
    first = np.argmax(heights >= _AS_HIGH * np.maximum(highest, 1e-9)[:, None], axis=1)
    pitches: FloatArray = np.where(highest >= _PERIODIC, ACTIVITY_RATE_HZ / lags[first + 1], 0.0)
    return pitches
