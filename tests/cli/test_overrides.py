"""Rules that are passed over: how they are named, what is made all the same, and where it is told."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from fusionaudio_assets import ledger
from fusionaudio_assets.checks.gate import check_overrides
from fusionaudio_assets.definitions import JOB, build_definitions
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.ledger import query
from fusionaudio_assets.materialize import StageConfig
from fusionaudio_assets.overrides import write_overrides
from resources.adapter import close_all_but
from resources.lake import Lake
from tests.cli.conftest import Terminal
from tests.cli.tones import ingested, write_tone
from tests.lakes import broken_row, clip_row, make_lake


@pytest.fixture(scope="module", autouse=True)
def closed() -> Iterator[None]:
    """The models of the lakes that are computed here end with this module."""
    yield
    close_all_but([])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return make_lake(tmp_path / "lake", [[clip_row(1)]])


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("raw_clips/mostly_broken_media", "has no reason"),
        ("raw_clips/mostly_broken_media= ", "has no reason"),
        ("raw_clips/mostly_broken=why", "Did you mean raw_clips/mostly_broken_media"),
        ("raw_clips/broken_media=why", "only warns"),
        ("=why", "names no rule"),
        ("raw_clips/contract=why", "names no rule"),
    ],
)
def test_overrides_without_reason_or_rule_are_refused(terminal: Terminal, lake: Lake, option: str, told: str) -> None:
    result = terminal("run", "--override", option, "--lake", lake.uri)
    assert result.exit_code == 1
    assert told in result.stderr
    assert not (Path(lake.root) / ".dagster").exists(), "nothing was started"


def test_examples_of_overrides_name_rules_that_can_be_passed_over() -> None:
    told = StageConfig.model_fields["overrides"].description or ""
    told += (Path(__file__).parents[2] / "docs/checks.md").read_text()
    named = re.findall(r"(?:override '|\{'?)([a-z_]+/[a-z_]+)", told)
    assert len(named) == 3
    check_overrides(dict.fromkeys(named, "an example"), STAGES)


def mostly_texts(folder: Path) -> Path:
    """A tone and eleven texts."""
    media = folder / "media"
    media.mkdir()
    write_tone(media, "tone.wav", 0.5, 440)
    for number in range(11):
        (media / f"text {number}.wav").write_text(f"no sound {number}")
    return media


def test_a_rule_is_passed_over_on_record(terminal: Terminal, tmp_path: Path) -> None:
    lake = ingested(tmp_path, mostly_texts(tmp_path))
    run = ("run", "--select", "raw_clips,tags,stems", "--lake", lake.uri)
    refused = terminal(*run)
    assert refused.exit_code == 1
    option = "--override 'raw_clips/mostly_broken_media=REASON'"
    assert option in refused.stderr, "the refusal names the way out"
    assert lake.shards("tags") == []

    passed = terminal(*run, "--override", "raw_clips/mostly_broken_media=a test of = signs")
    assert passed.exit_code == 0, passed.stderr
    told = json.loads(terminal("status", "--json", "--lake", lake.uri).stdout)["overrides"]
    assert [(one["stage"], one["rule"], one["reason"]) for one in told] == [
        ("tags", "raw_clips/mostly_broken_media", "a test of = signs"),
        ("stems", "raw_clips/mostly_broken_media", "a test of = signs"),
    ]
    assert told[0]["figure"] == pytest.approx(11 / 12)
    rows = query(lake, "SELECT stage, status, overrides FROM ledger WHERE status != 'failed' AND stage != 'raw_clips'")
    assert {row["overrides"][0]["reason"] for row in rows.to_dicts()} == {"a test of = signs"}
    assert "Tables made: 0" in terminal(*run).stderr, "what stands stands, its record with it"
    assert len(query(lake, "FROM overrides")) == 2


def test_a_rule_is_passed_over_in_one_run_of_dagster(tmp_path: Path) -> None:
    """A gate whose rules are overridden holds nothing back in its own run either."""
    lake = ingested(tmp_path, mostly_texts(tmp_path))
    config = {"config": {"overrides": {"raw_clips/mostly_broken_media": "a test"}}}
    with open_instance(lake) as instance:
        result = (
            build_definitions(lake.uri)
            .resolve_job_def(JOB)
            .execute_in_process(
                partition_key="shard-000001",
                asset_selection=[dg.AssetKey("raw_clips"), dg.AssetKey("tags")],
                instance=instance,
                run_config={"ops": {"raw_clips": config, "tags": config}},
            )
        )
    gate, *_ = result.get_asset_check_evaluations()
    assert (gate.check_name, gate.passed, gate.severity) == ("gate", False, dg.AssetCheckSeverity.WARN)
    assert query(lake, "SELECT stage, rule FROM overrides").rows() == [("tags", "raw_clips/mostly_broken_media")]


def test_a_record_goes_when_its_table_is_made_without_overrides(terminal: Terminal, tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    write_tone(media, "tone.wav", 0.5, 440)
    lake = ingested(tmp_path, media)
    over = {"rule": "raw_clips/levels", "figure": 1.0, "reason": "known", "recorded_at": "2026-11-23"}
    write_overrides(lake, "tags", "shard-000001", [over])
    assert query(lake, "FROM overrides").is_empty(), "there is no table that it could be about"
    assert terminal("run", "--select", "raw_clips,tags", "--lake", lake.uri).exit_code == 0
    assert query(lake, "FROM overrides").is_empty()
    assert lake.files("overrides/tags") == []


# What looks at a lake tells of it ------------------------------------------------------------------------------------


@pytest.fixture
def overridden(tmp_path: Path) -> Lake:
    """Two tables of the first shard were made over a rule, one of them over two; a third record has no table."""
    lake = make_lake(tmp_path / "lake", [[clip_row(1), broken_row(2)], [clip_row(4)]])
    for asset in ledger.STAGES[2:]:
        lake.delete(f"{asset}/shard-000002.parquet")
    rule = {"rule": "raw_clips/mostly_broken_media", "figure": 0.857, "reason": "field [bold]recordings"}
    other = {"rule": "raw_clips/failed_clips", "figure": 3.0, "reason": "known"}
    at = {"recorded_at": "2026-11-23T07:00:00+00:00"}
    write_overrides(lake, "tags", "shard-000001", [rule | at])
    write_overrides(lake, "fused_captions", "shard-000001", [other | at, rule | at])
    write_overrides(lake, "stems", "shard-000002", [rule | at])
    return lake


def test_status_marks_what_was_made_over_a_rule(terminal: Terminal, overridden: Lake) -> None:
    result = terminal("status", "--lake", overridden.uri)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    marked = {tuple(line.split()[:2]): line.split()[5:] for line in lines if line.endswith("]")}
    assert marked == {("shard-000001", "tags"): ["[1]"], ("shard-000001", "fused_captions"): ["[1]", "[2]"]}
    assert lines[-2:] == [
        "[1] made although raw_clips/mostly_broken_media is broken: tags, fused_captions of shard-000001: "
        "field [bold]recordings",
        "[2] made although raw_clips/failed_clips is broken: fused_captions of shard-000001: known",
    ]


def test_status_as_json_lists_overrides(terminal: Terminal, overridden: Lake) -> None:
    told = json.loads(terminal("status", "--json", "--lake", overridden.uri).stdout)["overrides"]
    assert [(one["shard"], one["stage"], one["rule"]) for one in told] == [
        ("shard-000001", "tags", "raw_clips/mostly_broken_media"),
        ("shard-000001", "fused_captions", "raw_clips/failed_clips"),
        ("shard-000001", "fused_captions", "raw_clips/mostly_broken_media"),
    ]
    assert set(told[0]) == {"stage", "shard", "rule", "figure", "reason", "recorded_at"}


def test_show_tells_over_which_rule_a_caption_was_made(terminal: Terminal, overridden: Lake) -> None:
    told = terminal("show", "clip 1", "--lake", overridden.uri).stdout
    caption = told[told.index("Caption") : told.index("Score")]
    assert "although" in caption
    assert "raw_clips/mostly_broken_media is broken (0.857): field [bold]recordings" in caption
    assert "although" not in told[told.index("Score") :]
    known = json.loads(terminal("show", "clip 1", "--json", "--lake", overridden.uri).stdout)
    assert [one["stage"] for one in known["overrides"]].count("fused_captions") == 2
    assert json.loads(terminal("show", f"{4:016x}", "--json", "--lake", overridden.uri).stdout)["overrides"] == []
