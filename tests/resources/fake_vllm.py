"""A stand-in for `vllm serve` where only its life is looked at; it starts at once. `make test-vllm` runs the real one.

Its arguments are vLLM's. `--slow SECONDS` delays it, `--broken` makes it fail as a model that cannot be loaded does.
"""

import argparse
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def serve_settings(folder: Path) -> dict[str, Any]:
    """A `serve` section that starts this file, by way of a program in `folder`."""
    path = folder / "vllm"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.resources.fake_vllm "$@"\n')
    path.chmod(0o755)
    return {"program": str(path), "environment": {"PYTHONPATH": str(ROOT)}}


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # vLLM does not leave it ignored either
    parser = argparse.ArgumentParser()
    parser.add_argument("serve")
    parser.add_argument("weights")
    parser.add_argument("--served-model-name")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--broken", action="store_true")
    options, _ = parser.parse_known_args()
    key = os.environ["VLLM_API_KEY"]
    if options.broken:
        sys.stderr.write(f"(Worker pid=7) ERROR 11-23 11:49:43 [a.py:9] SafetensorError: no weights for {key}\n")
        sys.stderr.write("  File is cut off.\nRuntimeError: Engine core initialization failed.\n")
        sys.exit(1)
    time.sleep(options.slow)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({"data": [{"id": options.served_model_name, "object": "model"}]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            message = {"role": "assistant", "content": str(os.getpid())}
            self._send({"model": options.served_model_name, "choices": [{"index": 0, "message": message}]})

        def _send(self, answer: object) -> None:
            allowed = self.path == "/health" or self.headers["Authorization"] == f"Bearer {key}"
            body = json.dumps(answer).encode()
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    ThreadingHTTPServer((options.host, options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
