"""``python -m tests.recovery.driver``: runs commands of `fusionaudio`, each in a process of its own.

Imports take longer than a small run: they are done once, and every command is a fork. A JSON object comes in on one
line and goes out on one; `terminal.Terminal` is the other end. What is forked is the process that works; the one that
waits for it (`fusionaudio_assets.cli.supervisor`) has no part in this.
"""

import atexit
import json
import os
import resource
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

import dagster._core.storage.base_storage
import dagster._core.storage.event_log  # noqa: F401  commands import these, which takes a second or two
import pyloudnorm  # noqa: F401

from fusionaudio_assets.cli import ingest, run  # noqa: F401
from fusionaudio_assets.cli.app import app
from tests.recovery.moments import Moment, log_batches, send_at

LIMIT_S = 300
"""A command that takes longer hangs: it dies of SIGALRM, which no test takes for what it waits for."""


def main() -> None:
    """Serve until standard input ends."""
    stopped: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if pid := request.get("go_on"):
            stopped.discard(pid)
            os.kill(pid, signal.SIGCONT)
        else:
            pid = os.fork()
            if pid == 0:
                _become(request)
        _, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            stopped.add(pid)
            code = None
        else:
            code = os.waitstatus_to_exitcode(status)
        sys.stdout.write(json.dumps({"pid": pid, "code": code}) + "\n")
        sys.stdout.flush()
    for pid in stopped:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _become(request: dict[str, Any]) -> NoReturn:
    """Be the command, from its first line to the functions that it runs at exit.

    Taking the interpreter apart is left out: in a fork that copies all of its memory, which takes longer than the rest.
    """
    signal.alarm(LIMIT_S)
    with Path(request["output"]).open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    if request["max_file_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["max_file_bytes"],) * 2)
    if request["log"] is not None:
        log_batches(Path(request["log"]))
    if request["moment"] is not None:
        send_at(Moment(*request["moment"]), request["signal"])
    code = 1
    try:
        app(request["arguments"], prog_name="fusionaudio")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter would
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
