"""How near the stages on torch come to their limit, with architectures of full size and random weights.

    python -m benchmarks.gpu [STAGE ...] [--clips 256] [--runs 2] [--device cpu] [--one-in 4] [--small] [--json FILE]

Each stage runs through the real stage runner over one shard of noise of ten seconds, with a picture for
visual_captions; the tables above it are made by stubs. It has a process of its own, in which, models being loaded and
tried, are measured in turn:

* the stage: plan, decoding and features ahead, the network in batches whose size it finds, checkpoints, commit. On a
  GPU a first run finds the size and is told of by the time to its first rows alone;
* the model: its own library, feature extraction included, given ready arrays in batches of that size;
* the networks: what the stage asked of them, as it was recorded, asked again;
* decoding: reading and decoding the payloads, by as many workers as the stage has; on a CPU it is part of either limit,
  since all need the same cores;

and every so many clips one at a time: decoded, then given to the model's own library.

Needs the extra `gpu`, and a GPU unless `--device cpu` is given; `--small` takes tiny networks, to try the script.
"""

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import yaml
from PIL import Image

from benchmarks import torch_limits
from benchmarks.corpus import write_clip
from benchmarks.gpu_figures import Figures, report
from benchmarks.meter import Spent, machine_cpu_s
from benchmarks.overhead import PROFILE
from benchmarks.pipeline import SHARD, apart
from benchmarks.stages import FirstBatch, spent
from benchmarks.torch_limits import TorchModel
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import Job, Models, Pending, Stage, plan_shard, run_shard
from fusionaudio_assets.stage.account import Account, peak_memory_mb
from fusionaudio_assets.stage.loading import Loader
from fusionaudio_assets.workspace import Workspace
from resources.adapter import close_all_but
from resources.errors import ModelUnavailable, SettingError
from resources.profile import Profile
from resources.torch_models.audio_spectrogram import AudioSpectrogramTransformer
from resources.torch_models.clap import Clap
from resources.torch_models.clip_interrogator import ClipInterrogator
from resources.torch_models.demucs import Demucs
from resources.torch_models.device import chosen_device, imported

ROLES = {"tags": "tagger", "stems": "separator", "caption_scores": "scorer", "visual_captions": "describer"}
STAGE_BATCH = 64
CLIP_S, RATE_HZ = 10, 44_100
PICTURE_SIDE = 32
"""Of the noise that is enlarged to a picture."""


class Bench:
    """One stage with a model of random weights over the shard of a lake."""

    def __init__(self, folder: Path, name: str, device: str, *, small: bool) -> None:
        self.stage: Stage[Any, Any] = STAGES[name]
        workspace = Workspace.open(folder / "lake")
        self.lake, self.stubs = workspace.lake, workspace.stage_profile(self.stage)
        raw = yaml.safe_load(PROFILE.read_text())
        raw["stages"][name]["models"][ROLES[name]] = _settings(name, folder, small=small) | {"device": device}
        raw["stages"][name]["batch_size"] = STAGE_BATCH
        self.real = Profile.parse(yaml.safe_dump(raw), origin="the benchmark").stage(name, self.stage.profile_needs)
        self.models = Models(self.real.models)
        model = self.models[ROLES[name]]
        assert isinstance(model, TorchModel)
        self.model = model

    def work(self) -> list[Pending]:
        """Work of all clips; the table is made by stubs again."""
        run_shard(self.stage, SHARD, self.lake, self.stubs)
        return plan_shard(self.stage, SHARD, self.lake, self.real).todo

    def run(self) -> Account:
        """Compute the shard with the real model; the table must be of the stubs."""
        return run_shard(self.stage, SHARD, self.lake, self.real).account

    def decode(self, work: Sequence[Pending]) -> list[Job]:
        """Read and decode the payloads of some clips, without features."""
        loader = Loader(self.stage, self.lake, self.models, Account())
        with mock.patch.object(type(self.model), "ahead", lambda self, item: None, create=True):
            jobs = [job for job in loader.load(work) if isinstance(job, Job)]
        loader.close()
        return jobs

    def one_at_a_time(self, work: Sequence[Pending]) -> None:
        """Decode a clip, give it to the model's own library, take the next one."""
        alone = torch_limits.alone(self.model)
        for pending in work:
            (job,) = self.decode([pending])
            alone(job)


def _settings(name: str, folder: Path, *, small: bool) -> dict[str, Any]:
    """Settings of the adapter of a stage, whose checkpoints are written to `folder`."""
    weights = importlib.import_module("benchmarks.random_weights")
    checkpoint = folder / "model"
    checkpoint.mkdir()
    kind: type[TorchModel]
    settings = {"model": str(checkpoint)}
    if name == "stems":
        kind, settings = Demucs, {"model": weights.write_demucs(checkpoint, small=small), "repository": str(checkpoint)}
    elif name == "visual_captions":
        kind, clip = ClipInterrogator, folder / "clip"
        clip.mkdir()
        weights.write_blip(checkpoint, small=small)
        weights.write_clip(clip, small=small)
        settings |= {"clip_model": str(clip)}
    else:
        kind, write = (AudioSpectrogramTransformer, weights.write_ast) if name == "tags" else (Clap, weights.write_clap)
        write(checkpoint, small=small)
    return {"adapter": f"{kind.__module__}.{kind.__name__}"} | settings


def measure(folder: Path, name: str, device: str, asked: argparse.Namespace) -> Figures:
    """Measure one stage."""
    bench = Bench(folder, name, device, small=asked.small)
    model = bench.model
    loading = spent(lambda: (model.load(), model.probe()))
    work = bench.work()
    others, own = machine_cpu_s(), time.process_time()
    first = FirstBatch()
    if device == "cuda":
        spent(bench.run, first)
        bench.work()
    accounts: list[Account] = []
    stage, library, networks = [], [], []
    for _ in range(asked.runs):
        with torch_limits.recorded(model) as calls:
            stage.append(spent(lambda: accounts.append(bench.run()), first))
        networks.append(spent(partial(torch_limits.ask_again, model, calls)))
        jobs = bench.decode(bench.work())
        library.append(spent(partial(torch_limits.library, model, jobs, model._batches.size)))
        del calls, jobs
    decoding = spent(lambda: bench.decode(work))
    single = spent(lambda: bench.one_at_a_time(work[:: asked.one_in]))
    scale = len(work) / len(work[:: asked.one_in])
    return Figures(
        model=type(model).__name__,
        clips=len(work),
        audio_s=sum(pending.work.audio_s for pending in work),
        load_s=loading.wall_s,
        first_rows_s=first.seconds,
        stage=stage,
        wait_s=[account.seconds["wait"] for account in accounts],
        library=library,
        networks=networks,
        decoding=decoding,
        single=Spent(single.wall_s * scale, single.cpu_s * scale),
        batch_size=int(model.figures["batch_size"]),
        gpu_peak_mb=model.figures.get("gpu_peak_memory_mb", 0),
        peak_mb=peak_memory_mb(),
        others_cpu_s=machine_cpu_s() - others - (time.process_time() - own),
    )


def make_lake(folder: Path, clips: int, with_pictures: bool) -> None:
    """A lake with one shard of noise in ``folder/lake``, with the stubs' tables of all stages."""
    (folder / "clips").mkdir()
    random = np.random.default_rng(0)
    for number in range(clips):
        noise = random.normal(0, 0.1, (2, CLIP_S * RATE_HZ)).astype(np.float32)
        picture = folder / f"{number:06d}.png" if with_pictures else None
        if picture is not None:
            Image.fromarray(random.integers(0, 256, (PICTURE_SIDE, PICTURE_SIDE, 3), np.uint8)).save(picture)
        name = f"{number:06d}{'.mp4' if with_pictures else '.flac'}"
        write_clip(folder / "clips" / name, noise, RATE_HZ, picture)
    workspace = Workspace.create(folder / "lake", str(PROFILE))
    add_clips(workspace.lake, collect(folder / "clips").rows, shard_size=clips)
    for stage in STAGES.values():
        run_shard(stage, SHARD, workspace.lake, workspace.stage_profile(stage))
    close_all_but(())


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(ROLES)}; all when none is named")
    parser.add_argument("--clips", type=int, default=256)
    parser.add_argument("--runs", type=int, default=2, help="how often each stage is measured")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--one-in", type=int, default=4, help="which clips are taken one at a time: every fourth")
    parser.add_argument("--small", action="store_true", help="tiny networks, to try the script itself")
    parser.add_argument("--json", type=Path, help="write all figures there as well")
    asked = parser.parse_args()
    if unknown := set(asked.stages) - set(ROLES):
        parser.error(f"no stage that is measured is called {min(unknown)}")
    try:
        device = chosen_device(asked.device)
    except (SettingError, ModelUnavailable) as error:
        print(f"Nothing was measured: {error}", file=sys.stderr)
        sys.exit(2)
    found: dict[str, Figures] = {}
    for name in [name for name in ROLES if name in asked.stages or not asked.stages]:
        with tempfile.TemporaryDirectory() as temporary:
            apart(make_lake, Path(temporary), asked.clips, name == "visual_captions")
            found[name] = apart(measure, Path(temporary), name, device, asked)
        print(f"{name} measured", file=sys.stderr, flush=True)
    machine = imported("torch").cuda.get_device_name() if device == "cuda" else "CPU"
    print(report(found, machine + (", tiny networks" if asked.small else ""), on_cpu=device == "cpu"))
    if asked.json:
        asked.json.write_text(json.dumps({name: asdict(of) for name, of in found.items()}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
