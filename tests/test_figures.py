"""Figures of tables: right, kept beside them, and compared between shards as they should be."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from fusionaudio_assets.checks import evaluate, rules_of
from fusionaudio_assets.checks.references import REFERENCES, Reference
from fusionaudio_assets.figures import (
    MIN_CLIPS,
    MIN_SHARDS,
    OUTLYING,
    SCHEMA,
    as_metadata,
    current,
    drift,
    keep,
    kept,
    measure,
)
from fusionaudio_assets.figures import refresh as refreshed
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.tables import TABLES
from resources.lake import Lake
from tests.checks.shards import AUDIOSET, Shard, spoilt

SHARES = st.floats(0, 1)
OTHERS = [f"shard-{number:06d}" for number in range(2, 2 + MIN_SHARDS)]


def of(shard: Shard, asset: str, key: str = "shard-000001") -> pl.DataFrame:
    return measure(asset, shard.frame(asset).with_columns(shard=pl.lit(key)))


def figure(name: str, value: float, *, shard: str = "shard-000001", clips: int = 1000) -> pl.DataFrame:
    return pl.DataFrame([(shard, name, value, 0.0, clips)], schema=SCHEMA, orient="row")


def lake_of(name: str, values: list[float], clips: int = 1000) -> pl.DataFrame:
    return pl.concat(figure(name, value, shard=f"other {i}", clips=clips) for i, value in enumerate(values))


# What is measured ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asset", STAGES)
def test_every_table_is_measured(asset: str) -> None:
    found = of(Shard(40), asset)
    assert found.schema == SCHEMA
    assert not found["name"].is_duplicated().any()
    assert found["clips"].to_list() == [40] * found.height
    assert found.filter(pl.col("name") == "share/failed")["value"].to_list() == [0.0]
    assert found.filter(pl.col("name").str.starts_with("share/"))["value"].is_between(0, 1).all()
    assert measure(asset, Shard(0).frame(asset).with_columns(shard=pl.lit("s"))).is_empty()


def test_figures_are_what_they_say() -> None:
    shard = Shard(4)
    shard.edit("fused_captions", 0, caption=None, abstained=True, modalities=[], author=None)
    shard.edit("fused_captions", 1, caption="Two words", modalities=["music", "music"], author="composer")
    shard.edit("fused_captions", 2, caption="Two\n words ", leaks=[{"kind": "visual", "text": "", "detail": ""}])
    shard.edit("fused_captions", 3, status="skipped", reason="clip_unusable", caption=None, abstained=None)
    assert as_metadata(of(shard, "fused_captions")) == {
        "mean/words": 2,
        "share/abstained": pytest.approx(1 / 3, abs=1e-4),
        "share/author/any": 1,
        "share/author/composer": 0.5,
        "share/author/tester": 0.5,
        "share/modality/any": 1,
        "share/modality/music": 1,
        "share/modality/sound": 0.5,
        "share/with_leak": 0.5,
        "share/failed": 0,
        "share/skipped/any": 0.25,
        "share/skipped/clip_unusable": 0.25,
    }


def test_rare_values_are_measured_but_not_shown() -> None:
    shard = Shard(40)
    shard.edit("tags", 0, tags=[{"label": "Rain", "score": 0.9}])
    found = of(shard, "tags")
    assert found.filter(pl.col("name") == "share/best_tag/Rain")["value"].to_list() == [1 / 40]
    assert "share/best_tag/Rain" not in as_metadata(found)
    assert "share/best_tag/Bark" in as_metadata(found)
    shard = Shard(120)
    shard.edit("tags", 0, tags=[{"label": "Rain", "score": 0.9}])
    assert "share/best_tag/Rain" not in of(shard, "tags")["name"]


# How shards compare -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asset", STAGES)
def test_every_figure_that_is_far_away_stands_out_and_no_other(asset: str) -> None:
    good = of(Shard(120), asset)
    lake = pl.concat(good.with_columns(shard=pl.lit(f"good {number}")) for number in range(MIN_SHARDS))
    assert drift(good, lake)["distance"].to_list() == [0.0] * good.height
    for name, value in good.select("name", "value").iter_rows():
        moved = abs(value - 0.5) if name.startswith("share/") and abs(value - 0.5) != value else value * 1.5
        away = good.with_columns(value=pl.when(pl.col("name") == name).then(moved).otherwise("value"))
        far = drift(away, lake).filter(pl.col("distance") > OUTLYING)
        assert far["name"].to_list() == [name]


@given(st.lists(SHARES, min_size=9, max_size=40), st.lists(SHARES, max_size=3), SHARES)
def test_a_few_odd_shards_do_not_hide_or_accuse(usual: list[float], odd: list[float], own: float) -> None:
    """The median of the lake stays between the usual ones, so what lies among them is never far from all of them."""
    (row,) = drift(figure("share/kept", own), lake_of("share/kept", [*usual, *odd])).to_dicts()
    assert min(usual) <= row["median"] <= max(usual)
    assert (row["distance"] > OUTLYING) <= (abs(own - row["median"]) > 0.05)
    assert row["shards"] == len(usual) + len(odd)


def test_differences_that_nobody_would_act_on_are_none() -> None:
    same = lake_of("share/kept", [0.5] * 20, clips=10**6)
    assert drift(figure("share/kept", 0.549, clips=10**6), same)["distance"].item() < OUTLYING
    assert drift(figure("share/kept", 0.551, clips=10**6), same)["distance"].item() > OUTLYING
    lengths = lake_of("mean/words", [20.0] * 20)
    assert drift(figure("mean/words", 21.9), lengths)["distance"].item() < OUTLYING
    assert drift(figure("mean/words", 22.1), lengths)["distance"].item() > OUTLYING


def test_a_spread_lake_forgives_more() -> None:
    lake = lake_of("mean/words", [10.0, 15.0, 20.0, 25.0, 30.0] * 2)
    row = drift(figure("mean/words", 40.0), lake).to_dicts()[0]
    assert row["spread"] == pytest.approx(5 * 1.4826)
    assert row["distance"] == pytest.approx(20 / (5 * 1.4826))


def test_a_share_of_few_clips_is_forgiven_what_chance_may_bring() -> None:
    few, many = (
        measure(
            "filtered_dataset", Shard(clips).frame("filtered_dataset").with_columns(shard=pl.lit("s"), kept=kept_of)
        )
        for clips, kept_of in ((30, pl.int_range(pl.len()) < 27), (1000, pl.int_range(pl.len()) < 900))
    )
    lake = lake_of("share/kept", [1.0] * 10)
    assert drift(few, lake).filter(name="share/kept")["distance"].item() < OUTLYING
    assert drift(many, lake).filter(name="share/kept")["distance"].item() > OUTLYING


def test_values_that_a_shard_does_not_name_are_none_there() -> None:
    rain, bark = Shard(60), Shard(60)
    for clip in range(60):
        rain.edit("tags", clip, tags=[{"label": "Rain", "score": 0.9}])
    lake = pl.concat(of(bark, "tags", key) for key in OTHERS)
    far = drift(of(rain, "tags"), lake).filter(pl.col("distance") > OUTLYING)
    assert far.select("name", "value", "median").sort("name").rows() == [
        ("share/best_tag/Bark", 0.0, 1.0),
        ("share/best_tag/Rain", 1.0, 0.0),
    ]


def test_it_takes_enough_shards_of_enough_clips() -> None:
    assert drift(figure("share/kept", 0.0), lake_of("share/kept", [1.0] * (MIN_SHARDS - 1))).is_empty()
    assert drift(figure("share/kept", 0.0), lake_of("share/kept", [1.0] * MIN_SHARDS, MIN_CLIPS - 1)).is_empty()
    assert drift(figure("share/kept", 0.0, clips=MIN_CLIPS - 1), lake_of("share/kept", [1.0] * MIN_SHARDS)).is_empty()
    assert drift(figure("share/kept", 0.0, clips=MIN_CLIPS), lake_of("share/kept", [1.0] * MIN_SHARDS)).height == 1


# Kept figures -------------------------------------------------------------------------------------------------------


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Nine shards of which the first has other tags."""
    lake = Lake(tmp_path / "lake")
    lake.create()
    odd = spoilt(40, lambda shard, clip: shard.edit("tags", clip, tags=[{"label": "Rain", "score": 0.9}]), range(40))
    for key in ["shard-000001", *OTHERS]:
        shard = odd if key == "shard-000001" else Shard(40)
        for asset in TABLES:
            lake.write_table(asset, key, shard.frame(asset))
    return lake


def test_a_shard_of_a_lake_is_compared_with_the_others(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REFERENCES, "audioset", Reference("name", lambda: AUDIOSET))
    reads = STAGES["tags"].reads

    def drifting(shard: str) -> list[str]:
        return [v.rule.name for v in evaluate("tags", shard, lake, reads) if "drift" in v.rule.name and not v.holds]

    assert drifting("shard-000001") == []  # no figures are kept yet
    for key in ["shard-000001", *OTHERS]:
        keep(lake, "tags", key, Shard(0).frame("tags") if key == OTHERS[-1] else lake.read_frame(f"tags/{key}.parquet"))
    assert drifting("shard-000001") == ["drift_of_content"]
    assert drifting(OTHERS[0]) == []
    verdict = next(v for v in evaluate("tags", "shard-000001", lake, reads) if v.rule.name == "drift_of_content")
    assert "name='share/best_tag/" in verdict.samples[0]


def test_figures_are_brought_up_to_the_tables_that_stand(lake: Lake) -> None:
    assert kept(lake, "tags").is_empty()
    before = refreshed(lake, "tags")
    assert before.sort("shard", "name").equals(kept(lake, "tags").sort("shard", "name"))
    lake.write_table("tags", "shard-000001", Shard(40).frame("tags"))
    lake.write_text(f"figures/tags/{OTHERS[0]}.json", "no JSON")
    lake.write_text(f"figures/tags/{OTHERS[1]}.json", '{"format": 0}')
    lake.write_text(f"figures/tags/{OTHERS[2]}.json", "\N{PILE OF POO}"[:1])
    assert kept(lake, "tags")["shard"].n_unique() == 1 + len(OTHERS) - 3
    after = refreshed(lake, "tags")
    assert after.filter(pl.col("shard") != "shard-000001").equals(before.filter(pl.col("shard") != "shard-000001"))
    assert "share/best_tag/Rain" not in after["name"]


def test_kept_figures_serve_as_long_as_the_table_stands(lake: Lake) -> None:
    table = lake.read_frame("fused_captions/shard-000001.parquet").with_columns(shard=pl.lit("shard-000001"))
    keep(lake, "fused_captions", "shard-000001", table.drop("shard"))
    assert_frame_equal(current(lake, "fused_captions", table), measure("fused_captions", table))
    lake.write_text("figures/fused_captions/shard-000001.json", _marked(lake))
    assert current(lake, "fused_captions", table)["value"].to_list() == [42.0]
    changed = table.drop("shard").with_columns(caption=pl.lit("Short now."))
    lake.write_table("fused_captions", "shard-000001", changed)
    again = changed.with_columns(shard=pl.lit("shard-000001"))
    assert_frame_equal(current(lake, "fused_captions", again), measure("fused_captions", again))


def _marked(lake: Lake) -> str:
    """The figures that are kept, with one in their place that no table gives."""
    told = json.loads(lake.read_text("figures/fused_captions/shard-000001.json"))
    return json.dumps(told | {"figures": [["mean/words", 42.0, 0.0, 3]]})


def test_a_shard_is_compared_with_some_of_many_spread_over_all(lake: Lake) -> None:
    refreshed(lake, "tags")
    assert kept(lake, "tags", 3)["shard"].unique(maintain_order=True).to_list() == [
        "shard-000001",
        "shard-000004",
        "shard-000007",
    ]


def test_rules_about_drift_warn_at_the_distance_that_is_told() -> None:
    rules = [rule for asset in STAGES for rule in rules_of(asset) if rule.mentions("drift")]
    assert rules
    assert {(rule.severity, rule.bound.limit) for rule in rules} == {("WARN", OUTLYING)}
