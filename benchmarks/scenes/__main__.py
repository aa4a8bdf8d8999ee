"""Compose the scenes, run the pipeline on them, and score it: see the package."""

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.pipeline import lake_rows
from benchmarks.scenes.bank import open_bank
from benchmarks.scenes.compose import compose, record
from benchmarks.scenes.report import as_json, figures, markdown
from benchmarks.scenes.scoring import Scorer, tag_precision
from fusionaudio_assets.ingest import collect
from fusionaudio_assets.run import run_lake
from fusionaudio_assets.shards import add_clips
from fusionaudio_assets.tags import STAGE as TAGS
from fusionaudio_assets.workspace import DEFAULT_PROFILE, Workspace
from resources.adapter import close_all_but
from resources.ontology import load_ontology
from resources.tagger import Tagger

EXAMPLES = Path(__file__).parents[2] / "examples" / "clips"


def main() -> None:
    """Print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenes", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--sounds", type=Path, help="folder of real sounds with a labels.csv (see benchmarks/scenes/bank.py)"
    )
    parser.add_argument("--extras", type=Path, help="folder that `python -m benchmarks.corpus FOLDER` made")
    parser.add_argument("--profile", default=DEFAULT_PROFILE, help="name or file of a profile")
    parser.add_argument("--keep", type=Path, help="folder for clips, stems, truth and lake, instead of a temporary one")
    parser.add_argument("--markdown", type=Path, help="write the report there as well")
    parser.add_argument("--json", type=Path, help="write all figures and judgements there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        report, found = run(asked.keep or Path(temporary), asked.sounds, asked.extras, asked.profile)
    print(report)
    if asked.markdown:
        asked.markdown.write_text(report, encoding="utf-8")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def run(folder: Path, sounds: Path | None, extras: Path | None, profile: str) -> tuple[str, dict[str, object]]:
    """Compose, run and score.

    Returns:
        The report as Markdown, and everything as JSON.
    """
    ontology = load_ontology()
    truths = compose(open_bank(ontology, EXAMPLES, sounds, extras), folder)
    records = "".join(f"{json.dumps(record(truth))}\n" for truth in truths)
    (folder / "truth.jsonl").write_text(records, encoding="utf-8")
    # Other scenes or another profile are another lake.
    place = folder / f"run-{hashlib.sha256((profile + records).encode()).hexdigest()[:8]}"
    workspace = Workspace.create(place / "lake", profile)
    add_clips(workspace.lake, collect(folder / "clips").rows, shard_size=len(truths))
    if failures := run_lake(workspace).failures:
        sys.exit("\n".join(f"{asset}: {message}" for asset, _, message in failures))
    rows = lake_rows(place)
    tagger = workspace.stage_profile(TAGS).models["tagger"]
    assert isinstance(tagger, Tagger)
    scored = Scorer(ontology, workspace.lake, folder, tagger).score(truths, rows)
    close_all_but(())
    by_class = tag_precision(scored, rows, ontology)
    shown = figures(scored, by_class)
    return markdown(scored, shown, profile), as_json(scored, shown, by_class)


if __name__ == "__main__":
    main()
