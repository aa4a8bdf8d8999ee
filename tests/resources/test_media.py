"""Decoding: every format, layout and rate that is promised, segments and key frames."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from resources.media import MediaSettings, decode_clip
from tests.resources.media import EXAMPLES
from tests.resources.synthetic_media import FloatArray, chirp, reason_of, write_media, write_pcm


def write_format(folder: Path, name: str, audio: FloatArray, rate: int) -> Path:
    """Write a file of the named format, with an encoder that takes it."""
    path = folder / name
    layout = {1: "mono", 2: "stereo"}[len(audio)]
    match path.suffix:
        case ".wav" | ".flac" | ".ogg" | ".aiff" | ".au" | ".w64" | ".caf":
            return write_pcm(path, audio, rate)
        case ".mp3":
            return write_media(path, audio=audio, rate=rate, layout=layout, codec="libmp3lame")
        case ".opus":
            return write_media(path, audio=audio, rate=rate, layout=layout, codec="libopus")
        case ".webm":
            return write_media(
                path, audio=audio, rate=rate, layout=layout, codec="libopus", video_s=1, video_codec="libvpx"
            )
        case ".mp4" | ".mkv" | ".mov" | ".avi" | ".ts":
            codec = "libmp3lame" if path.suffix == ".avi" else "aac"
            return write_media(path, audio=audio, rate=rate, layout=layout, codec=codec, video_s=1)
    return write_media(path, audio=audio, rate=rate, layout=layout)


SOUND_FORMATS = ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.opus", "a.m4a", "a.aac", "a.aiff", "a.au", "a.w64", "a.caf"]
VIDEO_FORMATS = ["a.mp4", "a.mkv", "a.webm", "a.mov", "a.avi", "a.ts"]


@pytest.mark.parametrize("name", SOUND_FORMATS + VIDEO_FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_gives_the_sound_that_went_in(name: str, channels: int, tmp_path: Path) -> None:
    """Lossy codecs pad and delay by their frame size; apart from that the tone must be the tone."""
    audio = chirp(1.2, 48_000, channels)
    clip = decode_clip(write_format(tmp_path, name, audio, 48_000))
    assert clip.audio.dtype == np.float32
    assert (clip.channels, clip.sample_rate_hz, len(clip.audio)) == (channels, 48_000, channels)
    assert clip.duration_s == pytest.approx(1.2, abs=0.06)
    assert clip.notes == ()
    assert clip.has_video == (name in VIDEO_FORMATS)
    length = min(clip.audio.shape[1], audio.shape[1]) - 3000
    scores = [_correlation(clip.audio[0, lag : lag + length], audio[0, :length]) for lag in range(0, 2400, 1)]
    assert max(scores) > 0.99


def _correlation(one: FloatArray, other: FloatArray) -> float:
    length = min(len(one), len(other))
    a, b = one[:length:7], other[:length:7]
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_sample_format_keeps_its_level(subtype: str, tmp_path: Path) -> None:
    audio = chirp(0.5, 16_000, 2)
    clip = decode_clip(write_pcm(tmp_path / "a.wav", audio, 16_000, subtype))
    tolerance = {"PCM_U8": 1e-2, "ULAW": 2e-2, "PCM_16": 5e-5}.get(subtype, 1e-6)
    np.testing.assert_allclose(clip.audio, audio, atol=tolerance)


@pytest.mark.parametrize(
    ("layout", "channels"),
    [("mono", 1), ("stereo", 2), ("2.1", 3), ("3.0", 3), ("quad", 4), ("5.0", 5), ("5.1", 6), ("6.1", 7), ("7.1", 8)],
)
def test_any_layout_becomes_mono_or_stereo(layout: str, channels: int, tmp_path: Path) -> None:
    audio = chirp(0.3, 48_000, channels)
    clip = decode_clip(write_media(tmp_path / "a.flac", audio=audio, layout=layout, codec="flac"))
    assert clip.channels == channels
    assert clip.audio.shape == (min(channels, 2), audio.shape[1])
    assert 0.1 < np.abs(clip.audio).max() <= 1


def test_a_codec_that_keeps_eight_channels_apart(tmp_path: Path) -> None:
    audio = chirp(0.3, 48_000, 8)
    path = tmp_path / "7.1.ogg"
    soundfile.write(path, audio.T, 48_000, format="OGG", subtype="VORBIS")
    clip = decode_clip(path)
    assert (clip.channels, clip.audio.shape) == (8, (2, audio.shape[1]))
    assert _correlation(clip.audio[0], audio[0]) > 0.9


def test_downmix_knows_left_from_right(tmp_path: Path) -> None:
    """FL FR FC LFE SL SR: the side speakers stay on their side, the low-frequency effects are left out."""
    audio = np.zeros((6, 48_000), np.float32)
    tone = chirp(0.1, 48_000)[0]
    for index in range(6):
        audio[index, index * 8000 : index * 8000 + 4800] = tone
    clip = decode_clip(write_media(tmp_path / "a.flac", audio=audio, layout="5.1(side)", codec="flac"))
    parts = [np.abs(clip.audio[:, index * 8000 : index * 8000 + 4800]).max(axis=1) for index in range(6)]
    expected = 0.2 * np.array([[1, 0], [0, 1], [0.7071, 0.7071], [0, 0], [0.7071, 0], [0, 0.7071]])
    np.testing.assert_allclose(parts, expected, atol=2e-3)


def test_downmix_does_not_clip(tmp_path: Path) -> None:
    loud = np.repeat(chirp(0.3, 48_000) * 4.9, 6, axis=0)
    clip = decode_clip(write_media(tmp_path / "a.flac", audio=loud, layout="5.1", codec="flac"))
    assert np.abs(clip.audio).max() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000])
def test_rates_up_to_48_khz_stay(rate: int, tmp_path: Path) -> None:
    audio = chirp(0.5, rate, 2)
    clip = decode_clip(write_pcm(tmp_path / "a.flac", audio, rate))
    assert (clip.sample_rate_hz, clip.source_sample_rate_hz) == (rate, rate)
    np.testing.assert_allclose(clip.audio, audio, atol=5e-5)


@pytest.mark.parametrize("rate", [88_200, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_higher_rates_are_resampled(rate: int, channels: int, tmp_path: Path) -> None:
    clip = decode_clip(write_pcm(tmp_path / "a.wav", chirp(0.5, rate, channels), rate, "FLOAT"))
    assert (clip.sample_rate_hz, clip.source_sample_rate_hz) == (48_000, rate)
    assert clip.audio.shape == (channels, 24_000)
    np.testing.assert_allclose(clip.audio[:, 1000:-1000], chirp(0.5, 48_000, channels)[:, 1000:-1000], atol=1e-3)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus", "a.m4a", "a.mp3", "a.aac", "a.mp4"])
def test_a_segment_is_the_slice(name: str, tmp_path: Path) -> None:
    """Seeking, priming and time bases must not move a segment by a sample."""
    path = write_format(tmp_path, name, chirp(4, 48_000), 48_000)
    whole = decode_clip(path).audio
    segment = decode_clip(path, start_s=2.25, end_s=3.5).audio
    np.testing.assert_allclose(segment, whole[:, 108_000:168_000], atol=1e-6)


@pytest.mark.parametrize("name", ["a.webm", "a.mkv"])
def test_a_segment_of_matroska_is_right_to_the_millisecond(name: str, tmp_path: Path) -> None:
    """Its times are milliseconds, those of the samples 48ths of them."""
    path = write_format(tmp_path, name, chirp(4, 48_000), 48_000)
    whole = decode_clip(path).audio
    segment = decode_clip(path, start_s=2.25, end_s=3.5).audio
    assert segment.shape == (1, 60_000)
    assert max(_correlation(segment[0], whole[0, 108_000 + lag : 168_000 + lag]) for lag in range(-48, 49)) > 0.999


def test_a_segment_at_a_high_rate(tmp_path: Path) -> None:
    path = write_pcm(tmp_path / "a.wav", chirp(4, 96_000, 2), 96_000)
    assert decode_clip(path, start_s=2, end_s=3).audio.shape == (2, 48_000)


class TestSegmentBounds:
    @pytest.fixture
    def ten_s(self, tmp_path: Path) -> Path:
        return write_pcm(tmp_path / "a.wav", chirp(10, 8000), 8000)

    def test_start_alone_runs_to_the_end(self, ten_s: Path) -> None:
        assert decode_clip(ten_s, start_s=7.5).duration_s == 2.5

    def test_a_file_cut_to_its_segment_before_is_taken_whole(self, ten_s: Path) -> None:
        clip = decode_clip(ten_s, start_s=30, end_s=40)
        assert clip.duration_s == 10
        assert "taken whole" in clip.notes[0]

    def test_a_segment_that_ends_after_the_file_is_shortened(self, ten_s: Path) -> None:
        clip = decode_clip(ten_s, start_s=8, end_s=13)
        assert clip.duration_s == 2
        assert "shortened" in clip.notes[0]

    def test_a_segment_after_the_file_fails(self, ten_s: Path) -> None:
        assert reason_of(ten_s, start_s=11, end_s=13) == "segment_outside"
        assert reason_of(ten_s, start_s=11) == "segment_outside"

    def test_a_tiny_segment_fails(self, ten_s: Path) -> None:
        assert reason_of(ten_s, start_s=1, end_s=1.05) == "too_short"

    def test_a_segment_of_a_long_file_is_no_long_clip(self, ten_s: Path) -> None:
        settings = MediaSettings(max_duration_s=2)
        assert decode_clip(ten_s, settings, start_s=8, end_s=10).duration_s == 2
        assert reason_of(ten_s, settings) == "too_long"
        assert reason_of(ten_s, settings, start_s=1, end_s=4) == "too_long"


class TestKeyFrames:
    def test_are_spread_over_the_clip_and_show_their_time(self, tmp_path: Path) -> None:
        path = write_media(tmp_path / "a.mp4", audio=chirp(4, 48_000), video_s=4, gop=200)
        frames = decode_clip(path).key_frames
        assert len(frames) == 4
        for index, frame in enumerate(frames):
            assert index <= frame.time_s <= index + 1
            assert _grey(frame.jpeg) == pytest.approx(2 * 25 * frame.time_s, abs=10)

    def test_of_a_segment_count_from_its_start(self, tmp_path: Path) -> None:
        path = write_media(tmp_path / "a.mp4", audio=chirp(4, 48_000), video_s=4, gop=20)
        frames = decode_clip(path, MediaSettings(key_frames=2), start_s=2, end_s=3).key_frames
        assert len(frames) == 2
        for frame in frames:
            assert 0 <= frame.time_s < 1
            assert _grey(frame.jpeg) == pytest.approx(2 * 25 * (2 + frame.time_s), abs=10)

    def test_are_scaled_down(self, tmp_path: Path) -> None:
        path = write_media(tmp_path / "a.mp4", audio=chirp(1, 48_000), video_s=1, size=(320, 180))
        frames = decode_clip(path, MediaSettings(key_frames=1, key_frame_side_px=160)).key_frames
        assert [frame.pixels.shape for frame in frames] == [(90, 160, 3)]

    def test_too_large_a_picture_costs_the_pictures_only(self, tmp_path: Path) -> None:
        path = write_media(tmp_path / "a.mp4", audio=chirp(1, 48_000), video_s=1)
        clip = decode_clip(path, MediaSettings(max_frame_pixels=1000))
        assert clip.has_video
        assert (clip.width, clip.height, clip.key_frames) == (64, 48, ())
        assert "64x48" in clip.notes[0]

    def test_a_broken_picture_costs_the_pictures_only(self, tmp_path: Path) -> None:
        """The H.264 data are overwritten, the sound and the index are not."""
        path = write_media(tmp_path / "a.mkv", audio=chirp(1, 48_000), video_s=1, video_codec="mpeg4", size=(64, 48))
        with_video = decode_clip(path)
        data = bytearray(path.read_bytes())
        start = 0
        while (start := data.find(b"\x00\x00\x01\xb6", start)) >= 0:
            data[start : start + 40] = b"\xff" * 40
        path.write_bytes(data)
        clip = decode_clip(path)
        assert clip.key_frames == ()
        assert clip.notes
        np.testing.assert_array_equal(clip.audio, with_video.audio)

    def test_cover_art_is_no_video(self, tmp_path: Path) -> None:
        cover = tmp_path / "cover.png"
        Image.new("RGB", (32, 32)).save(cover)
        path = write_pcm(tmp_path / "a.flac", chirp(1, 16_000), 16_000)
        _embed_cover(path, cover)
        clip = decode_clip(path)
        assert not clip.has_video
        assert clip.key_frames == ()


def _grey(jpeg: bytes) -> float:
    import io

    return float(np.asarray(Image.open(io.BytesIO(jpeg)).convert("L")).mean())


def _embed_cover(flac: Path, cover: Path) -> None:
    """Put a PICTURE block behind the first metadata block of a FLAC file."""
    picture = cover.read_bytes()
    mime = b"image/png"
    block = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 32, 32, 24, 0, len(picture)) + picture
    data = flac.read_bytes()
    end = 8 + int.from_bytes(data[5:8], "big")
    flac.write_bytes(data[:end] + bytes([6]) + len(block).to_bytes(3, "big") + block + data[end:])


def test_examples() -> None:
    """Every healthy example decodes without a note."""
    for path in EXAMPLES.iterdir():
        if path.name not in {"notes.wav", "truncated.mp4"}:
            clip = decode_clip(path)
            assert clip.notes == ()
            assert clip.duration_s > 4
            assert bool(clip.key_frames) == (path.suffix == ".mp4")


def test_identity_leaves_out_what_does_not_change_the_clip() -> None:
    assert MediaSettings(workers=3, timeout_s=5).identity == MediaSettings().identity
    assert MediaSettings(key_frames=3).identity != MediaSettings().identity


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s64le"), ("a.wav", "pcm_f64le"), ("a.mkv", "pcm_f64le")])
def test_samples_of_64_bits(name: str, codec: str, tmp_path: Path) -> None:
    audio = chirp(0.5, 16_000, 2)
    path = write_media(tmp_path / name, audio=audio, rate=16_000, layout="stereo", codec=codec)
    np.testing.assert_allclose(decode_clip(path).audio[:, : audio.shape[1]], audio, atol=1e-6)


def test_more_channels_than_any_layout_names(tmp_path: Path) -> None:
    clip = decode_clip(write_pcm(tmp_path / "a.wav", chirp(0.3, 8000, 24), 8000))
    assert (clip.channels, clip.audio.shape) == (24, (2, 2400))


def test_long_sound_is_put_together_in_order(tmp_path: Path) -> None:
    """Longer than the room that is given at first, and a little overshoot is left as it is."""
    audio = 4 * chirp(20, 16_000, 2)
    clip = decode_clip(write_pcm(tmp_path / "a.wav", audio, 16_000, "FLOAT"))
    np.testing.assert_array_equal(clip.audio, audio)
    assert clip.notes == ()
