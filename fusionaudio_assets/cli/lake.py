"""`fusionaudio init` and `fusionaudio profile`."""

import typer

from fusionaudio_assets.cli.console import say
from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.stage.fingerprint import canonical_json, stage_identity
from fusionaudio_assets.workspace import DEFAULT_PROFILE, PROFILE_FILE, Workspace, recorded_profile
from resources.errors import SettingError
from resources.lake import Lake
from resources.profile import Profile
from resources.profile_file import profile_text


def init(lake: str, profile: str | None) -> None:
    """Make a lake and print where it is."""
    made = not Lake(lake).exists
    workspace = open_or_create(lake, profile)
    if made:
        say(f"Made a lake with the profile {workspace.profile.name}.")
    else:
        say(f"The lake was there; its profile is {workspace.profile.name}.")
    typer.echo(workspace.lake.uri)


def open_or_create(lake: str, profile: str | None = None) -> Workspace:
    """Open the lake, or make it with a profile that was checked against the graph.

    Raises:
        SettingError: The profile is not valid, or the lake is there with another one.
        LakeError: The place cannot be written, or holds a lake of another format.
    """
    if Lake(lake).exists:
        workspace = Workspace.open(lake)
        if profile is not None and _checked(profile)[0] != workspace.lake.read_text(PROFILE_FILE):
            raise SettingError(
                f"The lake at {lake} is there, with the profile {workspace.profile.name}, which is not {profile}.",
                hint=f"Change it with `fusionaudio profile --set {profile}`.",
            )
        return workspace
    name = profile or DEFAULT_PROFILE
    _checked(name)
    return Workspace.create(lake, name)


def show_profile(lake: str) -> None:
    """Print the lake's profile as it is recorded."""
    workspace = Workspace.open(lake)
    typer.echo(workspace.lake.read_text(PROFILE_FILE).rstrip("\n"))


def set_profile(lake: str, name_or_file: str) -> None:
    """Record another profile in the lake and print the stages that it changes: all where no valid one stands."""
    found = Lake(lake)
    found.check()
    text, profile = _checked(name_or_file)
    changed = _changed_stages(_standing(found), profile)
    found.write_text(PROFILE_FILE, text)
    say(f"The lake's profile is now {profile.name}.")
    if changed:
        say("`fusionaudio run` computes these stages anew where they differ, and what follows from them:")
        typer.echo("\n".join(changed))
    else:
        say("No stage computes anything else.")


def _checked(name_or_file: str) -> tuple[str, Profile]:
    text, origin = profile_text(name_or_file)
    profile = Profile.parse(text, origin=origin)
    profile.check(profile_needs())
    return text, profile


def _standing(lake: Lake) -> Profile | None:
    try:
        return recorded_profile(lake)
    except SettingError:  # damaged, which is why it is replaced
        return None


def _changed_stages(before: Profile | None, after: Profile) -> list[str]:
    return [name for name in STAGES if before is None or _decisive(before, name) != _decisive(after, name)]


def _decisive(profile: Profile, name: str) -> str | None:
    """All in a profile that decides what a stage makes; None when the profile does not fit the graph."""
    stage = STAGES[name]
    try:
        given = profile.stage(name, stage.profile_needs)
    except SettingError:
        return None
    return canonical_json({"identity": stage_identity(stage, given), "gate": given.gate.model_dump(mode="json")})
