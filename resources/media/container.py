"""Open media files that nobody has vouched for, and say what is wrong with those that do not open.

FFmpeg reads only the formats named here, only from the file named, never over a network and never a playlist that
points elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.container
import av.error
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from resources.errors import ClipError
from resources.media.files import check_file, check_riff, shown

FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,ogg,tta,w64,"
    "wav,wv"
)
"""Names of the demuxers that may be used; none of them opens a second file or address."""

_SIGNATURES = {b"RIFF": "WAV or AVI", b"fLaC": "FLAC", b"OggS": "Ogg", b"\x1a\x45\xdf\xa3": "Matroska", b"ID3": "MP3"}
_TOP_BOXES = {
    b"ftyp",
    b"moov",
    b"mdat",
    b"free",
    b"skip",
    b"wide",
    b"moof",
    b"styp",
    b"sidx",
    b"uuid",
    b"meta",
    b"pdin",
}


@contextmanager
def open_media(path: Path) -> Iterator[av.container.InputContainer]:
    """Open a file for reading.

    Raises:
        ClipError: The file is missing, unreadable, empty, of an unknown format, truncated or corrupt.
    """
    head = check_file(path)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    if head[:4] in {b"RIFF", b"RF64"}:
        # FFmpeg would search the samples of a WAV for hidden DTS, which takes longer than decoding it.
        options["probesize"] = "2048"
    try:
        # The prefix keeps a name such as "concat:a|b" from being read as anything but a name.
        container = av.open(f"file:{path.absolute()}", container_options=options, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise _diagnose(path, head, error) from error
    with container:
        check_riff(path, head)
        yield container


def sound_stream(container: av.container.InputContainer, path: Path) -> AudioStream:
    """Pick the sound.

    Raises:
        ClipError: no_audio.
    """
    # FFmpeg leaves codec and rate unset for streams it knows nothing about.
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not streams:
        what = "a video without sound" if container.streams.video else "without any sound stream"
        raise ClipError("no_audio", f"{shown(path)} is {what}.")
    best = container.streams.best("audio")
    return best if isinstance(best, AudioStream) and best in streams else streams[0]


def picture_stream(container: av.container.InputContainer) -> VideoStream | None:
    """Pick the moving picture, cover art left aside; None when there is none."""
    cover = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & cover:
            return stream
    return None


def _diagnose(path: Path, head: bytes, error: Exception) -> ClipError:
    """Tell from the first bytes why FFmpeg would not open the file."""
    if head[4:8] in _TOP_BOXES:
        boxes, cut_off = _walk_boxes(path, path.stat().st_size)
        if cut_off or b"moov" not in boxes:
            return ClipError("truncated", f"{shown(path)} is cut off: its index (moov) is missing. Get the file again.")
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            return ClipError("corrupt", f"{shown(path)} begins like {name} but cannot be read: {_said(error)}.")
    if head[4:8] in _TOP_BOXES:
        return ClipError("corrupt", f"{shown(path)} begins like MP4 but cannot be read: {_said(error)}.")
    return ClipError("unknown_format", f"{shown(path)} is not a sound or video file of a known format.")


def _walk_boxes(path: Path, size: int) -> tuple[set[bytes], bool]:
    """List the top boxes of an MP4 file, and tell whether the last one ends beyond the end of the file."""
    boxes: set[bytes] = set()
    position = 0
    with path.open("rb") as file:
        while position + 8 <= size:
            file.seek(position)
            header = file.read(16)
            length, kind = int.from_bytes(header[:4], "big"), header[4:8]
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            if kind not in _TOP_BOXES or (0 < length < 8):
                break
            boxes.add(kind)
            position = position + length if length else size
    return boxes, position > size


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
