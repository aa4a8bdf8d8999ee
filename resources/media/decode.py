"""Decode one media file into a clip."""

from pathlib import Path

import av
import av.container
import av.error
from av.audio.stream import AudioStream

from resources.errors import ClipError
from resources.media.container import open_media, picture_stream, sound_stream
from resources.media.files import doubts, shown
from resources.media.pictures import read_key_frames
from resources.media.sound import Sound, read_sound, sound_origin_s, stated_duration_s
from resources.media.types import DecodedClip, KeyFrame, MediaSettings
from resources.media.window import Window, find_window


def decode_clip(
    path: Path, settings: MediaSettings | None = None, *, start_s: float | None = None, end_s: float | None = None
) -> DecodedClip:
    """Decode the sound and the key frames of a file, or of the segment ``[start_s, end_s)`` of it.

    The segment is cut out to the sample when it lies within the file (to the millisecond that Matroska counts in). A
    file about as long as a segment that lies outside it was cut before and is taken whole. A picture that cannot be
    decoded costs the key frames and leaves a note; sound that cannot be decoded costs the clip.

    Args:
        path: A file of any of the formats in `container.FORMATS`, whatever its name.
        settings: Limits and choices; the defaults when None.
        start_s: From the start of the file.
        end_s: The same; None for the end of the file.

    Returns:
        The clip, with at least `MediaSettings.min_duration_s` of finite sound.

    Raises:
        ClipError: With reason missing, unreadable, empty_file, unknown_format, corrupt, truncated, no_audio,
            no_samples, not_finite, beyond_full_scale, too_short, too_long, too_large or segment_outside.
    """
    settings = settings or MediaSettings()
    try:
        with open_media(path) as container:
            stream = sound_stream(container, path)
            window = find_window(path, stated_duration_s(container), start_s, end_s, settings)
            sound = read_sound(container, stream, path, window, settings)
            if doubt := doubts(path, container.format.name):
                sound.notes.append(doubt)
            return _clip(container, stream, sound, window, settings)
    except MemoryError as error:
        message = f"{shown(path)} needs more memory than a decoder is given."
        raise ClipError("too_large", message, permanent=False) from error
    except av.error.FFmpegError as error:
        raise ClipError("corrupt", f"{shown(path)} cannot be decoded: {error.strerror}.") from error


def _clip(
    container: av.container.InputContainer, stream: AudioStream, sound: Sound, window: Window, settings: MediaSettings
) -> DecodedClip:
    picture = picture_stream(container)
    frames: tuple[KeyFrame, ...] = ()
    notes = list(sound.notes)
    if picture is not None:
        if picture.width * picture.height > settings.max_frame_pixels:
            notes.append(f"The picture of {picture.width}x{picture.height} is above the limit and was not decoded.")
        else:
            end_s = window.start_s + sound.audio.shape[1] / sound.sample_rate_hz
            try:
                origin_s = sound_origin_s(stream)
                frames = read_key_frames(
                    container, picture, settings, origin_s=origin_s, start_s=window.start_s, end_s=end_s
                )
            except av.error.FFmpegError as error:
                notes.append(f"The picture cannot be decoded: {error.strerror}.")
            if not frames and settings.key_frames and len(notes) == len(sound.notes):
                notes.append("The picture holds no frame in this clip.")
    return DecodedClip(
        audio=sound.audio,
        sample_rate_hz=sound.sample_rate_hz,
        source_sample_rate_hz=sound.source_sample_rate_hz,
        channels=sound.channels,
        container=container.format.name,
        audio_codec=stream.codec_context.name,
        has_video=picture is not None,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        video_codec=picture.codec_context.name if picture else None,
        key_frames=frames,
        notes=tuple(notes),
    )
