"""A terminal whose commands die when they are told to, and what they leave behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from uuid import uuid4

from tests.recovery.moments import Moment

ROOT = Path(__file__).parents[2]
_MARK = "FUSIONAUDIO_TEST_TERMINAL"
_GONE_WITHIN_S = 60
"""A language model that is being loaded notices the death of its parent when it is loaded."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, or that it was stopped.

    Attributes:
        pid: Its process.
        code: Exit code, negative for the signal that it died of; None when it is stopped and may go on.
        output: All that it has written to stdout and stderr.
        wall_s: Time since it was started or went on.
    """

    pid: int
    code: int | None
    output: str
    wall_s: float


class Terminal:
    """Runs commands of `fusionaudio` in processes of their own; see `terminal`."""

    def __init__(self, driver: subprocess.Popen[str], folder: Path, mark: str) -> None:
        self._driver, self._folder, self._mark = driver, folder, mark

    def run(
        self,
        *arguments: object,
        at: Moment | None = None,
        send: signal.Signals = signal.SIGKILL,
        log: Path | None = None,
        max_file_bytes: int | None = None,
    ) -> Ended:
        """Run a command until it ends or stops.

        Args:
            arguments: Of `fusionaudio`.
            at: Send the process a signal then.
            send: The signal.
            log: Where to note the batches that are computed.
            max_file_bytes: No file may grow larger: what a full disk is to whoever writes.
        """
        request: dict[str, object] = {
            "arguments": [str(argument) for argument in arguments],
            "moment": astuple(at) if at else None,
            "signal": int(send),
            "log": str(log) if log else None,
            "max_file_bytes": max_file_bytes,
        }
        return self._ask(request, self._folder / f"output-{uuid4().hex}.txt")

    def go_on(self, stopped: Ended) -> Ended:
        """Let a stopped command go on until it ends."""
        return self._ask({"go_on": stopped.pid}, self._folder / f"output-{stopped.pid}.txt")

    def orphans(self) -> list[str]:
        """Command lines of processes that commands of this terminal started and that outlive them for long."""
        end_s = time.monotonic() + _GONE_WITHIN_S
        while (found := self._processes()) and time.monotonic() < end_s:
            time.sleep(0.05)
        return found

    def _ask(self, request: dict[str, object], output: Path) -> Ended:
        assert self._driver.stdin
        assert self._driver.stdout
        start = time.monotonic()
        self._driver.stdin.write(json.dumps(request | {"output": str(output)}) + "\n")
        self._driver.stdin.flush()
        answer = json.loads(self._driver.stdout.readline())
        named = self._folder / f"output-{answer['pid']}.txt"
        if output != named:
            output.rename(named)
        return Ended(answer["pid"], answer["code"], named.read_text(errors="replace"), time.monotonic() - start)

    def _processes(self) -> list[str]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            if int(folder.name) == self._driver.pid:
                continue
            try:
                if self._mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # it ended, or is none of ours
                continue
        return found


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    """Open a terminal; `folder` takes what its commands write."""
    mark = f"{_MARK}={uuid4().hex}"
    name, _, value = mark.partition("=")
    environment = {key: text for key, text in os.environ.items() if key not in ("DAGSTER_HOME", "FUSIONAUDIO_LAKE")}
    driver = subprocess.Popen(
        [sys.executable, "-m", "tests.recovery.driver"],
        cwd=ROOT,
        env=environment | {name: value},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with driver:
        yield Terminal(driver, folder, mark)


def leftovers(lake: Path) -> list[str]:
    """Files of a lake that only a run under way may have: batches, files that are being written, marks of runs."""
    working = [*(lake / ".work").glob("*/*/*"), *(lake / ".work").glob("*/*.begun")]
    aside = [path for path in lake.rglob(".*.????????") if path.is_file() and ".dagster" not in path.parts]
    aside += [path for path in (lake / "releases").glob(".*") if path.is_dir()]
    running = list((lake / ".dagster" / "running").glob("*"))
    return sorted(str(path.relative_to(lake)) for path in (*working, *aside, *running))
