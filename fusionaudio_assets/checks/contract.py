"""The contract: a table has exactly the columns that `tables` declares, and every value is in its range.

It stands before the SQL rules: a table that another version of the code wrote is refused here and never misread. No
override passes over it.
"""

from pathlib import Path

import dataframely as dy
import polars as pl

from fusionaudio_assets import tables
from fusionaudio_assets.checks.rules import ERROR, Bound, Rule
from fusionaudio_assets.tables import polars_schema
from resources.errors import LakeError, SettingError

TABLES: dict[str, type[dy.Schema]] = {
    "manifest": tables.Manifest,
    "raw_clips": tables.RawClips,
    "tags": tables.Tags,
    "stems": tables.Stems,
    "transcripts": tables.Transcripts,
    "sound_captions": tables.SoundCaptions,
    "music_captions": tables.MusicCaptions,
    "visual_captions": tables.VisualCaptions,
    "fused_captions": tables.FusedCaptions,
    "caption_scores": tables.CaptionScores,
    "qa_pairs": tables.QaPairs,
    "filtered_dataset": tables.FilteredDataset,
}
"""Declared tables of a shard by the name under which they lie in the lake."""


def contract_rule(asset: str) -> Rule:
    """The contract of an asset's table, as a rule."""
    return Rule(
        asset=asset,
        name="contract",
        guards="The table has the columns, types and ranges that this version declares; one that another version wrote "
        "must be made anew by materialising the asset.",
        severity=ERROR,
        bound=Bound("clips", 0),
        sql="",
        path=Path(__file__),
    )


def table_of(asset: str) -> type[dy.Schema]:
    """The declaration of an asset's table.

    Raises:
        SettingError: Nothing is declared under this name.
    """
    if asset not in TABLES:
        raise SettingError(f"No table of {asset!r} is declared.", hint="Add it to TABLES in checks/contract.py.")
    return TABLES[asset]


def differences(asset: str, frame: pl.DataFrame) -> list[str]:
    """How a table's columns differ from those declared, one sentence each; their order does not matter."""
    declared, found = polars_schema(table_of(asset)), frame.schema
    missing = [f"The column {name} is missing." for name in declared if name not in found]
    unknown = [f"The column {name} is not declared." for name in found if name not in declared]
    changed = [
        f"The column {name} is {found[name]}, declared is {declared[name]}."
        for name in declared
        if name in found and found[name] != declared[name]
    ]
    return [*missing, *unknown, *changed]


def check_columns(asset: str, shard: str, frame: pl.DataFrame) -> None:
    """Refuse to read a table of another version.

    Raises:
        LakeError: It has other columns than those declared.
    """
    if found := differences(asset, frame):
        raise LakeError(
            f"{asset} of shard {shard} was written by another version of fusionaudio. {' '.join(found)}",
            hint=f"Materialise {asset} of this shard again."
            if asset != "manifest"
            else "Use the version that made the lake, or ingest the clips into a new one.",
        )


def out_of_range(asset: str, frame: pl.DataFrame) -> tuple[int, list[str]]:
    """Rows that break a declared range, key or choice.

    Args:
        asset: The asset.
        frame: Its table, with the declared columns.

    Returns:
        Number of rows, and one sentence for every broken declaration.
    """
    _, failure = table_of(asset).filter(frame)
    told = [f"{name} is broken by {count} row(s)." for name, count in sorted(failure.counts().items())]
    return len(failure), told
