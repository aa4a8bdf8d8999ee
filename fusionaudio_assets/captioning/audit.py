"""Judges captions of any origin by texts about their sound: what is unsupported, what was seen, what was said.

One JSON object in, one out. It is the pipeline's own grounding and leak detection, made for cues of people and other
systems: free texts, never complete.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictInt, StrictStr

from fusionaudio_assets.captioning.cues import Cues, LabelCue, MusicCue, SpeechCue, VisualCue
from fusionaudio_assets.captioning.facts import is_confirmed
from fusionaudio_assets.captioning.leaks import Leak, find_leaks
from fusionaudio_assets.captioning.leaks.heard import heard_stems, sharpened_stems
from fusionaudio_assets.captioning.likelihood import Embed, Likelihood
from fusionaudio_assets.captioning.support import ground
from fusionaudio_assets.captioning.vocabulary import Source, sight, sources, text_sources
from fusionaudio_assets.captioning.words import content_words, stem
from resources.ontology import Ontology, load_ontology
from resources.sound_names import known_labels

_QUALITY = re.compile(r" ?\((?P<percent>\d{1,3}) ?%\)$")

Texts = Annotated[tuple[StrictStr, ...], BeforeValidator(lambda value: () if value is None else value)]


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CueTexts(_Given):
    """What is known about a clip, as texts; any may be missing. Another name is refused: it would be a misspelt one.

    Attributes:
        labels: Names of sounds, best AudioSet display names; ``"Speech (80%)"`` tells the share of raters who agree.
        sound: Descriptions of what is heard.
        music: Descriptions of the music.
        speech: What is said, word for word.
        visual: What is seen.
    """

    model_config = ConfigDict(extra="forbid")

    labels: Texts = ()
    sound: Texts = ()
    music: Texts = ()
    speech: Texts = ()
    visual: Texts = ()


CUE_KINDS = tuple(CueTexts.model_fields)


class Captioned(_Given):
    """A caption to judge."""

    id: StrictStr | StrictInt
    caption: StrictStr
    cues: Annotated[CueTexts, BeforeValidator(lambda value: {} if value is None else value)] = CueTexts()


class Auditor:
    """Judges captions, each by itself; keeps the vectors of words that it met.

    Args:
        embed: Turns texts into vectors of length 1.

    Raises:
        WeightsMissing: The AudioSet ontology is not in the cache.
    """

    def __init__(self, embed: Embed) -> None:
        self._likelihood = Likelihood(embed)
        self._ontology: Ontology = load_ontology()
        self._folded = {label.casefold(): label for label in known_labels()}

    @staticmethod
    def read(line: bytes) -> Captioned:
        """Read one line of JSON.

        Raises:
            ValidationError: It is not such an object.
        """
        return Captioned.model_validate_json(line)

    def judge(self, captioned: Captioned) -> dict[str, Any]:
        """Return the verdict on one caption, ready for JSON."""
        texts = captioned.cues
        labels = tuple(map(self._label, texts.labels))
        cues = _cues(texts, labels)
        support = ground(captioned.caption, _sources(labels, cues), self._likelihood)
        leaks = find_leaks(captioned.caption, cues)
        return {
            "id": captioned.id,
            "support": round(support.score, 4),
            "supported": not support.unsupported,
            "claims": [claim.told() for claim in support.claims],
            "visual_leaks": [_told(leak) for leak in leaks if leak.kind == "visual"],
            "speech_leaks": [_told(leak) for leak in leaks if leak.kind == "speech"],
        }

    def _label(self, text: str) -> LabelCue:
        name = " ".join(text.split())
        if match := _QUALITY.search(name):
            name = name[: match.start()]
        try:
            name = self._ontology.display_name(name)
        except KeyError:
            name = self._folded.get(name.casefold(), name)
        implied = tuple(sorted(self._ontology.implied(name))) if name in self._ontology else ()
        return LabelCue(name=name, quality=min(int(match["percent"]), 100) / 100 if match else None, implied=implied)


def _cues(texts: CueTexts, labels: tuple[LabelCue, ...]) -> Cues:
    return Cues(
        duration_s=0,
        labels=labels,
        sound="\n".join(texts.sound),
        speech=SpeechCue(present=True, text="\n".join(texts.speech)) if texts.speech else None,
        music=MusicCue(description="\n".join(texts.music)) if texts.music else None,
        visual=VisualCue(description="\n".join(texts.visual)) if texts.visual else None,
    )


def _sources(labels: Sequence[LabelCue], cues: Cues) -> list[Source]:
    """Return what the texts support; with labels that are no plain names, and what is seen of vague sounds."""
    seen = content_words(cues.visual.description) if cues.visual else frozenset[str]()
    sharper = sharpened_stems(cues, heard_stems(cues))
    named = frozenset(word for word in seen if stem(word) in sharper)
    free = [label.name for label in labels if is_confirmed(label.quality) and label not in cues.labels]
    return [
        *sources(cues),
        *([sight(named)] if named else []),
        *(source for name in free for source in text_sources("labels", name)),
    ]


def _told(leak: Leak) -> dict[str, Any]:
    return {"text": leak.text, "start": leak.start, "end": leak.end, "reason": leak.reason}
