"""Does a caption tell what was seen, or what was said?

Pure functions over words; the lists and patterns they go by are in `leak_words.yaml`. What some audible cue supports
is never a leak: "an orange juice advert" is one only where nobody tagged or described it by ear.
"""

from collections.abc import Iterable, Sequence

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.leaks.heard import heard_stems, seen_stems
from fusionaudio_assets.captioning.leaks.leak import Cause, Leak
from fusionaudio_assets.captioning.leaks.quoted import quoted_leaks
from fusionaudio_assets.captioning.leaks.reported import reported_leaks
from fusionaudio_assets.captioning.leaks.spoken import spoken_leaks
from fusionaudio_assets.captioning.leaks.theme import is_spoken_of
from fusionaudio_assets.captioning.leaks.visual import visual_leaks
from fusionaudio_assets.captioning.words import content_stems, tokens

__all__ = ["Cause", "Leak", "find_leaks"]


def find_leaks(caption: str, cues: Cues) -> list[Leak]:
    """Find what a caption takes from the pictures or from the words spoken, in order of place."""
    heard, seen = heard_stems(cues), seen_stems(cues)
    said = tokens(caption)
    spoken = [
        *quoted_leaks(caption, said, heard, seen),
        *reported_leaks(caption, said, heard),
        *spoken_leaks(caption, said, heard, cues.speech.text if cues.speech else ""),
    ]
    looked = list(visual_leaks(caption, said, cues, heard))
    spoken = [one for one in spoken if one.cause != Cause.AKIN or seen.isdisjoint(content_stems(one.text))]
    written = _covered(one for one in looked if one.cause == Cause.WRITTEN)
    spoken = [one for one in spoken if one.start not in written]
    transcript = content_stems(cues.speech.text) if cues.speech else frozenset[str]()
    found = [*spoken, *(one for one in looked if not is_spoken_of(one, spoken, said, seen, transcript))]
    return sorted(_outermost(found), key=lambda leak: (leak.start, leak.end, leak.kind))


def _covered(leaks: Iterable[Leak]) -> set[int]:
    """Return the places that leaks cover."""
    return {place for leak in leaks for place in range(leak.start, leak.end)}


def _outermost(leaks: Sequence[Leak]) -> list[Leak]:
    """Drop the leaks that lie within another of their kind."""
    kept: list[Leak] = []
    furthest: dict[str, int] = {}
    for leak in sorted(leaks, key=lambda one: (one.start, -one.end)):
        if leak.end > furthest.get(leak.kind, 0):
            kept.append(leak)
            furthest[leak.kind] = leak.end
    return kept
