"""New files under the watched folder become shards, partitions and runs.

Only shards that hold a file of the watched folder are run: what is ingested by hand elsewhere becomes a partition
here, so that the UI shows it, and is run by hand.
"""

import os
import time

import dagster as dg

from fusionaudio_assets.shards import SHARDS, SHARDS_NAME
from fusionaudio_assets.workspace import LakeResource
from resources.lake import Lake
from sensors.inbox import Busy, Inbox
from sensors.watch import WATCH_FILE, watched

IDLE_LOOK_EVERY_S = 30
"""How often is looked whether a folder is watched by now."""


def new_clips_sensor(job: str, look_every_s: int) -> dg.SensorDefinition:
    """The sensor that feeds `job`, a job over `SHARDS`.

    It is on from the start, since a folder is only watched when the lake says so.
    """

    @dg.sensor(
        name="new_clips",
        job_name=job,
        minimum_interval_seconds=look_every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Makes shards and runs of new files under the folder that the lake's {WATCH_FILE} names.",
    )
    def new_clips(context: dg.SensorEvaluationContext, lake: LakeResource) -> dg.SensorResult | dg.SkipReason:
        return evaluate(context, Lake(lake.uri), time.time())

    return new_clips


def evaluate(context: dg.SensorEvaluationContext, lake: Lake, now_s: float) -> dg.SensorResult | dg.SkipReason:
    """One look. The cursor is the id of the last run that was requested; all else is in the lake.

    Dagster adds the partitions, then starts the runs, then keeps the cursor. A look that dies in between is resumed
    by Dagster, or its runs are owed again under the same keys, which start nothing twice.
    """
    if not lake.exists:
        return dg.SkipReason(f"There is no lake at {lake.uri}. Make one with `fusionaudio init`.")
    settings = watched(lake)
    if settings is None:
        return dg.SkipReason(f"No folder is watched. Write `folder: /absolute/path` into {lake.uri}/{WATCH_FILE}.")
    inbox = Inbox(lake, settings)
    try:
        with inbox.held():
            inbox.settle(context.cursor)
            message = _look(context, inbox, now_s)
            owed = inbox.owed()
    except Busy as error:
        return dg.SkipReason(str(error))
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=run.run_key, partition_key=run.shard) for run in owed],
        skip_reason=None if owed else message,
        dynamic_partitions_requests=_new_partitions(context.instance, lake),
        cursor=owed[-1].id if owed else context.cursor,
    )


def _look(context: dg.SensorEvaluationContext, inbox: Inbox, now_s: float) -> str:
    """Look once and say what was seen."""
    folder = inbox.settings.folder
    if not (os.access(folder, os.R_OK | os.X_OK) and folder.is_dir()):
        return f"The watched folder {folder} is not there, or may not be read."
    sight = inbox.look(now_s)
    for sentence in sight.refused:
        context.log.warning(sentence)
    return (
        f"Files in {folder}: {sight.arriving:,} arriving, {sight.waiting:,} waiting for a shard of "
        f"{inbox.settings.shard_size:,} or for {inbox.settings.seal_after_s:g} s, {sight.taken:,} taken."
    )


def _new_partitions(instance: dg.DagsterInstance, lake: Lake) -> list[dg.AddDynamicPartitionsRequest]:
    """Partitions for shards that Dagster does not know, however they were made."""
    known = set(instance.get_dynamic_partitions(SHARDS_NAME))
    missing = [key for key in lake.shards() if key not in known]
    return [SHARDS.build_add_request(missing)] if missing else []
