"""The decoder pool: order, and what becomes of clips whose decoder hangs, dies or eats memory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import forkserver, get_context
from pathlib import Path

import numpy as np
import pytest

from resources.audio import decode_flac, samples_sha256
from resources.errors import ClipError
from resources.media import DecodeRequest, DecoderPool, MediaSettings, PreparedClip, decode_clip, pool
from tests.resources.media import EXAMPLES
from tests.resources.synthetic_media import chirp, write_pcm

real_prepare_clip = pool.prepare_clip
SILENCE = EXAMPLES / "silence.wav"


def prepare_or_misbehave(request: DecodeRequest, settings: MediaSettings) -> PreparedClip:
    """Do what a clip's name says a bad decoder does."""
    match request.path.stem:
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "segfault_once":
            marker = request.path.with_suffix(".seen")
            if not marker.exists():
                marker.touch()
                os.kill(os.getpid(), signal.SIGSEGV)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(1000)
        case "memory":
            np.ones(4 * settings.worker_memory_mb * 2**18, np.float32)
        case "bug":
            raise ZeroDivisionError("a fault of the code, not of the clip")
    return real_prepare_clip(request, settings)


def work_badly(request: DecodeRequest, settings: MediaSettings) -> PreparedClip | ClipError:
    """In a worker: the real work around `prepare_or_misbehave`."""
    pool.prepare_clip = prepare_or_misbehave
    return real_work(request, settings)


real_work = pool._work


@pytest.fixture
def bad_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecoderPool]:
    monkeypatch.setattr(pool, "_work", work_badly)
    with DecoderPool(MediaSettings(workers=2, worker_memory_mb=1500)) as decoders:
        yield decoders


@pytest.fixture
def clips(tmp_path: Path) -> list[DecodeRequest]:
    return [
        DecodeRequest(write_pcm(tmp_path / f"{index:02d}.wav", chirp(0.2 + 0.01 * index, 8000), 8000))
        for index in range(20)
    ]


def named(request: DecodeRequest, stem: str) -> DecodeRequest:
    return DecodeRequest(request.path.rename(request.path.with_stem(stem)))


def reasons(results: list[PreparedClip | ClipError]) -> list[str]:
    return [result.reason if isinstance(result, ClipError) else "ok" for result in results]


def test_results_come_in_order(clips: list[DecodeRequest]) -> None:
    with DecoderPool(MediaSettings(workers=2)) as decoders:
        for _ in range(2):
            results = list(decoders.decode_many(clips))
            assert [result.num_samples for result in results if isinstance(result, PreparedClip)] == [
                1600 + 80 * index for index in range(20)
            ]


def test_a_clip_is_what_it_is_in_this_process() -> None:
    path = EXAMPLES / "terminal_speaker.mp4"
    with DecoderPool(MediaSettings(workers=1)) as decoders:
        (clip,) = decoders.decode_many([DecodeRequest(path)])
    assert isinstance(clip, PreparedClip)
    audio, rate = decode_flac(clip.flac)
    direct = decode_clip(path)
    np.testing.assert_allclose(audio, direct.audio.clip(-1, 1), atol=2**-23)
    assert clip.samples_sha256 == samples_sha256(audio, rate) == samples_sha256(direct.audio, rate)
    assert clip.loudness_lufs is not None
    assert -40 < clip.loudness_lufs < -10
    assert -20 < clip.peak_db <= 3
    assert clip.key_frames == direct.key_frames


def test_bad_clips_are_results_like_any_other() -> None:
    with DecoderPool(MediaSettings(workers=1)) as decoders:
        results = list(
            decoders.decode_many(
                DecodeRequest(EXAMPLES / name) for name in ["notes.wav", "silence.wav", "truncated.mp4"]
            )
        )
    assert reasons(results) == ["unknown_format", "ok", "truncated"]
    silence = results[1]
    assert isinstance(silence, PreparedClip)
    assert (silence.loudness_lufs, silence.peak_db) == (None, -120.0)


def test_changed_bytes_are_noticed(clips: list[DecodeRequest]) -> None:
    with DecoderPool(MediaSettings(workers=1)) as decoders:
        (result,) = decoders.decode_many([DecodeRequest(clips[0].path, sha256="0" * 64)])
    assert isinstance(result, ClipError)
    assert (result.reason, result.permanent) == ("changed", False)


def test_one_death_costs_one_clip(bad_pool: DecoderPool, clips: list[DecodeRequest]) -> None:
    clips[5] = named(clips[5], "segfault")
    results = list(bad_pool.decode_many(clips))
    assert reasons(results) == ["ok"] * 5 + ["crashed"] + ["ok"] * 14
    error = results[5]
    assert isinstance(error, ClipError)
    assert error.permanent
    assert "segfault.wav" in str(error)


def test_a_decoder_that_the_kernel_kills_says_nothing_for_good(
    bad_pool: DecoderPool, clips: list[DecodeRequest]
) -> None:
    (error,) = bad_pool.decode_many([named(clips[5], "killed")])
    assert isinstance(error, ClipError)
    assert error.reason == "crashed"
    assert not error.permanent
    assert "was killed from outside at 'killed.wav'" in str(error)


def test_a_death_that_was_not_the_clips_fault_costs_nothing(bad_pool: DecoderPool, clips: list[DecodeRequest]) -> None:
    clips[5] = named(clips[5], "segfault_once")
    assert reasons(list(bad_pool.decode_many(clips))) == ["ok"] * 20


def test_many_deaths(bad_pool: DecoderPool, clips: list[DecodeRequest]) -> None:
    bad = {0, 1, 9, 10, 19}
    for index in bad:
        folder = clips[index].path.parent / f"{index}"
        folder.mkdir()
        clips[index] = DecodeRequest(clips[index].path.rename(folder / "segfault.wav"))
    expected = ["crashed" if index in bad else "ok" for index in range(20)]
    assert reasons(list(bad_pool.decode_many(clips))) == expected


def test_one_hanging_clip_is_given_up(monkeypatch: pytest.MonkeyPatch, clips: list[DecodeRequest]) -> None:
    monkeypatch.setattr(pool, "_work", work_badly)
    clips[3] = named(clips[3], "hang")
    with DecoderPool(MediaSettings(workers=2, timeout_s=4.0)) as decoders:
        results = list(decoders.decode_many(clips))
    assert reasons(results) == ["ok"] * 3 + ["timeout"] + ["ok"] * 16
    assert isinstance(results[3], ClipError)
    assert not results[3].permanent


def test_one_greedy_clip_is_refused(bad_pool: DecoderPool, clips: list[DecodeRequest]) -> None:
    clips[3] = named(clips[3], "memory")
    assert reasons(list(bad_pool.decode_many(clips))) == ["ok"] * 3 + ["too_large"] + ["ok"] * 16


def test_a_fault_of_the_code_is_not_blamed_on_the_clip(bad_pool: DecoderPool, clips: list[DecodeRequest]) -> None:
    with pytest.raises(ZeroDivisionError):
        list(bad_pool.decode_many([*clips[:3], named(clips[3], "bug")]))


def test_all_workers_killed_from_outside(clips: list[DecodeRequest]) -> None:
    """As the kernel does when memory runs out, at whatever the workers are doing, or while they do nothing."""
    with DecoderPool(MediaSettings(workers=2)) as decoders:
        assert reasons(list(decoders.decode_many(clips))) == ["ok"] * 20
        for pid in _children(decoders):
            os.kill(pid, signal.SIGKILL)
        assert reasons(list(decoders.decode_many(clips))) == ["ok"] * 20


def test_the_script_of_the_process_is_not_run_again() -> None:
    """Not even one without a guard, or from standard input, which could not be read a second time."""
    script = f"""
from pathlib import Path
from resources.media import DecodeRequest, DecoderPool, MediaSettings
print("ran")
with DecoderPool(MediaSettings(workers=1)) as pool:
    print(*(type(found).__name__ for found in pool.decode_many([DecodeRequest(Path({str(SILENCE)!r}))])))
"""
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.split() == ["ran", "PreparedClip"]


def _decode_and_forget() -> None:
    decoders = DecoderPool(MediaSettings(workers=1))
    assert reasons(list(decoders.decode_many([DecodeRequest(SILENCE)]))) == ["ok"]
    pool.kept = decoders  # type: ignore[attr-defined]


def test_a_process_of_multiprocessing_ends_though_its_pool_was_not_closed() -> None:
    """Each run of Dagster's is such a process: it would keep its models in memory for ever."""
    process = get_context("spawn").Process(target=_decode_and_forget)
    process.start()
    process.join(timeout=300)
    alive = process.is_alive()
    process.kill()
    assert not alive
    assert process.exitcode == 0


def test_stopping_midway_leaves_the_pool_usable(clips: list[DecodeRequest]) -> None:
    with DecoderPool(MediaSettings(workers=2)) as decoders:
        results = decoders.decode_many(clips)
        next(results)
        results.close()  # type: ignore[attr-defined]
        assert reasons(list(decoders.decode_many(clips))) == ["ok"] * 20
        decoders.close()
        assert reasons(list(decoders.decode_many(clips[:2]))) == ["ok"] * 2


def _children(decoders: DecoderPool) -> list[int]:
    assert decoders._pool is not None
    return list(decoders._pool._pool_manager.worker_manager.workers)


def test_ctrl_c_is_for_the_parent_alone(clips: list[DecodeRequest]) -> None:
    """A terminal sends it to the whole group: neither the fork server, even while it imports, nor a worker heeds it."""
    with DecoderPool(MediaSettings(workers=1)) as decoders:
        list(decoders.decode_many(clips[:1]))
        server = vars(forkserver._forkserver)["_forkserver_pid"]
        status = Path(f"/proc/{server}/status").read_text()
    (blocked,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk"))
    assert blocked & 1 << (signal.SIGINT - 1)


def test_cores_where_the_system_does_not_say_which_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert DecoderPool(MediaSettings()).workers == os.cpu_count()
