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

_GATE_LUFS, _OFFSET_LUFS = -70.0, -0.691  # both of ITU-R BS.1770
_PIECE_BLOCKS, _RUN_UP_BLOCKS = 200, 10
"""Twenty seconds, and one, of blocks that begin every tenth of a second."""

_FULL_SCALE = 1 << 23
_BLOCK = 1 << 20
"""Samples that are encoded and hashed at a time, so that long sound is not held several times."""
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
    peak = max(float(audio.max(initial=0.0)), -float(audio.min(initial=0.0)))
    return max(PEAK_FLOOR_DB, 20 * float(np.log10(peak))) if peak > 0 else PEAK_FLOOR_DB


def loudness_lufs(audio: FloatArray, sample_rate_hz: int) -> float | None:
    """Give the integrated loudness after ITU-R BS.1770-4.

    Returns:
        LUFS; None when the sound is shorter than `LOUDNESS_BLOCK_S` or wholly below the gate of -70 LUFS.
    """
    if audio.shape[-1] < LOUDNESS_BLOCK_S * sample_rate_hz or not audio.any():
        return None
    power = _block_power(np.atleast_2d(audio), sample_rate_hz)
    heard = power[power >= 10 ** ((_GATE_LUFS - _OFFSET_LUFS) / 10)]
    kept = heard[heard > 0.1 * heard.mean()] if heard.size else heard
    return _OFFSET_LUFS + 10 * float(np.log10(kept.mean())) if kept.size else None


def _block_power(audio: FloatArray, sample_rate_hz: int) -> NDArray[np.float64]:
    """K-weighted power of each gating block, channels added up.

    Measured piece by piece, each after a run-up in which its filters settle: the meter takes twenty times the memory
    of what it is given.
    """
    # Imported here: it pulls in scipy, which doubles the start of a decoding worker.
    import pyloudnorm  # noqa: PLC0415

    meter = pyloudnorm.Meter(sample_rate_hz, block_size=LOUDNESS_BLOCK_S)
    step = LOUDNESS_BLOCK_S / 4 * sample_rate_hz
    loudness: list[float] = []
    while True:
        run_up = min(len(loudness), _RUN_UP_BLOCKS)
        first = len(loudness) - run_up
        end = int((len(loudness) + _PIECE_BLOCKS + 3) * step)
        with np.errstate(divide="ignore", invalid="ignore"):
            meter.integrated_loudness(audio[:, int(first * step) : end].T.astype(np.float64))
        loudness += meter.blockwise_loudness[run_up : run_up + _PIECE_BLOCKS]
        if end >= audio.shape[1]:
            return 10 ** ((np.array(loudness) - _OFFSET_LUFS) / 10)


def quantise(audio: FloatArray) -> NDArray[np.int32]:
    """Round to 24-bit integers, clipped at full scale: exactly what the FLAC of the lake holds."""
    scaled = audio * np.float32(_FULL_SCALE)  # exact, as are all integers of 24 bits in float32
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1, out=scaled)
    return scaled.astype(np.int32)


def encode_flac(audio: FloatArray, sample_rate_hz: int) -> bytes:
    """Encode ``(channels, samples)`` as 24-bit FLAC; sound beyond full scale is clipped."""
    samples = np.atleast_2d(audio)
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", sample_rate_hz, len(samples), format="FLAC", subtype="PCM_24", compression_level=0.4
    ) as file:
        for start in range(0, samples.shape[1], _BLOCK):
            block = quantise(samples[:, start : start + _BLOCK])
            file.write(np.ascontiguousarray(block.T) << 8)  # libsndfile takes the 24 upper bits of 32-bit integers
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
    for channel in samples:
        for start in range(0, channel.size, _BLOCK):
            digest.update(quantise(channel[start : start + _BLOCK]).astype("<i4", copy=False).data)
    return digest.hexdigest()
