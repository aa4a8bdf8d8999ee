"""Samples of decoded frames, and the room that they are collected in."""

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import DTypeLike, NDArray

from resources.audio import FloatArray

_DTYPES: dict[str, DTypeLike] = {
    "u8": np.uint8, "s16": np.int16, "s32": np.int32, "s64": np.int64, "flt": np.float32, "dbl": np.float64,
}  # fmt: skip


def samples_of(frame: AudioFrame) -> FloatArray:
    """Give a frame as ``(channels, samples) float32`` of full scale 1, whatever its sample format."""
    raw = _raw(frame)
    with np.errstate(all="ignore"):  # what is not a number, or too large for one, is found by whoever reads the samples
        samples: FloatArray = raw.astype(np.float32)
    if raw.dtype == np.uint8:
        samples -= 128  # eight bits are unsigned, silence at the middle
    if raw.dtype.kind in "ui":
        samples *= np.float32(2.0 ** (1 - 8 * raw.dtype.itemsize))
    return samples


def _raw(frame: AudioFrame) -> NDArray[np.generic]:
    """Samples as the decoder left them, ``(channels, samples)``."""
    channels, samples = frame.layout.nb_channels, frame.samples
    dtype = _DTYPES[frame.format.packed.name]
    if not frame.format.is_planar:
        return np.frombuffer(bytes(frame.planes[0]), dtype, samples * channels).reshape(samples, channels).T
    # Of eight channels and more PyAV lists one plane too many, which lies nowhere: `frame.to_ndarray()` dies of it.
    return np.stack([np.frombuffer(bytes(plane), dtype, samples) for plane in frame.planes[:channels]])


class Room:
    """Grows with what is put into it, without ever holding it twice.

    Long sound in many small arrays takes twice its memory when it is joined, and that decides how many decoders fit
    into a machine.
    """

    def __init__(self, channels: int) -> None:
        self._samples = np.empty((1 << 14, channels), np.float32)
        self._used = 0

    def add(self, samples: FloatArray) -> None:
        """Append ``(channels, samples) float32``."""
        end = self._used + samples.shape[1]
        if end > len(self._samples):
            self._resize(end + end // 8)
        self._samples[self._used : end] = samples.T
        self._used = end

    def taken(self) -> FloatArray:
        """All of it, ``(channels, samples) float32``; the room is not to be used any more."""
        self._resize(self._used)
        return self._samples.T

    def _resize(self, length: int) -> None:
        # In place: the system moves large memory without copying it.
        self._samples.resize((length, self._samples.shape[1]), refcheck=False)
