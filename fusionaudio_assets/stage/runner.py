"""The one way a shard is processed: plan, resume, work in batches, commit, account."""

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import chain
from typing import Any

import dataframely as dy
import polars as pl

from fusionaudio_assets.hangs import ended_when_it_hangs
from fusionaudio_assets.stage.account import Account
from fusionaudio_assets.stage.alone import rows_alone
from fusionaudio_assets.stage.attempts import Attempts
from fusionaudio_assets.stage.checkpoint import Checkpoint
from fusionaudio_assets.stage.current import CONDITIONS, conditions_of, inputs_in, mark_current
from fusionaudio_assets.stage.fingerprint import canonical_json, sha256_text
from fusionaudio_assets.stage.finishing import Finisher
from fusionaudio_assets.stage.history import record_shard
from fusionaudio_assets.stage.loading import loaded
from fusionaudio_assets.stage.plan import Pending, Plan, plan_shard
from fusionaudio_assets.stage.spec import Models, Row, Stage
from fusionaudio_assets.tables import polars_schema
from resources.bucket import Version
from resources.errors import LakeError
from resources.garbage import only_new_garbage
from resources.lake import Lake
from resources.parallel import one_thread_for_algebra
from resources.profile import StageProfile

Listener = Callable[[str, str, int, int], None]
progress_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)
"""Called with stage, shard, clips done and clips to do, after every batch."""


@dataclass(frozen=True)
class Outcome:
    """What a run of a stage over a shard left in the lake."""

    table: pl.DataFrame
    account: Account
    data_version: str


def run_shard(
    stage: Stage[Any, Any], shard: str, lake: Lake, profile: StageProfile, retry: Collection[str] | None = None
) -> Outcome:
    """Bring the table of one shard up to date; `retry` as for `plan_shard`.

    Raises:
        LakeError: Upstream is missing or not current, or the lake cannot be written.
        ModelUnavailable: A model does not work; no clip is recorded as failed for it.
        SettingError: A model's setting does not fit this machine; the same.
    """
    account = Account()
    with Checkpoint(stage, shard, lake) as checkpoint, only_new_garbage():
        with account.timed("plan"):
            conditions, standing = conditions_of(stage, shard, lake, profile), lake.version_of(stage.name, shard)
            plan = plan_shard(stage, shard, lake, profile, retry)
            resumed = checkpoint.resume(plan.todo)
        todo = [pending for pending in plan.todo if pending.clip_id not in resumed]
        account.reused, account.settled = plan.reused.height, len(plan.settled)
        account.resumed, account.computed = len(resumed), len(todo)
        if todo:
            profile.check_ready()
        done = 0
        _report(stage, shard, done, len(todo))
        with Attempts(stage, shard, lake, todo) as attempts:
            with closing(
                _rows(stage, todo, lake, profile, account=account, attempts=attempts, checkpoint=checkpoint)
            ) as batches:
                for rows in batches:
                    with account.timed("write"):
                        checkpoint.save(rows)
                    done += len(rows)
                    _report(stage, shard, done, len(todo))
            account.found = {
                f"{role}/{name}": figure
                for role, adapter in profile.models.items()
                for name, figure in adapter.figures.items()
            }
            with account.timed("write"):
                notes = {CONDITIONS: canonical_json(conditions)}
                table = _commit(stage, plan, checkpoint, lake, replaces=standing, notes=notes)
                checkpoint.clear()
                content = lake.content_of(stage.name, shard)
                mark_current(stage, shard, lake, table, inputs=inputs_in(conditions), content=content)
        record_shard(stage, shard, lake, profile, account=account, table=table)
    return Outcome(table, account, data_version(table))


def data_version(table: pl.DataFrame) -> str:
    """SHA-256 of a table's content, apart from where its payloads lie."""
    payload_files = [name for name in table.columns if name.endswith("_file")]
    return sha256_text(table.drop(payload_files).write_ndjson())


def _rows(
    stage: Stage[Any, Any],
    todo: Sequence[Pending],
    lake: Lake,
    profile: StageProfile,
    *,
    account: Account,
    attempts: Attempts,
    checkpoint: Checkpoint,
) -> Generator[list[Row]]:
    """Rows of batches or parts of them: computed here, or where runs died of one, in a process of its own."""
    if attempts.deadly:
        yield from rows_alone(stage, todo, lake, profile, account=account, checkpoint=checkpoint)
        return
    if not todo:
        return
    with (
        one_thread_for_algebra(),
        closing(loaded(stage, todo, lake, profile, account=account, attempts=attempts)) as batches,
        Finisher(stage, Models(profile.models), profile.params) as finisher,
    ):

        def at_work(portions: Iterator[list[Row]]) -> list[Row] | None:
            with account.timed("compute"), account.loading_models(), ended_when_it_hangs(profile.clip_timeout_s):
                return next(portions, None)

        for portions in chain((finisher.rows(batch, jobs) for batch, jobs in batches), [finisher.rest()]):
            while (rows := at_work(portions)) is not None:
                yield rows


def _commit(
    stage: Stage[Any, Any],
    plan: Plan,
    checkpoint: Checkpoint,
    lake: Lake,
    *,
    replaces: Version | None,
    notes: Mapping[str, str],
) -> pl.DataFrame:
    schema = polars_schema(stage.table)
    settled = pl.DataFrame(plan.settled, schema=schema)
    fresh = plan.renew(pl.concat([settled, checkpoint.rows()]))
    order = pl.DataFrame({"clip_id": plan.clip_ids}, schema={"clip_id": pl.String})
    table = order.join(pl.concat([plan.reused, fresh]), on="clip_id", how="left", maintain_order="left")
    _validate(stage, table)
    checkpoint.seal()
    before = lake.read_table(stage.name, plan.shard) if stage.payloads else None
    lake.write_table(stage.name, plan.shard, table, replaces=replaces, notes=notes)
    _sweep(stage, plan.shard, lake, [table, *([] if before is None else [before])])
    return table


def _validate(stage: Stage[Any, Any], table: pl.DataFrame) -> None:
    try:
        stage.table.validate(table)
    except dy.exc.ValidationError as error:
        raise LakeError(
            f"{stage.name} made rows that break its table's contract; nothing was committed: {error}"
        ) from error


def _sweep(stage: Stage[Any, Any], shard: str, lake: Lake, tables: Sequence[pl.DataFrame]) -> None:
    """Delete payload files that neither the new table nor the one before it refers to: readers may still hold that."""
    for payload in stage.payloads:
        column = f"{payload}_file"
        used = {file for table in tables if column in table.columns for file in table[column].drop_nulls()}
        for file in lake.payload_files(stage.name, payload, shard):
            if file not in used:
                lake.delete(f"{stage.name}/{payload}/{file}")


def _report(stage: Stage[Any, Any], shard: str, done: int, todo: int) -> None:
    listener = progress_listener.get()
    if listener is not None:
        listener(stage.name, shard, done, todo)
