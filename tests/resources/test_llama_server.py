"""The server's process goes when it must, and is replaced when it dies."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.embedded.llama_server import LlamaServer
from resources.errors import ModelUnavailable
from resources.language_model import ChatReply, ChatRequest, Message

FREE = ChatRequest((Message("user", "Say: rain"),), max_tokens=4)


def process_of(adapter: LlamaServer) -> "subprocess.Popen[str]":
    assert adapter._running
    return adapter._running.process


def test_close_ends_the_process() -> None:
    adapter = LlamaServer(threads=1)
    adapter.load()
    process = process_of(adapter)
    adapter.close()
    assert process.poll() is not None


def test_a_server_that_died_is_started_again() -> None:
    adapter = LlamaServer(threads=1)
    adapter.load()
    process_of(adapter).kill()
    process_of(adapter).wait()
    (reply,) = adapter.chat([FREE])
    assert isinstance(reply, ChatReply)
    adapter.close()


def test_ctrl_c_in_a_terminal_does_not_reach_the_server() -> None:
    """Half a server would leave the answer that is waited for, and with it the whole run, hanging."""
    adapter = LlamaServer(threads=1)
    adapter.load()
    assert os.getpgid(process_of(adapter).pid) != os.getpgid(0)
    adapter.close()


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc to look for the process")
def test_the_server_goes_with_a_killed_parent() -> None:
    code = (
        "from resources.embedded.llama_server import LlamaServer\n"
        "adapter = LlamaServer(threads=1)\nadapter.load()\n"
        "print(adapter._running.process.pid, flush=True)\n"
        "import time; time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 60
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def test_a_file_that_is_no_model_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    monkeypatch.setattr("resources.embedded.llama_server.weight_path", lambda _: broken)
    with pytest.raises(ModelUnavailable, match=r"did not start, but ended with code"):
        LlamaServer(threads=1, start_timeout_s=300).load()


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
