"""Sources of clips: folders, lists, tables; and what is wrong with them."""

import os
from pathlib import Path

import pytest

from fusionaudio_assets.ingest import collect, collect_files
from fusionaudio_assets.ingest.records import Row
from fusionaudio_assets.tables import Manifest
from resources.errors import SettingError


def media(path: Path, content: str = "") -> Path:
    """A file with a name of its own content: nothing here decodes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or path.name)
    return path


def sources(rows: list[Row]) -> list[list[str]]:
    return [row["sources"] for row in rows]


def labels(row: Row) -> dict[str, float | None]:
    return {label["name"]: label["quality"] for label in row["labels"]}


class TestFolder:
    def test_is_searched_in_order_and_reports_what_it_passed_over(self, tmp_path: Path) -> None:
        for name in ["b.wav", "a.MP3", "sub/deep/c.flac", "notes.txt", "cover.jpg", "back.jpg", "README"]:
            media(tmp_path / name)
        media(tmp_path / ".hidden.wav")
        media(tmp_path / ".cache/d.wav")
        found = collect(tmp_path)
        assert sources(found.rows) == [["a.MP3"], ["b.wav"], ["sub/deep/c.flac"]]
        assert found.ignored == {".txt": 1, ".jpg": 2, "": 1}
        assert found.warnings == []
        assert all(Path(row["path"]).is_absolute() for row in found.rows)

    def test_rows_fit_the_manifest(self, tmp_path: Path) -> None:
        media(tmp_path / "a.wav")
        (row,) = collect(tmp_path).rows
        assert list(row) == list(Manifest.columns())

    @pytest.mark.parametrize(
        "name", ["a b.wav", 'it\'s "quoted".wav', "two\nlines.wav", "🐒 été.wav", "-rf.wav", "%s.wav"]
    )
    def test_odd_names_are_kept(self, name: str, tmp_path: Path) -> None:
        path = media(tmp_path / name)
        (row,) = collect(tmp_path).rows
        assert (row["path"], row["sources"]) == (str(path), [name])
        assert row["file_sha256"]

    def test_a_name_that_is_no_text_is_refused(self, tmp_path: Path) -> None:
        media(tmp_path / "a.wav")
        media(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")), "b")
        found = collect(tmp_path)
        assert sources(found.rows) == [["a.wav"]]
        assert "not UTF-8" in found.warnings[0]

    def test_links_must_stay_inside(self, tmp_path: Path) -> None:
        folder = tmp_path / "folder"
        inside = media(folder / "a.wav")
        media(tmp_path / "other/secret.wav")
        (folder / "inside.wav").symlink_to(inside)
        (folder / "outside.wav").symlink_to(tmp_path / "other/secret.wav")
        (folder / "outside").symlink_to(tmp_path / "other")
        (folder / "circle.wav").symlink_to(folder / "circle.wav")
        found = collect(folder)
        assert sources(found.rows) == [["a.wav", "inside.wav"]]
        assert sum("leads out of the folder" in warning for warning in found.warnings) == 2
        assert sum("leads back to itself" in warning for warning in found.warnings) == 1
        assert len(found.warnings) == 3

    def test_same_bytes_are_one_clip_with_all_its_sources(self, tmp_path: Path) -> None:
        media(tmp_path / "b.wav", "same")
        media(tmp_path / "a.wav", "same")
        (row,) = collect(tmp_path).rows
        assert row["sources"] == ["a.wav", "b.wav"]
        assert row["path"] == str(tmp_path / "a.wav")

    def test_a_file_that_cannot_be_read_is_still_a_row(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.wav")
        (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
        rows = collect(tmp_path).rows
        assert sources(rows) == [["gone.wav"], ["pipe.wav"]]
        assert [row["file_sha256"] for row in rows] == [None, None]
        assert len({row["clip_id"] for row in rows}) == 2

    def test_missing_or_without_media(self, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match=r"no file or folder .*nowhere"):
            collect(tmp_path / "nowhere")
        with pytest.raises(SettingError, match="holds no visible file"):
            collect(tmp_path)
        media(tmp_path / "notes.txt")
        with pytest.raises(SettingError, match="it holds 1 file, none with"):
            collect(tmp_path)


class TestList:
    def test_paths_are_relative_to_it(self, tmp_path: Path) -> None:
        media(tmp_path / "audio/a.wav")
        media(tmp_path / "audio/odd.name")
        media(tmp_path / "lists/#1.wav")
        comment = "# the good ones" + "!" * 300
        listing = media(tmp_path / "lists/c.txt", f"../audio/a.wav\r\n\n{comment}\n../audio/odd.name\nno.wav\n#1.wav")
        found = collect(listing)
        assert sources(found.rows) == [["#1.wav"], ["../audio/a.wav"], ["../audio/odd.name"], ["no.wav"]]
        assert [bool(row["file_sha256"]) for row in found.rows] == [True, True, True, False]

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        listing = media(tmp_path / "c.txt", f"none.wav\r\n{tmp_path}\r\n \r\nhttp://localhost/a.wav\r\n")
        assert [row["file_sha256"] for row in collect(listing).rows] == [None, None, None]
        with pytest.raises(SettingError, match="lists no file"):
            collect(media(tmp_path / "a.txt", "\n\n"))
        (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(SettingError, match="not a text file"):
            collect(tmp_path / "b.txt")

    def test_single_file(self, tmp_path: Path) -> None:
        assert sources(collect(media(tmp_path / "a.wav")).rows) == [["a.wav"]]

    def test_files_that_a_sensor_saw(self, tmp_path: Path) -> None:
        paths = [media(tmp_path / "in/b.wav"), media(tmp_path / "in/a.wav")]
        assert sources(collect_files(paths, tmp_path).rows) == [["in/a.wav"], ["in/b.wav"]]


AUDIOSET = """# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=3, num_segs=3, num_unique_labels=527, num_positive_labels=52882
# YTID, start_seconds, end_seconds, positive_labels
--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"
--ZhevVpy1s, 50.000, 60.000, "/m/012xff"
--aE2O5G5WE, 0.000, 10.000, "/m/03fwl,/m/04rlf,/m/09x0r"
"""


class TestAudioSet:
    def test_real_format(self, tmp_path: Path) -> None:
        media(tmp_path / "audio/--PJHxphWEs.mp4")
        media(tmp_path / "audio/--aE2O5G5WE.wav")
        found = collect(media(tmp_path / "segments.csv", AUDIOSET))
        first, second = found.rows
        assert (first["start_s"], first["end_s"]) == (30, 40)
        assert labels(first) == {"/m/09x0r": None, "/t/dd00088": None}
        assert (second["start_s"], second["end_s"]) == (0, 10)
        assert len(labels(second)) == 3
        assert found.warnings == [f"Without a media file here: 1 of 3 lines of {tmp_path / 'segments.csv'}."]

    @pytest.mark.parametrize(
        ("stem", "whole"),
        [
            ("--PJHxphWEs", False),
            ("Y--PJHxphWEs", False),
            ("--PJHxphWEs_30", True),
            ("--PJHxphWEs_000030", True),
            ("--PJHxphWEs_30.000", True),
            ("--PJHxphWEs_30_40", True),
            ("--PJHxphWEs_30000_40000", True),
            ("--PJHxphWEs_30.000_40.000", True),
        ],
    )
    def test_file_names(self, stem: str, whole: bool, tmp_path: Path) -> None:
        """A name that holds the bounds is a file that was cut to them."""
        media(tmp_path / f"{stem}.webm")
        media(tmp_path / "--PJHxphWEs_50.webm", "another segment of the same video")
        found = collect(media(tmp_path / "segments.csv", AUDIOSET))
        (row,) = found.rows
        assert row["start_s"] == (None if whole else 30)
        assert ": 1 media file below" in found.warnings[-1]

    def test_the_table_is_no_medium_that_was_overlooked(self, tmp_path: Path) -> None:
        media(tmp_path / "--PJHxphWEs.mp4")
        media(tmp_path / "notes.txt")
        table = media(tmp_path / "segments.csv", AUDIOSET)
        assert collect(table).ignored == collect(tmp_path, labels=table).ignored == {".txt": 1}
        assert collect(tmp_path).ignored == {".txt": 1, ".csv": 1}

    def test_beside_a_folder(self, tmp_path: Path) -> None:
        media(tmp_path / "audio/--PJHxphWEs.mp4")
        media(tmp_path / "audio/unknown.mp4")
        found = collect(tmp_path / "audio", labels=media(tmp_path / "segments.csv", AUDIOSET))
        assert [(row["sources"], row["start_s"]) for row in found.rows] == [
            (["--PJHxphWEs.mp4"], 30),
            (["unknown.mp4"], None),
        ]
        assert any(": 1 of 2 media files." in warning for warning in found.warnings)

    def test_extra_columns(self, tmp_path: Path) -> None:
        media(tmp_path / "abc.wav")
        text = (
            "# YTID, start_seconds, end_seconds, positive_labels, quality, licence, split\n"
            'abc, 0, 10, "/m/1,/m/2", "90,70", CC-BY-4.0, eval\n'
        )
        (row,) = collect(media(tmp_path / "s.csv", text)).rows
        assert labels(row) == {"/m/1": 0.9, "/m/2": 0.7}
        assert (row["license"], row["split"]) == ("CC-BY-4.0", "eval")

    def test_several_segments_of_one_file(self, tmp_path: Path) -> None:
        media(tmp_path / "abc.wav")
        found = collect(media(tmp_path / "s.csv", "abc, 0, 10, /m/1\nabc, 10, 20, /m/2\nabc, 0, 10, /m/3\n"))
        assert [(row["start_s"], sorted(labels(row))) for row in found.rows] == [(0, ["/m/1", "/m/3"]), (10, ["/m/2"])]

    def test_no_line_has_a_file(self, tmp_path: Path) -> None:
        media(tmp_path / "other.wav")
        with pytest.raises(SettingError, match="No media file below"):
            collect(media(tmp_path / "segments.csv", AUDIOSET))


class TestPlainTable:
    def table(self, tmp_path: Path, text: str) -> Path:
        media(tmp_path / "clips/a.wav")
        media(tmp_path / "clips/#1.wav")
        return media(tmp_path / "labels.csv", text)

    def test_all_columns(self, tmp_path: Path) -> None:
        text = 'file,start_s,end_s,labels,label_quality,license,split\na.wav,1.5,4,"Beep, bleep;Alarm",80;,CC0,train\n'
        found = collect(tmp_path / "clips", labels=self.table(tmp_path, text))
        other, row = found.rows
        assert (row["start_s"], row["end_s"], row["license"], row["split"]) == (1.5, 4.0, "CC0", "train")
        assert labels(row) == {"Beep, bleep": 0.8, "Alarm": None}
        assert (other["sources"], other["labels"]) == (["#1.wav"], [])

    def test_byte_order_mark_unknown_column_and_hash_sign(self, tmp_path: Path) -> None:
        table = self.table(tmp_path, "\ufefffile,lables\na.wav,Dog\n#1.wav,Cat\n")
        found = collect(tmp_path / "clips", labels=table)
        assert sources(found.rows) == [["#1.wav"], ["a.wav"]]
        assert found.warnings == [f"{table}: the column 'lables' is not understood and is ignored."]

    def test_a_file_that_is_not_there_is_still_a_row(self, tmp_path: Path) -> None:
        found = collect(tmp_path / "clips", labels=self.table(tmp_path, "file,labels\ngone.wav,Dog\n"))
        assert ["gone.wav"] in sources(found.rows)

    def test_a_file_outside_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match="leads out of"):
            collect(tmp_path / "clips", labels=self.table(tmp_path, "file\n../labels.csv\n"))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("name,labels\na.wav,Dog\n", "line 1 is neither a header with a column file"),
            ("# only\n# comments\n", "holds no line but comments"),
            ("file;labels\na.wav;Dog\n", "line 1 is parted by semicolons"),
            ("id\tstart_s\tend_s\na\t0\t1\n", "line 1 is parted by tabs"),
            ("f\0i\0l\0e\0\n\0", "not a text file in UTF-8"),
            ("file,end_s\na.wav,1e300\n", "line 2, column end_s: '1e300' is after the end of any file"),
            ('"file,labels\na.wav,Dog\n', "line 1 is neither a header"),
            ("file,labels\na.wav," + 200_000 * "x", "line 2: field larger than field limit"),
            ("file,file\na.wav,a.wav\n", "column file stands there twice"),
            ("file,labels\na.wav\n", "line 2: 1 columns instead of 2"),
            ("file,start_s,end_s\na.wav,one,2\n", "line 2, column start_s: 'one' is not a number"),
            ("file,start_s,end_s\na.wav,-1,2\n", "line 2, column start_s: '-1' is before the start"),
            ("file,start_s,end_s\na.wav,nan,2\n", "line 2, column start_s: 'nan' is not a number"),
            (
                "file,start_s,end_s\na.wav,3,2\n",
                "line 2, column end_s: the segment ends at 2 s, not after its start at 3 s",
            ),
            ("file,labels\n,Dog\n", "line 2, column file: it is empty"),
            ("file,labels,label_quality\na.wav,A;B,1;2;3\n", "line 2, column label_quality: 3 values for 2 labels"),
            ("file,labels,label_quality\na.wav,A,101\n", "line 2, column label_quality: '101' is not a percentage"),
            ("file,start_s\na.wav,x\na.wav,1\na.wav,y\n", "line 2, column start_s.*line 4, column start_s"),
        ],
    )
    def test_faults_name_line_and_column(self, text: str, message: str, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match=message) as caught:
            collect(tmp_path / "clips", labels=self.table(tmp_path, text))
        assert "labels.csv" in str(caught.value)

    def test_no_line(self, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match="holds a header and no line"):
            collect(self.table(tmp_path, "file,labels\n"))

    def test_a_pipe_does_not_hang(self, tmp_path: Path) -> None:
        for name in ("pipe.csv", "pipe.txt"):
            os.mkfifo(tmp_path / name)
            with pytest.raises(SettingError, match="is not a regular file"):
                collect(tmp_path / name)

    def test_many_faults_are_counted(self, tmp_path: Path) -> None:
        with pytest.raises(SettingError, match="and 90 more"):
            collect(tmp_path / "clips", labels=self.table(tmp_path, "file,start_s\n" + "a.wav,x\n" * 100))

    def test_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "labels.csv").write_bytes(b"file\n\xff\xfe\n")
        media(tmp_path / "clips/a.wav")
        with pytest.raises(SettingError, match="not a text file"):
            collect(tmp_path / "clips", labels=tmp_path / "labels.csv")

    def test_labels_go_with_a_folder(self, tmp_path: Path) -> None:
        table = self.table(tmp_path, "file\na.wav\n")
        with pytest.raises(SettingError, match="go with a folder"):
            collect(tmp_path / "clips/a.wav", labels=table)


def test_examples() -> None:
    examples = Path(__file__).parents[1] / "examples"
    found = collect(examples / "clips", labels=examples / "labels.csv")
    assert len(found.rows) == 10
    assert all(row["license"] for row in found.rows)
    assert found.warnings == []
