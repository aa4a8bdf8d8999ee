"""A lake in a bucket, on an S3 server of this process: the same stages, and commits that do not mix."""

from collections.abc import Iterator
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import polars as pl
import pytest
from moto.server import ThreadedMotoServer

from fusionaudio_assets import ledger
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import plan_shard, progress_listener, run_shard
from resources.bucket import Bucket, Version
from resources.errors import LakeError
from resources.lake import Lake
from tests.lakes import broken_row, clip_row, write_shard
from tests.stage.conftest import LENGTHS, TEXTS, Ruler, manifest, stage_profile
from tests.stage.test_runner import PATHS, killed_after

FRAME = pl.DataFrame({"clip_id": ["a", "b"], "value": [1, 2]})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def lake(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """An empty lake in a bucket of the test's own; nothing but the environment says where."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"bucket-{uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    lake = Lake(f"s3://{bucket}/some/lake")
    lake.create()
    return lake


def test_files_and_folders(lake: Lake) -> None:
    assert not lake.is_local
    lake.check()
    assert lake.files("tags") == []
    assert lake.read_table("tags", "s") is None
    assert lake.content_of("tags", "s") is None
    lake.write_table("tags", "s", FRAME)
    assert lake.shards("tags") == ["s"]
    assert lake.content_of("tags", "s")
    assert FRAME.equals(lake.read_frame("tags/s.parquet"))
    lake.write_frame(".work/tags/s/1.parquet", FRAME)
    for _ in range(2):
        lake.delete(".work/tags/s")
    assert lake.files(".work/tags/s") == []


def test_stages_run_end_to_end(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    run_shard(LENGTHS, "s", lake, stage_profile())
    outcome = run_shard(TEXTS, "s", lake, stage_profile())
    assert outcome.table["length"].to_list() == [len(path) for path in PATHS]
    assert not plan_shard(TEXTS, "s", lake, stage_profile()).changed
    again = run_shard(LENGTHS, "s", lake, stage_profile(plus=1))
    assert again.account.computed == len(PATHS)
    assert len(lake.payload_files("lengths", "audio", "s")) == 2
    assert lake.files(".work/lengths/s") == []


def test_a_killed_run_resumes(lake: Lake) -> None:
    lake.write_table("manifest", "s", manifest(PATHS))
    token = progress_listener.set(killed_after(2))
    with pytest.raises(KeyboardInterrupt):
        run_shard(LENGTHS, "s", lake, stage_profile())
    progress_listener.reset(token)
    ruler = Ruler()
    outcome = run_shard(LENGTHS, "s", lake, stage_profile(ruler))
    assert ruler.seen == [PATHS[8:]]
    assert outcome.account.resumed == 8


def test_clips_are_ingested(lake: Lake) -> None:
    rows = manifest(PATHS).to_dicts()
    assert add_clips(lake, rows, 4).made == ["shard-000001", "shard-000002", "shard-000003"]
    assert add_clips(lake, rows, 4).known == len(PATHS)


def test_the_ledger_reads_tables_of_a_bucket(lake: Lake) -> None:
    write_shard(lake, "shard-000001", [clip_row(1), broken_row(2)])
    write_shard(lake, "shard-000002", [clip_row(3)])
    lake.delete("tags/shard-000002.parquet")
    found = ledger.query(lake, "SELECT stage, count(*) FROM ledger WHERE shard = 'shard-000002' GROUP BY stage")
    assert dict(found.iter_rows()) == dict.fromkeys(set(ledger.STAGES) - {"tags"}, 1)
    assert ledger.shard_sizes(lake) == {"shard-000001": 2, "shard-000002": 1}
    lake.write_text("tags/shard-000001.parquet", "no parquet")
    with pytest.raises(LakeError, match=r"tags/shard-000001\.parquet cannot be read"):
        ledger.counts(lake)


@pytest.mark.parametrize("stands", [False, True], ids=["first table", "next table"])
def test_the_slower_of_two_runs_commits_nothing(lake: Lake, *, stands: bool) -> None:
    """There are no locks in a bucket: who finds another table than the one it began with stops."""
    lake.write_table("manifest", "s", manifest(PATHS))
    if stands:
        run_shard(LENGTHS, "s", lake, stage_profile())
    token = progress_listener.set(lambda stage, shard, done, todo: lake.write_table(stage, "s", FRAME))
    with pytest.raises(LakeError, match=r"lengths/s.parquet was written by another run in the meantime. Run again"):
        run_shard(LENGTHS, "s", lake, stage_profile(plus=1))
    progress_listener.reset(token)
    assert FRAME.equals(lake.read_frame("lengths/s.parquet"))


def test_versions(lake: Lake) -> None:
    nothing = lake.version_of("tags", "s")
    assert nothing == Version("")
    lake.write_table("tags", "s", FRAME, replaces=nothing)
    first = lake.version_of("tags", "s")
    with pytest.raises(LakeError, match="another run"):
        lake.write_table("tags", "s", FRAME, replaces=nothing)
    lake.write_table("tags", "s", FRAME.head(1), replaces=first)
    with pytest.raises(LakeError, match="another run"):
        lake.write_table("tags", "s", FRAME, replaces=first)


def test_a_bucket_that_is_not_there(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"nowhere-at-all/lake/lake.json cannot be written: .*AWS"):
        Lake("s3://nowhere-at-all/lake").create()


def test_a_server_that_is_not_there(lake: Lake, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{_free_port(endpoint)}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(LakeError, match=r"cannot be reached in its bucket: .*Check AWS_ENDPOINT_URL"):
        Bucket().version("bucket/key")


@pytest.mark.parametrize("uri", ["gs://bucket/lake", "http://host/lake", "s3://", "s3://bucket:x/lake"])
def test_places_that_no_lake_can_be_at(uri: str) -> None:
    with pytest.raises(LakeError, match=uri):
        Lake(uri)


def test_without_boto3() -> None:
    with patch.dict("sys.modules", {"boto3": None}), pytest.raises(LakeError, match=r"Install `fusionaudio\[aws\]`"):
        Bucket().version("bucket/key")


def _free_port(endpoint: str) -> int:
    port = urlsplit(endpoint).port
    assert port is not None
    return port + 1 if port < 65535 else port - 1
