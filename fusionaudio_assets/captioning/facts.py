"""From cues to facts: what may be said about a clip, how surely, and when it is heard.

Here the order of reliability is applied: labels that raters confirm, then the music description and the tagger, then
the presence of a voice by the recogniser, then doubtful labels. What is vaguer than another fact is dropped.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from fusionaudio_assets.captioning.cues import CLIPS_AT_HAND, Cues, EventCue, MusicCue
from fusionaudio_assets.captioning.heard import FLOWING_GROUPS, MUSIC_GROUPS, STEADY_GROUPS, Facts, Heard, Music
from fusionaudio_assets.captioning.music_words import compatible, plain_words, tempo_word, without_wider
from fusionaudio_assets.captioning.relations import covers, proper_form, together
from fusionaudio_assets.captioning.stretches import joined, measured, unmasked
from resources.sound_names import bare, sound_name

SURE_SCORE = 0.5
LIKELY_SCORE = 0.3
CONFIRMED_QUALITY = 0.5
REFUTED_QUALITY = 0.2
FAINT_LUFS = -38.0
"""A clip no louder than this is heard faintly."""
_MAX_SOUNDS = 4
_BREATH_S = 1.0
"""Shorter pauses belong to what flows on: speech, music, rain."""
_TEMPO_FROM_S = 4.0
"""Shorter music has too few beats for a tempo."""
_UNSAID_GROUPS = frozenset({"abstract", "space"})
_UNSAID = frozenset({"Music", "Musical instrument", "Music genre", "Music mood", "Music role", "Musical concepts"})


@lru_cache(maxsize=CLIPS_AT_HAND)
def facts_of(cues: Cues) -> Facts:
    """Return what may be said about a clip."""
    if cues.silent:
        return Facts(None, None, None, (), (), "", silent=True)
    heard = _candidates(cues)
    sayable = _without_vaguer(_joined([one for one in heard if one.group not in _UNSAID_GROUPS]))
    speech = _speech(cues, [one for one in sayable if one.group == "speech"])
    singing = _singing(cues, [one for one in sayable if one.group == "singing"])
    music, solo = _music(cues.music, [one for one in heard if one.group in MUSIC_GROUPS and one.sure], sayable)
    other = [one for one in sayable if one.group not in {*MUSIC_GROUPS, "speech", "singing"}]
    sounds = _in_time(sorted((one for one in other if one.sure), key=_best_first)[:_MAX_SOUNDS])
    sounds = _in_time([*sounds, *solo])
    said = bool(speech) + bool(singing) + bool(music) + len(sounds)
    doubtful = sorted((one for one in other if not one.sure), key=_best_first)[: max(0, 2 - said)]
    rooms = [one for one in heard if one.group == "space" and one.sure]
    space = min(rooms, key=_best_first).nouns[0] if rooms else ""
    return Facts(speech, singing, music, sounds, tuple(doubtful), space, silent=False)


def refuted_labels(cues: Cues) -> set[str]:
    """Return the labels that raters refute, and do not confirm elsewhere."""
    refuted = {label.name for label in cues.labels if label.quality is not None and label.quality <= REFUTED_QUALITY}
    return refuted - {label.name for label in cues.labels if is_confirmed(label.quality)}


def is_confirmed(quality: float | None) -> bool:
    """Whether a human label of this quality counts as heard."""
    return quality is None or quality >= CONFIRMED_QUALITY


def _best_first(heard: Heard) -> tuple[bool, float, str]:
    return not heard.sure, -heard.score, heard.label


def _in_time(sounds: Iterable[Heard]) -> tuple[Heard, ...]:
    return tuple(sorted(sounds, key=lambda one: (one.start_s is None, one.start_s or 0.0, *_best_first(one))))


def _candidates(cues: Cues) -> list[Heard]:
    """Return each class that a confirmed label or the tagger names, once."""
    confirmed = {label.name for label in cues.labels if is_confirmed(label.quality)}
    refuted = refuted_labels(cues)
    best: dict[str, EventCue] = {}
    for event in cues.events:
        if event.label not in best or event.score > best[event.label].score:
            best[event.label] = event
    heard = [
        _heard(cues, event, sure=event.label in confirmed or (event.score >= SURE_SCORE and event.label not in refuted))
        for event in best.values()
        if event.score >= LIKELY_SCORE or event.label in confirmed
    ]
    unseen = {label.name: label for label in cues.labels if label.name in confirmed - best.keys()}
    return heard + [
        _heard(cues, EventCue(label=name, score=1.0, implied=label.implied), sure=True)
        for name, label in sorted(unseen.items())
    ]


def _heard(cues: Cues, event: EventCue, *, sure: bool) -> Heard:
    name = sound_name(event.label)
    spans = tuple(sorted((start, end) for start, end in event.spans if end >= start))
    own = [measured(span, cues.stretches) for span in spans]
    found = [one for stretches in own for one in stretches]
    if found and all(own):
        spans = joined(found, _BREATH_S if name.group in FLOWING_GROUPS else 0.0)
    elif name.group in STEADY_GROUPS:
        spans = unmasked(spans, cues.stretches)
    total_s = sum(end - start for start, end in spans)
    return Heard(
        event.label,
        name.group,
        name.nouns,
        name.clauses,
        event.score,
        sure,
        spans,
        coverage=min(1.0, total_s / cues.duration_s) if cues.duration_s else 0.0,
        implied=frozenset(event.implied),
        measured=bool(own) and all(own),
        manner=found[0].manner if len({one.manner for one in found}) == 1 else (),
    )


def _without_vaguer(heard: list[Heard]) -> list[Heard]:
    """Drop what another fact, at least as sure, implies or covers; and what is unsure beside its own wider name."""
    kept = sorted(heard, key=_best_first, reverse=True)
    for one in tuple(kept):  # the weakest first; what is gone tells nothing any more, so circles keep their best
        others = [other for other in kept if other is not one]
        told = any((other.sure or not one.sure) and _tells(other, one) for other in others)
        vague_kind = not one.sure and any(other.sure and other.label in one.implied for other in others)
        if told or vague_kind:
            kept.remove(one)
    return kept


def _tells(other: Heard, one: Heard) -> bool:
    """Whether hearing `other` says all that hearing `one` does."""
    names = other.label.split(" + ")
    return one.label in other.implied or any(one.label in covers(name) for name in names)


def _joined(sounds: list[Heard]) -> list[Heard]:
    """Say two sounds of one event as one."""
    by_label = {one.label: one for one in sounds}
    for pair in together():
        if pair.labels <= by_label.keys() and all(by_label[label].sure for label in pair.labels):
            first, second = (by_label.pop(label) for label in sorted(pair.labels))
            action = min(first, second, key=lambda one: one.coverage)
            by_label[f"{first.label} + {second.label}"] = replace(
                action,
                label=f"{first.label} + {second.label}",
                nouns=(pair.noun,),
                clauses=(pair.clause,),
                score=max(first.score, second.score),
                implied=first.implied | second.implied,
            )
    return list(by_label.values())


def _speech(cues: Cues, heard: list[Heard]) -> Heard | None:
    """Return the speech, by the best name for it. The recogniser adds that there is some, never who speaks."""
    present = cues.speech is not None and cues.speech.present
    denied = cues.speech is not None and not cues.speech.present
    sure = [one for one in heard if one.sure and (one.score > SURE_SCORE or not denied)]
    if not sure:
        return _heard(cues, EventCue(label="Speech", score=SURE_SCORE), sure=True) if present else None
    by_label = {one.label: one for one in sure}
    man, woman = by_label.get("Male speech, man speaking"), by_label.get("Female speech, woman speaking")
    if man and woman:
        label = f"{woman.label} + {man.label}"
        return replace(
            man,
            label=label,
            nouns=("a man and a woman talking",),
            clauses=("a man and a woman talk",),
            spans=_merged((*man.spans, *woman.spans)),
            coverage=min(1.0, man.coverage + woman.coverage),
        )
    return min(sure, key=lambda one: (one.label in {"Speech", "Human voice"}, *_best_first(one)))


def _merged(spans: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _singing(cues: Cues, heard: list[Heard]) -> Heard | None:
    sure = sorted((one for one in heard if one.sure), key=lambda one: (one.label == "Singing", *_best_first(one)))
    if sure:
        return sure[0]
    return _heard(cues, EventCue(label="Singing", score=SURE_SCORE), sure=True) if cues.singing else None


def _music(cue: MusicCue | None, tagged: list[Heard], sayable: list[Heard]) -> tuple[Music | None, list[Heard]]:
    """Return the music; or, where only one instrument is tagged and nothing says "music", that one as a sound."""
    kept = {one.label for one in sayable} - _UNSAID
    ranked = sorted((one for one in tagged if one.label in kept), key=_best_first)
    instruments = [one for one in ranked if one.group == "instrument"]
    if cue is None and len(tagged) == len(instruments) <= 1:
        return None, instruments
    cue = cue or MusicCue()
    longest = max(tagged, key=lambda one: one.coverage, default=None)
    brief = longest is not None and 0 < sum(end - start for start, end in longest.spans) < _TEMPO_FROM_S
    tempo = "" if brief else tempo_word(cue.tempo_bpm)
    named = [bare(one.nouns[0]) for one in instruments]
    genres = [one.nouns[0] for one in ranked if one.group == "genre"]
    genres += [proper_form(genre.removesuffix(" music")) for genre in plain_words(cue.genres)]
    moods = plain_words(cue.moods) + [one.nouns[0] for one in ranked if one.group == "mood"]
    paces = {"slow", "fast", "moderate"} if tempo else {""}
    moods = [mood for mood in compatible([tempo, *dict.fromkeys(moods)]) if mood not in paces]
    genre = next((genre for genre in genres if genre and genre not in {*moods, "music"}), "")
    said = without_wider([*named, *plain_words(cue.instruments)])
    timed = (longest.spans, longest.coverage, longest.measured) if longest else ()
    return Music(tuple(moods[:2]), genre, tuple(said[:3]), tempo, *timed), []
