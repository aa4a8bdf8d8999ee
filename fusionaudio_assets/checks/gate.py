"""Gates: a stage refuses a shard whose tables above it are out of date or break an ERROR rule, whatever path began.

Dagster's blocking checks hold back what is downstream only within their own run; a backfill builds on a bad shard and
ends green. So every stage looks itself, at the tables that it is about to read.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from fusionaudio_assets.checks.contract import CONTRACT
from fusionaudio_assets.checks.evaluate import Verdict, evaluate
from fusionaudio_assets.checks.rules import ERROR, Rule, rules_of
from fusionaudio_assets.overrides import write_overrides
from fusionaudio_assets.stage import Stage, look
from fusionaudio_assets.workspace import Workspace
from resources.english import counted
from resources.errors import LakeError, SettingError
from resources.lake import Lake
from resources.lake_faults import way_back


class GateRefused(LakeError):
    """A shard may not be worked on since a table above is bad or out of date."""


def judged(stage: Stage[Any, Any], shard: str, lake: Lake) -> list[Verdict]:
    """Verdicts of all rules on a shard's table; tables that did not change are not judged again.

    Raises:
        LakeError: A table is missing.
        SettingError: A rule cannot run.
    """
    names = (stage.name, "manifest", *stage.reads)
    contents = tuple(lake.content_of(name, shard) for name in names)
    return list(_judged(lake.uri, stage.name, tuple(stage.reads), shard, contents))


def gate_in(
    stage: Stage[Any, Any],
    shard: str,
    workspace: Workspace,
    stages: Mapping[str, Stage[Any, Any]],
    overrides: Mapping[str, str],
) -> list[Verdict]:
    """Look at every table that a stage is about to read.

    Args:
        stage: The stage.
        shard: The shard.
        workspace: Lake and profile.
        stages: All stages by name.
        overrides: Rules (``"<asset>/<rule>"``) to pass over, with the reason for it.

    Returns:
        Verdicts that were passed over.

    Raises:
        GateRefused: A table above is out of date, or breaks a rule that is not overridden.
        SettingError: An override names no rule, or gives no reason.
    """
    check_overrides(overrides, stages)
    return gate(stage.name, [stages[name] for name in stage.reads if name in stages], shard, workspace, overrides)


def gate(
    reader: str, above: Sequence[Stage[Any, Any]], shard: str, workspace: Workspace, overrides: Mapping[str, str]
) -> list[Verdict]:
    """Look at tables that `reader` is about to read, as `gate_in`; the overrides are known to be sound.

    Raises:
        GateRefused: As `gate_in`.
    """
    for upstream in above:
        if not look(upstream, shard, workspace.lake, workspace.stage_profile(upstream)).current:
            made = workspace.lake.has_table(upstream.name, shard)
            what = "is out of date with what stands above it" if made else "is not made"
            raise GateRefused(
                f"{reader} of shard {shard} is refused: {upstream.name} {what}.",
                hint=f"Materialise {upstream.name} first.",
            )
    broken = [verdict for upstream in above for verdict in judged(upstream, shard, workspace.lake) if _blocks(verdict)]
    refused = [verdict for verdict in broken if name_of(verdict) not in overrides]
    if refused:
        told = " ".join(str(verdict) + _example(verdict) for verdict in refused)
        raise GateRefused(
            f"{reader} of shard {shard} is refused by {counted(len(refused), 'rule')}. {told}",
            hint=way_out(refused),
        )
    return broken


def name_of(verdict: Verdict) -> str:
    """``"<asset>/<rule>"``."""
    return _name(verdict.rule)


def way_out(broken: Sequence[Verdict]) -> str:
    """What to do about rules that a table breaks."""
    if any(verdict.rule.name == CONTRACT for verdict in broken):
        return way_back(broken[0].rule.asset)
    options = " ".join(f"--override '{name_of(verdict)}=REASON'" for verdict in broken)
    return (
        f"Mend the cause and materialise {broken[0].rule.asset} again; or pass over the rule, which stays on record: "
        f"`fusionaudio run {options}`, or `overrides` in the config of a run in the UI."
    )


def record_overrides(
    stage: Stage[Any, Any], shard: str, lake: Lake, passed_over: Sequence[Verdict], overrides: Mapping[str, str]
) -> None:
    """Keep beside the table which rules were passed over for it and why."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = [
        {"rule": name_of(verdict), "figure": verdict.figure, "reason": overrides[name_of(verdict)], "recorded_at": now}
        for verdict in passed_over
    ]
    write_overrides(lake, stage.name, shard, told)


def check_overrides(overrides: Mapping[str, str], stages: Mapping[str, Stage[Any, Any]]) -> None:
    """Refuse overrides that could have no effect or would leave no trace of why.

    Args:
        overrides: Reasons by rule (``"<asset>/<rule>"``).
        stages: All stages by name.

    Raises:
        SettingError: One names no ERROR rule, or gives no reason.
    """
    known = {_name(rule): rule for asset in stages for rule in rules_of(asset)}
    for name, reason in overrides.items():
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.5)
            raise SettingError(
                f"The override names no rule: {name!r}.",
                hint=f"Did you mean {' or '.join(near)}?" if near else "Give `<asset>/<rule>`, as the refusal does.",
            )
        if known[name].severity != ERROR:
            raise SettingError(f"The rule {name} only warns: there is nothing to pass over.", hint="Leave it out.")
        if not reason.strip():
            raise SettingError(f"The override of {name} has no reason.", hint="Say why the rule may be passed over.")


def _blocks(verdict: Verdict) -> bool:
    return verdict.rule.severity == ERROR and not verdict.holds


def _example(verdict: Verdict) -> str:
    return f" For example {verdict.samples[0]}." if verdict.samples else ""


def _name(rule: Rule) -> str:
    return f"{rule.asset}/{rule.name}"


@lru_cache(maxsize=4096)
def _judged(
    uri: str, asset: str, reads: tuple[str, ...], shard: str, contents: tuple[str | None, ...]
) -> tuple[Verdict, ...]:
    """Verdicts by what was judged: the contents of all tables are part of the key."""
    return tuple(evaluate(asset, shard, Lake(uri), reads))
