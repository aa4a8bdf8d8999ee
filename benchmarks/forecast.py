"""How near a forecast comes: clips are run, more clips are ingested, the run is forecast, then timed.

    python -m benchmarks.forecast [--clips 36] [--first 12] [--sources FOLDER] [--profile NAME|FILE]

The clips are those of `benchmarks.corpus`. Every command is a process of its own, as a user's would be.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.corpus import fetch_sources, make_corpus
from fusionaudio_assets.stage.history import ShardRun, shard_runs
from resources.lake import Lake

_FUSIONAUDIO = "from fusionaudio_assets.cli import main; main()"

MOST_OFF = 1.5
"""A forecast is good when it is neither so many times too long nor too short."""


def measure(folder: Path, clips: list[Path], first: int, profile: str) -> str:
    """Run the first clips, forecast the others, run them, and report both in Markdown.

    Args:
        folder: An empty folder for the lake.
        clips: Files.
        first: How many of them are run before the forecast.
        profile: The lake's.
    """
    lake = folder / "lake"
    for name, part in (("first", clips[:first]), ("second", clips[first:])):
        (folder / name).mkdir()
        for path in part:
            shutil.copy(path, folder / name)
    _command("init", "--profile", profile, lake=lake)
    _command("ingest", str(folder / "first"), lake=lake)
    _command("run", lake=lake)
    _command("ingest", str(folder / "second"), lake=lake)
    planning_s, told = _command("plan", "--json", lake=lake)
    running_s, _ = _command("run", lake=lake)
    return report(json.loads(told), Lake(lake), planning_s, running_s)


def report(told: dict[str, Any], lake: Lake, planning_s: float, running_s: float) -> str:
    """What was told beside what came."""
    newest = lake.shards()[-1]
    lines = ["| stage | clips told | computed | s told | s taken |", "|---|---|---|---|---|"]
    for name, stage in told["stages"].items():
        run = next(reversed(shard_runs(lake, name, newest)), None)
        compute, seconds = stage["compute"], stage["time_s"]
        bounds = f"{compute['low']} to {compute['high']}" if compute["low"] != compute["high"] else ""
        own_s = f"{_seconds(run):.1f}" if run else ""
        told_s = f"{seconds['expected'] - stage['touched'] * told['besides']['table_s']:.1f}"
        expected = f"{compute['expected']} ({bounds})" if bounds else f"{compute['expected']}"
        lines.append(f"| {name} | {expected} | {run.computed if run else 0} | {told_s} | {own_s} |")
    expected_s = told["time_s"]["expected"]
    factor = max(expected_s / running_s, running_s / expected_s)
    lines += [
        "",
        f"In all {expected_s:.1f} s told ({told['time_s']['low']:.1f} to {told['time_s']['high']:.1f}), "
        f"{running_s:.1f} s taken with the start of the process: a factor of {factor:.2f}. "
        f"The forecast took {planning_s:.1f} s. Load average {os.getloadavg()[0]:.1f} at the end.",
        "" if factor <= MOST_OFF else f"**More than {MOST_OFF}.**",
    ]
    return "\n".join(lines)


def _seconds(run: ShardRun) -> float:
    return run.plan_s + run.models_s + run.work_s


def _command(name: str, *arguments: str, lake: Path) -> tuple[float, str]:
    """Wall seconds and output of a command."""
    start_s = time.monotonic()
    command = [sys.executable, "-c", _FUSIONAUDIO, name, *arguments, "--lake", str(lake)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return time.monotonic() - start_s, done.stdout


def main() -> None:
    """Measure and print the report."""
    parser = argparse.ArgumentParser(description="Forecast a run and time it.")
    parser.add_argument("--clips", type=int, default=36)
    parser.add_argument("--first", type=int, default=12, help="How many of them are run before the forecast.")
    parser.add_argument("--sources", type=Path, help="Where benchmarks.corpus put its sources.")
    parser.add_argument("--folder", type=Path, help="Use these clips instead.")
    parser.add_argument("--profile", default="embedded")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        if arguments.folder:
            clips = sorted(arguments.folder.iterdir())[: arguments.clips]
        else:
            sources = fetch_sources(arguments.sources or work / "sources")
            clips = [clip.path for clip in make_corpus(sources, work / "clips", arguments.clips)]
        (work / "lakes").mkdir()
        print(measure(work / "lakes", clips, arguments.first, arguments.profile))


if __name__ == "__main__":
    main()
