"""What a stage would do to a shard: which rows stand, which are settled at once, which must be computed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage.fingerprint import Fingerprinter
from fusionaudio_assets.stage.spec import Models, Row, Skip, Stage, Work
from fusionaudio_assets.tables import TABLES, Status, polars_schema
from fusionaudio_assets.versions import check_columns
from resources.english import counted
from resources.errors import LakeError
from resources.lake import Lake
from resources.profile import Settings, StageProfile


@dataclass(frozen=True)
class Pending:
    """A clip whose row must be computed."""

    clip_id: str
    work: Work
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """What a stage would do to one shard.

    Attributes:
        shard: Key of the shard.
        clip_ids: All clips in the shard's order.
        todo: Clips to compute, in that order.
        settled: Rows that need no computing: new skips.
        reused: Rows of the table that stand, with the columns of `Stage.renewed` brought up to date.
        renew: Brings those columns of any rows of the shard up to date.
        current: The table that stands was made from what now stands above it; failures to be tried again may be in it.
        standing: That table; empty when there is none, or one of an older version.
    """

    shard: str
    clip_ids: list[str]
    todo: list[Pending]
    settled: list[Row]
    reused: pl.DataFrame
    renew: Callable[[pl.DataFrame], pl.DataFrame]
    current: bool
    standing: pl.DataFrame

    @property
    def changed(self) -> bool:
        """False when committing would change nothing."""
        return bool(self.todo) or not self.current


def plan_shard(
    stage: Stage[Any, Any], shard: str, lake: Lake, profile: StageProfile, retry: Collection[str] | None = None
) -> Plan:
    """Compare what stands in the lake with what the stage would make of what now stands above it.

    Args:
        stage: The stage.
        shard: The shard.
        lake: The lake.
        profile: What the lake's profile gives the stage.
        retry: Of the rows that failed those with one of these reasons are computed again and no others; when None,
            those whose failure is not permanent.

    Raises:
        LakeError: An upstream table is missing for this shard or does not hold its clips.
    """
    upstream = _read_upstream(stage, shard, lake)
    clip_ids = list(upstream[stage.clips_from])
    standing, schema = lake.read_table(stage.name, shard), polars_schema(stage.table)
    if standing is None or standing.schema != schema:  # rows of an older version of the table are made anew
        standing = pl.DataFrame(schema=schema)
    reusable = _reusable(standing, retry)

    derived_clips = _derive(stage, clip_ids, upstream, profile)
    stale = any(reusable.get(clip_id) != fingerprint for clip_id, _, fingerprint in derived_clips)
    if stage.together and (stale or set(standing["clip_id"]) != set(clip_ids)):
        reusable = {}
    todo: list[Pending] = []
    settled: list[Row] = []
    kept: list[str] = []
    for clip_id, derived, fingerprint in derived_clips:
        if reusable.get(clip_id) == fingerprint:
            kept.append(clip_id)
        elif isinstance(derived, Skip):
            settled.append(skipped_row(clip_id, derived, fingerprint))
        else:
            todo.append(Pending(clip_id, derived, fingerprint))

    carried = {clip: {name: row[name] for name in stage.carry} for clip, row in upstream[stage.clips_from].items()}
    renew = partial(_renewed, stage, profile.gate, carried)
    reused = renew(standing.filter(pl.col("clip_id").is_in(kept)))
    of_these = [(clip_id, fingerprint) for clip_id, _, fingerprint in derived_clips]
    current = list(zip(standing["clip_id"], standing["fingerprint"], strict=True)) == of_these and (
        renew(standing).equals(standing)
    )
    return Plan(shard, clip_ids, todo, settled, reused, renew, current, standing)


def _derive(
    stage: Stage[Any, Any], clip_ids: list[str], upstream: dict[str, dict[str, Row]], profile: StageProfile
) -> list[tuple[str, Work | Skip, str]]:
    """Work or skip of every clip, and its fingerprint."""
    fingerprinter = Fingerprinter(stage, profile)
    models = Models(profile.models)
    found = []
    for clip_id in clip_ids:
        rows = {asset: table[clip_id] for asset, table in upstream.items()}
        derived = _blocked(stage, rows) or stage.derive(rows, profile.gate, models)
        found.append((clip_id, derived, fingerprinter.of(derived)))
    return found


def _renewed(stage: Stage[Any, Any], gate: Settings, carried: dict[str, Row], frame: pl.DataFrame) -> pl.DataFrame:
    """Copy the carried columns of each clip into its row, and judge it."""
    if not stage.renewed or frame.is_empty():
        return frame
    rows = [carried[clip_id] for clip_id in frame["clip_id"]]
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in stage.carry}
    for one in stage.judged:
        seen = frame.select("status", *one.of).to_dicts()
        columns[one.column] = [one.judge(row, gate) if row["status"] == Status.OK else None for row in seen]
    schema = polars_schema(stage.table)
    return frame.with_columns(**{name: pl.Series(name, values, schema[name]) for name, values in columns.items()})


def skipped_row(clip_id: str, skip: Skip, fingerprint: str) -> Row:
    """The row of a clip that the stage is not needed for."""
    return {
        "clip_id": clip_id,
        "status": Status.SKIPPED.value,
        "reason": skip.reason.value,
        "detail": skip.detail or None,
        "permanent": False,
        "fingerprint": fingerprint,
    }


def _read_upstream(stage: Stage[Any, Any], shard: str, lake: Lake) -> dict[str, dict[str, Row]]:
    tables: dict[str, dict[str, Row]] = {}
    for asset, columns in stage.reads.items():
        common = () if asset == "manifest" else ("status", "reason")
        frame = lake.read_table(asset, shard, columns=["clip_id", *common, *columns])
        if frame is None:
            raise LakeError(
                f"{stage.name} of shard {shard} needs {asset}, which has no table for it.",
                hint=f"Materialise {asset} first, or run without --select.",
            )
        if asset in TABLES:
            check_columns(asset, shard, frame, columns)
        tables[asset] = {row["clip_id"]: row for row in frame.to_dicts()}
    clips = tables[stage.clips_from].keys()
    for asset, rows in tables.items():
        if rows.keys() != clips:
            raise LakeError(
                f"{asset} of shard {shard} holds {counted(len(rows), 'clip')}, {stage.clips_from} holds {len(clips)}.",
                hint=f"Materialise {asset} again: it was made before the shard's clips changed.",
            )
    return tables


def _blocked(stage: Stage[Any, Any], rows: dict[str, Row]) -> Skip | None:
    for asset in stage.needs:
        if rows[asset]["status"] != Status.OK:
            reason = Reason.CLIP_UNUSABLE if asset == "raw_clips" else Reason.UPSTREAM_FAILED
            return Skip(reason, f"{asset}: {rows[asset]['reason']}")
    return None


def _reusable(standing: pl.DataFrame, retry: Collection[str] | None) -> dict[str, str]:
    """Fingerprints by clip of the rows that stand: ok, skipped, or failed and not to be tried again."""
    again = ~pl.col("permanent") if retry is None else pl.col("reason").is_in(list(retry))
    good = standing.filter((pl.col("status") != Status.FAILED.value) | ~again)
    return dict(zip(good["clip_id"], good["fingerprint"], strict=True))
