"""`fusionaudio audit`: judge captions of any origin, one JSON object a line."""

import json
import re
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import typer
from pydantic import ValidationError

from fusionaudio_assets.captioning.audit import CUE_KINDS, Auditor
from fusionaudio_assets.cli.console import complain, printable, say
from resources.english import counted
from resources.errors import SettingError
from resources.word_vectors import word_vectors

_LINE_OF_ONE = re.compile(r"at line 1 column")
_BOM = b"\xef\xbb\xbf"


def audit(file: str) -> None:
    """Judge the captions of a file, or of stdin.

    Raises:
        SettingError: There is no such file.
        Exit: Code 1, when a line is malformed; all others have been judged.
    """
    name = "stdin" if file == "-" else printable(file)
    with _opened(file) as lines:
        auditor = Auditor(word_vectors())
        verdicts, num_malformed = [], 0
        for number, line in enumerate(lines, 1):
            if not (text := line.removeprefix(_BOM).strip()):
                continue
            try:
                captioned = auditor.read(text)
            except ValidationError as error:
                num_malformed += 1
                complain(f"{name}, line {number}: {_problem(error)}.")
                continue
            verdict = auditor.judge(captioned)
            typer.echo(json.dumps(verdict, ensure_ascii=False).encode())  # UTF-8 whatever the terminal speaks
            verdicts.append(_Counted(verdict))
    say(_summary(verdicts, num_malformed))
    if num_malformed:
        raise typer.Exit(1)


class _Counted:
    """What the summary needs of a verdict, so that millions fit into memory."""

    __slots__ = ("said", "seen", "support", "supported")

    def __init__(self, verdict: dict[str, Any]) -> None:
        self.support: float = verdict["support"]
        self.supported: bool = verdict["supported"]
        self.seen, self.said = bool(verdict["visual_leaks"]), bool(verdict["speech_leaks"])


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    hint = "Give the path of a JSONL file, or - to read from stdin."
    if file == "-":
        if sys.stdin is None:
            raise SettingError("There is no stdin.", hint=hint)
        yield sys.stdin.buffer
        return
    path = Path(file)
    if path.is_dir():
        raise SettingError(f"{printable(file)!r} is a folder.", hint=hint)
    if not path.is_file():
        raise SettingError(f"There is no file {printable(file)!r}.", hint=hint)
    with path.open("rb") as lines:
        yield lines


def _problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    if problem["loc"][:1] == ("id",) and problem["type"] != "missing":
        return "id: Input should be a string or an integer"
    if problem["type"] == "extra_forbidden":
        return f"cues: There is no kind {printable(str(problem['loc'][-1]))!r}; there are {', '.join(CUE_KINDS)}"
    place = ".".join(map(str, problem["loc"]))
    message = _LINE_OF_ONE.sub("at column", problem["msg"].rstrip("."))
    return f"{place}: {message}" if place else message


def _summary(verdicts: list[_Counted], num_malformed: int) -> str:
    counts = {
        "with no unsupported claim": sum(one.supported for one in verdicts),
        "with a visual leak": sum(one.seen for one in verdicts),
        "with a speech leak": sum(one.said for one in verdicts),
    }
    told = [f"{count} {name} ({count / len(verdicts):.1%})" for name, count in counts.items() if verdicts]
    if verdicts:
        told.append(f"median support {statistics.median(one.support for one in verdicts):.2f}")
    malformed = [f"{counted(num_malformed, 'malformed line')} left out"] if num_malformed else []
    return "; ".join([f"{counted(len(verdicts), 'caption')} judged", *told, *malformed]) + "."
