"""Options that mean the same in every command that takes them."""

from typing import Annotated

import typer

LakeOption = Annotated[
    str, typer.Option("--lake", envvar="FUSIONAUDIO_LAKE", metavar="DIR", help="Folder or s3:// URI of the lake.")
]
OverrideOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ASSET/RULE=REASON",
        help="Go on although this rule is broken; the reason stays on record. May be repeated.",
    ),
]
ShardOption = Annotated[
    list[str] | None, typer.Option("--shard", metavar="KEY", help="Only this shard; may be repeated.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
