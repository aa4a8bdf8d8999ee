"""Prompts: versioned text files, and the requests that are made of them and a clip's cues.

A prompt file holds turns, each under a line ``=== system``, ``=== user`` or ``=== assistant``; the last turn holds
``{cues}``. The file's SHA-256 belongs into the fingerprint of whatever is written with it.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fusionaudio_assets.captioning.cues import Cues, LabelCue
from fusionaudio_assets.captioning.facts import facts_of, is_confirmed, refuted_labels
from fusionaudio_assets.captioning.heard import Facts, Heard
from fusionaudio_assets.captioning.layers import follows, in_order, music_frames
from fusionaudio_assets.captioning.music_phrases import music_name
from resources.adapter import Json
from resources.errors import SettingError
from resources.language_model import ChatRequest, Message
from resources.sound_names import bare, sound_name

MODALITIES = ("labels", "sound", "speech", "music", "visual")
"""What a caption can draw on."""

ABSTAIN_REASONS = ("too few reports", "contradictory reports")
"""Why a model may abstain."""

_TURN = re.compile(r"^=== (system|user|assistant)\n", re.MULTILINE)
_SHOWN_STRETCHES = 30
_SHOWN_CHARACTERS = 2_000
"""Of a report: more than any says of a clip, and what even a small context holds beside the rest."""
_FULL_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "caption": {"type": "string"},
        "ambiguities": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        "modalities": {"type": "array", "items": {"type": "string", "enum": list(MODALITIES)}, "maxItems": 5},
        "abstain": {"type": "boolean"},
        # A closed set: what a transcript may have dictated never reaches a row.
        "abstain_reason": {"type": "string", "enum": ["", *ABSTAIN_REASONS]},
    },
    "required": ["caption", "ambiguities", "modalities", "abstain", "abstain_reason"],
    "additionalProperties": False,
}
_SMALL_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"caption": {"type": "string"}},
    "required": ["caption"],
    "additionalProperties": False,
}


class FusionPrompt(BaseModel):
    """How the cues of a clip are put to a language model.

    Attributes:
        style: ``"full"`` shows all cues as JSON with the rules of fusion; ``"small"`` shows only wording that may
            stand in the caption, with examples, for models too small to obey rules.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: Literal["full", "small"] = "small"
    file: str = Field("", description="Prompt file; empty for the one that comes with the style.")
    show_transcript: bool = Field(False, description="Let the prompt carry the words spoken; only with style full.")
    show_visual: bool = Field(False, description="Let the prompt carry what is seen; only with style full.")
    max_tokens: int = Field(160, ge=16, description="Bound on the answer, reasoning included.")
    rewrites: int | None = Field(
        None,
        ge=0,
        le=3,
        description="Drafts that are sent back with their faults; unset: one of style full, else none.",
    )

    @model_validator(mode="after")
    def _shows_what_it_says(self) -> Self:
        if self.style == "small" and (self.show_transcript or self.show_visual):
            raise ValueError("show_transcript and show_visual need `style: full`: a small prompt shows neither")
        return self

    @property
    def max_rewrites(self) -> int:
        """Drafts of a clip that are sent back. A small model mends nothing when told its faults."""
        return {"full": 1, "small": 0}[self.style] if self.rewrites is None else self.rewrites

    @property
    def sha256(self) -> str:
        """SHA-256 of the prompt file."""
        return prompt_sha256(self._path())

    def request(self, cues: Cues) -> ChatRequest:
        """Return the request for one clip."""
        shown = small_cues(facts_of(cues), cues.duration_s) if self.style == "small" else self._full_cues(cues)
        schema = _SMALL_SCHEMA if self.style == "small" else _FULL_SCHEMA
        return ChatRequest(fill(self._path(), shown), schema, self.max_tokens)

    def _path(self) -> str:
        return self.file or {"full": "fusion.txt", "small": "fusion_small.txt"}[self.style]

    def _full_cues(self, cues: Cues) -> str:
        """Return the cues as one JSON object, the most reliable first, without what is absent or not shown."""
        refuted = refuted_labels(cues)
        shown: dict[str, Any] = {
            "duration_s": cues.duration_s,
            "confirmed_labels": [_rated(label) for label in cues.labels if is_confirmed(label.quality)],
            "silent": cues.silent,
            "sounds": [
                {"sound": bare(sound_name(event.label).nouns[0]), "score": event.score, "from_to_s": event.spans}
                for event in sorted(cues.events, key=lambda event: (event.spans, event.label))
                if event.label not in refuted
            ],
            "measured": [
                {"from_to_s": (one.start_s, one.end_s), "how": ", ".join(one.manner)}
                for one in cues.stretches[:_SHOWN_STRETCHES]
            ],
            "sound_description": cues.sound[:_SHOWN_CHARACTERS],
            "music": cues.music.model_dump(exclude_defaults=True) if cues.music else {},
            "singing": cues.singing,
            "speech": cues.speech.model_dump(exclude=set() if self.show_transcript else {"text"})
            if cues.speech
            else {},
            "unconfirmed_labels": [
                _rated(label) for label in cues.labels if label.name not in refuted and not is_confirmed(label.quality)
            ],
            "visual": cues.visual.model_dump(exclude_defaults=True) if cues.visual and self.show_visual else {},
        }
        shown["speech"] = {name: value for name, value in shown["speech"].items() if value}
        for report, text in (("speech", "text"), ("visual", "description"), ("music", "description")):
            if text in shown[report]:
                shown[report][text] = shown[report][text][:_SHOWN_CHARACTERS]
        present = {name: value for name, value in shown.items() if value}
        # What some servers read as the end of a turn stands in angle brackets.
        return json.dumps(present, ensure_ascii=False).replace("<", "\\u003c")


def _rated(label: LabelCue) -> str:
    return label.name if label.quality is None else f"{label.name} ({label.quality:.0%})"


def fill(path: str, shown: str) -> tuple[Message, ...]:
    """Return the turns of a prompt file with ``{cues}`` replaced; what is shown is never read as a template."""
    return tuple(Message(role, text.replace("{cues}", shown)) for role, text in _turns(path))


def prompt_sha256(path: str) -> str:
    """Return the SHA-256 of a prompt file: one of this package by its name, or any by its path."""
    return hashlib.sha256(_read(path).encode()).hexdigest()


def small_cues(facts: Facts, duration_s: float) -> str:
    """Word the facts of a clip of `duration_s` for a small model: clauses in order of time, background, music."""
    music = facts.music
    passing = music if music and not music_frames(music, duration_s) else None
    heard = [one for one in (facts.speech, *facts.sounds) if one]
    if passing and heard:
        clause = f"{music_name(passing)} plays"
        heard.append(Heard("Music", "music", (clause,), (clause,), 1.0, True, passing.spans, passing.coverage))
        music = None
    sounds = in_order(heard)
    front = [one for one in sounds if not one.steady] or sounds
    parts = [_in_time(front)] if front else []
    if behind := [one.nouns[0] for one in sounds if one not in front]:
        parts.append(f"background: {', '.join(behind)}")
    if facts.singing:
        parts.append(facts.singing.clauses[0])
    if music:
        parts.append(f"music: {music_name(music)}")
    return ". ".join(parts)


def _in_time(sounds: Sequence[Heard]) -> str:
    """Join the clauses of sounds by "then" where one follows another, else by "and"."""
    text = sounds[0].clauses[0]
    for before, after in pairwise(sounds):
        text += f"{', then' if follows(before, after) else ' and'} {after.clauses[0]}"
    return text


def _turns(path: str) -> list[tuple[Literal["system", "user", "assistant"], str]]:
    _, *pieces = _TURN.split(_read(path))
    turns = list(zip(pieces[::2], (text.strip() for text in pieces[1::2]), strict=True))
    if not turns or "{cues}" not in turns[-1][1]:
        raise SettingError(
            f"The prompt file {path} has no last turn with {{cues}}.", hint="See captioning/prompt_files/fusion.txt."
        )
    return turns  # type: ignore[return-value]


def _read(path: str) -> str:
    """Read a prompt file, at every call anew where it is the user's.

    Raises:
        SettingError: It cannot be read, or its path is relative: terminal and daemon start in different folders.
    """
    try:
        if "/" not in path and "\\" not in path:
            return _packaged(path)
        if Path(path).is_absolute():
            return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The prompt file {path} cannot be read: {error}.", hint="Correct `prompt.file`.") from error
    raise SettingError(f"The path of the prompt file {path} is relative.", hint="Give it from the root on.")


@cache
def _packaged(name: str) -> str:
    return files("fusionaudio_assets.captioning").joinpath("prompt_files", name).read_text(encoding="utf-8")
