"""What a classifier is given of pieces of a clip, which overlap: the whole clip, and windows of it."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.torch_models.device import imported
from resources.torch_models.log_mel import Frames, mel_powers

Features = Mapping[str, NDArray[np.float32]]
"""Arrays of one piece, by the name of the network's input."""

_FRAME, _HOP, _FFT_LENGTH = 400, 160, 512
"""Samples; fixed in `ASTFeatureExtractor`, as are those that follow."""
_LOWEST_HZ = 20
_PRE_EMPHASIS = 0.97
_FLOOR = 2.0**-23


class PieceFeatures:
    """Features of pieces by any extractor of transformers, each piece by itself.

    Args:
        extractor: The checkpoint's.
        shortest: Samples; shorter pieces are padded with silence.
    """

    def __init__(self, extractor: Any, shortest: int) -> None:
        self._extractor, self._shortest = extractor, shortest

    def of(self, clip: NDArray[np.float32], pieces: Sequence[slice]) -> list[Features]:
        """Features of some pieces of a clip; taken alone, so that none is padded to its neighbours."""
        return [self._alone(clip[piece]) for piece in pieces]

    def _alone(self, piece: NDArray[np.float32]) -> Features:
        padded = np.pad(piece, (0, max(0, self._shortest - len(piece))))
        values = self._extractor(padded, sampling_rate=self._extractor.sampling_rate, return_tensors="np")
        return {name: value[0] for name, value in values.items()}

    def alike(self, piece: Features) -> Hashable:
        """Pieces for which this is the same fit into one batch."""
        return tuple((name, value.shape) for name, value in sorted(piece.items()))

    def stacked(self, batch: Sequence[Features]) -> Features:
        """The network's inputs for a batch."""
        return {name: np.stack([piece[name] for piece in batch]) for name in batch[0]}


class SpectrogramFeatures(PieceFeatures):
    """Those of `ASTFeatureExtractor`, to 1e-5: frames that several pieces share are computed once.

    A piece is kept without the padding that the network wants, which is most of a window.
    """

    def __init__(self, extractor: Any, shortest: int) -> None:
        super().__init__(extractor, shortest)
        self._window = np.hanning(_FRAME)
        self._filters = imported("transformers.audio_utils").mel_filter_bank(
            num_frequency_bins=1 + _FFT_LENGTH // 2,
            num_mel_filters=extractor.num_mel_bins,
            min_frequency=_LOWEST_HZ,
            max_frequency=extractor.sampling_rate // 2,
            sampling_rate=extractor.sampling_rate,
            mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )

    def of(self, clip: NDArray[np.float32], pieces: Sequence[slice]) -> list[Features]:
        """Features of some pieces of a clip."""
        # The silence after the clip is that of a last piece which is too short.
        frames = self._log_mel(np.pad(clip, (0, self._shortest)))
        return [{"input_values": self._rows(clip, frames, *piece.indices(len(clip))[:2])} for piece in pieces]

    def _rows(
        self, clip: NDArray[np.float32], frames: NDArray[np.float32], start: int, stop: int
    ) -> NDArray[np.float32]:
        """Frames of a piece: those of the clip where they begin with it, else computed anew."""
        length = max(stop - start, self._shortest)
        if start % _HOP or (stop - start < length and stop < len(clip)):
            rows, first = self._log_mel(np.pad(clip[start:stop], (0, length - (stop - start)))), 0
        else:
            rows, first = frames, start // _HOP
        return rows[first : first + min(1 + (length - _FRAME) // _HOP, self._extractor.max_length)]

    def _log_mel(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(frames, bands)``, at the level that the network was trained on."""
        powers = mel_powers(
            waveform, self._window, self._filters, hop=_HOP, fft_length=_FFT_LENGTH, conditioned=_conditioned
        )
        return self._levelled(np.log(np.maximum(powers, _FLOOR)).astype(np.float32))

    def _levelled(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        levelled: NDArray[np.float32] = self._extractor.normalize(values) if self._extractor.do_normalize else values
        return levelled

    def alike(self, piece: Features) -> Hashable:
        """Any two pieces: the network is given all at the same length."""
        return None

    def stacked(self, batch: Sequence[Features]) -> Features:
        """The network's input for a batch: padded with zeros, as they stand once levels are set."""
        (padding,) = self._levelled(np.zeros(1, np.float32))
        shape = (len(batch), self._extractor.max_length, self._extractor.num_mel_bins)
        inputs = np.full(shape, padding, np.float32)
        for row, piece in zip(inputs, batch, strict=True):
            values = piece["input_values"]
            row[: len(values)] = values
        return {"input_values": inputs}


def _conditioned(frames: Frames) -> Frames:
    """Without their mean, and high frequencies emphasised."""
    centred: Frames = frames - frames.mean(axis=1, keepdims=True)
    emphasised: Frames = np.empty_like(centred)
    emphasised[:, 1:] = centred[:, 1:] - _PRE_EMPHASIS * centred[:, :-1]
    emphasised[:, 0] = centred[:, 0] * (1 - _PRE_EMPHASIS)
    return emphasised
