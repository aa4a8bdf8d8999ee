"""A chat model behind any OpenAI-compatible server: vLLM, llama.cpp, or a hosted one."""

from collections.abc import Sequence

from resources.errors import ClipError
from resources.language_model import ChatReply, ChatRequest, LanguageModel
from resources.served_model import ServedModel


class Endpoint(ServedModel, LanguageModel):
    """A chat model that somebody else serves.

    Example profile entry::

        writer: {adapter: resources.endpoint.Endpoint, base_url: "http://localhost:8000/v1", model: Qwen/Qwen3-8B}
    """

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        """Answer every request, in order."""
        return self._served.chat(requests) if requests else []
