"""From the rows of one clip to its cues: what fusion and questions may consume."""

import langcodes
from pydantic import Field

from fusionaudio_assets.captioning.cues import Cues, EventCue, LabelCue, MusicCue, SpeechCue, VisualCue
from fusionaudio_assets.captioning.facts import is_confirmed
from fusionaudio_assets.stage import Row, Upstream
from fusionaudio_assets.tables import Status
from fusionaudio_assets.voice import COLUMNS, PresenceGate, has_singing, has_speech
from resources.ontology import Ontology

CUE_COLUMNS = {
    "raw_clips": ("duration_s", "labels", "peak_db", "loudness_lufs"),
    "tags": (*COLUMNS, "events"),
    "transcripts": ("text", "language", "language_probability", "confident"),
    "sound_captions": ("description",),
    "music_captions": ("genres", "instruments", "moods", "vocals", "tempo_bpm", "description"),
    "visual_captions": ("frames", "description"),
}
"""Upstream tables and columns that cues are gathered from."""

SILENT_PEAK_DB = -60.0
"""A clip whose highest sample is below this is silent to any listener."""


class FusionGate(PresenceGate):
    """What of the cues reaches fusion."""

    min_event_score: float = Field(0.45, ge=0, le=1, description="Events below this are left out")
    min_brief_event_score: float = Field(0.6, ge=0, le=1, description="The same for events of a single frame")
    brief_event_s: float = Field(0.75, ge=0, description="Events up to this long count as brief")
    min_language_probability: float = Field(0.9, ge=0, le=1, description="From here on the language may be named")


def cues_of(rows: Upstream, gate: FusionGate, ontology: Ontology) -> Cues:
    """Gather the cues from the rows of one clip; a cue whose stage was skipped or failed is absent."""
    clip, tags = rows["raw_clips"], rows["tags"]
    tagged = tags["status"] == Status.OK
    sound = rows["sound_captions"]
    return Cues(
        duration_s=clip["duration_s"],
        labels=_labels(clip, ontology),
        events=_events(tags, gate, ontology) if tagged else (),
        sound=(sound["description"] or "") if sound["status"] == Status.OK else "",
        speech=_speech(rows["transcripts"], present=has_speech(tags, gate), gate=gate) if tagged else None,
        singing=tagged and has_singing(tags, gate),
        music=_music(rows["music_captions"]),
        visual=_visual(rows["visual_captions"]),
        silent=clip["peak_db"] <= SILENT_PEAK_DB,
        loudness_lufs=clip["loudness_lufs"],
    )


def _labels(clip: Row, ontology: Ontology) -> tuple[LabelCue, ...]:
    """Human labels by display name, each with its highest quality.

    Those that a confirmed one implies say nothing of their own. One that raters refute implies nothing: a dog that was
    confirmed stays when its bark was not.
    """
    qualities: dict[str, list[float]] = {}
    for label in clip["labels"] or []:
        known = qualities.setdefault(_display_name(label["name"], ontology), [])
        known += [] if label["quality"] is None else [label["quality"]]
    labels = [LabelCue(name=name, quality=max(known, default=None)) for name, known in qualities.items()]
    confirmed = [label.name for label in labels if is_confirmed(label.quality) and label.name in ontology]
    implied = frozenset[str]().union(*map(ontology.implied, confirmed))
    return tuple(label for label in labels if label.name not in implied)


def _display_name(label: str, ontology: Ontology) -> str:
    """Name of an AudioSet class; a label of the source's own vocabulary stays as it is."""
    try:
        return ontology.display_name(label)
    except KeyError:
        return label


def _events(tags: Row, gate: FusionGate, ontology: Ontology) -> tuple[EventCue, ...]:
    events = []
    for event in tags["events"]:
        spans = [(span["start_s"], span["end_s"]) for span in event["spans"]]
        brief = sum(end_s - start_s for start_s, end_s in spans) <= gate.brief_event_s
        if event["score"] >= (gate.min_brief_event_score if brief else gate.min_event_score):
            implied = tuple(sorted(ontology.implied(event["label"])))
            events.append(EventCue(label=event["label"], score=event["score"], spans=spans, implied=implied))
    return tuple(events)


def _speech(transcript: Row, *, present: bool, gate: FusionGate) -> SpeechCue:
    heard = transcript["status"] == Status.OK and transcript["confident"]
    sure = heard and transcript["language_probability"] >= gate.min_language_probability
    return SpeechCue(
        present=present,
        language=langcodes.Language.get(transcript["language"]).display_name() if sure else "",
        text=transcript["text"] if heard else "",
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
    seen = dict.fromkeys(label["label"] for frame in visual["frames"] or [] for label in frame["labels"])
    return VisualCue(labels=tuple(seen), description=visual["description"] or "")
