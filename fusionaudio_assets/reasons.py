"""Why a row is not `ok`, and why a clip is not released: one vocabulary for all tables."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason that a person understands without reading code; `MEANINGS` says it in a sentence."""

    # The medium itself.
    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    EMPTY_FILE = "empty_file"
    UNKNOWN_FORMAT = "unknown_format"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    NO_AUDIO = "no_audio"
    NO_SAMPLES = "no_samples"
    NOT_FINITE = "not_finite"
    BEYOND_FULL_SCALE = "beyond_full_scale"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_LARGE = "too_large"
    SEGMENT_OUTSIDE = "segment_outside"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    # Gates: the row was not needed.
    CLIP_UNUSABLE = "clip_unusable"
    UPSTREAM_FAILED = "upstream_failed"
    NO_SPEECH = "no_speech"
    VOICE_ALONE = "voice_alone"
    NO_VOICE = "no_voice"
    NO_MUSIC = "no_music"
    NO_VIDEO = "no_video"
    SILENT = "silent"
    NO_EVENTS = "no_events"
    NO_CAPTION = "no_caption"
    # The stage.
    MODEL_ERROR = "model_error"
    MODEL_CRASHED = "model_crashed"
    OUT_OF_MEMORY = "out_of_memory"
    MALFORMED_ANSWER = "malformed_answer"
    # Decisions of the release.
    ABSTAINED = "abstained"
    VISUAL_LEAK = "visual_leak"
    SPEECH_LEAK = "speech_leak"
    UNSUPPORTED_CLAIM = "unsupported_claim"
    NO_SOURCE_NAMED = "no_source_named"
    LOW_SIMILARITY = "low_similarity"
    CAPTION_TOO_SHORT = "caption_too_short"
    CAPTION_TOO_LONG = "caption_too_long"
    DUPLICATE_CAPTION = "duplicate_caption"


MEANINGS: dict[Reason, str] = {
    Reason.MISSING: "the file is no longer where it was ingested from",
    Reason.CHANGED: "the file's bytes are no longer those that were ingested",
    Reason.UNREADABLE: "the file cannot be opened for reading",
    Reason.EMPTY_FILE: "the file has zero bytes",
    Reason.UNKNOWN_FORMAT: "the file is not in a media format that can be decoded",
    Reason.TRUNCATED: "the file ends before its content does",
    Reason.CORRUPT: "the file's content cannot be decoded",
    Reason.NO_AUDIO: "the file has no audio stream",
    Reason.NO_SAMPLES: "the audio stream holds no samples",
    Reason.NOT_FINITE: "the audio holds NaN or infinite samples",
    Reason.BEYOND_FULL_SCALE: "the audio holds samples far beyond full scale",
    Reason.TOO_SHORT: "the clip is shorter than the profile's minimum",
    Reason.TOO_LONG: "the clip is longer than the profile's maximum",
    Reason.TOO_LARGE: "the medium's dimensions or memory exceed the profile's limits",
    Reason.SEGMENT_OUTSIDE: "the segment lies outside the file",
    Reason.TIMEOUT: "decoding took longer than the profile's time-out",
    Reason.CRASHED: "the decoder's process died on this clip",
    Reason.CLIP_UNUSABLE: "the clip could not be decoded, so there was nothing to work on",
    Reason.UPSTREAM_FAILED: "a stage that this one needs failed on this clip",
    Reason.NO_SPEECH: "no speech was detected",
    Reason.VOICE_ALONE: "a voice is all there is, so there is nothing to separate it from",
    Reason.NO_VOICE: "no voice was detected, so there is nothing to separate",
    Reason.NO_MUSIC: "no music was detected",
    Reason.NO_VIDEO: "the clip has no pictures",
    Reason.SILENT: "the clip is silent",
    Reason.NO_EVENTS: "no sound event was detected",
    Reason.NO_CAPTION: "there is no caption to work on",
    Reason.MODEL_ERROR: "the model failed on this clip and on no other",
    Reason.MODEL_CRASHED: "the process of the model died on this clip, also when it was given no other",
    Reason.OUT_OF_MEMORY: "the clip does not fit into the model's memory, also when it is given no other",
    Reason.MALFORMED_ANSWER: "the model's answer could not be read",
    Reason.ABSTAINED: "the cues were too few or too contradictory for a caption",
    Reason.VISUAL_LEAK: "the caption tells what was seen",
    Reason.SPEECH_LEAK: "the caption tells what was said",
    Reason.UNSUPPORTED_CLAIM: "the caption says something that no cue supports",
    Reason.NO_SOURCE_NAMED: "the caption tells how something sounds and names nothing that is heard",
    Reason.LOW_SIMILARITY: "the caption fits the audio less than the scorer's threshold",
    Reason.CAPTION_TOO_SHORT: "the caption has fewer words than the profile's minimum",
    Reason.CAPTION_TOO_LONG: "the caption has more words than the profile's maximum",
    Reason.DUPLICATE_CAPTION: "another clip of the shard has the same caption and was kept",
}

OF_THE_MEDIUM = frozenset(
    {
        Reason.MISSING,
        Reason.CHANGED,
        Reason.UNREADABLE,
        Reason.EMPTY_FILE,
        Reason.UNKNOWN_FORMAT,
        Reason.TRUNCATED,
        Reason.CORRUPT,
        Reason.NO_AUDIO,
        Reason.NO_SAMPLES,
        Reason.NOT_FINITE,
        Reason.BEYOND_FULL_SCALE,
        Reason.TOO_SHORT,
        Reason.TOO_LONG,
        Reason.TOO_LARGE,
        Reason.SEGMENT_OUTSIDE,
        Reason.TIMEOUT,
        Reason.CRASHED,
    }
)
"""Failures of `raw_clips` that are the source's fault, not the stage's."""

_GET_IT_AGAIN = "get the file again and ingest it: with other bytes it is another clip"

WAYS_OUT: dict[Reason, str] = {
    Reason.MISSING: "put the file back where it was",
    Reason.CHANGED: "put the original back; the bytes that are there now are another clip, to be ingested",
    Reason.UNREADABLE: "give read access to the file",
    Reason.EMPTY_FILE: _GET_IT_AGAIN,
    Reason.UNKNOWN_FORMAT: "convert the file to a format that FFmpeg reads and ingest that, if it is sound at all",
    Reason.TRUNCATED: _GET_IT_AGAIN,
    Reason.CORRUPT: _GET_IT_AGAIN,
    Reason.NO_AUDIO: "leave it: there is nothing to hear",
    Reason.NO_SAMPLES: "leave it: there is nothing to hear",
    Reason.NOT_FINITE: "export the sound again without such samples and ingest that",
    Reason.BEYOND_FULL_SCALE: "export the sound again within full scale and ingest that",
    Reason.TOO_SHORT: "leave it, or lower the minimum in the profile",
    Reason.TOO_LONG: "ingest it in segments, or raise the maximum in the profile",
    Reason.TOO_LARGE: "ingest it in segments or smaller, or raise the limit in the profile",
    Reason.SEGMENT_OUTSIDE: "correct the bounds in the table of segments and ingest it again",
    Reason.TIMEOUT: "try again when the machine or the server has less to do, or raise the time-out in the profile",
    Reason.CRASHED: "try again with more free memory; where it stays so, convert the file and ingest that",
    Reason.MODEL_ERROR: "read the detail, mend the model or its settings in the profile, and run again",
    Reason.MODEL_CRASHED: "update the model's library or name another model in the profile, then try again",
    Reason.OUT_OF_MEMORY: "ingest it in segments, or give the model a device with more memory, and try again",
    Reason.MALFORMED_ANSWER: "try again, or change the prompt or the model in the profile",
}
"""What to do about the reasons that a failed row may have."""


def meaning_of(reason: str) -> str:
    """A reason in a sentence; one that another version of the code wrote is said to be unknown."""
    return MEANINGS[Reason(reason)] if reason in set(Reason) else f"{reason}, a reason that this version does not know"


def way_out_of(reason: str) -> str:
    """What to do about a failure; empty where nothing is known of it."""
    return WAYS_OUT.get(Reason(reason), "") if reason in set(Reason) else ""
