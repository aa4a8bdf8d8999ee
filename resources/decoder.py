"""The decoder of media files, as a model of its stage: settings from the profile, workers kept from batch to batch."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import soundfile
from pydantic import Field

from resources.adapter import Adapter, Json
from resources.errors import ClipError, ModelUnavailable
from resources.media import MediaSettings
from resources.media.pool import DecodeRequest, DecoderPool, PreparedClip


class MediaDecoder(Adapter):
    """PyAV in worker processes."""

    libraries: ClassVar[tuple[str, ...]] = ("av", "soundfile", "soxr")

    media: MediaSettings = Field(MediaSettings(), description="Limits and choices of decoding")

    @property
    def model_name(self) -> str:
        """The library behind it."""
        return "pyav"

    @property
    def library_versions(self) -> tuple[str, ...]:
        """With FFmpeg's, which PyAV may be built against in any version."""
        return (*super().library_versions, f"ffmpeg {av.ffmpeg_version_info}")

    @property
    def identity(self) -> dict[str, Json]:
        """What decides the sound and the key frames that a file decodes to."""
        return {"adapter": type(self).__name__, "version": self.version, "media": self.media.identity}

    @cached_property
    def _pool(self) -> DecoderPool:
        return DecoderPool(self.media)

    def load(self) -> None:
        """Do nothing: workers start with the first clip."""

    def decode(self, requests: Sequence[DecodeRequest]) -> Iterator[PreparedClip | ClipError]:
        """Decode clips in parallel; one result per request, in order."""
        return self._pool.decode_many(requests)

    def probe(self) -> None:
        """Decode half a second of a tone.

        Raises:
            ModelUnavailable: Not even that can be decoded.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "probe.wav"
            tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16_000)
            soundfile.write(path, tone, 16_000)
            (result,) = self.decode([DecodeRequest(path)])
        if isinstance(result, ClipError):
            raise ModelUnavailable(f"The decoder cannot decode a plain tone: {result}")

    def close(self) -> None:
        """End the workers."""
        pool = self.__dict__.pop("_pool", None)
        if pool is not None:
            pool.close()
