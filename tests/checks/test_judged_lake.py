"""The tables of a lake are judged shard by shard: by the rules, and before them by the contract of their columns."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from fusionaudio_assets.checks import Verdict, evaluate, evaluate_lake
from fusionaudio_assets.checks.references import REFERENCES, Reference
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.tables import TABLES, polars_schema
from resources.errors import LakeError
from resources.lake import Lake
from tests.checks.shards import AUDIOSET, SHARD, Shard, spoilt


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Three shards: the second has music of which no tag knows."""
    monkeypatch.setitem(REFERENCES, "audioset", Reference("name", lambda: AUDIOSET))
    lake = Lake(tmp_path / "lake")
    lake.create()
    shards = [
        Shard(3),
        spoilt(3, lambda shard, clip: shard.edit("tags", clip, music_s=0.0, music_score=0.0), [1]),
        Shard(3),
    ]
    for number, shard in enumerate(shards, 1):
        own = pl.format("{}-{}", pl.lit(number), "clip_id")
        for asset in TABLES:
            lake.write_table(asset, f"shard-{number:06d}", shard.frame(asset).with_columns(clip_id=own))
    return lake


def broken(found: list[Verdict]) -> list[str]:
    return [verdict.rule.name for verdict in found if not verdict.holds]


def rewrite(lake: Lake, asset: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    lake.write_table(asset, SHARD, change(Shard(3).frame(asset)))


def test_a_shard_of_a_lake_is_judged(lake: Lake) -> None:
    reads = STAGES["music_captions"].reads
    assert broken(evaluate("music_captions", SHARD, lake, reads)) == []
    assert broken(evaluate("music_captions", "shard-000002", lake, reads)) == ["only_where_music"]


def test_many_shards_at_once_get_the_verdicts_that_they_get_alone(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("fusionaudio_assets.checks.evaluate"), "SHARDS_AT_ONCE", 2)
    lake.delete("tags/shard-000003.parquet")  # not made yet: neither it nor what reads it is judged
    found = list(evaluate_lake(lake, {name: tuple(stage.reads) for name, stage in STAGES.items()}))
    for shard, own in found:
        asset = own[0].rule.asset
        assert own == evaluate(asset, shard, lake, STAGES[asset].reads)
    judged = {(own[0].rule.asset, shard) for shard, own in found}
    assert {asset for asset, shard in judged if shard == "shard-000003"} == {
        name for name, stage in STAGES.items() if "tags" not in (name, *stage.reads)
    }


def test_a_shard_of_another_version_leaves_those_beside_it_as_they_are(lake: Lake) -> None:
    reads = {"filtered_dataset": STAGES["filtered_dataset"].reads}
    before = dict(evaluate_lake(lake, reads))
    rewrite(lake, "filtered_dataset", lambda frame: frame.drop("kept"))
    after = dict(evaluate_lake(lake, reads))
    (told,) = after.pop(SHARD)
    assert told.samples == ("The column kept is missing.",)
    del before[SHARD]
    assert after == before


def test_the_order_of_columns_does_not_matter(lake: Lake) -> None:
    rewrite(lake, "tags", lambda frame: frame.select(reversed(frame.columns)))
    assert broken(evaluate("tags", SHARD, lake, STAGES["tags"].reads)) == ["one_row_per_clip"]  # other clips' table


def test_a_table_that_is_not_there_is_told(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"Shard shard-000009 has no table of tags\. Materialise tags first"):
        evaluate("tags", "shard-000009", lake, STAGES["tags"].reads)


# The contract ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame.drop("speech_s"), "The column speech_s is missing."),
        (lambda frame: frame.with_columns(mood=pl.lit("")), "The column mood is not declared."),
        (
            lambda frame: frame.with_columns(pl.col("speech_s").cast(pl.Float64)),
            "The column speech_s is Float64, declared is Float32.",
        ),
        (lambda frame: frame.drop("tags").clear(), "The column tags is missing."),
    ],
    ids=["missing", "unknown", "type", "empty"],
)
def test_a_table_of_another_version_is_refused_and_its_rules_are_not_asked(
    lake: Lake, change: Callable[[pl.DataFrame], pl.DataFrame], told: str
) -> None:
    rewrite(lake, "tags", change)
    (verdict,) = evaluate("tags", SHARD, lake, STAGES["tags"].reads)
    assert verdict.rule.name == "contract"
    assert verdict.rule.severity == "ERROR"
    assert not verdict.holds
    assert verdict.samples == (told,)
    assert "made anew by materialising" in str(verdict)


def test_a_table_above_of_another_version_is_refused(lake: Lake) -> None:
    rewrite(lake, "raw_clips", lambda frame: frame.drop("duration_s"))
    with pytest.raises(LakeError, match=r"raw_clips of shard .* another version .* duration_s is missing.* anew"):
        evaluate("tags", SHARD, lake, STAGES["tags"].reads)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("speech_score", 1.5, "speech_score"),
        ("speech_s", -1.0, "speech_s"),
        ("status", "fine", "status"),
        ("reason", "bored", "reason"),
        ("clip_id", "x", "primary_key"),
    ],
)
def test_values_out_of_range_break_the_contract(lake: Lake, column: str, value: object, told: str) -> None:
    declared = polars_schema(TABLES["tags"])[column]
    rewrite(lake, "tags", lambda frame: frame.with_columns(pl.lit(value, declared).alias(column)))
    verdict, *_ = evaluate("tags", SHARD, lake, STAGES["tags"].reads)
    assert verdict.rule.name == "contract"
    assert not verdict.holds
    assert verdict.clips == 3
    assert told in verdict.samples[0]


def test_every_stage_has_a_declared_table() -> None:
    assert {name: TABLES[name] for name in STAGES} == {name: stage.table for name, stage in STAGES.items()}
