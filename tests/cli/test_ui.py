"""`fusionaudio ui` with Dagster's real web server and daemon."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.child_process import importing_alike

UP_WITHIN_S, GONE_WITHIN_S = 120, 60


@pytest.mark.slow
def test_nothing_of_dagster_outlives_a_kill(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = "from fusionaudio_assets.cli import main; main()"
    ui = subprocess.Popen(
        [sys.executable, "-c", code, "ui", "--lake", str(tmp_path / "lake"), "--port", str(port)],
        env=os.environ | importing_alike(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + UP_WITHIN_S
    while not _answers(port):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    ui.kill()
    ui.communicate(timeout=GONE_WITHIN_S)  # until nobody holds its stdout open
    assert not _answers(port)


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
