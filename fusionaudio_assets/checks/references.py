"""Relations that rules see beside the tables of a shard: what values are compared with."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from fusionaudio_assets.reasons import OF_THE_MEDIUM
from resources.ontology import load_ontology


@dataclass(frozen=True)
class Reference:
    """A relation of one column of strings; loaded only where a rule mentions it.

    Attributes:
        column: Name of the column.
        load: Returns its values.
    """

    column: str
    load: Callable[[], tuple[str, ...]]

    @property
    def empty(self) -> pl.DataFrame:
        """The relation without rows: enough to bind a query, and no weights are needed."""
        return pl.DataFrame(schema={self.column: pl.String})

    def frame(self) -> pl.DataFrame:
        """The relation.

        Raises:
            WeightsMissing: What it is read from has not been fetched.
        """
        return pl.DataFrame({self.column: list(self.load())}, schema={self.column: pl.String})


REFERENCES = {
    "audioset": Reference("name", lambda: load_ontology().names),
    "media_reasons": Reference("reason", lambda: tuple(sorted(OF_THE_MEDIUM))),
}
"""References by the name under which rules see them."""
