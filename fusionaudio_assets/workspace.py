"""A lake with its profile: what a stage needs to know about where it runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from fusionaudio_assets.run_launcher import living
from fusionaudio_assets.stage import Stage
from resources.errors import SettingError
from resources.lake import Lake
from resources.profile import Profile, StageProfile
from resources.profile_file import profile_text

DEFAULT_LAKE = "lake"
DEFAULT_PROFILE = "embedded"
PROFILE_FILE = "profile.yaml"
_RECORD = "Record one with `fusionaudio profile --set NAME|FILE`."


def lake_uri(given: str | None = None) -> str:
    """The lake that is meant: as given, else `FUSIONAUDIO_LAKE`, else `./lake`."""
    return given or os.environ.get("FUSIONAUDIO_LAKE") or DEFAULT_LAKE


@dataclass(frozen=True)
class Workspace:
    """An open lake and the profile recorded in it."""

    lake: Lake
    profile: Profile

    @classmethod
    def open(cls, uri: str | Path) -> "Workspace":
        """Open the lake at `uri`.

        Raises:
            LakeError: There is none, or none that this version can read.
            SettingError: Its profile is missing or damaged.
        """
        lake = Lake(uri)
        lake.check()
        return cls(lake, recorded_profile(lake))

    @classmethod
    def create(cls, uri: str | Path, profile: str = DEFAULT_PROFILE) -> "Workspace":
        """Make a lake with a profile, or open the one that is there.

        Raises:
            LakeError: The place cannot be written, or holds a lake of another format.
            SettingError: There is no such profile.
        """
        lake = Lake(uri)
        if not lake.exists:
            text, origin = profile_text(profile)
            Profile.parse(text, origin=origin)
            lake.write_text(PROFILE_FILE, text)
            lake.create()
        return cls.open(uri)

    def stage_profile(self, stage: Stage[Any, Any]) -> StageProfile:
        """What the profile gives a stage."""
        return self.profile.stage(stage.name, stage.profile_needs)


def recorded_profile(lake: Lake) -> Profile:
    """The profile that stands in a lake.

    Raises:
        SettingError: There is none, or it is damaged.
    """
    origin = f"{lake.uri}/{PROFILE_FILE}"
    if not lake.has_file(PROFILE_FILE):
        raise SettingError(f"{origin} is missing.", hint=_RECORD)
    try:
        text = lake.read_text(PROFILE_FILE)
    except UnicodeDecodeError as error:
        raise SettingError(f"{origin} is not a UTF-8 text file.", hint=_RECORD) from error
    return Profile.parse(text, origin=origin)


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake that assets read and write."""

    uri: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LakeResource"]:
        """Serve a run, and show for as long as it lasts that its process is alive."""
        if context.instance is None or context.run is None:  # a sensor's look
            yield self
            return
        with living(context.instance, context.run.run_id):
            yield self

    def open(self) -> Workspace:
        """Open it with the profile that stands in it now."""
        return Workspace.open(self.uri)
