"""A chat model behind any OpenAI-compatible server: vLLM, llama.cpp, or a hosted one."""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from pydantic import Field

from resources.adapter import runtime
from resources.chat_client import ChatClient
from resources.errors import ClipError, ModelUnavailable
from resources.language_model import ChatReply, ChatRequest, LanguageModel


class Endpoint(LanguageModel):
    """A model that somebody else serves.

    Where it is served does not decide what it answers, so the address stays out of the identity: a server may move
    without a caption being written anew. Pin the weights with `model_revision` where the name alone does not.

    Example profile entry::

        writer: {adapter: resources.endpoint.Endpoint, base_url: "http://localhost:8000/v1", model: Qwen/Qwen3-8B}
    """

    version: ClassVar[str] = "1"

    base_url: str = runtime("http://localhost:8000/v1", "Address of the server up to and including /v1.")
    model: str = Field(description="Name under which the server serves the model.", min_length=1)
    model_revision: str = Field("", description="Revision of the weights, recorded with every row.")
    api_key_env: str = runtime("", "Name of the environment variable that holds the key; empty when none is needed.")
    temperature: float = Field(0.0, ge=0, le=2, description="Sampling temperature; 0 for the most likely answer.")
    seed: int = Field(0, description="Seed of the sampling, where the server honours it.")
    max_concurrency: int = runtime(16, "Requests in flight at a time.")
    timeout_s: float = runtime(180.0, "Bound on one attempt at one request.")
    max_retries: int = runtime(4, "Attempts after the first, with growing pauses.")

    @property
    def model_name(self) -> str:
        """The model's name as the server knows it."""
        return self.model

    @property
    def revision(self) -> str:
        """`model_revision`."""
        return self.model_revision

    def load(self) -> None:
        """Check that the server is there and serves the model.

        Raises:
            ModelUnavailable: It is not there, refuses the key or serves another model.
        """
        served = self._client.served_models()
        if self.model not in served:
            raise ModelUnavailable(
                f"The server at {self.base_url} serves {', '.join(served) or 'no model'}, not {self.model!r}.",
                hint="Set `model` to one of its models, or start it with this one.",
            )

    def probe(self) -> None:
        """Ask for one word.

        Raises:
            ModelUnavailable: No answer comes.
        """
        self._client.probe()

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """Answer every request, in order."""
        return self._client.chat(requests)

    def close(self) -> None:
        """Close the connections."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    @cached_property
    def _client(self) -> ChatClient:
        return ChatClient(
            base_url=self.base_url,
            api_key=self._api_key(),
            model=self.model,
            temperature=self.temperature,
            seed=self.seed,
            timeout_s=self.timeout_s,
            max_concurrency=self.max_concurrency,
            max_retries=self.max_retries,
            key_hint=f"Put a valid key into the environment variable {self.api_key_env}."
            if self.api_key_env
            else "Set `api_key_env` to the name of the environment variable that holds a key.",
            url_hint="Start the server, or set `base_url` to where it listens.",
        )

    def _api_key(self) -> str:
        if not self.api_key_env:
            return "none"
        key = os.environ.get(self.api_key_env, "").strip()
        if not key:
            raise ModelUnavailable(
                f"`api_key_env` names the environment variable {self.api_key_env}, which is empty.",
                hint="Put the server's key into it, or leave `api_key_env` out for a server without keys.",
            )
        return key
