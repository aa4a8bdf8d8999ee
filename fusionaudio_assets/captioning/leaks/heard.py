"""What may be said because some cue has it by ear, and what the pictures may add to it.

More is let through here than by the support test: a label that raters doubt, or an event of a low score, makes no
claim true, yet whoever repeats it has it from no picture and no transcript.
"""

from functools import cache, lru_cache

from fusionaudio_assets.captioning.cues import CLIPS_AT_HAND, Cues
from fusionaudio_assets.captioning.facts import is_confirmed
from fusionaudio_assets.captioning.leaks.tables import raw, stems
from fusionaudio_assets.captioning.lexicon import INSTRUMENT, lexicon
from fusionaudio_assets.captioning.relations import sharpening_groups
from fusionaudio_assets.captioning.vocabulary import sound_stems
from fusionaudio_assets.captioning.words import content_stems, stem, tokens
from resources.sound_names import known_labels, sound_name

_GENERIC = {word: frozenset(key.split()) for key, block in raw()["generic_sounds"].items() for word in stems(block)}
_BROAD = _GENERIC.keys() | stems(raw()["broad_animals"]) | stems("tool power transport")
_ALSO_CALLED = {stem(name): stems(others) for name, others in raw()["also_called"].items()}
_MADE = frozenset({"artifact", "music", "acoustic", INSTRUMENT})
_SOURCES = {
    "animal": frozenset({"animal"}),
    "insect": frozenset({"animal"}),
    "vehicle": frozenset({"vehicle"}),
    "weather": frozenset({"weather", "phenomenon"}),
    "water": frozenset({"nature"}),
    **dict.fromkeys(("instrument", "engine", "bell"), _MADE),
}


@lru_cache(maxsize=CLIPS_AT_HAND)
def heard_stems(cues: Cues) -> frozenset[str]:
    """Return the stems of all words that the audible cues hold or stand for."""
    labels = {label.name for label in cues.labels}
    labels.update(event.label for event in cues.events)
    labels.update(name for event in cues.events for name in event.implied)
    found = frozenset[str]().union(*map(sound_stems, labels))
    if cues.speech and cues.speech.present:
        found |= sound_stems("Speech")
    if cues.singing:
        found |= sound_stems("Singing")
    texts = [cues.sound]
    if cues.speech:
        texts.append(cues.speech.language)
    if music := cues.music:
        found |= sound_stems("Music")
        texts += [music.description, *music.genres, *music.instruments, *music.moods, *music.vocals]
    found = found.union(token.stem for text in texts for token in tokens(text))
    return found.union(*(_ALSO_CALLED[one] for one in found & _ALSO_CALLED.keys()))


@lru_cache(maxsize=CLIPS_AT_HAND)
def seen_stems(cues: Cues) -> frozenset[str]:
    """Return the stems of the words for what is seen."""
    if cues.visual is None:
        return frozenset()
    return content_stems(" ".join((*cues.visual.labels, cues.visual.description)))


@lru_cache(maxsize=CLIPS_AT_HAND)
def sharpened_stems(cues: Cues, heard: frozenset[str]) -> frozenset[str]:
    """Return the stems of what is seen and may name the source of a sound that is heard but vague.

    A rumble may become the aeroplane in the picture. It may not where a confirmed label names a source of that kind.
    """
    groups = frozenset[str]().union(*(_GENERIC.get(one, frozenset()) for one in heard & _worded(cues)))
    return seen_stems(cues) & frozenset[str]().union(*map(_sources, groups - _named_groups(cues)))


def _worded(cues: Cues) -> frozenset[str]:
    """Return the stems of the words that the audible cues hold; a crowd is a noise, too, but is not called one."""
    names = (*(label.name for label in cues.labels), *(event.label for event in cues.events))
    music = cues.music.description if cues.music else ""
    return content_stems(" ".join((*names, cues.sound, music)))


@lru_cache(maxsize=CLIPS_AT_HAND)
def named_stems(cues: Cues) -> frozenset[str]:
    """Return the stems of the names for sources of the kinds that a confirmed label names already."""
    return frozenset[str]().union(*map(_sources, _named_groups(cues)))


def _named_groups(cues: Cues) -> frozenset[str]:
    confirmed = (label.name for label in cues.labels if is_confirmed(label.quality) and not _vague(label.name))
    return frozenset[str]().union(*(_kin(sound_name(label).group) for label in confirmed))


def _vague(label: str) -> bool:
    """Whether a label leaves open what is heard: it names no thing, or only a wide kind of things."""
    kinds = _SOURCES.get(sound_name(label).group, frozenset[str]())
    named = {one for one in content_stems(label) if lexicon().kind(one) in kinds}
    return bool(sharpening_groups(label)) or not named - _BROAD


def _kin(group: str) -> frozenset[str]:
    """Return the groups whose sounds are told by the same source: an engine is that of a vehicle or a tool."""
    kin = frozenset({"vehicle", "engine", "tool"})
    return kin if group in kin else frozenset({group})


@cache
def _sources(group: str) -> frozenset[str]:
    """Return the stems of the names for what makes the sounds of a group."""
    named = [sound_stems(label) for label in known_labels() if sound_name(label).group == group]
    return frozenset[str]().union(*named) | stems(raw()["seen_sources"].get(group, ""))
