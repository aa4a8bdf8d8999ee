"""The process that ties a server to whoever started it: ``python -m resources.tied_server``.

It reads one line of JSON from standard input, the command and its environment, and runs that until standard input ends:
so the server goes with its starter, however the starter ends. (Why not a signal of the kernel: `child_process`.)
"""

import json
import os
import signal
import subprocess
import sys
import threading

_GRACE_S = 10.0


def main() -> None:
    """Run the command until it ends, or its starter does."""
    told = json.loads(sys.stdin.readline())
    try:
        server = subprocess.Popen(  # noqa: S603 - what `local_server` was told to start
            told["command"], env=told["environment"], stdin=subprocess.DEVNULL
        )
    except OSError as error:
        sys.exit(f"{told['command'][0]}: error: {error.strerror}")
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    threading.Thread(target=_end_with_starter, args=(server,), daemon=True).start()
    code = server.wait()
    sys.exit(code if code >= 0 else 128 - code)


def _end_with_starter(server: "subprocess.Popen[bytes]") -> None:
    sys.stdin.read()
    server.terminate()
    try:
        server.wait(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)  # what it started is of this group


if __name__ == "__main__":
    main()
