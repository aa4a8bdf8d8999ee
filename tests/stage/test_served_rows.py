"""A stage whose server fails in every way, and which is killed: each row once, and no finished one asked again."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import dataframely as dy
import polars as pl
import pytest

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import Job, Models, Row, Stage, Work, run_shard
from fusionaudio_assets.tables import StageTable
from resources import chat_retries
from resources.adapter import Json
from resources.endpoint import Endpoint
from resources.errors import ClipError
from resources.lake import Lake
from resources.language_model import LanguageModel
from resources.profile import Settings, StageProfile
from tests.contracts.chat_server import MODEL, serving
from tests.contracts.faults import FAULTS, Faulty, fault_of, numbered_request
from tests.stage.conftest import manifest

FIRST_PAUSE_S = 1.0
"""Longer than the outage of a server that dies and comes back."""


class Numbers(StageTable):
    """What the model answers to the number of a clip."""

    number = dy.Int32(nullable=True)


def ask(jobs: Sequence[Job], models: Models, params: Settings) -> list[Row | ClipError]:
    replies = models.of("writer", LanguageModel).chat([numbered_request(job.inputs["number"]) for job in jobs])
    return [reply if isinstance(reply, ClipError) else {"number": number_in(reply.data)} for reply in replies]


def number_in(answer: Json) -> Json:
    assert isinstance(answer, dict)
    return answer["n"]


NUMBERS: Stage[Settings, Settings] = Stage(
    name="numbers",
    table=Numbers,
    version="1",
    reads={"manifest": ("path",)},
    needs=(),
    derive=lambda rows, gate, models: Work({"number": int(rows["manifest"]["path"])}),
    compute=ask,
    models={"writer": LanguageModel},
)

RUN = """
import sys
from fusionaudio_assets.stage import run_shard
from resources import chat_retries
from resources.lake import Lake
from tests.stage.test_served_rows import FIRST_PAUSE_S, NUMBERS, profile

chat_retries.FIRST_PAUSE_S = FIRST_PAUSE_S
run_shard(NUMBERS, "s", Lake(sys.argv[1]), profile(sys.argv[2], int(sys.argv[3])))
"""


def profile(url: str, batch_size: int) -> StageProfile:
    writer = Endpoint(base_url=url, model=MODEL, max_concurrency=64, max_retries=1, timeout_s=1.0)
    return StageProfile(models={"writer": writer}, gate=Settings(), params=Settings(), batch_size=batch_size)


def finished(lake: Lake) -> list[int]:
    """Numbers of the rows of all batches that are on disk."""
    folder = ".work/numbers/s"
    batches = [pl.DataFrame(lake.read_batch(f"{folder}/{name}")) for name in lake.files(folder)]
    return [int(clip_id) for batch in batches for clip_id in batch["clip_id"]]


def rows_of(table: pl.DataFrame, count: int) -> dict[int, dict[str, Any]]:
    """Rows by number, one for each."""
    assert table["clip_id"].to_list() == [f"{number:04d}" for number in range(count)]
    return dict(enumerate(table.to_dicts()))


@pytest.mark.parametrize(("count", "batch_size"), [(120, 60), pytest.param(1000, 200, marks=pytest.mark.slow)])
def test_each_row_once_through_faults_a_kill_and_a_server_that_dies(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, count: int, batch_size: int
) -> None:
    monkeypatch.setattr(chat_retries, "FIRST_PAUSE_S", FIRST_PAUSE_S)
    lake.write_table("manifest", "s", manifest([str(number) for number in range(count)]))
    server = Faulty(list(FAULTS))
    with serving(server) as at:
        run = subprocess.Popen([sys.executable, "-c", RUN, str(lake.root), at.url, str(batch_size)])
        deadline = time.monotonic() + 120
        while len(server.asked) < batch_size + 20:  # the second batch is under way
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        run.kill()
        run.wait()
        done, asked = finished(lake), Counter(server.asked)
        assert len(done) == batch_size

        server.dies_soon = True
        first = run_shard(NUMBERS, "s", lake, profile(at.url, batch_size))
        assert not server.dies_soon
        assert first.account.resumed == len(done)
        assert {number: server.asked[number] for number in done} == {number: asked[number] for number in done}
        for number, row in rows_of(first.table, count).items():
            fault, lasts = fault_of(number, list(FAULTS))
            if row["status"] == "ok":
                assert row["number"] == number
                assert not lasts
            else:
                assert row["reason"] in {reason.value for reason in Reason}
                assert row["detail"]
                assert row["permanent"] == (lasts and FAULTS[fault][1] == "malformed_answer")
        assert set(first.table["reason"].drop_nulls()) == {reason for _, reason in FAULTS.values()}

        asked = Counter(server.asked)
        server.faults = [name if FAULTS[name][1] == "malformed_answer" else "" for name in FAULTS]
        last = run_shard(NUMBERS, "s", lake, profile(at.url, batch_size))
    for number, row in rows_of(last.table, count).items():
        before = first.table.row(number, named=True)
        if before["status"] == "ok" or before["permanent"]:
            assert server.asked[number] == asked[number]
            assert row == before
        else:
            assert (row["status"], row["number"]) == ("ok", number)
    failed = Counter(last.table.filter(status="failed")["reason"])
    lasting = [number for number in range(count) if fault_of(number, server.faults)[1]]
    assert failed == {"malformed_answer": sum(bool(fault_of(number, server.faults)[0]) for number in lasting)}
