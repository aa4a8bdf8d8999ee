"""Does a caption tell what was seen, or what was said?

Pure functions over words; the lists and patterns they go by are in `leak_words.yaml`. What some audible cue supports
is never a leak: "an orange juice advert" is one only where nobody tagged or described it by ear.
"""

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.leaks.heard import heard_stems, seen_stems, sharpened_stems
from fusionaudio_assets.captioning.leaks.leak import Leak
from fusionaudio_assets.captioning.leaks.quoted import quoted_leaks
from fusionaudio_assets.captioning.leaks.reported import reported_leaks
from fusionaudio_assets.captioning.leaks.spoken import spoken_leaks
from fusionaudio_assets.captioning.leaks.visual import visual_leaks
from fusionaudio_assets.captioning.words import tokens

__all__ = ["Leak", "find_leaks"]


def find_leaks(caption: str, cues: Cues) -> list[Leak]:
    """Find what a caption takes from the pictures or from the words spoken, in order of place."""
    heard = heard_stems(cues)
    said = tokens(caption)
    found = [
        *visual_leaks(caption, said, heard, seen_stems(cues), sharpened_stems(cues, heard)),
        *quoted_leaks(caption, said, heard),
        *reported_leaks(caption, said, heard),
        *spoken_leaks(caption, said, heard, cues.speech.text if cues.speech else ""),
    ]
    return sorted(_outermost(found), key=lambda leak: (leak.start, leak.end, leak.kind))


def _outermost(leaks: list[Leak]) -> list[Leak]:
    """Drop the leaks that lie within another of their kind."""
    kept: list[Leak] = []
    for leak in sorted(leaks, key=lambda one: (one.start, -one.end)):
        if not any(one.kind == leak.kind and one.start <= leak.start and leak.end <= one.end for one in kept):
            kept.append(leak)
    return kept
