"""A shard in memory in which every rule holds, and ways to spoil it."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import cache
from typing import Any

import polars as pl

from fusionaudio_assets.checks import Verdict, judge, rules_of
from fusionaudio_assets.checks.references import REFERENCES
from fusionaudio_assets.figures import drift, measure
from fusionaudio_assets.graph import STAGES
from fusionaudio_assets.tables import TABLES, polars_schema

Row = dict[str, Any]
Spoil = Callable[["Shard", int], None]
"""Changes the rows of one clip."""

SHARD = "shard-000001"
AUDIOSET = ("Speech", "Music", "Bark", "Rain")
DURATION_S = 10.0
CLAIM = {"text": "dog barks", "start": 2, "end": 11, "supported": True, "support": 1.0, "by": ["events: Bark"]}


class Shard:
    """Tables of one shard: a dog barks in each clip, somebody speaks over music, and pictures show it."""

    def __init__(self, clips: int) -> None:
        self.rows: dict[str, list[Row]] = {asset: [] for asset in TABLES}
        for number in range(clips):
            for asset, row in _clip(number, clips).items():
                self.rows[asset].append(row)

    def edit(self, asset: str, clip: int, **columns: Any) -> None:
        """Replace columns in the row of one clip."""
        assert columns.keys() <= polars_schema(TABLES[asset]).keys()
        self.rows[asset][clip] |= columns

    def item(self, asset: str, clip: int, column: str, **fields: Any) -> None:
        """Replace fields in the first item of a list in the row of one clip."""
        assert fields.keys() <= self.rows[asset][clip][column][0].keys()
        self.rows[asset][clip][column][0] |= fields

    def frame(self, asset: str) -> pl.DataFrame:
        """The table of an asset as it would lie in the lake."""
        return pl.DataFrame(self.rows[asset], schema=polars_schema(TABLES[asset]))

    def verdicts(self, asset: str) -> dict[str, Verdict]:
        """Verdicts of the SQL rules of an asset by name."""
        names = {"this": asset, "manifest": "manifest", **{name: name for name in STAGES[asset].reads}}
        relations = {name: self.frame(table).with_columns(shard=pl.lit(SHARD)) for name, table in names.items()}
        relations |= {
            "audioset": pl.DataFrame({"name": AUDIOSET}),
            "media_reasons": REFERENCES["media_reasons"].frame(),
            "drift": drift(measure(asset, relations["this"]), peers(asset)),
        }
        return {verdict.rule.name: verdict for verdict in judge(rules_of(asset), relations, [SHARD])[SHARD]}


@cache
def peers(asset: str) -> pl.DataFrame:
    """Figures of the lake's other shards, which are all good."""
    good = Shard(120).frame(asset)
    return pl.concat([measure(asset, good.with_columns(shard=pl.lit(f"good {number}"))) for number in range(8)])


def spoilt(clips: int, spoil: Spoil, which: Iterable[int]) -> Shard:
    """A shard in which some clips are spoilt."""
    shard = Shard(clips)
    for clip in which:
        spoil(shard, clip)
    return shard


def _clip(number: int, clips: int) -> dict[str, Row]:
    clip_id = f"{number:016x}"
    similarity = 0.2 + 0.4 * number / clips
    caption = f"A dog barks {'twice ' * (number % 7)}while take number {number} of a calm song plays in the background."
    source: Row = {"sources": [f"{number}.mp4"], "license": "CC0-1.0", "split": None, "start_s": None, "end_s": None}
    source["labels"] = [{"name": "Bark", "quality": 0.9}]
    scored: list[Row] = [{"label": "piano", "score": 0.6}]
    own: dict[str, Row] = {
        "raw_clips": source
        | {"duration_s": DURATION_S, "sample_rate_hz": 44100, "channels": 2, "source_channels": 2, "codec": "aac"}
        | {"container": "mp4", "loudness_lufs": -23.0, "peak_db": -3.0, "has_video": True, "width": 640, "height": 360}
        | {"num_frames": 2, "audio_sha256": "a" * 64, "audio_file": "a", "frames_sha256": "b" * 64, "frames_file": "b"},
        "tags": {
            "tags": [{"label": "Bark", "score": 0.9}, {"label": "Speech", "score": 0.5}],
            "events": [{"label": "Bark", "score": 0.9, "spans": [{"start_s": 0.0, "end_s": 2.0}]}],
            "segments": [{"kind": "speech", "start_s": 1.0, "end_s": 4.0}],
            "stretches": [
                {"start_s": 0.0, "end_s": 4.0, "level_db": -20.0, "growth_db": 1.0, "spread_db": 3.0}
                | {"centroid_hz": 800.0, "flatness": 0.1, "pitch_hz": None, "glide_semitones": None}
            ],
            **{"speech_s": 3.0, "singing_s": 0.0, "music_s": 9.0},
            **{"speech_score": 0.5, "singing_score": 0.0, "music_score": 0.8, "other_score": 0.9},
        },
        "stems": {"vocal_share": 0.4, "residual_db": -2.0, "num_samples": 441000, "sample_rate_hz": 44100}
        | {"vocals_sha256": "c" * 64, "vocals_file": "c"},
        "transcripts": {
            "text": "good morning everyone",
            "language": "en",
            **{"language_probability": 0.99, "confident": True, "speech_s": 3.0, "avg_logprob": -0.2},
            **{"no_speech_prob": 0.01, "compression_ratio": 1.1, "full_window": False},
            "segments": [
                {"text": "good morning everyone", "start_s": 1.0, "end_s": 3.0}
                | {"avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.1}
            ],
            "words": [{"text": "good", "start_s": 1.0, "end_s": 1.4, "probability": 0.9}],
        },
        "sound_captions": {"description": "A dog barks."},
        "music_captions": {"genres": scored, "instruments": scored, "moods": [], "vocals": [], "raw": scored}
        | {"tempo_bpm": 96.0, "description": "Calm piano music."},
        "visual_captions": {
            "frames": [{"time_s": 0.0, "labels": [{"label": "dog", "score": 0.7}]}, {"time_s": 5.0, "labels": []}],
            "description": "A dog.",
        },
        "fused_captions": {"caption": caption, "ambiguities": [], "modalities": ["sound", "music"], "author": "tester"}
        | {"abstained": False, "claims": [CLAIM]}
        | {"leaks": [], "prompt_tokens": 100, "completion_tokens": 20},
        "caption_scores": {"similarity": similarity, "scorer": "bridge", "num_words": len(caption.split())},
        "qa_pairs": {
            "pairs": [
                _pair("Which of these can be heard?", "a dog", "choice", ["a dog", "a car", "a bell"]),
                _pair("What can be heard in the background?", "A calm song can be heard."),
                _pair("Can you hear a dog?", "Yes", "yes_no"),
            ],
            "num_pairs": 3,
        },
        "filtered_dataset": {"kept": True, "drop_reasons": [], "caption": caption, "author": "tester"}
        | {"modalities": ["sound", "music"], "similarity": similarity, "scorer": "bridge", "duration_s": DURATION_S},
    }
    common = {"clip_id": clip_id, "status": "ok", "reason": None, "permanent": False, "fingerprint": "f" * 64}
    rows = {
        asset: common
        | {"model": None if asset == "filtered_dataset" else f"{asset}-model", "libraries": "onnxruntime 1.24.1"}
        | row
        for asset, row in own.items()
    }
    manifest = {"clip_id": clip_id, "path": f"/media/{number}.mp4", "file_sha256": "d" * 64} | source
    return deepcopy({"manifest": manifest} | rows)


def _pair(question: str, answer: str, form: str = "open", options: list[str] | None = None) -> Row:
    kind = {"category": "perception", "difficulty": "basic", "format": form, "author": "composer"}
    return {"question": question, "answer": answer, "options": options or []} | kind
