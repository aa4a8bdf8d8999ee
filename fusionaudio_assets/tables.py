"""Every table of the lake, declared once: columns, types, units, meaning.

The Dagster column metadata, the contract that is checked on every commit and the documentation are made from these
classes. A column whose name ends in `_s`, `_ms`, `_hz`, `_db` or `_bpm` is in that unit.
"""

from enum import StrEnum
from functools import cache

import dataframely as dy
import polars as pl

from fusionaudio_assets import columns as col
from fusionaudio_assets.reasons import Reason


class Status(StrEnum):
    """What became of a clip in a stage."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


_MEASURED = ("level_db", "growth_db", "spread_db", "centroid_hz", "flatness", "pitch_hz", "glide_semitones")
"""How a stretch sounds."""


class StageTable(dy.Schema):
    """Columns that every stage's table has: one row for every clip of the shard, whatever became of it."""

    clip_id = dy.String(primary_key=True, description="the clip: from the SHA-256 of the file's bytes and its bounds")
    status = col.choice(Status, "ok, skipped (not needed) or failed", nullable=False)
    reason = col.choice(Reason, "why the row is not ok")
    detail = col.text("the reason with its file, figures or message")
    permanent = dy.Bool(nullable=False, description="a failure that trying again cannot mend")
    fingerprint = dy.String(nullable=False, description="SHA-256 of the stage's identity and of all that it consumed")
    model = col.text("the models that made the row, or empty")
    libraries = col.text("the libraries that ran them, with versions: no part of the fingerprint")


class Manifest(dy.Schema):
    """The clips of a shard as they were ingested."""

    clip_id = dy.String(primary_key=True, description="the clip")
    path = dy.String(nullable=False, description="file that the clip is read from")
    file_sha256 = col.text("SHA-256 of the file's bytes; null when it could not be read")
    start_s = col.number("start of the segment in the file, null for the whole file", min=0)
    end_s = col.number("end of the segment in the file, exclusive", min=0)
    sources = col.clip_sources()
    labels = col.human_labels()
    license = col.text("licence of the clip as its source states it")
    split = col.text("split that the source assigns, e.g. train or test")


class RawClips(StageTable):
    """Decoded clips: facts about the medium; audio and key frames lie in payload files."""

    sources = col.clip_sources()
    labels = col.human_labels()
    license = col.text("licence of the clip as its source states it")
    split = col.text("split that the source assigns")
    start_s = col.number("start of the segment in the file, null for the whole file")
    end_s = col.number("end of the segment in the file, exclusive")
    duration_s = col.number("duration of the decoded audio", min=0)
    sample_rate_hz = dy.Int32(nullable=True, min=1, description="sample rate of the stored audio, at most 48000")
    channels = dy.Int32(nullable=True, min=1, max=2, description="channels of the stored audio")
    source_channels = dy.Int32(nullable=True, min=1, description="channels of the medium")
    codec = col.text("audio codec of the medium")
    container = col.text("container format of the medium")
    loudness_lufs = col.number("integrated loudness (ITU-R BS.1770), null when silent or too short to measure")
    peak_db = col.number("sample peak in dBFS, -120 for digital silence")
    has_video = col.flag("pictures could be decoded")
    width = col.count("width of the video in pixels")
    height = col.count("height of the video in pixels")
    num_frames = col.count("key frames stored")
    note = col.text("what was lost without losing the clip, e.g. a broken video stream")
    audio_sha256 = col.text("SHA-256 of the 24-bit samples: what later stages are keyed by")
    audio_file = col.text("payload file that holds the audio")
    frames_sha256 = col.text("SHA-256 of the key frames and their times")
    frames_file = col.text("payload file that holds the key frames")


class Tags(StageTable):
    """AudioSet classes with scores, clip level and over time; speech, singing and music; when anything sounds."""

    tags = col.scored("AudioSet classes at clip level, best first; a parent scores at least as its children")
    events = col.many(
        col.struct(
            label=col.text(),
            score=col.number(),
            spans=col.many(col.struct(start_s=col.seconds(), end_s=col.seconds())),
        ),
        "most specific AudioSet classes, and wider ones that are surer, with the stretches in which they are heard",
    )
    segments = col.many(
        col.struct(kind=col.text(), start_s=col.seconds(), end_s=col.seconds()),
        "speech, singing and music segments of the segmenter",
    )
    stretches = col.many(
        col.struct(start_s=col.seconds(), end_s=col.seconds(), **{name: col.number() for name in _MEASURED}),
        "when anything stands out of the background, and how it sounds, measured: see resources/activity.py",
    )
    speech_s = col.number("seconds of speech that the segmenter found", min=0)
    singing_s = col.number("seconds of singing that the segmenter found", min=0)
    music_s = col.number("seconds of music that the segmenter found", min=0)
    speech_score = col.share("highest score of the tagger's speech classes")
    singing_score = col.share("highest score of the tagger's singing classes")
    music_score = col.share("score of the tagger's class Music and its children, singing apart")
    other_score = col.share("highest score of a class that is neither speech, singing nor music")


class Stems(StageTable):
    """Vocals where a voice and something else are both present; the rest is mixture − vocals."""

    vocal_share = col.share("share of the energy that went to the vocals")
    residual_db = col.number("level of the rest relative to the mixture")
    num_samples = dy.Int64(nullable=True, min=0, description="samples per channel, equal to the mixture's")
    sample_rate_hz = dy.Int32(nullable=True, min=1, description="sample rate of the vocals")
    vocals_sha256 = col.text("SHA-256 of the vocals' 24-bit samples")
    vocals_file = col.text("payload file that holds the vocals")


class Transcripts(StageTable):
    """What was said, with times and every confidence the recogniser gives."""

    text = col.text("the words; empty when nothing was recognised")
    language = col.text("ISO 639-1 code")
    language_probability = col.share("probability of the language")
    confident = col.flag("all confidences pass the stage's thresholds: only then may the words be believed")
    speech_s = col.number("seconds of speech by the recogniser's own voice activity detection", min=0)
    avg_logprob = col.number("mean log-probability of the tokens", max=0)
    no_speech_prob = col.share("highest no-speech probability of the segments")
    compression_ratio = col.number("highest compression ratio of the segments", min=0)
    full_window = col.flag("the 30 s window was used since the short one was not trusted")
    segments = col.many(
        col.struct(
            text=col.text(),
            start_s=col.seconds(),
            end_s=col.seconds(),
            avg_logprob=col.number(),
            no_speech_prob=col.number(),
            compression_ratio=col.number(),
        ),
        "segments with their confidences",
    )
    words = col.many(
        col.struct(text=col.text(), start_s=col.seconds(), end_s=col.seconds(), probability=col.number()),
        "words with times",
    )


class SoundCaptions(StageTable):
    """A description of the sound events in time."""

    description = col.text("plain English about sound events")


class MusicCaptions(StageTable):
    """Genre, instruments, tempo and mood where there is music."""

    genres = col.scored("best first")
    instruments = col.scored("best first")
    moods = col.scored("best first")
    vocals = col.scored("words about singing voices, best first")
    raw = col.scored("every label that the model scored above its floor")
    tempo_bpm = col.number("measured tempo, null without a steady beat", min=0)
    description = col.text("plain English about the music alone")


class VisualCaptions(StageTable):
    """What is seen in the key frames, with times. Never part of a caption."""

    frames = col.many(col.struct(time_s=col.seconds(), labels=col.scored()), "labels of each key frame")
    description = col.text("plain English about what is seen; empty when nothing is sure")


class FusedCaptions(StageTable):
    """One caption about sound, or an abstention, with the cues behind every claim."""

    caption = col.text("the caption; null when abstained")
    ambiguities = col.texts("what could be confused by ear")
    left_out = col.texts("labels that are no plain names of sounds, which nothing was made of")
    modalities = col.texts("cues that the caption draws on: labels, sound, speech, music, visual")
    author = col.text("who wrote the caption: the language model's name, or composer")
    abstained = col.flag("no caption can be given honestly")
    abstain_reason = col.text("why")
    claims = col.claims()
    leaks = col.many(
        col.struct(kind=col.text(), text=col.text(), detail=col.text()),
        "what was seen or said and stands in the caption",
    )
    draft = col.text("what the language model wrote, when the composer's sentence was taken instead")
    draft_rejected = col.text("why its draft was not taken")
    prompt_tokens = col.count("tokens read by the language model")
    completion_tokens = col.count("tokens written by the language model")


class CaptionScores(StageTable):
    """How well the caption fits the clip."""

    similarity = col.number("cosine of caption and clip on the scorer's own scale", min=-1.001, max=1.001)
    scorer = col.text("the scorer: scales of different scorers do not compare")
    num_words = col.count("words of the caption")


class QaPairs(StageTable):
    """Question-answer pairs about the sound."""

    pairs = col.qa_pairs("the pairs")
    num_pairs = col.count("number of pairs")
    prompt_tokens = col.count("tokens read by the language model")
    completion_tokens = col.count("tokens written by the language model")


class FilteredDataset(StageTable):
    """Every clip, kept or not, with all reasons."""

    kept = col.flag("the clip is released")
    drop_reasons = col.many(col.choice(Reason), "all reasons against the clip")
    caption = col.text("the caption, also of clips that are not kept")
    author = col.text("who wrote it")
    modalities = col.texts("cues that the caption draws on")
    similarity = col.number("score of the caption")
    scorer = col.text("the scorer")
    duration_s = col.number("duration of the clip")
    license = col.text("licence of the clip")
    split = col.text("split that the source assigns")


class Release(dy.Schema):
    """A released clip: what people load. The audio stands beside it, in the column `audio` of the Parquet files."""

    clip_id = dy.String(primary_key=True, description="the clip: from the SHA-256 of the file's bytes and its bounds")
    caption = col.text("what can be heard")
    ambiguities = col.texts("what could be confused by ear")
    author = col.text("who wrote the caption: the language model's name, or composer")
    modalities = col.texts("cues that the caption draws on")
    claims = col.claims()
    similarity = col.number("cosine of caption and clip on the scorer's own scale")
    scorer = col.text("the scorer: scales of different scorers do not compare")
    qa = col.qa_pairs("question-answer pairs")
    labels = col.human_labels()
    sources = col.clip_sources()
    start_s = col.number("start of the segment in the source, null for the whole of it")
    end_s = col.number("end of the segment in the source, exclusive")
    duration_s = col.number("duration of the audio", min=0)
    sample_rate_hz = dy.Int32(nullable=True, min=1, description="sample rate of the audio in the lake")
    channels = dy.Int32(nullable=True, min=1, max=2, description="channels of the audio in the lake")
    audio_sha256 = col.text("SHA-256 of the 24-bit samples")
    license = col.text("licence of the clip as its source states it")
    split = col.text("split that the source assigns")


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
