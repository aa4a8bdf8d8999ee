"""Verdicts as Dagster shows them: two partitioned checks an asset, many rules in few events."""

import warnings
from collections.abc import Sequence
from typing import Any

import dagster as dg

from fusionaudio_assets.checks.evaluate import Verdict
from fusionaudio_assets.checks.rules import ERROR, WARN

GATE = "gate"
WATCH = "watch"


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
                description="All rules that a shard must keep before anything is built on it",
            ),
            dg.AssetCheckSpec(
                WATCH, asset=asset, partitions_def=partitions_def, description="All rules that a person should look at"
            ),
        ]


def check_results(verdicts: Sequence[Verdict]) -> list[dg.AssetCheckResult]:
    """Results of both checks, each with a table of its rules, the broken ones first."""
    results = []
    for name, severity in ((GATE, ERROR), (WATCH, WARN)):
        own = sorted(
            (verdict for verdict in verdicts if verdict.rule.severity == severity),
            key=lambda verdict: (verdict.holds, verdict.rule.name),
        )
        broken = [verdict for verdict in own if not verdict.holds]
        results.append(
            dg.AssetCheckResult(
                check_name=name,
                passed=not broken,
                severity=dg.AssetCheckSeverity[severity],
                description=" ".join(str(verdict) for verdict in broken) or f"All {len(own)} rules hold.",
                metadata={"broken": len(broken), "rules": _table(own)},
            )
        )
    return results


def rule_figures(verdicts: Sequence[Verdict]) -> dict[str, float | int]:
    """Figures of all rules for the materialisation, whose metadata the UI plots by partition."""
    broken = dict.fromkeys((ERROR, WARN), 0)
    for verdict in verdicts:
        broken[verdict.rule.severity] += not verdict.holds
    return {
        "rules_broken": broken[ERROR],
        "rules_warning": broken[WARN],
        **{f"rule/{verdict.rule.name}": verdict.figure for verdict in verdicts},
    }


def _table(verdicts: Sequence[Verdict]) -> dg.TableMetadataValue:
    records = [
        dg.TableRecord(
            {
                "rule": verdict.rule.name,
                "holds": "yes" if verdict.holds else "NO",
                "figure": verdict.figure,
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
