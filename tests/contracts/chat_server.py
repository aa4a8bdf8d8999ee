"""A small OpenAI-compatible server whose answers a test decides."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "right-key"
MODEL = "tiny-model"


@dataclass
class Answer:
    """One answer of the server: a status, and the message of its only choice; or none when it is cut.

    Attributes:
        model: Name that the answer bears; when empty that of the server.
        error: What the server says to a status that is none of success.
        body: Sent as it is instead of a completion.
        drip_s: Pause before each byte of the body.
        cut: End the connection without an answer.
        dies: End the server as well, with all that it was asked and has not answered.
        back_after_s: Start it again on the same port; None for never.
    """

    content: str = "ready"
    reasoning: str | None = None
    model: str = ""
    status: int = 200
    error: str = "as the test wants it"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    wait_s: float = 0.0
    drip_s: float = 0.0
    cut: bool = False
    dies: bool = False
    back_after_s: float | None = None


@dataclass
class ChatServer:
    """What the server was asked, and where it listens."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # or bursts wait for the kernel to try again

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.gone = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def die(self) -> None:
        """Answer nothing any more, not even what was asked before."""
        self.gone.set()
        self.shutdown()
        self.server_close()


@contextmanager
def serving(answer: Callable[[dict[str, Any], int], Answer], model: str = MODEL) -> Iterator[ChatServer]:
    """Serve `answer(body, number of earlier requests)` as `model` until the block ends."""
    state = ChatServer()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        server: _Server

        def do_GET(self) -> None:
            if self._allowed():
                self._send(200, {"object": "list", "data": [{"id": model, "object": "model"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not self._allowed():
                return
            with state.lock:
                number = len(state.bodies)
                state.bodies.append(body)
                state.in_flight += 1
                state.most_in_flight = max(state.most_in_flight, state.in_flight)
            said = answer(body, number)
            self.server.gone.wait(said.wait_s)
            with state.lock:
                state.in_flight -= 1
            if said.dies:
                self.server.die()
                if said.back_after_s is not None and not over.wait(said.back_after_s):
                    servers.append(_Server(self.server.server_port, Handler))
            if said.cut or self.server.gone.is_set():
                self.close_connection = True
            elif body["model"] != model:
                self._send(404, {"error": {"message": "no such model"}})
            elif said.status != 200:
                self._send(said.status, {"error": {"message": said.error}}, said)
            elif said.body is not None:
                self._send(200, said.body, said)
            else:
                message = {"role": "assistant", "content": said.content, "reasoning_content": said.reasoning}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
                self._send(200, {"id": "1", "object": "chat.completion", "created": 0, "model": said.model or model,
                                 "choices": [choice], "usage": usage}, said)  # fmt: skip

        def _allowed(self) -> bool:
            if self.headers["Authorization"] in (f"Bearer {KEY}", "Bearer none"):
                return True
            self._send(401, {"error": {"message": "wrong key"}})
            return False

        def _send(self, status: int, body: dict[str, Any] | bytes, said: Answer | None = None) -> None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            for name, value in (said.headers if said else {}).items():
                self.send_header(name, value)
            drip_s = said.drip_s if said else 0.0
            with suppress(ConnectionError):  # whoever asked has given up
                self.end_headers()
                for part in [raw[i : i + 1] for i in range(len(raw))] if drip_s else [raw]:
                    if self.server.gone.wait(drip_s):
                        return
                    self.wfile.write(part)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
            """Keep quiet."""

    servers = [_Server(0, Handler)]
    state.url = f"http://127.0.0.1:{servers[0].server_port}/v1"
    try:
        yield state
    finally:
        over.set()
        for server in servers:
            server.die()
