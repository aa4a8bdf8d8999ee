"""The process of a model that is kept warm; see `resources.warm`."""

import importlib
import json
import os
import sys
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from resources.adapter import Adapter
from resources.batches import is_out_of_memory
from resources.errors import ResourceError
from resources.parallel import one_thread_for_algebra

_LOOK_EVERY_S = 0.5


def serve() -> None:
    """Be the process: read the task from the standard input, then answer until nobody has asked for long enough."""
    task = json.load(sys.stdin)
    module, name = task["adapter"]
    kind: type[Adapter] = getattr(importlib.import_module(module), name)
    one_thread_for_algebra()
    process = _Process(kind.model_validate(task["settings"]), Path(task["socket"]), task["keep_s"])
    with Listener(task["socket"], "AF_UNIX", authkey=bytes.fromhex(task["key"])) as listener:
        threading.Thread(target=process.end_when_idle, daemon=True).start()
        while True:
            try:
                channel = listener.accept()
            except (OSError, EOFError, AuthenticationError):  # whoever that was
                continue
            threading.Thread(target=process.answer, args=[channel], daemon=True).start()


class _Process:
    """The model and those who are connected."""

    def __init__(self, adapter: Adapter, socket: Path, keep_s: float) -> None:
        self._adapter, self._socket, self._keep_s = adapter, socket, keep_s
        self._computing, self._counting = threading.Lock(), threading.Lock()
        self._connected, self._left_s = 0, time.monotonic()

    def answer(self, channel: Connection) -> None:
        """Answer one connection until it is closed."""
        with self._counting:
            self._connected += 1
        try:
            while True:
                channel.send(self._told(*channel.recv()))
        except (EOFError, OSError):
            return
        finally:
            with self._counting:
                self._connected -= 1
                self._left_s = time.monotonic()

    def end_when_idle(self) -> None:
        """End the process when nobody has been connected for long enough."""
        while True:
            time.sleep(min(_LOOK_EVERY_S, self._keep_s))
            with self._counting:
                if not self._connected and time.monotonic() - self._left_s > self._keep_s:
                    self._adapter.close()
                    self._socket.unlink(missing_ok=True)
                    os._exit(0)

    def _told(self, name: str, arguments: tuple[Any, ...]) -> tuple[Any, Exception | None, bool]:
        """What the model gives, or the error in a form that travels, and whether memory was short."""
        if name == "ping":
            return None, None, False
        try:
            with self._computing:
                asked = getattr(self._adapter, name)
                return (asked(*arguments) if callable(asked) else asked), None, False
        except Exception as error:  # noqa: BLE001 - it is raised where it is read
            told = error if isinstance(error, ResourceError) else RuntimeError(f"{type(error).__name__}: {error}")
            return None, told, is_out_of_memory(error)
