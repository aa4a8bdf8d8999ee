"""`fusionaudio show`: find a clip and gather all that is known about it."""

import json
from typing import Any

import polars as pl
import typer

from fusionaudio_assets import ledger
from fusionaudio_assets.cli.clip_view import clip_view
from fusionaudio_assets.cli.console import out, printable
from fusionaudio_assets.overrides import read_overrides
from fusionaudio_assets.tables import TABLES
from fusionaudio_assets.versions import check_columns
from resources.errors import SettingError
from resources.lake import Lake

_MIN_PREFIX = 4
_MOST_LISTED = 10
_FIND = """
    SELECT clip_id, shard, sources, start_s, end_s,
        CASE
            WHEN clip_id = $1 THEN 1
            WHEN list_contains(sources, $1) OR path = $1 THEN 2
            WHEN length($1) >= $2 AND starts_with(clip_id, lower($1)) THEN 3
            ELSE 4
        END AS rank
    FROM manifest
    WHERE rank < 4 OR len(list_filter(sources, lambda s: parse_filename(s) = $1 OR parse_filename(s, true) = $1)) > 0
    QUALIFY rank = min(rank) OVER ()
    ORDER BY sources, start_s
"""
"""What a user may mean, the surest first: the id, a source's name, a prefix of the id, a source's bare file name."""


def show(lake_uri: str, clip: str, *, as_json: bool) -> None:
    """Print everything that is known about a clip."""
    lake = Lake(lake_uri)
    known = gather(lake, *find(lake, clip))
    if as_json:
        typer.echo(json.dumps(known, ensure_ascii=False))
    else:
        out.print(clip_view(known))


def find(lake: Lake, clip: str) -> tuple[str, str]:
    """Id and shard of the one clip that is meant.

    Raises:
        SettingError: There is none, or several.
    """
    found = ledger.query(lake, _FIND, (clip, _MIN_PREFIX))
    if found.is_empty():
        raise SettingError(
            f"The lake at {lake.uri} holds no clip {printable(clip)!r}.",
            hint=f"Give an id, {_MIN_PREFIX} or more of its first characters, or the name of a source.",
        )
    if found.height > 1:
        listed = ", ".join(_candidate(row) for row in found.head(_MOST_LISTED).to_dicts())
        more = f" and {found.height - _MOST_LISTED} more" if found.height > _MOST_LISTED else ""
        raise SettingError(f"{printable(clip)!r} may mean {listed}{more}.", hint="Give the id of one.")
    row = found.row(0, named=True)
    return row["clip_id"], row["shard"]


def gather(lake: Lake, clip_id: str, shard: str) -> dict[str, Any]:
    """One object with a key for each asset, null where it is not made.

    `clip_id` and `shard` stand before them, and `overrides` after: the rules that were passed over for the shard.

    Raises:
        LakeError: A table cannot be read, or another version wrote it.
    """
    rows = {asset: _row(lake, asset, shard, clip_id) for asset in TABLES}
    made = {stage: [shard] for stage in ledger.STAGES if rows[stage] is not None}
    overrides = read_overrides(lake, made).drop("shard").to_dicts()
    return {"clip_id": clip_id, "shard": shard} | rows | {"overrides": overrides}


def _row(lake: Lake, asset: str, shard: str, clip_id: str) -> dict[str, Any] | None:
    table = lake.read_table(asset, shard)
    if table is None:
        return None
    check_columns(asset, shard, table)
    found = table.filter(pl.col("clip_id") == clip_id).drop("clip_id")
    # By way of JSON: 32-bit floats come out as short as they were meant, and what is not a number as null.
    return json.loads(found.write_ndjson()) if found.height else None


def _candidate(row: dict[str, Any]) -> str:
    bounds = "" if row["start_s"] is None else f" from {row['start_s']:g} s"
    return f"{row['clip_id']} ({printable(', '.join(row['sources'] or []))}{bounds})"
