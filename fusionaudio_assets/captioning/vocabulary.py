"""What each cue allows a caption to say: the words by which a claim can be supported."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from textwrap import shorten

from fusionaudio_assets.captioning.cues import CLIPS_AT_HAND, Cues, MusicCue
from fusionaudio_assets.captioning.facts import FAINT_LUFS, LIKELY_SCORE, is_confirmed
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.music_words import tempo_word
from fusionaudio_assets.captioning.relations import LABELS_KEPT, proper_form, sharpening_groups, together
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, Token, claim_runs, content_words, stem
from resources.sound_names import SoundName, known_labels, sound_name

_MUSIC_GROUPS = frozenset({"music", "instrument", "genre", "mood", "singing"})
VISUAL = "visual"
"""The kind of cue that is seen."""
SIGNAL = "signal"
"""The kind of cue that is measured: it tells how something sounds, never what it is."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_SHOWN_CHARACTERS = 160
_TIMED = "four five six seven eight nine ten eleven twelve seconds regular intervals series about"
_COURSE = "short long slowly gradually fade away die down grow louder rise fall pitch quiet silence rest"
_HEARD_AS = {
    "tonal": "tone",
    "low-pitched": "tone",
    "high-pitched": "tone",
    "noisy": "noise",
    "high": "pitched",
    "unsteady": "wavering",
    "fluctuating": "wavering",
}
"""How else a manner of sounding may be told."""
_SILENCE_WORDS = "silence silent near quiet almost complete absolute distinct empty still"


@dataclass(frozen=True)
class Source:
    """One cue, e.g. ``"events: Bark"``: its kind and what it says; and the words that it supports, in lower case."""

    cue: str
    words: frozenset[str]

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of the words."""
        return frozenset(map(stem, self.words))

    @cached_property
    def wider_stems(self) -> frozenset[str]:
        """The stems of the words, of their synonyms and of wider names."""
        return self.stems.union(*map(lexicon().wider, self.stems))


@lru_cache(maxsize=LABELS_KEPT)
def sound_stems(label: str) -> frozenset[str]:
    """Return the stems of all words for a class: its wording, its display name, its synonyms."""
    return frozenset(map(stem, sound_words(label)))


@lru_cache(maxsize=LABELS_KEPT)
def sound_words(label: str) -> frozenset[str]:
    """Return all words for a class, in lower case."""
    name = sound_name(label)
    text = " ".join((*name.nouns, *name.clauses, *name.words, name.label.replace("(", " ").replace(")", " ")))
    if name.group in {"genre", "mood"}:
        text += " music song"
    if "someone" in text:
        text += " person people somebody"
    return content_words(text)


def text_sources(kind: str, text: str) -> list[Source]:
    """Return what a free text supports, by its sentences: each run of claiming words stands for itself."""
    return [
        Source(cue, _with_compounds(run))
        for sentence in _SENTENCE_END.split(text)
        for cue in [_cue(kind, sentence)]
        for run in claim_runs(sentence)
    ]


def _with_compounds(run: Sequence[Token]) -> frozenset[str]:
    """Return the words and each two neighbours as one: who wrote of a "motor-bike" wrote of a motorbike."""
    words = [token.text.lower() for token in run]
    return frozenset((*words, *(first + second for first, second in pairwise(words))))


@lru_cache(maxsize=CLIPS_AT_HAND)
def sources(cues: Cues) -> tuple[Source, ...]:
    """Return what supports claims about a clip, by cue; pictures only where they may sharpen a generic sound."""
    if cues.silent:
        return (Source("silence", content_words(_SILENCE_WORDS)),)
    tagged = [(f"labels: {label.name}", label.name) for label in cues.labels if is_confirmed(label.quality)]
    tagged += [(f"events: {event.label}", event.label) for event in cues.events if event.score >= LIKELY_SCORE]
    implied = {cue.name: cue.implied for cue in cues.labels} | {cue.label: cue.implied for cue in cues.events}
    found = [Source(cue, sound_words(label).union(*map(sound_words, implied.get(label, ())))) for cue, label in tagged]
    labels = {label for _, label in tagged}
    found += [
        Source("events: " + " + ".join(sorted(pair.labels)), content_words(f"{pair.noun} {pair.clause}"))
        for pair in together()
        if pair.labels <= labels
    ]
    if {"Male speech, man speaking", "Female speech, woman speaking"} <= labels:
        found.append(Source("events: Speech", content_words("man woman talk speak")))
    found += text_sources("sound", cues.sound) + _measured_source(cues)
    if cues.speech and cues.speech.present:
        words = sound_words("Speech") | content_words(cues.speech.language)
        found.append(Source(_cue("speech", cues.speech.language), words))
    if cues.singing:
        found.append(Source("singing", sound_words("Singing")))
    found += _music_source(cues, labels)
    if faint := _faintness(cues):  # of the whole clip, so of all that is heard
        found = [replace(source, words=source.words | faint) for source in found]
    return (*found, *_sight_source(cues))


def _faintness(cues: Cues) -> frozenset[str]:
    is_faint = cues.loudness_lufs is not None and cues.loudness_lufs <= FAINT_LUFS
    return frozenset({"faint", "faintly"}) if is_faint else frozenset()


def _measured_source(cues: Cues) -> list[Source]:
    """What was measured supports how long, how often and in which manner something sounds, never what it is."""
    manners = dict.fromkeys(word for one in cues.stretches for word in one.manner)
    told = " ".join((*manners, *(_HEARD_AS[word] for word in manners if word in _HEARD_AS)))
    timed = f"{_TIMED} {_COURSE}" if cues.stretches else ""
    words = content_words(f"{timed} {told}") | _faintness(cues)
    return [Source(_cue(SIGNAL, ", ".join(manners)), words)] if words else []


def audible_stems(cues: Cues) -> frozenset[str]:
    """Return every stem that some cue supports."""
    return frozenset[str]().union(*(source.stems for source in sources(cues)))


def _music_source(cues: Cues, labels: set[str]) -> list[Source]:
    """Music is one thing heard: its genre, instruments, mood and voices may stand together in one claim."""
    musical = {label for label in labels if sound_name(label).group in _MUSIC_GROUPS}
    if cues.music is None and not musical:
        return []
    words = sound_words("Music").union(*map(sound_words, musical))
    if cues.singing:
        words |= sound_words("Singing")
    music = cues.music or MusicCue()
    told = (*music.genres, *music.instruments, *music.moods, *music.vocals, tempo_word(music.tempo_bpm))
    words |= {"slowly"} if "slow" in told else set()
    words |= set(map(proper_form, told))
    said = ", ".join(filter(None, told)) or music.description
    return [Source(_cue("music", said), words | content_words(" ".join((*told, music.description))))]


def _sight_source(cues: Cues) -> list[Source]:
    """Allow a seen source to sharpen a generic sound, unless a confirmed label names the sound already."""
    if cues.visual is None or any(is_confirmed(label.quality) for label in cues.labels):
        return []
    groups = frozenset[str]().union(*(sharpening_groups(event.label) for event in cues.events))
    seen = content_words(" ".join((*cues.visual.labels, cues.visual.description)))
    sharpened = frozenset[str]().union(*(_source_stems(name) for name in _named(groups)))
    generic = frozenset[str]().union(*(sound_words(e.label) for e in cues.events if sharpening_groups(e.label)))
    found = frozenset(word for word in seen if stem(word) in sharpened)
    return [sight(found, generic)] if found else []


def sight(seen: frozenset[str], generic: frozenset[str] = frozenset()) -> Source:
    """Return what pictures support: the names `seen` of what may make a sound, and the generic names of that sound."""
    return Source(_cue(VISUAL, ", ".join(sorted(seen))), seen | generic)


def _cue(kind: str, text: str) -> str:
    """Name a cue by its kind and what it says, as much of it as anybody reads."""
    shown = " ".join(text[: 2 * _SHOWN_CHARACTERS].split())
    if len(shown) > _SHOWN_CHARACTERS:
        shown = shorten(shown, _SHOWN_CHARACTERS, placeholder=" …")
    return f"{kind}: {shown}" if shown else kind


@cache
def _named(groups: frozenset[str]) -> tuple[SoundName, ...]:
    return tuple(name for name in map(sound_name, known_labels()) if name.group in groups)


@lru_cache(maxsize=LABELS_KEPT)
def _source_stems(name: SoundName) -> frozenset[str]:
    """Return the words for what makes the sound: of its display name, which is "Truck", "Helicopter", "Dog"."""
    return frozenset(stem(word) for word in name.label.replace(",", " ").split() if word not in FUNCTION_WORDS)
