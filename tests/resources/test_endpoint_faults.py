"""Servers that fail in all the ways there are: every request is accounted for, and nobody waits for a dead one."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

import pytest

from resources import chat_retries
from resources.endpoint import Endpoint
from resources.errors import ClipError, ModelUnavailable
from resources.language_model import ChatReply, ChatRequest, Message, tokens_of
from tests.contracts.chat_server import MODEL, Answer, serving
from tests.contracts.faults import FAULTS, PROMPT_FAULTS, TIMEOUT_S, Faulty, fault_of, number_of, numbered_request


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_retries, "FIRST_PAUSE_S", 0.01)


def numbered(count: int) -> list[ChatRequest]:
    return [numbered_request(number) for number in range(count)]


def endpoint(url: str, **settings: Any) -> Endpoint:
    return Endpoint(base_url=url, model=MODEL, **{"max_retries": 2, "timeout_s": TIMEOUT_S, **settings})


@pytest.mark.parametrize("count", [300, pytest.param(1000, marks=pytest.mark.slow)])
def test_all_requests_are_accounted_for_when_a_third_fail(count: int) -> None:
    server = Faulty(list(FAULTS))
    with serving(server) as at:
        replies = endpoint(at.url, max_concurrency=64, max_retries=1).chat(numbered(count))
    assert len(replies) == count
    for number, reply in enumerate(replies):
        fault, lasts = fault_of(number, list(FAULTS))
        if fault and lasts:
            assert isinstance(reply, ClipError), (number, fault)
            assert reply.reason == FAULTS[fault][1], (number, fault)
            assert reply.permanent == (reply.reason == "malformed_answer")
        else:
            assert isinstance(reply, ChatReply), (number, fault, reply)
            assert reply.data == {"n": number}
    assert {number for number, times in server.asked.items() if times > 1} == set(range(0, count, 3))
    assert max(server.asked.values()) == 2


def test_the_bound_on_requests_in_flight_holds_while_they_fail() -> None:
    with serving(Faulty(PROMPT_FAULTS, wait_s=0.03)) as at:
        client = endpoint(at.url, max_concurrency=6)
        client.load()
        halves = [threading.Thread(target=client.chat, args=(numbered(90),)) for _ in range(2)]
        for half in halves:
            half.start()
        for half in halves:
            half.join()
        assert at.most_in_flight == 6


def test_a_server_that_dies_half_way_stops_everything_soon() -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        return Answer(json.dumps({"n": number_of(body)}), wait_s=0.01, dies=number == 200)

    start = time.monotonic()
    with serving(answer) as at, pytest.raises(ModelUnavailable, match=r"cannot be reached: .*`base_url`"):
        endpoint(at.url, max_concurrency=16, max_retries=3).chat(numbered(1000))
    assert time.monotonic() - start < 60  # a second or two
    assert len(at.bodies) < 300


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>busy</html>", b"[]", b"null", b'"text"', b"\xff\xfe", b"{}" * 2, b'{"choices": [null]}'),
        *(b'{"choices": "none"}', b'{"choices": [{"message": {"content": ["a"]}}]}', b"[" * 10_000),
    ],
)
def test_bodies_that_are_no_completion_are_asked_for_again(body: bytes) -> None:
    with serving(lambda _, number: Answer("Rain.") if number == 2 else Answer(body=body)) as at:
        (reply,) = endpoint(at.url).chat([ChatRequest((Message("user", "hello"),))])
    assert isinstance(reply, ChatReply), reply
    assert (reply.text, len(at.bodies)) == ("Rain.", 3)


def test_an_answer_in_parts_is_put_together() -> None:
    parts = [
        {"type": "thinking", "thinking": []},
        {"type": "text", "text": "Rain "},
        {"type": "text", "text": "falls."},
    ]
    with serving(lambda *_: Answer(body=json.dumps({"choices": [{"message": {"content": parts}}]}).encode())) as at:
        (reply,) = endpoint(at.url).chat([ChatRequest((Message("user", "hello"),))])
    assert isinstance(reply, ChatReply), reply
    assert (reply.text, len(at.bodies)) == ("Rain falls.", 1)


def test_an_error_in_a_body_of_success_is_told_in_its_words() -> None:
    refusing = Answer(body=b'{"error": {"message": "no memory left"}}')
    with serving(lambda *_: refusing) as at, pytest.raises(ModelUnavailable, match=r"no memory left.*`base_url`"):
        endpoint(at.url, max_retries=0).chat(numbered(1))


@pytest.mark.parametrize("message", [{"content": '{"n": 1'}, {"content": None, "reasoning_content": "hm, hm"}])
def test_an_answer_cut_off_names_the_setting(message: dict[str, str]) -> None:
    cut = {"choices": [{"finish_reason": "length", "message": message}], "usage": {"completion_tokens": -1}}
    with serving(lambda *_: Answer(body=json.dumps(cut).encode())) as at:
        (reply,) = endpoint(at.url).chat(numbered(1))
    assert isinstance(reply, ClipError), reply
    assert "cut off at `max_tokens`" in str(reply)
    assert tokens_of(reply) == (0, 0)


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    huge = b" " * (64 * 2**20)
    with serving(lambda _, number: Answer("Rain.") if number == 1 else Answer(body=huge)) as at:
        (reply,) = endpoint(at.url).chat([ChatRequest((Message("user", "hello"),))])
    assert isinstance(reply, ChatReply), reply
    assert reply.text == "Rain."
    assert len(at.bodies) == 2


@pytest.mark.parametrize("content", ['{"n": NaN}', '{"n": 1, "more": "\\ud800"}', "[" * 100_000, '{"n": 1}{"n": 2}'])
def test_answers_that_no_table_could_hold_are_malformed(content: str) -> None:
    with serving(lambda *_: Answer(content)) as at:
        (reply,) = endpoint(at.url).chat(numbered(1))
    assert isinstance(reply, ClipError), reply
    assert reply.reason == "malformed_answer"
    assert len(str(reply)) < 500


def test_an_answer_that_drips_in_is_given_up() -> None:
    start = time.monotonic()
    with serving(lambda body, _: Answer(drip_s=0.5 if number_of(body) is not None else 0.0)) as at:
        (reply,) = endpoint(at.url, max_retries=0, timeout_s=0.5).chat(numbered(1))
    assert isinstance(reply, ClipError)
    assert reply.reason == "timeout"
    assert time.monotonic() - start < 60  # the whole answer would take two minutes


@pytest.mark.parametrize("refused", [400, 413, 422])
def test_what_a_server_refuses_altogether_is_no_clip_s_fault(refused: int) -> None:
    """A server that knows no JSON schema, say, fails the stage and not every clip for good."""
    told = pytest.raises(ModelUnavailable, match=r"refuses a plain request of this kind as well.*`model`")
    with serving(lambda body, _: Answer(status=refused) if "response_format" in body else Answer()) as at, told:
        endpoint(at.url).chat(numbered(40))


def timed(answer: Callable[[dict[str, Any], int], Answer], count: int, **settings: Any) -> tuple[float, int]:
    """Seconds that so many requests take, and how often the server was asked."""
    with serving(answer) as at:
        client = endpoint(at.url, **settings)
        client.load()
        start = time.monotonic()
        client.chat(numbered(count))
        return time.monotonic() - start, len(at.bodies)


def test_a_server_that_asks_for_a_pause_gets_it() -> None:
    busy = Answer(status=429, headers={"Retry-After": "0.6"})
    took_s, asked = timed(lambda _, number: Answer('{"n": 1}') if number else busy, 1)
    assert took_s >= 0.6
    assert asked == 2


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    with serving(lambda *_: Answer(status=429, headers={"Retry-After": "3600"})) as at:
        with pytest.raises(ModelUnavailable, match="fails on a plain question as well"):
            endpoint(at.url).chat(numbered(1))
        assert len(at.bodies) == 2


def test_the_rate_is_bounded_also_for_attempts() -> None:
    once = Counter[int]()

    def fails_once(body: dict[str, Any], _: int) -> Answer:
        number = number_of(body) or 0
        once[number] += 1
        return Answer('{"n": 1}') if once[number] > 1 else Answer(status=500)

    took_s, asked = timed(fails_once, 6, requests_per_minute=60 * 20)
    assert asked == 12
    assert took_s >= 11 / 20


def test_closing_ends_what_is_in_flight_and_the_client_opens_again() -> None:
    with serving(lambda body, _: Answer('{"n": 1}', wait_s=60 if number_of(body) else 0)) as at:
        client = endpoint(at.url, timeout_s=60)
        client.load()
        ended = threading.Event()

        def ask() -> None:
            with pytest.raises(CancelledError):
                client.chat(numbered(3)[1:])
            ended.set()

        threading.Thread(target=ask, daemon=True).start()
        while not at.bodies:
            time.sleep(0.01)
        client.close()
        assert ended.wait(30)
        (reply,) = client.chat(numbered(1))
    assert isinstance(reply, ChatReply)
