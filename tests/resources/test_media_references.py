"""Files that name other files: a movie whose sound lies elsewhere must not bring that into the lake."""

import struct
from pathlib import Path

import av
import numpy as np

from tests.resources.synthetic_media import chirp, reason_of, write_media


def _with_reference(movie: bytes, target: Path) -> bytes:
    """Point the sound of a QuickTime movie to another file, by its full path in an alias record."""
    start = movie.find(b"dref") - 4
    (size,) = struct.unpack(">I", movie[start : start + 4])
    path = bytes(target)
    alias = bytes(10) + b"\x03" + b"vol".ljust(27, b"\0") + bytes(12) + b"\x05" + b"other".ljust(63, b"\0") + bytes(16)
    alias += struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">hH", 2, len(path)) + path + bytes(len(path) % 2) + struct.pack(">hH", -1, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    reference = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    changed = bytearray(movie[:start] + reference + movie[start + size :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = movie.rfind(box, 0, start) - 4
        (length,) = struct.unpack(">I", movie[place : place + 4])
        changed[place : place + 4] = struct.pack(">I", length + len(reference) - size)
    return bytes(changed)


def test_sound_in_another_file_is_not_fetched(tmp_path: Path) -> None:
    secret = write_media(tmp_path / "secret.mov", audio=chirp(1, 48_000), codec="pcm_s16le")
    own = write_media(tmp_path / "own.mov", audio=np.zeros((1, 48_000), np.float32), codec="pcm_s16le")
    movie = tmp_path / "movie.mov"
    movie.write_bytes(_with_reference(own.read_bytes(), secret))
    # FFmpeg would follow it when asked to: the file is as it should be.
    with av.open(str(movie), options={"enable_drefs": "1", "use_absolute_path": "1"}) as container:
        samples = [frame.to_ndarray() for frame in container.decode(container.streams.audio[0])]
    assert np.abs(np.concatenate(samples, axis=1)).max() > 1000
    assert reason_of(movie) == "no_samples"
