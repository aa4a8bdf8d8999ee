"""What a terminal shows of a run with models on torch."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from fusionaudio_assets.ingest import collect
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.workspace import Workspace
from resources.ontology import load_ontology
from resources.profile_file import profile_text
from tests.gpu.checkpoints import write_ast

CLIP = Path(__file__).parents[2] / "examples" / "clips" / "alarm_clock.ogg"
AST = "resources.torch_models.audio_spectrogram.AudioSpectrogramTransformer"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_run_without_the_gpu_it_asks_for_says_so_and_no_more(tmp_path: Path) -> None:
    write_ast(tmp_path / "ast", load_ontology().names[:20])
    profile = yaml.safe_load(profile_text("embedded")[0])
    tagger = {"adapter": AST, "model": str(tmp_path / "ast"), "device": "cuda"}
    profile["stages"]["tags"]["models"]["tagger"] = tagger
    (tmp_path / "profile.yaml").write_text(yaml.safe_dump(profile))
    workspace = Workspace.create(tmp_path / "lake", str(tmp_path / "profile.yaml"))
    add_clips(workspace.lake, collect(CLIP).rows)
    run = [sys.executable, "-c", "from fusionaudio_assets.cli import main; main()", "run", "--lake"]
    done = subprocess.run([*run, workspace.lake.uri], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    started, told = done.stderr.splitlines()
    assert started == "raw_clips"
    assert "stages.tags.models.tagger: device is 'cuda', but torch sees no GPU on this machine" in told
