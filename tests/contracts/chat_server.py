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
    """One answer of the server: a status, and the message of its only choice; or none when it is cut."""

    content: str = "ready"
    reasoning: str | None = None
    status: int = 200
    wait_s: float = 0.0
    cut: bool = False


@dataclass
class ChatServer:
    """What the server was asked, and where it listens."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serving(answer: Callable[[dict[str, Any], int], Answer]) -> Iterator[ChatServer]:
    """Serve `answer(body, number of earlier requests)` until the block ends."""
    state = ChatServer()
    gone = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self._allowed():
                self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})

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
            gone.wait(said.wait_s)
            with state.lock:
                state.in_flight -= 1
            if said.cut:
                self.close_connection = True
            elif body["model"] != MODEL:
                self._send(404, {"error": {"message": "no such model"}})
            elif said.status != 200:
                self._send(said.status, {"error": {"message": "as the test wants it"}})
            else:
                message = {"role": "assistant", "content": said.content, "reasoning_content": said.reasoning}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
                self._send(200, {"id": "1", "object": "chat.completion", "created": 0, "model": MODEL,
                                 "choices": [choice], "usage": usage})  # fmt: skip

        def _allowed(self) -> bool:
            if self.headers["Authorization"] in (f"Bearer {KEY}", "Bearer none"):
                return True
            self._send(401, {"error": {"message": "wrong key"}})
            return False

        def _send(self, status: int, body: dict[str, Any]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            with suppress(BrokenPipeError):  # whoever asked has given up
                self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        gone.set()
        server.shutdown()
        server.server_close()
        thread.join()
