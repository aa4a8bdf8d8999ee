"""The sensor may die at any moment: no clip is lost, and none runs twice."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fusionaudio_assets.shards import MANIFEST
from sensors.inbox import run_key
from tests.properties import examples
from tests.sensors.conftest import SEAL_AFTER_S, SETTLE_S, Daemon, make_daemon

WRITES = ("write_text", "write_frame", "delete")


class Killed(BaseException):
    """The process dies here."""


class Restarts(RuleBasedStateMachine):
    """Files come, change, are copied and go; looks die anywhere; what is known and the cursor are lost."""

    @initialize()
    def start(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.daemon = make_daemon(self.root)
        self.taken: set[str] = set()
        """Hashes of all clips that ever were in a manifest."""
        self.versions: set[str] = set()
        """Run keys of all manifests that ever stood."""
        write_table = self.daemon.lake.write_table

        def noted(asset: str, shard: str, *args: Any, **options: Any) -> None:
            try:
                write_table(asset, shard, *args, **options)
            finally:
                self.versions |= {run_key(self.daemon.lake, key) for key in self.daemon.lake.shards() if key == shard}

        setattr(self.daemon.lake, "write_table", noted)  # noqa: B010 - a method of this one object

    @rule(name=st.integers(0, 9), content=st.binary(min_size=1, max_size=1))
    def drop(self, name: int, content: bytes) -> None:
        """A new file, a changed one or a copy of one that stands."""
        self.daemon.drop(f"{name}.wav", content)

    @rule(first=st.integers(10, 99), count=st.integers(1, 6))
    def drop_many(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            self.daemon.drop(f"{number}.wav", b"many %d" % number)

    @rule(after_s=st.sampled_from([1, SETTLE_S, SEAL_AFTER_S, -3600]))
    def look(self, after_s: float) -> None:
        """The next look; a clock may be set back between two."""
        self.daemon.tick(after_s)

    @rule(step=st.integers(1, 14), gone=st.booleans())
    def die_while_writing(self, step: int, gone: bool) -> None:
        """A look dies that had much to do; perhaps its files are gone before the next one."""
        self.daemon.tick()
        _tick_dying_at(step, self.daemon, SEAL_AFTER_S)
        if gone:
            for path in self.daemon.folder.iterdir():
                path.unlink()

    @rule(after=st.sampled_from(["look", "partitions", "a run", "runs"]))
    def die_in_dagster(self, after: str) -> None:
        self.daemon.tick(SEAL_AFTER_S, die_after=after)

    @rule()
    def lose_what_is_known(self) -> None:
        self.daemon.forget()

    @rule()
    def lose_the_cursor(self) -> None:
        self.daemon.cursor = None

    @invariant()
    def a_clip_stays_in_one_shard(self) -> None:
        if not hasattr(self, "daemon"):
            return
        tables = [self.daemon.lake.read_table(MANIFEST, shard) for shard in self.daemon.lake.shards()]
        clips = [sha256 for table in tables if table is not None for sha256 in table["file_sha256"]]
        assert len(clips) == len(set(clips))
        assert self.taken <= set(clips)
        self.taken = set(clips)

    def teardown(self) -> None:
        if not hasattr(self, "daemon"):
            return
        standing = {path.name for path in self.daemon.folder.iterdir()}
        for _ in range(3):
            self.daemon.tick(SEAL_AFTER_S)
        assert standing <= {source for sources in self.daemon.clips().values() for source in sources}
        keys = {run_key(self.daemon.lake, shard) for shard in self.daemon.lake.shards()}
        assert keys <= set(self.daemon.runs), "every shard was run as it now is"
        assert set(self.daemon.runs) <= self.versions, "and only when its manifest was another one"
        shutil.rmtree(self.root)


@pytest.mark.parametrize("step", range(1, 13))
def test_a_look_that_dies_at_any_write_is_done_again_though_its_files_are_gone(tmp_path: Path, step: int) -> None:
    daemon = make_daemon(tmp_path)
    for number in range(6):
        daemon.drop(f"{number}.wav", b"%d" % number)
    daemon.tick()
    _tick_dying_at(step, daemon, SEAL_AFTER_S)
    begun = daemon.lake.has_file(".watch/taking.parquet") or daemon.lake.shards() != []
    if begun:
        for path in daemon.folder.iterdir():
            path.unlink()
    daemon.tick()
    daemon.tick(SEAL_AFTER_S)
    assert sorted(name for names in daemon.clips().values() for name in names) == [f"{n}.wav" for n in range(6)]
    assert sorted(daemon.runs.values()) == daemon.lake.shards() == ["shard-000001", "shard-000002"]


def _tick_dying_at(step: int, daemon: Daemon, after_s: float) -> None:
    """A look that dies before or after one of its writes, when it makes so many."""
    steps = iter(range(1, 1000))

    def dying(write: Callable[..., None]) -> Callable[..., None]:
        def wrapped(*args: Any, **options: Any) -> None:
            if next(steps) == step:
                raise Killed
            write(*args, **options)
            if next(steps) == step:
                raise Killed

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        for name in WRITES:
            patch.setattr(daemon.lake, name, dying(getattr(daemon.lake, name)))
        try:
            daemon.tick(after_s)
        except Killed:
            return


TestRestarts = Restarts.TestCase
TestRestarts.settings = settings(examples(30), stateful_step_count=20)
