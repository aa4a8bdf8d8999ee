"""Quality rules between stages: SQL files, and what turns them into gates and asset checks."""

from fusionaudio_assets.checks.bind import check_rules
from fusionaudio_assets.checks.evaluate import Verdict, evaluate, evaluate_lake, judge
from fusionaudio_assets.checks.rules import ERROR, WARN, Bound, Rule, load_rules, rules_of

__all__ = [
    "ERROR",
    "WARN",
    "Bound",
    "Rule",
    "Verdict",
    "check_rules",
    "evaluate",
    "evaluate_lake",
    "judge",
    "load_rules",
    "rules_of",
]
