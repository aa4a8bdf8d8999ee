"""Moments of a run at which it can be stopped or killed, found by wrapping functions from outside.

The product holds no hook for this: what is wrapped here are its ordinary functions, in a process made for the test.
"""

import functools
import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import dagster as dg
import pyarrow as pa
from sqlalchemy import Table, event

from fusionaudio_assets import run
from fusionaudio_assets.checks import gate
from fusionaudio_assets.stage import finishing, loading
from fusionaudio_assets.stage.alone import Alone
from fusionaudio_assets.stage.checkpoint import Checkpoint
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Job
from resources.aside import Aside
from resources.embedded.llama_server import LlamaServer
from resources.lake import Lake
from resources.media.pool import DecoderPool

# Their packages hold a function of the same name.
_collect = importlib.import_module("fusionaudio_assets.ingest.collect")
_publish = importlib.import_module("fusionaudio_assets.release.publish")

ANY = ""


@dataclass(frozen=True)
class Moment:
    """The n-th event of a kind in a process.

    Attributes:
        kind: One of `KINDS`.
        stage: Events of this stage alone (of ``manifest`` for commits of an ingest); of all when empty.
        nth: From 1 on.
    """

    kind: str
    stage: str = ANY
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.kind} {self.stage} {self.nth}".replace("  ", " ")


Reached = Callable[[str], None]
"""Called with the name of a stage whenever an event of the kind happens."""


def send_at(moment: Moment, signal_number: int) -> None:
    """Send this process a signal when the moment comes. Any thread may be the one that meets it."""
    seen = 0

    def reached(stage: str) -> None:
        nonlocal seen
        if moment.stage in (ANY, stage):
            seen += 1
            if seen == moment.nth:
                os.kill(os.getpid(), signal_number)

    KINDS[moment.kind](reached)


def log_batches(log: Path) -> None:
    """Write a line to `log` for every batch that is about to be computed: its stage and its clips."""

    def noted(stage: str, clips: Iterable[Job | Pending]) -> None:
        if ids := ",".join(clip.clip_id for clip in clips):
            with log.open("a") as file:
                file.write(f"{stage} {ids}\n")

    _before(finishing, "compute_isolated", lambda stage, jobs, *_: noted(stage.name, jobs))
    _before(Alone, "rows", lambda alone, batch: noted(alone._stage.name, batch))


def _before(owner: Any, name: str, happened: Callable[..., None]) -> None:
    wrapped = getattr(owner, name)

    @functools.wraps(wrapped)
    def wrapper(*args: Any, **options: Any) -> Any:
        happened(*args)
        return wrapped(*args, **options)

    setattr(owner, name, wrapper)


def _after(owner: Any, name: str, happened: Callable[..., None]) -> None:
    wrapped = getattr(owner, name)

    @functools.wraps(wrapped)
    def wrapper(*args: Any, **options: Any) -> Any:
        result = wrapped(*args, **options)
        happened(*args)
        return result

    setattr(owner, name, wrapper)


def _sealing(reached: Reached) -> None:
    """A payload file is half written: some of its clips are in it, the file is not closed."""
    write = Lake.write_payload

    def wrapper(lake: Lake, asset: str, payload: str, file: str, tables: Iterable[pa.Table]) -> None:
        def half() -> Iterator[pa.Table]:
            for table in tables:
                yield table
                reached(asset)

        write(lake, asset, payload, file, half())

    Lake.write_payload = wrapper  # type: ignore[method-assign, assignment]


def _committed(reached: Reached) -> Callable[..., None]:
    """Call `reached` for the table of a stage and shard, or a manifest, and for no other file."""

    def placed(aside: Aside, *_: object) -> None:
        target = PurePosixPath(aside.target)
        if target.suffix == ".parquet" and target.name.startswith("shard-") and target.stem.count("-") == 1:
            reached(target.parent.name)

    return placed


KINDS: dict[str, Callable[[Reached], None]] = {
    "database table made": lambda reached: event.listen(Table, "after_create", lambda *_, **options: reached(ANY)),
    "files are hashed": lambda reached: _after(_collect, "hash_files", lambda *_: reached(ANY)),
    "clips are decoded": lambda reached: _before(DecoderPool, "_result", lambda *_: reached("raw_clips")),
    "batch loaded": lambda reached: _after(loading.Loader, "load", lambda loader, _: reached(loader.stage.name)),
    "batch computed": lambda reached: _before(Checkpoint, "save", lambda checkpoint, _: reached(checkpoint.stage.name)),
    "batch asked alone": lambda reached: _before(Alone, "rows", lambda alone, _: reached(alone._stage.name)),
    "batch saved": lambda reached: _after(Checkpoint, "save", lambda checkpoint, _: reached(checkpoint.stage.name)),
    "payload half sealed": _sealing,
    "before the rename": lambda reached: _before(Aside, "_place", _committed(reached)),
    "after the rename": lambda reached: _after(Aside, "_place", _committed(reached)),
    "before a check": lambda reached: _before(gate, "evaluate", lambda asset, *_: reached(asset)),
    "after a check": lambda reached: _after(gate, "evaluate", lambda asset, *_: reached(asset)),
    "model asked": lambda reached: _before(LlamaServer, "chat", lambda *_: reached("fused_captions")),
    "event stored": lambda reached: _after(dg.DagsterInstance, "handle_new_event", lambda *_: reached(ANY)),
    "between stages": lambda reached: _after(run, "_free_models", lambda *_: reached(ANY)),
    "release written": lambda reached: _before(_publish, "_place", lambda *_: reached("dataset_release")),
}
"""How an event of each kind is found."""
