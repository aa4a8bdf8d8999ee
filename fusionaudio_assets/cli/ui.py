"""`fusionaudio ui`: the Dagster UI on the lake's own instance."""

import contextlib
import os
import signal
import socket
import subprocess
import sys

import typer

from fusionaudio_assets.cli.console import complain
from fusionaudio_assets.cli.lake import open_or_create
from fusionaudio_assets.cli.supervisor import STOPPING
from fusionaudio_assets.instance import WORKSPACE, open_instance
from resources.errors import SettingError
from resources.tied_server import start_tied


def ui(lake: str, port: int) -> None:
    """Serve the Dagster UI on loopback, and run the daemon beside it, until it is stopped.

    Dagster's processes end with this one, however it ends: its own web server and daemon would outlive a `kill -9`.

    Raises:
        SettingError: The port is taken.
        Exit: Code 1, when Dagster ends by itself.
    """
    _check_free(port)
    # Opening the instance makes it, and sets the environment that Dagster's processes read.
    open_instance(open_or_create(lake).lake).dispose()
    command = ["dagster", "dev", "--workspace", str(WORKSPACE), "--port", str(port), "--host", "127.0.0.1"]
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under `nohup`
            signal.signal(number, signal.default_int_handler)
    server = start_tied([sys.executable, "-m", *command], os.environ)
    try:
        code = server.wait()
    except KeyboardInterrupt:  # the way in which it ends
        code = 0
    finally:
        _stop(server)
    if code:
        complain(f"Dagster ended by itself, with code {code}; why, it says above.")
        raise typer.Exit(1)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """Wait until all has ended."""
    assert server.stdin is not None
    server.stdin.close()
    if server.wait() < 0:  # it was killed, and may have left Dagster behind
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)


def _check_free(port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server will
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingError(
                f"Nothing can be opened on port {port}: {error.strerror}.",
                hint="Perhaps the UI of this or another lake is open there; else choose another with --port.",
            ) from error
