"""Servers end with whoever started them, and with them all that they started."""

import os
import signal
import subprocess
import sys

import pytest

from resources.tied_server import start_tied

GONE_WITHIN_S = 80

STARTER = """
import os, sys, time
from resources.tied_server import start_tied
server = start_tied(sys.argv[1:], os.environ)
time.sleep(100)
"""
# A server, deaf to SIGTERM or not, that starts a worker. All of them hold stdout open for as long as they live.
SERVER = """
import signal, subprocess, sys, time
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
print("up", flush=True)
time.sleep(float(sys.argv[2]))
sys.exit(7)
"""


@pytest.mark.parametrize("hearing", ["hears", pytest.param("deaf", marks=pytest.mark.slow)])
def test_all_ends_when_the_starter_is_killed(hearing: str) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, sys.executable, "-c", SERVER, hearing, "100"], stdout=subprocess.PIPE
    )
    assert starter.stdout
    assert starter.stdout.readline() == b"up\n"
    starter.kill()
    starter.communicate(timeout=GONE_WITHIN_S)


def test_what_a_server_leaves_behind_ends_with_it() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as left, os.fdopen(writing, "wb") as output:
        server = start_tied([sys.executable, "-c", SERVER, "hears", "0"], os.environ, output)
        output.close()
        assert server.wait(timeout=GONE_WITHIN_S) == 7
        assert left.read() == b"up\n"


def test_closing_standard_input_ends_it_whatever_its_starter_hears() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        server = start_tied([sys.executable, "-c", SERVER, "hears", "100"], os.environ)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGTERM, before)
    assert server.stdin
    server.stdin.close()
    assert server.wait(timeout=GONE_WITHIN_S) == 128 + 15
