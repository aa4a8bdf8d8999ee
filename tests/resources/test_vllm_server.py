"""vLLM that is started for a run: found again, replaced when it dies, ended when it must. `tests/vllm` runs it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from resources import local_server
from resources.adapter import Adapter
from resources.endpoint import Endpoint
from resources.errors import ModelUnavailable, SettingError
from resources.language_model import ChatReply, ChatRequest, Message
from resources.local_server import LocalServer, running
from tests.resources.fake_vllm import ROOT, serve_settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHO = [ChatRequest((Message("user", "Which process are you?"),))]

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="vLLM is started on Linux only")


@pytest.fixture(autouse=True)
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of its own for each test, and nothing that runs on after it."""
    monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path / "cache"))
    yield
    for server in running():
        server.stop()


@pytest.fixture
def program(tmp_path: Path) -> str:
    return str(serve_settings(tmp_path)["program"])


def served(program: str, *, api_key_env: str = "", **serve: Any) -> Endpoint:
    settings = {"program": program, "environment": {"PYTHONPATH": str(ROOT)}} | serve
    return Endpoint.model_validate(
        {"model": "tiny", "model_revision": COMMIT, "serve": settings, "max_retries": 0, "api_key_env": api_key_env}
    )


def process_behind(adapter: Endpoint) -> int:
    (reply,) = adapter.chat(WHO)
    assert isinstance(reply, ChatReply), reply
    return int(reply.text)


def only_server() -> LocalServer:
    (server,) = running()
    return server


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while local_server._birth(pid):
        assert time.monotonic() < deadline, f"process {pid} lives on"
        time.sleep(0.02)


def test_it_is_found_again_by_the_next_run_and_ended_on_request(program: str) -> None:
    first, second = served(program), served(program)
    pid = process_behind(first)
    first.close()
    assert process_behind(second) == pid
    second.close()
    server = only_server()
    assert (server.pid, server.title) == (pid, "vLLM for tiny")
    server.stop()
    assert running() == []
    wait_until_gone(pid)


def test_other_settings_are_another_server(program: str) -> None:
    pids = {process_behind(served(program, arguments=arguments)) for arguments in ([], ["--max-num-seqs", "8"])}
    assert {server.pid for server in running()} == pids
    assert len(pids) == 2


def test_two_runs_that_start_at_once_share_it(program: str) -> None:
    pids: list[int] = []
    adapters = [served(program, arguments=["--slow", "0.3"]) for _ in range(3)]
    runs = [threading.Thread(target=lambda one=one: pids.append(process_behind(one))) for one in adapters]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(pids) == 3
    assert len(set(pids)) == 1


def test_one_that_died_is_started_again(program: str) -> None:
    adapter = served(program)
    pid = process_behind(adapter)
    os.kill(pid, 9)
    wait_until_gone(pid)
    assert process_behind(adapter) not in (pid, 0)
    assert len(running()) == 1


def test_one_that_hangs_is_replaced(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = served(program, start_timeout_s=50)
    adapter.load()
    hanging = only_server()
    os.kill(hanging.pid, signal.SIGSTOP)
    for bound in ("_BUSY_S", "_HEALTH_S", "_GRACE_S"):
        monkeypatch.setattr(local_server, bound, 0.2)
    record = hanging.log.with_name("server.json")
    record.write_text(json.dumps({**vars(hanging), "started_s": hanging.started_s - 60}))
    served(program, start_timeout_s=50).load()
    assert only_server().pid != hanging.pid
    wait_until_gone(hanging.pid)


def test_nobody_reads_its_key(program: str, tmp_path: Path) -> None:
    served(program).load()
    server = only_server()
    assert len(server.api_key) >= 20
    assert server.api_key not in Path(f"/proc/{server.pid}/cmdline").read_text()
    assert server.api_key not in repr(server)
    holding = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size]
    assert {path.name for path in holding if server.api_key in path.read_text()} == {"server.json"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in holding)


def test_a_key_of_the_environment_is_written_nowhere(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "of-the-environment")
    pid = process_behind(served(program, api_key_env="MY_KEY"))
    assert process_behind(served(program, api_key_env="MY_KEY")) == pid
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert [path for path in files if "of-the-environment" in path.read_text()] == []
    monkeypatch.setenv("MY_KEY", "another")
    with pytest.raises(ModelUnavailable, match=r"refuses the key.*MY_KEY"):
        served(program, api_key_env="MY_KEY").load()


def test_what_it_died_of_is_told_and_nothing_is_left(program: str) -> None:
    with pytest.raises(ModelUnavailable) as failed:
        served(program, arguments=["--broken"]).load()
    told = str(failed.value)
    assert "vLLM for tiny does not start: it ended with code 1." in told
    assert "code 1. SafetensorError: no weights for [key] File is cut off." in told
    assert "RuntimeError" not in told
    assert "log.txt" in told
    assert running() == []


def test_one_that_is_not_ready_in_time_is_ended(program: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"is not ready after 0\.3 s"):
        served(program, arguments=["--slow", "60"], start_timeout_s=0.3).load()
    assert running() == []


@pytest.mark.parametrize(("keep", "moment"), [(True, "starting"), (False, "serving")])
def test_when_the_run_that_started_it_is_killed(program: str, keep: bool, moment: str) -> None:
    """One that is kept is waited for by the next run, one that is not goes with its run."""
    adapter = served(program, keep=keep, arguments=["--slow", "1.5" if keep else "0"])
    settings = json.dumps(adapter.model_dump(mode="json"))
    code = (
        "import sys\nfrom resources.endpoint import Endpoint\n"
        "Endpoint.model_validate_json(sys.argv[1]).load()\n"
        "print('up', flush=True)\nsys.stdin.read()"
    )
    run = subprocess.Popen([sys.executable, "-c", code, settings], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    assert run.stdout
    if moment == "serving":
        assert run.stdout.readline() == b"up\n"
    deadline = time.monotonic() + 120
    while not running():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    server = only_server()
    run.kill()
    run.wait()
    if keep:
        assert not server.is_healthy
        assert process_behind(adapter) == server.pid
    else:
        wait_until_gone(server.pid)
        assert not server.is_healthy


def test_one_that_is_not_kept_ends_with_its_stage(program: str) -> None:
    adapter = served(program, keep=False)
    pid = process_behind(adapter)
    adapter.close()
    wait_until_gone(pid)
    assert running() == []


def test_a_process_that_was_given_its_number_is_left_alone(program: str) -> None:
    served(program).load()
    server = only_server()
    server.stop()
    record = server.log.with_name("server.json")
    record.write_text(json.dumps({**vars(server), "pid": os.getpid()}))
    assert running() == []
    served(program).load()
    assert only_server().pid != os.getpid()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"serve": {"arguments": ["--api-key=secret"]}}, "set `api_key_env`"),
        ({"serve": {"arguments": ["--port", "1"]}}, "a free one is taken"),
        ({"serve": {"environment": {"VLLM_API_KEY": "x"}}}, "stands in no profile"),
        ({"serve": {"gpu_memory_share": 1.5}}, "less than or equal to 1"),
        ({"serve": {"no_such": 1}}, "Extra inputs"),
        ({"serve": {}, "model_revision": "main"}, "commit of 40"),
        ({"model_arguments": ["--quantization", "fp8"]}, "need `serve`"),
        ({"serve": {}, "model_arguments": ["--revision", "main"]}, "set `model_revision`"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Endpoint.model_validate({"model": "tiny", "model_revision": COMMIT} | settings)


def test_what_is_not_there_is_named(program: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"`serve\.program` = '/none' is no program"):
        served("/none").load()
    with pytest.raises(ModelUnavailable, match=r"has no config\.json"):
        served(program, weights=str(tmp_path)).load()
    with pytest.raises(SettingError, match="relative path"):
        served(program, weights="models/tiny").load()


def test_how_it_is_served_decides_nothing_but_its_model_arguments_do(program: str) -> None:
    elsewhere = Endpoint(model="tiny", model_revision=COMMIT)
    adapter: Adapter = served(program, arguments=["--max-num-seqs", "8"])
    assert adapter.identity == elsewhere.identity
    precise = adapter.model_copy(update={"model_arguments": ("--dtype", "float32")})
    assert precise.identity != adapter.identity


def test_the_server_can_be_a_module_of_another_python(tmp_path: Path, program: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    adapter = served(program, as_module=True, weights=str(tmp_path), arguments=["--enforce-eager"])
    assert adapter.serve
    command = adapter.serve.launch("tiny", "", ("--dtype", "float32"), "").command
    assert command[:5] == (program, "-m", "vllm.entrypoints.openai.api_server", "--model", str(tmp_path))
    assert "--revision" not in command
    assert command[-3:] == ("--dtype", "float32", "--enforce-eager")
