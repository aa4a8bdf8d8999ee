"""`fused_captions` and `qa_pairs` on a real vLLM that the run starts itself, and on structured output."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest
import yaml

from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.run import run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import Workspace
from resources.adapter import Json, close_all_but
from resources.embedded.weights import revision, weight_path
from resources.endpoint import Endpoint
from resources.errors import ModelUnavailable
from resources.language_model import ChatReply, ChatRequest, Message
from resources.local_server import LocalServer, running
from resources.profile_file import profile_text

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIPS = ["alarm_clock.ogg", "big_buck_bunny.mp4", "speech_over_music.m4a", "terminal_speaker.mp4", "silence.wav"]
BROKEN = "truncated.mp4"
MODEL = "smollm2-135m"
ASKED = ["fused_captions", "qa_pairs"]
LIMIT_S = 900


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Settings of an adapter whose vLLM serves the packaged model; the server ends after the tests."""
    folder = tmp_path_factory.mktemp("weights") / MODEL
    python = os.environ["FUSIONAUDIO_VLLM_PYTHON"]
    script = Path(__file__).with_name("to_safetensors.py")
    subprocess.run([python, script, weight_path(MODEL), folder], check=True, timeout=LIMIT_S, capture_output=True)
    yield {
        "model": MODEL,
        "model_revision": revision(MODEL),
        # Small models fill JSON with white space until their tokens are spent.
        "model_arguments": ["--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}'],
        "serve": {
            "program": python,
            "as_module": True,
            "weights": str(folder),
            "arguments": ["--enforce-eager", "--max-model-len", "4096"],
            "environment": {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"},
            "gpu_memory_share": 0.3,
        },
    }
    close_all_but([])
    for server in running():
        if server.title == f"vLLM for {MODEL}":
            server.stop()


@pytest.fixture(scope="module")
def lake(writer: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A lake of a few examples, whose profile is the embedded one but for who writes."""
    folder = tmp_path_factory.mktemp("served")
    profile = yaml.safe_load(profile_text("embedded")[0])
    for stage in ASKED:
        profile["stages"][stage]["models"]["writer"] = {"adapter": "resources.endpoint.Endpoint"} | writer
    profile["stages"]["qa_pairs"]["params"]["ask_model"] = True
    (folder / "profile.yaml").write_text(yaml.safe_dump(profile))
    workspace = Workspace.create(folder / "lake", str(folder / "profile.yaml"))
    rows = collect(EXAMPLES / "clips", EXAMPLES / "labels.csv").rows
    add_clips(workspace.lake, [row for row in rows if {*row["sources"]} & {*CLIPS, BROKEN}])
    return workspace


def tell(line: str) -> None:
    """Print what docs/vllm.md shows."""
    sys.stdout.write(f"{line}\n")


def the_server() -> LocalServer:
    (server,) = [server for server in running() if server.title == f"vLLM for {MODEL}"]
    return server


def counted() -> dict[str, int]:
    """Tokens that vLLM has read and written, by its own count."""
    connection = http.client.HTTPConnection("127.0.0.1", the_server().port)
    connection.request("GET", "/metrics")
    told = connection.getresponse().read().decode()
    found = {
        name: re.findall(rf"^vllm:{name}_tokens_total\{{.*\}} (\S+)$", told, re.M) for name in ("prompt", "generation")
    }
    return {name: int(float(values[0])) for name, values in found.items()}


def table(workspace: Workspace, asset: str) -> pl.DataFrame:
    (shard,) = workspace.lake.shards()
    rows = workspace.lake.read_table(asset, shard)
    assert rows is not None
    return rows


def bounded(words: int) -> dict[str, Json]:
    """A text that a small model cannot spin out until its tokens are spent."""
    return {"type": "string", "minLength": 1, "maxLength": 8 * words}


SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "caption": bounded(20),
        "ambiguities": {"type": "array", "items": bounded(4), "minItems": 1, "maxItems": 3},
        "certainty": {"type": "string", "enum": ["low", "high"]},
        "abstain": {"type": "boolean"},
    },
    "required": ["caption", "ambiguities", "certainty", "abstain"],
    "additionalProperties": False,
}


def test_answers_are_json_of_the_schema(writer: dict[str, Any]) -> None:
    adapter = Endpoint.model_validate(writer)
    heard = ["rain falls and a dog barks", "a train passes", "a choir sings"]
    told = [Message("user", f"What is heard: {sounds}. Write about it in a few words.") for sounds in heard]
    for reply in adapter.chat([ChatRequest((turn,), SCHEMA, max_tokens=400) for turn in told]):
        assert isinstance(reply, ChatReply), reply
        jsonschema.validate(reply.data, SCHEMA)
        assert reply.prompt_tokens > 0
        assert reply.completion_tokens > 0
        tell(json.dumps(reply.data))


def test_it_answers_nobody_without_its_key(writer: dict[str, Any]) -> None:
    Endpoint.model_validate(writer).load()
    stranger = Endpoint(base_url=the_server().url, model=MODEL, max_retries=0)
    with pytest.raises(ModelUnavailable, match="refuses the key"):
        stranger.load()


def test_a_run_uses_the_server_that_is_up_and_accounts_for_every_token(lake: Workspace, writer: dict[str, Any]) -> None:
    Endpoint.model_validate(writer).load()
    pid, before = the_server().pid, counted()
    tell(f"\nvLLM is process {pid}")
    summary = run_lake(lake, select=list(STAGES))
    assert summary.finished, summary.failures
    assert the_server().pid == pid
    captions, pairs, clips = (table(lake, asset) for asset in ("fused_captions", "qa_pairs", "raw_clips"))
    assert captions["clip_id"].to_list() == pairs["clip_id"].to_list() == clips["clip_id"].to_list()
    assert clips.height == len(CLIPS) + 1
    assert captions["status"].value_counts(sort=True).rows() == [("ok", len(CLIPS)), ("skipped", 1)]
    assert pairs["status"].to_list() == captions["status"].to_list()
    made = captions.filter(status="ok")
    assert made["model"].to_list() == [MODEL] * len(CLIPS)
    assert made["caption"].null_count() == 0
    assert not made["draft_rejected"].str.contains("asked again").any(), "an answer did not fit its schema"
    asked = made.filter(pl.col("prompt_tokens") > 0)
    assert asked.height >= 2
    assert (asked["completion_tokens"] > 0).all()
    assert (pairs.filter(status="ok")["prompt_tokens"] > 0).sum() >= 4
    after = counted()
    for name, column in ("prompt", "prompt_tokens"), ("generation", "completion_tokens"):
        in_rows = [int(rows[column].sum()) for rows in (captions, pairs)]
        assert sum(in_rows) == after[name] - before[name]
        told = f"{in_rows[0]} in fused_captions, {in_rows[1]} in qa_pairs"
        tell(f"{column}: {told}; vLLM counts {after[name] - before[name]}")
    for row in made.sort("clip_id").iter_rows(named=True):
        tell(f"{row['author']}: {row['caption']}" + (f"  [its draft: {row['draft']}]" if row["draft"] else ""))


def test_a_killed_server_is_started_again_by_the_run_and_ended_on_request(lake: Workspace) -> None:
    """From a terminal, as a user would: the prompt's bound changes, so that fusion is done again."""
    killed = the_server()
    os.killpg(killed.pid, 9)
    text = lake.lake.read_text("profile.yaml")
    profile = yaml.safe_load(text)
    profile["stages"]["fused_captions"]["params"]["prompt"]["max_tokens"] = 150
    lake.lake.write_text("profile.yaml", yaml.safe_dump(profile))
    fusionaudio = [sys.executable, "-c", "from fusionaudio_assets.cli import main; main()"]
    again = [*fusionaudio, "run", "--lake", lake.lake.uri, "--select", "fused_captions,caption_scores,qa_pairs"]
    done = subprocess.run(again, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    assert the_server().pid != killed.pid
    assert (table(lake, "fused_captions").filter(status="ok")["prompt_tokens"] > 0).sum() >= 2
    stopped = subprocess.run([*fusionaudio, "models", "stop"], check=True, capture_output=True, text=True, timeout=60)
    assert f"vLLM for {MODEL}" in stopped.stdout
    assert not [server for server in running() if server.title == killed.title]
    tell(f"fusionaudio models stop: {stopped.stdout.strip()}")
