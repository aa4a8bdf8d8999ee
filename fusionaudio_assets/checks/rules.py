"""Rules: SQL files with a header, one file a rule, `<asset>/<rule>.sql`.

    -- guards: Every separated clip keeps the number of samples of its mixture.
    -- severity: ERROR
    -- bound: rows <= 0
    SELECT this.clip_id, ... FROM this JOIN raw_clips USING (clip_id) WHERE ...

The query sees the shard's own table as `this`, the tables above it by their assets' names, and `manifest`. It returns
the violating rows when the bound is on `rows` or on their `share` of the shard's clips, or one row with a column
`figure` when the bound is on that; a figure of NULL means that there was nothing to measure. Files in `every_stage`
hold for every stage.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from resources.errors import SettingError

ROOT = Path(__file__).parent
COMMON = "every_stage"
ERROR: Literal["ERROR"] = "ERROR"
WARN: Literal["WARN"] = "WARN"

_HEADER = re.compile(r"^-- (guards|severity|bound): (.+)$")
_BOUND = re.compile(r"(rows|share|figure) (<=|>=) (-?\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        asset: The asset whose table it is about.
        name: The file's name without its ending.
        guards: One sentence for people.
        severity: ERROR stops the shard, WARN does not.
        measure: What is bounded: the number of returned rows, their share of the shard's clips, or a figure.
        at_most: True for an upper bound.
        bound: The bound itself; meeting it is allowed.
        sql: The query.
        path: The file, for messages.
    """

    asset: str
    name: str
    guards: str
    severity: Literal["ERROR", "WARN"]
    measure: Literal["rows", "share", "figure"]
    at_most: bool
    bound: float
    sql: str
    path: Path

    def holds(self, figure: float) -> bool:
        """True when the figure meets the bound; NaN never does."""
        return figure <= self.bound if self.at_most else figure >= self.bound

    @property
    def bound_text(self) -> str:
        """The bound as its header says it."""
        return f"{self.measure} {'<=' if self.at_most else '>='} {self.bound:g}"


@cache
def rules_of(asset: str) -> tuple[Rule, ...]:
    """All rules of an asset: those of every stage, then its own, by name."""
    return load_rules(ROOT, asset)


def load_rules(root: Path, asset: str) -> tuple[Rule, ...]:
    """Read the rules of an asset below a folder.

    Raises:
        SettingError: A file's header is not valid; the message names file and line.
    """
    return tuple(
        parse_rule(path, asset) for folder in (COMMON, asset) for path in sorted((root / folder).glob("*.sql"))
    )


def parse_rule(path: Path, asset: str) -> Rule:
    """Read one rule.

    Raises:
        SettingError: Its header is not valid.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    header: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines, 1):
        if not line.startswith("--"):
            break
        match = _HEADER.match(line)
        if match is None or match[1] in header:
            raise _wrong(path, number, f"{line!r} is not a line of a header")
        header[match[1]] = (number, match[2].strip())
    for key in ("guards", "severity", "bound"):
        if key not in header:
            raise _wrong(path, 1, f"the header has no line `-- {key}: ...`")
    number, severity = header["severity"]
    if severity not in {ERROR, WARN}:
        raise _wrong(path, number, f"the severity {severity!r} is neither ERROR nor WARN")
    number, bound = header["bound"]
    match = _BOUND.fullmatch(bound)
    if match is None:
        raise _wrong(path, number, f"the bound {bound!r} is not like `rows <= 0`, `share <= 0.05` or `figure >= 1`")
    return Rule(
        asset=asset,
        name=path.stem,
        guards=header["guards"][1],
        severity=ERROR if severity == ERROR else WARN,
        measure=match[1],  # type: ignore[arg-type]  # the pattern allows nothing else
        at_most=match[2] == "<=",
        bound=float(match[3]),
        sql="\n".join(lines[len(header) :]).strip().removesuffix(";"),
        path=path,
    )


def _wrong(path: Path, line: int, problem: str) -> SettingError:
    return SettingError(f"{path}:{line}: {problem}.", hint="See fusionaudio_assets/checks/rules.py for the form.")
