"""What decoding takes and gives: settings, and the clip that comes out."""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from resources.adapter import Json, runtime

_JPEG_QUALITY = 85


class MediaSettings(BaseModel):
    """Limits and choices of decoding.

    A file that breaks a limit on sound fails with a reason; one that breaks a limit on the picture keeps its sound and
    gets a note.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: ClassVar[str] = "2"
    """Raise when the code gives other sound or other key frames for the same bytes."""

    min_duration_s: float = Field(0.1, ge=0, description="Shorter clips fail as too_short: no model hears anything")
    max_duration_s: PositiveFloat = Field(600.0, description="Longer clips fail as too_long; give segments instead")
    max_sample_rate_hz: PositiveInt = Field(48_000, description="Higher rates are resampled down to this one")
    max_frame_pixels: PositiveInt = Field(4096 * 2304, description="Larger pictures are not decoded")
    key_frames: int = Field(4, ge=0, le=64, description="Pictures taken per clip; 0 for none")
    key_frame_side_px: PositiveInt = Field(512, description="Longer side of a key frame; larger ones are scaled down")
    timeout_s: PositiveFloat = runtime(60.0, "Seconds after which the decoder of one clip is given up")
    worker_memory_mb: PositiveInt = runtime(4096, "Address space of one decoding process, in MiB")
    workers: int | None = runtime(None, "Decoding processes; one per core when not set")

    @property
    def identity(self) -> dict[str, Json]:
        """All that decides what a file decodes to."""
        kept: dict[str, Json] = {"decoder": self.version}
        for name, field in type(self).model_fields.items():
            extra: Any = field.json_schema_extra
            if not (isinstance(extra, dict) and extra.get("runtime")):
                kept[name] = getattr(self, name)
        return kept


@dataclass(frozen=True)
class KeyFrame:
    """One picture of a clip.

    Attributes:
        time_s: From the start of the clip.
        jpeg: The picture, upright, its longer side at most `MediaSettings.key_frame_side_px`.
    """

    time_s: float
    jpeg: bytes

    @classmethod
    def of(cls, picture: Image.Image, time_s: float) -> Self:
        """Store a picture."""
        buffer = io.BytesIO()
        picture.save(buffer, format="JPEG", quality=_JPEG_QUALITY)
        return cls(time_s, buffer.getvalue())

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture as ``(height, width, 3) uint8`` RGB.

        Raises:
            OSError: It is damaged.
        """
        return np.asarray(Image.open(io.BytesIO(self.jpeg)).convert("RGB"))


@dataclass(frozen=True)
class DecodedClip:
    """The sound and the key frames of one clip.

    Attributes:
        audio: ``(channels, samples) float32``, one or two channels, in [-1, 1] up to decoder overshoot; all finite.
        sample_rate_hz: Of `audio`: that of the source, at most `MediaSettings.max_sample_rate_hz`.
        source_sample_rate_hz: Of the file.
        channels: Channels of the file, before any downmix to stereo.
        container: FFmpeg's name of the format, e.g. ``"mov,mp4,m4a,3gp,3g2,mj2"``.
        audio_codec: FFmpeg's name, e.g. ``"aac"``.
        has_video: True when there is a moving picture (cover art is none), even one that could not be decoded.
        width: Of the picture as stored, in pixels; None without video.
        key_frames: In order of time; at most `MediaSettings.key_frames`, possibly none.
        notes: What is not as it should be though the sound is usable, each a sentence.
    """

    audio: NDArray[np.float32]
    sample_rate_hz: int
    source_sample_rate_hz: int
    channels: int
    container: str
    audio_codec: str
    has_video: bool
    width: int | None
    height: int | None
    video_codec: str | None
    key_frames: tuple[KeyFrame, ...]
    notes: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Length of the sound."""
        return float(self.audio.shape[1] / self.sample_rate_hz)
