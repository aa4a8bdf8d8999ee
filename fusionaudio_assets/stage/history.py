"""What earlier runs took, kept in the lake: Dagster's database can be thrown away, and a forecast still knows.

    <lake>/accounts/<asset>/<shard>.json    the last runs of a stage over a shard, the newest last
    <lake>/accounts/runs.json               what the last runs from the terminal took besides

An account only serves forecasts: one that is damaged is left aside.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import polars as pl
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from fusionaudio_assets.stage.account import Account
from fusionaudio_assets.stage.fingerprint import canonical_json, sha256_text, stage_identity
from fusionaudio_assets.stage.spec import Stage
from fusionaudio_assets.tables import Status
from resources.adapter import Json
from resources.errors import LakeError, clause
from resources.lake import Lake
from resources.profile import StageProfile

FOLDER = "accounts"
_RUNS = f"{FOLDER}/runs.json"
_KEPT = 4
_DIGITS = 16

_logger = logging.getLogger(__name__)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


Record = TypeVar("Record", bound=_Record)


class ShardRun(_Record):
    """One run of a stage over a shard that computed or settled rows. Seconds are by the clock.

    Attributes:
        at: When it ended, ISO 8601.
        models: Names of the models that served it, by role.
        settings: Hash of their settings and of the parameters.
        clips: Rows of the table.
        skipped: Those of them that were not needed.
        computed: Rows that were computed.
        heard_s: Seconds of sound or pictures that were read for them; 0 where the stage works on rows alone.
        models_s: For loading models.
        plan_s: For planning, which looks at every clip of the shard.
        work_s: For waiting, computing and writing, loading of models apart.
    """

    at: str
    models: str
    settings: str
    clips: int
    skipped: int
    computed: int
    heard_s: float
    models_s: float
    plan_s: float
    work_s: float


class Overhead(_Record):
    """What a run from the terminal took besides the work of its stages.

    Attributes:
        at: When it ended, ISO 8601.
        tables: Tables that it made.
        start_s: Once, before and between them.
        table_s: For each: gates, checks and Dagster's events.
    """

    at: str
    tables: int
    start_s: float
    table_s: float


def served_by(stage: Stage[Any, Any], profile: StageProfile) -> tuple[str, str]:
    """What throughput depends on: names of the models by role, and a hash of their settings and of the parameters."""
    identity = stage_identity(stage, profile)
    names = [f"{role}: {type(adapter).__name__} {adapter.model_name}" for role, adapter in profile.models.items()]
    return ", ".join(sorted(names)), _digest({part: identity[part] for part in ("models", "params")})


def record_shard(
    stage: Stage[Any, Any], shard: str, lake: Lake, profile: StageProfile, *, account: Account, table: pl.DataFrame
) -> None:
    """Add a run to the account of a shard, unless it neither computed nor settled a row."""
    if not (account.computed or account.settled):
        return
    models, settings = served_by(stage, profile)
    seconds = account.seconds
    run = ShardRun(
        at=_now(),
        models=models,
        settings=settings,
        clips=table.height,
        skipped=table.filter(pl.col("status") == Status.SKIPPED.value).height,
        computed=account.computed,
        heard_s=round(account.heard_s, 3),
        models_s=round(account.models_s, 3),
        plan_s=round(seconds["plan"], 4),
        work_s=round(max(0.0, seconds["wait"] + seconds["compute"] + seconds["write"] - account.models_s), 4),
    )
    before = [earlier for earlier in shard_runs(lake, stage.name, shard) if earlier.computed]
    _write(lake, _name(stage.name, shard), [*before[1 - _KEPT :], run])


def shard_runs(lake: Lake, asset: str, shard: str) -> list[ShardRun]:
    """The last runs of a stage over a shard, the newest last; those that computed nothing only when they are."""
    return _read(lake, _name(asset, shard), ShardRun)


def accounted_shards(lake: Lake, asset: str) -> list[str]:
    """Keys of the shards that have an account, sorted."""
    return [name.removesuffix(".json") for name in lake.files(f"{FOLDER}/{asset}") if name.endswith(".json")]


def record_overhead(lake: Lake, tables: int, *, start_s: float, table_s: float) -> None:
    """Add what a run from the terminal took besides the work of its stages."""
    overhead = Overhead(at=_now(), tables=tables, start_s=round(start_s, 3), table_s=round(table_s, 4))
    _write(lake, _RUNS, [*overheads(lake)[1 - _KEPT :], overhead])


def overheads(lake: Lake) -> list[Overhead]:
    """What the last runs from the terminal took besides the work of their stages, the newest last."""
    return _read(lake, _RUNS, Overhead)


def _write(lake: Lake, name: str, records: Iterable[_Record]) -> None:
    lines = ",\n ".join(record.model_dump_json() for record in records)
    lake.write_text(name, f"[{lines}]\n", durable=False)


def _read(lake: Lake, name: str, kind: type[Record]) -> list[Record]:
    if not lake.has_file(name):
        return []
    try:
        return TypeAdapter(list[kind]).validate_json(lake.read_text(name))  # type: ignore[valid-type]
    except (LakeError, UnicodeDecodeError, ValidationError) as error:
        _logger.warning("The account %s is left aside: %s", name, clause(error))
        return []


def _name(asset: str, shard: str) -> str:
    return f"{FOLDER}/{asset}/{shard}.json"


def _digest(value: Json) -> str:
    return sha256_text(canonical_json(value))[:_DIGITS]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
