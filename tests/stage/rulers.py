"""Rulers that are slow, or that take their process with them, for tests that run them in processes of their own."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from resources.adapter import Json, runtime
from tests.stage.conftest import Ruler


class SlowRuler(Ruler):
    """A ruler that takes its time and writes down what it is given, but is the same model to whoever asks."""

    log: str

    @property
    def identity(self) -> dict[str, Json]:
        return Ruler().identity

    def measure(self, paths: Sequence[str]) -> list[int]:
        with Path(self.log).open("a") as log:
            log.write("\n".join(paths) + "\n")
        time.sleep(0.02)
        return super().measure(paths)


class DeadlyRuler(Ruler):
    """A ruler whose process dies of paths with `deadly` in them, and hangs at those with `endless`.

    It counts in `deaths`, a file, how often it died.
    """

    deaths: str = runtime("", "File that is given a byte for every death")
    dies_of_probe: bool = False
    dies_of: str = "deadly"

    @property
    def identity(self) -> dict[str, Json]:
        return Ruler().identity

    def probe(self) -> None:
        if self.dies_of_probe:
            self._die()
        super().probe()

    def measure(self, paths: Sequence[str]) -> list[int]:
        if any(self.dies_of in path for path in paths):
            self._die()
        if any("endless" in path for path in paths):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            time.sleep(1000)
        return super().measure(paths)

    def _die(self) -> None:
        with Path(self.deaths).open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGSEGV)
