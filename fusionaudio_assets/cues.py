"""From the rows of one clip to its cues: what fusion and questions may consume."""

import langcodes

from fusionaudio_assets.captioning.cues import Cues, EventCue, LabelCue, MusicCue, SpeechCue, StretchCue, VisualCue
from fusionaudio_assets.captioning.facts import is_confirmed
from fusionaudio_assets.captioning.names import plain_name
from fusionaudio_assets.captioning.reports import plain_cues
from fusionaudio_assets.captioning.stretches import manner
from fusionaudio_assets.captioning.words import tokens
from fusionaudio_assets.ingest.records import best_qualities
from fusionaudio_assets.stage import Row, Upstream
from fusionaudio_assets.tables import Status
from fusionaudio_assets.voice import COLUMNS, PresenceGate, has_singing, is_told_of, told_events
from resources.ontology import Ontology

CUE_COLUMNS = {
    "raw_clips": ("duration_s", "labels", "peak_db", "loudness_lufs"),
    "tags": (*COLUMNS, "events", "stretches"),
    "transcripts": ("text", "language", "language_probability", "confident"),
    "sound_captions": ("description",),
    "music_captions": ("genres", "instruments", "moods", "vocals", "tempo_bpm", "description"),
    "visual_captions": ("frames", "description"),
}
"""Upstream tables and columns that cues are gathered from."""

_SHOWN_LETTERS = 80
_SHORTEST_S = 0.1
"""To which the times of cues are rounded: a click keeps a length."""

SILENT_PEAK_DB = -60.0
"""A clip whose highest sample is below this is silent to any listener."""


def cues_of(rows: Upstream, gate: PresenceGate, ontology: Ontology) -> Cues:
    """Gather the cues from the rows of one clip; a cue whose stage was skipped or failed is absent.

    Of a transcript its words count, of pictures what is seen anywhere: punctuation, scores and times of another model
    write no caption anew. What reports no sound in plain English is left out (`captioning.reports`).
    """
    clip, tags = rows["raw_clips"], rows["tags"]
    tagged = tags["status"] == Status.OK
    sound = rows["sound_captions"]
    speaks = tagged and is_told_of(tags, rows["transcripts"], gate)
    cues = Cues(
        duration_s=clip["duration_s"],
        labels=_labels(clip, ontology),
        events=_events(tags, gate, ontology, speaks=speaks) if tagged else (),
        stretches=_stretches(tags) if tagged else (),
        sound=(sound["description"] or "") if sound["status"] == Status.OK else "",
        speech=_speech(rows["transcripts"], present=speaks, gate=gate) if tagged else None,
        singing=tagged and has_singing(tags, gate),
        music=_music(rows["music_captions"]),
        visual=_visual(rows["visual_captions"]),
        silent=clip["peak_db"] <= SILENT_PEAK_DB,
        loudness_lufs=clip["loudness_lufs"],
    )
    return plain_cues(cues)


def left_out(clip: Row, ontology: Ontology) -> list[str]:
    """Human labels that are no plain names of sounds, so that neither a caption nor a prompt may hold them."""
    names = {label["name"] for label in clip["labels"] or []}
    return sorted(name[:_SHOWN_LETTERS] for name in names if not _display_name(name, ontology))


def _labels(clip: Row, ontology: Ontology) -> tuple[LabelCue, ...]:
    """Human labels by display name, each with its highest quality.

    Those that a confirmed one implies say nothing of their own. One that raters refute implies nothing: a dog that was
    confirmed stays when its bark was not.
    """
    rated = ((_display_name(label["name"], ontology), label["quality"]) for label in clip["labels"] or [])
    qualities = best_qualities((name, quality) for name, quality in rated if name)
    labels = [
        LabelCue(name=name, quality=quality, implied=tuple(sorted(ontology.implied(name) if name in ontology else ())))
        for name, quality in qualities.items()
    ]
    implied = frozenset(name for label in labels if is_confirmed(label.quality) for name in label.implied)
    return tuple(label for label in labels if label.name not in implied)


def _display_name(label: str, ontology: Ontology) -> str:
    """Name of an AudioSet class, or a plain name of the source's own vocabulary; empty for what is neither."""
    name = plain_name(label)
    try:
        return ontology.display_name(name or label)
    except KeyError:
        return name


def _events(tags: Row, gate: PresenceGate, ontology: Ontology, *, speaks: bool) -> tuple[EventCue, ...]:
    """The events that are told of; speech only where somebody speaks."""
    return tuple(
        EventCue(
            label=event["label"],
            score=event["score"],
            spans=[(span["start_s"], span["end_s"]) for span in event["spans"]],
            implied=tuple(sorted(ontology.implied(event["label"]))),
        )
        for event in told_events(tags["events"], gate, ontology)
        if speaks or not ontology.is_a(event["label"], "Speech")
    )


def _stretches(tags: Row) -> tuple[StretchCue, ...]:
    return tuple(
        StretchCue(
            start_s=one["start_s"],
            end_s=max(one["end_s"], one["start_s"] + _SHORTEST_S),
            level_db=one["level_db"],
            manner=manner(**one),
        )
        for one in tags["stretches"]
    )


def _speech(transcript: Row, *, present: bool, gate: PresenceGate) -> SpeechCue:
    heard = transcript["status"] == Status.OK and transcript["confident"]
    sure = heard and transcript["language_probability"] >= gate.min_language_probability
    return SpeechCue(
        present=present,
        language=langcodes.Language.get(transcript["language"]).display_name() if sure else "",
        text=" ".join(token.text for token in tokens(transcript["text"])) if heard else "",
    )


def _music(music: Row) -> MusicCue | None:
    if music["status"] != Status.OK:
        return None
    named = {
        kind: tuple(labelled["label"] for labelled in music[kind] or [])
        for kind in ("genres", "instruments", "moods", "vocals")
    }
    return MusicCue(**named, tempo_bpm=music["tempo_bpm"], description=music["description"] or "")


def _visual(visual: Row) -> VisualCue | None:
    if visual["status"] != Status.OK:
        return None
    seen = {label["label"] for frame in visual["frames"] or [] for label in frame["labels"]}
    return VisualCue(labels=tuple(sorted(seen)), description=visual["description"] or "")
