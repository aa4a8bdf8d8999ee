"""Which labels may be said and shown to a model: plain names of sounds, never sentences.

Human labels come from files of strangers, and what stands in one ends up in a caption, and in a prompt. A class with a
wording of its own is known. Any other name must be a short phrase of plain English words without a word of those that
give orders; the rest are data that nobody reads aloud.
"""

import re
from functools import cache

from fusionaudio_assets.captioning.words import FUNCTION_WORDS, word_lists
from resources.sound_names import known_labels

MAX_WORDS = 8
MAX_LETTERS = 60
_WORD = r"[A-Za-z]+(?:['’-][A-Za-z]+)*"
_PHRASE = rf"{_WORD}(?:,? {_WORD})*"
_NAME = re.compile(rf"{_PHRASE}(?: \({_PHRASE}\))?")
_PARTS = re.compile(r"[a-z]+")
_JOINING = frozenset(word_lists()["joining"].split())
_ORDERING = frozenset(word_lists()["ordering"].split())


def plain_name(label: str) -> str:
    """Write a label as it may be said, ``"vacuum_cleaner"`` as ``"vacuum cleaner"``; empty when it may not be."""
    name = " ".join(label.replace("_", " ").split())
    return name if is_plain_name(name) else ""


@cache
def is_plain_name(name: str) -> bool:
    """Whether a name may be said: that of a known class, or a short phrase that is neither sentence nor order."""
    if name in known_labels():
        return True
    if len(name) > MAX_LETTERS or not _NAME.fullmatch(name):
        return False
    words = _PARTS.findall(name.lower().replace("’", "'"))
    telling = set(words) - _JOINING
    return bool(telling) and len(words) <= MAX_WORDS and not telling & (_ORDERING | FUNCTION_WORDS)
