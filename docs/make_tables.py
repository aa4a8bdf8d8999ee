"""Write docs/tables.md from the declarations in `fusionaudio_assets/tables.py`: `python docs/make_tables.py`."""

from pathlib import Path

import dataframely as dy

from fusionaudio_assets import tables
from fusionaudio_assets.reasons import MEANINGS

TARGET = Path(__file__).with_name("tables.md")


def page() -> str:
    """The whole page."""
    common = set(tables.StageTable.columns())
    parts = [
        "# Tables",
        "Made from `fusionaudio_assets/tables.py` by `python docs/make_tables.py`; do not edit.",
        "## Columns of every stage's table",
        _columns(tables.StageTable, set()),
    ]
    declared = [table for table in vars(tables).values() if isinstance(table, type) and issubclass(table, dy.Schema)]
    for table in declared:
        if table is tables.StageTable:
            continue
        shown = common if issubclass(table, tables.StageTable) else set()
        parts += [f"## {table.__name__}", (table.__doc__ or "").strip(), _columns(table, shown)]
    parts += ["## Reasons", "| reason | meaning |\n|---|---|"]
    parts[-1] += "".join(f"\n| `{reason.value}` | {meaning} |" for reason, meaning in MEANINGS.items())
    return "\n\n".join(parts) + "\n"


def _columns(table: type[dy.Schema], left_out: set[str]) -> str:
    lines = ["| column | type | meaning |", "|---|---|---|"]
    for name, column in table.columns().items():
        if name not in left_out:
            lines.append(f"| `{name}` | {column.dtype} | {column.description or ''} |")
    return "\n".join(lines)


if __name__ == "__main__":
    TARGET.write_text(page())
