"""Describers behind an OpenAI-compatible server: models that see key frames, and models that listen.

Each clip is one request: a prompt file as its first turn, which the server can cache, then what is attached. The answer
is JSON that fits a schema. A silent clip, or one without pictures, is not asked about: models make things up there.
"""

import hashlib
import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from resources.adapter import Json, runtime
from resources.embedded.tempo import measure_tempo
from resources.errors import ClipError, SettingError
from resources.image_describer import ImageDescriber, SeenFrame, VisualDescription
from resources.language_model import ChatReply, ChatRequest, Message, Picture, Recording
from resources.media import KeyFrame
from resources.music_describer import Labelled, MusicDescriber, MusicDescription
from resources.served_model import ServedModel
from resources.sound_describer import SoundDescriber, SoundEvidence

_SILENT_PEAK = 1e-4
"""−80 dB below full scale: nobody hears it, and models describe it all the same."""

_MOST_LABELS = 12
_LONGEST_LABEL = 60

_WORDS: dict[str, Json] = {"type": "array", "items": {"type": "string"}}
_TEXT: dict[str, Json] = {"type": "string"}


class _ServedDescriber(ServedModel):
    """A served model that is told by a prompt file what to report."""

    packaged_prompt: ClassVar[str]

    prompt: str = Field("", description="Prompt file, from the root on; empty for the one that comes with the class.")
    max_tokens: int = Field(1024, ge=16, description="Bound on the answer, reasoning included.")

    @property
    def identity(self) -> dict[str, Json]:
        """That of its settings, and the SHA-256 of the prompt.

        Raises:
            SettingError: The prompt file cannot be read.
        """
        return super().identity | {"prompt_sha256": hashlib.sha256(self._instructions().encode()).hexdigest()}

    def _request(
        self, text: str, attached: Sequence[Picture | Recording], schema: dict[str, Json] | None = None
    ) -> ChatRequest:
        turns = Message("system", self._instructions()), Message("user", text, tuple(attached))
        return ChatRequest(turns, schema, self.max_tokens)

    def _answers(self, requests: Sequence[ChatRequest | None]) -> list[dict[str, Any] | ClipError | None]:
        """The parsed answer to each request; None for what there is nothing to ask about."""
        asked = [request for request in requests if request is not None]
        replies = iter(self._chat(asked))
        return [None if request is None else _data(next(replies)) for request in requests]

    def _instructions(self) -> str:
        if not self.prompt:
            return _packaged(self.packaged_prompt)
        if not Path(self.prompt).is_absolute():  # terminal and daemon start in different folders
            raise SettingError(f"`prompt` = {self.prompt!r} is a relative path.", hint="Give it from the root on.")
        try:
            return Path(self.prompt).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                f"The prompt file {self.prompt} cannot be read: {error}.", hint="Correct `prompt`."
            ) from error


class EndpointImageDescriber(_ServedDescriber, ImageDescriber):
    """A vision-language model that is shown all key frames of a clip at once, with their times.

    It gives labels without scores: each scores 1.

    Example profile entry::

        describer: {adapter: resources.endpoint_describers.EndpointImageDescriber, model: Qwen/Qwen2.5-VL-72B-Instruct}
    """

    packaged_prompt: ClassVar[str] = "image.txt"

    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription | ClipError]:
        """Describe the key frames of each clip, one request a clip."""
        answers = self._answers([self._about(frames) if frames else None for frames in clips])
        return [_seen(frames, answer) for frames, answer in zip(clips, answers, strict=True)]

    def _about(self, frames: Sequence[KeyFrame]) -> ChatRequest:
        times = ", ".join(f"{frame.time_s:.1f} s" for frame in frames)
        lists: dict[str, Json] = {"type": "array", "items": _WORDS, "minItems": len(frames), "maxItems": len(frames)}
        schema = _object(frames=lists, description=_TEXT)
        return self._request(f"Pictures taken at: {times}.", [Picture(frame.jpeg) for frame in frames], schema)

    def _plain(self) -> ChatRequest:
        grey = KeyFrame.of(Image.new("RGB", (64, 64), (127, 127, 127)), 0.0)
        return self._request("Pictures taken at: 0.0 s.", [Picture(grey.jpeg)])


class _Listener(_ServedDescriber):
    """A served model that is given mono sound at 16 kHz, which audio-language models take."""

    sample_rate_hz: ClassVar[int] = 16_000

    audio_format: Literal["wav", "flac"] = runtime("wav", "How sound is sent: flac is half as large, wav known to all.")

    def _about(self, clip: NDArray[np.float32], schema: dict[str, Json] | None) -> ChatRequest:
        buffer = io.BytesIO()
        soundfile.write(buffer, clip, self.sample_rate_hz, format=self.audio_format.upper(), subtype="PCM_16")
        return self._request("The recording.", [Recording(buffer.getvalue(), self.audio_format)], schema)

    def _plain(self) -> ChatRequest:
        times = np.arange(self.sample_rate_hz) / self.sample_rate_hz
        return self._about((0.1 * np.sin(2 * np.pi * 440 * times)).astype(np.float32), None)


class EndpointSoundDescriber(_Listener, SoundDescriber):
    """An audio-language model that tells what is heard.

    Example profile entry::

        describer: {adapter: resources.endpoint_describers.EndpointSoundDescriber, model: Qwen/Qwen2.5-Omni-7B}
    """

    packaged_prompt: ClassVar[str] = "sound.txt"
    needs_audio: ClassVar[bool] = True

    def describe(self, clips: Sequence[SoundEvidence]) -> list[str | ClipError]:
        """Describe what is heard in each clip, one request a clip; a silent one gets an empty description.

        Raises:
            ValueError: A clip comes without audio.
        """
        schema = _object(description=_TEXT)
        heard = [clip.audio for clip in clips if clip.audio is not None]
        if len(heard) < len(clips):
            raise ValueError("the model listens, and a clip came without audio")
        answers = self._answers([self._about(audio, schema) if _is_audible(audio) else None for audio in heard])
        return [answer if isinstance(answer, ClipError) else _description(answer) for answer in answers]


class EndpointMusicDescriber(_Listener, MusicDescriber):
    """An audio-language model that tells of the music; the tempo is measured, since such models guess it.

    It gives labels without scores: each scores 1.

    Example profile entry::

        describer: {adapter: resources.endpoint_describers.EndpointMusicDescriber, model: Qwen/Qwen2.5-Omni-7B}
    """

    libraries: ClassVar[tuple[str, ...]] = ("librosa",)
    packaged_prompt: ClassVar[str] = "music.txt"

    beat_clarity: float = Field(
        0.3,
        ge=0,
        le=1,
        description="How well onsets must repeat for a tempo: speech reaches 0.2, music has 0.3 to 0.9.",
    )

    def describe(self, clips: Sequence[NDArray[np.float32]]) -> list[MusicDescription | ClipError]:
        """Describe the music of each clip, one request a clip; a silent one gets an empty description."""
        schema = _object(genres=_WORDS, instruments=_WORDS, moods=_WORDS, vocals=_WORDS, description=_TEXT)
        answers = self._answers([self._about(clip, schema) if _is_audible(clip) else None for clip in clips])
        return [self._heard(clip, answer) for clip, answer in zip(clips, answers, strict=True)]

    def _heard(
        self, clip: NDArray[np.float32], answer: dict[str, Any] | ClipError | None
    ) -> MusicDescription | ClipError:
        if isinstance(answer, ClipError):
            return answer
        if answer is None or not any(answer.values()):
            return MusicDescription()
        return MusicDescription(
            genres=_labels(answer["genres"]),
            instruments=_labels(answer["instruments"]),
            moods=_labels(answer["moods"]),
            vocals=_labels(answer["vocals"]),
            tempo_bpm=measure_tempo(clip, self.sample_rate_hz, least_clarity=self.beat_clarity),
            description=_description(answer),
        )


def _seen(frames: Sequence[KeyFrame], answer: dict[str, Any] | ClipError | None) -> VisualDescription | ClipError:
    if isinstance(answer, ClipError):
        return answer
    if answer is None:
        return VisualDescription((), "")
    named = zip(frames, answer["frames"], strict=True)
    return VisualDescription(
        tuple(SeenFrame(frame.time_s, _labels(words)) for frame, words in named), _description(answer)
    )


def _data(reply: ChatReply | ClipError) -> dict[str, Any] | ClipError:
    if isinstance(reply, ClipError):
        return reply
    assert isinstance(reply.data, dict)  # the schema asks for an object
    return reply.data


def _description(answer: dict[str, Any] | None) -> str:
    return " ".join(str(answer["description"]).split()) if answer else ""


def _labels(words: Sequence[str]) -> tuple[Labelled, ...]:
    """Each word once, in lower case; what is longer than a label is none."""
    plain = dict.fromkeys(" ".join(word.lower().split()) for word in words)
    return tuple(Labelled(word, 1.0) for word in plain if 0 < len(word) <= _LONGEST_LABEL)[:_MOST_LABELS]


def _is_audible(clip: NDArray[np.float32]) -> bool:
    return clip.size > 0 and float(np.abs(clip).max()) >= _SILENT_PEAK


def _object(**properties: Json) -> dict[str, Json]:
    """Schema of an object with these properties, all required and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list[Json](properties),
        "additionalProperties": False,
    }


@cache
def _packaged(name: str) -> str:
    return files("resources").joinpath("endpoint_prompts", name).read_text(encoding="utf-8").strip()
