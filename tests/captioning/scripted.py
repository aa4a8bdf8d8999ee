"""A language model that says what a test wants."""

import json
from collections.abc import Sequence

from pydantic import PrivateAttr

from resources.errors import ClipError
from resources.language_model import ChatReply, ChatRequest, LanguageModel


class Scripted(LanguageModel):
    """Answers with the given texts, one a request, in turn."""

    answers: tuple[str, ...]
    _asked: list[ChatRequest] = PrivateAttr(default_factory=list)

    @property
    def model_name(self) -> str:
        return "scripted"

    def load(self) -> None: ...

    def probe(self) -> None: ...

    def chat(self, requests: Sequence[ChatRequest]) -> list[ChatReply | ClipError]:
        replies: list[ChatReply | ClipError] = []
        for request in requests:
            answer = self.answers[len(self._asked) % len(self.answers)]
            self._asked.append(request)
            if answer == "broken":
                replies.append(ClipError("malformed_answer", "no JSON"))
            elif answer == "busy":
                replies.append(ClipError("timeout", "no answer in time", permanent=False))
            else:
                data = json.loads(answer) if answer.startswith("{") else {"caption": answer}
                replies.append(ChatReply(answer, prompt_tokens=10, completion_tokens=5, data=data))
        return replies
