"""Chat requests against an OpenAI-compatible server: what every adapter of a model behind one shares.

`chat_http` does the HTTP; this module adds bounded concurrency, one error per request, and the answer to the question:
is it the request or the server? When a request fails and no other was answered meanwhile, the server is asked something
plain before one of the two is blamed. `chat_retries` says when it is asked again, `chat_answers` how its answers are
read.
"""

import asyncio
import textwrap
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import openai
from pydantic_core import to_json

from resources.adapter import Json
from resources.chat_answers import Malformed, body_of, checked, completion_of, repair_of, reply_of
from resources.chat_http import ChatHttp
from resources.chat_retries import Answer, BrokenBody, Pace, passes, persist
from resources.errors import ClipError, ModelUnavailable, clause
from resources.event_loop import EventLoop
from resources.language_model import ChatReply, ChatRequest, MalformedAnswer, Message

PLAIN = ChatRequest((Message("user", "Answer with the word: ready"),), max_tokens=64)
"""What any model that is served can answer."""

_PLAIN_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}

_SHOWN_LETTERS = 300

_REFUSALS = frozenset({400, 413, 422})
"""What a server answers to a request that it will never serve."""

_CONNECT_S = 10.0
"""Bound on reaching a server, which takes no model's time."""

_PLAIN_S = 60.0
"""Bound on one attempt at something plain: a server that hangs has taken long enough by then."""


@dataclass(frozen=True)
class ChatClient:
    """One model on one server. Safe to use from several threads, which share its bounds.

    Attributes:
        base_url: The server's address up to and including ``/v1``.
        api_key: Sent as bearer token, never shown; empty for a server without keys.
        model: Name under which the server serves the model.
        signed: Name that its answers must bear; empty for any.
        temperature: Sampling temperature; 0 for the most likely answer.
        seed: Seed of the sampling, where the server honours it.
        extra: More fields of each request, e.g. ``{"chat_template_kwargs": {"enable_thinking": False}}``.
        timeout_s: Bound on one attempt at one request.
        max_concurrency: Requests in flight at a time.
        max_retries: Attempts after the first when the server is busy, failing, silent or cannot be reached. Pauses
            grow from half a second to eight, or are what the server asks for, up to two minutes.
        requests_per_minute: Bound on attempts, spread evenly; 0 for none.
        key_hint: The way out when the key is refused, one sentence.
        url_hint: The way out when the server cannot be reached, one sentence.
    """

    base_url: str
    api_key: str
    model: str
    signed: str = ""
    temperature: float = 0.0
    seed: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    timeout_s: float = 120.0
    max_concurrency: int = 8
    max_retries: int = 4
    requests_per_minute: int = 0
    key_hint: str = ""
    url_hint: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def __repr__(self) -> str:
        """Show the address and the model, not the key."""
        return f"ChatClient({self.base_url!r}, model={self.model!r})"

    def close(self) -> None:
        """Give up what is in flight and close the connections."""
        with self._lock:
            session = self.__dict__.pop("_session", None)
        if session is not None:
            session.loop.close(session.http.close())

    def served_models(self) -> list[str] | None:
        """Return the names of the models that the server serves; None when it does not tell.

        Raises:
            ModelUnavailable: It cannot be reached, or refuses the key.
        """
        session = self._open()
        try:
            return session.loop.run(self._persist(session, session.http.models, self.timeout_s))
        except openai.NotFoundError:
            return None
        except (openai.OpenAIError, TimeoutError, BrokenBody) as error:
            raise self._unavailable(error) from None

    def probe(self, plain: ChatRequest = PLAIN) -> None:
        """Ask something plain; what the model says to it does not matter.

        Raises:
            ModelUnavailable: No answer comes.
        """
        session = self._open()
        session.loop.run(self._probe(session, plain))

    def chat(self, requests: Sequence[ChatRequest], plain: ChatRequest = PLAIN) -> list[ChatReply | ClipError]:
        """Answer every request, in order; see `resources.language_model.LanguageModel.chat`.

        Args:
            requests: Any number of requests, of which `max_concurrency` are in flight.
            plain: A request of their kind that a server which can do this at all answers.
        """
        session = self._open()
        return session.loop.run(self._answers(session, requests, plain))

    def _open(self) -> "_Session":
        with self._lock:
            return self._session

    @cached_property
    def _session(self) -> "_Session":
        http = ChatHttp(self.base_url, self.api_key, connect_s=min(_CONNECT_S, self.timeout_s))
        slots, at_hand = asyncio.Semaphore(self.max_concurrency), asyncio.Semaphore(2 * self.max_concurrency)
        return _Session(EventLoop("chat"), http, at_hand, slots, Pace(self.requests_per_minute))

    async def _answers(
        self, session: "_Session", requests: Sequence[ChatRequest], plain: ChatRequest
    ) -> list[ChatReply | ClipError]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._answer(session, request, plain)) for request in requests]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _answer(self, session: "_Session", request: ChatRequest, plain: ChatRequest) -> ChatReply | ClipError:
        """Ask; when the answer is malformed, show the model its mistake once; count the tokens of both attempts."""
        said = ChatReply("")
        async with session.at_hand:
            try:
                said = await self._reply(session, request, plain)
                try:
                    return checked(said, request.schema)
                except Malformed as problem:
                    repaired = await self._reply(session, repair_of(request, said, problem), plain)
                    said = replace(
                        repaired,
                        prompt_tokens=said.prompt_tokens + repaired.prompt_tokens,
                        completion_tokens=said.completion_tokens + repaired.completion_tokens,
                    )
                    return checked(said, request.schema)
            except Malformed as problem:
                return MalformedAnswer(
                    f"{self.model} answers, also when asked again: {problem}",
                    prompt_tokens=said.prompt_tokens,
                    completion_tokens=said.completion_tokens,
                )
            except ClipError as error:
                return error

    async def _reply(self, session: "_Session", request: ChatRequest, plain: ChatRequest) -> ChatReply:
        """What a request is answered, unchecked, in one of the slots.

        Raises:
            ClipError: It fails, and the server is not to blame.
            Malformed: It holds no answer.
            ModelUnavailable: The server is to blame.
        """
        body = self._body(request)
        async with session.slots:
            asked = session.answers
            try:
                reply = await self._ask(session, body)
            except (openai.OpenAIError, TimeoutError, BrokenBody, Malformed) as error:
                failed = error if isinstance(error, Malformed) else self._error_of_one(error)
                if session.answers == asked:
                    async with session.doubt:  # one asks for all who doubt
                        if session.answers == asked:
                            await self._probe(session, replace(plain, schema=request.schema and _PLAIN_SCHEMA))
                raise failed from None
        await asyncio.sleep(0)  # whoever waits for the slot puts its request before this answer is looked at
        return reply

    def _error_of_one(self, error: Exception) -> ClipError:
        """What a failure of one request is called, when the server is not to blame.

        Raises:
            ModelUnavailable: It is.
        """
        if isinstance(error, openai.APITimeoutError | TimeoutError):
            return ClipError("timeout", f"{self.model} gives no answer within {self.timeout_s:g} s.", permanent=False)
        if isinstance(error, openai.APIStatusError) and error.status_code in _REFUSALS:
            return ClipError("model_error", f"{self.model} refuses the request: {self._said(error)}.")
        if passes(error):
            message = f"The server of {self.model} fails after {self.max_retries + 1} attempts: {self._said(error)}."
            return ClipError("model_error", message, permanent=False)
        raise self._unavailable(error) from None  # what servers say may hold the key: no cause goes into logs

    async def _probe(self, session: "_Session", plain: ChatRequest) -> None:
        try:
            await self._ask(session, self._body(plain), timeout_s=min(_PLAIN_S, self.timeout_s))
        except Malformed as problem:
            raise ModelUnavailable(f"The server at {self.base_url} gives {problem}.", hint=self.url_hint) from problem
        except (openai.OpenAIError, TimeoutError, BrokenBody) as error:
            raise self._unavailable(error) from None

    def _body(self, request: ChatRequest) -> bytes:
        """Bytes, once for all attempts. `json` would take eight times as long, which shows where they hold sound."""
        body = {"model": self.model, "temperature": self.temperature, "seed": self.seed, **body_of(request)}
        return to_json(body | self.extra)

    async def _ask(self, session: "_Session", body: bytes, timeout_s: float | None = None) -> ChatReply:
        complete = partial(self._complete, session, body)
        reply = await self._persist(session, complete, timeout_s or self.timeout_s)
        session.answers += 1
        return reply

    async def _complete(self, session: "_Session", body: bytes) -> ChatReply:
        completion = completion_of(await session.http.complete(body))
        reply = reply_of(completion)
        signed = completion.get("model")
        if self.signed and signed and signed != self.signed:
            raise ModelUnavailable(
                f"The server at {self.base_url} was asked for the model {self.model!r}, and {signed!r} answers.",
                hint="Set `model` to the model that is wanted; where the server only signs differently, "
                "set `answers_as` to that name.",
            )
        return reply

    async def _persist(self, session: "_Session", attempt: Callable[[], Awaitable[Answer]], timeout_s: float) -> Answer:
        return await persist(attempt, retries=self.max_retries, timeout_s=timeout_s, pace=session.pace)

    def _said(self, error: BaseException) -> str:
        """What a server says, which may be a page, without the key, which some of them echo."""
        said = clause(error)
        return textwrap.shorten(said.replace(self.api_key, "[key]") if self.api_key else said, _SHOWN_LETTERS)

    def _unavailable(self, error: Exception) -> ModelUnavailable:
        said, hint = self._said(error), ""
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            what, hint = "refuses the key", self.key_hint
        elif isinstance(error, openai.NotFoundError):
            what = f"does not serve the model {self.model!r}"
            hint = (
                "Set `model` to a name that its /v1/models lists, or start it with that model; "
                "see that `base_url` ends as its address does, mostly in /v1."
            )
        elif isinstance(error, openai.APITimeoutError | TimeoutError):
            what = "gives no answer to a plain question in time"
            hint = "See whether it is overloaded or hangs, and run again; no clip was recorded as failed."
        elif isinstance(error, openai.APIConnectionError):
            what, hint = f"cannot be reached: {self._said(error.__cause__ or error)}", self.url_hint
        elif passes(error):
            what = f"fails on a plain question as well, {self.max_retries + 1} times: {said}"
            hint = "See in its log or your quota why, and run again; no clip was recorded as failed."
            if isinstance(error, BrokenBody):
                hint = "See that `base_url` is that of its API and mostly ends in /v1, and what its log says."
        elif isinstance(error, openai.APIStatusError) and error.status_code in _REFUSALS:
            what = f"refuses a plain request of this kind as well: {said}"
            hint = "Set `model` to one that takes what is sent, pictures or sound and JSON schemas as it may be."
        else:
            what = f"does not answer as it must: {said}"
        return ModelUnavailable(f"The server at {self.base_url} {what}.", hint=hint)


@dataclass
class _Session:
    """What is open between calls; all but `loop` belong to the loop's thread.

    Attributes:
        at_hand: Held for requests in flight, for as many whose bytes are ready to follow, and for answers until they
            are checked: the server need not wait for either.
        slots: Held for requests in flight.
        answers: Completions that have come so far, malformed ones included.
        doubt: Held by whoever asks whether the server is there at all.
    """

    loop: EventLoop
    http: ChatHttp
    at_hand: asyncio.Semaphore
    slots: asyncio.Semaphore
    pace: Pace
    answers: int = 0
    doubt: asyncio.Lock = field(default_factory=asyncio.Lock)
