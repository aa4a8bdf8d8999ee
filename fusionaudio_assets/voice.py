"""The gates between cues: is there speech, any voice, music, anything beside the voice, and what else is heard?

They save work and stop hallucination: nothing is transcribed where nobody speaks, no music is described where there is
none. Tagger and segmenter must agree, since each alone is fooled (a bee is singing to one, a siren to the other).
Speech of which the recogniser believes no word is told of only where the tagger is very sure.
"""

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from fusionaudio_assets.stage import Row
from fusionaudio_assets.tables import Status
from resources.ontology import ONTOLOGY, Ontology
from resources.profile import Settings
from resources.sound_names import sound_name

COLUMNS = ("speech_s", "singing_s", "music_s", "speech_score", "singing_score", "music_score", "other_score")
"""Columns of `tags` that the gates read."""


_OVERLAPPING = ("Speech", "Singing", "Music")
_NO_SOUNDS = frozenset({"abstract", "space"})
_SHARED_TIME = 0.5
_NARROW = 2
"""Steps below the top from which on classes are narrow: *Fowl*, *Insect*, *Emergency vehicle*."""


class PresenceGate(Settings):
    """When a sound counts as present, and words as heard: for whoever looks closer, for captions and for questions."""

    gate_name: ClassVar[str] = "presence"

    min_speech_s: float = Field(0.3, ge=0, description="Least speech that the segmenter must find")
    min_speech_score: float = Field(0.2, ge=0, le=1, description="Least score of the tagger's speech classes")
    min_wordless_speech_score: float = Field(
        0.9, ge=0, le=1, description="Least score of speech of which the recogniser believes no word"
    )
    min_singing_s: float = Field(0.5, ge=0, description="Least singing that the segmenter must find")
    min_singing_score: float = Field(0.2, ge=0, le=1, description="Least score of the tagger's singing classes")
    min_music_s: float = Field(0.5, ge=0, description="Least music that the segmenter must find")
    min_music_score: float = Field(0.3, ge=0, le=1, description="Least score of the tagger's music classes")
    min_other_score: float = Field(0.3, ge=0, le=1, description="Least score of a sound beside voice and music")
    min_event_score: float = Field(0.45, ge=0, le=1, description="Events below this are not told of")
    min_brief_event_score: float = Field(0.6, ge=0, le=1, description="The same for events of a single frame")
    brief_event_s: float = Field(0.75, ge=0, description="Events up to this long count as brief")
    min_second_event_score: float = Field(0.6, ge=0, le=1, description="The same for a second name of a sound")
    max_wider_odds: float = Field(
        2.0,
        ge=1,
        description="The same: an event is left to a wider one whose odds are more than this many times its own",
    )
    min_avg_logprob: float = Field(-1.0, le=0, description="Words are believed from this mean log-probability on")
    max_no_speech_prob: float = Field(0.6, ge=0, le=1, description="The same: no-speech probability, at most")
    max_compression_ratio: float = Field(2.4, gt=0, description="The same: above this ratio text repeats")
    min_believed_language_probability: float = Field(0.5, ge=0, le=1, description="The same: of the language, at least")
    min_language_probability: float = Field(0.9, ge=0, le=1, description="From here on the language may be named")


def has_speech(tags: Row, gate: PresenceGate) -> bool:
    """Somebody speaks."""
    return bool(tags["speech_s"] >= gate.min_speech_s and tags["speech_score"] >= gate.min_speech_score)


def is_told_of(tags: Row, transcript: Row, gate: PresenceGate) -> bool:
    """Somebody speaks, and the recogniser, where it listened, understood something or the tagger is very sure."""
    understood = transcript["status"] != Status.OK or transcript["confident"]
    return has_speech(tags, gate) and bool(understood or tags["speech_score"] >= gate.min_wordless_speech_score)


def has_singing(tags: Row, gate: PresenceGate) -> bool:
    """Somebody sings."""
    return bool(tags["singing_s"] >= gate.min_singing_s and tags["singing_score"] >= gate.min_singing_score)


def has_music(tags: Row, gate: PresenceGate) -> bool:
    """There is music."""
    return bool(tags["music_s"] >= gate.min_music_s and tags["music_score"] >= gate.min_music_score)


def has_other(tags: Row, gate: PresenceGate) -> bool:
    """There is a sound that is neither voice nor music."""
    return bool(tags["other_score"] >= gate.min_other_score)


def told_events(events: Iterable[Row], gate: PresenceGate, ontology: Ontology) -> list[Row]:
    """Return the events of a row of `tags` that are told of: the sure ones, and one name for one sound.

    Of an event and a wider one the wider is left out, unless it is much surer: an animal, but which? A tagger gives a
    sound several names: of close kin that are heard at once, two kinds of fowl or of siren, the surest is told; any
    other second name must be very sure.
    """
    sure = [event for event in events if event["score"] >= _least_score(event, gate)]
    sure = [event for event in sure if not _left_to_wider(event, sure, gate, ontology)]
    wider = frozenset[str]().union(*(ontology.implied(event["label"]) for event in sure))
    told: list[Row] = []
    for event in sorted((event for event in sure if event["label"] not in wider), key=_surest_first):
        rivals = [other for other in told if _at_once(event, other)] if _is_sound(event["label"], ontology) else []
        rivals = [other for other in rivals if _is_sound(other["label"], ontology)]
        second = bool(rivals) and event["score"] < gate.min_second_event_score
        if not second and not any(_close_kin(event["label"], other["label"], ontology) for other in rivals):
            told.append(event)
    return told


def heard_s(event: Row) -> float:
    """Seconds in which an event is heard."""
    return float(sum(span["end_s"] - span["start_s"] for span in event["spans"]))


def _least_score(event: Row, gate: PresenceGate) -> float:
    return gate.min_brief_event_score if heard_s(event) <= gate.brief_event_s else gate.min_event_score


def _left_to_wider(event: Row, sure: Iterable[Row], gate: PresenceGate, ontology: Ontology) -> bool:
    most = gate.max_wider_odds * _odds(event["score"])
    implied = ontology.implied(event["label"]) if event["score"] < gate.min_second_event_score else ()
    return any(other["label"] in implied and _odds(other["score"]) > most for other in sure)


def _odds(score: float) -> float:
    return score / max(1 - score, 1e-6)


def _surest_first(event: Row) -> tuple[float, str]:
    return -event["score"], event["label"]


def _at_once(one: Row, other: Row) -> bool:
    """Whether two events share half of the time of the shorter."""
    shared_s = sum(
        max(0.0, min(a["end_s"], b["end_s"]) - max(a["start_s"], b["start_s"]))
        for a in one["spans"]
        for b in other["spans"]
    )
    return bool(shared_s >= _SHARED_TIME * min(heard_s(one), heard_s(other)))


def _is_sound(label: str, ontology: Ontology) -> bool:
    """Whether a label competes with others for a stretch of time: voices and music do not, nor do rooms and silence."""
    overlapping = any(ontology.is_a(label, family) for family in _OVERLAPPING)
    return not overlapping and sound_name(label).group not in _NO_SOUNDS


def _close_kin(one: str, other: str, ontology: Ontology) -> bool:
    """Whether two classes have a narrow class above them in common."""
    shared = (ontology.ancestors(one) | {one}) & (ontology.ancestors(other) | {other})
    return any(ontology.depth(name) >= _NARROW for name in shared)


def class_weights(params: Settings) -> tuple[str, ...]:
    """What a stage reads that goes by the hierarchy of classes."""
    return (ONTOLOGY,)
