"""Tables and reasons: declared once, with a meaning for people, and the page about them is up to date."""

import re
import runpy
from pathlib import Path

import dataframely as dy
import pytest

import resources
from fusionaudio_assets import tables
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.reasons import MEANINGS, OF_THE_MEDIUM, WAYS_OUT, Reason, meaning_of, way_out_of
from fusionaudio_assets.tables import StageTable, polars_schema

DOCS = Path(__file__).parents[1] / "docs"
ALL = [table for table in vars(tables).values() if isinstance(table, type) and issubclass(table, dy.Schema)]


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Reason)


def test_every_reason_of_a_failure_has_a_way_out() -> None:
    """Adapters name reasons by their values, since they know nothing of the graph."""
    package = Path(resources.__file__).parent
    raised = {
        Reason(value)
        for path in package.rglob("*.py")
        for value in re.findall(r'ClipError\(\s*"([a-z_]+)"', path.read_text())
    }
    assert len(raised) > 10
    assert raised | OF_THE_MEDIUM <= set(WAYS_OUT)


def test_a_reason_of_another_version_is_said_to_be_unknown() -> None:
    assert "does not know" in meaning_of("bored")
    assert way_out_of("bored") == ""


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.__name__)
def test_every_column_says_what_it_means(table: type[StageTable]) -> None:
    assert [name for name, column in table.columns().items() if not column.description] == []


def test_every_stage_has_a_table_of_its_own() -> None:
    assert len({stage.table for stage in STAGES.values()}) == len(STAGES)


def test_carried_columns_and_payload_files_are_columns() -> None:
    for stage in STAGES.values():
        columns = polars_schema(stage.table)
        assert set(stage.carry) <= set(columns)
        assert {f"{payload}_file" for payload in stage.payloads} <= set(columns)


def test_the_page_about_tables_is_up_to_date() -> None:
    page = runpy.run_path(str(DOCS / "make_tables.py"))["page"]()
    assert (DOCS / "tables.md").read_text() == page, "run `python docs/make_tables.py`"
