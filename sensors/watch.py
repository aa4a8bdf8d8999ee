"""Which folder a lake watches, and how: the file `<lake>/watch.yaml`.

    folder: /data/incoming      absolute; searched recursively
    settle_s: 30                a file is taken when its size and time stood still for so long
    shard_size: 1000            clips of a full shard
    seal_after_s: 600           fewer clips become a shard when the oldest of them has waited for so long
    look_every_s: 30            read when the definitions are loaded; all else at every look

It lies in the lake, not in the environment, so that terminal, UI and daemon agree and a restart changes nothing.
"""

from pathlib import Path

import yaml
from pydantic import Field, field_validator

from fusionaudio_assets.shards import DEFAULT_SHARD_SIZE
from resources.errors import SettingError
from resources.lake import Lake
from resources.profile import Settings, validated

WATCH_FILE = "watch.yaml"


class WatchSettings(Settings):
    """A watched folder."""

    folder: Path = Field(description="Absolute path, searched recursively")
    settle_s: float = Field(30, ge=0, description="A file is taken when its size and time stood still for so long")
    shard_size: int = Field(DEFAULT_SHARD_SIZE, ge=1, description="Clips of a full shard")
    seal_after_s: float = Field(600, ge=0, description="After so long, fewer clips become a shard")
    look_every_s: int = Field(30, ge=1, description="Time between two looks, read when the definitions are loaded")

    @field_validator("folder")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        if not folder.is_absolute():
            raise ValueError("the path must be absolute, since the daemon starts anywhere")
        return folder


def watch(lake: Lake, settings: WatchSettings) -> None:
    """Record which folder the lake watches.

    Raises:
        LakeError: There is no lake, or it cannot be written.
    """
    lake.check()
    lake.write_text(WATCH_FILE, yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False))


def watched(lake: Lake) -> WatchSettings | None:
    """What the lake watches, None when nothing.

    Raises:
        SettingError: The file is not YAML, or holds an unknown or impossible value.
    """
    if not lake.has_file(WATCH_FILE):
        return None
    where = f"{lake.uri}/{WATCH_FILE}"
    try:
        values = yaml.safe_load(lake.read_text(WATCH_FILE))
    except yaml.YAMLError as error:
        raise SettingError(f"{where} is not YAML: {error}.") from error
    return validated(WatchSettings, values, where)
