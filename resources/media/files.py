"""A file before FFmpeg reads it: whether it can be read, and what its header says that FFmpeg does not pass on."""

import os
import stat
import struct
from pathlib import Path
from typing import NamedTuple

from resources.errors import ClipError

_RIFF_UNKNOWN = 0x7FFF_0000
_PCM_TAGS = {1, 3}  # integers and floats
_MOST_CHUNKS = 16
_FRAME_COUNTS = (b"Xing", b"Info", b"VBRI")
_OGG_HEADER = 27
_OGG_LAST_PAGE = 4
_OGG_LONGEST_PAGE = 65_307


def shown(path: Path) -> str:
    """Quote a file's name for a message, line breaks and the like escaped."""
    return repr(os.fsencode(path.name).decode(errors="backslashreplace"))


def check_file(path: Path) -> bytes:
    """Refuse what is not a readable, non-empty, regular file, and give the first 12 bytes of what is.

    Raises:
        ClipError: missing, unreadable or empty_file.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ClipError("unreadable", f"{shown(path)} is not a regular file.")
        with path.open("rb") as file:
            head = file.read(12)
    except FileNotFoundError as error:
        raise ClipError("missing", f"{shown(path)} is not there any more.", permanent=False) from error
    except OSError as error:
        raise ClipError("unreadable", f"{shown(path)} cannot be read: {error.strerror}.", permanent=False) from error
    if status.st_size == 0:
        raise ClipError("empty_file", f"{shown(path)} has zero bytes.")
    return head


def check_riff(path: Path, head: bytes) -> None:
    """Refuse a WAV or AVI that was cut off, or a WAV that contradicts itself: FFmpeg plays what it can of them.

    Raises:
        ClipError: truncated or corrupt.
    """
    stated, size = int.from_bytes(head[4:8], "little") + 8, path.stat().st_size
    # Writers that cannot go back to the header leave the largest number there, or nearly.
    if head.startswith(b"RIFF") and size < 0.95 * stated and stated < _RIFF_UNKNOWN:
        raise ClipError("truncated", f"{shown(path)} is cut off: it states {stated} bytes, but holds {size}.")
    form = _wav_format(path, head)
    if form is not None and form.block != form.channels * ((form.bits + 7) // 8):
        what = f"{form.channels} channels of {form.bits} bits are not {form.block} bytes"
        raise ClipError("corrupt", f"The header of {shown(path)} contradicts itself: {what}.")


def doubts(path: Path, form: str) -> str | None:
    """Tell what a header of FFmpeg's `form` says that does not cost the clip, as a sentence."""
    if form == "wav":
        wav = _wav_format(path, check_file(path))
        if wav is not None and wav.bytes_a_second != wav.rate * wav.block:
            what = f"{wav.rate} Hz with {wav.block} bytes each are not {wav.bytes_a_second} bytes a second"
            return f"The header contradicts itself: {what}."
    if form == "ogg" and not _ogg_ends(path):
        return "No end is marked: the file may be cut off."
    return None


def counts_frames(path: Path) -> bool:
    """Tell whether an MP3 states its length, or FFmpeg guesses it from its first frame."""
    with path.open("rb") as file:
        tag = file.read(10)
        if tag.startswith(b"ID3"):
            size = 0
            for byte in tag[6:10]:
                size = size << 7 | byte & 127
            file.seek(10 + size)
        else:
            file.seek(0)
        frame = file.read(400)
    return any(mark in frame for mark in _FRAME_COUNTS)


def _ogg_ends(path: Path) -> bool:
    """Tell whether the last page says that it is the last: what is cut off between pages plays without a fault."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2 * _OGG_LONGEST_PAGE))
        tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < _OGG_HEADER or not page[5] & _OGG_LAST_PAGE:
        return False
    lengths = page[_OGG_HEADER : _OGG_HEADER + page[26]]
    return len(page) >= _OGG_HEADER + page[26] + sum(lengths)


class _WavFormat(NamedTuple):
    tag: int
    channels: int
    rate: int
    bytes_a_second: int
    block: int
    bits: int


def _wav_format(path: Path, head: bytes) -> _WavFormat | None:
    """The format chunk of a WAV of plain samples; None for anything else."""
    if head[8:12] != b"WAVE":
        return None
    with path.open("rb") as file:
        file.seek(len(head))
        for _ in range(_MOST_CHUNKS):
            kind, size = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
            if kind == b"fmt ":
                found = _WavFormat(*struct.unpack("<HHIIHH", file.read(16).ljust(16, b"\0")))
                return found if found.tag in _PCM_TAGS else None
            file.seek(size + size % 2, os.SEEK_CUR)
    return None
