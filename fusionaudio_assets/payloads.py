"""Between payload files and arrays: references, decoding, encoding."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusionaudio_assets.stage import PayloadRef, Row
from resources.audio import decode_flac, encode_flac, resample, to_mono

FloatArray = NDArray[np.float32]


def audio_of(clip: Row) -> PayloadRef:
    """The audio of a clip; `clip` is its row of `raw_clips`."""
    return PayloadRef("raw_clips", "audio", clip["audio_file"], clip["audio_sha256"])


def vocals_of(stems: Row) -> PayloadRef:
    """The vocals of a clip; `stems` is its row of `stems`."""
    return PayloadRef("stems", "vocals", stems["vocals_file"], stems["vocals_sha256"])


def stored_audio(clip_id: str, audio: FloatArray, sample_rate_hz: int) -> dict[str, Any]:
    """A payload value: 24-bit FLAC of ``(channels, samples) float32``, and a file name."""
    return {"bytes": encode_flac(audio, sample_rate_hz), "path": f"{clip_id}.flac"}


def loaded_audio(value: dict[str, Any]) -> tuple[FloatArray, int]:
    """``(channels, samples) float32`` and the sample rate in Hz of a payload value."""
    return decode_flac(value["bytes"])


def mono_at(value: dict[str, Any], sample_rate_hz: int) -> FloatArray:
    """``(samples,) float32`` of a payload value, mixed to mono and resampled."""
    audio, stored_hz = loaded_audio(value)
    return resample(to_mono(audio), stored_hz, sample_rate_hz)
