"""A run that crashes starts again, one that is stopped does not, and no run outlives its terminal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from fusionaudio_assets import ledger
from fusionaudio_assets.cli import supervisor
from fusionaudio_assets.graph import profile_needs
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import Workspace
from resources.lake import Lake
from tests.doubles import double_profile

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from fusionaudio_assets.cli import main; main()"]
DEADLY_SAMPLES = 4000
PATIENCE_S = 120
"""With what takes a second on a machine that does nothing else."""

RUN = """
import os, sys, signal, time
from pathlib import Path
from fusionaudio_assets.cli import supervisor
supervisor.answer_to_terminal()
log = Path(sys.argv.pop(1))
log.open("a").write(f"{os.getpid()}\\n")
starts = len(log.read_text().split())
signal.pthread_sigmask(signal.SIG_UNBLOCK, supervisor.STOPPING)

def ready():
    log.with_suffix(".ready").touch()
"""
"""The start of a stand-in for the run; `starts` counts it."""

WAITING = """
import signal, sys
from fusionaudio_assets.cli import supervisor
for number, handler in zip((signal.SIGINT, signal.SIGTERM), sys.argv[1]):
    signal.signal(number, signal.SIG_IGN if handler == "-" else signal.SIG_DFL)
supervisor._OF_THE_RUN = sys.argv[2]
sys.exit(supervisor.supervise(sys.argv[3:]))
"""
"""The terminal; its first argument is ``-`` for each of SIGINT and SIGTERM that its shell ignores."""


class Terminal:
    """Runs that are stood in for, and what is said of them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.log = root / "starts"
        self.monkeypatch, self.capfd = monkeypatch, capfd

    def run(self, code: str) -> tuple[int, int, str]:
        """Supervise `code`; returns the exit code, how often it was started and what was said."""
        self.monkeypatch.setattr(supervisor, "_OF_THE_RUN", RUN + code)
        self.monkeypatch.setenv("COLUMNS", "1000")
        exit_code = supervisor.supervise([str(self.log)])
        return exit_code, len(self.pids()), self.capfd.readouterr().err

    def start(self, code: str, shell: str = "++") -> subprocess.Popen[str]:
        """Supervise `code` in a process of its own; comes back when it says that it is ready."""
        terminal = subprocess.Popen(
            [sys.executable, "-c", WAITING, shell, RUN + code, str(self.log)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        wait_for(self.log.with_suffix(".ready").exists)
        return terminal

    def pids(self) -> list[int]:
        return [int(pid) for pid in self.log.read_text().split()]


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path, monkeypatch, capfd)


def wait_for(happened: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("code", [0, 1, 2, 130])
def test_the_exit_code_is_that_of_the_run(waiting: Terminal, code: int) -> None:
    assert waiting.run(f"sys.exit({code})") == (code, 1, "")


def test_a_run_that_gets_on_is_started_again_however_often_it_crashes(waiting: Terminal) -> None:
    code = "supervisor.tell_place('tags', 's', 9 - starts // 2)\nif starts < 6: os.kill(os.getpid(), signal.SIGSEGV)"
    exit_code, starts, said = waiting.run(code)
    assert (exit_code, starts) == (0, 6)
    assert said.count("The run died of a segmentation fault (SIGSEGV) in tags of s") == 5


def test_three_crashes_at_one_place_are_enough(waiting: Terminal) -> None:
    exit_code, starts, said = waiting.run("supervisor.tell_place('tags', 's', 3); os.abort()")
    assert (exit_code, starts) == (1, 3)
    assert said.splitlines()[-1].startswith("The run died of an abort (SIGABRT) in tags of s, 3 clips left, as often")
    assert waiting.run("os.abort()")[0] == 1, "also before there is a place to tell"


def test_what_is_killed_on_purpose_stays_dead(waiting: Terminal) -> None:
    exit_code, starts, said = waiting.run("os.kill(os.getpid(), signal.SIGKILL)")
    assert (exit_code, starts) == (1, 1)
    assert said.startswith("The run died of the signal SIGKILL. What was finished is kept")


def test_what_is_killed_for_want_of_memory_starts_again(waiting: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_killed_for_memory", iter(range(10)).__next__)
    exit_code, starts, said = waiting.run("if starts == 1: os.kill(os.getpid(), signal.SIGKILL)")
    assert (exit_code, starts) == (0, 2)
    assert "The run died of a lack of memory." in said


def test_the_handlers_are_put_back(waiting: Terminal) -> None:
    before = signal.getsignal(signal.SIGINT)
    waiting.run("pass")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_stop_reaches_the_run_once(waiting: Terminal, number: signal.Signals) -> None:
    code = "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
    code += "try: ready(); time.sleep(60)\nexcept KeyboardInterrupt: print('told', file=sys.stderr); sys.exit(130)"
    terminal = waiting.start(code)
    os.kill(terminal.pid, number)
    _, said = terminal.communicate(timeout=PATIENCE_S)
    assert terminal.returncode == 130
    assert said == "told\n"


def test_a_run_in_the_background_of_a_shell_is_deaf_to_ctrl_c_but_can_be_ended(waiting: Terminal) -> None:
    code = "from dagster._utils.interrupts import setup_interrupt_handlers\nsetup_interrupt_handlers()\n"
    code += "try: ready(); time.sleep(60)\nexcept KeyboardInterrupt: print('told', file=sys.stderr); sys.exit(130)"
    terminal = waiting.start(code, shell="--")
    os.kill(terminal.pid, signal.SIGINT)
    time.sleep(0.2)
    assert terminal.poll() is None
    os.kill(terminal.pid, signal.SIGTERM)
    _, said = terminal.communicate(timeout=PATIENCE_S)
    assert (terminal.returncode, said) == (130, "told\n")


def test_a_second_ctrl_c_ends_a_run_that_hangs(waiting: Terminal) -> None:
    code = "signal.signal(signal.SIGINT, lambda *_: log.with_suffix('.heard').touch())\nready()\n"
    terminal = waiting.start(code + "while True: time.sleep(60)")
    (pid,) = waiting.pids()
    os.kill(terminal.pid, signal.SIGINT)
    wait_for(waiting.log.with_suffix(".heard").exists)
    assert not is_gone(pid)
    os.kill(terminal.pid, signal.SIGINT)
    _, said = terminal.communicate(timeout=PATIENCE_S)
    assert (terminal.returncode, is_gone(pid)) == (130, True)
    assert said.startswith("Stopped. What was finished is kept")


def test_a_run_does_not_outlive_its_terminal(waiting: Terminal) -> None:
    terminal = waiting.start("ready()\ntime.sleep(60)")
    (pid,) = waiting.pids()
    assert not is_gone(pid)
    terminal.kill()
    terminal.communicate(timeout=PATIENCE_S)
    wait_for(lambda: is_gone(pid))


def deadly_lake(root: Path, clips: int, **settings: object) -> Lake:
    """A lake of tones, one of them of a length of which the tagger dies."""
    profile = yaml.safe_load(double_profile(profile_needs()))
    tagger = {"adapter": "tests.deadly.DeadlyTags", "dies_at_samples": DEADLY_SAMPLES}
    profile["stages"]["tags"]["models"]["tagger"] = tagger | settings
    (root / "deadly.yaml").write_text(yaml.safe_dump(profile))
    lake = Workspace.create(root / "lake", str(root / "deadly.yaml")).lake
    media = root / "media"
    media.mkdir()
    for number in range(clips):
        time_s = np.arange(DEADLY_SAMPLES if number == 4 else 8000) / 16_000
        soundfile.write(media / f"{number}.wav", 0.1 * np.sin(2 * np.pi * (200 + 50 * number) * time_s), 16_000)
    add_clips(lake, collect(media).rows)
    return lake


def run(lake: Lake) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "run", "--lake", lake.uri, "--select", "raw_clips,tags"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_clip_of_which_a_model_dies_costs_itself(tmp_path: Path) -> None:
    lake = deadly_lake(tmp_path, 10)
    done = run(lake)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("The run died of a segmentation fault (SIGSEGV) in tags of shard-000001") == 2
    assert "Traceback" not in done.stderr
    found = ledger.query(lake, "SELECT status, reason, count(*) FROM ledger WHERE stage = 'tags' GROUP BY ALL")
    assert set(found.iter_rows()) == {("ok", None, 9), ("failed", "model_crashed", 1)}


@pytest.mark.slow
def test_a_model_that_dies_of_everything_is_told_and_no_clip_is_blamed(tmp_path: Path) -> None:
    lake = deadly_lake(tmp_path, 6, dies_of_probe=True)
    done = run(lake)
    assert done.returncode == 1
    assert (
        "double-deadlytags, double-segments died of a segmentation fault (SIGSEGV) before it was given a" in done.stderr
    )
    assert "No clip was recorded as failed" in done.stderr
    assert not lake.has_table("tags", "shard-000001")
