"""Arithmetic on sampled sound: channels, sample rates, levels, and the FLAC that the lake holds.

Sound is ``(channels, samples) float32`` in [-1, 1] unless said otherwise; ``(samples,)`` is mono.
"""

import hashlib
import io
from collections.abc import Sequence

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

PEAK_FLOOR_DB = -120.0
"""What `peak_db` gives for digital silence; below the step of 24-bit sound is nothing to tell apart."""

LOUDNESS_BLOCK_S = 0.4
"""Length of the gating block of ITU-R BS.1770: shorter sound has no integrated loudness."""

_FULL_SCALE = 1 << 23
_SIDE_GAIN = float(np.sqrt(0.5))


def to_mono(audio: FloatArray) -> FloatArray:
    """Average the channels of ``(channels, samples)`` to ``(samples,)``; mono of either shape comes back as it is."""
    if audio.ndim == 1:
        return audio
    mono: FloatArray = audio[0] if len(audio) == 1 else audio.mean(axis=0, dtype=np.float32)
    return mono


def resample(audio: FloatArray, from_hz: int, to_hz: int) -> FloatArray:
    """Resample ``(samples,)`` or ``(channels, samples)`` with soxr (HQ); the same array when the rates are equal."""
    if from_hz == to_hz:
        return audio
    # soxr wants samples first, and is quickest when they lie so in memory.
    resampled = soxr.resample(np.ascontiguousarray(audio.T), from_hz, to_hz)
    return np.ascontiguousarray(resampled.T, dtype=np.float32)


def downmix(audio: FloatArray, channel_names: Sequence[str]) -> FloatArray:
    """Mix surround sound to stereo with the coefficients of ITU-R BS.775.

    Front left and right keep their level, the centre and everything else enter 3 dB lower, low-frequency effects are
    left out. The result may exceed full scale. When no name tells a position, both sides get the mean.

    Args:
        audio: ``(channels, samples) float32``.
        channel_names: FFmpeg's names in channel order, e.g. ``("FL", "FR", "FC", "LFE", "BL", "BR")``.

    Returns:
        ``(2, samples) float32``.
    """
    matrix = np.zeros((2, len(audio)), dtype=np.float32)
    for index, name in enumerate(channel_names):
        if name.startswith(("LFE", "AMBI", "USR", "NONE", "UNSD", "UNK")):
            continue
        gain = 1.0 if name in {"FL", "FR"} else _SIDE_GAIN
        matrix[0, index] = gain if "R" not in name else 0.0
        matrix[1, index] = gain if "L" not in name else 0.0
    if not matrix.any(axis=1).all():
        matrix[:] = 1 / len(audio)
    return matrix @ audio


def peak_db(audio: FloatArray) -> float:
    """Give the sample peak in dB of full scale, at least `PEAK_FLOOR_DB` (digital silence)."""
    peak = float(np.abs(audio).max(initial=0.0))
    return max(PEAK_FLOOR_DB, 20 * float(np.log10(peak))) if peak > 0 else PEAK_FLOOR_DB


def loudness_lufs(audio: FloatArray, sample_rate_hz: int) -> float | None:
    """Give the integrated loudness after ITU-R BS.1770-4.

    Returns:
        LUFS; None when the sound is shorter than `LOUDNESS_BLOCK_S` or wholly below the gate of -70 LUFS.
    """
    if audio.shape[-1] < LOUDNESS_BLOCK_S * sample_rate_hz or not audio.any():
        return None
    # Imported here: it pulls in scipy, which doubles the start of a decoding worker.
    import pyloudnorm  # noqa: PLC0415

    meter = pyloudnorm.Meter(sample_rate_hz, block_size=LOUDNESS_BLOCK_S)
    with np.errstate(divide="ignore", invalid="ignore"):
        loudness = float(meter.integrated_loudness(audio.T.astype(np.float64)))
    return loudness if np.isfinite(loudness) else None


def quantise(audio: FloatArray) -> NDArray[np.int32]:
    """Round to 24-bit integers, clipped at full scale: exactly what the FLAC of the lake holds."""
    scaled = audio * np.float32(_FULL_SCALE)  # exact, as are all integers of 24 bits in float32
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1, out=scaled)
    return scaled.astype(np.int32)


def encode_flac(audio: FloatArray, sample_rate_hz: int) -> bytes:
    """Encode ``(channels, samples)`` as 24-bit FLAC; sound beyond full scale is clipped."""
    buffer = io.BytesIO()
    # libsndfile takes the 24 upper bits of 32-bit integers.
    samples = np.ascontiguousarray(quantise(np.atleast_2d(audio)).T) << 8
    soundfile.write(buffer, samples, sample_rate_hz, format="FLAC", subtype="PCM_24", compression_level=0.4)
    return buffer.getvalue()


def decode_flac(flac: bytes) -> tuple[FloatArray, int]:
    """Decode what `encode_flac` made.

    Returns:
        ``(channels, samples) float32`` and the sample rate in Hz. Encoding the result again gives the same samples.
    """
    samples, sample_rate_hz = soundfile.read(io.BytesIO(flac), dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T), int(sample_rate_hz)


def samples_sha256(audio: FloatArray, sample_rate_hz: int) -> str:
    """Hash the 24-bit samples, their shape and rate: the identity of the sound, whatever encoder stored it."""
    samples = np.atleast_2d(audio)
    digest = hashlib.sha256(f"{sample_rate_hz}:{samples.shape[0]}:{samples.shape[1]}:".encode())
    digest.update(quantise(samples).astype("<i4", copy=False).tobytes())
    return digest.hexdigest()
