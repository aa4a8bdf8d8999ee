"""Row groups of payload files: what is read at once when a clip is read."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

ROW_GROUP = 32
"""Clips per row group of a payload file: one seek reads a batch."""
ROW_GROUP_BYTES = 64 * 2**20
"""A row group is held in memory whole: where clips are long it takes fewer."""


def regrouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of `tables` in tables of `ROW_GROUP` rows, fewer where they are large."""
    pending: list[pa.Table] = []
    rows = held = 0
    for table in tables:
        rest = table
        while rest.num_rows:
            fits = held + rest.nbytes <= ROW_GROUP_BYTES
            piece = rest.slice(0, ROW_GROUP - rows if fits else 1)
            if pending and held + piece.nbytes > ROW_GROUP_BYTES:
                yield pa.concat_tables(pending)
                pending, rows, held = [], 0, 0
            pending.append(piece)
            rows, held = rows + piece.num_rows, held + piece.nbytes
            rest = rest.slice(piece.num_rows)
            if rows == ROW_GROUP or held >= ROW_GROUP_BYTES:
                yield pa.concat_tables(pending)
                pending, rows, held = [], 0, 0
    if pending:
        yield pa.concat_tables(pending)
