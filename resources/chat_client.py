"""Chat requests against an OpenAI-compatible server: what every language model adapter shares.

The `openai` client does the HTTP, the retries and their back-off; this module adds what it does not: concurrency, one
error per request, reasoning kept apart from the answer, and answers checked against their JSON schema. Is it the
request or the server? Whenever a request went unanswered, the server is asked something plain before one is blamed.
"""

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import jsonschema
import openai
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from resources.adapter import Json
from resources.errors import ClipError, ModelUnavailable, clause
from resources.language_model import ChatReply, ChatRequest, Message

_PLAIN = ChatRequest((Message("user", "Answer with the word: ready"),), max_tokens=64)
"""What any model that is served can answer."""

_PASSING = (openai.RateLimitError, openai.InternalServerError, openai.ConflictError)
"""What a server may answer now and not again later."""

_CONNECT_S = 10.0
"""Bound on reaching a server, which takes no model's time."""

_PLAIN_S = 60.0
"""Bound on one attempt at `_PLAIN`: a server that hangs has taken long enough by then."""


class _Malformed(Exception):
    """An answer that is not what the request's schema asks for."""


@dataclass(frozen=True)
class ChatClient:
    """One model on one server. Safe to use from several threads.

    Attributes:
        base_url: The server's address up to and including ``/v1``.
        api_key: Sent as bearer token; never shown in errors.
        model: Name under which the server serves the model.
        temperature: Sampling temperature; 0 for the most likely answer.
        seed: Seed of the sampling, where the server honours it.
        timeout_s: Bound on one attempt at one request.
        max_concurrency: Requests in flight at a time.
        max_retries: Attempts after the first when the server is busy, failing, silent or cannot be reached. Pauses
            grow from half a second to eight, or are what the server asks for, up to a minute.
        key_hint: The way out when the key is refused, one sentence.
        url_hint: The way out when the server cannot be reached, one sentence.
    """

    base_url: str
    api_key: str
    model: str
    temperature: float = 0.0
    seed: int = 0
    timeout_s: float = 120.0
    max_concurrency: int = 8
    max_retries: int = 4
    key_hint: str = ""
    url_hint: str = ""

    def __repr__(self) -> str:
        """Show the address and the model, not the key."""
        return f"ChatClient({self.base_url!r}, model={self.model!r})"

    @cached_property
    def _client(self) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=self.base_url,
            api_key=self.api_key,
            timeout=openai.Timeout(self.timeout_s, connect=min(_CONNECT_S, self.timeout_s)),
            max_retries=self.max_retries,
        )

    def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            self._client.close()

    def served_models(self) -> list[str]:
        """Return the names of the models that the server serves.

        Raises:
            ModelUnavailable: It cannot be reached, or refuses the key.
        """
        try:
            return [model.id for model in self._client.models.list().data]
        except openai.OpenAIError as error:
            raise self._unavailable(error) from error

    def probe(self) -> None:
        """Ask for one word; what the model says to it does not matter.

        Raises:
            ModelUnavailable: No answer comes.
        """
        try:
            self._ask(_PLAIN, timeout=min(_PLAIN_S, self.timeout_s))
        except openai.OpenAIError as error:
            raise self._unavailable(error) from error
        except _Malformed as problem:
            raise ModelUnavailable(f"The server at {self.base_url} gives {problem}.", hint=self.url_hint) from problem

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """Answer every request, in order; see `resources.language_model.LanguageModel.chat`."""
        if not requests:
            return []
        replies = self._answers(requests)
        if any(isinstance(reply, ClipError) and not reply.permanent for reply in replies):
            self.probe()
        return replies

    def _answers(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        with ThreadPoolExecutor(min(self.max_concurrency, len(requests)), "chat") as pool:
            futures = [pool.submit(self._answer, request) for request in requests]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _answer(self, request: ChatRequest) -> ChatReply | ClipError:
        """Ask; when the answer is malformed, show the model its mistake once; count the tokens of both attempts."""
        try:
            first = self._ask(request)
            try:
                return _checked(first, request.schema)
            except _Malformed as problem:
                repaired = self._ask(_repair(request, first, problem))
                both = replace(
                    repaired,
                    prompt_tokens=first.prompt_tokens + repaired.prompt_tokens,
                    completion_tokens=first.completion_tokens + repaired.completion_tokens,
                )
                return _checked(both, request.schema)
        except _Malformed as problem:
            return ClipError("malformed_answer", f"{self.model} answers, also when asked again: {problem}")
        except openai.APITimeoutError:
            message = f"{self.model} gives no answer within {self.timeout_s:g} s."
            return ClipError("timeout", message, permanent=False)
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            return ClipError("model_error", f"{self.model} refuses the request: {error.message}")
        except (*_PASSING, openai.APIConnectionError) as error:
            message = f"The server of {self.model} fails after {self.max_retries + 1} attempts: {clause(error)}."
            return ClipError("model_error", message, permanent=False)
        except openai.OpenAIError as error:
            raise self._unavailable(error) from error

    def _ask(self, request: ChatRequest, **options: Any) -> ChatReply:
        if request.schema is not None:
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": request.schema, "strict": True},
            }
        completion: ChatCompletion = self._client.chat.completions.create(
            model=self.model,
            messages=[_turn(turn) for turn in request.messages],
            max_tokens=request.max_tokens,
            temperature=self.temperature,
            seed=self.seed,
            **options,
        )
        return _reply(completion)

    def _unavailable(self, error: openai.OpenAIError) -> ModelUnavailable:
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return ModelUnavailable(f"The server at {self.base_url} refuses the key.", hint=self.key_hint)
        if isinstance(error, openai.NotFoundError):
            return ModelUnavailable(
                f"The server at {self.base_url} does not serve the model {self.model!r}.",
                hint="Set `model` to a name that its /v1/models lists, or start it with that model.",
            )
        if isinstance(error, openai.APITimeoutError):
            return ModelUnavailable(
                f"The server at {self.base_url} gives no answer to a plain question in time.",
                hint="See whether it is overloaded or hangs, and run again; no clip was recorded as failed.",
            )
        if isinstance(error, _PASSING):
            return ModelUnavailable(
                f"The server at {self.base_url} fails on a plain question as well, {self.max_retries + 1} times: "
                f"{clause(error)}.",
                hint="See in its log or your quota why, and run again; no clip was recorded as failed.",
            )
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__ or error
            return ModelUnavailable(f"The server at {self.base_url} cannot be reached: {cause}.", hint=self.url_hint)
        return ModelUnavailable(f"The server at {self.base_url} does not answer as it must: {clause(error)}.")


def _turn(message: Message) -> ChatCompletionMessageParam:
    return cast(ChatCompletionMessageParam, {"role": message.role, "content": message.content})


def _reply(completion: ChatCompletion) -> ChatReply:
    """Read a completion; its reasoning comes in a field of its own, or in the text before ``</think>``."""
    if not completion.choices:
        raise _Malformed("an answer without a choice")
    message = completion.choices[0].message
    text = message.content or ""
    reasoning = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None) or ""
    if "</think>" in text:
        before, text = text.rsplit("</think>", 1)
        reasoning = "\n".join(filter(None, (reasoning, before)))
    elif "<think>" in text:  # cut off while it was thinking
        text, thought = text.split("<think>", 1)
        reasoning = "\n".join(filter(None, (reasoning, thought)))
    usage = completion.usage
    return ChatReply(
        text=text.strip(),
        reasoning=reasoning.replace("<think>", "").strip(),
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


def _checked(reply: ChatReply, schema: dict[str, Json] | None) -> ChatReply:
    """Return the reply with its parsed answer.

    Raises:
        _Malformed: It is empty, no JSON, or not what the schema asks for.
    """
    if schema is None:
        if not reply.text:
            raise _Malformed("nothing")
        return reply
    fenced = re.fullmatch(r"```(?:json)?\s*(.*?)\s*```", reply.text, re.DOTALL)
    try:
        data: Json = json.loads(fenced[1] if fenced else reply.text)
        jsonschema.validate(data, schema)
    except ValueError as error:
        raise _Malformed(f"no JSON ({error})") from error
    except jsonschema.ValidationError as error:
        raise _Malformed(f"JSON that does not fit the schema ({error.message})") from error
    return replace(reply, data=data)


def _repair(request: ChatRequest, reply: ChatReply, problem: _Malformed) -> ChatRequest:
    """Extend the request by the malformed answer and a plea for a right one."""
    turns = (
        Message("assistant", reply.text or "(nothing)"),
        Message("user", f"That is {problem}. Answer again, short, with nothing but JSON that fits the schema."),
    )
    return replace(request, messages=request.messages + turns)
