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
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.facts import Facts, Heard, facts_of, is_confirmed
from resources.adapter import Json
from resources.errors import SettingError
from resources.language_model import ChatRequest, Message

_TURN = re.compile(r"^=== (system|user|assistant)\n", re.MULTILINE)
_FULL_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "caption": {"type": "string"},
        "ambiguities": {"type": "array", "items": {"type": "string"}},
        "abstain": {"type": "boolean"},
    },
    "required": ["caption", "ambiguities", "abstain"],
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
    rewrites: int = Field(0, ge=0, le=3, description="Times that a model is shown its unsupported claims to rewrite.")

    @model_validator(mode="after")
    def _shows_what_it_says(self) -> Self:
        if self.style == "small" and (self.show_transcript or self.show_visual):
            raise ValueError("show_transcript and show_visual need `style: full`: a small prompt shows neither")
        return self

    @property
    def sha256(self) -> str:
        """SHA-256 of the prompt file."""
        return prompt_sha256(self._path())

    def request(self, cues: Cues) -> ChatRequest:
        """Return the request for one clip."""
        shown = small_cues(facts_of(cues)) if self.style == "small" else self._full_cues(cues)
        schema = _SMALL_SCHEMA if self.style == "small" else _FULL_SCHEMA
        return ChatRequest(fill(self._path(), shown), schema, self.max_tokens)

    def _path(self) -> str:
        return self.file or {"full": "fusion.txt", "small": "fusion_small.txt"}[self.style]

    def _full_cues(self, cues: Cues) -> str:
        exclude: dict[str, bool | set[str]] = {"visual": not self.show_visual, "loudness_lufs": True}
        if not self.show_transcript:
            exclude["speech"] = {"text"}
        shown = cues.model_dump(
            mode="json", exclude_none=True, exclude_defaults=True, exclude={k: v for k, v in exclude.items() if v}
        )
        for event in shown.get("events", []):
            event.pop("implied", None)
        for label, raw in zip(cues.labels, shown.get("labels", []), strict=True):
            raw["confirmed"] = is_confirmed(label.quality)
        # What some servers read as the end of a turn stands in angle brackets.
        return json.dumps(shown, ensure_ascii=False).replace("<", "\\u003c")


def fill(path: str, shown: str) -> tuple[Message, ...]:
    """Return the turns of a prompt file with ``{cues}`` replaced; what is shown is never read as a template."""
    return tuple(Message(role, text.replace("{cues}", shown)) for role, text in _turns(path))


def prompt_sha256(path: str) -> str:
    """Return the SHA-256 of a prompt file: one of this package by its name, or any by its path."""
    return hashlib.sha256(_read(path).encode()).hexdigest()


def small_cues(facts: Facts) -> str:
    """Word the facts for a small model: clauses in order of time, background, music."""
    sounds = sorted((one for one in (facts.speech, *facts.sounds) if one), key=lambda one: one.start_s or 0.0)
    front = [one for one in sounds if not one.steady] or sounds
    parts = [_in_time(front)] if front else []
    if behind := [one.nouns[0] for one in sounds if one not in front]:
        parts.append(f"background: {', '.join(behind)}")
    if facts.singing:
        parts.append(facts.singing.clauses[0])
    if music := facts.music:
        name = " ".join(filter(None, (*music.moods, music.genre, "music")))
        players = f" with {' and '.join(music.instruments)}" if music.instruments else ""
        parts.append(f"music: {name}{players}{music.tempo and f', {music.tempo}'}")
    return ". ".join(parts)


def _in_time(sounds: Sequence[Heard]) -> str:
    """Join the clauses of sounds by "then" where one follows another, else by "and"."""
    text = sounds[0].clauses[0]
    for before, after in pairwise(sounds):
        follows = before.end_s is not None and after.start_s is not None and after.start_s >= before.end_s
        text += f"{', then' if follows else ' and'} {after.clauses[0]}"
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
