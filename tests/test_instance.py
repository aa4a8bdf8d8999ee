"""The Dagster instance of a lake."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fusionaudio_assets.instance import TEMPLATE, open_instance
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
