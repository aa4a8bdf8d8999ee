"""Runs are killed at counted events and started again: nothing is lost, nothing comes twice, little is done twice."""

import shutil
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.dagster_run import FINISHED_STATUSES

from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.shards import SHARDS_NAME
from resources.lake import Lake
from tests.recovery.lakes import SELECT, differences, not_shown, payloads, write_examples, write_profile
from tests.recovery.moments import KINDS, Moment
from tests.recovery.terminal import Ended, Terminal, leftovers

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="orphans are looked for in /proc")

INGEST = [
    Moment("files are hashed"),
    Moment("before the rename", "manifest"),
    Moment("after the rename", "manifest"),
    Moment("database table made", nth=9),
]
RUN = [
    Moment("clips are decoded", nth=3),
    Moment("batch computed", "raw_clips"),
    Moment("batch asked alone", "raw_clips", 2),
    Moment("batch saved", "raw_clips"),
    Moment("payload half sealed", "raw_clips"),
    Moment("before the rename", "raw_clips"),
    Moment("after the rename", "raw_clips"),
    Moment("before a check", "raw_clips"),
    Moment("event stored", nth=7),
    Moment("batch loaded", "tags"),
    Moment("batch saved", "tags", 2),
    Moment("batch asked alone", "tags"),
    Moment("after the rename", "tags"),
    Moment("batch computed", "tags", 2),
    Moment("before the rename", "tags"),
    Moment("batch loaded", "stems"),
    Moment("batch saved", "stems"),
    Moment("payload half sealed", "stems"),
    Moment("after a check", "stems"),
    Moment("batch computed", "transcripts"),
    Moment("batch saved", "transcripts"),
    Moment("before the rename", "transcripts"),
    Moment("between stages", nth=4),
    Moment("batch saved", "sound_captions", 2),
    Moment("after the rename", "sound_captions"),
    Moment("batch computed", "music_captions"),
    Moment("batch loaded", "visual_captions"),
    Moment("after the rename", "visual_captions"),
    Moment("model asked", "fused_captions"),
    Moment("batch saved", "fused_captions"),
    Moment("batch asked alone", "fused_captions"),
    Moment("before the rename", "fused_captions"),
    Moment("before a check", "fused_captions"),
    Moment("batch saved", "caption_scores", 2),
    Moment("batch computed", "qa_pairs", 2),
    Moment("release written", "dataset_release"),
]
SHORT = [
    Moment("batch computed", "raw_clips"),
    Moment("payload half sealed", "raw_clips"),
    Moment("after the rename", "raw_clips"),
    Moment("batch saved", "tags"),
    Moment("before a check", "tags"),
]
_UNDER_WAY = [status for status in dg.DagsterRunStatus if status not in FINISHED_STATUSES]
EVERYTHING = ",".join([*STAGES, "dataset_release"])


@dataclass
class Toll:
    """What kills cost.

    Attributes:
        kills: Number of kills by kind of event.
        runs: For every run, the clips of every batch that it began, each as stage and clip.
        seconds: Wall time of every run; the last one was not killed.
    """

    kills: Counter[str] = field(default_factory=Counter)
    runs: list[list[set[tuple[str, str]]]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def note(self, ended: Ended, log: Path) -> None:
        """Take a run into account, and empty its log."""
        lines = [line.split() for line in log.read_text().splitlines()]
        self.runs.append([{(stage, clip) for clip in clips.split(",")} for stage, clips in lines])
        self.seconds.append(ended.wall_s)
        log.write_text("")

    def __str__(self) -> str:
        """What happened, in three lines."""
        times = Counter(clip for batches in self.runs for batch in batches for clip in batch)
        again = Counter(stage for (stage, _), n in times.items() for _ in range(n - 1))
        return "\n".join([
            f"{self.kills.total()} kills: {', '.join(f'{kind} {n}' for kind, n in sorted(self.kills.items()))}",
            f"{len(times)} rows computed, {again.total()} of them again: {dict(again)}",
            f"{sum(self.seconds):.1f} s in {len(self.seconds)} processes",
        ])  # fmt: skip


def test_a_run(shell: Terminal, tmp_path: Path, lake: Path, finished: Path) -> None:
    """The way of the forty kills, with cheap models and the first stages alone."""
    toll = Toll()
    _kill(shell, ["run", "--lake", lake, "--select", SELECT], SHORT, tmp_path / "batches.txt", toll)
    assert differences(finished, lake) == []
    assert payloads(finished) == payloads(lake)
    _check(lake, SELECT.split(","), toll)


@pytest.mark.parametrize("moment", [Moment("after the rename", "raw_clips"), Moment("before a check", "raw_clips")])
def test_a_run_that_dies_of_a_table_that_dagster_knows_in_an_older_version(
    shell: Terminal, tmp_path: Path, finished: Path, moment: Moment
) -> None:
    """The table is new, nothing is left to compute, and the event and the checks are of the old one."""
    lake = Path(shutil.copytree(finished, tmp_path / "lake"))
    profile = write_profile(tmp_path, "doubles", key_frames=2)
    assert shell.run("profile", "--set", profile, "--lake", lake).code == 0
    toll = Toll()
    _kill(shell, ["run", "--lake", lake, "--select", "raw_clips"], [moment], tmp_path / "batches.txt", toll)
    assert [len(batches) for batches in toll.runs] == [2, 2], "each shard once"
    _check(lake, ["raw_clips"], toll)


def test_an_ingest(shell: Terminal, tmp_path: Path, ingested: Path) -> None:
    lake = tmp_path / "lake"
    command = ["ingest", ingested.with_name("media"), "--lake", lake, "--shard-size", 3]
    moments = [*INGEST[1:3], *(Moment("database table made", nth=nth) for nth in (1, 8, 16, 24))]
    _kill(shell, command, moments, tmp_path / "batches.txt", Toll())
    for shard in Lake(ingested).shards():
        name = f"manifest/{shard}.parquet"
        assert Lake(lake).read_frame(name).equals(Lake(ingested).read_frame(name))
    assert Lake(lake).shards() == Lake(ingested).shards()
    with open_instance(Lake(lake)) as instance:
        assert instance.get_dynamic_partitions(SHARDS_NAME) == Lake(lake).shards()
    assert leftovers(lake) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_forty_kills_of_the_embedded_profile(
    shell: Terminal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real models, from the files to the release, over fourteen clips."""
    media, calm, shaken = tmp_path / "media", tmp_path / "calm", tmp_path / "shaken"
    media.mkdir()
    write_examples(media)
    settings = write_profile(tmp_path, "embedded")
    for lake in (calm, shaken):
        assert shell.run("init", "--lake", lake, "--profile", settings).code == 0
    assert shell.run("ingest", media, "--lake", calm, "--shard-size", 7).code == 0
    undisturbed = shell.run("run", "--lake", calm, "--select", EVERYTHING)
    assert undisturbed.code == 0, undisturbed.output

    toll, log = Toll(), tmp_path / "batches.txt"
    _kill(shell, ["ingest", media, "--lake", shaken, "--shard-size", 7], INGEST, log, toll)
    _kill(shell, ["run", "--lake", shaken, "--select", EVERYTHING], RUN, log, toll)

    with capsys.disabled():
        sys.stdout.write(f"\n{undisturbed.wall_s:.1f} s undisturbed\n{toll}\n")
    assert toll.kills.total() == 40
    assert toll.kills.keys() == KINDS.keys()
    assert differences(calm, shaken) == []
    assert payloads(calm) == payloads(shaken)
    assert _names(shaken / "releases") == _names(calm / "releases")
    _check(shaken, list(STAGES), toll)


def _kill(shell: Terminal, command: Sequence[object], moments: Sequence[Moment], log: Path, toll: Toll) -> None:
    """Run a command that is killed at one moment after the other, then once more to its end."""
    log.touch()
    for moment in moments:
        ended = shell.run(*command, at=moment, log=log)
        assert ended.code == -signal.SIGKILL, f"{moment} never came: {ended.output}"
        assert "Traceback" not in ended.output
        assert shell.orphans() == []
        toll.note(ended, log)
        toll.kills[moment.kind] += 1
    ended = shell.run(*command, log=log)
    assert ended.code == 0, ended.output
    assert shell.orphans() == []
    toll.note(ended, log)


def _check(root: Path, stages: Sequence[str], toll: Toll) -> None:
    """Little was done twice, nothing is left over, and Dagster knows what stands and takes no run for one under way."""
    for number, batches in enumerate(toll.runs):
        later = {clip for other in toll.runs[number + 1 :] for batch in other for clip in batch}
        finished = {clip for batch in batches[:-1] for clip in batch}
        assert not finished & later, f"run {number} lost more than its last batch"
    assert leftovers(root) == []
    assert not_shown(root, stages) == []
    with open_instance(Lake(root)) as instance:
        assert instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)) == []


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
