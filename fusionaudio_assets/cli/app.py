"""The terminal's contract on one screen: commands, options, exit codes.

Each command is a module beside this one that is imported when the command runs, so that `fusionaudio --help` and
`fusionaudio status` do not wait for Dagster. Exit codes: 0 success, 1 failure with a message on stderr, 2 wrong usage,
130 stopped by the user.
"""

import importlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fusionaudio_assets.cli.guard import Guarded
from fusionaudio_assets.cli.options import JsonOption, LakeOption, OverrideOption, ShardOption


class _Lazy:
    """A module of this package that is imported when something in it is first used.

    Not `importlib.util.LazyLoader`, which loses a Ctrl-C that comes while it imports.
    """

    def __init__(self, name: str) -> None:
        self._name = f"fusionaudio_assets.cli.{name}"

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


if TYPE_CHECKING:
    from fusionaudio_assets.cli import audit as audit_command
    from fusionaudio_assets.cli import check as check_command
    from fusionaudio_assets.cli import demo as demo_command
    from fusionaudio_assets.cli import export as export_command
    from fusionaudio_assets.cli import failures as failures_command
    from fusionaudio_assets.cli import ingest as ingest_command
    from fusionaudio_assets.cli import lake as lake_commands
    from fusionaudio_assets.cli import models as models_commands
    from fusionaudio_assets.cli import plan as plan_command
    from fusionaudio_assets.cli import retry as retry_command
    from fusionaudio_assets.cli import run as run_command
    from fusionaudio_assets.cli import servers as servers_commands
    from fusionaudio_assets.cli import show as show_command
    from fusionaudio_assets.cli import status as status_command
    from fusionaudio_assets.cli import ui as ui_command
else:
    audit_command = _Lazy("audit")
    check_command = _Lazy("check")
    demo_command = _Lazy("demo")
    export_command = _Lazy("export")
    failures_command = _Lazy("failures")
    ingest_command = _Lazy("ingest")
    lake_commands = _Lazy("lake")
    models_commands = _Lazy("models")
    plan_command = _Lazy("plan")
    retry_command = _Lazy("retry")
    run_command = _Lazy("run")
    servers_commands = _Lazy("servers")
    show_command = _Lazy("show")
    status_command = _Lazy("status")
    ui_command = _Lazy("ui")


class Format(StrEnum):
    """Formats of `export`."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    GAMA = "gama"


app = typer.Typer(
    cls=Guarded,
    help="Turn audio and video clips into captions about sound.\n\nA lake is a folder with tables of all that is made "
    "of the clips, a shard a group of clips, a profile a choice of models. The usual way: ingest, run, show, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(invoke_without_command=True)
app.add_typer(models_app, name="models")


@app.command()
def init(
    lake: LakeOption = "lake",
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Choice of models: embedded (the default), gpu, paper or a YAML file."),
    ] = None,
) -> None:
    """Make an empty lake; `ingest` makes one as well."""
    lake_commands.init(lake, profile)


@app.command()
def profile(
    lake: LakeOption = "lake",
    replace: Annotated[
        str | None, typer.Option("--set", metavar="NAME|FILE", help="Change it; `run` computes anew what that affects.")
    ] = None,
) -> None:
    """Show the profile of the lake, which tells what model serves which stage; or change it."""
    if replace is None:
        lake_commands.show_profile(lake)
    else:
        lake_commands.set_profile(lake, replace)


@app.command()
def ingest(
    source: Annotated[Path, typer.Argument(help="A folder, a media file, a list of files, or a CSV of segments.")],
    lake: LakeOption = "lake",
    shard_size: Annotated[
        int, typer.Option(min=1, help="Most clips of a new shard, which is worked on as a whole.")
    ] = 1000,
    labels: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Labels, licences and segments of a folder's files.")
    ] = None,
) -> None:
    """Put clips into the lake and print the shards made; the lake is made when there is none."""
    ingest_command.ingest(lake, source, labels, shard_size)


@app.command()
def run(
    lake: LakeOption = "lake",
    shard: ShardOption = None,
    select: Annotated[
        str | None,
        typer.Option(
            metavar="ASSET[,ASSET]",
            help="Only these assets, parted by commas; caption_quality and dataset_release are made only when named.",
        ),
    ] = None,
    override: OverrideOption = None,
) -> None:
    """Bring the lake up to date, stage by stage; what stands is not computed again."""
    selected = None if select is None else [name.strip() for name in select.split(",")]
    run_command.run(lake, shard, selected, override or [])


@app.command()
def retry(
    lake: LakeOption = "lake",
    stage: Annotated[str | None, typer.Option(metavar="STAGE", help="Only clips that failed in this stage.")] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="REASON", help="Only clips that failed for this reason, see `failures`.")
    ] = None,
    shard: ShardOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which clips would be tried again.")] = False,
) -> None:
    """Compute failed clips again, also those that failed for good, and what follows from them."""
    retry_command.retry(lake, stage, reason, shard, dry_run=dry_run)


@app.command()
def plan(
    lake: LakeOption = "lake",
    shard: ShardOption = None,
    select: Annotated[
        str | None, typer.Option(metavar="ASSET[,ASSET]", help="Only these assets, parted by commas.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="As if this were the lake's profile; nothing is changed.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what `run` would compute, why, and how long it would take; nothing is started."""
    chosen = None if select is None else [name.strip() for name in select.split(",")]
    plan_command.plan(lake, shard, chosen, profile, as_json=as_json)


@app.command()
def status(lake: LakeOption = "lake", as_json: JsonOption = False) -> None:
    """Count clips by shard and stage: ok, skipped, failed."""
    status_command.status(lake, as_json=as_json)


@app.command()
def check(lake: LakeOption = "lake", as_json: JsonOption = False) -> None:
    """Judge all tables by the quality rules, without a run; exit code 1 when a rule that blocks is broken."""
    check_command.check(lake, as_json=as_json)


@app.command()
def audit(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE|-", help="JSONL, on each line a caption and texts about its sound; - for stdin."),
    ],
) -> None:
    """Judge captions of any origin: unsupported claims, visual and speech leaks; exit code 1 for malformed lines."""
    audit_command.audit(file)


@app.command()
def failures(lake: LakeOption = "lake", as_json: JsonOption = False) -> None:
    """List failed clips by stage and reason, with examples."""
    failures_command.failures(lake, as_json=as_json)


@app.command()
def show(
    clip: Annotated[str, typer.Argument(help="A clip's id, a prefix of it, or the name of its source.")],
    lake: LakeOption = "lake",
    as_json: JsonOption = False,
) -> None:
    """Show everything that is known about a clip."""
    show_command.show(lake, clip, as_json=as_json)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")],
    form: Annotated[
        Format, typer.Option("--format", help="Hugging Face `datasets`, lines of JSON, or what GAMA trains on.")
    ],
    lake: LakeOption = "lake",
    with_audio: Annotated[bool, typer.Option("--with-audio", help="Write the sound as well, as FLAC.")] = False,
    override: OverrideOption = None,
) -> None:
    """Write the released clips for others to load; exit code 1 when a gate kept shards out."""
    export_command.export(lake, folder, form.value, override or [], with_audio=with_audio)


@models_app.callback()
def models(
    context: typer.Context,
    lake: LakeOption = "lake",
    profile: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="List those of this profile instead of the lake's.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the models of a profile, whether their weights are here, and how to get what is missing."""
    if context.invoked_subcommand is None:
        models_commands.list_models(lake, profile, as_json=as_json)


@models_app.command()
def fetch(
    lake: LakeOption = "lake",
    profile: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Fetch for this profile instead of the lake's.")
    ] = None,
    served: Annotated[
        bool, typer.Option("--served", help="Fetch also the models behind endpoints, for the machine that serves them.")
    ] = False,
) -> None:
    """Fetch the weights that a profile needs; afterwards runs need no network."""
    models_commands.fetch(lake, profile, served=served)


@models_app.command()
def stop(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list the servers that are up.")] = False,
) -> None:
    """End the model servers that runs started on this machine and left up for the next one."""
    servers_commands.stop(dry_run=dry_run)


@app.command()
def ui(
    lake: LakeOption = "lake", port: Annotated[int, typer.Option(min=1, max=65535, help="Port of 127.0.0.1.")] = 3000
) -> None:
    """Serve the Dagster UI of the lake to this machine, until Ctrl-C."""
    ui_command.ui(lake, port)


@app.command()
def demo(lake: LakeOption = "lake") -> None:
    """Caption the example clips and print what came out."""
    demo_command.demo(lake)
