"""How a request is put to an OpenAI-compatible server, and how its answer is read."""

import base64
import functools
import json
import re
import textwrap
from dataclasses import replace
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match
from pydantic_core import to_json

from resources.adapter import Json
from resources.chat_retries import BrokenBody
from resources.language_model import ChatReply, ChatRequest, Message, Picture, Recording

_SHOWN_LETTERS = 200


class Malformed(Exception):
    """An answer that is not what the request asks for."""


def body_of(request: ChatRequest) -> dict[str, Any]:
    """Fields of the HTTP body that depend on the request."""
    body: dict[str, Any] = {"messages": [_turn(turn) for turn in request.messages], "max_tokens": request.max_tokens}
    if request.schema is not None:
        schema = {"name": "answer", "schema": request.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _turn(message: Message) -> dict[str, Any]:
    content: Any = message.content
    if message.attached:
        content = [*map(_part, message.attached), {"type": "text", "text": message.content}]
    return {"role": message.role, "content": content}


def _part(attached: Picture | Recording) -> dict[str, Any]:
    if isinstance(attached, Picture):
        url = f"data:image/jpeg;base64,{base64.b64encode(attached.jpeg).decode()}"
        return {"type": "image_url", "image_url": {"url": url}}
    data = base64.b64encode(attached.data).decode()
    return {"type": "input_audio", "input_audio": {"data": data, "format": attached.format}}


def completion_of(body: str) -> dict[str, Any]:
    """Parse the body of an answer.

    Raises:
        BrokenBody: It is no JSON object.
    """
    try:
        completion = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokenBody(f"its body is no JSON ({error})") from None
    if not isinstance(completion, dict):
        raise BrokenBody("its body is no chat completion")
    return completion


def reply_of(completion: dict[str, Any]) -> ChatReply:
    """Read a completion; its reasoning comes in a field of its own, or in the text before ``</think>``.

    Raises:
        BrokenBody: It has not the form of a completion.
        Malformed: It holds no answer.
    """
    choices = completion.get("choices")
    if not choices and "error" in completion:
        error = completion["error"]
        raise BrokenBody(f"its body tells of an error: {_field(error, 'message') or error}")
    if not choices:
        raise Malformed("an answer without a choice")
    message = _field(choices[0], "message") if isinstance(choices, list) else None
    text = _joined(_field(message, "content") or "")
    reasoning = _field(message, "reasoning_content") or _field(message, "reasoning") or ""
    if message is None or not isinstance(text, str) or not isinstance(reasoning, str):
        raise BrokenBody("its body holds no message")
    text, thought = _without_thought(text)
    return ChatReply(
        text=_storable(text),
        reasoning=_storable("\n".join(filter(None, (reasoning, thought)))),
        prompt_tokens=_tokens(completion, "prompt_tokens"),
        completion_tokens=_tokens(completion, "completion_tokens"),
        cut_off=_field(choices[0], "finish_reason") == "length",
    )


def _joined(content: Any) -> Any:
    """The text of an answer that comes in parts, as that of some servers does; anything else as it is."""
    if not isinstance(content, list) or not all(isinstance(part, dict) and "type" in part for part in content):
        return content
    texts = [part.get("text") for part in content if part["type"] == "text"]
    return "".join(texts) if all(isinstance(text, str) for text in texts) else None


def _field(part: Any, name: str) -> Any:
    return part.get(name) if isinstance(part, dict) else None


def _tokens(completion: dict[str, Any], kind: str) -> int:
    count = _field(completion.get("usage"), kind)
    return max(count, 0) if isinstance(count, int) else 0


def _without_thought(text: str) -> tuple[str, str]:
    """The answer, and the thought that stands before it, or all that follows when it was cut off while thinking."""
    if "</think>" in text:
        thought, text = text.rsplit("</think>", 1)
    elif "<think>" in text:
        text, thought = text.split("<think>", 1)
    else:
        thought = ""
    return text, thought.replace("<think>", "")


def _storable(text: str) -> str:
    """Without halves of surrogate pairs, which JSON may hold and no file."""
    return text.encode(errors="replace").decode().strip()


def checked(reply: ChatReply, schema: dict[str, Json] | None) -> ChatReply:
    """Return the reply with its parsed answer.

    Raises:
        Malformed: It is empty, no JSON, or not what the schema asks for.
    """
    if schema is None:
        if not reply.text:
            raise Malformed(f"nothing{_cut(reply)}")
        return reply
    fenced = re.fullmatch(r"```(?:json)?\s*(.*?)\s*```", reply.text, re.DOTALL)
    try:
        data: Json = json.loads(fenced[1] if fenced else reply.text)
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()  # raises where no file could hold it
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON{_cut(reply)} ({error})") from error
    misfit = best_match(_validator(to_json(schema)).iter_errors(data))
    if misfit is not None:
        raise Malformed(f"JSON that does not fit the schema ({textwrap.shorten(misfit.message, _SHOWN_LETTERS)})")
    return replace(reply, data=data)


def _cut(reply: ChatReply) -> str:
    return ", cut off at `max_tokens`" if reply.cut_off else ""


@functools.lru_cache(maxsize=64)
def _validator(schema: bytes) -> jsonschema.Draft202012Validator:
    """Not `jsonschema.validate`, which judges the schema itself at each answer, a millisecond each."""
    return jsonschema.Draft202012Validator(json.loads(schema))


def repair_of(request: ChatRequest, reply: ChatReply, problem: Malformed) -> ChatRequest:
    """Extend the request by the malformed answer and a plea for a right one."""
    turns = (
        Message("assistant", reply.text or "(nothing)"),
        Message("user", f"That is {problem}. Answer again, short, with nothing but JSON that fits the schema."),
    )
    return replace(request, messages=request.messages + turns)
