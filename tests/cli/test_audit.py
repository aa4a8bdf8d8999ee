"""`fusionaudio audit` at a prompt."""

import json
from pathlib import Path

from typer.testing import CliRunner

from fusionaudio_assets.cli.app import app
from tests.cli.conftest import Terminal

GOOD = '{"id": "a", "caption": "A dog barks.", "cues": {"labels": ["Bark"]}}'
BAD = '{"id": 7, "caption": "A turkey speaks.", "cues": {"labels": ["Speech"]}}'


def test_captions_are_judged_line_by_line(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "captions.jsonl"
    file.write_text(f"\ufeff{GOOD}\n\n{BAD}\n", encoding="utf-8")
    result = terminal("audit", file)
    assert result.exit_code == 0
    judged = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["id"], one["supported"]) for one in judged] == [("a", True), (7, False)]
    assert "2 captions judged; 1 with no unsupported claim (50.0%)" in result.stderr


def test_malformed_lines_are_told_by_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = f"{GOOD}\nnonsense\n{BAD}\n{{}}\n".encode() + b'{"id": 1, "caption": "\xff"}\n'
    result = CliRunner().invoke(app, ["audit", "-"], input=lines)
    assert result.exit_code == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["a", 7]
    for number in (2, 4, 5):
        assert f"stdin, line {number}: " in result.stderr
    assert "line 2: Invalid JSON: expected ident at column 2." in result.stderr
    assert "3 malformed lines left out" in result.stderr


def test_what_is_wrong_with_a_line_is_told_in_words_of_the_format(tmp_path: Path) -> None:
    lines = b'{"id": 1.5, "caption": "x"}\n{"id": "a", "caption": "x", "cues": {"sounds": ["rain"]}}\n'
    result = CliRunner().invoke(app, ["audit", "-"], input=lines)
    assert "line 1: id: Input should be a string or an integer." in result.stderr
    assert "line 2: cues: There is no kind 'sounds'; there are labels, sound, music, speech, visual." in result.stderr
    assert not result.stdout


def test_one_line_does_not_change_another(terminal: Terminal, tmp_path: Path) -> None:
    alone, after = tmp_path / "alone.jsonl", tmp_path / "after.jsonl"
    alone.write_text(f"{BAD}\n")
    after.write_text(f"{GOOD}\n{BAD}\n")
    assert terminal("audit", alone).stdout.splitlines()[-1] == terminal("audit", after).stdout.splitlines()[-1]


def test_a_missing_file_is_told(terminal: Terminal, tmp_path: Path) -> None:
    result = terminal("audit", tmp_path / "none.jsonl")
    assert result.exit_code == 1
    assert "There is no file" in result.stderr
    assert not result.stdout


def test_nothing_to_judge_is_no_failure(terminal: Terminal, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    result = terminal("audit", empty)
    assert result.exit_code == 0
    assert "0 captions judged" in result.stderr
