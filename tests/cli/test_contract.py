"""What scripts rely on: exit codes, what goes where, and that nobody waits for what is not needed."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fusionaudio_assets import run as engine
from fusionaudio_assets.cli import demo, status
from resources.errors import LakeError
from tests.cli.conftest import Terminal
from tests.lakes import clip_row, make_lake


@pytest.mark.parametrize("command", [["--help"], ["status"], ["show", "0000000000000001"]])
def test_looking_does_not_import_dagster(command: list[str], tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", [[clip_row(1)]])
    lake = [] if command == ["--help"] else ["--lake", str(tmp_path / "lake")]
    code = (
        "import sys\nfrom fusionaudio_assets.cli.app import app\n"
        f"try:\n    app({[*command, *lake]!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert 'dagster' not in sys.modules and 'onnxruntime' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_help_does_not_wait_for_libraries() -> None:
    code = (
        "import sys\nfrom fusionaudio_assets.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert 'polars' not in sys.modules and 'pyarrow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, "--help"], check=True, capture_output=True)


@pytest.mark.parametrize("command", ["status", "run"])
def test_ctrl_c_while_the_command_starts_is_answered_in_words(command: str, tmp_path: Path) -> None:
    code = """
import signal, sys

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "rich":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
from fusionaudio_assets.cli import main
main()
"""
    arguments = [sys.executable, "-c", code, command, "--lake", str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.startswith("Stopped.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status", "--nonsense"],
        ["show"],
        ["export", "out", "--format", "xml"],
        ["ingest", ".", "--shard-size", "0"],
    ],
)
def test_wrong_usage_is_exit_code_2(terminal: Terminal, arguments: list[str]) -> None:
    result = terminal(*arguments)
    assert result.exit_code == 2
    assert not result.stdout


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["show", "abcd"], ["profile"], ["run"], ["export", "out", "--format", "jsonl"]],
)
def test_a_missing_lake_is_told_with_the_way_out(terminal: Terminal, arguments: list[str], tmp_path: Path) -> None:
    result = terminal(*arguments, "--lake", tmp_path / "none")
    assert result.exit_code == 1
    assert not result.stdout
    assert "There is no lake at" in result.stderr
    assert "fusionaudio init" in result.stderr


def test_the_lake_comes_from_the_environment(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_lake(tmp_path / "there", [[clip_row(1)]])
    monkeypatch.setenv("FUSIONAUDIO_LAKE", str(tmp_path / "there"))
    assert terminal("status").exit_code == 0


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (LakeError("The lake is odd.", hint="Mend it."), 1, "The lake is odd. Mend it."),
        (OSError(28, "No space left on device", "/lake/x"), 1, "/lake/x: No space left on device."),
        (KeyboardInterrupt(), 130, "Stopped. What was finished is kept"),
        (ValueError("a slip"), 1, "A fault in fusionaudio: ValueError: a slip."),
    ],
)
def test_errors_are_messages_without_a_traceback(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    told: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(status, "status", fail)
    result = terminal("status")
    assert result.exit_code == code
    assert told in result.stderr
    assert "Traceback" not in result.output
    assert not result.stdout


def test_a_lake_of_a_newer_version_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", [[clip_row(1)]])
    (tmp_path / "lake" / "lake.json").write_text('{"format": 99}')
    result = terminal("status", "--lake", tmp_path / "lake")
    assert result.exit_code == 1
    assert "format 99" in result.stderr


def test_a_damaged_storage_of_dagster_is_told_with_the_way_out(terminal: Terminal, tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)]])
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    assert terminal("ingest", clip, "--lake", lake.uri).exit_code == 0
    for database in (tmp_path / "lake" / ".dagster").rglob("*.db"):
        database.write_bytes(b"no database " * 1000)
    for command in (["ingest", clip], ["run"]):
        result = terminal(*command, "--lake", lake.uri)
        assert result.exit_code == 1
        assert "file is not a database" in result.stderr
        assert "may be deleted, the lake stands without it" in result.stderr
        assert "sqlalche" not in result.stderr


def test_a_run_that_could_not_finish_is_exit_code_1(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)]])
    summary = engine.Summary(materialized={"raw_clips": ["shard-000001"]}, failures=[("tags", "shard-000001", "odd")])

    def unfinished(*_: object, progress: engine.Progress, **__: object) -> engine.Summary:
        progress.failed("tags", "shard-000001", "odd")
        return summary

    monkeypatch.setattr(engine, "run_lake", unfinished)
    result = terminal("run", "--lake", lake.uri)
    assert result.exit_code == 1
    assert "tags of shard-000001 could not be finished: odd" in result.stderr
    assert [line.split()[:4] for line in result.stdout.splitlines()][1] == ["raw_clips", "1", "0", "0"]
    summary.failures.clear()
    assert terminal("run", "--lake", lake.uri).exit_code == 0


@pytest.mark.parametrize(("option", "value"), [("--shard", "shard-9"), ("--select", "tags,nonsense")])
def test_a_run_of_what_is_not_there_is_refused(terminal: Terminal, tmp_path: Path, option: str, value: str) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)]])
    result = terminal("run", option, value, "--lake", lake.uri)
    assert result.exit_code == 1
    assert value.rpartition(",")[2] in result.stderr


def test_the_demo_needs_the_examples(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "EXAMPLES", tmp_path)
    result = terminal("demo", "--lake", tmp_path / "lake")
    assert result.exit_code == 1
    assert "clone" in result.stderr
    assert not (tmp_path / "lake").exists()


def test_a_port_that_is_taken_is_told(terminal: Terminal, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = terminal("ui", "--lake", str(tmp_path), "--port", str(port))
    assert result.exit_code == 1
    assert f"port {port}" in result.stderr
