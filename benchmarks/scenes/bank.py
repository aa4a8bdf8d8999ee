"""The sources that scenes are composed of: what a machine has of them, and what is known about each."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image

from benchmarks.scenes.synth import RATE_HZ, made
from resources.audio import resample
from resources.ontology import Ontology

FloatArray = NDArray[np.float32]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Source:
    """One sound and its truth.

    Attributes:
        name: As the catalogue calls it.
        labels: AudioSet classes, from general to specific.
        accepts: Further classes that a fair listener may name.
        open: Families of classes about which the truth says nothing.
        transcript: The words that are said, where they are known.
        file: None for what `synth` makes.
        from_s: The part before is left out.
    """

    name: str
    labels: tuple[str, ...]
    accepts: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    transcript: str = ""
    file: Path | None = None
    from_s: float = 0.0


@dataclass(frozen=True)
class Picture:
    """A still, and the words by which one would tell of it."""

    name: str
    file: Path
    words: tuple[str, ...]


@dataclass(frozen=True)
class Bank:
    """What this machine has.

    Attributes:
        sources: By name.
        pictures: By name.
        solos: Names of the real sounds that are neither music nor words known by heart, which are also heard alone.
    """

    sources: Mapping[str, Source]
    pictures: Mapping[str, Picture]
    solos: tuple[str, ...]


def open_bank(ontology: Ontology, examples: Path, sounds: Path | None, extras: Path | None) -> Bank:
    """Find the sources.

    Args:
        ontology: Labels of it count; others in `labels.csv` are left out.
        examples: Folder of the project's example clips.
        sounds: Folder of sounds with a `labels.csv` (columns file, label, audioset_classes); None for none.
        extras: Folder that `python -m benchmarks.corpus` makes; None for none.

    Raises:
        SystemExit: A folder is not what it should be, or a class in `sources.yaml` is not in the ontology.
    """
    told = yaml.safe_load((HERE / "sources.yaml").read_text(encoding="utf-8"))
    roots = {"examples": examples, "extras": extras}
    sources = {name: _source(name, record, None, ontology) for name, record in told["made"].items()}
    for root, folder in roots.items():
        if folder is not None:
            for name, record in told[root].items():
                sources[name] = _source(name, record, folder / record["file"], ontology)
    if sounds is not None:
        sources |= {one.name: one for one in _labelled(sounds, told["sounds"], ontology)}
    pictures = {}
    for name, record in told["pictures"].items():
        root, _, file = record["file"].partition("/")
        if (folder := roots[root]) is not None:
            pictures[name] = Picture(name, folder / file, tuple(record["words"]))
    files = [source.file for source in sources.values()] + [picture.file for picture in pictures.values()]
    for file in files:
        if file is not None and not file.is_file():
            raise SystemExit(f"{file} is missing.")
    solos = [one.name for one in sources.values() if one.file and not (one.open or one.transcript)]
    return Bank(sources, pictures, tuple(sorted(solos)))


@cache
def audio_of(source: Source) -> FloatArray:
    """``(samples,) float32`` at `RATE_HZ`, mono."""
    if source.file is None:
        return made(source.name)
    with av.open(str(source.file)) as container:
        rate_hz = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate_hz)
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    audio = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)
    if not audio.any():
        raise SystemExit(f"{source.file} holds no sound: take it out of the table.")
    return resample(audio[round(source.from_s * rate_hz) :], rate_hz, RATE_HZ)


def image_of(picture: Picture) -> Image.Image:
    """The still; of a video its frame at the middle."""
    if picture.file.suffix != ".mp4":
        with Image.open(picture.file) as image:
            return image.convert("RGB")
    with av.open(str(picture.file)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return Image.fromarray(frames[len(frames) // 2])


def _source(name: str, record: Mapping[str, Any], file: Path | None, ontology: Ontology) -> Source:
    known = {kind: tuple(record.get(kind, ())) for kind in ("labels", "accepts", "open")}
    if unknown := [label for labels in known.values() for label in labels if label not in ontology]:
        raise SystemExit(f"benchmarks/scenes/sources.yaml, {name}: no AudioSet class is called {unknown[0]!r}.")
    return Source(name, **known, transcript=record.get("transcript", ""), file=file, from_s=record.get("from_s", 0.0))


def _labelled(folder: Path, told: Mapping[str, Any], ontology: Ontology) -> Iterator[Source]:
    table = folder / "labels.csv"
    if not table.is_file():
        raise SystemExit(f"{table} is missing: it must name the sounds (file, label, audioset_classes).")
    with table.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            name = Path(row["file"]).stem
            labels = [label for label in row["audioset_classes"].split(";") if label in ontology]
            yield _source(name, {**told.get(name, {}), "labels": labels}, folder / row["file"], ontology)
