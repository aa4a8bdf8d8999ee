"""Tables of a large lake without media: real AudioSet labels, invented everything else."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from fusionaudio_assets.figures import keep
from fusionaudio_assets.shards import MANIFEST
from fusionaudio_assets.tables import TABLES, polars_schema
from resources.lake import Lake
from resources.ontology import load_ontology

Row = dict[str, Any]

TEMPLATES = 8
"""Different shards; the others repeat one of them under other clip ids, since inventing rows takes long."""

MUSIC = 0.5
SPEECH = 0.33
FAILED = 0.002
"""Shares of the clips; a failed clip is a broken medium."""

_SPOKEN = "so we went down to the old river and nobody there could tell me what the bell in that tower was for"
_INSTRUMENTS = ("guitar", "piano", "drums", "strings", "synth", "flute")
_PLACES = ("in the distance", "close by", "again and again", "in a large room", "outdoors", "for a short while")


def write_tables(lake: Lake, shards: Sequence[str], clips: int) -> None:
    """Write every stage's table of some shards; the rows of shard n follow from n alone.

    Args:
        lake: A lake that was created.
        shards: Keys ``shard-000001`` and so on.
        clips: Clips of each.
    """
    templates: dict[int, dict[str, pl.DataFrame]] = {}
    for shard in shards:
        number = int(shard.rpartition("-")[2])
        seed = number % TEMPLATES
        if seed not in templates:
            templates[seed] = _frames(np.random.default_rng(seed), clips)
        clip_ids = [hashlib.sha256(f"{shard} {clip}".encode()).hexdigest()[:16] for clip in range(clips)]
        for asset, frame in templates[seed].items():
            table = frame.with_columns(clip_id=pl.Series(clip_ids))
            lake.write_table(asset, shard, table)
            if asset != MANIFEST:
                keep(lake, asset, shard, table)


def _frames(rng: np.random.Generator, clips: int) -> dict[str, pl.DataFrame]:
    rows: dict[str, list[Row]] = {asset: [] for asset in TABLES}
    for number in range(clips):
        for asset, row in _clip(rng, number).items():
            rows[asset].append(row)
    return {asset: pl.DataFrame(rows[asset], schema=polars_schema(table)) for asset, table in TABLES.items()}


def _clip(rng: np.random.Generator, number: int) -> dict[str, Row]:
    failed, music, speech = rng.random() < FAILED, rng.random() < MUSIC, rng.random() < SPEECH
    names = load_ontology().names
    heard = [names[index] for index in rng.choice(len(names), 12, replace=False)]
    scores = np.sort(rng.random(12) * 0.8 + 0.1)[::-1].round(4).tolist()
    labels = [{"name": name, "quality": None} for name in heard[:2]]
    source: Row = {"sources": [f"{number}.wav"], "labels": labels, "license": "CC0-1.0", "split": None}
    source |= {"start_s": None, "end_s": None}
    rows = {"manifest": {"path": f"/media/{number}.wav", "file_sha256": "d" * 64} | source}
    facts = _facts(rng, heard, scores, music=music, speech=speech)
    needed = {"stems": music and speech, "transcripts": speech, "music_captions": music, "visual_captions": False}
    for asset, row in facts.items():
        common: Row = {"permanent": False, "fingerprint": hashlib.sha256(asset.encode()).hexdigest()}
        if failed and asset == "raw_clips":
            rows[asset] = common | source | {"status": "failed", "reason": "truncated", "permanent": True}
            rows[asset] |= {"detail": f"/media/{number}.wav ends after 512 bytes."}
        elif asset == "filtered_dataset" and failed:
            rows[asset] = common | {"status": "ok", "kept": False, "drop_reasons": ["truncated"], "modalities": []}
        elif failed:
            rows[asset] = common | {"status": "skipped", "reason": "clip_unusable", "detail": "raw_clips: truncated"}
        elif not needed.get(asset, True):
            rows[asset] = common | {"status": "skipped", "reason": _SKIPS[asset]}
        else:
            model = None if asset == "filtered_dataset" else f"{asset}-model"
            rows[asset] = common | (source if asset == "raw_clips" else {}) | {"status": "ok", "model": model} | row
    return rows


_SKIPS = {
    "stems": "no_voice",
    "transcripts": "no_speech",
    "music_captions": "no_music",
    "visual_captions": "no_video",
}


def _facts(
    rng: np.random.Generator, heard: list[str], scores: list[float], *, music: bool, speech: bool
) -> dict[str, Row]:
    text = " ".join(rng.choice(_SPOKEN.split(), 18))
    similarity = round(float(rng.normal(0.4, 0.08)), 4)
    caption = f"{heard[0]} can be heard {rng.choice(_PLACES)}, with {heard[1].lower()} {rng.choice(_PLACES)}"
    caption += f" and {heard[2].lower()} at {rng.integers(1, 9)} seconds."
    scored = [{"label": str(label), "score": 0.5} for label in rng.choice(_INSTRUMENTS, 2, replace=False)]
    score = {"speech_score": 0.9 if speech else 0.0, "music_score": 0.9 if music else 0.0}
    modalities = ["sound", *(["music"] if music else []), *(["speech"] if speech else [])]
    return {
        "raw_clips": {"duration_s": 10.0, "sample_rate_hz": 44100, "channels": 2, "source_channels": 2, "num_frames": 0}
        | {"codec": "pcm_s16le", "container": "wav", "loudness_lufs": float(rng.normal(-23, 4)), "peak_db": -3.0}
        | {"has_video": False, "audio_sha256": rng.bytes(32).hex(), "audio_file": "shard-a.parquet"},
        "tags": {
            "tags": [{"label": name, "score": score} for name, score in zip(heard, scores, strict=True)],
            "events": [
                {
                    "label": name,
                    "score": score,
                    "spans": [{"start_s": float(at), "end_s": at + 1.5} for at in (0, 4, 8)],
                }
                for name, score in zip(heard[:4], scores, strict=False)
            ],
            "segments": [{"kind": "speech", "start_s": 1.0, "end_s": 4.0}] if speech else [],
            "stretches": [{"start_s": float(at), "end_s": at + 1.5} | _SOUNDING for at in (0, 4, 8)],
            **{"speech_s": 3.0 if speech else 0.0, "singing_s": 0.0, "music_s": 10.0 if music else 0.0},
            **{"singing_score": 0.0, "other_score": scores[0], **score},
        },
        "stems": {"vocal_share": 0.4, "residual_db": -2.0, "num_samples": 441000, "sample_rate_hz": 44100}
        | {"vocals_sha256": rng.bytes(32).hex(), "vocals_file": "shard-b.parquet"},
        "transcripts": {"text": text, "language": "en", "language_probability": 0.99, "confident": True}
        | {"speech_s": 3.0, "avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.1, "full_window": False}
        | {
            "segments": [{"text": text, "start_s": 1.0, "end_s": 8.0} | _CONFIDENCE],
            "words": [
                {"text": word, "start_s": 1 + at * 0.3, "end_s": 1.25 + at * 0.3, "probability": 0.9}
                for at, word in enumerate(text.split())
            ],
        },
        "sound_captions": {"description": f"{heard[0]}, {heard[1]} and {heard[2]}."},
        "music_captions": {"genres": scored, "instruments": scored, "moods": [], "vocals": [], "raw": scored}
        | {"tempo_bpm": 96.0, "description": "Calm piano music."},
        "visual_captions": {"frames": [], "description": ""},
        "fused_captions": {"caption": caption, "ambiguities": [], "modalities": modalities, "author": "composer"}
        | {"abstained": False, "leaks": [], "prompt_tokens": 200, "completion_tokens": 30}
        | {"claims": [_claim(name, caption) for name in heard[:3]]},
        "caption_scores": {"similarity": similarity, "scorer": "bridge", "num_words": len(caption.split())},
        "qa_pairs": {
            "pairs": [_pair(name, yes=index % 2 == 0) for index, name in enumerate(heard[:4])],
            "num_pairs": 4,
            "prompt_tokens": 0,
            "completion_tokens": 0,
        },
        "filtered_dataset": {"kept": bool(similarity > 0.2), "caption": caption, "author": "composer"}
        | {"drop_reasons": [] if similarity > 0.2 else ["low_similarity"], "modalities": modalities}
        | {"similarity": similarity, "scorer": "bridge", "duration_s": 10.0, "license": "CC0-1.0"},
    }


_SOUNDING = {"level_db": -20.0, "growth_db": 0.0, "spread_db": 3.0, "centroid_hz": 900.0, "flatness": 0.1}
_SOUNDING |= {"pitch_hz": 220.0, "glide_semitones": 0.0}
_CONFIDENCE = {"avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.1}


def _claim(name: str, caption: str) -> Row:
    start = caption.lower().index(name.lower())
    end = start + len(name)
    place = {"text": caption[start:end], "start": start, "end": end}
    return place | {"supported": True, "support": 1.0, "by": [f"events: {name}"]}


def _pair(name: str, *, yes: bool) -> Row:
    kind = {"category": "perception", "difficulty": "basic", "format": "yes_no", "author": "composer", "options": []}
    return {"question": f"Can {name.lower()} be heard?", "answer": "Yes" if yes else "No"} | kind
