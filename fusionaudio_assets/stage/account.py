"""The account of a stage's work on a shard: figures that the Dagster UI plots by partition."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from resources.load_time import loading_s

ON_THE_CLOCK = ("plan", "wait", "compute", "write")
"""Activities that follow on each other; together they are what a stage takes."""

SHOWN_AS = {
    "compute": "time/compute_s",
    "wait": "time/wait_for_input_s",
    "plan": "time/plan_s",
    "write": "time/write_s",
    "load": "time/load_ahead_s",
}
"""Activities by the names under which people see them; `load` is the one that runs beside the others."""


@dataclass
class Account:
    """Figures of one materialisation.

    Attributes:
        reused: Rows that stood.
        settled: Rows that needed no computing: new skips.
        computed: Rows that were computed now.
        resumed: Rows taken over from a run that died.
        seconds: Wall seconds by activity. `load` runs ahead in a thread of its own; `wait` is what it cost.
        models_s: Seconds within `compute` in which models were loaded.
        audio_s: Audio seconds behind the computed rows, as far as the stage knows them.
        heard_s: Those of them that were read as sound or pictures, not only as rows.
        found: What the models found out while they worked, by role and name, e.g. ``{"tagger/batch_size": 64}``.
    """

    reused: int = 0
    settled: int = 0
    computed: int = 0
    resumed: int = 0
    seconds: dict[str, float] = field(
        default_factory=lambda: {"plan": 0.0, "load": 0.0, "wait": 0.0, "compute": 0.0, "write": 0.0}
    )
    models_s: float = 0.0
    audio_s: float = 0.0
    heard_s: float = 0.0
    found: dict[str, int | float] = field(default_factory=dict)

    @contextmanager
    def timed(self, activity: str) -> Iterator[None]:
        """Add the time of a block to an activity."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[activity] += time.perf_counter() - start

    @contextmanager
    def loading_models(self) -> Iterator[None]:
        """Tell the loading of models within a block apart."""
        before_s = loading_s()
        try:
            yield
        finally:
            self.models_s += loading_s() - before_s

    def costs(self, table: pl.DataFrame) -> dict[str, int | float]:
        """What the work that committed `table` took, by the names under which people see it."""
        figures: dict[str, int | float] = {
            "computed": self.computed,
            "reused": self.reused,
            "resumed": self.resumed,
        }
        if self.audio_s and self.seconds["compute"]:
            figures["audio_s"] = round(self.audio_s, 1)
            figures["audio_s_per_s"] = round(self.audio_s / (self.seconds["compute"] + self.seconds["wait"]), 2)
        for column in ("prompt_tokens", "completion_tokens"):
            if column in table.columns:
                figures[column] = int(table[column].sum() or 0)
        figures |= {name: round(self.seconds[activity], 3) for activity, name in SHOWN_AS.items()}
        figures |= {f"model/{name}": figure for name, figure in self.found.items()}
        return figures | {"peak_memory_mb": peak_memory_mb()}


def counts(table: pl.DataFrame) -> dict[str, int]:
    """Rows of a table by status and reason, by the names under which people see them."""
    figures = {"rows": table.height}
    figures |= {status: table.filter(pl.col("status") == status).height for status in ("ok", "failed", "skipped")}
    reasons = table.drop_nulls("reason").group_by("reason").len().sort("len", "reason", descending=[True, False])
    return figures | {f"reason/{reason}": count for reason, count in reasons.iter_rows()}


def peak_memory_mb() -> float:
    """Highest resident memory of this process so far, in MB (10⁶ bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return round(peak * unit / 1e6, 1)
