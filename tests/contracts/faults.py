"""A server that fails a third of the numbered requests, in all the ways there are."""

import json
import threading
from collections import Counter
from typing import Any

from resources.language_model import ChatRequest, Message
from tests.contracts.chat_server import Answer

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
TIMEOUT_S = 2.0
OUTAGE_S = 0.05

FAULTS: dict[str, tuple[Answer, str]] = {
    "busy": (Answer(status=429, headers={"Retry-After": "0.01"}), "model_error"),
    "failing": (Answer(status=500), "model_error"),
    "cut": (Answer(cut=True), "model_error"),
    "truncated body": (Answer(body=b'{"id": "1", "choices": [{"mess'), "model_error"),
    "truncated answer": (Answer('{"n": 1'), "malformed_answer"),
    "against the schema": (Answer('{"n": "three"}'), "malformed_answer"),
    "slow": (Answer(wait_s=2 * TIMEOUT_S), "timeout"),
}
PROMPT_FAULTS = list(FAULTS)[:-1]


def numbered_request(number: int) -> ChatRequest:
    """The request of a number, which is to be answered with it."""
    return ChatRequest((Message("user", f"number {number}"),), SCHEMA)


def number_of(body: dict[str, Any]) -> int | None:
    """The number of a request; None for the plain question."""
    word, _, number = body["messages"][0]["content"].partition(" ")
    return int(number) if word == "number" else None


def fault_of(number: int, faults: list[str]) -> tuple[str, bool]:
    """How a request fails, and whether it goes on failing; nothing for two thirds."""
    return ("", False) if number % 3 else (faults[number // 3 % len(faults)], number // 3 // len(faults) % 2 == 0)


class Faulty:
    """Fails a third of the requests, half of those each time that it is asked.

    Attributes:
        faults: How they fail, names of `FAULTS` in turn.
        asked: How often each number was asked about.
        dies_soon: The next request ends the server, which comes back after `OUTAGE_S`.
    """

    def __init__(self, faults: list[str], wait_s: float = 0.0) -> None:
        self.faults, self.wait_s = faults, wait_s
        self.asked: Counter[int] = Counter()
        self.lock = threading.Lock()
        self.dies_soon = False

    def __call__(self, body: dict[str, Any], _: int) -> Answer:
        number = number_of(body)
        if number is None:
            return Answer()
        with self.lock:
            self.asked[number] += 1
            first = self.asked[number] == 1
            dies, self.dies_soon = self.dies_soon, False
        if dies:
            return Answer(dies=True, back_after_s=OUTAGE_S)
        fault, lasts = fault_of(number, self.faults)
        if fault and (lasts or first):
            return FAULTS[fault][0]
        return Answer(json.dumps({"n": number}), wait_s=self.wait_s)
