"""Decode many files in worker processes, any of which may hang or die without harm to the others."""

import hashlib
import logging
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from types import TracebackType
from weakref import WeakSet

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from resources.audio import encode_flac, loudness_lufs, peak_db, samples_sha256
from resources.errors import ClipError
from resources.media.decode import decode_clip
from resources.media.files import check_file, shown
from resources.media.fork_server import start_worker, worker_context
from resources.media.types import DecodedClip, KeyFrame, MediaSettings

_logger = logging.getLogger(__name__)

_ATTEMPTS = 2
"""A clip whose decoder dies is tried once more: the first death may have been the machine's."""

_MOST_BREAKS = 5
"""A pool that breaks so often at one clip cannot work on this machine at all."""

_AHEAD = 4
"""Clips given to each worker ahead of whoever takes them, so that none waits for work; fewer when they are long."""

_MOST_HELD_BYTES = 64 * 2**20
"""Of decoded clips that wait to be taken."""

_PRELOADED = ["resources.media.pool", "pyloudnorm"]


@dataclass(frozen=True)
class DecodeRequest:
    """A file, or the segment ``[start_s, end_s)`` of it.

    Attributes:
        sha256: Of the file's bytes as they were ingested; checked when given.
    """

    path: Path
    start_s: float | None = None
    end_s: float | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class PreparedClip:
    """A decoded clip as the lake stores it. What is not described here is as in `DecodedClip`.

    Attributes:
        flac: The sound, one or two channels, 24 bits.
        num_samples: Per channel.
        samples_sha256: See `resources.audio.samples_sha256`.
        loudness_lufs: Integrated loudness; None when too short or silent.
        peak_db: Sample peak in dB of full scale before any clipping, so possibly above 0; -120 for digital silence.
    """

    flac: bytes
    num_samples: int
    duration_s: float
    samples_sha256: str
    loudness_lufs: float | None
    peak_db: float
    sample_rate_hz: int
    source_sample_rate_hz: int
    channels: int
    container: str
    audio_codec: str
    has_video: bool
    width: int | None
    height: int | None
    video_codec: str | None
    key_frames: tuple[KeyFrame, ...]
    notes: tuple[str, ...]


def prepare_clip(request: DecodeRequest, settings: MediaSettings) -> PreparedClip:
    """Decode, measure and encode one clip in this process.

    Raises:
        ClipError: As `decode_clip`, or with reason changed when the file is not the one that was ingested.
    """
    if request.sha256 is not None:
        check_file(request.path)
        with request.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != request.sha256:
            raise ClipError(
                "changed", f"{shown(request.path)} is not the file that was ingested. Ingest it anew.", permanent=False
            )
    clip = decode_clip(request.path, settings, start_s=request.start_s, end_s=request.end_s)
    return _prepared(clip)


def _prepared(clip: DecodedClip) -> PreparedClip:
    # Measured first, since that takes memory, and so does the encoded sound.
    loudness = loudness_lufs(clip.audio, clip.sample_rate_hz)
    return PreparedClip(
        flac=encode_flac(clip.audio, clip.sample_rate_hz),
        num_samples=clip.audio.shape[1],
        duration_s=clip.duration_s,
        samples_sha256=samples_sha256(clip.audio, clip.sample_rate_hz),
        loudness_lufs=loudness,
        peak_db=peak_db(clip.audio),
        sample_rate_hz=clip.sample_rate_hz,
        source_sample_rate_hz=clip.source_sample_rate_hz,
        channels=clip.channels,
        container=clip.container,
        audio_codec=clip.audio_codec,
        has_video=clip.has_video,
        width=clip.width,
        height=clip.height,
        video_codec=clip.video_codec,
        key_frames=clip.key_frames,
        notes=clip.notes,
    )


def _usable_cores() -> int:
    """Cores that this process may use; where the system does not say, as on macOS, all there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class DecoderPool(AbstractContextManager["DecoderPool"]):
    """Worker processes that decode clips.

    A worker that hangs is ended after `MediaSettings.timeout_s`, one that dies is replaced; either costs the clip it
    was at and no other. Workers start on first use.

    Example:
        >>> with DecoderPool(MediaSettings()) as pool:
        ...     for result in pool.decode_many(requests):
        ...         if isinstance(result, ClipError): ...
    """

    def __init__(self, settings: MediaSettings) -> None:
        self.settings = settings
        self.workers = settings.workers or _usable_cores()
        self._pool: ProcessPool | None = None
        _POOLS.add(self)

    def decode_many(self, requests: Iterable[DecodeRequest]) -> Iterator[PreparedClip | ClipError]:
        """Decode clips in parallel and give them back in order, a few clips ahead of whoever takes them.

        `ClipError` is given back, not raised. On top of the reasons of `prepare_clip` there are timeout (not
        permanent: the machine may have been busy) and crashed (the decoder died at the clip twice; permanent unless of
        SIGKILL, which comes from outside, as when memory runs out).

        Raises:
            BrokenProcessPool: Workers die again and again without any clip to blame.
        """
        waiting: deque[_Attempt] = deque()
        try:
            for request in requests:
                waiting.append(self._submit(request))
                while len(waiting) > _AHEAD * self.workers or (
                    sum(attempt.held_bytes for attempt in waiting) > _MOST_HELD_BYTES
                ):
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        finally:
            # Not cancelled one by one: pebble ends the worker of such a clip, and does not see it when that has just
            # taken the next one, which then would seem to hang.
            if any(not attempt.future.done() for attempt in waiting):
                self.close()

    def close(self) -> None:
        """End the workers; the pool starts new ones when it is used again."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the pool."""
        self.close()

    def _submit(self, request: DecodeRequest) -> "_Attempt":
        if self._pool is None:
            self._pool = ProcessPool(
                self.workers,
                initializer=start_worker,
                initargs=(self.settings.worker_memory_mb,),
                context=worker_context(_PRELOADED),
            )
        future = self._pool.schedule(_work, args=(request, self.settings), timeout=self.settings.timeout_s)
        return _Attempt(request, future, self._pool)

    def _result(self, attempt: "_Attempt") -> PreparedClip | ClipError:
        name = shown(attempt.request.path)
        deaths = breaks = 0
        is_own_fault = True
        while True:
            try:
                return attempt.future.result()
            except TimeoutError:
                limit_s = self.settings.timeout_s
                return ClipError("timeout", f"Decoding {name} took more than {limit_s:g} s.", permanent=False)
            except ProcessExpired as error:
                deaths += 1
                _logger.warning("The decoder died of %s: %s", name, error)
                is_own_fault = is_own_fault and error.exitcode != -signal.SIGKILL
                if deaths == _ATTEMPTS:
                    how = "died of" if is_own_fault else "was killed from outside at"
                    return ClipError("crashed", f"The decoder {how} {name}, {_ATTEMPTS} times.", permanent=is_own_fault)
            except BrokenProcessPool:
                # A worker died that pebble could pin on no clip, which ends its whole pool: nobody's fault so far.
                breaks += 1
                if breaks == _MOST_BREAKS:
                    raise
                if attempt.pool is self._pool:
                    self.close()
            attempt = self._submit(attempt.request)


_POOLS: "WeakSet[DecoderPool]" = WeakSet()


def _close_all() -> None:
    for pool in list(_POOLS):
        pool.close()


# A process that multiprocessing started, as each run of Dagster's is, waits for its children before it runs `atexit`.
Finalize(None, _close_all, exitpriority=0)


@dataclass(frozen=True)
class _Attempt:
    request: DecodeRequest
    future: "ProcessFuture[PreparedClip | ClipError]"
    pool: ProcessPool

    @property
    def held_bytes(self) -> int:
        """Size of the sound that has come back and was not taken yet."""
        if not self.future.done() or self.future.cancelled() or self.future.exception():
            return 0
        result = self.future.result()
        return len(result.flac) if isinstance(result, PreparedClip) else 0


def _work(request: DecodeRequest, settings: MediaSettings) -> PreparedClip | ClipError:
    try:
        return prepare_clip(request, settings)
    except ClipError as error:
        return error
    except MemoryError:
        # Not permanent: what a worker is given (`worker_memory_mb`) is no part of what its rows are keyed by.
        return ClipError(
            "too_large", f"{shown(request.path)} needs more memory than a decoder is given.", permanent=False
        )
