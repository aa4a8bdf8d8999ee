"""Loading: payloads are read and prepared ahead of the model, in threads of their own."""

import os
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage.account import Account
from fusionaudio_assets.stage.attempts import Attempts
from fusionaudio_assets.stage.isolate import STAGE_FAULTS
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Job, Models, Stage
from resources.batches import is_out_of_memory
from resources.errors import ClipError, clause
from resources.lake import Lake
from resources.payload_reader import PayloadReader
from resources.profile import StageProfile

AHEAD = 2
"""Batches that are loaded while one is computed: enough to hide decoding, and memory stays bounded."""

WORKERS = max(1, (os.cpu_count() or 1) // 2)
"""Threads that prepare payloads; the other half of the cores is left to the model, or to what feeds its device."""

BATCH_CLIP_S = 30.0
"""A batch is given no more sound than a full one of clips this long, so that long clips do not fill the memory."""


def loaded(
    stage: Stage[Any, Any],
    todo: Sequence[Pending],
    lake: Lake,
    profile: StageProfile,
    *,
    account: Account,
    attempts: Attempts,
) -> Generator[tuple[Sequence[Pending], list[Job | ClipError]]]:
    """Batches with their payloads, `AHEAD` of them loaded in a thread while the caller computes.

    What is loaded, computed or finished is noted in `attempts`: a decoder or an encoder can take this process with it
    as well as a model. Close it when it is left early: payload files are open until then.
    """
    account.audio_s += sum(pending.work.audio_s for pending in todo)
    account.heard_s += sum(map(heard_s, todo))
    loader = Loader(stage, lake, Models(profile.models), account)
    batches = batches_of(stage, todo, profile.batch_size)
    behind = 1 if stage.finish is not None else 0
    with ThreadPoolExecutor(1, thread_name_prefix=f"load-{stage.name}") as pool:
        waiting: deque[Future[list[Job | ClipError]]] = deque()
        try:
            for index, batch in enumerate(batches):
                to_load = batches[index : index + AHEAD + 1]
                attempts.begin(batches[max(0, index - behind) : index + AHEAD + 1])
                waiting.extend(pool.submit(loader.load, later) for later in to_load[len(waiting) :])
                with account.timed("wait"):
                    jobs = waiting.popleft().result()
                yield batch, jobs
        finally:
            pool.shutdown(cancel_futures=True)
            loader.close()


def heard_s(pending: Pending) -> float:
    """Seconds of the clip's medium that must be read for it."""
    return pending.work.audio_s if pending.work.payloads else 0.0


def batches_of(stage: Stage[Any, Any], todo: Sequence[Pending], size: int) -> list[Sequence[Pending]]:
    """Split clips, in order, into batches of `size`, fewer where their sound is long; all where rows depend."""
    if stage.together:
        return [todo] if todo else []
    batches: list[Sequence[Pending]] = []
    start, held_s = 0, 0.0
    for index, pending in enumerate(todo):
        loaded_s = heard_s(pending)
        if index > start and (index - start == size or held_s + loaded_s > size * BATCH_CLIP_S):
            batches.append(todo[start:index])
            start, held_s = index, 0.0
        held_s += loaded_s
    return [*batches, todo[start:]] if todo else []


class Loader:
    """Reads the payloads of a batch and has them prepared by workers; used by one thread."""

    def __init__(self, stage: Stage[Any, Any], lake: Lake, models: Models, account: Account) -> None:
        self.stage, self.lake, self.models, self.account = stage, lake, models, account
        self._open: dict[tuple[str, str, str], PayloadReader] = {}
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix=f"prepare-{stage.name}")

    def load(self, batch: Sequence[Pending]) -> list[Job | ClipError]:
        """Jobs of a batch, or what is wrong with their payloads."""
        with self.account.timed("load"):
            read = ((pending, self._payloads(pending)) for pending in batch)
            return list(self._workers.map(lambda one: self._job(*one), read))

    def close(self) -> None:
        """End the workers and close the payload files."""
        self._workers.shutdown(cancel_futures=True)
        for reader in self._open.values():
            reader.close()

    def _payloads(self, pending: Pending) -> dict[str, Any]:
        payloads = {}
        for name, ref in pending.work.payloads.items():
            key = (ref.asset, ref.payload, ref.file)
            if key not in self._open:
                self._open[key] = self.lake.open_payload(*key)
            payloads[name] = self._open[key].read(pending.clip_id)
        return payloads

    def _job(self, pending: Pending, payloads: Mapping[str, Any]) -> Job | ClipError:
        job = Job(pending.clip_id, pending.work.inputs, pending.work.locator)
        try:
            job.prepared = self.stage.prepare(payloads, job, self.models)
        except STAGE_FAULTS:
            raise
        except ClipError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises on one payload costs one clip
            reason = Reason.OUT_OF_MEMORY if is_out_of_memory(error) else Reason.CORRUPT
            return ClipError(reason.value, _undecodable(pending, error), permanent=False)
        return job


def _undecodable(pending: Pending, error: Exception) -> str:
    message = f"{type(error).__name__}: {clause(error)}."
    for ref in pending.work.payloads.values():
        message += f" It was read from {ref.asset}/{ref.payload}/{ref.file}."
        message += f" Is that damaged? Then delete the shard's table of {ref.asset} and run again."
    return message
