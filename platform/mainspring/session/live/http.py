"""What is asked of a venue by HTTP: snapshots of books, and tokens. One pooled client a venue."""

import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx
import trio

from mainspring.errors import CodecError, WireError
from mainspring.seams import MAX_MESSAGE_BYTES, Codec
from mainspring.session.live.websocket import ConnectionLostError
from mainspring.wire import TokenRequest, answer_message, token_of

__all__ = ["Http"]

_TRY_LATER: Final = (418, 429, 503)
_OK: Final = 200
_DEFAULT_RETRY_S: Final = 5.0


class Http:
    """GETs and POSTs to one host, kept alive between requests. A request is never repeated here."""

    def __init__(
        self,
        base: str,
        tls: ssl.SSLContext,
        *,
        timeout_s: float = 10.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`base` is the declaration's `rest`: https://host; `headers` go with every request."""
        self._base = base
        self._client = httpx.AsyncClient(base_url=base, verify=tls, timeout=timeout_s, headers=headers)
        self._not_before = 0.0

    async def answer(self, path: str) -> bytes:
        """Returns the answer of a GET as a feed's message.

        Waits first for as long as the venue has asked for. Raises `ConnectionLostError` for any failure, with what the
        venue says about when to come back.
        """
        return answer_message(path, await self._request("GET", path))

    async def token(self, request: TokenRequest, codec: Codec) -> tuple[str, str]:
        """Returns the address to connect to, empty for the declared one, and the token."""
        body = await self._request(request.method, request.path)
        try:
            decoded = codec.decode(body)
        except CodecError as error:
            raise ConnectionLostError(f"{self._base}{request.path}: the answer can't be read: {error}") from error
        try:
            return token_of(request, decoded)
        except WireError as error:
            raise ConnectionLostError(f"{self._base}: {error}") from error

    async def _request(self, method: str, path: str) -> bytes:
        await trio.sleep_until(self._not_before)
        where = f"{urlsplit(self._base).netloc}{path.partition('?')[0]}"
        try:
            async with self._client.stream(method, path) as response:
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_MESSAGE_BYTES:
                        raise ConnectionLostError(f"{where}: the answer is larger than {MAX_MESSAGE_BYTES:,} bytes")
        except httpx.HTTPError as error:
            raise ConnectionLostError(f"{where}: {error or type(error).__name__}") from error
        if response.status_code == _OK:
            return body
        retry_s = None
        if response.status_code in _TRY_LATER:
            after = response.headers.get("retry-after", "")
            retry_s = float(after) if after.isdigit() else _DEFAULT_RETRY_S
            self._not_before = trio.current_time() + retry_s
        said = body[:200].decode(errors="replace")
        raise ConnectionLostError(f"{where}: status {response.status_code}: {said}", retry_after_s=retry_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with trio.CancelScope(shield=True):
            await self._client.aclose()
