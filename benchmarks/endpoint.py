"""Does the endpoint client keep a server as busy as a bare asynchronous loop does?

    python -m benchmarks.endpoint [--seconds 4]

A server in a process of its own answers every chat request after a delay, however many there are. Where the delay is
the same for all, all answers come at once, and what a client does with each of them adds up while the server is idle;
where it varies, as the lengths of real answers do, the server has others to work on meanwhile. The bare loop
sends ready bytes over connections of its own and reads the answers without looking at them; the client gets requests
and gives replies that fit their schema. Both have the same number of requests in flight, and send the same bodies.
"""

import argparse
import asyncio
import io
import json
import os
import platform
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import soundfile

from resources.adapter import Json
from resources.chat_answers import body_of
from resources.endpoint import Endpoint
from resources.language_model import ChatReply, ChatRequest, Message, Recording

MODEL = "delayed"
CASES = (
    *((0.5, 0.0, 16, 0), (0.5, 0.0, 64, 0), (2.0, 0.0, 16, 0), (2.0, 0.0, 64, 0)),
    *((0.5, 0.5, 16, 0), (0.5, 0.5, 64, 0), (2.0, 0.5, 64, 0), (2.0, 0.5, 64, 10)),
)
"""Delay in seconds, how much of it varies, requests in flight, and seconds of sound in each."""

_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"caption": {"type": "string"}},
    "required": ["caption"],
    "additionalProperties": False,
}
_ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 0,
    "model": MODEL,
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": json.dumps({"caption": "A dog barks. " * 15})},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 700, "completion_tokens": 60, "total_tokens": 760},
}
_MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "nobody"}]}


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delays_s: Iterator[float]) -> None:
    try:
        while head := await _message(reader):
            is_chat = head.startswith(b"POST")
            if is_chat:
                await asyncio.sleep(next(delays_s))
            body = json.dumps(_ANSWER if is_chat else _MODELS).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
    finally:
        writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """The head of the next HTTP message, its body read as well; empty at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    if lengths:
        await reader.readexactly(int(lengths[0].partition(b":")[2]))
    return head


def _serve(delays_s: Sequence[float], ready: Connection) -> None:
    async def serve() -> None:
        turns = cycle(delays_s)
        server = await asyncio.start_server(lambda r, w: _answer(r, w, turns), "127.0.0.1", 0, backlog=1024)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def serving(delay_s: float, spread: float, count: int) -> Iterator[str]:
    """Address of a server that answers after `delay_s`, give or take a share `spread` of it.

    The delays are drawn once and come again after `count` requests: everybody who puts as many is answered alike.
    """
    drawn = random.Random(0)
    delays_s = [delay_s * drawn.uniform(1 - spread, 1 + spread) for _ in range(count)]
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(delays_s, there), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}/v1"
    finally:
        process.terminate()
        process.join()


def bare_s(url: str, request: ChatRequest, count: int, concurrency: int) -> float:
    """Seconds that a bare loop takes for `count` requests."""
    return asyncio.run(_bare_s(url, request, count, concurrency))


async def _bare_s(url: str, request: ChatRequest, count: int, concurrency: int) -> float:
    address = urlsplit(url)
    fields: dict[str, Any] = {"model": MODEL, "temperature": 0.0, "seed": 0, **body_of(request)}
    body = json.dumps(fields).encode()
    head = f"POST {address.path}/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer none\r\n"
    raw = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    turns = iter(range(count))

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for _ in turns:
            writer.write(raw)
            await writer.drain()
            await _message(reader)
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(concurrency)))
    return time.perf_counter() - start


def client_s(url: str, request: ChatRequest, count: int, concurrency: int) -> float:
    """Seconds that the endpoint client takes for `count` requests, its first connection apart."""
    endpoint = Endpoint(base_url=url, model=MODEL, max_concurrency=concurrency)
    endpoint.load()
    start = time.perf_counter()
    replies = endpoint.chat([request] * count)
    took_s = time.perf_counter() - start
    endpoint.close()
    if not all(isinstance(reply, ChatReply) and reply.data for reply in replies):
        raise RuntimeError("Not every request was answered.")
    return took_s


def request_of(sound_s: int) -> ChatRequest:
    """A request with a prompt of usual length, and so many seconds of sound."""
    attached: tuple[Recording, ...] = ()
    if sound_s:
        noise = np.random.default_rng(0).uniform(-0.1, 0.1, sound_s * 16_000)
        buffer = io.BytesIO()
        soundfile.write(buffer, noise, 16_000, format="WAV", subtype="PCM_16")
        attached = (Recording(buffer.getvalue()),)
    turns = Message("system", "Write what a careful listener would write. " * 60), Message("user", "Cues", attached)
    return ChatRequest(turns, _SCHEMA)


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="about how long each measurement takes")
    seconds = parser.parse_args().seconds
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
    print(f"At the start load average {os.getloadavg()[0]:.1f}.\n")
    print("| delay s | in flight | sound s | limit, requests/s | bare loop | client | client / bare loop |")
    print("|---|---|---|---|---|---|---|")
    for delay_s, spread, concurrency, sound_s in CASES:
        limit = concurrency / delay_s
        count = max(4, round(seconds / delay_s)) * concurrency
        with serving(delay_s, spread, count) as url:
            asked = url, request_of(sound_s), count, concurrency
            # Each twice and in turn, the better one counts: other work on the machine only ever slows.
            bare, client = zip(*((count / bare_s(*asked), count / client_s(*asked)) for _ in range(2)), strict=True)
        delay = f"{delay_s:g} ± {spread * delay_s:g}" if spread else f"{delay_s:g}"
        rates = f"{limit:.0f} | {max(bare):.1f} | {max(client):.1f} | {max(client) / max(bare):.3f}"
        print(f"| {delay} | {concurrency} | {sound_s or 'none'} | {rates} |", flush=True)
    print(f"\nAt the end load average {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
