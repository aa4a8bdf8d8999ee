"""Every rule tells a good shard from a bad one, and forgives what its bound forgives."""

import time

import pytest

from fusionaudio_assets.checks import Rule, check_rules, rules_of
from fusionaudio_assets.checks.rules import COMMON, ROOT
from fusionaudio_assets.graph import STAGES
from tests.checks.cases import CASES
from tests.checks.shards import Shard, Spoil, spoilt

CLIPS = 120
SPOILT_FOR_A_FIGURE = {
    "degenerate_scores": CLIPS,
    "label_balance": CLIPS // 2,
    "drift_of_outcomes": CLIPS // 4,
    "drift_of_content": CLIPS // 4,
}


def rule_of(asset: str, name: str) -> Rule:
    return {rule.name: rule for rule in rules_of(asset)}[name]


BAD = [
    pytest.param(asset, name, spoil, id=f"{folder}/{name}-{number}")
    for (folder, name), spoils in CASES.items()
    for number, spoil in enumerate(spoils, 1)
    for asset in ["tags" if folder == COMMON else folder]
]
FORGIVING = [case for case in BAD if rule_of(str(case.values[0]), str(case.values[1])).bound.measure != "clips"]


def test_every_rule_has_a_table_that_breaks_it() -> None:
    assert {(path.parent.name, path.stem) for path in ROOT.glob("*/*.sql")} == set(CASES)


@pytest.mark.parametrize("clips", [1, CLIPS])
@pytest.mark.parametrize("asset", STAGES)
def test_all_rules_hold_on_a_good_shard(asset: str, clips: int) -> None:
    assert [str(verdict) for verdict in Shard(clips).verdicts(asset).values() if not verdict.holds] == []


@pytest.mark.parametrize(("asset", "name", "spoil"), BAD)
def test_a_bad_shard_is_found(asset: str, name: str, spoil: Spoil) -> None:
    rule = rule_of(asset, name)
    # Two are enough where none is allowed: a duplicate takes two.
    bad = {"clips": 2, "share": CLIPS, "figure": SPOILT_FOR_A_FIGURE.get(name)}[rule.bound.measure]
    assert bad is not None
    verdict = spoilt(CLIPS, spoil, range(bad)).verdicts(asset)[name]
    assert not verdict.holds
    assert verdict.samples
    if rule.bound.measure != "figure":
        assert verdict.clips == bad
        assert "clip_id=" in verdict.samples[0]


@pytest.mark.parametrize(("asset", "name", "spoil"), FORGIVING)
def test_what_the_bound_forgives_does_not_stop_a_shard(asset: str, name: str, spoil: Spoil) -> None:
    bound = rule_of(asset, name).bound
    if bound.measure == "figure":  # too small a shard to measure anything
        clips, few = 12, 10
    elif bound.spare is not None:
        clips, few = bound.spare + 1, bound.spare
    else:
        clips, few = 10, int(10 * bound.limit)
    assert spoilt(clips, spoil, range(few)).verdicts(asset)[name].holds


def test_rules_are_checked_fast_when_definitions_load() -> None:
    check_rules(STAGES)
    start = time.process_time()
    check_rules(STAGES)
    assert time.process_time() - start < 4  # it takes 0.2 s


def test_every_rule_says_in_a_sentence_what_it_guards() -> None:
    rules = [rule for asset in STAGES for rule in rules_of(asset)]
    assert [rule.path for rule in rules if not (rule.guards.endswith(".") and rule.guards[0].isupper())] == []
