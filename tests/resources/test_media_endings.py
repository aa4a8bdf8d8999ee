"""Endings that are taken from a folder: what bears them decodes."""

import struct
from pathlib import Path

import numpy as np
import pytest

from fusionaudio_assets.ingest import MEDIA_SUFFIXES
from resources.media import decode_clip
from tests.resources.synthetic_media import chirp, write_media

LENGTH_S = 1.0

# What FFmpeg's encoders make: ending, name under which it is written, codecs of sound and picture.
WRITTEN = [
    (".3g2", "a.3g2", "aac", "libx264"),
    (".3gp", "a.3gp", "aac", "libx264"),
    (".aac", "a.aac", "aac", ""),
    (".ac3", "a.ac3", "ac3", ""),
    (".aif", "a.aif", "pcm_s16be", ""),
    (".aifc", "a.aifc", "pcm_alaw", ""),
    (".aiff", "a.aiff", "pcm_s24be", ""),
    (".amr", "a.amr", "libopencore_amrnb", ""),
    (".asf", "a.asf", "wmav2", "wmv2"),
    (".au", "a.au", "pcm_s16be", ""),
    (".avi", "a.avi", "libmp3lame", "mpeg4"),
    (".caf", "a.caf", "alac", ""),
    (".eac3", "a.eac3", "eac3", ""),
    (".f4v", "a.f4v", "aac", "libx264"),
    (".flac", "a.flac", "flac", ""),
    (".flv", "a.flv", "aac", "flv"),
    (".m2ts", "a.m2ts", "ac3", "libx264"),
    (".m4a", "a.m4a", "alac", ""),
    (".m4b", "a.m4a", "aac", ""),
    (".m4v", "a.mp4", "aac", "libx264"),
    (".mka", "a.mka", "libopus", ""),
    (".mkv", "a.mkv", "aac", "libx264"),
    (".mov", "a.mov", "aac", "libx264"),
    (".mp2", "a.mp2", "mp2", ""),
    (".mp3", "a.mp3", "libmp3lame", ""),
    (".mp4", "a.mp4", "aac", "libx264"),
    (".mpeg", "a.mpeg", "mp2", "mpeg1video"),
    (".mpg", "a.mpg", "mp2", "mpeg2video"),
    (".mts", "a.mts", "ac3", "libx264"),
    (".oga", "a.oga", "flac", ""),
    (".ogg", "a.ogg", "libopus", ""),
    (".ogv", "a.ogv", "libopus", ""),
    (".opus", "a.opus", "libopus", ""),
    (".snd", "a.au", "pcm_mulaw", ""),
    (".spx", "a.ogg", "libopus", ""),
    (".ts", "a.ts", "aac", "libx264"),
    (".tta", "a.tta", "tta", ""),
    (".vob", "a.vob", "ac3", "mpeg2video"),
    (".w64", "a.w64", "pcm_s16le", ""),
    (".wav", "a.wav", "pcm_s16le", ""),
    (".wave", "a.wav", "pcm_f32le", ""),
    (".weba", "a.webm", "libopus", ""),
    (".webm", "a.webm", "libopus", "libvpx"),
    (".wma", "a.wma", "wmav2", ""),
    (".wmv", "a.wmv", "wmav2", "wmv2"),
    (".wv", "a.wv", "wavpack", ""),
]
BY_HAND = [".ape", ".awb"]


def test_each_is_tested() -> None:
    assert sorted([*(ending for ending, *_ in WRITTEN), *BY_HAND]) == sorted(MEDIA_SUFFIXES)


def test_the_docs_name_each() -> None:
    page = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text()
    assert {ending for ending in MEDIA_SUFFIXES if f"`{ending}`" not in page} == set()


@pytest.mark.parametrize(("ending", "name", "codec", "video_codec"), WRITTEN)
def test_what_bears_it_decodes(ending: str, name: str, codec: str, video_codec: str, tmp_path: Path) -> None:
    rate = 8000 if ending == ".amr" else 48_000
    video_s = LENGTH_S if video_codec else 0.0
    written = write_media(
        tmp_path / name, audio=chirp(LENGTH_S, rate), rate=rate, codec=codec, video_s=video_s, video_codec=video_codec
    )
    clip = decode_clip(written.rename(written.with_name(f"clip{ending}")))
    assert clip.duration_s == pytest.approx(LENGTH_S, abs=0.05)
    assert (clip.sample_rate_hz, clip.channels, clip.has_video, clip.notes) == (rate, 1, bool(video_codec), ())
    assert np.abs(clip.audio).max() == pytest.approx(0.2, abs=0.15)


def test_monkeys_audio(tmp_path: Path) -> None:
    """There is no encoder in FFmpeg; a frame marked as silent has no samples to encode."""
    rate, frame_samples, num_frames, last_samples = 44_100, 73_728, 3, 20_000
    frame = struct.pack("<4I", 1 << 31, 3, 0, 0)
    start = 52 + 24 + 4 * num_frames
    descriptor = struct.pack("<4s2H7I", b"MAC ", 3990, 0, 52, 24, 4 * num_frames, 0, len(frame) * num_frames, 0, 0)
    header = struct.pack("<2H3I2HI", 1000, 32, frame_samples, last_samples, num_frames, 16, 2, rate)
    offsets = struct.pack(f"<{num_frames}I", *(start + number * len(frame) for number in range(num_frames)))
    path = tmp_path / "clip.ape"
    path.write_bytes(descriptor + bytes(16) + header + offsets + frame * num_frames)
    whole, part = decode_clip(path), decode_clip(path, start_s=2.0, end_s=3.5)
    assert (whole.audio_codec, whole.sample_rate_hz, whole.notes) == ("ape", rate, ())
    assert whole.audio.shape == (2, 2 * frame_samples + last_samples)
    assert part.audio.shape == (2, round(1.5 * rate))


def test_wideband_amr(tmp_path: Path) -> None:
    """There is no encoder in FFmpeg either; to a speech codec any bits are some noise."""
    rng = np.random.default_rng(0)
    frames = [b"\x04" + rng.integers(256, size=17, dtype=np.uint8).tobytes() for _ in range(50)]
    path = tmp_path / "clip.awb"
    path.write_bytes(b"#!AMR-WB\n" + b"".join(frames))
    clip = decode_clip(path)
    assert (clip.audio_codec, clip.sample_rate_hz, clip.duration_s) == ("amrwb", 16_000, 1.0)
    assert np.abs(clip.audio).max() > 0.1
