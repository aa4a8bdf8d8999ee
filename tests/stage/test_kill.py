"""A run that is killed at any moment loses at most the batch it was at, and nothing comes twice."""

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from fusionaudio_assets.stage import run_shard
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, manifest, stage_profile

CLIPS = 100
BATCH = 4
KILLS = 5

RUNS = """
import os, signal, sys, time
from pathlib import Path
from fusionaudio_assets.stage import run_shard
from resources.lake import Lake
from tests.stage.conftest import LENGTHS, stage_profile
from tests.stage.rulers import SlowRuler

# Imports take longer than all the rest: they are done once, and every run is a fork of this process.
log, two_batches = Path(sys.argv[2]), int(sys.argv[3])
for delay_s in sys.argv[4:]:
    begun = log.stat().st_size
    pid = os.fork()
    if pid == 0:
        run_shard(LENGTHS, "s", Lake(sys.argv[1]), stage_profile(SlowRuler(log=sys.argv[2])))
        os._exit(0)
    ended = False
    while not ended and log.stat().st_size < begun + two_batches:  # until one is saved
        time.sleep(0.005)
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    time.sleep(float(delay_s))
    os.kill(pid, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_every_clip_once_whenever_the_run_is_killed(lake: Lake, tmp_path: Path) -> None:
    """Moments are drawn over the whole of a run after its first batch: while it computes, writes a batch or commits."""
    paths = [f"clip-{number:03d}.wav" for number in range(CLIPS)]
    lake.write_table("manifest", "s", manifest(paths))
    log = tmp_path / "measured.txt"
    log.touch()
    draw = random.Random(7)
    two_batches = 2 * len("".join(f"{path}\n" for path in paths[:BATCH]))
    delays_s = [f"{draw.uniform(0, 0.15):.3f}" for _ in range(KILLS)]
    killed = subprocess.run(
        [sys.executable, "-c", RUNS, str(lake.root), str(log), str(two_batches), *delays_s],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    kills = killed.stdout.split().count(str(-signal.SIGKILL))
    assert kills >= 3
    outcome = run_shard(LENGTHS, "s", lake, stage_profile())
    assert outcome.account.resumed > 0
    assert outcome.table["clip_id"].to_list() == [f"{number:04d}" for number in range(CLIPS)]
    assert outcome.table["length"].to_list() == [len(path) for path in paths]
    times = Counter(log.read_text().split())
    repeated = sum(count - 1 for count in times.values())
    assert repeated <= kills * BATCH
    (file,) = set(outcome.table["audio_file"])
    reader = lake.open_payload("lengths", "audio", file)
    assert [reader.read(f"{number:04d}")["bytes"].decode() for number in range(CLIPS)] == paths
