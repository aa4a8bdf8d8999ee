"""Models that cannot work: what can be known is said before any work, the rest stops the stage and fails no clip.

Every message names the setting and the way out, and none of them, nor anything that a lake keeps, holds a key.
"""

import socket
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ctranslate2
import pytest
import yaml

from fusionaudio_assets.cli.model_table import model_rows
from fusionaudio_assets.graph import STAGES, profile_needs
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.run import Summary, run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import run_shard
from fusionaudio_assets.workspace import PROFILE_FILE, Workspace
from resources.embedded import weights
from resources.errors import ModelUnavailable, ResourceError, SettingError, WeightsMissing
from resources.profile import Profile
from resources.profile_file import profile_text
from tests.contracts.chat_server import KEY, MODEL, Answer, serving
from tests.doubles import double_profile

CLIP = Path(__file__).parents[1] / "examples" / "clips" / "alarm_clock.ogg"
WHISPER = "resources.whisper.FasterWhisper"
ENDPOINT = "resources.endpoint.Endpoint"
WRONG_KEY = "sk-wrong-secret-5e2f"
COMMIT = "e5" * 20

Run = Callable[[str, str, dict[str, Any]], Summary]


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A lake of one clip, made with models that need nothing."""
    workspace = Workspace.create(tmp_path_factory.mktemp("bad") / "lake")
    workspace.lake.write_text(PROFILE_FILE, double_profile(profile_needs()))
    workspace = Workspace.open(workspace.lake.uri)
    add_clips(workspace.lake, collect(CLIP).rows)
    assert run_lake(workspace).finished
    return workspace


@pytest.fixture
def run(captioned: Workspace) -> Iterator[Run]:
    """Run one stage with another model in one role; afterwards the lake's tables stand as before."""
    lake = captioned.lake
    before = lake.read_text(PROFILE_FILE)

    def changed(stage: str, role: str, model: dict[str, Any]) -> Summary:
        profile = yaml.safe_load(before)
        profile["stages"][stage]["models"][role] = model
        lake.write_text(PROFILE_FILE, yaml.safe_dump(profile))
        return run_lake(Workspace.open(lake.uri), select=[stage])

    yield changed
    lake.write_text(PROFILE_FILE, before)


def statuses(workspace: Workspace, stage: str) -> list[str]:
    (shard,) = workspace.lake.shards()
    table = workspace.lake.read_table(stage, shard)
    assert table is not None
    return table["status"].to_list()


@pytest.mark.skipif(find_spec("torch") is not None, reason="tells what to do without torch")
def test_without_the_extra_a_run_says_what_to_install_before_any_work(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "lake", "gpu")
    add_clips(workspace.lake, collect(CLIP).rows)
    with pytest.raises(ModelUnavailable) as told:
        run_lake(workspace)
    message = str(told.value)
    assert "profile.yaml: stages.tags.models.tagger: This model needs torch, which is not installed" in message
    assert "pip install 'fusionaudio[gpu]'" in message
    assert workspace.lake.read_table("raw_clips", workspace.lake.shards()[0]) is None


@pytest.mark.parametrize(
    ("stage", "role", "model", "error", "message"),
    [
        (
            *("transcripts", "recognizer", {"adapter": WHISPER, "device": "cuda"}, SettingError),
            r"stages.transcripts.models.recognizer: device is 'cuda', but CTranslate2 sees no GPU.*'auto' or 'cpu'",
        ),
        (
            *("transcripts", "recognizer", {"adapter": WHISPER, "model": "someone/w", "hub_revision": COMMIT}),
            *(WeightsMissing, r"models.recognizer: someone/w at e5e5\w+ \(`model`, `hub_revision`\) is not on this"),
        ),
        (
            *("transcripts", "recognizer", {"adapter": WHISPER, "model": "someone/w"}, ModelUnavailable),
            r"`model` = 'someone/w'.*Set hub_revision to the commit",
        ),
        (
            *("fused_captions", "writer", {"adapter": ENDPOINT, "model": MODEL, "api_key_env": "NO_SUCH_KEY"}),
            *(ModelUnavailable, r"stages.fused_captions.models.writer: `api_key_env` names .* NO_SUCH_KEY, which is e"),
        ),
        (
            *("fused_captions", "writer"),
            {"adapter": ENDPOINT, "model": "someone/llm", "model_revision": COMMIT, "serve": {}},
            *(WeightsMissing, r"models.writer: someone/llm at e5e5\w+ \(`model`, `model_revision`\) is not on this"),
        ),
        (
            *("fused_captions", "writer", {"adapter": ENDPOINT, "model": MODEL, "base_url": "nowhere"}, SettingError),
            r"models.writer: `base_url` = 'nowhere' is no address",
        ),
    ],
    ids=["no-gpu", "not-fetched", "not-pinned", "no-key", "not-fetched-to-serve", "no-address"],
)
def test_what_is_known_without_loading_is_said_before_any_work(
    run: Run,
    *,
    stage: str,
    role: str,
    model: dict[str, Any],
    error: type[ResourceError],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if "GPU" in message and ctranslate2.get_cuda_device_count():
        pytest.skip("there is a GPU")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(error, match=message):
        run(stage, role, model)


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Move to a cache of weights that lacks some."""

    def move(name: str) -> None:
        missing = weights.weight_path(name)
        links = tmp_path / "cache" / "weights"
        links.mkdir(parents=True)
        for folder in (weights.cache_folder() / "weights").iterdir():
            if folder not in missing.parents:
                (links / folder.name).symlink_to(folder)
        monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path / "cache"))

    return move


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("spleeter-2stems", "profile.yaml: stages.stems.models.separator: The weights 'spleeter-2stems'"),
        ("minilm-l6-v2", "The weights 'minilm-l6-v2'"),
    ],
)
def test_weights_that_are_missing_are_said_before_any_work(
    without: Callable[[str], None], tmp_path: Path, name: str, told: str
) -> None:
    workspace = Workspace.create(tmp_path / "lake")
    add_clips(workspace.lake, collect(CLIP).rows)
    without(name)
    with pytest.raises(WeightsMissing, match=rf"{told} .*fusionaudio models fetch"):
        run_lake(workspace)
    assert workspace.lake.shards("raw_clips") == []


def test_weights_that_only_stages_without_work_read_may_be_missing(
    without: Callable[[str], None], captioned: Workspace
) -> None:
    lake = captioned.lake
    before = lake.read_text(PROFILE_FILE)
    profile, embedded = yaml.safe_load(before), yaml.safe_load(profile_text("embedded")[0])

    def run_with_embedded(stage: str) -> Summary:
        profile["stages"][stage]["models"] = embedded["stages"][stage]["models"]
        lake.write_text(PROFILE_FILE, yaml.safe_dump(profile))
        return run_lake(Workspace.open(lake.uri), select=["stems", "visual_captions"])

    try:
        run_with_embedded("stems")
        without("spleeter-2stems")
        summary = run_with_embedded("visual_captions")
    finally:
        lake.write_text(PROFILE_FILE, before)
        run_lake(captioned, select=["stems", "visual_captions"])
    assert summary.finished
    assert "stems" in summary.passed


def test_a_model_that_is_not_in_its_folder_is_said_with_its_place(run: Run, tmp_path: Path) -> None:
    model = {"adapter": "resources.torch_models.demucs.Demucs", "model": "nothing", "repository": str(tmp_path)}
    with pytest.raises(WeightsMissing, match=r"stages.stems.models.separator: `model` = 'nothing': .*There are: none"):
        run("stems", "separator", model)


@pytest.mark.skipif(ctranslate2.get_cuda_device_count() > 0, reason="there is a GPU")
def test_a_shard_that_the_daemon_runs_is_stopped_before_its_first_clip_as_well(captioned: Workspace) -> None:
    profile = yaml.safe_load(captioned.lake.read_text(PROFILE_FILE))
    profile["stages"]["transcripts"]["models"]["recognizer"] = {"adapter": WHISPER, "device": "cuda"}
    stage, (shard,) = STAGES["transcripts"], captioned.lake.shards()
    given = Profile.parse(yaml.safe_dump(profile), origin="mine").stage(stage.name, stage.profile_needs)
    with pytest.raises(SettingError, match=r"mine: stages.transcripts.models.recognizer: device is 'cuda'"):
        run_shard(stage, shard, captioned.lake, given)


def test_a_checkpoint_of_another_kind_stops_the_stage(run: Run, captioned: Workspace, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model of CTranslate2")
    (tmp_path / "config.json").write_text("{}")
    summary = run("transcripts", "recognizer", {"adapter": WHISPER, "model": str(tmp_path)})
    ((_, _, message),) = summary.failures
    assert f"`model` = {str(tmp_path)!r} does not load as Whisper" in message
    assert "Name a checkpoint of CTranslate2's Whisper" in message
    assert statuses(captioned, "transcripts") == ["ok"]


def test_an_endpoint_that_answers_with_another_model_stops_the_stage(run: Run, captioned: Workspace) -> None:
    with serving(lambda body, number: Answer(model="somebody-else")) as server:
        summary = run("fused_captions", "writer", {"adapter": ENDPOINT, "model": MODEL, "base_url": server.url})
    ((_, _, message),) = summary.failures
    assert f"was asked for the model {MODEL!r}, and 'somebody-else' answers" in message
    assert "set `answers_as`" in message
    assert statuses(captioned, "fused_captions") == ["ok"]


@pytest.mark.parametrize("key", [WRONG_KEY, KEY], ids=["wrong", "right"])
def test_no_key_is_kept_anywhere_and_a_wrong_one_stops_the_stage(
    run: Run,
    captioned: Workspace,
    *,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    key: str,
) -> None:
    monkeypatch.setenv("SOME_KEY", key)
    echo = Answer(f'{{"caption": "{key}"}}', status=400, error=f"refused with {key}")
    with serving(lambda body, number: echo if number == 0 else Answer("{}")) as server:
        told = {"adapter": ENDPOINT, "model": MODEL, "base_url": server.url, "api_key_env": "SOME_KEY"}
        summary = run("fused_captions", "writer", told)
    if key == WRONG_KEY:
        ((_, _, message),) = summary.failures
        assert "refuses the key" in message
        assert "SOME_KEY" in message
        assert statuses(captioned, "fused_captions") == ["ok"]
    said = "".join(capfd.readouterr()) + caplog.text + repr(summary)
    assert key not in said
    folder = Path(captioned.lake.uri)
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert any(".dagster" in path.parts for path in kept)
    assert [path for path in kept if key.encode() in path.read_bytes()] == []


def test_a_server_that_is_not_there_stops_the_stage(run: Run) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    asked = {"adapter": ENDPOINT, "model": MODEL, "base_url": url, "max_retries": 0, "seed": 7}
    summary = run("fused_captions", "writer", asked)
    ((_, _, message),) = summary.failures
    assert f"The server at {url} cannot be reached" in message
    assert "set `base_url`" in message


@pytest.mark.parametrize("name", ["gpu", "paper"])
def test_every_model_of_a_large_profile_tells_commit_licence_and_memory(name: str) -> None:
    text, origin = profile_text(name)
    rows = model_rows(Profile.parse(text, origin=origin), weights.states())
    assert {row.stage for row in rows} == {stage for stage, needs in profile_needs().items() if needs.models}
    large = [row for row in rows if row.weights != "built in" and "Yamnet" not in row.adapter]
    assert len(large) == 9
    for row in large:
        assert all(len(part) == 40 for part in row.revision.split("+")), row
        assert row.licence, row
        assert row.memory_gb, row
