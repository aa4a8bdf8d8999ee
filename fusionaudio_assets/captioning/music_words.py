"""Words for music: which of a describer's own may be said, and which say no more than others."""

import re
from collections.abc import Iterable

from fusionaudio_assets.captioning.names import is_plain_name
from fusionaudio_assets.captioning.relations import names_voices, narrower_instruments, opposite_moods, proper_form
from fusionaudio_assets.captioning.words import FUNCTION_WORDS

_PLAIN_WORD = re.compile(r"[A-Za-z]{2,}(?:[ '-][A-Za-z]+){0,2}")


def plain_words(words: Iterable[str]) -> list[str]:
    """Keep the words that can stand in a sentence: one to three plain English words each, none of them twice."""
    kept = [word.strip().lower() for word in words if _PLAIN_WORD.fullmatch(word.strip())]
    return list(dict.fromkeys(word for word in kept if is_plain_name(word) and not set(word.split()) & FUNCTION_WORDS))


def tempo_word(bpm: float | None) -> str:
    """Name a tempo: below 80 beats a minute slow, below 120 moderate, else fast."""
    if not bpm:
        return ""
    return "slow" if bpm < 80 else "moderate" if bpm < 120 else "fast"


def compatible(moods: Iterable[str]) -> list[str]:
    """Drop what contradicts a better mood."""
    kept: list[str] = []
    for mood in moods:
        if not opposite_moods(mood) & set(kept):
            kept.append(mood)
    return kept


def without_wider(instruments: list[str]) -> list[str]:
    """Drop "guitar" beside "acoustic guitar", plurals beside their singular, families beside a member, and voices."""
    unique = [one for one in dict.fromkeys(instruments) if not names_voices(one)]
    return [
        proper_form(one)
        for one in unique
        if not narrower_instruments(one) & set(unique)
        and not any(other != one and (other.endswith(f" {one}") or other == one.removesuffix("s")) for other in unique)
    ]
