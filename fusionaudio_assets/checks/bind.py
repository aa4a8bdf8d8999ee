"""Check every rule when definitions load: broken SQL or a header that is not valid stops the load, not a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dataframely as dy
import duckdb
import polars as pl

from fusionaudio_assets.checks.evaluate import AMONG, DRIFT, Relations, cannot_run, connect, mentioned, over
from fusionaudio_assets.checks.references import REFERENCES
from fusionaudio_assets.checks.rules import ALL, COMMON, ROOT, Rule, load_rules, rules_of
from fusionaudio_assets.figures import DRIFT_SCHEMA
from fusionaudio_assets.stage import Stage
from fusionaudio_assets.tables import TABLES, polars_schema
from resources.errors import SettingError

_FIGURES = "SELECT shard, figure::DOUBLE FROM found"
_CLIPS = "SELECT shard, clip_id FROM found"


def check_rules(stages: Mapping[str, Stage[Any, Any]], root: Path = ROOT) -> None:
    """Parse all rules of all stages and let DuckDB bind them to tables without rows; needs no weights.

    Args:
        stages: All stages by name.
        root: Folder of the rules.

    Raises:
        SettingError: A rule is broken, or a folder of rules belongs to no stage; the message names file and line.
    """
    for folder in sorted({path.parent.name for path in root.glob("*/*.sql")} - {COMMON, *stages}):
        raise SettingError(
            f"{root / folder}: no stage is called so, and its rules would never run.",
            hint=f"Stages are {', '.join(stages)}.",
        )
    empty = {name: pl.DataFrame(schema=_schema(table)) for name, table in TABLES.items()}
    empty |= {name: reference.empty for name, reference in REFERENCES.items()}
    empty[DRIFT] = pl.DataFrame(schema=DRIFT_SCHEMA)
    for name, stage in stages.items():
        rules = rules_of(name) if root == ROOT else load_rules(root, name)
        seen = mentioned(rules, ("manifest", *stage.reads, *REFERENCES, DRIFT))
        bind(rules, {"this": pl.DataFrame(schema=_schema(stage.table))} | {other: empty[other] for other in seen})


def bind(rules: Sequence[Rule], relations: Relations) -> None:
    """Let DuckDB prepare every rule, without running it.

    Raises:
        SettingError: It refuses one.
    """
    with connect() as connection:
        connection.execute("PRAGMA disable_optimizer")
        for name, frame in relations.items():
            connection.register(name, frame.to_arrow())
        for rule in rules:
            queries = [_FIGURES if rule.bound.measure == "figure" else _CLIPS]
            if rule.among != ALL:
                queries.append(AMONG.format(rule.among))
            try:
                for query in queries:
                    connection.execute(f"PREPARE rule AS {over(rule, query)}")
            except duckdb.Error as error:
                raise cannot_run(rule, error) from error


def _schema(table: type[dy.Schema]) -> pl.Schema:
    return pl.Schema(polars_schema(table) | {"shard": pl.String})
