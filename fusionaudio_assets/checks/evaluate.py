"""Evaluate rules with DuckDB: all rules of an asset in one go, on one shard or on many."""

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import duckdb
import polars as pl

from fusionaudio_assets.checks.contract import contract_rule, out_of_range
from fusionaudio_assets.checks.references import REFERENCES
from fusionaudio_assets.checks.relations import Tables
from fusionaudio_assets.checks.rules import Rule, rules_of
from fusionaudio_assets.figures import current, drift
from fusionaudio_assets.versions import table_of
from resources.english import counted
from resources.errors import SettingError
from resources.lake import Lake

SAMPLES = 5
"""Violating rows that a verdict keeps for people."""

SHARDS_AT_ONCE = 64
"""Shards that are judged together where many are: what a query costs is shared, and memory stays bounded."""

JUDGES = 2
"""Groups of shards that are judged at a time: what is Python's of one fills the pauses of the other."""

READERS = 4
"""Threads that read tables where many shards are judged."""

DRIFT = "drift"
"""Name under which rules see how the figures of a shard lie to those of the lake: `figures.drift`."""

Relations = Mapping[str, pl.DataFrame]
"""Tables that rules see, by name; `this` is the table that is judged. Each has the column `shard`."""

AMONG = "SELECT shard, count(*) FROM this WHERE {} GROUP BY shard"
"""Counts the rows by shard that a share is meant of, by the condition `Rule.among`."""

_SAMPLES = f"SELECT shard, list(found ORDER BY found)[:{SAMPLES}] FROM found GROUP BY shard"  # noqa: S608 - no input


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a shard.

    Attributes:
        rule: The rule.
        figure: What was measured; None where there was nothing to measure.
        holds: The figure meets the bound.
        clips: Number of violating clips; 0 where the bound is on a figure.
        samples: Some of the violating rows, as text.
    """

    rule: Rule
    figure: float | None
    holds: bool
    clips: int = 0
    samples: tuple[str, ...] = ()

    def __str__(self) -> str:
        rule = self.rule
        clips = f" ({counted(self.clips, 'clip')})" if rule.bound.measure == "share" else ""
        figure = "nothing to measure" if self.figure is None else f"{self.figure:.4g}{clips}"
        return f"{rule.asset}/{rule.name}: {figure}, allowed is {rule.bound_text}. {rule.guards}"


def evaluate(asset: str, shard: str, lake: Lake, reads: Iterable[str]) -> list[Verdict]:
    """Evaluate all rules of an asset on one shard, its table's contract first.

    Args:
        asset: The asset.
        shard: The shard; its table must stand.
        lake: The lake.
        reads: Upstream tables that rules may look at.

    Raises:
        LakeError: A table is missing, or one above was written by another version of the code.
        SettingError: A rule cannot run: that is an error, never a pass.
    """
    standing = {name: [shard] for name in ("manifest", asset, *reads)}
    return _evaluate(asset, [shard], Tables(lake, standing), reads)[shard]


def evaluate_lake(lake: Lake, reads: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, list[Verdict]]]:
    """Evaluate the rules of many assets on every shard that has their tables, many shards at once.

    Args:
        lake: The lake.
        reads: Upstream tables that rules may look at, by asset.

    Yields:
        Shard and verdicts, asset by asset within a group of shards.

    Raises:
        LakeError: See `evaluate`.
        SettingError: See `evaluate`.
    """
    standing = {asset: set(lake.shards(asset)) for asset in {"manifest", *reads, *(n for a in reads for n in reads[a])}}
    shards = iter(lake.shards())
    peers: dict[str, pl.DataFrame] = {}

    def judged(group: Sequence[str]) -> list[tuple[str, list[Verdict]]]:
        held = {name: [shard for shard in group if shard in keys] for name, keys in standing.items()}
        tables = Tables(lake, held, peers, readers.map)
        found: list[tuple[str, list[Verdict]]] = []
        for asset, above in reads.items():
            ready = [shard for shard in group if all(shard in standing[name] for name in (asset, *above))]
            found += _evaluate(asset, ready, tables, above).items()
        return found

    with ThreadPoolExecutor(READERS) as readers, ThreadPoolExecutor(JUDGES) as judges:
        waiting: deque[Future[list[tuple[str, list[Verdict]]]]] = deque()
        while group := list(islice(shards, SHARDS_AT_ONCE)):
            waiting.append(judges.submit(judged, group))
            if len(waiting) > JUDGES:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def judge(rules: Sequence[Rule], relations: Relations, shards: Sequence[str]) -> dict[str, list[Verdict]]:
    """Evaluate rules on tables in memory, for every shard in them.

    Raises:
        SettingError: A rule cannot run; the message names file and line.
    """
    verdicts: dict[str, list[Verdict]] = {shard: [] for shard in shards}
    with connect() as connection:
        for name, frame in relations.items():
            connection.register(name, frame.to_arrow(compat_level=pl.CompatLevel.newest()))  # copies nothing
        for rule in rules:
            found = _figures(connection, rule) if rule.bound.measure == "figure" else _clips(connection, rule)
            if unknown := found.keys() - verdicts.keys():
                raise SettingError(f"{rule.path}: the rule tells of shards that it was not asked about: {unknown}.")
            nothing = Verdict(rule, None if rule.bound.measure == "figure" else 0.0, holds=True)
            for shard, own in verdicts.items():
                own.append(found.get(shard, nothing))
    return verdicts


def connect() -> duckdb.DuckDBPyConnection:
    """A connection of its own relations: SQL sees what is registered, never a Python variable of the same name."""
    connection = _database(os.getpid()).cursor()
    connection.execute("SET enable_progress_bar = false")  # it would stand among the results
    return connection


@cache
def _database(pid: int) -> duckdb.DuckDBPyConnection:
    """The database of a process, which takes tens of milliseconds to make; a forked one lacks its threads.

    One thread for a query: a shard is no work for more, and of many shards groups are judged side by side.
    """
    return duckdb.connect(config={"python_enable_replacements": "false", "threads": 1})


def mentioned(rules: Sequence[Rule], names: Iterable[str]) -> list[str]:
    """Those of the relations that any of the rules asks for."""
    return [name for name in dict.fromkeys(names) if any(rule.mentions(name) for rule in rules)]


def _evaluate(asset: str, shards: Sequence[str], tables: Tables, reads: Iterable[str]) -> dict[str, list[Verdict]]:
    foreign = {shard: told for shard in shards if (told := tables.differences(asset, shard))}
    verdicts = {
        shard: [_contract(asset, max(tables.of(asset, shard).height, 1), told)] for shard, told in foreign.items()
    }
    readable = [shard for shard in shards if shard not in foreign]
    if not readable:
        return verdicts
    rules = rules_of(asset)
    relations = {"this": tables.together(asset, readable)}
    relations |= {name: tables.together(name, readable) for name in mentioned(rules, ("manifest", *reads))}
    relations |= {name: REFERENCES[name].frame() for name in mentioned(rules, REFERENCES)}
    if mentioned(rules, (DRIFT,)):
        relations[DRIFT] = drift(current(tables.lake, asset, relations["this"]), tables.peers(asset))
    sound = table_of(asset).is_valid(relations["this"])
    for shard, found in judge(rules, relations, readable).items():
        broken = (0, ()) if sound else out_of_range(asset, tables.of(asset, shard))
        verdicts[shard] = [_contract(asset, *broken), *found]
    return verdicts


def _contract(asset: str, clips: int, told: Sequence[str]) -> Verdict:
    return Verdict(contract_rule(asset), float(clips), not clips, clips, tuple(told[:SAMPLES]))


def _clips(connection: duckdb.DuckDBPyConnection, rule: Rule) -> dict[str, Verdict]:
    counted = dict(_run(connection, rule, "SELECT shard, count(DISTINCT clip_id) FROM found GROUP BY shard"))
    if not counted:
        return {}
    figures = counted
    if rule.bound.measure == "share":
        among = dict(_run(connection, rule, AMONG.format(rule.among)))
        figures = {shard: clips / max(among.get(shard, 0), clips) for shard, clips in counted.items()}
    holds = {shard: rule.bound.allows(figures[shard], clips) for shard, clips in counted.items()}
    shown = {} if all(holds.values()) else dict(_run(connection, rule, _SAMPLES))
    return {
        shard: Verdict(rule, float(figures[shard]), holds[shard], clips, () if holds[shard] else _shown(shown[shard]))
        for shard, clips in counted.items()
    }


def _figures(connection: duckdb.DuckDBPyConnection, rule: Rule) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    for shard, figure, row in _run(connection, rule, "SELECT shard, figure, found FROM found"):
        if shard in verdicts:
            raise SettingError(f"{rule.path}: the rule returns more than one figure for shard {shard}.")
        if figure is not None:
            holds = rule.bound.allows(float(figure))
            verdicts[shard] = Verdict(rule, float(figure), holds, samples=() if holds else _shown([row]))
    return verdicts


def _run(connection: duckdb.DuckDBPyConnection, rule: Rule, query: str) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(over(rule, query)).fetchall()
    except duckdb.Error as error:
        raise cannot_run(rule, error) from error


def over(rule: Rule, query: str) -> str:
    """`query` over what a rule returns, as the relation `found`."""
    # The rule begins on the first line, so that lines of DuckDB's messages are lines of its file.
    return f"WITH found AS ({rule.sql}\n) {query}"


def cannot_run(rule: Rule, error: duckdb.Error) -> SettingError:
    """What to tell of a rule that DuckDB refuses, with file and line."""
    told, lines = re.search(r"LINE (\d+):", str(error)), rule.sql.splitlines()
    in_query = told is not None and int(told[1]) <= len(lines)
    line = int(told[1]) if told and in_query else rule.line_of("among" if rule.among in str(error) else "bound")
    columns = "`shard` and `figure`" if rule.bound.measure == "figure" else "`shard` and `clip_id`"
    what = str(error).partition("\n")[0]
    return SettingError(f"{rule.path}:{line}: the rule cannot run: {what}.", hint=f"A rule returns {columns}.")


def _shown(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Rows for people, long values cut."""
    return tuple(", ".join(f"{name}={_cut(value)}" for name, value in row.items() if name != "shard") for row in rows)


def _cut(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
