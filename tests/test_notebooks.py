"""Every block of Python in docs/notebooks.md runs, one after the other, on a small lake."""

import re
from pathlib import Path

import pytest

from fusionaudio_assets.overrides import write_overrides
from tests.lakes import broken_row, clip_row, make_lake

PAGE = Path(__file__).parents[1] / "docs/notebooks.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_blocks_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = make_lake(tmp_path / "lake", [[clip_row(1), broken_row(2)], [clip_row(3)]])
    over = {"rule": "raw_clips/levels", "figure": 2.0, "reason": "known", "recorded_at": "2026-11-23"}
    write_overrides(lake, "tags", "shard-000001", [over])
    monkeypatch.chdir(tmp_path)
    assert len(BLOCKS) > 10
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, str(PAGE), "exec"), names)
    shown = capsys.readouterr().out
    for part in ("truncated", "raw_clips/levels", "bridge", "Bark", "rating"):
        assert part in shown
    assert names["sample_rate_hz"] == 16_000
    assert names["clip_id"] == f"{1:016x}"
