"""The embedded language model: a small GGUF behind a llama.cpp server that the adapter starts on loopback."""

import atexit
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, ClassVar

from pydantic import Field, PrivateAttr

from resources.adapter import runtime
from resources.chat_client import ChatClient
from resources.embedded.weights import revision, weight_path
from resources.errors import ClipError, ModelUnavailable
from resources.language_model import ChatReply, ChatRequest, LanguageModel
from resources.load_time import loads


@dataclass
class _Running:
    """A started server: its process, the file with its messages, and a client that holds its address and key."""

    process: subprocess.Popen[str]
    log: IO[str]
    client: ChatClient

    def stop(self) -> None:
        self.client.close()
        _end(self.process)
        self.log.close()


class LlamaServer(LanguageModel):
    """A GGUF model served by llama.cpp in a process of its own, for this process only.

    The server starts on first use, listens on 127.0.0.1 on a free port behind a random key, and ends at `close`, at
    exit, and when this process dies in any other way.
    """

    version: ClassVar[str] = "1"
    libraries: ClassVar[tuple[str, ...]] = ("xllamacpp",)

    weight: str = Field("smollm2-135m", description="Name of the weights in the cache.")
    temperature: float = Field(0.0, ge=0, le=2, description="Sampling temperature; 0 for the most likely answer.")
    seed: int = Field(0, ge=0, description="Seed of the sampling.")
    context_tokens: int = Field(2048, ge=256, description="Longest request with its answer, in tokens.")
    slots: int = Field(
        1,
        ge=1,
        description="Requests answered at a time. From 2 on, an answer may depend on its neighbours in the batch.",
    )
    threads: int = runtime(0, "Threads of the model; 0 for all cores but one: its threads spin, and starve together.")
    start_timeout_s: float = runtime(120.0, "Bound on loading the model.")
    timeout_s: float = runtime(120.0, "Bound on one attempt at one request.")

    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _running: _Running | None = PrivateAttr(default=None)

    @property
    def model_name(self) -> str:
        """Name of the weights."""
        return self.weight

    @property
    def revision(self) -> str:
        """SHA-256 of the weights."""
        return revision(self.weight)

    def load(self) -> None:
        """Start the server unless it runs.

        Raises:
            ModelUnavailable: The weights are missing, or the server does not start.
        """
        self._server()

    def probe(self) -> None:
        """Ask for one word.

        Raises:
            ModelUnavailable: No answer comes.
        """
        self._server().client.probe()

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """Answer every request, in order. A server that died is started once more."""
        running = self._server()
        try:
            return running.client.chat(requests)
        except ModelUnavailable:
            if running.process.poll() is None:
                raise
        return self._server().client.chat(requests)

    def close(self) -> None:
        """Stop the server."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.stop()

    def _server(self) -> _Running:
        with self._lock:
            if self._running is None or self._running.process.poll() is not None:
                if self._running is not None:
                    self._running.stop()
                self._running = self._start()
            return self._running

    @loads
    def _start(self) -> _Running:
        api_key = secrets.token_urlsafe(16)
        settings = {
            "path": str(weight_path(self.weight)),
            "model": self.model_name,
            "api_key": api_key,
            "slots": self.slots,
            "context_tokens": self.context_tokens,
            "threads": self.threads or max(1, (os.cpu_count() or 1) - 1),
        }
        log = tempfile.TemporaryFile("w+", prefix="fusionaudio-llama-")  # noqa: SIM115  closed when the server stops
        process = subprocess.Popen(
            [sys.executable, "-m", "resources.embedded.llama_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,  # Ctrl-C is for this process: half a server would leave its clients waiting
        )
        _stop_at_exit(process)
        started = time.monotonic()
        address = self._first_line(process, json.dumps(settings))
        if not address:
            _end(process)
            log.seek(0)
            last = " ".join(log.read()[-500:].split())
            log.close()
            in_time = time.monotonic() - started < self.start_timeout_s
            what = f"ended with code {process.returncode}" if in_time else f"took over {self.start_timeout_s:g} s"
            raise ModelUnavailable(
                f"The llama.cpp server for {self.weight} did not start, but {what}. {last}".rstrip(),
                hint="Raise `start_timeout_s` on a slow machine; `fusionaudio models fetch` renews the weights.",
            )
        client = ChatClient(
            base_url=f"{address}/v1",
            api_key=api_key,
            model=self.model_name,
            temperature=self.temperature,
            seed=self.seed,
            timeout_s=self.timeout_s,
            max_concurrency=self.slots,
            max_retries=1,
        )
        return _Running(process, log, client)

    def _first_line(self, process: subprocess.Popen[str], settings: str) -> str:
        """Send the settings and wait for the address, which comes when the model is loaded; empty when it does not."""
        assert process.stdin
        assert process.stdout
        overdue = threading.Timer(self.start_timeout_s, process.kill)
        overdue.start()
        try:
            process.stdin.write(settings + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            overdue.cancel()
        return str(json.loads(line)["address"]) if line.startswith("{") else ""


_children: "weakref.WeakSet[subprocess.Popen[str]]" = weakref.WeakSet()


def _stop_at_exit(process: subprocess.Popen[str]) -> None:
    _children.add(process)


@atexit.register
def _stop_all() -> None:
    for process in list(_children):
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End the child: close its standard input, and kill it when it lingers."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:  # what was never read need not be
                continue
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
