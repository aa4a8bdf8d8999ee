"""Releases: what is in them, that others can load them, and when they are refused."""

import io
import json
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import polars as pl
import pytest
import soundfile
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.overrides import write_overrides
from fusionaudio_assets.payloads import loaded_audio
from fusionaudio_assets.release import formats, publish, write_export
from fusionaudio_assets.workspace import Workspace
from resources.errors import LakeError, SettingError
from resources.lake import Lake
from tests.lakes import CAPTION, CLAIM, PAIR, broken_row, clip_row, make_lake, noise, write_shard


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two shards: five kept clips in two splits, one broken, one dropped for two reasons."""
    choice = PAIR | {"question": "Which?", "options": ["a dog", "a cat"], "answer": "a cat"}
    return make_lake(
        tmp_path / "lake",
        [
            [clip_row(1), broken_row(2), clip_row(3, split="test", pairs=None), clip_row(4, pairs=[PAIR, choice])],
            [
                clip_row(5, start_s=30.0, end_s=40.5, sources=["dir/long.wav"], license=None),
                clip_row(6, drop_reasons=["low_similarity", "visual_leak"]),
                clip_row(7, caption="Thunder.", split="test"),
            ],
        ],
    )


def release(lake: Lake, *, with_audio: bool = False) -> tuple[Path, dict[str, Any]]:
    released = publish(lake, Workspace.open(lake.uri).profile, with_audio=with_audio)
    return Path(lake.root) / released.name, released.record


def load(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    return datasets.load_dataset(str(folder), cache_dir=str(cache))


def test_hugging_face_loads_audio_by_reference(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = release(lake)
    loaded = load(folder, tmp_path / "cache", monkeypatch)
    assert {name: split.num_rows for name, split in loaded.items()} == {"train": 3, "test": 2}
    train = loaded["train"]
    assert isinstance(train.features["audio"], datasets.Audio)
    rows = train.cast_column("audio", datasets.Audio(decode=False))
    assert rows[0]["audio"] == {"bytes": None, "path": "clip 1.wav"}
    assert rows[2]["audio"]["path"] == "dir/long.wav#t=30,40.5"
    assert rows[0]["caption"] == f"{CAPTION} Take 1."
    assert rows[0]["qa"] == [PAIR]
    assert rows[0]["claims"] == [CLAIM]


def test_hugging_face_loads_the_sound_itself(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = release(lake, with_audio=True)
    rows = load(folder, tmp_path / "cache", monkeypatch)["train"].cast_column("audio", datasets.Audio(decode=False))
    for row in rows:
        samples, rate_hz = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="float32")
        expected, _ = loaded_audio(noise(row["clip_id"]))
        assert rate_hz == 16000
        np.testing.assert_array_equal(samples, expected[0])
        assert row["audio"]["path"] == f"{row['clip_id']}.flac"


def test_formats_hold_the_same_clips(lake: Lake) -> None:
    folder, record = release(lake)
    lines = [json.loads(line) for line in (folder / "captions.jsonl").read_text().splitlines()]
    parquet = pl.read_parquet(folder / "data" / "*.parquet")
    entries = json.loads((folder / "gama.json").read_text())
    captions = [entry["output"] for entry in entries if entry["task"] == "caption"]
    assert [line["caption"] for line in lines] == captions
    assert sorted(parquet["clip_id"]) == sorted(line["clip_id"] for line in lines)
    assert record["kept"] == len(lines) == 5
    assert {line["audio"] for line in lines} == set(parquet["audio"].struct.field("path"))


def test_training_entries_are_those_of_the_paper(lake: Lake) -> None:
    folder, _ = release(lake)
    entries = [entry for entry in json.loads((folder / "gama.json").read_text()) if entry["audio_id"] == "clip 4.wav"]
    assert all(list(e) == ["audio_id", "instruction", "input", "dataset", "task", "output"] for e in entries)
    assert [entry["task"] for entry in entries] == ["caption", "qa", "qa"]
    assert entries[1]["instruction"] == "Which animal is heard?"
    assert entries[1]["output"] == "A dog"
    assert entries[2]["instruction"].endswith("Choose the most suitable answer from options: (a) a dog (b) a cat")
    assert entries[2]["output"] == "(b) a cat"


def test_the_record_counts(lake: Lake) -> None:
    _, record = release(lake)
    assert (record["clips"], record["kept"], record["shards"]) == (7, 5, 2)
    assert record["drop_reasons"] == {"low_similarity": 1, "truncated": 1, "visual_leak": 1}
    assert record["licences"] == {"CC0-1.0": 4, "": 1}
    assert record["splits"] == {"": 3, "test": 2}
    assert record["qa_pairs"] == {"sound_events": 5}
    assert record["words"] == {"mean": 11.4, "min": 1, "p5": 1, "median": 14, "p95": 14, "max": 14}
    assert record["models"]["tags"] == {"yamnet": 6}
    assert {file["path"] for file in record["files"]} == {
        "captions.jsonl", "gama.json", "data/test-00000.parquet", "data/train-00000.parquet",
    }  # fmt: skip


def test_the_card_says_what_the_release_is(lake: Lake) -> None:
    folder, record = release(lake)
    _, header, body = (folder / "README.md").read_text().split("---\n", 2)
    parsed = yaml.safe_load(header)
    assert parsed["size_categories"] == ["n<1K"]
    assert parsed["configs"][0]["data_files"][1] == {"split": "test", "path": "data/test-*.parquet"}
    for part in (
        record["version"],
        "`embedded`",
        "| `truncated` | the file ends before its content does | 1 |",
        "| `tags` | yamnet | 6 |",
        "The licence of 1 clip is not known",
        "not checked by people",
        "median 14",
    ):
        assert part in body


def test_the_card_says_which_shards_were_made_over_a_rule(lake: Lake) -> None:
    version = release(lake)[1]["version"]
    over = {"rule": "tags/untagged_clips", "figure": 0.9, "reason": "field | recordings", "recorded_at": "2026-11-23"}
    for stage, shard in [("stems", "1"), ("fused_captions", "1"), ("fused_captions", "2"), ("qa_pairs", "3")]:
        write_overrides(lake, stage, f"shard-00000{shard}", [over])
    folder, record = release(lake)
    assert record["overrides"] == {"tags/untagged_clips": {"field | recordings": 2}}
    assert record["version"] != version
    card = (folder / "README.md").read_text()
    assert "Made although the rule `tags/untagged_clips` is broken: 2 shards" in card
    assert "field \\| recordings" in card


def test_the_same_content_is_the_same_version(lake: Lake) -> None:
    folder, record = release(lake)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = publish(lake, Workspace.open(lake.uri).profile, with_audio=False)
    assert not again.is_new
    assert again.record == record
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert len(lake.files("releases")) == 0
    assert len(list((Path(lake.root) / "releases").iterdir())) == 1


def test_another_caption_or_decision_is_another_version(lake: Lake) -> None:
    versions = {release(lake)[1]["version"], release(lake, with_audio=True)[1]["version"]}
    write_shard(lake, "shard-000002", [clip_row(5, caption="Another caption about sound.")])
    versions.add(release(lake)[1]["version"])
    write_shard(lake, "shard-000002", [clip_row(5, caption="Another caption about sound."), broken_row(6)])
    versions.add(release(lake)[1]["version"])
    assert len(versions) == 4


def test_a_lake_without_pairs_can_be_released(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1)]], with_qa=False)
    folder, record = release(lake)
    assert record["qa_pairs"] == {}
    assert "1 shard has no question-answer pairs" in (folder / "README.md").read_text()


def test_unfinished_shards_are_left_out_and_counted(lake: Lake) -> None:
    lake.delete("filtered_dataset/shard-000002.parquet")
    _, record = release(lake)
    assert (record["shards"], record["unfinished_shards"], record["kept"]) == (1, 1, 3)


@pytest.mark.parametrize(
    ("shards", "told"),
    [([], "decided"), ([[broken_row(1), broken_row(2)]], "holds 2 clips and none is kept.* truncated 2")],
)
def test_nothing_kept_is_refused(tmp_path: Path, shards: list[Any], told: str) -> None:
    lake = make_lake(tmp_path / "lake", shards)
    with pytest.raises(LakeError, match=told):
        release(lake)
    assert not (tmp_path / "lake" / "releases").exists()


def test_captions_that_changed_after_the_decision_are_refused(lake: Lake) -> None:
    fused = lake.read_table("fused_captions", "shard-000001")
    assert fused is not None
    lake.write_table("fused_captions", "shard-000001", fused.with_columns(caption=pl.lit("A new one.")))
    with pytest.raises(LakeError, match="changed after it was decided"):
        release(lake)


def test_a_release_that_cannot_be_finished_leaves_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats.GamaWriter, "write", full)
    with pytest.raises(LakeError, match="No space left on device"):
        release(lake)
    assert list((Path(lake.root) / "releases").iterdir()) == []


def test_what_a_killed_writer_left_is_removed_by_the_next(lake: Lake, tmp_path: Path) -> None:
    profile = Workspace.open(lake.uri).profile
    left = [Path(lake.root) / "releases" / ".aaaabbbbcccc.0123abcd", tmp_path / ".export.0123abcd"]
    others = [tmp_path / ".export.notes", tmp_path / ".exports.0123abcd"]
    for folder in (*left, *others):
        folder.mkdir(parents=True)
        (folder / "data.jsonl").write_text("half a line")
    publish(lake, profile, with_audio=False)
    write_export(lake, profile, tmp_path / "export", "jsonl", with_audio=False)
    assert [folder for folder in left if folder.exists()] == []
    assert all(folder.exists() for folder in others)


def test_a_lake_that_changes_meanwhile_is_noticed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    write = formats.GamaWriter.write

    def write_and_change(self: formats.GamaWriter, clips: pl.DataFrame, audio: Any) -> None:
        write(self, clips, audio)
        write_shard(lake, "shard-000002", [clip_row(5, caption="Another caption about sound.")])

    monkeypatch.setattr(formats.GamaWriter, "write", write_and_change)
    with pytest.raises(LakeError, match="changed while"):
        release(lake)


@pytest.mark.parametrize("form", ["parquet", "jsonl", "gama"])
@pytest.mark.parametrize("with_audio", [False, True])
def test_exports_load(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, with_audio: bool) -> None:
    folder = tmp_path / "new" / "export"
    write_export(lake, Workspace.open(lake.uri).profile, folder, form, with_audio=with_audio)
    loaded = load(folder, tmp_path / "cache", monkeypatch)
    assert sum(split.num_rows for split in loaded.values()) == (5 if form != "gama" else 10)
    assert (folder / "audio").exists() == (with_audio and form != "parquet")
    if with_audio and form == "gama":
        names = set(loaded["train"]["audio_id"])
        assert names == {path.relative_to(folder).as_posix() for path in (folder / "audio").iterdir()}
    assert [path.name for path in folder.parent.iterdir()] == ["export"]


def test_an_export_does_not_touch_what_is_there(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(SettingError, match="not an empty folder"):
        write_export(lake, Workspace.open(lake.uri).profile, tmp_path / "mine", "jsonl", with_audio=False)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_large_files_are_split(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_FILE_BYTES", 1)
    folder, _ = release(lake, with_audio=True)
    assert len(list((folder / "data").glob("train-*.parquet"))) == 2
    assert load(folder, tmp_path / "cache", monkeypatch)["train"].num_rows == 3


def test_a_bucket_gets_the_record_last(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake in a bucket cannot rename a folder: its files are copied, and only the record makes them a release."""
    monkeypatch.setattr(Lake, "is_local", False)
    written: list[str] = []
    write_text = Lake.write_text

    def note(self: Lake, name: str, text: str) -> None:
        files = [path.name for path in (Path(self.root) / name).parent.iterdir()]
        assert "release.json" not in files
        assert {"README.md", "data"} <= set(files)
        written.append(name)
        write_text(self, name, text)

    monkeypatch.setattr(Lake, "write_text", note)
    folder, record = release(lake)
    assert written == [f"releases/{record['version']}/release.json"]
    assert pl.read_parquet(folder / "data" / "*.parquet").height == 5


@given(st.one_of(st.none(), st.text()))
def test_split_names_are_those_that_hugging_face_allows(split: str | None) -> None:
    name = formats.split_name(split)
    assert datasets.Split(name) == name
    assert name != "all"
