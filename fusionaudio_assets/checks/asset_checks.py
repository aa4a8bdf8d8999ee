"""Verdicts as Dagster shows them: two partitioned checks an asset, many rules in few events."""

import warnings
from collections.abc import Collection, Sequence
from typing import Any

import dagster as dg

from fusionaudio_assets.checks.evaluate import Verdict
from fusionaudio_assets.checks.gate import name_of, way_out
from fusionaudio_assets.checks.rules import ERROR, WARN, Bound

GATE = "gate"
WATCH = "watch"
NO_CLIP = Bound("clips", 0)
_WHEN = "It is evaluated whenever the asset is materialized, and cannot be executed alone."


def check_specs(asset: str, partitions_def: dg.PartitionsDefinition[Any]) -> list[dg.AssetCheckSpec]:
    """The checks of an asset: `gate` holds all its ERROR rules and blocks, `watch` holds its WARN rules."""
    with warnings.catch_warnings():
        # Partitioned checks are a preview of the Dagster series that this project is pinned to.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                GATE,
                asset=asset,
                blocking=True,
                partitions_def=partitions_def,
                description=f"All rules that a shard must keep before anything is built on it. {_WHEN}",
            ),
            dg.AssetCheckSpec(
                WATCH,
                asset=asset,
                partitions_def=partitions_def,
                description=f"All rules that a person should look at; nothing is held back. {_WHEN}",
            ),
        ]


def check_results(verdicts: Sequence[Verdict], overrides: Collection[str] = ()) -> list[dg.AssetCheckResult]:
    """Results of both checks, each with a table of its rules, the broken ones first.

    The gate does not hold back what is downstream in the same run when all rules that it breaks are in `overrides`:
    the stages there look themselves, and keep a record.
    """
    results = []
    for name, severity in ((GATE, ERROR), (WATCH, WARN)):
        own = sorted(
            (verdict for verdict in verdicts if verdict.rule.severity == severity),
            key=lambda verdict: (verdict.holds, verdict.rule.name),
        )
        broken = [verdict for verdict in own if not verdict.holds]
        is_excused = all(name_of(verdict) in overrides for verdict in broken)
        told = [*map(str, broken), *([] if is_excused or severity == WARN else [way_out(broken)])]
        results.append(
            dg.AssetCheckResult(
                check_name=name,
                passed=not broken,
                severity=dg.AssetCheckSeverity[WARN if broken and is_excused else severity],
                description=" ".join(told) or f"All rules hold: {len(own)} of {len(own)}.",
                metadata={"all_rules": _table(own), "broken_rules": len(broken), **rule_figures(own)},
            )
        )
    return results


def broken_rules(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Number of rules that do not hold, by severity."""
    broken = [verdict.rule.severity for verdict in verdicts if not verdict.holds]
    return {"rules_broken": broken.count(ERROR), "rules_warning": broken.count(WARN)}


def rule_figures(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Figures of rules by name, the broken ones first, which the UI plots by partition.

    A rule that held has none where there was nothing to measure or where it allows no clip: a plot of zeros tells less
    than it hides.
    """
    ordered = sorted(verdicts, key=lambda verdict: (verdict.holds, verdict.rule.name))
    told = [verdict for verdict in ordered if not (verdict.holds and verdict.rule.bound == NO_CLIP)]
    return {f"rule/{verdict.rule.name}": verdict.figure for verdict in told if verdict.figure is not None}


def _table(verdicts: Sequence[Verdict]) -> dg.TableMetadataValue:
    records = [
        dg.TableRecord(
            {
                "rule": verdict.rule.name,
                "holds": "nothing to measure" if verdict.figure is None else "yes" if verdict.holds else "NO",
                "figure": None if verdict.figure is None else float(f"{verdict.figure:.4g}"),
                "allowed": verdict.rule.bound_text,
                "guards": verdict.rule.guards,
                "for example": "\n".join(verdict.samples),
            }
        )
        for verdict in verdicts
    ]
    return dg.MetadataValue.table(records, schema=_SCHEMA)


_SCHEMA = dg.TableSchema(
    columns=[
        dg.TableColumn("rule", "string"),
        dg.TableColumn("holds", "string"),
        dg.TableColumn("figure", "float"),
        dg.TableColumn("allowed", "string"),
        dg.TableColumn("guards", "string"),
        dg.TableColumn("for example", "string"),
    ]
)
