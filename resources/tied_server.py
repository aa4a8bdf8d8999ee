"""Servers that end with whoever started them: `start_tied`, and the process that ties them.

That process, ``python -m resources.tied_server``, reads one line of JSON from standard input, the command and its
environment, and runs that until standard input ends: so the server goes with its starter, however the starter ends.
(Why not a signal of the kernel: `child_process`.) Only pipes and process groups are needed, which every Unix has.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from resources.child_process import importing_alike

_GRACE_S = 10.0


def start_tied(
    command: Sequence[str], environment: Mapping[str, str], output: BinaryIO | None = None
) -> "subprocess.Popen[bytes]":
    """Start a server that ends when this process does, or when standard input of what is returned is closed.

    Args:
        command: Program and arguments.
        environment: All of the server's.
        output: Where it writes; where this process does when None.

    Returns:
        The process that ties it, leader of a session of their own: neither Ctrl-C nor the end of a terminal is for it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "resources.tied_server"],
        env=importing_alike(),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it died already: whoever waits for it will see
        process.stdin.write(json.dumps({"command": list(command), "environment": dict(environment)}).encode() + b"\n")
        process.stdin.flush()
    return process


def main() -> None:
    """Run the command until it ends, or its starter does."""
    told = json.loads(sys.stdin.readline())
    # Both are inherited: a server of a starter that does not hear SIGTERM would not either.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        server = subprocess.Popen(  # noqa: S603 - what `start_tied` was told
            told["command"], env=told["environment"], stdin=subprocess.DEVNULL
        )
    except OSError as error:
        sys.exit(f"{told['command'][0]}: error: {error.strerror}")
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    threading.Thread(target=_end_with_starter, args=(server,), daemon=True).start()
    code = server.wait()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)  # what it started and left is of this group
    sys.exit(code if code >= 0 else 128 - code)


def _end_with_starter(server: "subprocess.Popen[bytes]") -> None:
    sys.stdin.read()
    server.terminate()
    try:
        server.wait(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
