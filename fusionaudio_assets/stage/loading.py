"""Loading: payloads are read and decoded ahead of the model, in a thread of their own."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage.account import Account
from fusionaudio_assets.stage.plan import Pending
from fusionaudio_assets.stage.spec import Job, Models, Stage
from resources.errors import ClipError, LakeError
from resources.lake import Lake
from resources.payload_reader import PayloadReader
from resources.profile import StageProfile

AHEAD = 2
"""Batches that are loaded while one is computed: enough to hide decoding, and memory stays bounded."""


def loaded(
    stage: Stage[Any, Any], todo: Sequence[Pending], lake: Lake, profile: StageProfile, account: Account
) -> Iterator[tuple[Sequence[Pending], list[Job | ClipError]]]:
    """Batches with their payloads, `AHEAD` of them loaded in a thread while the caller computes."""
    account.audio_s += sum(pending.work.audio_s for pending in todo)
    loader = _Loader(stage, lake, Models(profile.models), account)
    size = max(len(todo), 1) if stage.together else profile.batch_size
    batches = [todo[i : i + size] for i in range(0, len(todo), size)]
    with ThreadPoolExecutor(1, thread_name_prefix=f"load-{stage.name}") as pool:
        waiting: list[Future[list[Job | ClipError]]] = [pool.submit(loader.load, batch) for batch in batches[:AHEAD]]
        try:
            for index, batch in enumerate(batches):
                if index + AHEAD < len(batches):
                    waiting.append(pool.submit(loader.load, batches[index + AHEAD]))
                with account.timed("wait"):
                    jobs = waiting.pop(0).result()
                yield batch, jobs
        finally:
            for future in waiting:
                future.cancel()


class _Loader:
    """Reads and prepares the payloads of a batch; used by one thread."""

    def __init__(self, stage: Stage[Any, Any], lake: Lake, models: Models, account: Account) -> None:
        self.stage, self.lake, self.models, self.account = stage, lake, models, account
        self._open: dict[tuple[str, str, str], PayloadReader] = {}

    def load(self, batch: Sequence[Pending]) -> list[Job | ClipError]:
        with self.account.timed("load"):
            return [self._job(pending) for pending in batch]

    def _job(self, pending: Pending) -> Job | ClipError:
        job = Job(pending.clip_id, pending.work.inputs, pending.work.locator)
        payloads = {}
        for name, ref in pending.work.payloads.items():
            key = (ref.asset, ref.payload, ref.file)
            if key not in self._open:
                self._open[key] = self.lake.open_payload(*key)
            payloads[name] = self._open[key].read(pending.clip_id)
        try:
            job.prepared = self.stage.prepare(payloads, job, self.models)
        except LakeError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises on one payload costs one clip
            return ClipError(Reason.CORRUPT.value, f"{type(error).__name__}: {error}", permanent=False)
        return job
