"""What goes over the wire to an OpenAI-compatible server: bytes out, text back, and the errors of the `openai` client.

A chat request goes through its HTTP client and not through the rest of it, which takes a third of a request's time on
headers and copies that nobody needs here. Each connection has an HTTP client of its own: one for all looks at every
connection whenever a request begins or ends, a third of the time with 64 of them.
"""

import json
from urllib.parse import urlsplit

import httpx2
import openai

from resources.chat_retries import BrokenBody

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_ERRORS: dict[int, type[openai.APIStatusError]] = {
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
}
"""Statuses that are told apart by class; of others the number is looked at."""

_LARGEST_BODY_MB = 32
"""No answer is near this; a server that sends without end must not fill the memory."""


class ChatHttp:
    """Connections to one server, as many as there are requests at a time.

    A server on this machine is asked past the proxy that the environment may name: that does not lead back here.
    """

    def __init__(self, base_url: str, api_key: str, *, connect_s: float) -> None:
        self._url = httpx2.URL(f"{base_url.rstrip('/')}/chat/completions")  # parsed once
        self._headers = {"Authorization": f"Bearer {api_key or 'none'}", "Content-Type": "application/json"}
        self._timeout = httpx2.Timeout(None, connect=connect_s)  # whoever calls bounds the attempt as a whole
        self._trusts_env = urlsplit(base_url).hostname not in _LOOPBACK
        self._tls = httpx2.create_ssl_context(trust_env=self._trusts_env)
        self._idle: list[httpx2.AsyncClient] = []
        self._api = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            timeout=self._timeout,
            max_retries=0,
            http_client=self._client(),
        )

    def _client(self) -> httpx2.AsyncClient:
        return openai.DefaultAsyncHttpxClient(trust_env=self._trusts_env, verify=self._tls)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()
        while self._idle:
            await self._idle.pop().aclose()

    async def complete(self, body: bytes) -> str:
        """Put a chat request; returns the body of the answer.

        Raises:
            openai.APIError: The server cannot be reached, or answers with another status than success.
            BrokenBody: It sends more than any answer holds.
        """
        http = self._idle.pop() if self._idle else self._client()
        try:
            async with http.stream(
                "POST", self._url, content=body, headers=self._headers, timeout=self._timeout
            ) as response:
                text = await _text_of(response)
        except httpx2.TimeoutException as error:
            raise openai.APITimeoutError(request=error.request) from error
        except httpx2.RequestError as error:
            raise openai.APIConnectionError(request=error.request) from error
        finally:
            self._idle.append(http)
        if response.is_success:
            return text
        kind = _ERRORS.get(response.status_code, openai.APIStatusError)
        raise kind(f"Error code: {response.status_code} - {_message(text)}", response=response, body=None)

    async def models(self) -> list[str]:
        """Names of the models that the server serves.

        Raises:
            openai.APIError: As `complete`.
            BrokenBody: The list cannot be read.
        """
        try:
            return [str(model.id) for model in (await self._api.models.list()).data]
        except (ValueError, AttributeError, TypeError):
            raise BrokenBody("its list of models cannot be read") from None


async def _text_of(response: httpx2.Response) -> str:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _LARGEST_BODY_MB * 2**20:
            raise BrokenBody(f"its body has more than {_LARGEST_BODY_MB} MB")
    return body.decode(errors="replace")


def _message(text: str) -> str:
    """What a server says to a request that fails: in the place where OpenAI's says it, else all of it."""
    try:
        said = json.loads(text)["error"]["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return text.strip()
    return said if isinstance(said, str) else text.strip()
