"""Tables that another version of the code wrote: told with the way out, never misread."""

from collections.abc import Iterable

import dataframely as dy
import polars as pl

from fusionaudio_assets.tables import TABLES, polars_schema
from resources.errors import LakeError, SettingError
from resources.lake_faults import way_on


def table_of(asset: str) -> type[dy.Schema]:
    """The declaration of an asset's table.

    Raises:
        SettingError: Nothing is declared under this name.
    """
    if asset not in TABLES:
        raise SettingError(
            f"No table of {asset!r} is declared.", hint="Add it to TABLES in fusionaudio_assets/tables.py."
        )
    return TABLES[asset]


def differences(asset: str, frame: pl.DataFrame, columns: Iterable[str] | None = None) -> list[str]:
    """How a table's columns differ from those declared, one sentence each; their order does not matter.

    Args:
        asset: The asset.
        frame: Its table.
        columns: Look at these only, where only they were read; else at all, and at those that are not declared.
    """
    declared, found = polars_schema(table_of(asset)), frame.schema
    wanted = list(declared if columns is None else columns)
    missing = [f"The column {name} is missing." for name in wanted if name not in found]
    unknown = [f"The column {name} is not declared." for name in found if columns is None and name not in declared]
    changed = [
        f"The column {name} is {found[name]}, declared is {declared[name]}."
        for name in wanted
        if name in found and found[name] != declared[name]
    ]
    return [*missing, *unknown, *changed]


def check_columns(asset: str, shard: str, frame: pl.DataFrame, columns: Iterable[str] | None = None) -> None:
    """Refuse to read a table of another version.

    Raises:
        LakeError: It has other columns than those declared.
    """
    if found := differences(asset, frame, columns):
        raise LakeError(
            f"{asset} of shard {shard} was written by another version of fusionaudio. {' '.join(found)}",
            hint=way_on(asset),
        )
