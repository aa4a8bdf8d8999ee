"""Servers on this machine that outlive whoever started them: found again by what they were started with.

Each has a folder under ``servers/<host>/`` of the cache: its record (process, port, key), readable by its user alone,
and its log. A process is known by its number and the moment of its birth, so that no other one that was given the same
number later is taken for it.
"""

import contextlib
import http.client
import json
import os
import platform
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from resources.embedded.weights import cache_folder
from resources.errors import ModelUnavailable
from resources.load_time import loads
from resources.tied_server import start_tied

_GRACE_S = 15.0
"""What a server is given to end in order."""

_BUSY_S = 60.0
"""How long a server that was healthy may fail to say so before it counts as hung: it may have much to do."""

_HEALTH_S = 5.0
_LOOK_S = 0.2
_RECORD, _LOG = "server.json", "log.txt"
_ERROR = re.compile(r"^(?:\([^)]*\) )?(?:ERROR [^\]]*\] )?(?=[\w.]*(?:Error|Exception): |.*: error: )")
"""What stands before the words that tell what a Python program died of: vLLM puts the process and the time there."""

_SHOWN_LETTERS = 500
_children: dict[int, "subprocess.Popen[bytes]"] = {}
"""What this process started: where a server is to end with it, the standard input must stay open until then."""

_OTHER_INTERPRETER = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
"""Variables of this environment that would lead a program of another one astray."""


@dataclass(frozen=True)
class Launch:
    """How a server is started.

    Attributes:
        title: What messages call it.
        command: Program and arguments; ``--port N`` is added.
        environment: Variables beside those of this process.
        key_variable: The variable in which the server looks for the key that it will ask for.
        api_key: That key; empty for a random one.
        start_timeout_s: Bound on the time until it is healthy.
        ends_with_starter: It ends as soon as the process that started it does.
    """

    title: str
    command: tuple[str, ...]
    key_variable: str
    environment: Mapping[str, str] = field(default_factory=dict)
    api_key: str = field(default="", repr=False)
    start_timeout_s: float = 900.0
    ends_with_starter: bool = False

    @property
    def name(self) -> str:
        """Hash of what decides which server it is."""
        settings = [self.command, dict(self.environment), self.ends_with_starter]
        return sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class LocalServer:
    """A server that was started on this machine.

    Attributes:
        name: That of its launch.
        pid: Number of the process that leads its group.
        birth: Tells that process from others with its number.
        started_s: Unix time.
    """

    name: str
    title: str
    pid: int
    birth: str
    port: int
    api_key: str = field(repr=False)
    started_s: float

    @property
    def url(self) -> str:
        """Address up to and including ``/v1``."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def log(self) -> Path:
        """What it says."""
        return _folder() / self.name / _LOG

    @property
    def lives(self) -> bool:
        """Whether its process is there."""
        return _birth(self.pid) == self.birth

    @property
    def is_healthy(self) -> bool:
        """Whether it says so itself."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_HEALTH_S)  # through no proxy
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End its process and all that it started, and forget it."""
        deadline = time.monotonic() + _GRACE_S
        if self.lives:
            os.kill(self.pid, signal.SIGTERM)
        while self.lives and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.lives or _birth(self.pid) is None:  # workers may outlive the process that leads them
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        (_folder() / self.name / _RECORD).unlink(missing_ok=True)


def obtain(launch: Launch) -> LocalServer:
    """The healthy server of this launch: the one that is up, or a new one.

    Raises:
        ModelUnavailable: It does not start, or not in time; then nothing of it is left but its log.
    """
    if _birth(os.getpid()) is None:
        raise ModelUnavailable(
            f"{launch.title} can be started for a run on Linux only, not on {platform.system()}.",
            hint="Start the server yourself, and set `base_url` instead of `serve`.",
        )
    folder = _folder() / launch.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=_BUSY_S + _GRACE_S + launch.start_timeout_s):
            return _standing(launch, folder) or _started(launch, folder)
    except Timeout:
        raise ModelUnavailable(
            f"{launch.title} is being started by another process, for over {launch.start_timeout_s:g} s.",
            hint=f"See {folder / _LOG}, or end it with `fusionaudio models stop`.",
        ) from None


def running() -> list[LocalServer]:
    """The servers that are up on this machine, oldest first."""
    records = [_read(path) for path in _folder().glob(f"*/{_RECORD}")]
    return sorted((server for server in records if server and server.lives), key=lambda server: server.started_s)


def _standing(launch: Launch, folder: Path) -> LocalServer | None:
    """The server that was started before, once it is healthy; one that is not to be is ended."""
    record = _read(folder / _RECORD)
    if record is None:
        return None
    server = replace(record, api_key=launch.api_key or record.api_key)
    overdue_s = max(server.started_s + launch.start_timeout_s, time.time() + _BUSY_S)
    while server.lives:
        if server.is_healthy:
            return server
        if time.time() > overdue_s:
            break
        time.sleep(_LOOK_S)
    server.stop()
    return None


@loads
def _started(launch: Launch, folder: Path) -> LocalServer:
    server, process = _spawned(launch, folder)
    try:
        trouble = _trouble(server, process, launch.start_timeout_s)
    except BaseException:  # whoever is interrupted leaves no half-started server
        server.stop()
        raise
    if trouble:
        server.stop()
        said = _last_words(server.log).replace(server.api_key, "[key]").rstrip(".")
        raise ModelUnavailable(
            f"{launch.title} does not start: it {trouble}.{said and f' {said}.'}",
            hint=f"Its log is {server.log}; correct `serve` in the profile.",
        )
    return server


def _trouble(server: LocalServer, process: "subprocess.Popen[bytes]", timeout_s: float) -> str:
    """Wait for a new server; why it is not to be, or empty."""
    deadline = time.monotonic() + timeout_s
    while process.poll() is None:
        if server.is_healthy:
            return ""
        if time.monotonic() > deadline:
            return f"is not ready after {timeout_s:g} s"
        time.sleep(_LOOK_S)
    return f"ended with code {process.returncode}"


def _spawned(launch: Launch, folder: Path) -> tuple[LocalServer, "subprocess.Popen[bytes]"]:
    port, api_key = _free_port(), launch.api_key or secrets.token_urlsafe(24)
    environment = {name: value for name, value in os.environ.items() if name not in _OTHER_INTERPRETER}
    environment |= {**launch.environment, launch.key_variable: api_key}
    command = [*launch.command, "--port", str(port)]
    try:
        with _private(folder / _LOG) as log:
            process = (start_tied if launch.ends_with_starter else _start)(command, environment, log)
    except OSError as error:
        raise ModelUnavailable(
            f"{launch.title} does not start: {command[0]}: {error.strerror}.", hint="Correct `serve.program`."
        ) from error
    _children[process.pid] = process
    server = LocalServer(
        launch.name, launch.title, process.pid, _birth(process.pid) or "", port, api_key, started_s=time.time()
    )
    with _private(folder / f"{_RECORD}.new") as record:
        kept = asdict(server) | ({"api_key": ""} if launch.api_key else {})
        record.write(json.dumps(kept).encode())
    (folder / f"{_RECORD}.new").replace(folder / _RECORD)
    return server, process


def _start(command: Sequence[str], environment: Mapping[str, str], output: BinaryIO) -> "subprocess.Popen[bytes]":
    """Start a server that outlives this process."""
    return subprocess.Popen(  # noqa: S603 - the program that the user's profile names
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,  # neither Ctrl-C nor the end of a terminal is for it
    )


def _last_words(log: Path) -> str:
    """The first error of a log and what belongs to it: those after it mostly follow from it; else how the log ends."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    found = next(((number, told) for number, line in enumerate(lines) if (told := _ERROR.match(line))), None)
    if found is None:
        return " ".join(" ".join(lines[-5:]).split())[-_SHOWN_LETTERS:]
    first, told = found
    rest = [line for line in lines[first + 1 : first + 3] if line.startswith("  ") and not line.startswith('  File "')]
    return " ".join(" ".join([lines[first][told.end() :], *rest]).split())[:_SHOWN_LETTERS]


def _folder() -> Path:
    return cache_folder() / "servers" / platform.node()  # a cache may be shared by machines


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _birth(pid: int) -> str | None:
    """When a process was born, to the tick of one boot; None when it is no more, or there is no /proc to tell."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state[0] in "ZX" else f"{boot} {state[19]}"


def _private(path: Path) -> BinaryIO:
    """A new file that only its owner may read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _read(path: Path) -> LocalServer | None:
    """A record; None when there is none, or one of another version."""
    try:
        return LocalServer(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
