"""What the platform itself costs: real runs through Dagster with models that answer at once.

    python -m benchmarks.overhead [--clips 1000 10000] [--shard-size 1000]

Tiny sounds are made, ingested and run. The time of a stage is what `run_lake` takes for it. Of that, `plan`, `wait`
(for payloads that are loaded ahead), `compute` and `write` (checkpoints and commit) are what the stage itself reports;
the rest is Dagster's, the rules' and the check whether anything must be done at all. A stage's own functions, text
logic, measures of the sound and stubs, are `derive`, `prepare`, `compute` and `finish`: what they take is not the
platform's. As `prepare` runs beside the others, no more of it is taken off than was waited for. Where rows are finished
beside everything else, the clock cannot tell them apart, and the processor time of these threads is taken off that of
the process. Every lake is measured in a process of its own.
"""

import argparse
import os
import platform
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import dagster as dg
import numpy as np
import soundfile

from fusionaudio_assets import ledger
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.run import Progress, run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage.account import SHOWN_AS
from fusionaudio_assets.workspace import Workspace

PROFILE = Path(__file__).with_name("stub.yaml")
SAMPLE_RATE_HZ = 16_000


ACTIVITIES = ("plan", "derive", "wait", "compute", "write")
"""Which follow each other; `prepare` and `finish` run beside them."""


@dataclass
class StageCost:
    """What a stage took over all shards.

    Attributes:
        wall_s: By the clock.
        cpu_s: Of this process, all threads; decoder workers apart.
        parts_s: Wall seconds by activity, as the stage reports them.
        prepare_s: Processor seconds of the threads that prepare payloads.
        finish_s: Those of the threads that finish rows.
        memory_mb: Resident memory at the start of each shard.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    parts_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ACTIVITIES, 0.0))
    prepare_s: float = 0.0
    finish_s: float = 0.0
    memory_mb: list[float] = field(default_factory=list)

    @property
    def rest_s(self) -> float:
        """What no activity of the stage accounts for."""
        return self.wall_s - sum(self.parts_s.values())

    @property
    def platform_s(self) -> float:
        """All but the stage's own functions."""
        own_s = self.parts_s["derive"] + self.parts_s["compute"]
        if self.finish_s:
            return self.cpu_s - own_s - self.prepare_s - self.finish_s
        return self.wall_s - own_s - min(self.prepare_s, self.parts_s["wait"])


@dataclass
class Measured:
    """Figures of one lake; times in seconds over all clips."""

    clips: int
    shards: int
    ingest_s: float
    start_s: float
    again_s: float
    list_s: float
    stages: dict[str, StageCost]


class _Watch:
    """Takes the time of every stage and the memory of every shard."""

    def __init__(self) -> None:
        self.costs: dict[str, StageCost] = defaultdict(StageCost)
        self.progress = Progress(stage=self._stage, clips=self._clips)
        self._now: StageCost | None = None
        self._since = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """End the stage that runs."""
        wall, cpu = time.perf_counter(), time.process_time()
        if self._now is not None:
            self._now.wall_s += wall - self._since[0]
            self._now.cpu_s += cpu - self._since[1]
        self._since = wall, cpu

    def _stage(self, name: str) -> None:
        self.stop()
        self._now = self.costs[name]

    def _clips(self, stage: str, shard: str, done: int, todo: int) -> None:
        if done == 0:
            self.costs[stage].memory_mb.append(resident_mb())


def make_clips(folder: Path, count: int) -> None:
    """Write sounds of 0.1 to 0.2 s, the same ones every time."""
    random = np.random.default_rng(20_240_501)
    folder.mkdir(parents=True)
    for number in range(count):
        samples = random.normal(0, 0.1, int(random.uniform(0.1, 0.2) * SAMPLE_RATE_HZ)).astype(np.float32)
        soundfile.write(folder / f"{number:06d}.wav", samples, SAMPLE_RATE_HZ)


def measure(folder: Path, clips: int, shard_size: int) -> Measured:
    """Ingest, run, run again and list `clips` sounds in a lake below `folder`."""
    make_clips(folder / "clips", clips)
    start = time.perf_counter()
    workspace = Workspace.create(folder / "lake", str(PROFILE))
    added = add_clips(workspace.lake, collect(folder / "clips").rows, shard_size)
    ingested = time.perf_counter()
    watch = _Watch()
    derive_s = _timed("derive", time.perf_counter)
    prepare_s, finish_s = (_timed(function, time.thread_time) for function in ("prepare", "finish"))
    summary = run_lake(workspace, progress=watch.progress)
    watch.stop()
    ran = time.perf_counter()
    first_derive_s, first_prepare_s, first_finish_s = dict(derive_s), dict(prepare_s), dict(finish_s)
    again = run_lake(workspace)
    ran_again = time.perf_counter()
    counts = ledger.counts(workspace.lake)
    listed = time.perf_counter()
    if summary.failures or again.materialized or counts["clips"].sum() != clips * len(STAGES):
        raise RuntimeError(f"The run did not do what is measured: {summary.failures or again.materialized or counts}")
    _add_parts(workspace, watch.costs)
    for name, cost in watch.costs.items():
        cost.parts_s["derive"] = first_derive_s[name]
        cost.parts_s["plan"] -= first_derive_s[name]
        cost.prepare_s = first_prepare_s[name]
        cost.finish_s = first_finish_s[name]
    return Measured(
        clips,
        len(added.made),
        ingest_s=ingested - start,
        start_s=ran - ingested - sum(cost.wall_s for cost in watch.costs.values()),
        again_s=ran_again - ran,
        list_s=listed - ran_again,
        stages=dict(watch.costs),
    )


def _timed(function: str, clock: Callable[[], float]) -> dict[str, float]:
    """Take the time of a pure function of every stage that has it, which its account holds as a part of more."""
    seconds: dict[str, float] = dict.fromkeys(STAGES, 0.0)

    def timed(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def called(*arguments: object) -> object:
            start = clock()
            try:
                return call(*arguments)
            finally:
                seconds[name] += clock() - start

        return called

    for name, stage in STAGES.items():
        if (own := getattr(stage, function)) is not None:
            object.__setattr__(stage, function, timed(name, own))
    return seconds


def _add_parts(workspace: Workspace, costs: dict[str, StageCost]) -> None:
    """Take the time of each activity from the figures that every materialisation reports."""
    with open_instance(workspace.lake) as instance:
        for name, cost in costs.items():
            for record in instance.fetch_materializations(dg.AssetKey(name), limit=10_000).records:
                assert record.asset_materialization is not None
                figures = record.asset_materialization.metadata
                for activity in SHOWN_AS.keys() & set(ACTIVITIES):
                    cost.parts_s[activity] += float(str(figures[SHOWN_AS[activity]].value))


def resident_mb() -> float:
    """Resident memory of this process, in MB (10⁶ bytes)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("/proc/self/status has no VmRSS")


def apart(clips: int, shard_size: int) -> Measured:
    """`measure` in a temporary folder and a process of its own."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, Path(folder), clips, shard_size).result()


def report(measured: Measured) -> str:
    """One size as Markdown."""
    lines = [
        f"### {measured.clips:,} clips in {measured.shards} shards",
        "",
        f"Ingest {measured.ingest_s:.1f} s, start of a run {measured.start_s:.1f} s, a second run that computes "
        f"nothing {measured.again_s:.1f} s, status {measured.list_s:.2f} s.",
        "",
        f"| ms a clip | all | CPU | {' | '.join(ACTIVITIES)} | rest | prepare | finish | all but own "
        "| MB first to last shard |",
        f"|---|{'---|' * (len(ACTIVITIES) + 7)}",
    ]
    for name, cost in measured.stages.items():
        seconds = [cost.wall_s, cost.cpu_s, *cost.parts_s.values(), cost.rest_s, cost.prepare_s, cost.finish_s]
        seconds.append(cost.platform_s)
        cells = " | ".join(f"{1000 * x / measured.clips:.2f}" for x in seconds)
        lines.append(f"| {name} | {cells} | {cost.memory_mb[0]:.0f} to {cost.memory_mb[-1]:.0f} |")
    return "\n".join(lines)


def fixed_costs(whole: Measured, split: Measured) -> str:
    """What one more shard costs in every stage, from the same clips in few shards and in many."""
    lines = [
        f"### Fixed cost of a shard ({whole.clips:,} clips in {whole.shards} and in {split.shards} shards)",
        "",
        "| s per shard | all | CPU |",
        "|---|---|---|",
    ]
    more = split.shards - whole.shards
    if not more:
        return "One size in equal shards does not tell what a shard costs."
    extra = {
        name: ((cost.wall_s - whole.stages[name].wall_s) / more, (cost.cpu_s - whole.stages[name].cpu_s) / more)
        for name, cost in split.stages.items()
    }
    extra["all stages"] = sum(wall for wall, _ in extra.values()), sum(cpu for _, cpu in extra.values())
    lines += [f"| {name} | {wall:.2f} | {cpu:.2f} |" for name, (wall, cpu) in extra.items()]
    return "\n".join(lines)


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--shard-size", type=int, default=1000)
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
    print(f"At the start {_load()}.\n")
    found = [apart(clips, asked.shard_size) for clips in asked.clips]
    split = apart(asked.clips[0], max(1, asked.clips[0] // 10))
    for measured in found:
        print(report(measured), end="\n\n")
    print(fixed_costs(found[0], split), end="\n\n")
    print(f"At the end {_load()}.")


def _load() -> str:
    """How busy the machine is: what others do on it shows in the times by the clock, hardly in those of the CPU."""
    return f"load average {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
