"""What every language model must satisfy. A new one is one line in `language_model`."""

from collections.abc import Iterator

import pytest

from resources.adapter import Json
from resources.embedded.llama_server import LlamaServer
from resources.endpoint import Endpoint
from resources.language_model import ChatReply, ChatRequest, LanguageModel, Message
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.chat_server import MODEL, Answer, serving

SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"caption": {"type": "string"}},
    "required": ["caption"],
    "additionalProperties": False,
}


@pytest.fixture(params=["llama", "endpoint"], scope="module")
def language_model(request: pytest.FixtureRequest) -> Iterator[LanguageModel]:
    if request.param == "llama":
        adapter: LanguageModel = LlamaServer(threads=1)
        yield adapter
        adapter.close()
        return
    with serving(lambda body, _: Answer('{"caption": "Rain."}' if "response_format" in body else "Rain.")) as server:
        yield Endpoint(base_url=server.url, model=MODEL)


def test_is_a_good_adapter(language_model: LanguageModel) -> None:
    check_identity(language_model)
    check_settings_are_frozen_and_known(language_model)
    check_life_cycle(language_model)


def test_answers_in_order_with_tokens_and_parsed_json(language_model: LanguageModel) -> None:
    free = ChatRequest((Message("user", "Say: rain"),), max_tokens=8)
    bound = ChatRequest((Message("user", "Write a caption for the sound of rain."),), SCHEMA, max_tokens=60)
    replies = language_model.chat([free, bound, free])
    assert len(replies) == 3
    for reply, has_data in zip(replies, (False, True, False), strict=True):
        assert isinstance(reply, ChatReply)
        assert reply.text
        assert reply.prompt_tokens > 0
        assert reply.completion_tokens > 0
        assert (reply.data is not None) == has_data
    bound_reply = replies[1]
    assert isinstance(bound_reply, ChatReply)
    assert isinstance(bound_reply.data, dict)
    assert set(bound_reply.data) == {"caption"}


def test_no_requests_give_no_answers(language_model: LanguageModel) -> None:
    assert language_model.chat([]) == []
