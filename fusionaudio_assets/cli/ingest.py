"""`fusionaudio ingest`."""

from dataclasses import dataclass
from pathlib import Path

import typer

from fusionaudio_assets.cli.console import err, say, warn
from fusionaudio_assets.cli.lake import open_or_create
from fusionaudio_assets.ingest import Collected, collect
from fusionaudio_assets.ingest.scan import printable
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.shards import DEFAULT_SHARD_SIZE, Added, add_clips
from fusionaudio_assets.workspace import Workspace
from resources.english import counted


@dataclass(frozen=True)
class Ingested:
    """What was found in a source and what became of it in the lake."""

    workspace: Workspace
    collected: Collected
    added: Added


def ingest(lake: str, source: Path, labels: Path | None, shard_size: int) -> None:
    """Put the clips of a source into the lake and print the keys of the shards made."""
    ingested = add_source(lake, source, labels, shard_size)
    _report(ingested)
    for key in ingested.added.made:
        typer.echo(key)


def add_source(lake: str, source: Path, labels: Path | None = None, shard_size: int = DEFAULT_SHARD_SIZE) -> Ingested:
    """Put the clips of a source into the lake, which is made when the source is good and there is none.

    Raises:
        SettingError: The source or the labels cannot be used; the lake is left as it was.
        LakeError: The lake cannot be written.
    """
    with err.status("Reading the source"):
        collected = collect(source, labels)
    workspace = open_or_create(lake)
    with err.status("Writing manifests"):
        added = add_clips(workspace.lake, collected.rows, shard_size)
        # Opening the instance makes the new shards partitions in it.
        open_instance(workspace.lake).dispose()
    return Ingested(workspace, collected, added)


def _report(ingested: Ingested) -> None:
    collected, added = ingested.collected, ingested.added
    for warning in collected.warnings:
        warn(warning)
    if collected.ignored:
        suffixes = ", ".join(f"{suffix or 'no suffix'} ({count})" for suffix, count in collected.ignored.most_common())
        told = counted(collected.ignored.total(), "file that is", "files that are")
        say(f"Passed over {told} not named as media: {suffixes}.")
    unread = sorted({row["path"] for row in collected.rows if row["file_sha256"] is None})
    if unread:
        told = counted(len(unread), "file is", "files are")
        warn(f"{told} not there or not readable, such as {printable(unread[0])}: clips of such files will fail.")
    merged = sum(len(row["sources"]) - 1 for row in collected.rows)
    if merged:
        say(f"{counted(merged, 'file has', 'files have')} the same bytes as another: one clip, under all its names.")
    if added.known:
        known = counted(added.known, "clip was", "clips were")
        say(f"{known} in the lake; {counted(len(added.updated), 'shard')} got new names or labels of them.")
    say(f"{counted(added.new, 'new clip')} in {counted(len(added.made), 'new shard')}.")
