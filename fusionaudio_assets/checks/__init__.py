"""Quality rules between stages: SQL files, and what turns them into gates and asset checks."""

from fusionaudio_assets.checks.evaluate import Verdict, evaluate, evaluate_frames
from fusionaudio_assets.checks.rules import ERROR, WARN, Rule, load_rules, rules_of

__all__ = ["ERROR", "WARN", "Rule", "Verdict", "evaluate", "evaluate_frames", "load_rules", "rules_of"]
