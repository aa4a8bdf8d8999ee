"""Files that appear whole or not at all, and what is left of those that did not."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from resources.aside import Aside
from resources.errors import LakeError
from resources.lake import Lake


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to make files larger, which it does as on a full disk: when the buffer is flushed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_flush_that_fails_leaves_nothing_and_names_the_file(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    writer = Aside(lake.fs, str(tmp_path / "small.json"))
    with (
        files_at_most(10),
        pytest.raises(LakeError, match=r"small\.json cannot be written: File too large"),
        writer as s,
    ):
        s.write(b"x" * 100)
    assert list(tmp_path.iterdir()) == []
    assert writer.stream.closed


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    left = [".s-1.parquet.0123abcd", "audio/.s-1-77.parquet.0123abcd"]
    kept = ["s-1.parquet", ".s-10.parquet.0123abcd", ".lock", "audio/s-1-77.parquet", "audio/.s-1-note"]
    for name in left + kept:
        path = tmp_path / "clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    lake.sweep("clips", "s-1")
    assert sorted(str(path.relative_to(tmp_path / "clips")) for path in tmp_path.rglob("*.*")) == sorted(kept)
    lake.sweep("clips")
    assert not (tmp_path / "clips" / ".s-10.parquet.0123abcd").exists()
    lake.sweep("nothing")
