"""Shards: a clip never moves, nothing is lost, and two who ingest at once do not disturb each other."""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.ingest.records import Row, manifest_row, merge_all
from fusionaudio_assets.shards import MANIFEST, SHARDS_NAME, Added, add_clips, register_shards
from resources.errors import SettingError
from resources.lake import Lake
from tests.properties import examples


def clip(number: int, *, source: str | None = None, labels: dict[str, float | None] | None = None) -> Row:
    name = source or f"{number:04d}.wav"
    return manifest_row(f"/media/{name}", name, f"{number:064d}", labels=labels)


def clips(numbers: Sequence[int]) -> list[Row]:
    return [clip(number) for number in numbers]


def placed(lake: Lake) -> dict[str, list[str]]:
    """Clip ids by shard, in their order."""
    return {key: lake.read_frame(f"{MANIFEST}/{key}.parquet")["clip_id"].to_list() for key in lake.shards()}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


def test_clips_fill_shards_in_their_order(lake: Lake) -> None:
    added = add_clips(lake, clips(range(5)), shard_size=2)
    assert added == Added(
        made=["shard-000001", "shard-000002", "shard-000003"],
        updated=[],
        new=5,
        known=0,
        holding=["shard-000001", "shard-000002", "shard-000003"],
    )
    assert [len(ids) for ids in placed(lake).values()] == [2, 2, 1]
    assert list(chain(*placed(lake).values())) == [row["clip_id"] for row in clips(range(5))]


def test_new_clips_make_new_shards_even_beside_one_that_is_not_full(lake: Lake) -> None:
    """A shard is made once: filling it up would redo it."""
    add_clips(lake, clips(range(3)), shard_size=10)
    before = placed(lake)
    added = add_clips(lake, clips(range(6)), shard_size=10)
    assert (added.made, added.new, added.known) == (["shard-000002"], 3, 3)
    assert placed(lake) | before == placed(lake)


def test_the_same_bytes_under_another_name_are_one_clip(lake: Lake) -> None:
    add_clips(lake, [clip(1, labels={"Dog": 0.5})])
    added = add_clips(lake, [clip(1, source="other.wav", labels={"Dog": 0.9, "Cat": None})])
    assert (added.made, added.updated, added.holding) == ([], ["shard-000001"], ["shard-000001"])
    table = lake.read_table(MANIFEST, "shard-000001")
    assert table is not None
    (row,) = table.to_dicts()
    assert row["sources"] == ["0001.wav", "other.wav"]
    assert {label["name"]: label["quality"] for label in row["labels"]} == {"Cat": None, "Dog": pytest.approx(0.9)}


def test_offering_the_same_clips_again_writes_nothing(lake: Lake) -> None:
    add_clips(lake, clips(range(3)))
    path = Path(lake.root, MANIFEST, "shard-000001.parquet")
    before = path.stat().st_mtime_ns
    added = add_clips(lake, clips(range(3)))
    assert (added.made, added.updated, added.known) == ([], [], 3)
    assert path.stat().st_mtime_ns == before


def test_numbers_go_on_after_the_highest(lake: Lake) -> None:
    """A shard whose manifest was taken away leaves its number unused: tables may still bear it."""
    add_clips(lake, clips(range(3)), shard_size=1)
    lake.delete(f"{MANIFEST}/shard-000002.parquet")
    assert add_clips(lake, clips([7])).made == ["shard-000004"]


@pytest.mark.parametrize("size", [0, -1])
def test_a_shard_holds_at_least_one_clip(lake: Lake, size: int) -> None:
    with pytest.raises(SettingError, match=f"shard size is {size}.*Give 1 or more"):
        add_clips(lake, clips([1]), size)


def test_partitions_follow(lake: Lake) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        for numbers in (range(2), range(4)):
            register_shards(instance, add_clips(lake, clips(numbers), 2).holding)
        assert list(instance.get_dynamic_partitions(SHARDS_NAME)) == ["shard-000001", "shard-000002"]


OFFERS = st.lists(
    st.tuples(st.lists(st.integers(0, 15), max_size=8), st.integers(1, 4), st.sampled_from(["a", "b"])), max_size=5
)


@given(offers=OFFERS)
@examples(25)
def test_whatever_is_offered_in_whatever_order(
    offers: list[tuple[list[int], int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every clip has one shard for ever, shards keep to their size, all names of a clip are kept."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    names: dict[str, set[str]] = {}
    for numbers, size, folder in offers:
        before = placed(lake)
        rows = merge_all(clip(number, source=f"{folder}/{number}.wav") for number in numbers)
        added = add_clips(lake, rows, size)
        for row in rows:
            names.setdefault(row["clip_id"], set()).update(row["sources"])
        after = placed(lake)
        assert before.items() <= after.items()
        assert set(added.made) == after.keys() - before.keys()
        assert all(0 < len(after[key]) <= size for key in added.made)
        assert {row["clip_id"] for row in rows} <= {clip_id for key in added.holding for clip_id in after[key]}
    held = [clip_id for ids in placed(lake).values() for clip_id in ids]
    assert sorted(held) == sorted(names)
    for key in lake.shards():
        for row in lake.read_frame(f"{MANIFEST}/{key}.parquet").to_dicts():
            assert set(row["sources"]) == names[row["clip_id"]]


INGEST = """
import json, os, sys
from fusionaudio_assets.shards import add_clips
from resources.lake import Lake
lake, offers = Lake(sys.argv[1]), json.load(sys.stdin)
pids = []
for rows in offers:
    pids.append(os.fork())
    if pids[-1] == 0:
        for start in range(0, len(rows), 10):
            add_clips(lake, rows[start : start + 10], 4)
        os._exit(0)
assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * len(pids)
"""


def test_two_who_ingest_at_once(lake: Lake) -> None:
    """Half of what each of them offers is offered by the other, too."""
    offers = [clips(range(60)), clips(range(30, 90))]
    subprocess.run([sys.executable, "-c", INGEST, str(lake.root)], input=json.dumps(offers), text=True, check=True)
    held = [clip_id for ids in placed(lake).values() for clip_id in ids]
    assert sorted(held) == sorted(row["clip_id"] for row in clips(range(90)))
