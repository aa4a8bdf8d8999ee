"""Small lakes whose tables are written directly, without a model: for what only reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl

from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.payloads import stored_audio
from fusionaudio_assets.tables import AudioPayload, FusedCaptions, Manifest, QaPairs, StageTable, polars_schema
from fusionaudio_assets.workspace import Workspace
from resources.lake import Lake

Row = dict[str, Any]

CAPTION = "A small dog barks twice while rain falls on a tin roof."
CLAIM = {"text": "dog barks", "start": 8, "end": 17, "supported": True, "support": 1.0, "by": ["events: Bark"]}
PAIR = {
    "question": "Which animal is heard?",
    "answer": "A dog",
    "category": "sound_events",
    "difficulty": "easy",
    "format": "open",
    "options": None,
    "author": "tester",
}


def clip_row(number: int, **changes: Any) -> Row:
    """A clip that is kept, with every column that the tests look at; `changes` replace some of it."""
    return {
        "clip_id": f"{number:016x}",
        "sources": [f"clip {number}.wav"],
        "path": f"/media/clip {number}.wav",
        "labels": [{"name": "Bark", "quality": 0.9}],
        "license": "CC0-1.0",
        "split": None,
        "start_s": None,
        "end_s": None,
        "duration_s": 0.1,
        "caption": f"{CAPTION} Take {number}.",
        "drop_reasons": [],
        "status": "ok",
        "reason": None,
        "pairs": [PAIR],
    } | changes


def broken_row(number: int, reason: str = "truncated") -> Row:
    """A clip whose medium is broken."""
    return clip_row(number, status="failed", reason=reason, caption=None, drop_reasons=[reason], pairs=None)


def make_lake(root: Path, shards: Sequence[Sequence[Row]], *, with_qa: bool = True) -> Lake:
    """A finished lake with the given clips in its shards, and a tenth of a second of noise as the audio of each."""
    lake = Workspace.create(root).lake
    for number, rows in enumerate(shards, 1):
        write_shard(lake, f"shard-{number:06d}", rows, with_qa=with_qa)
    return lake


def write_shard(lake: Lake, key: str, rows: Sequence[Row], *, with_qa: bool = True) -> None:
    """Write every table of a shard."""
    lake.write_table("manifest", key, _frame(Manifest, rows))
    good = [row for row in rows if row["status"] == "ok"]
    audio_file = f"{key}-noise.parquet"
    if good:
        payload = [{"clip_id": row["clip_id"], "audio": noise(row["clip_id"])} for row in good]
        table = pl.DataFrame(payload, schema=polars_schema(AudioPayload)).to_arrow(compat_level=pl.CompatLevel.oldest())
        lake.write_payload("raw_clips", "audio", audio_file, iter([table]))
    media = {"sample_rate_hz": 16000, "channels": 1, "source_channels": 1, "codec": "pcm", "container": "wav"}
    media |= {"loudness_lufs": -23.0, "peak_db": -6.0, "has_video": False, "audio_file": audio_file}
    media |= {"audio_sha256": "0" * 64}
    own: dict[str, Row] = {
        "raw_clips": media,
        "tags": {"tags": [{"label": "Bark", "score": 0.9}], "model": "yamnet"},
        "fused_captions": {
            "author": "tester",
            "modalities": ["sound"],
            "ambiguities": ["rain may be frying"],
            "claims": [CLAIM],
        },
        "caption_scores": {"similarity": 0.5, "scorer": "bridge", "num_words": 13},
        "filtered_dataset": {"author": "tester", "modalities": ["sound"], "similarity": 0.5, "scorer": "bridge"},
    }
    tables: dict[str, type[StageTable]] = {name: stage.table for name, stage in STAGES.items()}
    tables |= {"fused_captions": FusedCaptions} | ({"qa_pairs": QaPairs} if with_qa else {})
    for asset, table_type in tables.items():
        if asset != "qa_pairs" or with_qa:
            lake.write_table(
                asset, key, _frame(table_type, [_stage_row(asset, row, own.get(asset, {})) for row in rows])
            )


def noise(clip_id: str) -> dict[str, Any]:
    """A tenth of a second of noise as it is stored."""
    samples = np.random.default_rng(int(clip_id, 16)).uniform(-0.5, 0.5, (1, 1600)).astype(np.float32)
    return stored_audio(clip_id, samples, 16000)


def _stage_row(asset: str, row: Row, own: Row) -> Row:
    common = {"permanent": row["status"] == "failed", "fingerprint": "f" * 64, "model": f"{asset}-model"}
    if row["status"] == "failed" and asset not in ("raw_clips", "filtered_dataset"):
        state = {"status": "skipped", "reason": "clip_unusable", "detail": f"raw_clips: {row['reason']}"}
        return {"clip_id": row["clip_id"]} | common | state | {"model": None}
    if row["status"] == "failed" and asset == "raw_clips":
        return row | common | {"detail": "the index is missing"}
    kept = {"kept": not row["drop_reasons"], "status": "ok", "reason": None}
    return row | common | own | (kept if asset == "filtered_dataset" else {})


def _frame(table: type[dy.Schema], rows: Sequence[Row]) -> pl.DataFrame:
    schema = polars_schema(table)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
