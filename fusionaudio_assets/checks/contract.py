"""The contract: a table has exactly the columns that `tables` declares, and every value is in its range.

It stands before the SQL rules: a table that another version of the code wrote is refused here and never misread. No
override passes over it.
"""

from pathlib import Path

import polars as pl

from fusionaudio_assets.checks.rules import ERROR, Bound, Rule
from fusionaudio_assets.versions import table_of

CONTRACT = "contract"
"""Name of the rule; it has no file, and no override names it."""


def contract_rule(asset: str) -> Rule:
    """The contract of an asset's table, as a rule."""
    return Rule(
        asset=asset,
        name=CONTRACT,
        guards="The table has the columns, types and ranges that this version declares; one that another version wrote "
        "must be made anew by materialising the asset.",
        severity=ERROR,
        bound=Bound("clips", 0),
        sql="",
        path=Path(__file__),
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
