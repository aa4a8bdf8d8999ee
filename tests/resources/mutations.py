"""Small media files of every container, and seeded damage to them: what disks, networks and other software do."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tests.resources.synthetic_media import chirp, write_media, write_pcm

BASE_S = 1.5

_EXACT = {"fflags": "+bitexact"}
"""Else Ogg and Matroska hold random numbers."""

Rng = np.random.Generator
Mutation = Callable[["Base", Rng, Sequence["Base"]], bytes]


@dataclass(frozen=True)
class Base:
    """A file that is as it should be."""

    name: str
    data: bytes

    @property
    def suffix(self) -> str:
        return self.name.partition(".")[2]


@dataclass(frozen=True)
class Mutant:
    """A damaged file: the name says which damage to which base."""

    name: str
    kind: str
    base: Base
    data: bytes


def bases(folder: Path) -> list[Base]:
    """Write a file of every container with the codecs that are common in it."""
    mono, stereo = chirp(BASE_S, 16_000), chirp(BASE_S, 48_000, 2)
    paths = [write_pcm(folder / "pcm.wav", mono, 16_000), write_pcm(folder / "float.wav", mono, 16_000, "FLOAT")]
    paths += [_copied(write_pcm(folder / "random.ogg", stereo, 48_000), folder / "a.ogg")]
    for name, codec, video_codec in [
        ("a.flac", "flac", None),
        ("a.mp3", "libmp3lame", None),
        ("a.opus", "libopus", None),
        ("a.m4a", "aac", None),
        ("a.mp4", "aac", "libx264"),
        ("a.mkv", "aac", "libx264"),
        ("a.webm", "libopus", "libvpx"),
    ]:
        paths.append(
            write_media(
                folder / name,
                audio=stereo,
                layout="stereo",
                codec=codec,
                video_s=BASE_S if video_codec else 0.0,
                video_codec=video_codec or "",
                options=_EXACT,
            )
        )
    return [Base(path.name, path.read_bytes()) for path in paths]


def _copied(source: Path, path: Path) -> Path:
    with av.open(str(source)) as old, av.open(str(path), "w", options=_EXACT) as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return path


def mutants(originals: Sequence[Base], count: int, seed: int) -> list[Mutant]:
    """Damage files in every way in turn; the same seed gives the same bytes of the same bases."""
    made = []
    for index in range(count):
        kind = list(KINDS)[index % len(KINDS)]
        base = originals[index // len(KINDS) % len(originals)]
        rng = np.random.default_rng([seed, index])
        data = KINDS[kind](base, rng, originals)
        suffix = base.suffix
        if kind == "renamed":
            suffix = str(rng.choice(sorted({other.suffix for other in originals} - {suffix})))
        made.append(Mutant(f"{index:04d}_{kind}_{Path(base.name).stem}_{base.suffix}.{suffix}", kind, base, data))
    return made


def _flip(data: bytes, rng: Rng, count: int, end: int) -> bytes:
    changed = bytearray(data)
    for place in rng.integers(0, min(end, len(data)), count):
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _bit_flips(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    return _flip(base.data, rng, int(2 ** rng.integers(0, 9)), len(base.data))


def _bit_flips_in_head(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    return _flip(base.data, rng, int(2 ** rng.integers(0, 5)), 400)


def _truncated(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    return base.data[: int(rng.integers(1, len(base.data)))]


def _spliced(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    """The head of one file before the rest of another."""
    head = others[int(rng.integers(len(others)))].data
    length = int(rng.integers(4, 600))
    return head[:length] + base.data[int(rng.choice([0, length])) :]


def _renamed(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    """The name is another; a byte behind the end keeps copies of one base apart."""
    return base.data + rng.bytes(4)


def _zero_run(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    start, length = int(rng.integers(len(base.data))), int(2 ** rng.integers(2, 13))
    return base.data[:start] + bytes(len(base.data[start : start + length])) + base.data[start + length :]


def _duplicated(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    start, length = int(rng.integers(len(base.data))), int(2 ** rng.integers(2, 14))
    chunk = base.data[start : start + length]
    return base.data[:start] + chunk * int(rng.integers(2, 5)) + base.data[start + length :]


def _cut_out(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    start, length = int(rng.integers(len(base.data))), int(2 ** rng.integers(0, 13))
    return base.data[:start] + base.data[start + length :]


def _absurd_header(base: Base, rng: Rng, others: Sequence[Base]) -> bytes:
    """One to three fields of the header hold what no file of this world does."""
    data = bytearray(base.data)
    present = [field for field in FIELDS if field[0] in base.data]
    for _ in range(int(rng.integers(1, 4))):
        marker, offset, form = present[int(rng.integers(len(present)))]
        places = [place for place in _places(base.data, marker) if 0 <= place + offset <= len(data) - 8]
        if places:
            place = places[int(rng.integers(len(places)))] + offset
            struct.pack_into(form, data, place, _absurd_value(form, rng))
    return bytes(data)


def _places(data: bytes, marker: bytes) -> list[int]:
    found = [data.find(marker)]
    while found[-1] >= 0 and len(found) < 20:
        found.append(data.find(marker, found[-1] + 1))
    return [place for place in found if place >= 0]


def _absurd_value(form: str, rng: Rng) -> int | float:
    if form[-1] == "d":
        return float(rng.choice([np.nan, np.inf, -1.0, 0.0, 1e300, 1e-300, 7.0, 1e9]))
    largest = 256 ** struct.calcsize(form) - 1
    values: list[int] = [0, 1, 2, 3, largest, largest - 1, largest // 2, largest // 2 + 1]
    return values[int(rng.integers(len(values)))]


FIELDS: list[tuple[bytes, int, str]] = [
    *[(b"fmt ", offset, "<I") for offset in (4, 12, 16)],  # its size, rate, bytes a second
    *[(b"fmt ", offset, "<H") for offset in (8, 10, 20, 22)],  # format, channels, block, bits
    *[(marker, 4, "<I") for marker in (b"RIFF", b"data")],
    *[(b"fLaC", offset, ">H") for offset in (6, 8, 10)],  # size of the block, least and most samples of a frame
    *[(b"fLaC", 18, ">Q"), (b"fLaC", 18, ">I"), (b"fLaC", 4, "B")],  # rate, channels, bits, samples in all
    *[(b"OggS", 6, "<Q"), (b"OggS", 14, "<I"), (b"OggS", 18, "<I"), (b"OggS", 26, "B")],
    *[(b"\x01vorbis", 11, "B"), (b"\x01vorbis", 12, "<I"), (b"\x01vorbis", 28, "B")],
    *[(b"OpusHead", 9, "B"), (b"OpusHead", 10, "<H"), (b"OpusHead", 12, "<I"), (b"OpusHead", 16, "<H")],
    *[(b"OpusHead", 18, "B"), (b"ID3", 6, ">I"), (b"Xing", 8, ">I"), (b"Info", 8, ">I"), (b"\xff\xfb", 2, "B")],
    *[(box, -4, ">I") for box in (b"moov", b"mdat", b"trak", b"mdia", b"stbl", b"stsd", b"esds", b"elst", b"mp4a")],
    *[(box, offset, ">I") for box in (b"mvhd", b"mdhd") for offset in (16, 20)],  # time scale, duration
    *[(b"tkhd", offset, ">I") for offset in (16, 24, 80, 84)],  # id, duration, width, height
    *[(b"mp4a", 20, ">H"), (b"mp4a", 22, ">H"), (b"mp4a", 28, ">I"), (b"avc1", 28, ">H"), (b"avc1", 30, ">H")],
    *[(box, offset, ">I") for box in (b"stts", b"stsz", b"stsc", b"stco", b"elst") for offset in (8, 12, 16)],
    *[(b"\x44\x89\x88", 3, ">d"), (b"\xb5\x88", 2, ">d"), (b"\x2a\xd7\xb1\x83", 3, ">I")],  # duration, rate, tick
    *[(b"\x9f\x81", 2, "B"), (b"\xb0\x81", 1, ">I"), (b"\xba\x81", 1, ">I"), (b"\x56\xaa", 2, ">I")],
    *[(b"\x18\x53\x80\x67", 4, ">Q"), (b"\x1f\x43\xb6\x75", 4, ">Q"), (b"\x16\x54\xae\x6b", 4, ">Q")],
]
"""Marker, distance of a field from its start, and the field's form: sizes, rates, channels, times, dimensions."""

KINDS: dict[str, Mutation] = {
    "bit_flips": _bit_flips,
    "bit_flips_in_head": _bit_flips_in_head,
    "truncated": _truncated,
    "spliced": _spliced,
    "renamed": _renamed,
    "absurd_header": _absurd_header,
    "zero_run": _zero_run,
    "duplicated": _duplicated,
    "cut_out": _cut_out,
    "more_absurd_headers": _absurd_header,
}
