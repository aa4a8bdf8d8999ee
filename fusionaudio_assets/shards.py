"""Shards: the partitions of the graph, and the manifests that say which clips they hold.

A clip never moves. New clips make new shards; a clip that is met again keeps its shard, and its new names and labels
are united with those that stand.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import dagster as dg
import filelock
import polars as pl

from fusionaudio_assets.ingest import merge
from fusionaudio_assets.stage.spec import Row
from fusionaudio_assets.tables import Manifest, polars_schema
from fusionaudio_assets.versions import check_columns
from resources.errors import SettingError
from resources.lake import Lake

SHARDS_NAME = "shards"
SHARDS = dg.DynamicPartitionsDefinition(name=SHARDS_NAME)
PREFIX = "shard-"
MANIFEST = "manifest"
DEFAULT_SHARD_SIZE = 1000
_SCHEMA = polars_schema(Manifest)


@dataclass(frozen=True)
class Added:
    """What became of clips that were offered to a lake.

    Attributes:
        made: Keys of new shards, in order.
        updated: Keys of shards in which a known clip got a new name, label, licence or split.
        new: Number of clips that were not known.
        known: Number of clips that were.
        holding: Keys of all shards, new and old, that hold an offered clip.
    """

    made: list[str]
    updated: list[str]
    new: int
    known: int
    holding: list[str]


def add_clips(lake: Lake, rows: Sequence[Row], shard_size: int = DEFAULT_SHARD_SIZE) -> Added:
    """Put clips into the lake's shards.

    Args:
        lake: The lake.
        rows: Rows of the table `Manifest`, one per clip.
        shard_size: Most clips of a new shard.

    Raises:
        SettingError: The shard size is not positive.
        LakeError: The lake cannot be written.
    """
    if shard_size < 1:
        raise SettingError(f"The shard size is {shard_size}.", hint="Give 1 or more; hundreds to thousands work well.")
    with _exclusive(lake):
        lake.sweep(MANIFEST)
        shard_of = _known_clips(lake)
        again = [row for row in rows if row["clip_id"] in shard_of]
        new = [row for row in rows if row["clip_id"] not in shard_of]
        updated = _update(lake, again, shard_of)
        made = []
        number = _last_number(lake)
        for start in range(0, len(new), shard_size):
            number += 1
            key = f"{PREFIX}{number:06d}"
            lake.write_table(MANIFEST, key, pl.DataFrame(new[start : start + shard_size], schema=_SCHEMA))
            made.append(key)
        holding = sorted({*made, *(shard_of[row["clip_id"]] for row in again)})
    return Added(made, updated, len(new), len(again), holding)


def register_shards(instance: dg.DagsterInstance, keys: Iterable[str]) -> None:
    """Make the shards partitions of the Dagster instance; those that are there stay."""
    known = set(instance.get_dynamic_partitions(SHARDS_NAME))
    missing = [key for key in keys if key not in known]
    if missing:
        instance.add_dynamic_partitions(SHARDS_NAME, missing)


def _exclusive(lake: Lake) -> AbstractContextManager[object]:
    """One writer of manifests at a time, so that no clip lands in two shards. A bucket has one ingesting machine."""
    if not lake.is_local:
        return nullcontext()
    lake.make_folder(MANIFEST)
    return filelock.FileLock(f"{lake.root}/{MANIFEST}/.lock")


def _known_clips(lake: Lake) -> dict[str, str]:
    known: dict[str, str] = {}
    for key in lake.shards(MANIFEST):
        known.update(dict.fromkeys(lake.read_frame(f"{MANIFEST}/{key}.parquet", ["clip_id"])["clip_id"], key))
    return known


def _update(lake: Lake, again: Sequence[Row], shard_of: dict[str, str]) -> list[str]:
    by_shard: dict[str, dict[str, Row]] = {}
    for row in again:
        by_shard.setdefault(shard_of[row["clip_id"]], {})[row["clip_id"]] = row
    updated = []
    for key, offered in sorted(by_shard.items()):
        standing = lake.read_table(MANIFEST, key)
        assert standing is not None
        check_columns(MANIFEST, key, standing)
        rows = [
            merge(row, offered[row["clip_id"]]) if row["clip_id"] in offered else row for row in standing.to_dicts()
        ]
        frame = pl.DataFrame(rows, schema=_SCHEMA)
        if not frame.equals(standing):
            lake.write_table(MANIFEST, key, frame)
            updated.append(key)
    return updated


def _last_number(lake: Lake) -> int:
    numbers = [int(key.removeprefix(PREFIX)) for key in lake.shards(MANIFEST) if key.removeprefix(PREFIX).isdecimal()]
    return max(numbers, default=0)
