"""Two runs at once, in two processes: one is told that the other is at it, and nothing is mixed."""

import signal
from pathlib import Path

from tests.recovery.lakes import SELECT, differences, payloads
from tests.recovery.moments import Moment
from tests.recovery.terminal import Terminal, leftovers


def test_the_second_is_refused_the_shard_that_the_first_is_at(shell: Terminal, lake: Path, finished: Path) -> None:
    command = ["run", "--lake", lake, "--select", SELECT]
    first = shell.run(*command, at=Moment("batch saved", "raw_clips"), send=signal.SIGSTOP)
    assert first.code is None, first.output
    second = shell.run(*command)
    assert second.code == 1
    assert "raw_clips of shard shard-000001 is being made by another run. Wait for it, or stop it" in second.output
    assert "Traceback" not in second.output
    assert "Tables made: 2; unchanged and passed over: 0; not finished: 1." in second.output, "the other shard is free"
    first = shell.go_on(first)
    assert first.code == 0, first.output
    assert "Tables made: 2; unchanged and passed over: 2; not finished: 0." in first.output
    assert differences(finished, lake) == []
    assert payloads(finished) == payloads(lake)
    assert leftovers(lake) == []
