"""A lake that watches a folder, and a stand-in for the daemon that calls its sensor."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fusionaudio_assets.shards import MANIFEST, SHARDS_NAME
from resources.lake import Lake
from sensors.new_clips import evaluate
from sensors.watch import WatchSettings, watch

SETTLE_S, SHARD_SIZE, SEAL_AFTER_S = 30, 4, 600


@dataclass
class Daemon:
    """Does with a sensor's result what Dagster's daemon does, in its order, and can die between any two steps."""

    folder: Path
    lake: Lake
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    cursor: str | None = None
    runs: dict[str, str] = field(default_factory=dict)
    now_s: float = 1_700_000_000.0

    def tick(self, after_s: float = SETTLE_S, die_after: str = "") -> dg.SensorResult | dg.SkipReason:
        """One look, `after_s` after the one before; dies after its partitions or its runs when told so."""
        self.now_s += after_s
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = evaluate(context, self.lake, self.now_s)
        if isinstance(result, dg.SkipReason) or die_after == "look":
            return result
        for request in result.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(SHARDS_NAME, list(request.partition_keys))
        if die_after == "partitions":
            return result
        for run in result.run_requests or []:
            assert run.partition_key and run.run_key
            assert self.instance.has_dynamic_partition(SHARDS_NAME, run.partition_key)
            self.runs.setdefault(run.run_key, run.partition_key)
            if die_after == "a run":
                return result
        if die_after != "runs":
            self.cursor = result.cursor
        return result

    def drop(self, name: str, content: bytes) -> Path:
        """Put a file into the watched folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def clips(self) -> dict[str, list[str]]:
        """Sources of the clips by shard."""
        tables = {shard: self.lake.read_table(MANIFEST, shard) for shard in self.lake.shards()}
        return {s: [x for row in t["sources"] for x in row] for s, t in tables.items() if t is not None}

    def forget(self) -> None:
        """Throw away what is known of the files."""
        (Path(self.lake.root) / ".watch/files.parquet").unlink(missing_ok=True)


def make_daemon(root: Path, **settings: Any) -> Daemon:
    folder = root / "incoming"
    folder.mkdir()
    lake = Lake(root / "lake")
    lake.create()
    given: dict[str, Any] = {"settle_s": SETTLE_S, "shard_size": SHARD_SIZE, "seal_after_s": SEAL_AFTER_S} | settings
    watch(lake, WatchSettings(folder=folder, **given))
    return Daemon(folder, lake)


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    return make_daemon(tmp_path)
