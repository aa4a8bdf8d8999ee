"""Language models behind an OpenAI-compatible endpoint."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from resources.adapter import Adapter, Json
from resources.errors import ClipError


@dataclass(frozen=True)
class Picture:
    """A picture that goes with a turn."""

    jpeg: bytes = field(repr=False)


@dataclass(frozen=True)
class Recording:
    """Sound that goes with a turn: a file's bytes and its format."""

    data: bytes = field(repr=False)
    format: Literal["wav", "flac"] = "wav"


@dataclass(frozen=True)
class Message:
    """One turn of a chat. What is attached comes before its text, for models that see or hear."""

    role: Literal["system", "user", "assistant"]
    content: str
    attached: tuple[Picture | Recording, ...] = ()


@dataclass(frozen=True)
class ChatRequest:
    """One request.

    Attributes:
        messages: The turns; the common prefix of many requests comes first, so that a server can cache it.
        schema: JSON schema that the answer must satisfy, or None for free text.
        max_tokens: Bound on the answer's length.
    """

    messages: tuple[Message, ...]
    schema: dict[str, Json] | None = None
    max_tokens: int = 256


@dataclass(frozen=True)
class ChatReply:
    """One answer.

    Attributes:
        text: What the model said, without its reasoning.
        reasoning: Its reasoning, when the server or the text shows it; else empty.
        prompt_tokens: Tokens read, as the server counts them.
        completion_tokens: Tokens written.
        data: The parsed answer when a schema was asked for and the answer satisfies it; else None.
        cut_off: The model had more to say than `max_tokens`.
    """

    text: str
    reasoning: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    data: Json = field(default=None)
    cut_off: bool = False


class MalformedAnswer(ClipError):
    """The model's answer does not fit the request, also when asked again; for good, as it answers the same again.

    Attributes:
        prompt_tokens: Tokens read, over both attempts.
        completion_tokens: Tokens written.
    """

    def __init__(self, message: str, *, prompt_tokens: int = 0, completion_tokens: int = 0) -> None:
        super().__init__("malformed_answer", message)
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens


def tokens_of(reply: ChatReply | ClipError) -> tuple[int, int]:
    """Tokens read and written for a reply, or for nothing, as far as the server told."""
    if isinstance(reply, ChatReply | MalformedAnswer):
        return reply.prompt_tokens, reply.completion_tokens
    return 0, 0


class LanguageModel(Adapter):
    """Protocol of a chat model."""

    @abstractmethod
    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """Answer every request, in order, with bounded concurrency.

        Returns:
            For each request its reply, or the error of that request alone: an answer that stays malformed after one
            repair, a time-out, a request that the server refuses or fails on while it answers others.

        Raises:
            ModelUnavailable: The endpoint is gone, answers nothing, refuses the key or serves another model.
        """
