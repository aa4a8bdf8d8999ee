"""The mix of clips that the pipeline is measured on: a third read speech, half music, the rest sounds, 10 s each.

    python -m benchmarks.corpus FOLDER

fetches the sources into FOLDER, from four Debian packages with free licences (230 MB; `apt-get download` and
`dpkg-deb`, no root, nothing is installed). Elsewhere, give `benchmarks.pipeline` folders of your own:

* `--speech`: WAV files and a file `transcription` in CMU Sphinx's format, one line ``<s> words </s> (name)`` each;
* `--music`: sound files of any length, at any depth;
* `--sounds`: sound files, with a picture of the same name beside some of them for clips with video.

No clip is kept in the repository. The same sources give the same clips.
"""

import argparse
import itertools
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image

from resources.audio import resample, to_mono

FloatArray = NDArray[np.float32]

PACKAGES = ("pocketsphinx-testdata", "asterisk-moh-opsound-wav", "singularity-music", "tuxpaint-stamps-default")
SOUNDS = ("vacuum_cleaner", "rooster", "firetruck", "lightningbolt", "dog", "toilet", "horse", "bee", "cow", "owl")
"""Recordings among the stamps of Tux Paint, most of which are spoken words."""

CLIP_S = 10.0
PAUSE_S = 0.4
MUSIC_BELOW_SPEECH_DB = 12.0
OVER_MUSIC_EVERY = 4
"""Every fourth speech clip has music under it."""

FORMATS = (("mp4", 48_000), ("wav", 48_000), ("mp3", 44_100), ("ogg", 44_100), ("flac", 44_100), ("m4a", 44_100))
"""Container and rate, in turn; all stereo. Clips in MP4 have a still picture for video."""


@dataclass(frozen=True)
class Sources:
    """Folders that clips are made from; see the module."""

    speech: Path
    music: Path
    sounds: Path


@dataclass(frozen=True)
class Clip:
    """One clip of the mix.

    Attributes:
        path: The file.
        kind: speech, music or sound.
        reference: What is said; empty when nothing is.
    """

    path: Path
    kind: str
    reference: str = ""


def fetch_sources(folder: Path) -> Sources:
    """Fetch the packages into a folder, unless they are there.

    Raises:
        SystemExit: This is no Debian, or the packages cannot be had.
    """
    sources = Sources(folder / "speech", folder / "music", folder / "sounds")
    if sources.sounds.is_dir():
        return sources
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise SystemExit("There is no apt-get here: give --speech, --music and --sounds (see benchmarks/corpus.py).")
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "--quiet", *PACKAGES], cwd=packages, stdout=sys.stderr, check=True)
    for package in packages.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, packages], check=True)
    shared = packages / "usr/share"
    shutil.copytree(shared / "pocketsphinx/test/data/librivox", sources.speech, dirs_exist_ok=True)
    for album in (shared / "asterisk/moh", shared / "games/singularity/music"):
        shutil.copytree(album, sources.music, dirs_exist_ok=True)
    chosen = folder / "sounds.part"
    chosen.mkdir(exist_ok=True)
    for file in sorted((shared / "tuxpaint/stamps").rglob("*")):
        if file.stem in SOUNDS and file.suffix in {".ogg", ".png"}:
            shutil.copy(file, chosen)
    shutil.rmtree(packages)
    chosen.rename(sources.sounds)
    return sources


def make_corpus(sources: Sources, folder: Path, clips: int) -> list[Clip]:
    """Write `clips` clips into a folder: a third speech, half music, the rest sounds, in mixed order and formats."""
    folder.mkdir(parents=True)
    music = _music(sources.music)
    speech = clips // 3
    made = [
        *(("speech", audio, text) for audio, text in itertools.islice(_speech(sources.speech, music), speech)),
        *(("music", next(music), "") for _ in range(clips // 2)),
        *(("sound", audio, "") for audio in itertools.islice(_sounds(sources.sounds), clips - speech - clips // 2)),
    ]
    if len(made) < clips:
        raise SystemExit(f"The sources are enough for {len(made)} clips only.")
    random.Random(5).shuffle(made)
    pictures = sorted(file for file in sources.sounds.rglob("*") if file.suffix in {".png", ".jpg"})
    written = []
    for number, (kind, (audio, rate_hz), reference) in enumerate(made):
        container, to_hz = FORMATS[number % len(FORMATS)]
        path = folder / f"{number:02d}-{kind}.{container}"
        stereo = np.clip(np.repeat(audio, 3 - len(audio), axis=0), -1, 1)[:2]
        picture = pictures[number % len(pictures)] if container == "mp4" and pictures else None
        write_clip(path, resample(stereo, rate_hz, to_hz), to_hz, picture)
        written.append(Clip(path, kind, reference))
    return written


def make_speech(sources: Sources, folder: Path, clips: int) -> list[Clip]:
    """Write `clips` clips of read speech alone into a folder, all MP4 with a still picture."""
    folder.mkdir(parents=True)
    pictures = sorted(file for file in sources.sounds.rglob("*") if file.suffix in {".png", ".jpg"})
    if not pictures:
        raise SystemExit(f"{sources.sounds} holds no picture.")
    written = []
    for number, ((audio, rate_hz), words) in enumerate(itertools.islice(_variants(sources.speech), clips)):
        path = folder / f"{number:03d}.mp4"
        stereo = np.clip(np.repeat(audio, 2, axis=0), -1, 1)
        write_clip(path, resample(stereo, rate_hz, 44_100), 44_100, pictures[number % len(pictures)])
        written.append(Clip(path, "speech", words))
    if len(written) < clips:
        raise SystemExit(f"{sources.speech} is enough for {len(written)} clips only.")
    return written


Sound = tuple[FloatArray, int]
"""``(channels, samples)`` and the rate in Hz."""


def _speech(folder: Path, music: Iterator[Sound]) -> Iterator[tuple[Sound, str]]:
    """Pairs of sentences, every fourth over music."""
    for number, ((audio, rate_hz), words) in enumerate(_read_aloud(folder)):
        under_music = number % OVER_MUSIC_EVERY == OVER_MUSIC_EVERY - 1
        yield (_over_music(audio, rate_hz, next(music)) if under_music else audio, rate_hz), words


def _read_aloud(folder: Path) -> Iterator[tuple[Sound, str]]:
    """Ordered pairs of sentences that fill a clip, with their words."""
    lines = (folder / "transcription").read_text().splitlines()
    found = [match.groups() for line in lines if (match := re.fullmatch(r"<s> (.*?) </s> \((.+)\)", line.strip()))]
    sentences = [(_read(folder / f"{name}.wav"), words) for words, name in found]
    for pair in itertools.permutations(sentences, 2):
        rate_hz = pair[0][0][1]
        pause = np.zeros((1, round(PAUSE_S * rate_hz)), np.float32)
        audio = np.concatenate([to_mono(pair[0][0][0])[None], pause, to_mono(pair[1][0][0])[None]], axis=1)
        if 0.8 * CLIP_S <= audio.shape[1] / rate_hz <= 1.1 * CLIP_S:
            yield (audio, rate_hz), " ".join(words for _, words in pair)


def _variants(folder: Path) -> Iterator[tuple[Sound, str]]:
    """All pairs of sentences, then again at another speed, softer, and with noise 25 dB below the voice, and so on."""
    noise = np.random.default_rng(0)
    for speed, gain_db, with_noise in itertools.product((1.0, 0.95, 1.05), (0.0, -8.0), (False, True)):
        for (audio, rate_hz), words in _read_aloud(folder):
            said = resample(audio, rate_hz, round(rate_hz / speed)) * np.float32(10 ** (gain_db / 20))
            level = float(np.sqrt(np.square(said).mean())) * 10 ** (-25 / 20) * with_noise
            yield (said + noise.normal(0, level, said.shape).astype(np.float32), rate_hz), words


def _over_music(speech: FloatArray, rate_hz: int, music: Sound) -> FloatArray:
    under = to_mono(resample(music[0], music[1], rate_hz))[: speech.shape[1]]
    under = np.pad(under, (0, speech.shape[1] - len(under)))
    level = float(np.sqrt(np.square(speech).mean() / max(float(np.square(under).mean()), 1e-9)))
    mixed: FloatArray = (speech + under * np.float32(level * 10 ** (-MUSIC_BELOW_SPEECH_DB / 20))) * np.float32(0.8)
    return mixed


def _music(folder: Path) -> Iterator[Sound]:
    """Windows of the pieces in turn, from 30 s on."""
    pieces = sorted(file for file in folder.rglob("*") if file.suffix in {".wav", ".ogg", ".flac", ".mp3"})
    for start_s in itertools.count(30, 20):
        for piece in pieces:
            audio, rate_hz = _read(piece, start_s, CLIP_S)
            if audio.shape[1] == round(CLIP_S * rate_hz):
                yield audio, rate_hz


def _sounds(folder: Path) -> Iterator[Sound]:
    """Each sound again and again until a clip is full."""
    for file in sorted(file for file in folder.rglob("*") if file.suffix in {".wav", ".ogg", ".flac", ".mp3"}):
        audio, rate_hz = _read(file)
        once = np.pad(audio, ((0, 0), (0, round(PAUSE_S * rate_hz))))
        wanted = round(CLIP_S * rate_hz)
        yield np.tile(once, (1, -(-wanted // once.shape[1])))[:, :wanted], rate_hz


def _read(path: Path, start_s: float = 0.0, duration_s: float | None = None) -> Sound:
    with soundfile.SoundFile(path) as file:
        file.seek(min(round(start_s * file.samplerate), file.frames))
        samples = file.read(-1 if duration_s is None else round(duration_s * file.samplerate), "float32", True)
        return np.ascontiguousarray(samples.T), file.samplerate


def write_clip(path: Path, audio: FloatArray, rate_hz: int, picture: Path | None) -> None:
    """Write ``(2, samples)`` in the container that the name tells, in MP4 beside a still picture if there is one."""
    if path.suffix not in {".mp4", ".m4a"}:
        soundfile.write(path, audio.T, rate_hz)
        return
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=2) if picture else None
        sound = container.add_stream("aac", rate=rate_hz, layout="stereo")
        if picture is not None and video is not None:
            still = np.asarray(Image.open(picture).convert("RGB").resize((640, 480)))
            video.width, video.height, video.pix_fmt = 640, 480, "yuv420p"
            for number in range(round(2 * audio.shape[1] / rate_hz)):
                frame = av.VideoFrame.from_ndarray(still, "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 2)
                container.mux(video.encode(frame))
            container.mux(video.encode())
        for start in range(0, audio.shape[1], 1024):
            block = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio[:, start : start + 1024]), "fltp", "stereo")
            block.sample_rate, block.pts, block.time_base = rate_hz, start, Fraction(1, rate_hz)
            container.mux(sound.encode(block))
        container.mux(sound.encode())


def main() -> None:
    """Fetch the sources."""
    parser = argparse.ArgumentParser(description="Fetch what the clips of benchmarks.pipeline are made from.")
    parser.add_argument("folder", type=Path)
    print(fetch_sources(parser.parse_args().folder))


if __name__ == "__main__":
    main()
