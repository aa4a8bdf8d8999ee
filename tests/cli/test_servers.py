"""`models stop`."""

from pathlib import Path

import pytest

from resources.endpoint import Endpoint
from resources.local_server import running
from tests.cli.conftest import Terminal
from tests.resources.fake_vllm import serve_settings


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="vLLM is started on Linux only")
def test_servers_that_are_up_are_listed_and_ended(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path / "cache"))
    settings = {"model": "tiny", "model_revision": "0" * 40, "serve": serve_settings(tmp_path)}
    Endpoint.model_validate(settings).load()
    (server,) = running()
    for arguments, left in (["--dry-run"], 1), ([], 0):
        result = terminal("models", "stop", *arguments)
        assert result.stdout == f"vLLM for tiny\t{server.url}\tprocess {server.pid}\tup 0 min\n"
        assert len(running()) == left
    result = terminal("models", "stop")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No model server is up." in result.stderr
