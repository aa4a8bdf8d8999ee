"""A small stage over a small shard, with a model that can be told to fail."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from pydantic import PrivateAttr

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, PayloadRef, Row, Skip, Stage, Upstream, Work
from fusionaudio_assets.tables import AudioPayload, Manifest, StageTable, polars_schema
from resources.adapter import Adapter
from resources.errors import ClipError, ModelUnavailable
from resources.lake import Lake
from resources.profile import Settings, StageProfile


class Lengths(StageTable):
    """The length of every path."""

    length = dy.Int32(nullable=True)
    split = dy.String(nullable=True)
    audio_file = dy.String(nullable=True)


class Ruler(Adapter):
    """Measures paths; `bad` ones raise, `unreadable` ones are the clip's own fault, `broken` fails its probe too."""

    scale: int = 1
    broken: bool = False
    _seen: list[list[str]] = PrivateAttr(default_factory=list)

    @property
    def model_name(self) -> str:
        return "ruler"

    @property
    def seen(self) -> list[list[str]]:
        return self._seen

    def load(self) -> None: ...

    def probe(self) -> None:
        if self.broken:
            raise ModelUnavailable("the ruler is broken")

    def measure(self, paths: Sequence[str]) -> list[int]:
        self._seen.append(list(paths))
        if self.broken or any("bad" in path for path in paths):
            raise ValueError("cannot measure")
        return [len(path) * self.scale for path in paths]


class Offset(Settings):
    plus: int = 0


class Shortest(Settings):
    min_length: int = 0


def derive(rows: Upstream, gate: Shortest, models: Models) -> Work | Skip:
    path = rows["manifest"]["path"]
    if len(path) < gate.min_length:
        return Skip(Reason.TOO_SHORT, f"{len(path)} characters")
    return Work({"path": path})


def measure(jobs: Sequence[Job], models: Models, params: Offset) -> list[Row | ClipError]:
    lengths = models.of("ruler", Ruler).measure([job.inputs["path"] for job in jobs])
    return [
        ClipError("corrupt", f"{job.inputs['path']} is unreadable")
        if "unreadable" in job.inputs["path"]
        else {
            "length": length + params.plus,
            "audio": {"bytes": job.inputs["path"].encode(), "path": f"{job.clip_id}.flac"},
        }
        for job, length in zip(jobs, lengths, strict=True)
    ]


LENGTHS = Stage(
    name="lengths",
    table=Lengths,
    version="1",
    reads={"manifest": ("path", "split")},
    needs=(),
    derive=derive,
    compute=measure,
    models={"ruler": Ruler},
    gate=Shortest,
    params=Offset,
    payloads={"audio": AudioPayload},
    carry=("split",),
)

TEXTS: Stage[Settings, Settings] = Stage(
    name="texts",
    table=Lengths,
    version="1",
    reads={"lengths": ("length", "audio_file")},
    needs=("lengths",),
    derive=lambda rows, gate, models: Work(
        {"length": rows["lengths"]["length"]},
        {"audio": PayloadRef("lengths", "audio", rows["lengths"]["audio_file"], str(rows["lengths"]["length"]))},
    ),
    compute=lambda jobs, models, params: [{"length": len(job.prepared["audio"]["bytes"])} for job in jobs],
)


def manifest(paths: Sequence[str], split: str | None = None) -> pl.DataFrame:
    rows = [{"clip_id": f"{i:04d}", "path": path, "split": split} for i, path in enumerate(paths)]
    return pl.DataFrame(rows, schema=polars_schema(Manifest))


def stage_profile(ruler: Ruler | None = None, *, batch_size: int = 4, **settings: Any) -> StageProfile:
    return StageProfile(
        models={"ruler": ruler or Ruler()},
        gate=Shortest(min_length=settings.get("min_length", 0)),
        params=Offset(plus=settings.get("plus", 0)),
        batch_size=batch_size,
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake
