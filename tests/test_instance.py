"""The Dagster instance of a lake."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from fusionaudio_assets.instance import TEMPLATE, dagster_home, databases_held_open, open_instance
from fusionaudio_assets.shards import SHARDS_NAME
from resources.errors import LakeError
from tests.lakes import clip_row, make_lake


def test_many_may_open_a_new_one_at_once(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)], [clip_row(2)]])
    with ThreadPoolExecutor(4) as pool:
        instances = list(pool.map(lambda _: open_instance(lake), range(4)))
    for instance in instances:
        with instance:
            assert instance.get_dynamic_partitions(SHARDS_NAME) == ["shard-000001", "shard-000002"]
    assert (tmp_path / "lake" / ".dagster" / "dagster.yaml").read_text() == TEMPLATE.read_text()


@pytest.mark.parametrize("name", ["a?b", "a%20b"])
def test_a_name_that_dagster_takes_for_a_url_is_refused(tmp_path: Path, name: str) -> None:
    lake = make_lake(tmp_path / name, [[clip_row(1)]])
    with pytest.raises(LakeError, match=r"\? or % is taken for a URL. Rename the folder"):
        open_instance(lake)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_nobody_who_closes_a_database_that_is_held_open_waits_for_its_log(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)]])
    open_instance(lake).dispose()
    database = dagster_home(lake) / "event_log.db"
    log = database.with_name("event_log.db-wal")

    def write() -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS written (x)")

    with databases_held_open(dagster_home(lake)):
        write()
        assert log.exists()
    assert not log.exists()
    write()
    assert not log.exists()


def test_a_damaged_database_is_left_as_it_is_for_dagster_to_tell_of(tmp_path: Path) -> None:
    damaged = tmp_path / "runs.db"
    damaged.write_bytes(b"no database" * 100)
    with databases_held_open(tmp_path):
        assert damaged.read_bytes() == b"no database" * 100
    assert [file.name for file in tmp_path.iterdir()] == ["runs.db"]
    with pytest.raises(sqlite3.DatabaseError), closing(sqlite3.connect(damaged)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master")
