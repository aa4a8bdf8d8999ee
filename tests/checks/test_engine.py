"""Rules are read, bound and evaluated; what is wrong with one is told with file and line, and never passes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from fusionaudio_assets.checks import Bound, Verdict, check_rules, judge, load_rules
from fusionaudio_assets.checks.references import REFERENCES
from fusionaudio_assets.checks.rules import parse_rule
from fusionaudio_assets.graph import STAGES
from resources.errors import SettingError

Write = Callable[..., Path]

CLIPS = "SELECT shard, clip_id, length FROM this WHERE length > 2"
THIS = pl.DataFrame(
    {"shard": ["a"] * 4 + ["b"] * 2, "clip_id": list("123456"), "length": [1, 2, 3, 4, 5, 0], "status": ["ok"] * 6}
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(
        sql: str = CLIPS, *, bound: str = "clips <= 0", severity: str = "ERROR", among: str = "", asset: str = "tags"
    ) -> Path:
        header = ["-- guards: Nothing is long.", f"-- severity: {severity}", f"-- bound: {bound}"]
        path = tmp_path / asset / "long.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([*header, *([f"-- among: {among}"] if among else []), sql, ""]))
        return path

    return write


def verdicts(path: Path, this: pl.DataFrame = THIS) -> dict[str, Verdict]:
    found = judge([parse_rule(path, "tags")], {"this": this}, ["a", "b"])
    return {shard: verdict for shard, (verdict,) in found.items()}


# Headers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"severity": "FATAL"}, "long.sql:2: the severity 'FATAL' is neither ERROR nor WARN"),
        ({"bound": "rows <= 1"}, "long.sql:3: the bound 'rows <= 1' is not like"),
        ({"bound": "clips < 1"}, "long.sql:3"),
        ({"bound": "share <= 5 %"}, "long.sql:3"),
        ({"sql": "-- color: red\nSELECT 1"}, "long.sql:4: '-- color: red' is not a line of a header"),
        ({"sql": "-- bound: clips <= 3\nSELECT 1"}, "long.sql:4"),
    ],
    ids=str,
)
def test_a_wrong_header_is_told_with_file_and_line(write: Write, wrong: dict[str, str], told: str) -> None:
    with pytest.raises(SettingError, match=told.replace("(", r"\(")):
        parse_rule(write(**wrong), "tags")


def test_a_header_without_a_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rule.sql"
    path.write_text("-- guards: Nothing.\nSELECT 1")
    with pytest.raises(SettingError, match=r"rule\.sql:1: the header has no line `-- severity"):
        parse_rule(path, "tags")


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("clips <= 3", Bound("clips", 3)),
        ("share <= 0.05", Bound("share", 0.05)),
        ("share <= 0.05 or clips <= 2", Bound("share", 0.05, spare=2)),
        ("figure >= -1.5", Bound("figure", -1.5, at_most=False)),
        ("figure <= 1", Bound("figure", 1)),
    ],
)
def test_bounds_are_read_and_written(write: Write, text: str, bound: Bound) -> None:
    rule = parse_rule(write(bound=text), "tags")
    assert rule.bound == bound
    assert rule.bound_text == text


def test_an_asset_replaces_a_rule_of_every_stage_by_its_name(write: Write, tmp_path: Path) -> None:
    write(asset="every_stage")
    own = write(bound="clips <= 9")
    assert [rule.path for rule in load_rules(tmp_path, "tags")] == [own]
    assert [rule.path.parent.name for rule in load_rules(tmp_path, "stems")] == ["every_stage"]


# When definitions load ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"sql": "SELECT shard, clip_id\nFRUM this"}, "long.sql:5: the rule cannot run: Parser Error"),
        ({"sql": "SELECT shard, clip_id\nFROM this\nWHERE colour = 1"}, 'long.sql:6.*"colour" not found'),
        ({"sql": "SELECT shard, clip_id FROM stems"}, "long.sql:4.*stems does not exist"),
        ({"sql": "SELECT shard, clip_id FROM rules"}, "long.sql:4.*rules does not exist"),  # a variable of Python
        ({"sql": "SELECT shard, clip_id FROM this WHERE regexp_matches(clip_id, '(')"}, "long.sql.*missing"),
        ({"sql": "SELECT shard FROM this"}, "long.sql:3.*clip_id.*A rule returns `shard` and `clip_id`"),
        ({"sql": "SELECT shard, clip_id FROM this", "bound": "figure <= 1"}, "A rule returns `shard` and `figure`"),
        ({"sql": "SELECT shard, clip_id FROM this", "among": "status = ok"}, "long.sql:4"),
        ({"sql": "SELECT 1; DROP TABLE this"}, "long.sql:4: the rule cannot run: Parser Error"),
        ({"asset": "tag"}, "tag: no stage is called so.*Stages are raw_clips, tags"),
        ({"severity": "FATAL"}, "long.sql:2"),
    ],
    ids=str,
)
def test_a_rule_that_cannot_run_stops_the_load(write: Write, tmp_path: Path, wrong: dict[str, str], told: str) -> None:
    write(**{"sql": "SELECT shard, clip_id FROM this"} | wrong)
    with pytest.raises(SettingError, match=told):
        check_rules(STAGES, tmp_path)


def test_the_rules_of_the_package_can_run_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def unfetched() -> tuple[str, ...]:
        raise AssertionError("loaded")

    monkeypatch.setitem(REFERENCES, "audioset", replace(REFERENCES["audioset"], load=unfetched))
    check_rules(STAGES)


# Evaluation ---------------------------------------------------------------------------------------------------------


def test_a_rule_that_cannot_run_is_an_error_and_no_pass(write: Write) -> None:
    with pytest.raises(SettingError, match=r"long\.sql:4: the rule cannot run"):
        verdicts(write("SELECT shard, clip_id FROM this WHERE missing"))
    with pytest.raises(SettingError, match="cannot run"):
        verdicts(write("SELECT shard, clip_id FROM this WHERE error('when it runs')"))


def test_every_shard_has_its_own_verdict(write: Write) -> None:
    found = verdicts(write(bound="clips <= 1"))
    assert {shard: (verdict.figure, verdict.holds) for shard, verdict in found.items()} == {
        "a": (2, False),
        "b": (1, True),
    }
    assert found["a"].samples == ("clip_id='3', length=3", "clip_id='4', length=4")
    assert str(found["a"]) == "tags/long: 2, allowed is clips <= 1. Nothing is long."


def test_a_share_is_of_the_clips_that_are_meant(write: Write) -> None:
    assert verdicts(write(bound="share <= 0.5"))["a"].figure == 0.5
    assert verdicts(write(bound="share <= 0.5"))["a"].holds
    of_some = verdicts(write(bound="share <= 0.5", among="length > 1"))["a"]
    assert of_some.figure == pytest.approx(2 / 3)
    assert not of_some.holds
    assert "0.6667 (2 clips)" in str(of_some)
    assert verdicts(write(bound="share <= 0.5 or clips <= 2", among="length > 1"))["a"].holds


def test_clips_are_counted_once_however_many_rows_they_have(write: Write) -> None:
    twice = pl.concat([THIS, THIS])
    assert verdicts(write(), twice)["a"].figure == 2


def test_a_shard_without_rows_holds_and_has_no_share(write: Write) -> None:
    assert verdicts(write(bound="share <= 0"), THIS.clear())["a"].holds


@pytest.mark.parametrize(
    ("value", "holds"), [("2", True), ("3", False), ("'nan'::DOUBLE", False), ("NULL", True)], ids=str
)
def test_figures(write: Write, value: str, holds: bool) -> None:
    """NULL is nothing to measure; NaN meets no bound."""
    sql = f"SELECT shard, {value} AS figure, max(length) AS longest FROM this WHERE shard = 'a' GROUP BY shard"
    found = verdicts(write(sql, bound="figure <= 2"))
    assert found["a"].holds == holds
    assert found["b"].holds  # no row: nothing to measure
    if not holds:
        assert "longest=4" in found["a"].samples[0]


def test_two_figures_for_a_shard_are_an_error(write: Write) -> None:
    with pytest.raises(SettingError, match="more than one figure"):
        verdicts(write("SELECT shard, length AS figure FROM this", bound="figure <= 2"))


def test_rows_of_no_shard_are_an_error(write: Write) -> None:
    with pytest.raises(SettingError, match="not asked about"):
        verdicts(write("SELECT NULL::VARCHAR AS shard, clip_id FROM this"))


def test_samples_are_few_and_short(write: Write) -> None:
    this = pl.DataFrame({"shard": "a", "clip_id": [str(i) for i in range(50)], "length": 3, "text": "x" * 1000})
    verdict = verdicts(write("SELECT * FROM this"), this)["a"]
    assert len(verdict.samples) == 5
    assert all(len(sample) < 200 for sample in verdict.samples)
