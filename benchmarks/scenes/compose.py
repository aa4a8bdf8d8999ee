"""Scenes become clips: layers at known levels and times, a record of what is audible, and the stems."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import yaml
from numpy.typing import NDArray

from benchmarks.scenes.bank import HERE, Bank, Picture, Source, audio_of, image_of
from benchmarks.scenes.synth import RATE_HZ, made

FloatArray = NDArray[np.float32]

DEFAULT_LEVEL_DB, DEFAULT_FLOOR_DB, DEFAULT_S, SOLO_S = -20.0, -72.0, 10.0, 6.0
AUDIBLE_DB = -50.0
"""A source below this level is not held to be audible."""
CLEAR_SNR_DB = 0.0
"""A source that is as loud as all else together, for a quarter of the time that it sounds, is clearly audible."""
_FRAME_S, _DYNAMICS_DB, _PEAK = 0.02, 30.0, 0.95
_SEQUENCE_GAP_S = 0.5
_PICTURE_SIZE = (640, 480)


@dataclass(frozen=True)
class Event:
    """One source as it stands in a clip: the truth about it.

    Attributes:
        source: Its name.
        labels: See `bank.Source`; the same for `accepts`, `open`, `transcript`.
        spans: When it sounds, in seconds; pauses below half a second bridged.
        level_db: RMS while it sounds, dB of full scale.
        snr_db: How far it stands above everything else for a quarter of that time (upper quartile over frames).
    """

    source: str
    labels: tuple[str, ...]
    accepts: tuple[str, ...]
    open: tuple[str, ...]
    transcript: str
    spans: tuple[tuple[float, float], ...]
    level_db: float
    snr_db: float

    @property
    def onset_s(self) -> float:
        """When it is first heard."""
        return self.spans[0][0]

    @property
    def offset_s(self) -> float:
        """When it is last heard."""
        return self.spans[-1][1]

    @property
    def clear(self) -> bool:
        """Clearly audible."""
        return self.level_db >= AUDIBLE_DB and self.snr_db >= CLEAR_SNR_DB


@dataclass(frozen=True)
class Truth:
    """What is known of a clip: its record in `truth.jsonl`.

    Attributes:
        name: The scene, and the stem of its files.
        group: Part of the catalogue.
        file: Name of the clip.
        duration_s: Of the clip.
        events: In order of time. Stem `i` is ``stems/<name>-<i>.flac``.
        picture: Name of the still that is shown; empty for sound alone.
        picture_words: Words that would tell of it.
    """

    name: str
    group: str
    file: str
    duration_s: float
    events: tuple[Event, ...]
    picture: str = ""
    picture_words: tuple[str, ...] = ()


def catalogue(bank: Bank) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The scenes that this machine has the sources for: group, name, record of `scenes.yaml`."""
    for name in bank.solos:
        times = {"at_s": 1.0, "for_s": SOLO_S - 1.0} if len(audio_of(bank.sources[name])) > 4 * RATE_HZ else {"at_s": 1}
        yield "solo", f"solo-{name.replace('_', '-')}", {"duration_s": SOLO_S, "layers": [{"of": name, **times}]}
    told = yaml.safe_load((HERE / "scenes.yaml").read_text(encoding="utf-8"))
    for group, scenes in told.items():
        for name, scene in scenes.items():
            has_sound = all(layer["of"] in bank.sources for layer in scene["layers"])
            if has_sound and ("picture" not in scene or scene["picture"] in bank.pictures):
                yield group, name, scene


def compose(bank: Bank, folder: Path) -> list[Truth]:
    """Write all scenes into ``folder/clips`` and ``folder/stems``; the same sources give the same samples."""
    for part in ("clips", "stems"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    return [_composed(bank, folder, group, name, scene) for group, name, scene in catalogue(bank)]


def placed(audio: FloatArray, layer: Mapping[str, Any], duration_s: float) -> FloatArray:
    """Put a source into an empty clip at its times and its level.

    Args:
        audio: ``(samples,) float32`` at `RATE_HZ`, of any level.
        layer: Of `scenes.yaml`.
        duration_s: Of the clip; what is longer is cut with a short fade.

    Returns:
        ``(samples,) float32``, the RMS of its sounding frames at the layer's level.
    """
    wanted = round(layer["for_s"] * RATE_HZ) if "for_s" in layer else len(audio)
    once = np.resize(audio, wanted) if wanted > len(audio) else audio[:wanted].copy()
    clip = np.zeros(round(duration_s * RATE_HZ), np.float32)
    starts_s: Sequence[float] = layer["at_s"] if isinstance(layer["at_s"], list) else [layer["at_s"]]
    for start in (round(start_s * RATE_HZ) for start_s in starts_s):
        part = once[: len(clip) - start].copy()
        fade = min(round(0.05 * RATE_HZ), len(part))
        if len(part) < len(audio):  # cut short
            part[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        clip[start : start + len(part)] += part
    level_db = rms_db(clip, sounding(clip))
    return clip * np.float32(10 ** ((layer.get("level_db", DEFAULT_LEVEL_DB) - level_db) / 20))


def sounding(audio: FloatArray) -> NDArray[np.bool_]:
    """Frames of 20 ms in which a sound is within 30 dB of its loudest frame."""
    power = _power(audio)
    return power > max(float(power.max(initial=0.0)) * 10 ** (-_DYNAMICS_DB / 10), 1e-12)


def rms_db(audio: FloatArray, frames: NDArray[np.bool_]) -> float:
    """Level over some frames, dB of full scale."""
    chosen = _power(audio)[frames]
    return 10 * float(np.log10(max(float(chosen.mean()) if chosen.size else 0.0, 1e-12)))


def spans_of(frames: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Stretches of frames in seconds, pauses below half a second bridged."""
    spans: list[tuple[float, float]] = []
    for index in np.flatnonzero(frames):
        start_s, end_s = round(int(index) * _FRAME_S, 2), round(int(index + 1) * _FRAME_S, 2)
        if spans and start_s - spans[-1][1] < _SEQUENCE_GAP_S:
            spans[-1] = (spans[-1][0], end_s)
        else:
            spans.append((start_s, end_s))
    return tuple(spans)


def _power(audio: FloatArray) -> NDArray[np.float64]:
    size = round(_FRAME_S * RATE_HZ)
    frames = audio[: len(audio) // size * size].reshape(-1, size).astype(np.float64)
    power: NDArray[np.float64] = np.square(frames).mean(axis=1)
    return power


def _composed(bank: Bank, folder: Path, group: str, name: str, scene: Mapping[str, Any]) -> Truth:
    duration_s = float(scene.get("duration_s", DEFAULT_S))
    sources = [bank.sources[layer["of"]] for layer in scene["layers"]]
    layers = [
        placed(audio_of(source), layer, duration_s) for source, layer in zip(sources, scene["layers"], strict=True)
    ]
    floor = np.zeros(round(duration_s * RATE_HZ), np.float32)
    if (floor_db := scene.get("floor_db", DEFAULT_FLOOR_DB)) is not None:
        floor = placed(made("pink"), {"at_s": 0, "for_s": duration_s, "level_db": floor_db}, duration_s)
    mixture = np.sum([floor, *layers], axis=0)
    gain = np.float32(min(1.0, _PEAK / max(float(np.abs(mixture).max()), 1e-9)))
    layers = [layer * gain for layer in layers]
    mixture = mixture * gain
    events = []
    for index, (source, layer) in enumerate(zip(sources, layers, strict=True)):
        soundfile.write(folder / f"stems/{name}-{index}.flac", layer, RATE_HZ, subtype="PCM_24")
        events.append(_event(source, layer, mixture))
    picture = bank.pictures[scene["picture"]] if "picture" in scene else None
    file = f"{name}.mkv" if picture else f"{name}.flac"
    write_clip(folder / "clips" / file, mixture, picture)
    words = picture.words if picture else ()
    return Truth(name, group, file, duration_s, tuple(events), picture.name if picture else "", words)


def _event(source: Source, layer: FloatArray, mixture: FloatArray) -> Event:
    frames = sounding(layer)
    level_db = rms_db(layer, frames)
    told = {kind: getattr(source, kind) for kind in ("labels", "accepts", "open", "transcript")}
    ratio = _power(layer)[frames] / (_power(mixture - layer)[frames] + 1e-12)
    snr_db = 10 * float(np.log10(np.quantile(ratio, 0.75) + 1e-12))
    return Event(source.name, **told, spans=spans_of(frames), level_db=round(level_db, 1), snr_db=round(snr_db, 1))


def write_clip(path: Path, audio: FloatArray, picture: Picture | None) -> None:
    """Write a clip without loss: FLAC, or Matroska with PCM beside a still picture at two frames a second."""
    if picture is None:
        soundfile.write(path, audio, RATE_HZ, subtype="PCM_24")
        return
    still = np.asarray(image_of(picture).resize(_PICTURE_SIZE))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=2)
        video.width, video.height, video.pix_fmt = *_PICTURE_SIZE, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        for number in range(round(2 * len(audio) / RATE_HZ)):
            frame = av.VideoFrame.from_ndarray(still, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 2)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        samples = np.rint(np.clip(audio, -1, 1) * 32767).astype(np.int16)
        block = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        block.sample_rate, block.pts, block.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
        container.mux(sound.encode(block))
        container.mux(sound.encode())


def record(truth: Truth) -> dict[str, Any]:
    """As it stands in `truth.jsonl`."""
    return asdict(truth)
