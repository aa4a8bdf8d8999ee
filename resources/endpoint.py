"""A chat model behind any OpenAI-compatible server: vLLM, llama.cpp, or a hosted one."""

from collections.abc import Sequence

from resources.errors import ClipError
from resources.language_model import ChatReply, ChatRequest, LanguageModel
from resources.served_model import ServedModel


class Endpoint(ServedModel, LanguageModel):
    """A chat model that somebody else serves, or vLLM that is started for it.

    Example profile entries::

        writer: {adapter: resources.endpoint.Endpoint, base_url: "http://localhost:8000/v1", model: Qwen/Qwen3-8B}
        writer: {adapter: resources.endpoint.Endpoint, model: Qwen/Qwen3-8B, model_revision: COMMIT,
                 serve: {program: /opt/vllm/bin/vllm}}
    """

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """Answer every request, in order."""
        return self._chat(requests)
