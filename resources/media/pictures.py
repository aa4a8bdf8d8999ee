"""Take key frames from the picture of an open container."""

from collections.abc import Iterator

import av
import av.container
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from resources.media.types import KeyFrame, MediaSettings

_INDEXED = {"mov", "matroska"}
_UNINDEXED_MARGIN_S = 2.0
"""Formats without an index of pictures are searched by guess: begin earlier, so as not to land behind the target."""


def read_key_frames(
    container: av.container.InputContainer,
    stream: VideoStream,
    settings: MediaSettings,
    *,
    origin_s: float,
    start_s: float,
    end_s: float,
) -> tuple[KeyFrame, ...]:
    """Take one picture from each of `MediaSettings.key_frames` equal parts of ``[start_s, end_s)``.

    It is the first that the encoder stored whole in that part (encoders do so at cuts), else the one at its middle.

    The window is in seconds from `origin_s`, the container's time of the first sample of the sound.

    Returns:
        Pictures in order of time, their times from `start_s`; fewer than asked when the picture is shorter.

    Raises:
        av.error.FFmpegError: The picture cannot be decoded.
    """
    if settings.key_frames == 0 or stream.time_base is None:
        return ()
    stream.thread_type = "NONE"  # the pool already uses every core
    stream.codec_context.skip_frame = "NONREF"  # pictures that no other needs are half the work and the poorer half
    stored = _stored_whole(container, stream, origin_s, start_s, end_s)
    targets = _targets(stored, start_s, end_s, settings.key_frames)
    frames = _frames_at(container, stream, origin_s, targets, stored)
    return tuple(_key_frame(frame, time_s - start_s, settings) for time_s, frame in frames)


def _stored_whole(
    container: av.container.InputContainer, stream: VideoStream, origin_s: float, start_s: float, end_s: float
) -> list[float]:
    """Times of the pictures in the window that can be decoded on their own, found without decoding."""
    _seek(container, stream, origin_s + start_s)
    times: list[float] = []
    for packet in container.demux(stream):
        if packet.pts is None or packet.time_base is None:
            continue
        time_s = float(packet.pts * packet.time_base) - origin_s
        if time_s >= end_s:
            break
        if packet.is_keyframe and time_s >= start_s:
            times.append(time_s)
    return sorted(times)


def _targets(stored: list[float], start_s: float, end_s: float, count: int) -> list[float]:
    step = (end_s - start_s) / count
    parts = [(start_s + i * step, start_s + (i + 1) * step) for i in range(count)]
    return [next((time for time in stored if low <= time < high), (low + high) / 2) for low, high in parts]


def _frames_at(
    container: av.container.InputContainer,
    stream: VideoStream,
    origin_s: float,
    targets: list[float],
    stored: list[float],
) -> Iterator[tuple[float, VideoFrame]]:
    """Decode the first frame at or after each target, jumping forward only where a whole picture lies between."""
    half_frame_s = 0.5 / float(stream.average_rate) if stream.average_rate else 0.02
    reached_s = float("-inf")
    frames: Iterator[VideoFrame] = iter(())
    for target_s in targets:
        if reached_s >= target_s:
            continue
        if reached_s == float("-inf") or any(reached_s < time <= target_s for time in stored):
            _seek(container, stream, origin_s + target_s)
            frames = container.decode(stream)
        for frame in frames:
            reached_s = (frame.time or 0.0) - origin_s
            if reached_s >= target_s - half_frame_s:
                yield reached_s, frame
                break


def _seek(container: av.container.InputContainer, stream: VideoStream, time_s: float) -> None:
    assert stream.time_base is not None
    if container.format.name.split(",")[0] not in _INDEXED:
        time_s = max(0.0, time_s - _UNINDEXED_MARGIN_S)
    # Half a tick on top: rounding down must not land before the very picture asked for.
    container.seek(int(time_s / stream.time_base + 0.5), stream=stream, backward=True)


def _key_frame(frame: VideoFrame, time_s: float, settings: MediaSettings) -> KeyFrame:
    scale = min(1.0, settings.key_frame_side_px / max(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    picture: Image.Image = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]
    if frame.rotation % 360:
        picture = picture.rotate(frame.rotation, expand=True)
    return KeyFrame.of(picture, max(0.0, time_s))
