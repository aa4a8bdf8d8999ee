"""A model behind an OpenAI-compatible address: what its adapters share. Others serve it, or vLLM that is started."""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from resources.adapter import Adapter, runtime
from resources.chat_client import PLAIN, ChatClient
from resources.errors import ClipError, ModelUnavailable, SettingError
from resources.hub import TRANSFORMERS, Checkpoint, is_commit
from resources.language_model import ChatReply, ChatRequest
from resources.local_server import LocalServer, obtain
from resources.vllm_server import VllmServer, no_own_arguments

_FILES = (*TRANSFORMERS, "*.jinja")
"""Templates of chats are read by servers."""


class ServedModel(Adapter):
    """Settings and life of a served model.

    Where it is served does not decide what it answers, so the address stays out of the identity: a server may move
    without a row being written anew. Pin the weights with `model_revision` where the name alone does not.
    """

    version: ClassVar[str] = "1"

    base_url: str = runtime("http://localhost:8000/v1", "Address of the server up to and including /v1.")
    serve: VllmServer | None = runtime(None, "vLLM to start on this machine; then `base_url` is not used.")
    model_arguments: tuple[str, ...] = Field(
        (), description="Arguments of that vLLM that change what is answered, e.g. [--quantization, fp8]."
    )
    model: str = Field(description="Name under which the server serves the model.", min_length=1)
    model_revision: str = Field("", description="Revision of the weights, recorded with every row.")
    answers_as: str = runtime("", "Name that the answers bear where it is not `model`.")
    api_key_env: str = runtime("", "Name of the environment variable that holds the key; empty when none is needed.")
    temperature: float = Field(0.0, ge=0, le=2, description="Sampling temperature; 0 for the most likely answer.")
    seed: int = Field(0, description="Seed of the sampling, where the server honours it.")
    extra: dict[str, Any] = Field(default_factory=dict, description="More fields of each request, as the server knows.")
    max_concurrency: int = runtime(16, "Requests in flight at a time.", ge=1, le=1000)
    requests_per_minute: int = runtime(0, "Bound on requests a minute, repeated ones included; 0 for none.", ge=0)
    timeout_s: float = runtime(180.0, "Bound on one attempt at one request.", gt=0)
    max_retries: int = runtime(4, "Attempts after the first, with growing pauses.", ge=0)

    @field_validator("model_arguments")
    @classmethod
    def _are_for_here(cls, arguments: tuple[str, ...]) -> tuple[str, ...]:
        return no_own_arguments(arguments)

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.model_arguments and self.serve is None:
            raise ValueError("model_arguments are those of vLLM that is started: they need `serve`")
        if self.serve is not None and not self.serve.weights and not is_commit(self.model_revision):
            raise ValueError(
                "vLLM takes the weights from the hub's cache: set model_revision to a commit of 40 hexadecimal digits, "
                "or serve.weights to a folder"
            )
        return self

    @property
    def model_name(self) -> str:
        """The model's name as the server knows it."""
        return self.model

    @property
    def revision(self) -> str:
        """`model_revision`."""
        return self.model_revision

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """What vLLM reads when it is started here; of a server that others start nothing is read on this machine."""
        if self.serve is None:
            return ()
        if self.serve.weights:
            return (Checkpoint(self.serve.weights, "", _FILES, setting="serve.weights"),)
        return (self.served_checkpoint,) if self.served_checkpoint is not None else ()

    @property
    def served_checkpoint(self) -> Checkpoint | None:
        """What its server reads, where `model` and `model_revision` are a name and a commit of the hub."""
        if self.model.count("/") != 1 or not is_commit(self.model_revision):
            return None
        return Checkpoint(self.model, self.model_revision, _FILES, commit_setting="model_revision")

    def check_ready(self) -> None:
        """As of every adapter: address and key, or what vLLM is started with. A server is asked when it is needed."""
        super().check_ready()
        self._api_key()
        if self.serve is None:
            self._address()

    def load(self) -> None:
        """Check that the server is there and serves the model; start it where it is to be started.

        Raises:
            ModelUnavailable: It is not there, does not start, refuses the key or serves another model.
            SettingError: `base_url` is no address of a server.
        """
        _ = self._served

    def probe(self) -> None:
        """Ask something plain.

        Raises:
            ModelUnavailable: No answer comes.
        """
        self._served.probe(self._plain())

    def close(self) -> None:
        """Close the connections, and end vLLM that was started and is not to be kept."""
        server: LocalServer | None = self.__dict__.get("_server")
        self._disconnect()
        if server is not None and self.serve is not None and not self.serve.keep:
            server.stop()

    def _plain(self) -> ChatRequest:
        """A small request of the kind that this adapter makes, which every fitting model answers."""
        return PLAIN

    def _chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """Answer every request, in order. vLLM that was started and died is started once more.

        Raises:
            ModelUnavailable: As `resources.language_model.LanguageModel.chat`.
        """
        if not requests:
            return []
        client = self._served
        try:
            return client.chat(requests, self._plain())
        except ModelUnavailable:
            if self._server is None or self._server.lives:
                raise
        self._disconnect()
        return self._served.chat(requests, self._plain())

    def _disconnect(self) -> None:
        client = self.__dict__.pop("_client", None)
        for name in ("_served", "_server"):
            self.__dict__.pop(name, None)
        if client is not None:
            client.close()

    @cached_property
    def _server(self) -> LocalServer | None:
        """The vLLM that was started for this model; None where somebody else serves it."""
        if self.serve is None:
            return None
        return obtain(self.serve.launch(self.model, self.model_revision, self.model_arguments, self._api_key()))

    @cached_property
    def _served(self) -> ChatClient:
        """The client, once it is known that the server serves the model or does not tell."""
        served = self._client.served_models()
        if served is not None and self.model not in served:
            raise ModelUnavailable(
                f"The server at {self._client.base_url} serves {', '.join(served) or 'no model'}, not {self.model!r}.",
                hint="Set `model` to one of its models, or start it with this one.",
            )
        return self._client

    @cached_property
    def _client(self) -> ChatClient:
        server = self._server
        return ChatClient(
            base_url=server.url if server else self._address(),
            api_key=server.api_key if server else self._api_key(),
            model=self.model,
            signed=self.answers_as or self.model,
            temperature=self.temperature,
            seed=self.seed,
            extra=self.extra,
            timeout_s=self.timeout_s,
            max_concurrency=self.max_concurrency,
            max_retries=self.max_retries,
            requests_per_minute=self.requests_per_minute,
            key_hint=f"Put a valid key into the environment variable {self.api_key_env}."
            if self.api_key_env
            else "Set `api_key_env` to the name of the environment variable that holds a key.",
            url_hint=f"See its log, {server.log}."
            if server
            else "Start the server, or set `base_url` to where it listens.",
        )

    def _address(self) -> str:
        try:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise SettingError(f"`base_url` = {self.base_url!r} is no address.", hint="Give e.g. http://HOST:8000/v1.")
        if "@" in parts.netloc or parts.query:
            raise SettingError(
                "`base_url` holds more than an address: a user, a password or a query.",  # not shown: it may be a key
                hint="Give the address alone, and the name of the variable with the key as `api_key_env`.",
            )
        return self.base_url

    def _api_key(self) -> str:
        if not self.api_key_env:
            return ""
        key = os.environ.get(self.api_key_env, "").strip()
        if not key:
            raise ModelUnavailable(
                f"`api_key_env` names the environment variable {self.api_key_env}, which is empty.",
                hint="Put the server's key into it, or leave `api_key_env` out for a server without keys.",
            )
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ModelUnavailable(
                f"`api_key_env` names the environment variable {self.api_key_env}, which holds what is no key.",
                hint="Put the server's key into it, and nothing else.",
            )
        return key
