"""Files that cannot be decoded: a reason for each, the file's name in the message, and nothing hangs or is followed."""

import os
import shutil
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from resources.errors import ClipError
from resources.media import MediaSettings, decode_clip
from tests.resources.media import EXAMPLES
from tests.resources.synthetic_media import chirp, reason_of, write_media, write_pcm


def test_missing(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "none.wav") == "missing"


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "folder.wav").mkdir()
    assert reason_of(tmp_path / "folder.wav") == "unreadable"


def test_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert reason_of(tmp_path / "pipe.wav") == "unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    path = write_pcm(tmp_path / "a.wav", chirp(1, 8000), 8000)
    path.chmod(0)
    assert reason_of(path) == "unreadable"


def test_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    assert reason_of(tmp_path / "a.mp3") == "empty_file"


@pytest.mark.parametrize("suffix", ["wav", "mp3", "mp4", "flac", "aac", "ts"])
def test_text(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"notes.{suffix}"
    path.write_text("This is not a sound.\n" * 50)
    assert reason_of(path) in {"unknown_format", "corrupt", "no_audio"}


def test_text_named_wav() -> None:
    assert reason_of(EXAMPLES / "notes.wav") == "unknown_format"


@pytest.mark.parametrize("suffix", ["wav", "mp3", "mp4", "ogg"])
def test_noise(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(np.random.default_rng(1).bytes(20_000))
    assert reason_of(path) in {"unknown_format", "corrupt", "no_samples", "no_audio", "too_short"}


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.wav"])
@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:10,\nfile:{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {}\n"])
def test_playlists_are_not_followed(name: str, text: str, tmp_path: Path) -> None:
    secret = write_pcm(tmp_path / "secret.wav", chirp(1, 8000), 8000)
    (tmp_path / name).write_text(text.format(secret))
    assert reason_of(tmp_path / name) == "unknown_format"


def test_picture(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    assert reason_of(tmp_path / "a.png") == "unknown_format"


def test_truncated_mp4_without_index() -> None:
    assert reason_of(EXAMPLES / "truncated.mp4") == "truncated"


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mkv", "a.mp4"])
def test_truncated(name: str, tmp_path: Path) -> None:
    """Half of the bytes, of an MP4 with its index in front."""
    audio = chirp(4, 48_000) + 0.1 * np.random.default_rng(0).standard_normal((1, 192_000)).astype(np.float32)
    path = tmp_path / name
    if name == "a.mp4":
        write_media(path, audio=audio, options={"movflags": "faststart"})
    elif name == "a.mkv":
        write_media(path, audio=audio, video_s=4)
    else:
        write_pcm(path, audio, 48_000)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert reason_of(path) == "truncated"


def test_damaged_in_the_middle(tmp_path: Path) -> None:
    path = write_pcm(tmp_path / "a.flac", chirp(4, 48_000), 48_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : 3 * len(data) // 4] = b"\xa5" * (len(data) // 2)
    path.write_bytes(data)
    assert reason_of(path) in {"corrupt", "truncated"}


def test_no_samples(tmp_path: Path) -> None:
    assert reason_of(write_pcm(tmp_path / "a.wav", np.zeros((1, 0), np.float32), 8000)) == "no_samples"


def test_video_without_sound(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.mp4", video_s=1)
    with pytest.raises(ClipError, match="video without sound") as caught:
        decode_clip(path)
    assert caught.value.reason == "no_audio"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value: float, tmp_path: Path) -> None:
    audio = chirp(1, 8000, 2)
    audio[1, 17:20] = value
    path = write_pcm(tmp_path / "a.wav", audio, 8000, "FLOAT")
    with pytest.raises(ClipError, match="holds 3 samples") as caught:
        decode_clip(path)
    assert caught.value.reason == "not_finite"


def test_a_twentieth_of_a_second(tmp_path: Path) -> None:
    path = write_pcm(tmp_path / "a.wav", chirp(0.05, 16_000), 16_000)
    assert reason_of(path) == "too_short"
    assert decode_clip(path, MediaSettings(min_duration_s=0)).audio.shape == (1, 800)


def test_three_hours(tmp_path: Path) -> None:
    """A sparse file: it is refused unread, and a segment near its end is found at once."""
    path = write_pcm(tmp_path / "a.wav", chirp(1, 8000), 8000, "PCM_U8")
    size = 8000 * 3 * 3600
    data = bytearray(path.read_bytes()[:44])
    data[4:8], data[40:44] = struct.pack("<I", size + 36), struct.pack("<I", size)
    path.write_bytes(data)
    os.truncate(path, size + 44)
    assert reason_of(path) == "too_long"
    assert decode_clip(path, start_s=10_000, end_s=10_010).duration_s == 10


def test_too_long_is_found_while_decoding(tmp_path: Path) -> None:
    """A header may lie: this one says one second, and the sound goes on."""
    path = write_pcm(tmp_path / "a.au", chirp(10, 8000), 8000)
    data = bytearray(path.read_bytes())
    data[8:12] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert reason_of(path, MediaSettings(max_duration_s=5)) == "too_long"


@pytest.mark.parametrize(
    "name",
    ["a b.wav", 'it\'s "quoted".wav', "two\nlines.wav", "🐒 été.wav", "concat:a|b.wav", "%03d.wav", "-i.wav"],
)
def test_odd_names_are_only_names(name: str, tmp_path: Path) -> None:
    path = write_pcm(tmp_path / "a.wav", chirp(0.5, 8000), 8000)
    assert decode_clip(path.rename(tmp_path / name)).duration_s == 0.5


def test_name_that_is_no_text(tmp_path: Path) -> None:
    path = write_pcm(tmp_path / "a.wav", chirp(0.5, 8000), 8000)
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.wav"))
    shutil.move(path, odd)
    assert decode_clip(odd).duration_s == 0.5


def test_messages_have_one_line(tmp_path: Path) -> None:
    path = tmp_path / "two\nlines.wav"
    path.write_text("no sound")
    with pytest.raises(ClipError) as caught:
        decode_clip(path)
    assert "\n" not in str(caught.value)


def test_integers_stored_as_floats(tmp_path: Path) -> None:
    """As scientific libraries write them: clipped to full scale they would be noise."""
    path = write_pcm(tmp_path / "a.wav", chirp(1, 8000) * 32_768, 8000, "FLOAT")
    assert reason_of(path) == "beyond_full_scale"


def test_loud_floats_are_clipped_with_a_note(tmp_path: Path) -> None:
    clip = decode_clip(write_pcm(tmp_path / "a.wav", chirp(1, 8000) * 50, 8000, "FLOAT"))
    assert clip.notes == ("The sound exceeds full scale by 20 dB and is clipped.",)


@pytest.mark.parametrize("rate", [1, 999, 1_000_001, 0xFFFF_FFFF])
def test_rates_that_are_none_of_sound(rate: int, tmp_path: Path) -> None:
    path = _with_wav_header(tmp_path, 24, struct.pack("<I", rate))
    assert reason_of(path) in {"corrupt", "too_long", "truncated"}


def test_wav_whose_header_contradicts_itself(tmp_path: Path) -> None:
    """Eight bits where blocks hold two bytes would be noise; a rate beside the bytes a second is only doubtful."""
    assert reason_of(_with_wav_header(tmp_path, 34, struct.pack("<H", 8))) == "corrupt"
    clip = decode_clip(_with_wav_header(tmp_path, 24, struct.pack("<I", 7000)))
    assert clip.notes == ("The header contradicts itself: 7000 Hz with 2 bytes each are not 16000 bytes a second.",)


def _with_wav_header(folder: Path, place: int, field: bytes) -> Path:
    path = write_pcm(folder / "a.wav", chirp(1, 8000), 8000)
    data = bytearray(path.read_bytes())
    data[place : place + len(field)] = field
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("suffix", "codec"), [("opus", "libopus"), ("mkv", "aac"), ("mp4", "aac")])
def test_sound_lost_in_the_middle(suffix: str, codec: str, tmp_path: Path) -> None:
    """The clip is not passed off as whole, and what follows the hole stays in its place."""
    whole = write_media(tmp_path / f"whole.{suffix}", audio=chirp(7, 48_000), codec=codec)
    torn = tmp_path / f"torn.{suffix}"
    with av.open(str(whole)) as old, av.open(str(torn), "w") as new:
        stream = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux(audio=0):
            if packet.pts is None or packet.time_base is None:
                continue
            if not 3 <= packet.pts * packet.time_base < 3.3:
                packet.stream = stream
                new.mux(packet)
    (note,) = decode_clip(torn).notes
    assert note == "About 0.3 s of the sound are missing in between."
    after, expected = (decode_clip(path, start_s=3.5, end_s=5).audio[0] for path in (torn, whole))
    assert float(after @ expected) > 0.98 * float(expected @ expected)


def test_mp3_that_was_cut_without_decoding(tmp_path: Path) -> None:
    """It still states its old length: it may have been meant so, hence a note."""
    path = write_media(tmp_path / "a.mp3", audio=chirp(4, 48_000), codec="libmp3lame")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    (note,) = decode_clip(path).notes
    assert note.startswith("The file may be cut off: it states 4.")


def test_ogg_that_ends_between_pages(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.opus", audio=chirp(4, 48_000), codec="libopus")
    data = path.read_bytes()
    path.write_bytes(data[: data.rfind(b"OggS")])
    assert decode_clip(path).notes == ("No end is marked: the file may be cut off.",)
