"""Which labels may be said and shown to a model: plain names of sounds, never sentences.

Human labels come from files of strangers, and what stands in one ends up in a caption, and in a prompt. A class with a
wording of its own is known. Any other name must be a short phrase of words that names of sounds are made of, without
one of those that give orders; the rest are data that nobody reads aloud. A brand, a slogan, a colour, another language
fall.
"""

import re
from functools import cache, lru_cache

from fusionaudio_assets.captioning.relations import LABELS_KEPT
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, content_stems, word_lists
from resources.sound_names import known_labels, sound_name

MAX_WORDS = 8
MAX_LETTERS = 60
_WORD = r"[A-Za-z]+(?:['’-][A-Za-z]+)*"
_PHRASE = rf"{_WORD}(?:,? {_WORD})*"
_NAME = re.compile(rf"{_PHRASE}(?: \({_PHRASE}\))?")
_PARTS = re.compile(r"[a-z]+")
_COLOURS, _CALLED = ("|".join(word_lists()[name].split()) for name in ("colours", "called_by_colour"))
_SEEN = re.compile(rf"\b(?:{_COLOURS})\b(?! (?:{_CALLED})s?\b)", re.IGNORECASE)
_JOINING = frozenset(word_lists()["joining"].split())
_ORDERING = frozenset(word_lists()["ordering"].split())


def plain_name(label: str) -> str:
    """Write a label as it may be said, ``"vacuum_cleaner"`` as ``"vacuum cleaner"``; empty when it may not be."""
    name = " ".join(label.replace("_", " ").split())
    return name if is_plain_name(name) else ""


@lru_cache(maxsize=LABELS_KEPT)
def is_plain_name(name: str) -> bool:
    """Whether a name may be said: that of a known class, or a short phrase of sound words, no sentence or order."""
    if name in known_labels():
        return True
    if len(name) > MAX_LETTERS or not _NAME.fullmatch(name) or _SEEN.search(name):
        return False
    words = _PARTS.findall(name.lower().replace("’", "'"))
    telling = set(words) - _JOINING
    if not telling or len(words) > MAX_WORDS or telling & (_ORDERING | FUNCTION_WORDS):
        return False
    return content_stems(name) <= sound_vocabulary()


@cache
def sound_vocabulary() -> frozenset[str]:
    """Return the stems of all words that names of sounds and of music are made of."""
    named = map(sound_name, known_labels())
    wording = (" ".join((*name.nouns, *name.clauses, *name.words, name.label)) for name in named)
    further = word_lists()["further_sounds"], word_lists()["further_music"]
    return content_stems(" ".join((*wording, *further)))
