"""What quality costs: the rules of a shard with their events, and those of a lake of 1,200,000 clips.

    python -m benchmarks.rules [--shards 1200] [--clips 1000] [--lake DIR]

Tables are synthetic (`benchmarks/synthetic.py`), with the names of AudioSet as labels and no media. Each figure is
taken in a fresh process. `--lake` keeps the tables, and uses those that are there.
"""

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import dagster as dg

from benchmarks.meter import Meter
from benchmarks.synthetic import write_tables
from fusionaudio_assets import ledger
from fusionaudio_assets.checks import evaluate, evaluate_lake
from fusionaudio_assets.checks.asset_checks import check_results
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.instance import dagster_home, open_instance
from resources.lake import Lake

READS = {name: [asset for asset in stage.reads if asset != "manifest"] for name, stage in STAGES.items()}


def judge_shard(folder: Path) -> str:
    """All rules of one shard, and the events that tell their verdicts in the UI."""
    lake = Lake(folder)
    shard = lake.shards()[0]
    shutil.rmtree(dagster_home(lake), ignore_errors=True)  # an event of the same shard can be told but once
    with open_instance(lake) as instance, Meter() as meter:
        for name, reads in READS.items():
            meter.switch("rules")
            verdicts = evaluate(name, shard, lake, reads)
            meter.switch("events")
            for result in check_results(verdicts):
                assert result.check_name is not None
                instance.report_runless_asset_event(
                    dg.AssetCheckEvaluation(
                        dg.AssetKey(name),
                        result.check_name,
                        passed=result.passed,
                        metadata=result.metadata,
                        severity=result.severity,
                        description=result.description,
                        partition=shard,
                    )
                )
        meter.switch(None)
    rules, events = meter.parts["rules"], meter.parts["events"]
    total = meter.total()
    return (
        f"{rules.wall_s:.2f} s for the rules, {events.wall_s:.2f} s for their {2 * len(READS)} events, "
        f"**{total.wall_s:.2f} s** in all, {total.cpu_s:.2f} s of the processors"
    )


def judge_lake(folder: Path) -> str:
    """All rules of all shards, without events."""
    lake = Lake(folder)
    with Meter() as meter:
        meter.switch("rules")
        broken: Counter[str] = Counter()
        judged = 0
        for _, verdicts in evaluate_lake(lake, READS):
            judged += len(verdicts)
            broken.update(f"{v.rule.asset}/{v.rule.name}" for v in verdicts if not v.holds)
        meter.switch(None)
    told = ", ".join(f"{name} {count}" for name, count in broken.most_common(5)) or "none"
    return f"{_told(meter)}; {judged:,} verdicts; rules that do not hold, by shards: {told}"


def summarise(folder: Path) -> str:
    """The ledger's summary, as `fusionaudio status` shows it."""
    with Meter() as meter:
        meter.switch("ledger")
        lines = ledger.counts(Lake(folder)).height
        meter.switch(None)
    return f"{_told(meter)}; {lines:,} lines"


def _told(meter: Meter) -> str:
    total = meter.total()
    return f"**{total.wall_s:.1f} s**, {total.cpu_s:.1f} s of the processors, peak {meter.peak_mb:.0f} MB"


def _made(folder: Path, shards: int, clips: int) -> None:
    lake = Lake(folder)
    lake.create()
    keys = [f"shard-{number:06d}" for number in range(1, shards + 1)]
    missing = sorted(set(keys) - set(lake.shards("filtered_dataset")))
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial(write_tables, lake, clips=clips), [missing[n::workers] for n in range(workers)]))


def _alone(measure: Callable[[Path], str], folder: Path) -> str:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, folder).result()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=1200)
    parser.add_argument("--clips", type=int, default=1000, help="clips of a shard")
    parser.add_argument("--lake", type=Path, help="where the tables are kept; a temporary folder by default")
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {date.today()}, "
        f"load average {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.lake or Path(temporary) / "lake"
        start = time.perf_counter()
        _made(folder, options.shards, options.clips)
        size_mb = sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 1e6
        print(
            f"{options.shards:,} shards of {options.clips:,} clips, {size_mb:,.0f} MB, "
            f"made in {time.perf_counter() - start:.0f} s"
        )
        print(f"\n* One shard: {_alone(judge_shard, folder)}.")
        print(f"* All shards: {_alone(judge_lake, folder)}.")
        print(f"* The ledger's summary: {_alone(summarise, folder)}.")
        print(f"\nAt the end load average {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
