"""`fusionaudio export`."""

from pathlib import Path

import typer

from fusionaudio_assets.cli.console import err, say
from fusionaudio_assets.release import write_export
from fusionaudio_assets.workspace import Workspace


def export(lake: str, folder: Path, form: str, *, with_audio: bool) -> None:
    """Write the kept clips in one format and print the folder."""
    workspace = Workspace.open(lake)
    with err.status("Writing"):
        found = write_export(workspace.lake, workspace.profile, folder, form, with_audio=with_audio)
    say(f"{found.figures.kept} of {found.figures.clips} clips, version {found.version}.")
    if found.figures.unfinished_shards:
        say(f"{found.figures.unfinished_shards} shards are not finished and were left out: `fusionaudio run`.")
    typer.echo(folder)
