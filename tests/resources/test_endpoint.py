"""What a server can do to us, and what we say of it."""

import itertools
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from resources.endpoint import Endpoint
from resources.errors import ClipError, ModelUnavailable, SettingError
from resources.language_model import ChatReply, ChatRequest, Message, tokens_of
from tests.contracts.chat_server import KEY, MODEL, Answer, serving

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
FREE = ChatRequest((Message("user", "hello"),))
BOUND = ChatRequest((Message("user", "a number"),), SCHEMA)


def endpoint(url: str, **settings: Any) -> Endpoint:
    return Endpoint(base_url=url, model=MODEL, **{"max_retries": 0, "timeout_s": 5.0, **settings})


def one(answers: list[Answer], request: ChatRequest, **settings: Any) -> tuple[ChatReply | ClipError, int]:
    with serving(lambda _, number: answers[min(number, len(answers) - 1)]) as server:
        (reply,) = endpoint(server.url, **settings).chat([request])
        return reply, len(server.bodies)


@pytest.mark.parametrize(
    ("answer", "text", "reasoning"),
    [
        (Answer("<think>\nhm\n</think>\nRain."), "Rain.", "hm"),
        (Answer("hm</think>Rain."), "Rain.", "hm"),
        (Answer("Rain.", reasoning="hm"), "Rain.", "hm"),
        (Answer("Rain."), "Rain.", ""),
    ],
)
def test_reasoning_is_kept_apart(answer: Answer, text: str, reasoning: str) -> None:
    reply, _ = one([answer], FREE)
    assert isinstance(reply, ChatReply)
    assert (reply.text, reply.reasoning) == (text, reasoning)


def test_a_malformed_answer_is_repaired_once_and_all_tokens_count() -> None:
    reply, asked = one([Answer('{"n": "three"}'), Answer('```json\n{"n": 3}\n```')], BOUND)
    assert isinstance(reply, ChatReply)
    assert (reply.data, reply.completion_tokens, asked) == ({"n": 3}, 6, 2)


def test_an_answer_that_stays_malformed_is_that_request_s_error() -> None:
    def answer(body: dict[str, Any], _: int) -> Answer:
        return Answer("no number" if "bad" in body["messages"][0]["content"] else '{"n": 3}')

    bad = ChatRequest((Message("user", "bad"),), SCHEMA)
    with serving(answer) as server:
        right, wrong, also_right = endpoint(server.url).chat([BOUND, bad, BOUND])
    assert isinstance(right, ChatReply)
    assert isinstance(also_right, ChatReply)
    assert isinstance(wrong, ClipError)
    assert (wrong.reason, wrong.permanent) == ("malformed_answer", True)
    assert tokens_of(wrong) == (14, 6)


def test_a_request_that_the_server_refuses_is_that_request_s_error() -> None:
    with serving(unless_plain(Answer(status=400), Answer())) as server:
        (reply,) = endpoint(server.url).chat([FREE])
    assert isinstance(reply, ClipError)
    assert (reply.reason, reply.permanent) == ("model_error", True)


FAULTS = [
    pytest.param(Answer(status=500), "model_error", "fails on a plain question as well", id="500"),
    pytest.param(Answer(status=429), "model_error", "fails on a plain question as well", id="429"),
    pytest.param(Answer(wait_s=5), "timeout", "no answer to a plain question in time", id="silence"),
    pytest.param(Answer(cut=True), "model_error", "cannot be reached", id="cut connection"),
]


@pytest.mark.parametrize(("fault", "reason", "_"), FAULTS)
def test_a_request_that_alone_goes_unanswered_is_that_request_s_error(fault: Answer, reason: str, _: str) -> None:
    bad = ChatRequest((Message("user", "bad"),))
    with serving(lambda body, _: fault if body["messages"][0]["content"] == "bad" else Answer()) as server:
        right, wrong, also_right = endpoint(server.url, timeout_s=1.5).chat([FREE, bad, FREE])
    assert isinstance(right, ChatReply)
    assert isinstance(also_right, ChatReply)
    assert isinstance(wrong, ClipError)
    assert (wrong.reason, wrong.permanent) == (reason, False)


@pytest.mark.parametrize(("fault", "_", "message"), FAULTS)
def test_a_server_that_answers_nothing_is_no_request_s_error(fault: Answer, _: str, message: str) -> None:
    with serving(lambda *_: fault) as server:
        broken = endpoint(server.url, timeout_s=0.5)
        with pytest.raises(ModelUnavailable, match=message):
            broken.chat([FREE, FREE])
        with pytest.raises(ModelUnavailable, match=message):
            broken.probe()


def test_attempts_are_bounded() -> None:
    with serving(lambda *_: Answer(status=503)) as server:
        with pytest.raises(ModelUnavailable, match="3 times"):
            endpoint(server.url, max_retries=2).chat([FREE])
        assert len(server.bodies) == 6  # three of the request, three of the plain question


def test_a_busy_server_is_asked_again() -> None:
    reply, asked = one([Answer(status=503), Answer("Rain.")], FREE, max_retries=2)
    assert isinstance(reply, ChatReply)
    assert asked == 2


def test_concurrency_is_used_and_bounded() -> None:
    with serving(lambda *_: Answer(wait_s=0.3)) as server:
        endpoint(server.url, max_concurrency=3).chat([FREE] * 9)
        assert server.most_in_flight == 3


def test_an_unreachable_server_names_the_setting() -> None:
    with pytest.raises(ModelUnavailable, match="base_url"):
        endpoint("http://127.0.0.1:9/v1").load()
    with pytest.raises(ModelUnavailable, match="base_url"):
        endpoint("http://127.0.0.1:9/v1").chat([FREE, FREE])


def test_another_model_names_the_setting() -> None:
    with serving(lambda *_: Answer()) as server:
        other = Endpoint(base_url=server.url, model="other", max_retries=0)
        with pytest.raises(ModelUnavailable, match=f"serves {MODEL}, not 'other'.*`model`"):
            other.load()
        with pytest.raises(ModelUnavailable, match=f"serves {MODEL}, not 'other'"):
            other.chat([FREE])


def test_answers_of_another_model_name_the_setting() -> None:
    with serving(lambda *_: Answer("Rain.", model="other")) as server:
        with pytest.raises(ModelUnavailable, match=f"asked for the model '{MODEL}', and 'other' answers.*`model`"):
            endpoint(server.url).chat([FREE])
        (reply,) = endpoint(server.url, answers_as="other").chat([FREE])
    assert isinstance(reply, ChatReply)


def test_a_wrong_key_names_the_variable_and_shows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "wrong-secret")
    with serving(lambda *_: Answer()) as server:
        adapter = endpoint(server.url, api_key_env="MY_KEY")
        with pytest.raises(ModelUnavailable, match="MY_KEY") as caught:
            adapter.load()
        assert "wrong-secret" not in f"{caught.value!r} {adapter!r} {adapter.identity}"
        monkeypatch.setenv("MY_KEY", KEY)
        adapter.close()
        adapter.load()


@pytest.mark.parametrize("key", ["two words", "line\nline", "clé"])
def test_a_key_that_no_header_can_hold_is_not_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(ModelUnavailable, match="MY_KEY, which holds what is no key") as caught:
        endpoint("http://127.0.0.1:9/v1", api_key_env="MY_KEY").load()
    assert key not in str(caught.value)


def test_an_address_that_is_none_or_holds_a_secret_names_the_setting() -> None:
    for url in ("localhost:8000/v1", "", "http://", "http://host:port/v1"):
        with pytest.raises(SettingError, match="`base_url`"):
            endpoint(url).load()
    for url in ("http://me:secret@host/v1", "http://host/v1?key=secret"):
        with pytest.raises(SettingError, match="`base_url` holds more than an address") as caught:
            endpoint(url).load()
        assert "secret" not in str(caught.value)


def unless_plain(answer: Answer, plain: Answer) -> Callable[[dict[str, Any], int], Answer]:
    """Answer so, but to a plain question in another way."""
    return lambda body, _: answer if body["messages"][0]["content"] == "hello" else plain


def test_no_key_reaches_logs_or_errors(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    echoes = [Answer(status=status, error=f"you sent {KEY}, {KEY}") for status in (400, 401, 403, 418, 500)]
    shown = ""
    for echo, plain in itertools.product(echoes, (None, Answer())):
        with serving(unless_plain(echo, plain or echo)) as server:
            adapter = endpoint(server.url, api_key_env="MY_KEY")
            try:
                shown += str(adapter.chat([FREE]))
            except ModelUnavailable as error:
                shown += "".join(traceback.format_exception(error)) + repr(error)
            shown += f"{adapter!r} {adapter.identity} {adapter._client!r}"
    assert "you sent [key]" in shown
    assert KEY not in shown
    assert KEY not in caplog.text


def test_an_empty_key_variable_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ModelUnavailable, match="MY_KEY, which is empty"):
        endpoint("http://127.0.0.1:9/v1", api_key_env="MY_KEY").load()


def test_a_server_on_this_machine_is_not_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(lambda *_: Answer()) as server:
        Endpoint(base_url=server.url, model=MODEL, max_retries=0).load()
