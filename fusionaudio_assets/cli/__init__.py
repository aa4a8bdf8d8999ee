"""The `fusionaudio` command: a terminal for people and a contract for scripts."""

import atexit
import os
import sys

from fusionaudio_assets.cli.app import app
from fusionaudio_assets.cli.supervisor import SUPERVISED, answer_to_terminal, supervise

__all__ = ["app", "main", "serve"]


def main() -> None:
    """Entry point of the installed command."""
    if SUPERVISED.intersection(sys.argv[1:2]):
        sys.exit(supervise(sys.argv[1:]))
    app(prog_name="fusionaudio")


def serve() -> None:
    """Entry point of a run that a terminal waits for: ``python -c ... SOCKET ARGUMENTS``."""
    atexit.register(_say_no_more)
    answer_to_terminal()
    app(prog_name="fusionaudio")


def _say_no_more() -> None:
    """Leave what libraries print while they are torn down unsaid: beside torch DuckDB's binding fills a screen."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
