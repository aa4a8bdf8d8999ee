"""The `fusionaudio` command: a terminal for people and a contract for scripts."""

# ruff: noqa: PLC0415 - what is imported here would be imported before the first line of `main`

import atexit
import os
import signal
import sys


def main() -> None:
    """Entry point of the installed command."""
    # Ctrl-C while modules are imported would end in their insides: it waits until the command answers in words.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    from fusionaudio_assets.cli.supervisor import SUPERVISED, supervise

    if SUPERVISED.intersection(sys.argv[1:2]):
        sys.exit(supervise(sys.argv[1:]))
    from fusionaudio_assets.cli.app import app

    app(prog_name="fusionaudio")


def serve() -> None:
    """Entry point of a run that a terminal waits for: ``python -c ... SOCKET ARGUMENTS``."""
    from fusionaudio_assets.cli.app import app
    from fusionaudio_assets.cli.supervisor import answer_to_terminal

    atexit.register(_say_no_more)
    answer_to_terminal()
    app(prog_name="fusionaudio")


def _say_no_more() -> None:
    """Leave what libraries print while they are torn down unsaid: beside torch DuckDB's binding fills a screen."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
