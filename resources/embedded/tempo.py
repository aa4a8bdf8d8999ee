"""Tempo of a clip, measured; nothing is said when there is no steady beat."""

import librosa
import numpy as np
from numpy.typing import NDArray

_HOP = 256
_SHORTEST_S = 4.0
_TEMPI_BPM = np.arange(45.0, 190.0, 0.25)
_USUAL_BPM = 110.0
"""Centre of the log-normal preference, one octave wide, among tempi that fit alike."""
_BEATS = np.array([1, 2, 4])


def measure_tempo(signal: NDArray[np.float32], sample_rate_hz: int, *, least_clarity: float) -> float | None:
    """Beats per minute of a clip with a steady beat.

    The tempo is the one after whose one, two and four beats the onset strength (librosa) repeats best: a comb over its
    autocorrelation, as in Percival and Tzanetakis, "Streamlined tempo estimation based on autocorrelation and
    cross-correlation with pulses", 2014. Half or double the tempo that a person taps remains a common answer.

    Args:
        signal: ``(samples,) float32`` mono.
        sample_rate_hz: Its sample rate.
        least_clarity: In [0, 1]: mean autocorrelation below which there is no steady beat.

    Returns:
        Beats per minute in [45, 190], or None.
    """
    if len(signal) < _SHORTEST_S * sample_rate_hz:
        return None
    onsets = librosa.onset.onset_strength(y=signal, sr=sample_rate_hz, hop_length=_HOP)
    if np.ptp(onsets) == 0:
        return None
    correlation = _autocorrelation(onsets)
    periods = 60.0 * sample_rate_hz / (_HOP * _TEMPI_BPM)
    lags = periods[:, None] * _BEATS
    inside = lags < len(onsets) * 0.75  # beyond, too little is left to compare
    strengths = np.interp(lags, np.arange(len(correlation)), correlation)
    clarity = (strengths * inside).sum(axis=1) / inside.sum(axis=1)
    preference = np.exp(-0.5 * np.log2(_TEMPI_BPM / _USUAL_BPM) ** 2)
    best = int(np.argmax(clarity * preference))
    return float(_TEMPI_BPM[best]) if clarity[best] >= least_clarity else None


def _autocorrelation(onsets: NDArray[np.float32]) -> NDArray[np.float64]:
    """Autocorrelation by lag, 1 at lag 0, each lag divided by the length it was summed over."""
    centred = onsets - onsets.mean()
    summed = np.correlate(centred, centred, "full")[len(centred) - 1 :].astype(np.float64)
    mean: NDArray[np.float64] = summed / np.arange(len(centred), 0, -1)
    mean /= mean[0]
    return mean
