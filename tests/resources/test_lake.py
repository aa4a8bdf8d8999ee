"""The lake: atomic files, and clear words when they cannot be written or read."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import LakeError
from resources.lake import Lake
from resources.row_groups import ROW_GROUP
from tests.properties import examples

FRAME = pl.DataFrame({"clip_id": ["a", "b"], "value": [1, 2]})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.create()
    return lake


def files_below(lake: Lake) -> list[str]:
    root = Path(lake.root)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def payload(clips: list[str]) -> pa.Table:
    return pa.table({"clip_id": clips, "audio": [f"sound of {clip}".encode() for clip in clips]})


def fill_disk(monkeypatch: pytest.MonkeyPatch, *, on: str) -> None:
    """Let every write to a file fail as on a full disk, from its first byte, its flush or its rename on."""

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    match on:
        case "write":
            monkeypatch.setattr("pyarrow.parquet.write_table", full)
        case "flush":
            monkeypatch.setattr("os.fsync", full)
        case "rename":
            monkeypatch.setattr(Path, "replace", full)


class TestAtomicity:
    @pytest.mark.parametrize("on", ["write", "flush", "rename"])
    def test_a_full_disk_leaves_the_old_table_and_no_litter(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch, on: str
    ) -> None:
        lake.write_table("tags", "s", FRAME)
        before = files_below(lake)
        fill_disk(monkeypatch, on=on)
        with pytest.raises(LakeError, match=r"tags/s.parquet cannot be written: No space left on device.*Make room"):
            lake.write_table("tags", "s", FRAME.head(1))
        monkeypatch.undo()
        assert files_below(lake) == before
        assert FRAME.equals(lake.read_frame("tags/s.parquet"))

    def test_whatever_fails_while_writing_leaves_nothing(self, lake: Lake) -> None:
        def broken() -> Iterator[pa.Table]:
            yield payload(["a"])
            raise ZeroDivisionError

        before = files_below(lake)
        with pytest.raises(ZeroDivisionError):
            lake.write_payload("raw_clips", "audio", "s-1.parquet", broken())
        assert files_below(lake) == before

    def test_an_empty_payload_is_refused(self, lake: Lake) -> None:
        with pytest.raises(LakeError, match="would be empty"):
            lake.write_payload("raw_clips", "audio", "s-1.parquet", iter([]))
        assert files_below(lake) == ["lake.json"]

    def test_a_reader_keeps_the_table_that_it_opened(self, lake: Lake) -> None:
        lake.write_table("tags", "s", FRAME)
        with Path(lake.root, "tags/s.parquet").open("rb") as opened:
            lake.write_table("tags", "s", FRAME.head(1))
            assert pl.read_parquet(opened).equals(FRAME)
        assert lake.read_frame("tags/s.parquet").height == 1

    def test_files_under_way_are_not_listed(self, lake: Lake) -> None:
        lake.write_table("tags", "s", FRAME)
        Path(lake.root, "tags/.s.parquet.1234").touch()
        assert lake.shards("tags") == ["s"]


class TestOpening:
    def test_no_lake(self, tmp_path: Path) -> None:
        with pytest.raises(LakeError, match=r"There is no lake at .*nowhere. Make one with `fusionaudio init`"):
            Lake(tmp_path / "nowhere").check()

    def test_a_newer_format_is_refused_and_named(self, lake: Lake) -> None:
        lake.write_text("lake.json", '{"format": 99}')
        for use in (lake.check, lake.create):
            with pytest.raises(LakeError, match="has format 99; this version reads format 1"):
                use()

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '"format"'])
    def test_a_damaged_lake_json_is_named(self, lake: Lake, text: str) -> None:
        lake.write_text("lake.json", text)
        with pytest.raises(LakeError, match=r'lake.json is damaged.*Restore it: {"format": 1}'):
            lake.check()

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        """A file stands in the way: permissions would not hold for root, who runs the tests in some places."""
        (tmp_path / "file").touch()
        with pytest.raises(LakeError, match=r"lake.json cannot be written: .*name another place"):
            Lake(tmp_path / "file" / "lake").create()
        with pytest.raises(LakeError, match=r"\.work cannot be made.*Give write access"):
            Lake(tmp_path / "file" / "lake").make_folder(".work")

    def test_making_it_again_changes_nothing(self, lake: Lake) -> None:
        before = lake.read_text("lake.json")
        lake.create()
        assert lake.read_text("lake.json") == before


class TestTables:
    def test_a_damaged_table_is_named_with_the_way_out(self, lake: Lake) -> None:
        lake.write_table("tags", "s", FRAME)
        path = Path(lake.root, "tags/s.parquet")
        path.write_bytes(path.read_bytes()[:-20])
        for read in (lake.read_table, lake.content_of):
            with pytest.raises(LakeError, match=r"tags/s.parquet cannot be read.*Delete the file and run again"):
                read("tags", "s")

    def test_the_content_of_a_table_is_known_without_reading_it(self, lake: Lake) -> None:
        assert lake.content_of("tags", "s") is None
        lake.write_table("tags", "s", FRAME)
        first = lake.content_of("tags", "s")
        assert first is not None
        lake.write_table("tags", "s", FRAME)
        assert lake.content_of("tags", "s") == first
        lake.write_table("tags", "s", FRAME.reverse())
        assert lake.content_of("tags", "s") != first

    def test_tables_of_many_shards_are_read_when_they_are_asked_for(self, lake: Lake) -> None:
        lake.write_table("tags", "s", FRAME)
        lake.write_table("tags", "t[1] &.x", FRAME)
        found = lake.dataset("tags", lake.shards("tags"))
        assert found.schema.names == ["shard", *FRAME.columns]
        assert found.to_table(columns=["shard"])["shard"].to_pylist() == ["s", "s", "t[1] &.x", "t[1] &.x"]
        (Path(lake.root) / "tags/t[1] &.x.parquet").write_bytes(b"damaged")
        one = found.to_table(filter=ds.field("shard") == "s")
        assert FRAME.equals(pl.DataFrame(pl.from_arrow(one)).drop("shard"))

    def test_a_damaged_first_table_is_named(self, lake: Lake) -> None:
        lake.write_table("tags", "s", FRAME)
        (Path(lake.root) / "tags/s.parquet").write_bytes(b"damaged")
        with pytest.raises(LakeError, match=r"tags/s\.parquet cannot be read"):
            lake.dataset("tags", ["s"])

    def test_deleting(self, lake: Lake) -> None:
        lake.write_table("tags", "s", FRAME)
        for name in ("tags/s.parquet", "tags", "tags", "never/was"):
            lake.delete(name)
        assert files_below(lake) == ["lake.json"]


def test_notes_stay_in_the_footer_and_are_no_part_of_the_content(lake: Lake) -> None:
    frame = pl.DataFrame({"clip_id": ["a"]})
    lake.write_table("tags", "s", frame)
    plain = lake.content_of("tags", "s")
    lake.write_table("tags", "s", frame, notes={"conditions": "Grüße"})
    assert lake.notes_of("tags", "s")["conditions"] == "Grüße"
    assert lake.content_of("tags", "s") == plain
    assert lake.notes_of("tags", "none") == {}


class TestPayloads:
    @given(sizes=st.lists(st.integers(1, 80), min_size=1, max_size=5))
    @examples(25)
    def test_any_batches_become_row_groups_of_one_size(
        self, sizes: list[int], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """One seek reads a batch, whatever the batches were that the file was made of."""
        lake = Lake(tmp_path_factory.mktemp("lake"))
        clips = [f"{number:04d}" for number in range(sum(sizes))]
        parts, rest = [], clips
        for size in sizes:
            parts.append(payload(rest[:size]))
            rest = rest[size:]
        lake.write_payload("raw_clips", "audio", "s-1.parquet", iter(parts))
        file = pq.ParquetFile(Path(lake.root, "raw_clips/audio/s-1.parquet"))
        groups = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
        assert all(rows == ROW_GROUP for rows in groups[:-1])
        assert 0 < groups[-1] <= ROW_GROUP
        assert file.read().column("clip_id").to_pylist() == clips

    def test_long_clips_make_smaller_row_groups(self, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
        """Thirty-two clips of ten minutes would be gigabytes, for each of which a reader asks one by one."""
        monkeypatch.setattr("resources.row_groups.ROW_GROUP_BYTES", 1000)
        table = pa.table({"clip_id": ["a", "b", "c", "d"], "audio": [bytes(400), bytes(400), bytes(5000), b""]})
        lake.write_payload("raw_clips", "audio", "s-1.parquet", iter([table]))
        file = pq.ParquetFile(Path(lake.root, "raw_clips/audio/s-1.parquet"))
        groups = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
        assert groups == [2, 1, 1]
        assert file.read().column("audio").to_pylist() == table.column("audio").to_pylist()

    def test_clips_are_read_in_any_order(self, lake: Lake) -> None:
        clips = [f"{number:04d}" for number in range(3 * ROW_GROUP + 5)]
        lake.write_payload("raw_clips", "audio", "s-1.parquet", iter([payload(clips)]))
        reader = lake.open_payload("raw_clips", "audio", "s-1.parquet")
        for clip in (*clips[::-7], *clips):
            assert reader.read(clip) == f"sound of {clip}".encode()
        found = [row for table in reader.tables({"0003", "0099"}) for row in table.column("clip_id").to_pylist()]
        assert found == ["0003", "0099"]

    def test_a_clip_that_is_not_there(self, lake: Lake) -> None:
        lake.write_payload("raw_clips", "audio", "s-1.parquet", iter([payload(["a"])]))
        with pytest.raises(LakeError, match=r"s-1.parquet holds no clip b"):
            lake.open_payload("raw_clips", "audio", "s-1.parquet").read("b")

    def test_a_file_that_is_gone(self, lake: Lake) -> None:
        with pytest.raises(LakeError, match=r"s-1.parquet cannot be read.*Delete the table that refers to it"):
            lake.open_payload("raw_clips", "audio", "s-1.parquet")

    def test_files_belong_to_shards(self, lake: Lake) -> None:
        for name in ("s-1.parquet", "s-2.parquet", "s2-1.parquet"):
            lake.write_payload("raw_clips", "audio", name, iter([payload(["a"])]))
        assert lake.payload_files("raw_clips", "audio", "s") == ["s-1.parquet", "s-2.parquet"]
