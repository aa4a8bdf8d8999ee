"""Models that stay loaded between runs, each in a process of its own that ends when nobody has used it for a while.

    tagger: {adapter: ..., keep_warm_s: 900}

There is one process for an adapter with its settings, this code and this user. Whoever uses it holds a connection, over
a local socket that only this user may open and that asks for a key. A process that dies costs what it was asked just
then, and the next question starts another.
"""

import hashlib
import inspect
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from functools import cache, cached_property
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, TypeVar

import filelock
import platformdirs

from resources.adapter import Adapter
from resources.child_process import importing_alike
from resources.errors import ModelUnavailable, ResourceError
from resources.load_time import loads

Kind = TypeVar("Kind", bound=Adapter)

START_LIMIT_S = 120.0
"""Bound on starting a process; loading the model into it is not bounded."""
_ANSWERS_WITHIN_S = 30.0
_OF_THE_PROCESS = "from resources.warm_process import serve; serve()"


class WarmModelDied(ResourceError):
    """The process of a model died while it was asked something."""


def kept_warm(adapter: Kind, keep_s: float) -> Kind:
    """An adapter of the same kind, settings and identity, whose model lives in a process that outlives this one.

    What the kind declares abstract is done there, and so is all loading; `ahead` does nothing.

    Args:
        adapter: An adapter, not loaded.
        keep_s: How long the process waits for somebody to use it again.
    """
    kind = type(adapter)
    parts = {name: _remote(kind, name) for name in _declared(kind)}
    parts |= {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    parts |= {"close": _close, "release": _release, "ahead": _ahead, "figures": property(_figures)}
    parts["_warm"] = cached_property(lambda self: WarmModel(kind, self.model_dump(mode="json"), keep_s))
    metaclass: Any = type(kind)
    proxy: type[Kind] = metaclass(kind.__name__, (kind,), parts)
    proxy.in_this_process, proxy.keep_warm_s = kind, keep_s
    return proxy.model_validate(adapter.model_dump())


def _declared(kind: type[Adapter]) -> set[str]:
    """Names of what the protocols of an adapter leave to it; its name is known without the model."""
    bases = [base for base in kind.__mro__ if issubclass(base, Adapter)]
    return {name for base in bases for name in base.__abstractmethods__} - {"model_name"}


def _remote(kind: type[Adapter], name: str) -> Any:
    """A method, or a property, that asks the process."""
    if isinstance(inspect.getattr_static(kind, name), property | cached_property):
        return property(lambda self: self._warm.ask(name))

    def ask(self: Any, *arguments: Any) -> Any:
        return self._warm.ask(name, *arguments)

    return ask


def _figures(self: Any) -> Any:
    """What the model found out, unless nobody here has asked it anything."""
    return self._warm.ask("figures") if self._warm.is_connected else {}


def _close(self: Any) -> None:
    """Leave the process alone; it stays loaded for others."""
    self._warm.leave()


def _release(self: Any) -> None:
    """Have the process give back the memory of the model."""
    self._warm.release()


def _ahead(self: Any, clip: Any) -> None:
    """Do nothing: features are extracted where the model is."""


class WarmModel:
    """A model in a process of its own, seen from here. Threads ask one after the other."""

    def __init__(self, kind: type[Adapter], settings: dict[str, Any], keep_s: float) -> None:
        self._task = {"adapter": [kind.__module__, kind.__qualname__], "settings": settings, "keep_s": keep_s}
        self._name = kind.__name__
        files = [*sorted(Path(__file__).parent.rglob("*.py")), Path(inspect.getfile(kind))]
        known = {"settings": self._task, "code": _sha256(tuple(files)), "python": sys.executable}
        known["environment"] = {name: os.environ.get(name) for name in ("FUSIONAUDIO_CACHE", "CUDA_VISIBLE_DEVICES")}
        self._key = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]
        self._channel: Connection | None = None
        self._asking = threading.RLock()

    def ask(self, name: str, *arguments: Any) -> Any:
        """What the loaded model gives, or raises.

        Raises:
            WarmModelDied: The process died of it, or was ended.
            ModelUnavailable: It does not start, or the model does not load.
        """
        with self._asking:
            if self._channel is None:
                self._load()
            return self._answer(name, arguments)

    @property
    def is_connected(self) -> bool:
        """True from the first question until `leave`."""
        return self._channel is not None

    def leave(self) -> None:
        """Close the connection; it is opened again when something is asked."""
        with self._asking:
            if self._channel is not None:
                self._channel.close()
                self._channel = None

    def release(self) -> None:
        """Have the model closed if there is a process, and leave."""
        with self._asking, filelock.FileLock(self._file("lock")):
            self.leave()
            self._channel = self._reached()
            if self._channel is not None:
                self._answer("close", ())
            self.leave()

    @loads
    def _load(self) -> None:
        with filelock.FileLock(self._file("lock")):
            self._channel = self._reached() or self._started()
        self._answer("load", ())

    def _answer(self, name: str, arguments: tuple[Any, ...]) -> Any:
        assert self._channel is not None
        try:
            self._channel.send((name, arguments))
            given, error, out_of_memory = self._channel.recv()
        except (EOFError, OSError) as death:
            self.leave()
            raise WarmModelDied(
                f"The process of {self._name} died while it was asked to {name}{self._said()}"
            ) from death
        except BaseException:
            self.leave()  # or the answer would be taken for that to the next question
            raise
        if error is None:
            return given
        if out_of_memory:
            raise error from MemoryError()
        raise error

    def _reached(self) -> Connection | None:
        """A connection to the process, if it lives."""
        try:
            channel = Client(str(self._file("socket")), authkey=self._file("key").read_bytes())
            channel.send(("ping", ()))
            if not channel.poll(_ANSWERS_WITHIN_S):
                raise ModelUnavailable(
                    f"The process of {self._name} that is kept warm does not answer.",
                    hint=f"End it: its number is in {self._file('pid')}.",
                )
            channel.recv()
        except (OSError, EOFError, AuthenticationError):
            return None
        return channel

    def _started(self) -> Connection:
        """A connection to a process that was started for it."""
        key = secrets.token_bytes(32)
        self._file("key").touch(0o600)
        self._file("key").write_bytes(key)
        self._file("socket").unlink(missing_ok=True)
        with self._file("log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - this interpreter with code of ours
                [sys.executable, "-P", "-c", _OF_THE_PROCESS],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=importing_alike(),
                start_new_session=True,  # it outlives this process, its terminal and Ctrl-C
            )
        self._file("pid").write_text(f"{process.pid}\n")
        told = self._task | {"socket": str(self._file("socket")), "key": key.hex()}
        return self._awaited(process, json.dumps(told).encode())

    def _awaited(self, process: "subprocess.Popen[bytes]", task: bytes) -> Connection:
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write(task)
        until_s = time.monotonic() + START_LIMIT_S
        while process.poll() is None and time.monotonic() < until_s:
            if self._file("socket").exists() and (channel := self._reached()):
                return channel
            time.sleep(0.05)
        process.kill()
        process.wait()
        raise ModelUnavailable(f"The process that keeps {self._name} warm does not start{self._said()}")

    def _file(self, kind: str) -> Path:
        return _folder() / f"{self._key}.{kind}"

    def _said(self) -> str:
        """The end of what the process printed, to end a sentence."""
        log = self._file("log")
        last = " ".join(log.read_text(errors="replace")[-300:].split()) if log.exists() else ""
        return f", saying: {last}" if last else "."


def _folder() -> Path:
    """Where the sockets of this user are; nobody else may look into it."""
    folder = platformdirs.user_runtime_path("fusionaudio") / "warm"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


@cache
def _sha256(files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
