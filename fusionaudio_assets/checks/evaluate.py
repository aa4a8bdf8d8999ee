"""Evaluate the rules of a shard in one go with DuckDB."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from fusionaudio_assets.checks.rules import Rule, rules_of
from fusionaudio_assets.tables import Manifest, polars_schema
from resources.errors import LakeError, SettingError
from resources.lake import Lake

SAMPLES = 5
"""Violating rows that a verdict keeps for people."""

Relations = Mapping[str, pl.DataFrame]
"""Tables that rules see, by name; `this` is the table that is judged."""


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a shard.

    Attributes:
        rule: The rule.
        figure: What was measured.
        holds: The figure meets the bound.
        samples: Some of the violating rows, as text.
    """

    rule: Rule
    figure: float
    holds: bool
    samples: tuple[str, ...] = ()

    def __str__(self) -> str:
        rule = self.rule
        return f"{rule.asset}/{rule.name}: {self.figure:g}, allowed is {rule.bound_text}. {rule.guards}"


def evaluate(asset: str, shard: str, lake: Lake, reads: Iterable[str]) -> list[Verdict]:
    """Evaluate all rules of an asset on one shard.

    Args:
        asset: The asset.
        shard: The shard; its table must stand.
        lake: The lake.
        reads: Upstream tables that rules may look at.

    Raises:
        LakeError: A table is missing.
        SettingError: A rule cannot run: that is an error, never a pass.
    """
    names = ["manifest", *(name for name in reads if name != "manifest")]
    relations = {"this": _table(lake, asset, shard), **{name: _table(lake, name, shard) for name in names}}
    return evaluate_frames(rules_of(asset), relations)


def evaluate_frames(rules: Sequence[Rule], relations: Relations) -> list[Verdict]:
    """Evaluate rules on tables in memory."""
    with duckdb.connect() as connection:
        for name, frame in relations.items():
            connection.register(name, frame.to_arrow())
        clips = max(relations["this"].height, 1)
        return [_verdict(connection, rule, clips) for rule in rules]


def bind(rules: Sequence[Rule], schemas: Mapping[str, pl.Schema]) -> None:
    """Check that every rule can run, on empty tables: broken SQL is found when definitions load, not in a run.

    Raises:
        SettingError: One cannot; the message names its file and what DuckDB says.
    """
    evaluate_frames(rules, {name: pl.DataFrame(schema=schema) for name, schema in schemas.items()})


def manifest_schema() -> pl.Schema:
    """Columns of the relation `manifest`."""
    return polars_schema(Manifest)


def _verdict(connection: duckdb.DuckDBPyConnection, rule: Rule, clips: int) -> Verdict:
    try:
        found = connection.sql(rule.sql).pl()
    except duckdb.Error as error:
        raise SettingError(f"{rule.path}: the rule cannot run: {error}") from error
    if rule.measure == "figure":
        return _figure(rule, found)
    figure = float(found.height if rule.measure == "rows" else found.height / clips)
    holds = rule.holds(figure)
    return Verdict(rule, figure, holds, () if holds else tuple(_shown(row) for row in found.head(SAMPLES).to_dicts()))


def _figure(rule: Rule, found: pl.DataFrame) -> Verdict:
    if found.shape[0] != 1 or "figure" not in found.columns:
        raise SettingError(f"{rule.path}: the rule must return one row with a column `figure`.")
    value = found["figure"][0]
    if value is None:  # nothing to measure: no clip of the kind that the rule is about
        return Verdict(rule, rule.bound, holds=True)
    return Verdict(rule, float(value), rule.holds(float(value)))


def _shown(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in row.items())


def _table(lake: Lake, asset: str, shard: str) -> pl.DataFrame:
    frame = lake.read_table(asset, shard)
    if frame is None:
        raise LakeError(f"Shard {shard} has no table of {asset}.", hint=f"Materialise {asset} first.")
    return frame
