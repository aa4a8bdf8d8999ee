"""Tags: AudioSet classes with scores, clip level and over time; speech, singing and music; when anything sounds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import dagster as dg
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fusionaudio_assets.materialize import Materialized, StageConfig, materialize, stage_asset
from fusionaudio_assets.payloads import audio_of, loaded_audio
from fusionaudio_assets.stage import Job, Models, Row, Stage, Upstream, Work
from fusionaudio_assets.tables import Tags
from fusionaudio_assets.voice import class_weights
from fusionaudio_assets.workspace import LakeResource
from resources.activity import ACTIVITY_RATE_HZ, Stretch, stretches
from resources.adapter import Json
from resources.audio import resample, to_mono
from resources.ontology import Ontology, load_ontology, ontology_revision
from resources.profile import Settings
from resources.segmenter import Segment, Segmenter
from resources.tagger import Tagger, TagScores

VOICE = {"speech": "Speech", "singing": "Singing"}
"""AudioSet class at the head of each kind of voice."""


class TagsParams(Settings):
    """What is kept of the scores."""

    min_score: float = Field(0.1, ge=0, le=1, description="Clip-level tags below this are not stored")
    min_event_score: float = Field(0.3, ge=0, le=1, description="Classes below this make no event")
    frame_score: float = Field(0.2, ge=0, le=1, description="A frame belongs to an event from this score on")
    max_gap_s: float = Field(0.6, ge=0, description="Pauses of an event up to this are bridged")


def derive(rows: Upstream, gate: Settings, models: Models) -> Work:
    """Every clip that could be decoded is tagged."""
    clip = rows["raw_clips"]
    return Work({}, {"audio": audio_of(clip)}, clip["duration_s"])


def prepare(payloads: Mapping[str, Any], job: Job, models: Models) -> dict[str, Any]:
    """Mono audio at the rate of each model, and the stretches in which something sounds."""
    tagger = models.of("tagger", Tagger)
    rates = {
        "tagger": tagger.sample_rate_hz,
        "segmenter": models.of("segmenter", Segmenter).sample_rate_hz,
    }
    audio, stored_hz = loaded_audio(payloads["audio"])
    mono = to_mono(audio)
    by_rate = {rate: resample(mono, stored_hz, rate) for rate in {*rates.values(), ACTIVITY_RATE_HZ}}
    tagger.ahead(by_rate[tagger.sample_rate_hz])
    return {role: by_rate[rate] for role, rate in rates.items()} | {"stretches": stretches(by_rate[ACTIVITY_RATE_HZ])}


def tag(jobs: Sequence[Job], models: Models, params: TagsParams) -> list[Row]:
    """Tag clips and find their speech, singing and music."""
    tagger, segmenter = models.of("tagger", Tagger), models.of("segmenter", Segmenter)
    ontology = load_ontology()
    scored = tagger.tag([job.prepared["tagger"] for job in jobs])
    segmented = segmenter.segment([job.prepared["segmenter"] for job in jobs])
    rows = []
    for job, scores, segments in zip(jobs, scored, segmented, strict=True):
        duration_s = job.prepared["tagger"].size / tagger.sample_rate_hz
        heard = clip_tags(scores, tagger.classes, ontology, params, duration_s)
        rows.append(heard | segment_columns(segments) | stretch_columns(job.prepared["stretches"]))
    return rows


def clip_tags(
    frames: TagScores, classes: Sequence[str], ontology: Ontology, params: TagsParams, duration_s: float
) -> Row:
    """Clip-level tags and events of one clip.

    The score of a clip is what the tagger heard in it as a whole, else the maximum over its frames, so that a short
    event counts as a long one does; a parent of the hierarchy scores at least as its children. Events are the most
    specific classes, and wider ones that are surer than those.
    """
    scores = ontology.propagate(frames.scores, classes)
    clip_scores = scores.max(axis=0) if frames.clip is None else ontology.propagate(frames.clip, classes)
    order = np.argsort(-clip_scores, kind="stable")
    named = {classes[i]: float(clip_scores[i]) for i in order if clip_scores[i] >= params.min_score}
    column = {name: index for index, name in enumerate(classes)}
    likely = {name: score for name, score in named.items() if score >= params.min_event_score}
    below = {name: [other for other in likely if name in ontology.implied(other)] for name in likely}
    telling = [name for name in likely if all(likely[other] < likely[name] for other in below[name])]
    events = [
        {
            "label": name,
            "score": named[name],
            "spans": event_spans(scores[:, column[name]], frames, params, duration_s),
        }
        for name in telling
    ]
    return {
        "tags": [{"label": name, "score": score} for name, score in named.items()],
        "events": [event for event in events if event["spans"]],
    } | voice_scores(clip_scores, classes, ontology)


def event_spans(
    scores: NDArray[np.float32], frames: TagScores, params: TagsParams, duration_s: float
) -> list[dict[str, float]]:
    """Stretches in which one class is heard: frames at or above `frame_score`, short pauses bridged.

    Frames overlap; a frame speaks for the hop around its middle, the first and the last one to the clip's ends.

    Args:
        scores: ``(frames,) float32`` of the class.
        frames: For window and hop.
        params: Thresholds.
        duration_s: Length of the clip; spans end there.
    """
    edge_s = (frames.window_s - frames.hop_s) / 2
    spans: list[dict[str, float]] = []
    for index in np.flatnonzero(scores >= min(params.frame_score, float(scores.max()))):
        start_s = 0.0 if index == 0 else index * frames.hop_s + edge_s
        end_s = duration_s if index == len(scores) - 1 else (index + 1) * frames.hop_s + edge_s
        start_s, end_s = min(start_s, duration_s), min(end_s, duration_s)
        if spans and start_s - spans[-1]["end_s"] <= params.max_gap_s:
            spans[-1]["end_s"] = end_s
        elif end_s > start_s:
            spans.append({"start_s": start_s, "end_s": end_s})
    return [{edge: _rounded_down(time_s) for edge, time_s in span.items()} for span in spans]


def _rounded_down(time_s: float) -> float:
    """To 10 ms: what is rounded up may lie behind the clip's end."""
    return math.floor(time_s * 100 + 1e-9) / 100


def voice_scores(scores: NDArray[np.float32], classes: Sequence[str], ontology: Ontology) -> Row:
    """The highest score of speech, of singing, of music without singing, and of everything else.

    Args:
        scores: ``(classes,) float32`` of a clip, parents raised by their children.
        classes: Display name of each.
        ontology: Their hierarchy.
    """
    columns = _columns_of_kinds(tuple(classes), ontology)
    return {f"{kind}_score": float(scores[of_kind].max(initial=0.0)) for kind, of_kind in columns.items()}


@lru_cache(maxsize=8)
def _columns_of_kinds(classes: tuple[str, ...], ontology: Ontology) -> dict[str, NDArray[np.intp]]:
    """The columns of each kind; silence is of none."""
    speech = {VOICE["speech"], *ontology.descendants(VOICE["speech"])}
    singing = {VOICE["singing"], *ontology.descendants(VOICE["singing"])}
    music = {"Music", *ontology.descendants("Music")} - singing
    # Parents are raised by their children: a class above speech or music says nothing about something else.
    families = speech | singing | music
    above = frozenset[str]().union(*(ontology.implied(name) for name in families if name in ontology))
    kinds = {"speech": speech, "singing": singing, "music": music, "other": set(classes) - families - above}
    return {
        kind: np.array([column for column, name in enumerate(classes) if name in members - {"Silence"}], dtype=np.intp)
        for kind, members in kinds.items()
    }


def segment_columns(segments: Sequence[Segment]) -> Row:
    """Segments and their seconds by kind."""
    seconds = dict.fromkeys(("speech", "singing", "music"), 0.0)
    for segment in segments:
        seconds[segment.kind] += segment.end_s - segment.start_s
    return {
        "segments": [{"kind": s.kind, "start_s": s.start_s, "end_s": s.end_s} for s in segments],
        **{f"{kind}_s": round(total, 2) for kind, total in seconds.items()},
    }


def also(params: TagsParams) -> dict[str, Json]:
    """The hierarchy raises parents and picks the most specific classes."""
    return {"ontology": ontology_revision()}


def stretch_columns(found: Sequence[Stretch]) -> Row:
    """The stretches, times rounded down to 10 ms."""
    times = ("start_s", "end_s")
    return {
        "stretches": [
            {name: _rounded_down(value) if name in times else value for name, value in asdict(stretch).items()}
            for stretch in found
        ]
    }


STAGE = Stage(
    name="tags",
    table=Tags,
    version="4",
    reads={"raw_clips": ("duration_s", "audio_sha256", "audio_file")},
    derive=derive,
    prepare=prepare,
    compute=tag,
    models={"tagger": Tagger, "segmenter": Segmenter},
    params=TagsParams,
    also=also,
    weights=class_weights,
)


@stage_asset(STAGE, group="cues", kinds={"onnx"})
def tags(context: dg.AssetExecutionContext, config: StageConfig, lake: LakeResource) -> Materialized:
    """Tag what is heard with AudioSet classes, over the clip and in time, and find speech, singing and music."""
    return materialize(STAGE, context, config, lake)
