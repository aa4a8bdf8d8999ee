"""`fusionaudio export`."""

from collections.abc import Sequence
from pathlib import Path

import typer

from fusionaudio_assets.cli.console import complain, err, say
from fusionaudio_assets.cli.run import parse_overrides
from fusionaudio_assets.dataset_release import READS
from fusionaudio_assets.graph import profile_needs
from fusionaudio_assets.materialize import ask_gate
from fusionaudio_assets.release import write_export
from fusionaudio_assets.workspace import Workspace
from resources.english import counted


def export(lake: str, folder: Path, form: str, override: Sequence[str], *, with_audio: bool) -> None:
    """Write the kept clips in one format and print the folder; exit code 1 when a gate kept shards out."""
    workspace = Workspace.open(lake)
    workspace.profile.check(profile_needs())
    with err.status("Writing"):
        admission = ask_gate("export", READS, workspace, parse_overrides(override))
        found = write_export(workspace.lake, workspace.profile, folder, form, admission, with_audio=with_audio)
    say(f"{found.figures.kept:,} of {counted(found.figures.clips, 'clip')}, version {found.version}.")
    if unfinished := found.figures.unfinished_shards:
        say(f"Not finished and left out: {counted(unfinished, 'shard')}. `fusionaudio run` goes on with them.")
    typer.echo(folder)
    for told in found.figures.refused_shards.values():
        complain(told)
    if found.figures.refused_shards:
        complain(f"Refused by a gate and left out: {counted(len(found.figures.refused_shards), 'shard')}.")
        raise typer.Exit(1)
