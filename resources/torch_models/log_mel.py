"""Mel spectrograms over many frames at once.

transformers' extractors take one frame after the other in Python: several times the work, and threads wait for each
other meanwhile. The numbers here are those of `transformers.audio_utils.spectrogram`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

_AT_ONCE = 128
"""Frames that a core's cache holds."""

Frames = NDArray[np.float64]
"""``(frames, samples)``."""


def mel_powers(
    waveform: NDArray[np.floating[Any]],
    window: NDArray[np.floating[Any]],
    filters: NDArray[np.floating[Any]],
    *,
    hop: int,
    fft_length: int,
    conditioned: Callable[[Frames], Frames] = lambda frames: frames,
) -> NDArray[np.float64]:
    """Power in mel bands, ``(frames, bands)``; frames begin every `hop` samples, as long as they are whole.

    Args:
        waveform: ``(samples,)``, at least as long as the window.
        window: ``(samples of a frame,)``.
        filters: ``(1 + fft_length / 2, bands)``, the share of each frequency in each band.
        hop: Samples from the start of a frame to that of the next.
        fft_length: Frames are padded with zeros to it.
        conditioned: What is done to frames before they are windowed; it must leave its input as it is.
    """
    # Hardly any frequency counts in more than two bands; and dense products would start threads of their own.
    sparse_filters = scipy.sparse.csr_array(filters.T)
    frames = np.lib.stride_tricks.sliding_window_view(waveform.astype(np.float64), len(window))[::hop]
    powers = np.empty((len(frames), filters.shape[1]))
    for start in range(0, len(frames), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        spectra = np.fft.rfft(conditioned(frames[some]) * window, fft_length)
        powers[some] = (sparse_filters @ (spectra.real**2 + spectra.imag**2).T).T
    return powers
