"""What `benchmarks.gpu` finds, and how it is told."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.meter import Spent


@dataclass
class Figures:
    """What was measured of one stage.

    Attributes:
        model: Class of its adapter.
        clips: How many.
        audio_s: Length of all clips.
        load_s: Loading the model and trying it once.
        first_rows_s: From the start of the first run to its first rows.
        stage: Each measured run.
        wait_s: What the model waited for decoding and features, in each of them.
        library: The model's own library given ready arrays, after each of them.
        networks: The networks asked the same again, after each of them.
        decoding: Reading and decoding alone.
        single: One clip at a time, as if all had been.
        batch_size: What was found.
        gpu_peak_mb: Most memory of the GPU, 0 on a CPU.
        peak_mb: Most memory of the process.
        others_cpu_s: Processor time that the rest of the machine took meanwhile.
    """

    model: str
    clips: int
    audio_s: float
    load_s: float
    first_rows_s: float
    stage: list[Spent]
    wait_s: list[float]
    library: list[Spent]
    networks: list[Spent]
    decoding: Spent
    single: Spent
    batch_size: int
    gpu_peak_mb: float
    peak_mb: float
    others_cpu_s: float

    def shares(self, limit: Sequence[Spent], clock: str, *, on_cpu: bool) -> list[float]:
        """A limit over the stage, run by run, by the clock (``"wall_s"``) or the processors (``"cpu_s"``)."""
        decoding = getattr(self.decoding, clock) if on_cpu else 0.0
        return [
            (getattr(run, clock) + decoding) / getattr(stage, clock)
            for run, stage in zip(limit, self.stage, strict=True)
        ]


def report(found: Mapping[str, Figures], machine: str, *, on_cpu: bool) -> str:
    """Markdown: a line for each stage with its shares of the limits, and one with the times."""
    lines = [
        f"{machine}; {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}; "
        f"random weights; load average at the end {os.getloadavg()[0]:.1f}.",
        "",
        "| stage | model | clips | sound s per s | model / stage | CPU | networks / stage | CPU "
        "| one at a time / stage | CPU | for input | batch | load s | first rows s | GPU MB | MB |",
        f"|---{'|---' * 15}|",
    ]
    for name, of in found.items():
        stage_s = median(run.wall_s for run in of.stage)
        cells = [name, of.model, str(of.clips), f"{of.audio_s / stage_s:.2f}"]
        for limit in (of.library, of.networks):
            for clock in ("wall_s", "cpu_s"):
                shares = of.shares(limit, clock, on_cpu=on_cpu)
                cells.append(f"**{median(shares):.2f}** ({', '.join(f'{share:.2f}' for share in shares)})")
        cells += [f"{of.single.wall_s / stage_s:.1f}", f"{of.single.cpu_s / median(run.cpu_s for run in of.stage):.1f}"]
        cells += [f"{median(of.wait_s) / stage_s:.0%}", str(of.batch_size), f"{of.load_s:.1f}"]
        cells += [f"{of.first_rows_s:.1f}", f"{of.gpu_peak_mb:.0f}", f"{of.peak_mb:.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Wall / CPU seconds:",
        "",
        "| stage | stage | model | networks | decoding | one at a time | CPU of other processes |",
        f"|---{'|---' * 6}|",
    ]
    for name, of in found.items():
        parts = (of.stage, of.library, of.networks, [of.decoding], [of.single])
        runs = [", ".join(f"{run.wall_s:.1f} / {run.cpu_s:.1f}" for run in some) for some in parts]
        lines.append(f"| {name} | {' | '.join(runs)} | {of.others_cpu_s:.0f} |")
    return "\n".join(lines)
