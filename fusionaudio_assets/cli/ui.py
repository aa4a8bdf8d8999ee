"""`fusionaudio ui`: the Dagster UI on the lake's own instance."""

import os
import socket
import sys

from fusionaudio_assets.cli.lake import open_or_create
from fusionaudio_assets.instance import WORKSPACE, open_instance
from resources.errors import SettingError


def ui(lake: str, port: int) -> None:
    """Become the Dagster web server and daemon, on loopback, until it is stopped.

    Raises:
        SettingError: The port is taken.
    """
    _check_free(port)
    # Opening the instance makes it, and sets the environment that Dagster's processes read.
    open_instance(open_or_create(lake).lake).dispose()
    command = ["dagster", "dev", "--workspace", str(WORKSPACE), "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", *command, "--host", "127.0.0.1"])  # noqa: S606 - no shell wanted


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
