"""Spleeter's 2-stem separator on onnxruntime.

Method: Hennequin et al., "Spleeter: a fast and efficient music source separation tool with pre-trained models", JOSS
2020. A U-Net per source estimates its magnitudes; the mask of the vocals is their share of the power.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
import onnxruntime as ort
import scipy.fft
from numpy.typing import NDArray
from pydantic import Field

from resources.adapter import runtime
from resources.embedded import weights
from resources.embedded.onnx_graph import answering, session
from resources.embedded.spleeter_graph import BINS, FRAME_MULTIPLE
from resources.load_time import loads
from resources.parallel import each
from resources.separator import Separator

_WEIGHT = "spleeter-2stems"
_WINDOW = 4096
_HOP = 1024
_OVERLAP = _WINDOW // _HOP
_BLOCK_FRAMES = 32
"""Frames that are transformed at a time: they stay in the cache, and long clips take less memory."""
_HANN: NDArray[np.float32] = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
_HANN_POWER = 1.5
"""Sum of the squared windows over one sample at this overlap."""


class Spleeter(Separator):
    """Vocals by Spleeter's 2-stem networks.

    They see the spectrum up to 11 kHz; above, the mask is the mean of its upper bins: on speech and music mixed at
    0 dB that gains 0.1 dB of SI-SDR over silence there. Frames are padded to a multiple of 64, not to a whole tile of
    512: the same SI-SDR within 0.1 dB for a quarter less work on a clip of ten seconds.
    """

    libraries: ClassVar[tuple[str, ...]] = ("onnxruntime", "scipy")

    sample_rate_hz: ClassVar[int] = 44_100

    tile_frames: int = Field(
        512, ge=FRAME_MULTIPLE, multiple_of=FRAME_MULTIPLE, description="Most frames (of 23 ms) that one pass sees."
    )
    extension_bins: int = Field(
        128, ge=0, le=BINS, description="Upper bins whose mean mask serves above 11 kHz; 0 leaves nothing there."
    )
    threads: int = runtime(0, "Mixtures that are worked on at the same time; 0 for one per core.")

    @property
    def model_name(self) -> str:
        """As rows record it."""
        return _WEIGHT

    @property
    def revision(self) -> str:
        """SHA-256 of the checkpoint and its conversion."""
        return weights.revision(_WEIGHT)

    @cached_property
    @loads
    def _session(self) -> ort.InferenceSession:
        return session(weights.weight_path(_WEIGHT), threads=1)

    def load(self) -> None:
        """Load the graph."""
        _ = self._session

    def probe(self) -> None:
        """Separate a fifth of a second of noise."""
        noise = np.random.RandomState(0).uniform(-0.1, 0.1, (2, self.sample_rate_hz // 5)).astype(np.float32)
        with answering(self.model_name):
            (vocals,) = self.separate([noise])
            if not (np.isfinite(vocals).all() and np.square(vocals).sum() <= np.square(noise).sum()):
                raise ValueError("the vocals of a probe are louder than the probe")

    def close(self) -> None:
        """Release the graph."""
        self.__dict__.pop("_session", None)

    def separate(self, mixtures: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Separate the vocals; a mixture is a run of its own, since a batch gains nothing on a CPU.

        Args:
            mixtures: Each ``(channels, samples) float32`` in [-1, 1] at 44.1 kHz, 1 or 2 channels.

        Returns:
            The vocals of each mixture in its own shape.
        """
        self.load()
        return each(self._separate, mixtures, self.threads)

    def _separate(self, mixture: NDArray[np.float32]) -> NDArray[np.float32]:
        spectrum = _stft(mixture)
        magnitude = np.abs(spectrum[..., :BINS])
        mask = self._mask(np.broadcast_to(magnitude, (2, *magnitude.shape[1:])))
        if len(mixture) == 1:
            mask = mask.mean(axis=0, keepdims=True)
        spectrum[..., :BINS] *= mask
        upper = mask[..., BINS - self.extension_bins :]
        spectrum[..., BINS:] *= upper.mean(axis=-1, keepdims=True) if self.extension_bins else np.float32(0)
        return _istft(spectrum, mixture.shape[1])

    def _mask(self, magnitude: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mask of the vocals for ``(2, frames, 1024)`` magnitudes, tile by tile; tiles are of equal length."""
        frames = magnitude.shape[1]
        tiles = -(-frames // self.tile_frames)
        length = -(-frames // (tiles * FRAME_MULTIPLE)) * FRAME_MULTIPLE
        padded = np.pad(magnitude, ((0, 0), (0, tiles * length - frames), (0, 0)))
        masks = [
            self._session.run(None, {"magnitude": padded[None, :, start : start + length]})[0][0]
            for start in range(0, tiles * length, length)
        ]
        mask: NDArray[np.float32] = np.concatenate(masks, axis=1)[:, :frames]
        return mask


def _stft(signal: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Spectrum ``(channels, frames, 2049)`` of ``(channels, samples)``; every sample lies in four frames."""
    frames = max(signal.shape[1] - 1, 0) // _HOP + _OVERLAP
    before = _WINDOW - _HOP
    after = (frames - 1) * _HOP + _WINDOW - before - signal.shape[1]
    padded = np.pad(signal, ((0, 0), (before, after)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=1)[:, ::_HOP]
    spectrum = np.empty((len(signal), frames, _WINDOW // 2 + 1), np.complex64)
    for start in range(0, frames, _BLOCK_FRAMES):
        block = slice(start, start + _BLOCK_FRAMES)
        spectrum[:, block] = scipy.fft.rfft(windows[:, block] * _HANN)
    return spectrum


def _istft(spectrum: NDArray[np.complex64], samples: int) -> NDArray[np.float32]:
    """Inverse of `_stft` by weighted overlap and add."""
    channels, frames, _ = spectrum.shape
    total = np.zeros((channels, frames + _OVERLAP - 1, _HOP), np.float32)
    for start in reversed(range(0, frames, _BLOCK_FRAMES)):  # so that a sum has one order, wherever blocks end
        windows = scipy.fft.irfft(spectrum[:, start : start + _BLOCK_FRAMES], _WINDOW)
        windows *= _HANN / np.float32(_HANN_POWER)
        hops = windows.reshape(channels, -1, _OVERLAP, _HOP)
        for part in range(_OVERLAP):
            total[:, start + part : start + part + hops.shape[1]] += hops[:, :, part]
    before = _WINDOW - _HOP
    return total.reshape(channels, -1)[:, before : before + samples]
