"""What `benchmarks.stages` finds, and how it is told."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.meter import Spent
from fusionaudio_assets.stage import Row


@dataclass
class Figures:
    """What was measured of one stage.

    Attributes:
        clips: Clips that it computed.
        audio_s: Their length.
        stage: A run of the stage, once for each pair.
        models: The calls of its models alone.
        networks: The calls of their networks alone.
        decoding: Reading and decoding its payloads alone.
        single: One clip at a time, as if all had been.
        first_batch_s: From the start of the first run to its first rows.
        peak_mb: Highest memory in it.
        others_cpu_s: Processor time that the rest of the machine took meanwhile.
        same: What one clip at a time gives, compared with the rows of the stage.
    """

    clips: int
    audio_s: float
    stage: list[Spent]
    models: list[Spent]
    networks: list[Spent]
    decoding: list[Spent]
    single: Spent
    first_batch_s: float
    peak_mb: float
    others_cpu_s: float
    same: str

    @property
    def ratios(self) -> tuple[list[float], ...]:
        """For each pair, by the clock and by the processors: models, networks, one clip at a time, over the stage."""
        with_decoding = [
            [Spent(a.wall_s + b.wall_s, a.cpu_s + b.cpu_s) for a, b in zip(some, self.decoding, strict=True)]
            for some in (self.models, self.networks)
        ]
        return tuple(
            [getattr(run, clock) / getattr(stage, clock) for run, stage in zip(runs, self.stage, strict=True)]
            for runs in (*with_decoding, [self.single] * len(self.stage))
            for clock in ("wall_s", "cpu_s")
        )


def report(found: Mapping[str, Figures]) -> str:
    """Markdown: how fast each stage is, what share of its limit that is, and what one clip at a time takes."""
    lines = [
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}; load average at the "
        f"end {os.getloadavg()[0]:.1f}.",
        "",
        "| stage | clips | sound s per s | models / stage | CPU | networks / stage | CPU | one at a time / stage | CPU "
        "| first rows s | peak MB |",
        f"|---{'|---' * 10}|",
    ]
    for name, of in found.items():
        speed = of.audio_s / median(run.wall_s for run in of.stage)
        shares = " | ".join(f"**{median(ratio):.2f}** ({_all(ratio)})" for ratio in of.ratios[:4])
        gains = " | ".join(f"{median(ratio):.1f}" for ratio in of.ratios[4:])
        lines.append(
            f"| {name} | {of.clips} | {speed:.0f} | {shares} | {gains} | {of.first_batch_s:.1f} | {of.peak_mb:.0f} |"
        )
    lines += [
        "",
        "Wall / CPU seconds:",
        "",
        "| stage | stage | models | networks | decoding | one at a time | CPU of other processes |",
        f"|---{'|---' * 6}|",
    ]
    for name, of in found.items():
        parts = (of.stage, of.models, of.networks, of.decoding, [of.single])
        runs = [", ".join(f"{run.wall_s:.1f} / {run.cpu_s:.1f}" for run in some) for some in parts]
        lines.append(f"| {name} | {' | '.join(runs)} | {of.others_cpu_s:.0f} |")
    return "\n".join([*lines, "", *(f"* {name}: {of.same}." for name, of in found.items())])


def _all(ratios: Sequence[float]) -> str:
    return ", ".join(f"{ratio:.2f}" for ratio in ratios)


def difference(rows: Sequence[Row], alone: Sequence[Row]) -> str:
    """The largest difference between numbers, and how many clips differ in anything else."""
    largest, others = 0.0, 0
    for row, single in zip(rows, alone, strict=True):
        numbers, rest = _parts({name: single[name] for name in sorted(single) if name in row})
        numbers_of_stage, rest_of_stage = _parts({name: row[name] for name in sorted(single) if name in row})
        others += rest != rest_of_stage
        if len(numbers) == len(numbers_of_stage):
            largest = max(largest, *(abs(a - b) for a, b in zip(numbers, numbers_of_stage, strict=True)), 0.0)
    return f"largest difference {largest:.1e}, {others} clips differ otherwise"


def _parts(value: Any) -> tuple[list[float], list[Any]]:
    """Numbers in a row, and everything else with the shape of the row, both in order."""
    if isinstance(value, float):
        return [value], []
    if not isinstance(value, dict | list | tuple):
        return [], [value]
    parts = [_parts(part) for part in (value.values() if isinstance(value, dict) else value)]
    return [x for numbers, _ in parts for x in numbers], [len(parts), *(x for _, rest in parts for x in rest)]
