"""The embedded pipeline against a naive loop over the same clips.

    python -m benchmarks.pipeline [--clips 36] [--speech DIR --music DIR --sounds DIR] [--json FILE]

Without folders, the sources of the clips are fetched first (`benchmarks.corpus` says what the folders must hold).
`fusionaudio run` makes a fresh lake of the clips through Dagster; then the loop of `benchmarks.naive` works on the same
clips. Each has a process of its own, one after the other, and all models loaded and tried once before the clips.
Threads are as the profile and as the libraries choose them. Processor time and memory include child processes: decoders
and the language model's server.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import dagster as dg
import platformdirs

from benchmarks.comparison import Comparison, compare
from benchmarks.corpus import Clip, Sources, fetch_sources, make_corpus
from benchmarks.meter import Meter, Spent, machine_cpu_s
from benchmarks.naive import Heard, NaiveLoop
from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.cues import cues_of
from fusionaudio_assets.fused_captions import STAGE as FUSION
from fusionaudio_assets.fused_captions import FusionParams
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.instance import open_instance
from fusionaudio_assets.qa_pairs import STAGE as QA
from fusionaudio_assets.qa_pairs import QaParams
from fusionaudio_assets.run import Progress, run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.stage import Row
from fusionaudio_assets.stage.account import SHOWN_AS
from fusionaudio_assets.voice import PresenceGate
from fusionaudio_assets.workspace import Workspace
from resources.ontology import load_ontology

ACTIVITIES = ("plan", "wait", "compute", "write")
SHARD = "shard-000001"


@dataclass
class Side:
    """What one side took.

    Attributes:
        load: Loading all models and trying each once.
        parts: All work on the clips, by stage or model.
        peak_mb: Highest memory.
        others_cpu_s: Processor time that the rest of the machine took meanwhile: much of it makes wall times too long.
        computed: Clips that each stage computed; of the pipeline only.
        activity: Seconds of each stage by activity, as its materialisation reports them; of the pipeline only.
    """

    load: Spent
    parts: dict[str, Spent]
    peak_mb: float
    others_cpu_s: float
    computed: dict[str, int] = field(default_factory=dict)
    activity: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def work(self) -> Spent:
        """All parts together."""
        return Meter(self.parts).total()


def run_pipeline(folder: Path) -> Side:
    """Ingest ``folder/clips`` into ``folder/lake`` and run; models are loaded before."""
    with Meter() as loading, Meter() as meter:
        workspace = Workspace.create(folder / "lake")
        loading.switch("load")
        for stage in STAGES.values():
            for adapter in workspace.stage_profile(stage).models.values():
                adapter.load()
                adapter.probe()
        loading.switch(None)
        others = machine_cpu_s()
        meter.switch("ingest, start")
        added = add_clips(workspace.lake, collect(folder / "clips").rows, shard_size=1000)
        summary = run_lake(workspace, progress=Progress(stage=meter.switch))
        meter.switch(None)
        others = machine_cpu_s() - others - meter.total().cpu_s
    if summary.failures or added.made != [SHARD]:
        raise RuntimeError(f"The run did not do what is measured: {summary.failures or added}")
    side = Side(loading.total(), dict(meter.parts), meter.peak_mb, others)
    with open_instance(workspace.lake) as instance:
        for name in STAGES:
            event = instance.get_latest_materialization_event(dg.AssetKey(name))
            assert event is not None
            assert event.asset_materialization is not None
            figures: dict[str, Any] = {key: value.value for key, value in event.asset_materialization.metadata.items()}
            side.computed[name] = int(figures["computed"])
            side.activity[name] = {activity: float(figures[SHOWN_AS[activity]]) for activity in ACTIVITIES}
    return side


def run_naive(folder: Path, clips: Sequence[Clip], cues: Mapping[str, Cues]) -> tuple[Side, dict[str, Heard]]:
    """Run the loop over the clips; its prompts show the cues that the pipeline found."""
    workspace = Workspace.open(folder / "lake")
    fusion, questions = (workspace.stage_profile(stage).params for stage in (FUSION, QA))
    assert isinstance(fusion, FusionParams)
    assert isinstance(questions, QaParams)
    with Meter() as loading, Meter() as meter:
        loading.switch("load")
        loop = NaiveLoop(fusion.prompt, ask=questions.ask_model)
        loop.warm_up()
        loading.switch(None)
        loop.meter = meter
        others = machine_cpu_s()
        heard = {clip.path.name: loop.caption(clip.path, cues[clip.path.name]) for clip in clips}
        others = machine_cpu_s() - others - meter.total().cpu_s
        loop.close()
    return Side(loading.total(), dict(meter.parts), meter.peak_mb, others), heard


def lake_rows(folder: Path) -> dict[str, dict[str, Row]]:
    """The rows of every clip in ``folder/lake`` by the names of its files, then by asset."""
    lake = Workspace.open(folder / "lake").lake
    rows: dict[str, dict[str, Row]] = {}
    names: dict[str, list[str]] = {}
    for asset in STAGES:
        table = lake.read_table(asset, SHARD)
        assert table is not None
        for row in table.to_dicts():
            if asset == "raw_clips":
                names[row["clip_id"]] = [Path(source).name for source in row["sources"]]
            for name in names[row["clip_id"]]:
                rows.setdefault(name, {})[asset] = row
    return rows


def apart(function: Any, *arguments: Any) -> Any:
    """Call a function in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def report(clips: Sequence[Clip], pipeline: Side, naive: Side, comparison: Comparison) -> str:
    """Markdown: the totals, where the time goes, and what both say."""
    seconds = {"pipeline": pipeline, "naive loop": naive}
    kinds = [clip.kind for clip in clips]
    mix = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(sorted(kinds)))
    lines = [
        f"{len(clips)} clips of about 10 s ({mix}); {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d')}.",
        "",
        "| | wall s | CPU s | with loading: wall s | CPU s | peak MB | CPU s of other processes meanwhile |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, side in seconds.items():
        work, load = side.work, side.load
        cells = [work.wall_s, work.cpu_s, work.wall_s + load.wall_s, work.cpu_s + load.cpu_s]
        shown = " | ".join(f"{cell:.1f}" for cell in cells)
        lines.append(f"| {name} | {shown} | {side.peak_mb:.0f} | {side.others_cpu_s:.0f} |")
    (ours, our_load), (theirs, their_load) = ((side.work, side.load) for side in seconds.values())
    ratios = [
        theirs.wall_s / ours.wall_s,
        theirs.cpu_s / ours.cpu_s,
        (theirs.wall_s + their_load.wall_s) / (ours.wall_s + our_load.wall_s),
        (theirs.cpu_s + their_load.cpu_s) / (ours.cpu_s + our_load.cpu_s),
    ]
    lines += [f"| **ratio** | {' | '.join(f'**{ratio:.1f}**' for ratio in ratios)} | | |", ""]
    return "\n".join([*lines, *_split(pipeline), "", *_naive_split(naive), "", *_outputs(len(clips), comparison)])


def _split(side: Side) -> list[str]:
    lines = [
        "Where the pipeline's time goes:",
        "",
        "| stage | clips computed | wall s | CPU s | plan | wait | compute | write |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, spent in side.parts.items():
        activity = [f"{side.activity[name][key]:.2f}" if name in side.activity else "" for key in ACTIVITIES]
        computed = side.computed.get(name, "")
        lines.append(f"| {name} | {computed} | {spent.wall_s:.1f} | {spent.cpu_s:.1f} | {' | '.join(activity)} |")
    return lines


def _naive_split(side: Side) -> list[str]:
    lines = ["Where the naive loop's time goes:", "", "| model | wall s | CPU s |", "|---|---|---|"]
    return lines + [f"| {name} | {spent.wall_s:.1f} | {spent.cpu_s:.1f} |" for name, spent in side.parts.items()]


def _outputs(clips: int, found: Comparison) -> list[str]:
    return [
        "What both say:",
        "",
        "| | pipeline | naive loop |",
        "|---|---|---|",
        f"| word error rate on {found.speech} speech clips | {found.wer[0]:.3f} | {found.wer[1]:.3f} |",
        f"| clips without speech that get words that count | {found.invented[0]} | {found.invented[1]} |",
        f"| captions that pass the checks | {found.captions} of {found.captions} "
        f"(the model wrote {found.by_model}) | {found.unchecked_good} of {clips} |",
        "",
        f"Same words on {found.same_words} of {found.speech} speech clips; same best tag on {found.top_tag} of "
        f"{clips}; overlap (Jaccard) of the tags at or above 0.5: {found.tags:.2f}; of the five best music tags on the "
        f"{found.music} clips with music: {found.music_tags:.2f}.",
    ]


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=int, default=36)
    for source in ("speech", "music", "sounds"):
        parser.add_argument(f"--{source}", type=Path, help="folder of sources; all three or none")
    parser.add_argument("--json", type=Path, help="write all figures and outputs there as well")
    parser.add_argument("--keep", type=Path, help="an empty folder for clips and lake, instead of a temporary one")
    asked = parser.parse_args()
    given = [asked.speech, asked.music, asked.sounds]
    if any(given) and not all(given):
        parser.error("give all three of --speech, --music and --sounds, or none")
    sources = (
        Sources(*given) if all(given) else fetch_sources(platformdirs.user_cache_path("fusionaudio") / "benchmark")
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        clips = make_corpus(sources, folder / "clips", asked.clips)
        pipeline = apart(run_pipeline, folder)
        rows = lake_rows(folder)
        gate = Workspace.open(folder / "lake").stage_profile(FUSION).gate
        assert isinstance(gate, PresenceGate)
        cues = {name: cues_of(of, gate, load_ontology()) for name, of in rows.items()}
        naive, heard = apart(run_naive, folder, clips, cues)
    comparison = compare(clips, rows, cues, heard)
    print(report(clips, pipeline, naive, comparison))
    if asked.json:
        found = {"pipeline": asdict(pipeline), "naive": asdict(naive), "comparison": asdict(comparison)}
        outputs = {name: asdict(of) for name, of in heard.items()}
        asked.json.write_text(json.dumps(found | {"naive_outputs": outputs}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
