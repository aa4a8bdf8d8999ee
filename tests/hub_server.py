"""A model hub on loopback that serves folders, as far as huggingface_hub asks: listings, heads and files."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

TOKEN = "hf_right-token"
_LARGE_BYTES = 10_000
"""From here on a file counts as large, of which the hub tells the SHA-256."""


@dataclass
class Hub:
    """What it was asked, and where it listens.

    Attributes:
        gated: Repositories that are given to those with a token only.
        damaged: Names of files that arrive with one byte changed.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list)
    gated: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)


@contextmanager
def serving_hub(models: Mapping[tuple[str, str], Path]) -> Iterator[Hub]:
    """Serve folders as repositories, by name and commit, until the block ends."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.asked.append(self.path)
            parts = self.path.partition("?")[0].strip("/").split("/")
            if parts[:2] == ["api", "models"] and parts[4:5] == ["tree"]:
                repository, commit, name = "/".join(parts[2:4]), parts[5], ""
            elif parts[2:3] == ["resolve"]:
                repository, commit, name = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
            else:
                self._send(404, b"{}", {})
                return
            folder = models.get((repository, commit))
            if repository in hub.gated and self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._send(403, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "accept the licence"})
            elif repository not in {known for known, _ in models}:
                self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            elif folder is None:
                self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            elif not name:
                listing = [_listed(path) for path in sorted(folder.iterdir())]
                self._send(200, json.dumps(listing).encode(), {"Content-Type": "application/json"})
            else:
                self._file(folder / name, commit)

        do_HEAD = do_GET  # noqa: N815  the name is the base class's

        def _file(self, path: Path, commit: str) -> None:
            data = path.read_bytes()
            headers = {"X-Repo-Commit": commit, "ETag": f'"{_etag(data)}"'}
            if path.name in hub.damaged:
                data = data[:-1] + bytes([data[-1] ^ 1])
            self._send(200, data, headers)

        def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the base class's
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def use_hub(monkeypatch: pytest.MonkeyPatch, url: str, cache: Path) -> None:
    """Make the client of this process ask there; another one is told by ``HF_ENDPOINT`` and ``HF_HUB_CACHE``."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


def _listed(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    listed: dict[str, object] = {"type": "file", "path": path.name, "size": len(data), "oid": _git_oid(data)}
    if len(data) >= _LARGE_BYTES:
        listed["lfs"] = {"oid": _etag(data), "size": len(data), "pointerSize": 130}
    return listed


def _etag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if len(data) >= _LARGE_BYTES else _git_oid(data)


def _git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
