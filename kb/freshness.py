"""What need not be sent: an answer that the reader has already, and the air in a text."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMPRESSED_FROM_BYTES = 1_000
"""A smaller answer is one packet in any case."""
COMPRESSION_LEVEL = 6
"""Level 9 takes twice as long for a hundredth less."""
NOT_COMPRESSED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/pdf", "application/octet-stream")
"""What is compressed already, in its own way."""
KEPT = ("cache-control", "content-location", "date", "etag", "expires", "link", "vary")
"""Headers of an answer that also stand on one that says „unchanged”."""


class Unchanged:
    """Gives each whole answer a validator, the hash of its bytes, and sends 304 in its place to who has it already.

    The answer is made all the same: what it depends on (the index, the archive, files of the editors, the day) would be more
    to compare than to hash. What is saved is the way. The validator is a weak one, since the same answer may be compressed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        known = validators(Headers(scope=scope))
        begun: Message | None = None

        async def validated(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and _is_whole(message):
                begun = message
                return
            if begun is not None:
                start, begun = begun, None
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    start, message = _with_validator(start, message, known)
                await send(start)
            await send(message)

        await self._app(scope, receive, validated)


def _is_whole(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return start["status"] == 200 and "etag" not in headers and headers.get("cache-control") != "no-store"


def _with_validator(start: Message, body: Message, known: frozenset[str]) -> tuple[Message, Message]:
    tag = hashlib.blake2b(body.get("body", b""), digest_size=12).hexdigest()
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["ETag"] = f'W/"{tag}"'
    if tag not in known and "*" not in known:
        return {**start, "headers": headers.raw}, body
    kept = [(name, value) for name, value in headers.raw if name.decode("latin-1").lower() in KEPT]
    return {**start, "status": 304, "headers": kept}, {**body, "body": b""}


def validators(headers: Headers) -> frozenset[str]:
    """What the reader has, as validators without quotation marks."""
    given = headers.get("if-none-match", "")
    return frozenset(tag.strip().removeprefix("W/").strip('"') for tag in given.split(",") if tag.strip())
