"""Wall time, processor time and memory of this process with everything that it started (Linux)."""

import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """Seconds by the clock, and of all processors together."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@dataclass
class Meter:
    """Adds up what the parts of a piece of work take, and watches memory from a thread while it is open.

    Attributes:
        parts: What each part took.
        peak_mb: Highest memory of all processes together, shared pages counted once, in MB (10⁶ bytes).
    """

    parts: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    peak_mb: float = 0.0
    _running: tuple[str, float, float] | None = None

    def switch(self, part: str | None) -> None:
        """End the part that runs, and start another, or none."""
        wall, cpu = time.perf_counter(), cpu_s()
        if self._running is not None:
            name, wall_before, cpu_before = self._running
            self.parts[name].wall_s += wall - wall_before
            self.parts[name].cpu_s += cpu - cpu_before
        self._running = None if part is None else (part, wall, cpu)

    def total(self) -> Spent:
        """All parts together."""
        spent = self.parts.values()
        return Spent(sum(part.wall_s for part in spent), sum(part.cpu_s for part in spent))

    def __enter__(self) -> "Meter":
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            self.peak_mb = max(self.peak_mb, memory_mb())


def cpu_s() -> float:
    """Processor time of this process and all below it since they started, those that ended included."""
    return sum(sum(int(ticks) for ticks in stat[11:15]) for _, stat in _family()) / _TICKS_PER_S


def machine_cpu_s() -> float:
    """Processor time that the whole machine has spent since it started, idle and waiting apart."""
    user, nice, system, _idle, _wait, irq, soft_irq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + soft_irq) / _TICKS_PER_S


def memory_mb() -> float:
    """Memory of this process and all below it, in MB; a page that several share counts once among them."""
    total_kb = 0
    for pid, _ in _family():
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:  # it ended meanwhile
            continue
        total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb * 1024 / 1e6


def _family() -> list[tuple[int, list[str]]]:
    """This process and all below it: number and the fields of `/proc/PID/stat` from the third on."""
    stats: dict[int, list[str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stats[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
    family = {os.getpid()}
    grown = True
    while grown:
        below = {pid for pid, stat in stats.items() if int(stat[1]) in family} - family
        family |= below
        grown = bool(below)
    return [(pid, stats[pid]) for pid in family if pid in stats]
