"""Small media files, written for tests with PyAV and soundfile, and what decoding says of broken ones."""

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
import soundfile
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from resources.errors import ClipError
from resources.media import MediaSettings, decode_clip

FloatArray = NDArray[np.float32]


def chirp(seconds: float, rate: int, channels: int = 1) -> FloatArray:
    """A rising tone, ``(channels, samples)``, never twice the same; each channel is louder than the one before."""
    t = np.arange(round(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * (200 * t + 40 * t**2))
    levels = np.linspace(0.2, 0.4, channels)[:, None]
    return (levels * tone).astype(np.float32)


def write_pcm(path: Path, audio: FloatArray, rate: int, subtype: str | None = None) -> Path:
    """Write with libsndfile: wav, flac, ogg (Vorbis), mp3, aiff, au, caf, w64."""
    soundfile.write(path, audio.T, rate, subtype=subtype)
    return path


def write_media(
    path: Path,
    *,
    audio: FloatArray | None = None,
    rate: int = 48_000,
    layout: str = "mono",
    codec: str = "aac",
    video_s: float = 0.0,
    video_codec: str = "libx264",
    size: tuple[int, int] = (64, 48),
    gop: int = 25,
    options: dict[str, str] | None = None,
) -> Path:
    """Write with FFmpeg. The video's frames brighten with time: frame ``i`` of 25 a second has the grey ``2 i``."""
    with av.open(str(path), "w", options=options or {}) as container:
        # All streams must be there before the first packet is written.
        picture = cast(VideoStream, container.add_stream(video_codec, rate=25)) if video_s else None
        sound = None
        if audio is not None:
            sound = cast(AudioStream, container.add_stream(codec, rate=rate, layout=layout))
            if codec in {"aac", "libopus", "libmp3lame", "wmav2"}:
                sound.bit_rate = 96_000 * len(audio)
        if picture is not None:
            picture.width, picture.height = size
            picture.pix_fmt, picture.gop_size, picture.bit_rate = "yuv420p", gop, 200_000
            _write_pictures(container, picture, round(video_s * 25))
        if sound is not None and audio is not None:
            _write_sound(container, sound, audio, layout)
    return path


def _write_pictures(container: OutputContainer, stream: VideoStream, count: int) -> None:
    for i in range(count):
        grey = np.full((stream.height, stream.width, 3), min(2 * i, 255), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
        frame.pts, frame.time_base = i, Fraction(1, 25)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _write_sound(container: OutputContainer, stream: AudioStream, audio: FloatArray, layout: str) -> None:
    context = stream.codec_context
    frame = av.AudioFrame.from_ndarray(audio.T.reshape(1, -1).copy(), format="flt", layout=layout)
    frame.rate = context.sample_rate
    resampler = av.AudioResampler(
        format=context.format, layout=layout, rate=context.sample_rate, frame_size=context.frame_size or 1024
    )
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(part))
    # The FLAC encoder ends with a packet that holds no sound, which Matroska refuses.
    container.mux([packet for packet in stream.encode(None) if packet.size])


def reason_of(path: Path, settings: MediaSettings | None = None, **bounds: float) -> str:
    """Decode a file that cannot be, and give the reason; the message must name the file."""
    with pytest.raises(ClipError) as caught:
        decode_clip(path, settings, **bounds)
    assert path.name in str(caught.value) or repr(path.name) in str(caught.value)
    return caught.value.reason
