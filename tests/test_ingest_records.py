"""Uniting accounts of one clip."""

from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.ingest import merge
from fusionaudio_assets.ingest.records import Row, manifest_row, merge_all


def labels(row: Row) -> dict[str, float | None]:
    return {label["name"]: label["quality"] for label in row["labels"]}


NAMES = st.sampled_from(["Speech", "Music", "/m/09x0r", "Beep, bleep"])
QUALITIES = st.none() | st.integers(0, 100).map(lambda percent: percent / 100)
ACCOUNTS = st.builds(
    manifest_row,
    path=st.sampled_from(["/a.wav", "/b.wav"]),
    source=st.sampled_from(["a.wav", "b.wav", "c/d.wav"]),
    file_sha256=st.sampled_from(["0" * 64, "1" * 64]),
    start_s=st.none() | st.sampled_from([0.0, 1.5]),
    end_s=st.sampled_from([2.0, 3.0]),
    labels=st.dictionaries(NAMES, QUALITIES),
    license=st.sampled_from([None, "", "CC0", "CC-BY-4.0"]),
    split=st.sampled_from([None, "train", "test"]),
)


class TestMerge:
    @given(accounts=st.lists(ACCOUNTS, max_size=8), data=st.data())
    def test_order_does_not_matter(self, accounts: list[Row], data: st.DataObject) -> None:
        assert merge_all(data.draw(st.permutations(accounts))) == merge_all(accounts)

    @given(accounts=st.lists(ACCOUNTS, max_size=8))
    def test_merging_again_changes_nothing(self, accounts: list[Row]) -> None:
        once = merge_all(accounts)
        assert merge_all(once) == once
        assert [merge(row, row) for row in once] == once
        by_id = {row["clip_id"]: row for row in once}
        assert all(
            {**merge(by_id[account["clip_id"]], account), "path": ""} == {**by_id[account["clip_id"]], "path": ""}
            for account in accounts
        )

    @given(accounts=st.lists(ACCOUNTS, max_size=8))
    def test_nothing_is_lost(self, accounts: list[Row]) -> None:
        by_id = {row["clip_id"]: row for row in merge_all(accounts)}
        assert set(by_id) == {account["clip_id"] for account in accounts}
        for account in accounts:
            row = by_id[account["clip_id"]]
            assert set(account["sources"]) <= set(row["sources"])
            for name, quality in labels(account).items():
                best = labels(row)[name]
                assert quality is None or (best is not None and best >= quality)
            for column in ("license", "split"):
                assert account[column] is None or account[column] in row[column].split("; ")

    def test_ids_tell_segments_apart_to_the_millisecond(self) -> None:
        ids = {
            manifest_row("/a", "a", "0" * 64, start_s=start, end_s=end)["clip_id"]
            for start, end in [(None, None), (0.0, 1.0), (0.0, 1.001), (0.001, 1.0), (0.0, None)]
        }
        assert len(ids) == 5
        assert manifest_row("/a", "a", "0" * 64, start_s=0.1 + 0.2, end_s=1.0) | {"start_s": 0.3} == manifest_row(
            "/a", "a", "0" * 64, start_s=0.3, end_s=1.0
        )
