"""Clips and lakes for runs that are killed."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import soundfile
import yaml
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.stage.runner import data_version
from resources.decoder import MediaDecoder
from resources.errors import ClipError
from resources.lake import Lake
from resources.media import DecodeRequest, PreparedClip, prepare_clip
from resources.profile_file import profile_text
from tests.doubles import double_profile

EXAMPLES = Path(__file__).parents[2] / "examples" / "clips"
BATCH = 2
SELECT = "raw_clips,tags"
"""Stages that cheap runs are made of: one with payloads, and one above which a gate stands."""


class DecoderInProcess(MediaDecoder):
    """Decodes without workers, which take longer to start than a few chords to decode."""

    def decode(self, requests: Sequence[DecodeRequest]) -> Iterator[PreparedClip | ClipError]:
        return (prepare_clip(request, self.media) for request in requests)


def write_profile(folder: Path, name: str, *, key_frames: int = 3) -> Path:
    """A profile in batches of `BATCH`: ``doubles`` or one that is shipped; `key_frames` are no part of the latter."""
    needs = profile_needs()
    profile = yaml.safe_load(double_profile(needs) if name == "doubles" else profile_text(name)[0])
    for stage in needs:
        profile["stages"].setdefault(stage, {})["batch_size"] = BATCH
    if name == "doubles":
        adapter = f"{__name__}.{DecoderInProcess.__name__}"
        profile["stages"]["raw_clips"]["models"]["decoder"] = {"adapter": adapter, "media": {"key_frames": key_frames}}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(profile))
    return path


def write_tones(folder: Path, count: int, *, seconds: float = 0.5) -> None:
    """Chords that decay, each of its own pitch."""
    rate_hz = 16_000
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    for number in range(count):
        pitches_hz = (220 + 60 * number) * np.array([1.0, 1.25, 1.5])[:, None]
        chord = np.sin(2 * np.pi * pitches_hz * time_s).mean(axis=0) * np.exp(-2 * time_s / seconds)
        soundfile.write(folder / f"chord {number}.wav", 0.3 * chord, rate_hz)


def write_examples(folder: Path) -> None:
    """The example clips, and the second half of some of them: fourteen clips."""
    for path in EXAMPLES.iterdir():
        shutil.copy(path, folder)
    for name in ("reading_austen.wav", "monkeys.flac", "alarm_clock.ogg", "morning_coffee.mp3"):
        audio, rate_hz = soundfile.read(EXAMPLES / name)
        soundfile.write(folder / f"half of {name}.wav", audio[len(audio) // 2 :], rate_hz)


def differences(one: Path, other: Path) -> list[str]:
    """Columns in which two lakes differ, as ``<asset>.<column>``; all tables must hold the same clips, each once."""
    left, right = Lake(one), Lake(other)
    found = []
    for asset in ("manifest", *STAGES):
        assert left.shards(asset) == right.shards(asset), asset
        for shard in left.shards(asset):
            found += [f"{asset}.{column}" for column in _differing(left, right, asset, shard)]
    return sorted(set(found))


def _differing(left: Lake, right: Lake, asset: str, shard: str) -> list[str]:
    name = f"{asset}/{shard}.parquet"
    one, other = left.read_frame(name), right.read_frame(name)
    assert one.schema == other.schema, name
    assert one["clip_id"].to_list() == other["clip_id"].to_list(), name
    assert one["clip_id"].n_unique() == one.height, name
    return [column for column in one.columns if not one[column].equals(other[column])]


def not_shown(root: Path, stages: Sequence[str]) -> list[str]:
    """Tables that stand and of whose stage and shard Dagster shows another one, or none, or no checks."""
    lake, found = Lake(root), []
    with open_instance(lake) as instance:
        events = instance.event_log_storage
        for stage in stages:
            key = dg.AssetKey(stage)
            versions = events.get_latest_tags_by_partition(
                key, dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION_TAG]
            )
            checked = [
                {record.partition for record in events.get_asset_check_execution_history(check, limit=1000)}
                for check in (dg.AssetCheckKey(key, "gate"), dg.AssetCheckKey(key, "watch"))
            ]
            for shard in lake.shards(stage):
                table = lake.read_frame(f"{stage}/{shard}.parquet")
                is_shown = versions.get(shard) == {DATA_VERSION_TAG: data_version(table)}
                if not is_shown or not all(shard in shards for shards in checked):
                    found.append(f"{stage}/{shard}")
    return found


def payloads(root: Path) -> dict[tuple[str, str, str], Any]:
    """Every payload of a lake that a table refers to, by asset, payload and clip."""
    lake, found = Lake(root), {}
    for stage in STAGES.values():
        for payload in stage.payloads:
            for shard in lake.shards(stage.name):
                rows = lake.read_frame(f"{stage.name}/{shard}.parquet", ["clip_id", f"{payload}_file"]).drop_nulls()
                for clip, file in rows.iter_rows():
                    reader = lake.open_payload(stage.name, payload, file)
                    found[stage.name, payload, clip] = reader.read(clip)
                    reader.close()
    return found
