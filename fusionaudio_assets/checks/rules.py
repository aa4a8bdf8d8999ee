"""Rules: SQL files with a header, one file a rule, `<asset>/<rule>.sql`.

    -- guards: Every separated clip keeps the number of samples of its mixture.
    -- severity: ERROR
    -- bound: clips <= 0
    SELECT shard, clip_id, num_samples FROM this JOIN raw_clips USING (shard, clip_id) WHERE ...

The query sees the table that is judged as `this`, the tables above it by their assets' names, and `manifest`; each has
the column `shard` beside its own, since many shards may be judged at once. Relations more: `audioset (name)`, the
classes of the ontology; `media_reasons (reason)`, the reasons that are the medium's fault; and `drift (shard, name,
value, median, spread, shards, distance)`, how far the figures of a shard lie from those of the lake's shards
(`fusionaudio_assets/figures/drift.py`). Rules over the last only warn, since the other shards may change.

What it returns follows from the bound:

    clips <= 0                      violating rows with `shard` and `clip_id`; their clips are counted
    share <= 0.05                   the same, as a share of the shard's clips
    share <= 0.05 or clips <= 2     the same, and a small shard may have two whatever their share
    figure >= 0.01                  one row per shard with `shard` and `figure`; none, or NULL: nothing to measure

Other columns of the rows are shown to people. A fourth line of the header, `-- among: status = 'ok'`, tells of which
rows of `this` a share is meant; without it all count. Files in `every_stage` hold for every stage, unless the asset has
a file of the same name.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from resources.errors import SettingError

ROOT = Path(__file__).parent
COMMON = "every_stage"
ALL = "true"
"""The condition of a rule whose share is of all clips."""
ERROR: Literal["ERROR"] = "ERROR"
WARN: Literal["WARN"] = "WARN"

_KEYS = ("guards", "severity", "bound", "among")
_REQUIRED = ("guards", "severity", "bound")
_HEADER = re.compile(rf"-- ({'|'.join(_KEYS)}): (.+)")
_NUMBER = r"-?\d+(?:\.\d+)?"
_BOUND = re.compile(
    rf"(?P<measure>clips|share) <= (?P<limit>{_NUMBER})"
    rf"|share <= (?P<share>{_NUMBER}) or clips <= (?P<spare>\d+)"
    rf"|figure (?P<sign><=|>=) (?P<figure>{_NUMBER})"
)


@dataclass(frozen=True)
class Bound:
    """What is allowed.

    Attributes:
        measure: What is bounded: a number of clips, their share, or a figure.
        limit: The bound itself; meeting it is allowed.
        at_most: True for an upper bound.
        spare: With a share: as many clips are allowed whatever their share.
    """

    measure: Literal["clips", "share", "figure"]
    limit: float
    at_most: bool = True
    spare: int | None = None

    def allows(self, figure: float, clips: int = 0) -> bool:
        """True when the figure, or the number of clips behind it, meets the bound; NaN never does."""
        if self.spare is not None and clips <= self.spare:
            return True
        return figure <= self.limit if self.at_most else figure >= self.limit

    def __str__(self) -> str:
        spare = "" if self.spare is None else f" or clips <= {self.spare}"
        return f"{self.measure} {'<=' if self.at_most else '>='} {self.limit:g}{spare}"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        asset: The asset whose table it is about.
        name: The file's name without its ending.
        guards: One sentence for people.
        severity: ERROR stops the shard, WARN does not.
        bound: What is allowed.
        sql: The whole file: its header is a comment to SQL, so that lines of messages are lines of the file.
        path: The file.
        among: Condition on the rows of `this` that a share is meant of.
    """

    asset: str
    name: str
    guards: str
    severity: Literal["ERROR", "WARN"]
    bound: Bound
    sql: str
    path: Path
    among: str = ALL

    @property
    def bound_text(self) -> str:
        """The bound as its header says it."""
        return str(self.bound)

    def line_of(self, key: str) -> int:
        """Line of the file that has this part of the header; the first where there is none."""
        lines = self.sql.splitlines()
        return next((number for number, line in enumerate(lines, 1) if line.startswith(f"-- {key}:")), 1)

    def mentions(self, relation: str) -> bool:
        """True when the query has the word: only such relations are given to it."""
        return re.search(rf"\b{relation}\b", f"{self.among}\n{self.sql}") is not None


@cache
def rules_of(asset: str) -> tuple[Rule, ...]:
    """All rules of an asset by name, those of every stage first."""
    return load_rules(ROOT, asset)


def load_rules(root: Path, asset: str) -> tuple[Rule, ...]:
    """Read the rules of an asset below a folder.

    Raises:
        SettingError: A file's header is not valid; the message names file and line.
    """
    own = {path.name: path for path in sorted((root / asset).glob("*.sql"))}
    common = {path.name: own.pop(path.name, path) for path in sorted((root / COMMON).glob("*.sql"))}
    return tuple(parse_rule(path, asset) for path in (*common.values(), *own.values()))


def parse_rule(path: Path, asset: str) -> Rule:
    """Read one rule.

    Raises:
        SettingError: Its header is not valid.
    """
    text = path.read_text(encoding="utf-8")
    header: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("--"):
            break
        match = _HEADER.fullmatch(line.rstrip())
        if match is None or match[1] in header:
            raise _wrong(path, number, f"{line!r} is not a line of a header")
        header[match[1]] = (number, match[2])
    for key in _REQUIRED:
        if key not in header:
            raise _wrong(path, 1, f"the header has no line `-- {key}: ...`")
    return Rule(
        asset=asset,
        name=path.stem,
        guards=header["guards"][1],
        severity=_severity(path, *header["severity"]),
        bound=_bound(path, *header["bound"]),
        sql=text.rstrip().removesuffix(";"),
        path=path,
        among=header["among"][1] if "among" in header else ALL,
    )


def _severity(path: Path, line: int, severity: str) -> Literal["ERROR", "WARN"]:
    if severity == ERROR:
        return ERROR
    if severity == WARN:
        return WARN
    raise _wrong(path, line, f"the severity {severity!r} is neither ERROR nor WARN")


def _bound(path: Path, line: int, bound: str) -> Bound:
    match = _BOUND.fullmatch(bound)
    if match is None:
        forms = "`clips <= 0`, `share <= 0.05`, `share <= 0.05 or clips <= 2` or `figure >= 1`"
        raise _wrong(path, line, f"the bound {bound!r} is not like {forms}")
    if match["figure"]:
        return Bound("figure", float(match["figure"]), at_most=match["sign"] == "<=")
    if match["spare"]:
        return Bound("share", float(match["share"]), spare=int(match["spare"]))
    return Bound("clips" if match["measure"] == "clips" else "share", float(match["limit"]))


def _wrong(path: Path, line: int, problem: str) -> SettingError:
    return SettingError(f"{path}:{line}: {problem}.", hint="See fusionaudio_assets/checks/rules.py for the form.")
