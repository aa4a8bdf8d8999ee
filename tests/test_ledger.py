"""The ledger: DuckDB views over a lake, for the terminal and for notebooks."""

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from fusionaudio_assets import ledger
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.overrides import write_overrides
from fusionaudio_assets.tables import TABLES, polars_schema
from resources.errors import LakeError
from resources.lake import Lake
from tests.lakes import broken_row, clip_row, make_lake

OVER = {"rule": "raw_clips/levels", "figure": 2.0, "reason": "known", "recorded_at": "2026-11-23T07:00:00+00:00"}


@pytest.fixture(params=["folder", "bucket"])
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Two shards, the second of them without the stages after tags; read by DuckDB itself, and as a bucket is read."""
    lake = make_lake(tmp_path / "lake", [[clip_row(1), broken_row(2)], [clip_row(3)]])
    for stage in ledger.STAGES[2:]:
        lake.delete(f"{stage}/shard-000002.parquet")
    if request.param == "bucket":
        monkeypatch.setattr(Lake, "is_local", False)
    return lake


def test_stages_are_those_of_the_graph() -> None:
    assert list(ledger.STAGES) == list(STAGES)


def test_a_row_for_each_clip_and_stage(lake: Lake) -> None:
    found = ledger.query(lake, "SELECT * FROM ledger")
    assert found.columns == [
        "shard", "stage", "clip_id", "status", "reason", "detail", "permanent", "model", "fingerprint", "overrides",
    ]  # fmt: skip
    expected = {(f"{clip:016x}", stage) for clip in (1, 2) for stage in STAGES}
    expected |= {(f"{3:016x}", stage) for stage in ("raw_clips", "tags")}
    assert set(found.select("clip_id", "stage").iter_rows()) == expected
    assert found.height == len(expected)
    one = found.filter(clip_id=f"{2:016x}", stage="raw_clips").row(0, named=True)
    assert (one["shard"], one["status"], one["reason"], one["permanent"]) == (
        "shard-000001", "failed", "truncated", True,
    )  # fmt: skip
    assert one["detail"] == "the index is missing"


def test_every_table_is_a_view_with_its_columns(lake: Lake) -> None:
    lake.delete("qa_pairs/shard-000001.parquet")  # a stage that was never made
    with ledger.connect(lake) as connection:
        for asset, table in TABLES.items():
            found = connection.sql(f"SELECT * FROM {asset} ORDER BY shard, clip_id").pl()
            assert set(found.columns) == {"shard", *polars_schema(table)}, asset
            shards = lake.shards(asset)
            whole = [pl.DataFrame(lake.read_table(asset, shard)).with_columns(shard=pl.lit(shard)) for shard in shards]
            if whole:
                assert found.equals(pl.concat(whole).sort("shard", "clip_id").select(found.columns)), asset
            else:
                assert found.is_empty()


def test_overrides_stand_by_every_clip_of_the_table(lake: Lake) -> None:
    other = OVER | {"rule": "tags/untagged_clips", "figure": None}
    write_overrides(lake, "fused_captions", "shard-000001", [OVER, other])
    write_overrides(lake, "fused_captions", "shard-000002", [OVER])  # no such table
    found = ledger.query(lake, "SELECT stage, clip_id, overrides FROM ledger WHERE len(overrides) > 0 ORDER BY clip_id")
    assert found["stage"].to_list() == ["fused_captions"] * 2
    assert found["clip_id"].to_list() == [f"{1:016x}", f"{2:016x}"]
    assert sorted(found["overrides"][0].to_list(), key=lambda one: one["rule"]) == [OVER, other]
    assert ledger.query(lake, "SELECT shard, rule FROM overrides ORDER BY rule").rows() == [
        ("shard-000001", "raw_clips/levels"),
        ("shard-000001", "tags/untagged_clips"),
    ]


def test_an_empty_lake_has_empty_views(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [])
    assert ledger.counts(lake).is_empty()
    assert ledger.shard_sizes(lake) == {}
    assert ledger.query(lake, "SELECT clip_id, tags FROM tags").is_empty()


def test_counts(lake: Lake) -> None:
    found = ledger.counts(lake)
    assert found.columns == ["stage", "shard", "status", "reason", "model", "clips"]
    assert found.filter(stage="raw_clips", status="failed").row(0)[-3:] == ("truncated", "raw_clips-model", 1)
    assert found.filter(stage="tags")["clips"].sum() == 3
    assert ledger.shard_sizes(lake) == {"shard-000001": 2, "shard-000002": 1}


def test_a_long_query_draws_no_bar_among_the_results(lake: Lake) -> None:
    with ledger.connect(lake) as db:
        assert db.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)


def test_names_that_are_patterns_or_quotes(tmp_path: Path) -> None:
    for name, clips in (("a[b]*'\"? {c,d}", [clip_row(1)]), ("ab", [clip_row(2), clip_row(3)])):
        make_lake(tmp_path / name, [clips])
        with ledger.connect(tmp_path / name) as connection:
            assert connection.sql("SELECT count(*) FROM tags").fetchall() == [(len(clips),)]


def test_frames_of_a_notebook_can_be_joined(lake: Lake) -> None:
    mine = pl.DataFrame({"clip_id": [f"{3:016x}"], "rating": [4]})
    with ledger.connect(lake) as connection:
        assert connection.sql("SELECT rating FROM tags JOIN mine USING (clip_id)").fetchall() == [(4,)]
    assert mine.height == 1


def test_it_does_not_import_dagster(tmp_path: Path) -> None:
    make_lake(tmp_path / "lake", [[clip_row(1)]])
    code = (
        "import sys\nfrom fusionaudio_assets.ledger import connect\n"
        f"connect({str(tmp_path / 'lake')!r}).sql('FROM ledger').fetchall()\n"
        "assert not {'dagster', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


# What cannot be read ------------------------------------------------------------------------------------------------


def test_no_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"There is no lake at .*fusionaudio init"):
        ledger.connect(tmp_path / "none")


@pytest.mark.parametrize("shard", ["shard-000001", "shard-000002"])
def test_a_damaged_table_is_named_with_the_way_out(lake: Lake, shard: str) -> None:
    (Path(lake.root) / f"tags/{shard}.parquet").write_bytes(b"no parquet")
    with pytest.raises(LakeError, match=rf"tags/{shard}\.parquet cannot be read.*Delete the file and run again"):
        ledger.counts(lake)


def test_a_table_without_a_status_is_of_another_version(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)], [clip_row(2)]])
    for shard in lake.shards():
        lake.write_table("tags", shard, lake.read_frame(f"tags/{shard}.parquet").drop("reason"))
        with pytest.raises(LakeError, match=r"tags of shard .* another version.*reason is missing.*`fusionaudio run`"):
            ledger.counts(lake)


@pytest.mark.parametrize("text", ["{", "[1]", '[{"rule": "tags/x"}]', "3", "[{}]"])
def test_a_damaged_record_of_overrides_is_named(lake: Lake, text: str) -> None:
    lake.write_text("overrides/tags/shard-000001.json", text)
    with pytest.raises(LakeError, match=r"overrides/tags/shard-000001\.json is damaged.*delete it"):
        ledger.connect(lake)


def test_a_mistake_in_a_query_is_duckdb_s_to_tell(lake: Lake) -> None:
    with ledger.connect(lake) as connection, pytest.raises(duckdb.Error, match="colour"):
        connection.sql("SELECT colour FROM tags")
