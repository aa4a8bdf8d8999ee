"""Figures of what a table holds, e.g. how long its captions are: shown by shard, and compared between shards.

`measure` takes them from a table, `kept` keeps them beside it as a small file, `drift` compares a shard with the others
from these files alone, so that no table is read again for it.
"""

from fusionaudio_assets.figures.drift import DRIFT_SCHEMA, MIN_CLIPS, MIN_SHARDS, OUTLYING, drift
from fusionaudio_assets.figures.kept import current, keep, kept, refresh
from fusionaudio_assets.figures.measure import SCHEMA, as_metadata, measure

__all__ = [
    "DRIFT_SCHEMA",
    "MIN_CLIPS",
    "MIN_SHARDS",
    "OUTLYING",
    "SCHEMA",
    "as_metadata",
    "current",
    "drift",
    "keep",
    "kept",
    "measure",
    "refresh",
]
