"""What the sensor takes, when, and what it asks of Dagster."""

import os
from pathlib import Path

import dagster as dg
import pytest

from fusionaudio_assets.ingest import collect
from fusionaudio_assets.shards import SHARDS_NAME, add_clips
from fusionaudio_assets.workspace import LakeResource
from resources.errors import SettingError
from resources.lake import Lake
from sensors import inbox
from sensors.new_clips import evaluate, new_clips_sensor
from sensors.watch import WatchSettings
from tests.sensors.conftest import SEAL_AFTER_S, SETTLE_S, Daemon, make_daemon


def _skip_message(result: dg.SensorResult | dg.SkipReason) -> str:
    reason = result.skip_reason if isinstance(result, dg.SensorResult) else result
    assert isinstance(reason, dg.SkipReason)
    return reason.skip_message or ""


def test_a_full_shard_is_sealed_at_once_and_the_rest_when_it_has_waited(daemon: Daemon) -> None:
    for number in range(6):
        daemon.drop(f"{number}.wav", b"%d" % number)
    daemon.tick()
    assert daemon.clips() == {}, "a file is not taken at first sight"
    daemon.tick()
    assert daemon.clips() == {"shard-000001": ["0.wav", "1.wav", "2.wav", "3.wav"]}
    assert list(daemon.runs.values()) == ["shard-000001"]
    assert "2 waiting for a shard of 4 or for 600 s" in _skip_message(daemon.tick())
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips()["shard-000002"] == ["4.wav", "5.wav"]
    assert list(daemon.runs.values()) == ["shard-000001", "shard-000002"]


def test_a_file_is_taken_only_when_it_stands_still(daemon: Daemon) -> None:
    path = daemon.drop("long.mp4", b"first half")
    for _ in range(3):
        daemon.tick(after_s=SEAL_AFTER_S)
        daemon.tick(after_s=SETTLE_S - 1)
        with path.open("ab") as file:
            file.write(b", and a little more")
    assert daemon.clips() == {}
    daemon.tick()
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {"shard-000001": ["long.mp4"]}


def test_a_file_written_again_without_growing_is_not_taken_either(daemon: Daemon) -> None:
    path = daemon.drop("a.wav", b"zeros")
    daemon.tick()
    path.write_bytes(b"sound")
    os.utime(path, ns=(1, 1))
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {}


def test_a_file_that_is_written_to_while_it_is_hashed_is_left(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    path = daemon.drop("a.wav", b"before")
    daemon.tick()

    def hash_and_write(paths: object) -> dict[Path, str | None]:
        path.write_bytes(b"meanwhile")
        return {path: "0" * 64}

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "hash_files", hash_and_write)
        daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {}
    daemon.tick()
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {"shard-000001": ["a.wav"]}


def test_a_clock_that_is_set_back_delays_nothing(daemon: Daemon) -> None:
    daemon.drop("a.wav", b"a")
    daemon.tick()
    daemon.tick(after_s=-1_000_000)
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {"shard-000001": ["a.wav"]}


def test_new_bytes_under_an_old_name_are_another_clip(daemon: Daemon) -> None:
    daemon.drop("a.wav", b"one")
    daemon.tick()
    daemon.tick(after_s=SEAL_AFTER_S)
    daemon.drop("a.wav", b"another")
    daemon.tick()
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {"shard-000001": ["a.wav"], "shard-000002": ["a.wav"]}
    assert len(daemon.runs) == 2


def test_known_bytes_under_a_new_name_run_their_shard_again_for_its_sources(daemon: Daemon) -> None:
    daemon.drop("a.wav", b"one")
    daemon.tick()
    daemon.tick(after_s=SEAL_AFTER_S)
    daemon.drop("deep/er/copy.wav", b"one")
    daemon.tick()
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {"shard-000001": ["a.wav", "deep/er/copy.wav"]}
    assert list(daemon.runs.values()) == ["shard-000001", "shard-000001"]


def test_what_is_no_media_file_is_left_alone(daemon: Daemon, tmp_path: Path) -> None:
    outside = tmp_path / "secret.wav"
    outside.write_bytes(b"outside")
    (daemon.folder / "link.wav").symlink_to(outside)
    os.mkfifo(daemon.folder / "pipe.wav")
    daemon.drop(".partial.wav", b"being copied")
    daemon.drop("notes.txt", b"text")
    daemon.tick()
    daemon.tick(after_s=SEAL_AFTER_S)
    assert daemon.clips() == {}


def test_a_vanished_folder_is_a_reason_and_nothing_known_is_lost(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        daemon.drop(f"{number}.wav", b"%d" % number)
    daemon.tick()
    daemon.tick(die_after="look")
    elsewhere = daemon.folder.rename(daemon.folder.with_name("unplugged"))
    daemon.tick()
    assert list(daemon.runs.values()) == ["shard-000001"], "what was owed is requested without the folder"
    assert "is not there" in _skip_message(daemon.tick())
    elsewhere.rename(daemon.folder)
    monkeypatch.setattr(inbox, "hash_files", pytest.fail)
    daemon.tick()
    assert len(daemon.runs) == 1


def test_shards_made_by_hand_become_partitions_and_are_not_run(daemon: Daemon, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.wav").write_bytes(b"by hand")
    add_clips(daemon.lake, collect(mine).rows)
    daemon.tick()
    assert daemon.instance.get_dynamic_partitions(SHARDS_NAME) == ["shard-000001"]
    assert daemon.runs == {}


def test_one_look_at_a_time(daemon: Daemon) -> None:
    daemon.drop("a.wav", b"a")
    settings = WatchSettings(folder=daemon.folder)
    with inbox.Inbox(daemon.lake, settings).held():
        assert "still under way" in _skip_message(daemon.tick())


def test_hashing_goes_on_at_the_next_look_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = make_daemon(tmp_path, shard_size=1000)
    for number in range(40):
        daemon.drop(f"{number:02d}.wav", b"%d" % number)
    monkeypatch.setattr(inbox, "_HASH_BUDGET_S", 0.0)
    daemon.tick()
    assert "24 arriving, 16 waiting" in _skip_message(daemon.tick())
    assert "8 arriving, 32 waiting" in _skip_message(daemon.tick())


def test_thousands_of_files_are_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = make_daemon(tmp_path, shard_size=1000)
    for number in range(3000):
        daemon.drop(f"{number % 10}/{number}.wav", b"%d" % number)
    daemon.tick()
    daemon.tick()
    assert len(daemon.runs) == 3
    assert len(daemon.cursor or "") < 100
    monkeypatch.setattr(inbox, "hash_files", pytest.fail)
    assert "3,000 taken" in _skip_message(daemon.tick())


def test_without_a_lake_or_a_watched_folder_it_says_what_to_do(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    context = dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral())
    assert "fusionaudio init" in _skip_message(evaluate(context, lake, 0.0))
    lake.create()
    assert "No folder is watched. Write" in _skip_message(evaluate(context, lake, 0.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("folder: incoming", "the path must be absolute"),
        ("folder: /incoming\nsettle: 3", "there is no setting 'settle'"),
        ("settle_s: 3", "folder"),
        ("folder: /incoming\nshard_size: 0", "shard_size = 0"),
        ("folder: [", "is not YAML"),
    ],
)
def test_damaged_settings_are_named(daemon: Daemon, text: str, message: str) -> None:
    daemon.lake.write_text("watch.yaml", text)
    with pytest.raises(SettingError, match=r"watch\.yaml") as caught:
        daemon.tick()
    assert message in str(caught.value)


def test_the_sensor_in_dagster_asks_for_runs_of_the_job(daemon: Daemon) -> None:
    daemon.lake.write_text("watch.yaml", f"folder: {daemon.folder}\nsettle_s: 0\nseal_after_s: 0\n")
    daemon.drop("a.wav", b"a")
    sensor = new_clips_sensor("caption_clips", 30)
    assert sensor.job_name == "caption_clips"
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    resources = {"lake": LakeResource(uri=str(daemon.lake.root))}
    with dg.build_sensor_context(instance=daemon.instance, resources=resources) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    assert [run.partition_key for run in result.run_requests or []] == ["shard-000001"]
