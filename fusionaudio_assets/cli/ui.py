"""`fusionaudio ui`: the Dagster UI on the lake's own instance."""

import os
import sys

from fusionaudio_assets.cli.lake import open_or_create
from fusionaudio_assets.instance import WORKSPACE, open_instance


def ui(lake: str, port: int) -> None:
    """Become the Dagster web server and daemon, on loopback, until it is stopped."""
    # Opening the instance makes it, and sets the environment that Dagster's processes read.
    open_instance(open_or_create(lake).lake).dispose()
    command = ["dagster", "dev", "--workspace", str(WORKSPACE), "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", *command, "--host", "127.0.0.1"])  # noqa: S606 - no shell wanted
