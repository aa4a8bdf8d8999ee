"""What a run from the terminal takes besides the work of its stages: gates, checks, and Dagster's events."""

import statistics
import time

import dagster as dg

from fusionaudio_assets.stage.account import ON_THE_CLOCK, SHOWN_AS
from fusionaudio_assets.stage.history import record_overhead
from resources.lake import Lake


class RunClock:
    """Starts with the run; is told of every table that was made, and keeps the account in the lake at the end."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._stages_s = 0.0
        self._rests_s: list[float] = []

    def made(self, wall_s: float, result: dg.ExecuteInProcessResult) -> None:
        """Count a table.

        Args:
            wall_s: What it took by the clock.
            result: Dagster's, with what the stage itself reports.
        """
        stage_s = sum(
            float(str(event.step_materialization_data.materialization.metadata[SHOWN_AS[activity]].value))
            for event in result.all_events
            if event.is_step_materialization
            for activity in ON_THE_CLOCK
        )
        self._stages_s += stage_s
        self._rests_s.append(wall_s - stage_s)

    def leave_out(self, wall_s: float) -> None:
        """Count what is forecast by nobody: an asset over all shards."""
        self._stages_s += wall_s

    def record(self, lake: Lake) -> None:
        """Keep the account of a run that made a table.

        Raises:
            LakeError: The lake cannot be written.
        """
        if not self._rests_s:
            return
        # The median: the first tables also pay for what is imported late, which belongs to the start.
        tables, table_s = len(self._rests_s), statistics.median(self._rests_s)
        start_s = time.monotonic() - self._started_s - self._stages_s - tables * table_s
        record_overhead(lake, tables, start_s=max(0.0, start_s), table_s=max(0.0, table_s))
