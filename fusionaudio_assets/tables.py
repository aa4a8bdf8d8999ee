"""Every table of the lake, declared once: columns, types, units, meaning.

The Dagster column metadata, the contract that is checked on every commit and the documentation are made from these
classes. A column whose name ends in `_s`, `_ms`, `_hz`, `_db` or `_bpm` is in that unit.
"""

from enum import StrEnum
from functools import cache
from typing import Any

import dataframely as dy
import polars as pl

from fusionaudio_assets.reasons import Reason


class Status(StrEnum):
    """What became of a clip in a stage."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


def _text(description: str, **options: Any) -> dy.String:
    return dy.String(nullable=True, description=description, **options)


def _choice(values: type[StrEnum], description: str = "", *, nullable: bool = True) -> dy.String:
    """A string out of `values`: not a polars Enum, whose type would change whenever a value is added."""
    allowed = [value.value for value in values]
    return dy.String(nullable=nullable, description=description, check=lambda expr: expr.is_in(allowed))


def _number(description: str, **options: Any) -> dy.Float32:
    return dy.Float32(nullable=True, description=description, **options)


def _share(description: str) -> dy.Float32:
    return _number(description, min=0, max=1)


def _count(description: str) -> dy.Int32:
    return dy.Int32(nullable=True, description=description, min=0)


def _flag(description: str) -> dy.Bool:
    return dy.Bool(nullable=True, description=description)


def _list(inner: dy.Column, description: str) -> dy.List:
    return dy.List(inner, nullable=True, description=description)


def _struct(**fields: dy.Column) -> dy.Struct:
    return dy.Struct(fields, nullable=True)


def _seconds() -> dy.Float32:
    return dy.Float32(nullable=True, min=0)


def _scored() -> dy.Struct:
    return _struct(label=dy.String(nullable=True), score=dy.Float32(nullable=True))


def _claims() -> dy.List:
    place = {"start": _count(""), "end": _count("")}
    claim = _struct(text=_text(""), **place, supported=_flag(""), support=_share(""), by=_list(_text(""), ""))
    told = "what the caption claims at its characters [start, end), how well that is supported, in [0, 1], and by what"
    return _list(claim, told)


def _stretches() -> dy.List:
    names = ("level_db", "growth_db", "spread_db", "centroid_hz", "flatness", "pitch_hz", "glide_semitones")
    told = "when anything stands out of the background, and how it sounds, measured: see resources/activity.py"
    return _list(_struct(start_s=_seconds(), end_s=_seconds(), **{name: _number("") for name in names}), told)


def _qa_pair() -> dy.Struct:
    texts = {name: _text("") for name in ("question", "answer", "category", "difficulty", "format")}
    return _struct(**texts, options=_list(_text(""), ""), author=_text(""))


class StageTable(dy.Schema):
    """Columns that every stage's table has: one row for every clip of the shard, whatever became of it."""

    clip_id = dy.String(primary_key=True, description="the clip: from the SHA-256 of the file's bytes and its bounds")
    status = _choice(Status, "ok, skipped (not needed) or failed", nullable=False)
    reason = _choice(Reason, "why the row is not ok")
    detail = _text("the reason with its file, figures or message")
    permanent = dy.Bool(nullable=False, description="a failure that trying again cannot mend")
    fingerprint = dy.String(nullable=False, description="SHA-256 of the stage's identity and of all that it consumed")
    model = _text("the models that made the row, or empty")
    libraries = _text("the libraries that ran them, with versions: no part of the fingerprint")


class Manifest(dy.Schema):
    """The clips of a shard as they were ingested."""

    clip_id = dy.String(primary_key=True, description="the clip")
    path = dy.String(nullable=False, description="file that the clip is read from")
    file_sha256 = _text("SHA-256 of the file's bytes; null when it could not be read")
    start_s = _number("start of the segment in the file, null for the whole file", min=0)
    end_s = _number("end of the segment in the file, exclusive", min=0)
    sources = _list(dy.String(nullable=True), "every name under which these bytes were ingested")
    labels = _list(_struct(name=dy.String(nullable=True), quality=_share("")), "human labels, quality in [0, 1]")
    license = _text("licence of the clip as its source states it")
    split = _text("split that the source assigns, e.g. train or test")


class RawClips(StageTable):
    """Decoded clips: facts about the medium; audio and key frames lie in payload files."""

    sources = _list(dy.String(nullable=True), "every name under which these bytes were ingested")
    labels = _list(_struct(name=dy.String(nullable=True), quality=_share("")), "human labels, quality in [0, 1]")
    license = _text("licence of the clip as its source states it")
    split = _text("split that the source assigns")
    start_s = _number("start of the segment in the file, null for the whole file")
    end_s = _number("end of the segment in the file, exclusive")
    duration_s = _number("duration of the decoded audio", min=0)
    sample_rate_hz = dy.Int32(nullable=True, min=1, description="sample rate of the stored audio, at most 48000")
    channels = dy.Int32(nullable=True, min=1, max=2, description="channels of the stored audio")
    source_channels = dy.Int32(nullable=True, min=1, description="channels of the medium")
    codec = _text("audio codec of the medium")
    container = _text("container format of the medium")
    loudness_lufs = _number("integrated loudness (ITU-R BS.1770), null when silent or too short to measure")
    peak_db = _number("sample peak in dBFS, -120 for digital silence")
    has_video = _flag("pictures could be decoded")
    width = _count("width of the video in pixels")
    height = _count("height of the video in pixels")
    num_frames = _count("key frames stored")
    note = _text("what was lost without losing the clip, e.g. a broken video stream")
    audio_sha256 = _text("SHA-256 of the 24-bit samples: what later stages are keyed by")
    audio_file = _text("payload file that holds the audio")
    frames_sha256 = _text("SHA-256 of the key frames and their times")
    frames_file = _text("payload file that holds the key frames")


class Tags(StageTable):
    """AudioSet classes with scores, clip level and over time; speech, singing and music; when anything sounds."""

    tags = _list(_scored(), "AudioSet classes at clip level, best first; a parent scores at least as its children")
    events = _list(
        _struct(
            label=dy.String(nullable=True),
            score=dy.Float32(nullable=True),
            spans=_list(_struct(start_s=_seconds(), end_s=_seconds()), ""),
        ),
        "most specific AudioSet classes, and wider ones that are surer, with the stretches in which they are heard",
    )
    segments = _list(
        _struct(kind=dy.String(nullable=True), start_s=_seconds(), end_s=_seconds()),
        "speech, singing and music segments of the segmenter",
    )
    stretches = _stretches()
    speech_s = _number("seconds of speech that the segmenter found", min=0)
    singing_s = _number("seconds of singing that the segmenter found", min=0)
    music_s = _number("seconds of music that the segmenter found", min=0)
    speech_score = _share("highest score of the tagger's speech classes")
    singing_score = _share("highest score of the tagger's singing classes")
    music_score = _share("score of the tagger's class Music and its children, singing apart")
    other_score = _share("highest score of a class that is neither speech, singing nor music")


class Stems(StageTable):
    """Vocals where a voice and something else are both present; the rest is mixture − vocals."""

    vocal_share = _share("share of the energy that went to the vocals")
    residual_db = _number("level of the rest relative to the mixture")
    num_samples = dy.Int64(nullable=True, min=0, description="samples per channel, equal to the mixture's")
    sample_rate_hz = dy.Int32(nullable=True, min=1, description="sample rate of the vocals")
    vocals_sha256 = _text("SHA-256 of the vocals' 24-bit samples")
    vocals_file = _text("payload file that holds the vocals")


class Transcripts(StageTable):
    """What was said, with times and every confidence the recogniser gives."""

    text = _text("the words; empty when nothing was recognised")
    language = _text("ISO 639-1 code")
    language_probability = _share("probability of the language")
    confident = _flag("all confidences pass the stage's thresholds: only then may the words be believed")
    speech_s = _number("seconds of speech by the recogniser's own voice activity detection", min=0)
    avg_logprob = _number("mean log-probability of the tokens", max=0)
    no_speech_prob = _share("highest no-speech probability of the segments")
    compression_ratio = _number("highest compression ratio of the segments", min=0)
    full_window = _flag("the 30 s window was used since the short one was not trusted")
    segments = _list(
        _struct(
            text=dy.String(nullable=True),
            start_s=_seconds(),
            end_s=_seconds(),
            avg_logprob=dy.Float32(nullable=True),
            no_speech_prob=dy.Float32(nullable=True),
            compression_ratio=dy.Float32(nullable=True),
        ),
        "segments with their confidences",
    )
    words = _list(
        _struct(
            text=dy.String(nullable=True),
            start_s=_seconds(),
            end_s=_seconds(),
            probability=dy.Float32(nullable=True),
        ),
        "words with times",
    )


class SoundCaptions(StageTable):
    """A description of the sound events in time."""

    description = _text("plain English about sound events")


class MusicCaptions(StageTable):
    """Genre, instruments, tempo and mood where there is music."""

    genres = _list(_scored(), "best first")
    instruments = _list(_scored(), "best first")
    moods = _list(_scored(), "best first")
    vocals = _list(_scored(), "words about singing voices, best first")
    raw = _list(_scored(), "every label that the model scored above its floor")
    tempo_bpm = _number("measured tempo, null without a steady beat", min=0)
    description = _text("plain English about the music alone")


class VisualCaptions(StageTable):
    """What is seen in the key frames, with times. Never part of a caption."""

    frames = _list(_struct(time_s=_seconds(), labels=_list(_scored(), "")), "labels of each key frame")
    description = _text("plain English about what is seen; empty when nothing is sure")


class FusedCaptions(StageTable):
    """One caption about sound, or an abstention, with the cues behind every claim."""

    caption = _text("the caption; null when abstained")
    ambiguities = _list(dy.String(nullable=True), "what could be confused by ear")
    left_out = _list(dy.String(nullable=True), "labels that are no plain names of sounds, which nothing was made of")
    modalities = _list(dy.String(nullable=True), "cues that the caption draws on: labels, sound, speech, music, visual")
    author = _text("who wrote the caption: the language model's name, or composer")
    abstained = _flag("no caption can be given honestly")
    abstain_reason = _text("why")
    claims = _claims()
    leaks = _list(
        _struct(kind=dy.String(nullable=True), text=dy.String(nullable=True), detail=dy.String(nullable=True)),
        "what was seen or said and stands in the caption",
    )
    draft = _text("what the language model wrote, when the composer's sentence was taken instead")
    draft_rejected = _text("why its draft was not taken")
    prompt_tokens = _count("tokens read by the language model")
    completion_tokens = _count("tokens written by the language model")


class CaptionScores(StageTable):
    """How well the caption fits the clip."""

    similarity = _number("cosine of caption and clip on the scorer's own scale", min=-1.001, max=1.001)
    scorer = _text("the scorer: scales of different scorers do not compare")
    num_words = _count("words of the caption")


class QaPairs(StageTable):
    """Question-answer pairs about the sound."""

    pairs = _list(_qa_pair(), "the pairs")
    num_pairs = _count("number of pairs")
    prompt_tokens = _count("tokens read by the language model")
    completion_tokens = _count("tokens written by the language model")


class FilteredDataset(StageTable):
    """Every clip, kept or not, with all reasons."""

    kept = _flag("the clip is released")
    drop_reasons = _list(_choice(Reason), "all reasons against the clip")
    caption = _text("the caption, also of clips that are not kept")
    author = _text("who wrote it")
    modalities = _list(dy.String(nullable=True), "cues that the caption draws on")
    similarity = _number("score of the caption")
    scorer = _text("the scorer")
    duration_s = _number("duration of the clip")
    license = _text("licence of the clip")
    split = _text("split that the source assigns")


class Release(dy.Schema):
    """A released clip: what people load. The audio stands beside it, in the column `audio` of the Parquet files."""

    clip_id = dy.String(primary_key=True, description="the clip: from the SHA-256 of the file's bytes and its bounds")
    caption = _text("what can be heard")
    ambiguities = _list(dy.String(nullable=True), "what could be confused by ear")
    author = _text("who wrote the caption: the language model's name, or composer")
    modalities = _list(dy.String(nullable=True), "cues that the caption draws on")
    claims = _claims()
    similarity = _number("cosine of caption and clip on the scorer's own scale")
    scorer = _text("the scorer: scales of different scorers do not compare")
    qa = _list(_qa_pair(), "question-answer pairs")
    labels = _list(_struct(name=dy.String(nullable=True), quality=_share("")), "human labels, quality in [0, 1]")
    sources = _list(dy.String(nullable=True), "every name under which these bytes were ingested")
    start_s = _number("start of the segment in the source, null for the whole of it")
    end_s = _number("end of the segment in the source, exclusive")
    duration_s = _number("duration of the audio", min=0)
    sample_rate_hz = dy.Int32(nullable=True, min=1, description="sample rate of the audio in the lake")
    channels = dy.Int32(nullable=True, min=1, max=2, description="channels of the audio in the lake")
    audio_sha256 = _text("SHA-256 of the 24-bit samples")
    license = _text("licence of the clip as its source states it")
    split = _text("split that the source assigns")


TABLES: dict[str, type[dy.Schema]] = {
    "manifest": Manifest,
    "raw_clips": RawClips,
    "tags": Tags,
    "stems": Stems,
    "transcripts": Transcripts,
    "sound_captions": SoundCaptions,
    "music_captions": MusicCaptions,
    "visual_captions": VisualCaptions,
    "fused_captions": FusedCaptions,
    "caption_scores": CaptionScores,
    "qa_pairs": QaPairs,
    "filtered_dataset": FilteredDataset,
}
"""Tables of a shard by the name under which they lie in the lake, in the order of the graph."""


class AudioPayload(dy.Schema):
    """Audio as FLAC, in the struct that Hugging Face `datasets` types as Audio."""

    clip_id = dy.String(primary_key=True, description="the clip")
    audio = dy.Struct(
        {"bytes": dy.Binary(nullable=False), "path": dy.String(nullable=False)}, description="24-bit FLAC and a name"
    )


class FramesPayload(dy.Schema):
    """Key frames as JPEG."""

    clip_id = dy.String(primary_key=True, description="the clip")
    frames = dy.List(dy.Struct({"time_s": dy.Float32(), "jpeg": dy.Binary()}), description="key frames in time order")


@cache
def polars_schema(table: type[dy.Schema]) -> pl.Schema:
    """Column names and polars types of `table`."""
    return pl.Schema({name: column.dtype for name, column in table.columns().items()})
