"""How busy the stages on torch keep a GPU, with architectures of full size and random weights.

    python -m benchmarks.gpu [STAGE ...] [--clips 256] [--runs 2] [--device cpu] [--small] [--json FILE]

Each stage runs through the real stage runner over one shard of noise of ten seconds; the tables above it are made by
stubs. It has a process of its own, in which, models being loaded and tried, are measured:

* the stage: decoding and features ahead, the network in batches whose size it finds, checkpoints, commit. Its first run
  finds the size and is told of by the time to its first rows alone;
* its limit: the same network fed the same batches ready; on a CPU also the decoding, since both need the same cores;
* one clip at a time: decoded, then given to the model's own library.

Needs the extra `gpu`, and a GPU unless `--device cpu` is given; `--small` takes tiny networks, to try the script.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile
import yaml

from benchmarks.overhead import PROFILE
from benchmarks.pipeline import SHARD, apart
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import Job, Models, Pending, Stage, plan_shard, progress_listener, run_shard
from fusionaudio_assets.stage.account import Account, peak_memory_mb
from fusionaudio_assets.stage.loading import Loader
from fusionaudio_assets.workspace import Workspace
from resources.adapter import close_all_but
from resources.errors import ModelUnavailable, SettingError
from resources.profile import Profile
from resources.torch_models.audio_spectrogram import AudioSpectrogramTransformer
from resources.torch_models.clap import Clap
from resources.torch_models.demucs import Demucs
from resources.torch_models.device import chosen_device, imported

ROLES = {"tags": "tagger", "stems": "separator", "caption_scores": "scorer"}
STAGE_BATCH = 64
CLIP_S, RATE_HZ = 10, 44_100

TorchModel = AudioSpectrogramTransformer | Clap | Demucs


@dataclass
class Figures:
    """What was measured of one stage; all times in wall seconds.

    Attributes:
        model: Class of its adapter.
        audio_s: Length of all clips.
        load_s: Loading the model and trying it once.
        first_rows_s: From the start of the first run to its first rows.
        stage_s: Each later run.
        wait_s: What the model waited for decoding and features, in each of them.
        network_s: The network fed ready batches, after each of them.
        decoding_s: Reading, decoding and features alone, by as many workers as the stage has.
        single_s: One clip at a time.
        batch_size: What was found.
        gpu_peak_mb: Most memory of the GPU, 0 on a CPU.
        peak_mb: Most memory of the process.
    """

    model: str
    audio_s: float
    load_s: float
    first_rows_s: float
    stage_s: list[float]
    wait_s: list[float]
    network_s: list[float]
    decoding_s: float
    single_s: float
    batch_size: int
    gpu_peak_mb: float
    peak_mb: float


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

    def run(self) -> Account:
        """Compute the shard anew with the real model."""
        run_shard(self.stage, SHARD, self.lake, self.stubs)
        return run_shard(self.stage, SHARD, self.lake, self.real).account

    def jobs(self, work: Sequence[Pending]) -> list[Job]:
        """Read and prepare the payloads of some clips."""
        loader = Loader(self.stage, self.lake, self.models, Account())
        jobs = [job for job in loader.load(work) if isinstance(job, Job)]
        loader.close()
        return jobs

    def work(self) -> list[Pending]:
        """Work of all clips."""
        run_shard(self.stage, SHARD, self.lake, self.stubs)
        return plan_shard(self.stage, SHARD, self.lake, self.real).todo

    def networks(self, jobs: Sequence[Job]) -> Callable[[], None]:
        """What runs the network over jobs in batches of the size that was found, with all features ready."""
        model = self.model
        batches: list[tuple[Callable[[Sequence[Any]], object], list[Any]]]
        if isinstance(model, Demucs):
            batches = [(model._separate, [job.prepared["at_rate"] for job in jobs])]
        elif isinstance(model, Clap):
            features = [features for job in jobs for features in model._pieces.of(job.prepared)]
            batches = [(model._audio_vectors, features), (model._text_vectors, [job.inputs["caption"] for job in jobs])]
        else:
            pieces = [model._pieces.of(job.prepared["tagger"]) for job in jobs]
            batches = [(model._answers, [one for of in pieces for one in (*of.whole, *of.windows)])]
        size = model._batches.size

        def run() -> None:
            for network, items in batches:
                for start in range(0, len(items), size):
                    network(items[start : start + size])

        return run

    def one_at_a_time(self, work: Sequence[Pending]) -> None:
        """Decode a clip, give it to the model's own library, take the next one."""
        alone = self.library()
        for pending in work:
            (job,) = self.jobs([pending])
            alone(job)

    def library(self) -> Callable[[Job], object]:
        """What the model's own library does with a clip."""
        model = self.model
        if isinstance(model, Demucs):
            separator = imported("demucs.api").Separator(
                model.model, repo=Path(model.repository), device=model._on, shifts=0, overlap=model.overlap
            )
            return lambda job: separator.separate_tensor(imported("torch").from_numpy(job.prepared["at_rate"]))
        return partial(_compare, model) if isinstance(model, Clap) else partial(_tag, model)


def _compare(model: Clap, job: Job) -> None:
    caption, limit = job.inputs["caption"], model.max_tokens
    tokens = model._tokenizer(caption, truncation=True, max_length=limit, return_tensors="pt").to(model._on)
    with imported("torch").inference_mode():
        model._network(**tokens, **_features(model, job.prepared)).logits_per_audio.cpu()


def _tag(model: AudioSpectrogramTransformer, job: Job) -> None:
    clip = job.prepared["tagger"]
    with imported("torch").inference_mode():
        for piece in (clip, *model._windows(clip)):
            model._network(**_features(model, piece)).logits.cpu()


def _features(model: AudioSpectrogramTransformer | Clap, piece: Any) -> Any:
    return model._extractor(piece, sampling_rate=model.sample_rate_hz, return_tensors="pt").to(model._on)


def _settings(name: str, folder: Path, *, small: bool) -> dict[str, Any]:
    """Settings of the adapter of a stage, whose checkpoint is written to `folder`."""
    weights = importlib.import_module("benchmarks.random_weights")
    checkpoint = folder / "model"
    checkpoint.mkdir()
    kind: type[TorchModel]
    if name == "stems":
        kind, settings = Demucs, {"model": weights.write_demucs(checkpoint, small=small), "repository": str(checkpoint)}
    else:
        kind, write = (AudioSpectrogramTransformer, weights.write_ast) if name == "tags" else (Clap, weights.write_clap)
        write(checkpoint, small=small)
        settings = {"model": str(checkpoint)}
    return {"adapter": f"{kind.__module__}.{kind.__name__}"} | settings


def measure(folder: Path, name: str, device: str, small: bool, runs: int) -> Figures:
    """Measure one stage."""
    bench = Bench(folder, name, device, small=small)
    work = bench.work()
    load_s = seconds(lambda: (bench.model.load(), bench.model.probe()))
    first = _FirstRows()
    token = progress_listener.set(first)
    bench.run()
    progress_listener.reset(token)
    decoding_s = seconds(lambda: bench.jobs(work))
    accounts, network_s = [], []
    for _ in range(runs):
        accounts.append(bench.run())
        jobs = bench.jobs(work)
        network_s.append(seconds(bench.networks(jobs)))
        del jobs
    found = bench.model.figures
    return Figures(
        model=type(bench.model).__name__,
        audio_s=sum(pending.work.audio_s for pending in work),
        load_s=load_s,
        first_rows_s=first.seconds,
        stage_s=[sum(account.seconds[part] for part in ("plan", "wait", "compute", "write")) for account in accounts],
        wait_s=[account.seconds["wait"] for account in accounts],
        network_s=network_s,
        decoding_s=decoding_s,
        single_s=seconds(lambda: bench.one_at_a_time(work)),
        batch_size=int(found["batch_size"]),
        gpu_peak_mb=found.get("gpu_peak_memory_mb", 0),
        peak_mb=peak_memory_mb(),
    )


class _FirstRows:
    """Listens for the first rows of the real run: the stubs' rows come before it is told to listen anew."""

    def __init__(self) -> None:
        self.start, self.seconds = 0.0, 0.0

    def __call__(self, stage: str, shard: str, done: int, todo: int) -> None:
        if done == 0:
            self.start, self.seconds = time.perf_counter(), 0.0
        elif not self.seconds:
            self.seconds = time.perf_counter() - self.start


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of a piece of work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_lake(folder: Path, clips: int) -> None:
    """A lake with one shard of noise in ``folder/lake``, with the stubs' tables of all stages."""
    (folder / "clips").mkdir()
    random = np.random.default_rng(0)
    for number in range(clips):
        noise = random.normal(0, 0.1, (CLIP_S * RATE_HZ, 2)).astype(np.float32)
        soundfile.write(folder / "clips" / f"{number:06d}.flac", noise, RATE_HZ)
    workspace = Workspace.create(folder / "lake", str(PROFILE))
    add_clips(workspace.lake, collect(folder / "clips").rows, shard_size=clips)
    for stage in STAGES.values():
        run_shard(stage, SHARD, workspace.lake, workspace.stage_profile(stage))
    close_all_but(())


def report(found: dict[str, Figures], machine: str, *, on_cpu: bool) -> str:
    """Markdown: a line for each stage."""
    lines = [
        f"{machine}; {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}; "
        f"random weights; load average at the end {os.getloadavg()[0]:.1f}.",
        "",
        "| stage | model | sound s | stage: sound s per s | network alone | share of limit | one at a time | gain | "
        "device waits | for input | batch | load s | first rows s | GPU MB | MB |",
        f"|---{'|---' * 14}|",
    ]
    for name, of in found.items():
        stage_s, network_s, wait_s = median(of.stage_s), median(of.network_s), median(of.wait_s)
        limit_s = network_s + of.decoding_s if on_cpu else network_s
        cells = [name, of.model, f"{of.audio_s:.0f}", *(f"{of.audio_s / s:.1f}" for s in (stage_s, network_s))]
        cells += [f"**{limit_s / stage_s:.2f}**", f"{of.audio_s / of.single_s:.1f}", f"{of.single_s / stage_s:.1f}"]
        cells += [f"{max(0.0, 1 - network_s / stage_s):.0%}", f"{wait_s / stage_s:.0%}", str(of.batch_size)]
        cells += [f"{of.load_s:.1f}", f"{of.first_rows_s:.1f}", f"{of.gpu_peak_mb:.0f}", f"{of.peak_mb:.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(ROLES)}; all when none is named")
    parser.add_argument("--clips", type=int, default=256)
    parser.add_argument("--runs", type=int, default=2, help="how often each stage is measured")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
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
            apart(make_lake, Path(temporary), asked.clips)
            found[name] = apart(measure, Path(temporary), name, device, asked.small, asked.runs)
        print(f"{name} measured", file=sys.stderr, flush=True)
    machine = imported("torch").cuda.get_device_name() if device == "cuda" else "CPU"
    print(report(found, machine + (", tiny networks" if asked.small else ""), on_cpu=device == "cpu"))
    if asked.json:
        asked.json.write_text(json.dumps({name: asdict(of) for name, of in found.items()}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
