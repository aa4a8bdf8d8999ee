"""Row groups of payload files: what is read at once when a clip is read."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

ROW_GROUP = 32
"""Clips per row group of a payload file: one seek reads a batch."""
PIECE = 8
"""Clips that stay together when row groups are filled."""
ROW_GROUP_BYTES = 64 * 2**20
"""A row group is held in memory whole: where clips are long it takes fewer."""


def regrouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of `tables` in tables of `ROW_GROUP` rows, fewer where they are large."""
    pending: list[pa.Table] = []
    rows = held = 0
    for piece in (piece for table in tables for piece in _pieces(table)):
        if pending and (rows + piece.num_rows > ROW_GROUP or held + piece.nbytes > ROW_GROUP_BYTES):
            yield pa.concat_tables(pending)
            pending, rows, held = [], 0, 0
        pending.append(piece)
        rows, held = rows + piece.num_rows, held + piece.nbytes
    if pending:
        yield pa.concat_tables(pending)


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    """A table in pieces that a row group may take: a few rows, or single ones where they are large."""
    rows = PIECE if table.nbytes * PIECE <= ROW_GROUP_BYTES * table.num_rows else 1
    return (table.slice(start, rows) for start in range(0, table.num_rows, rows))
