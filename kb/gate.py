"""The gate of the server: which requests are let in, how many at once, and until when each may work.

Everything here is decided on the event loop, in no time, so that a server with all hands full still says so.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb import addresses, limits
from kb.deadline import Deadline, within
from kb.errors import Abandoned, AddressTooLong, BodyTooLong, Overloaded, TooSlow, UnknownHost
from kb.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  # compared with, not bound to
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::[0-9]{1,5})?")

SERVER: Mapping[str, Any] = {
    "server_header": False,
    "date_header": True,
    "proxy_headers": True,
    "ws": "none",
    "h11_max_incomplete_event_size": limits.HEADERS_BYTES,
    "timeout_keep_alive": limits.IDLE_CONNECTION_SECONDS,
    "limit_concurrency": limits.CONNECTIONS,
    "backlog": limits.WAITING_CONNECTIONS,
    "timeout_graceful_shutdown": 10,
}
"""How uvicorn is to run the application. It has no limit on the time in which headers arrive: a server in front has."""


class Gate:
    """At most ``at_once`` requests at work and ``waiting`` more in a queue; the next one is refused at once.

    Each has so many seconds from its arrival, the wait in the queue counted. ``clock`` counts seconds.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = limits.HANDLERS,
        waiting: int = limits.WAITING_REQUESTS,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._at_once = at_once
        self._most_waiting = waiting
        self._queue: deque[tuple[Deadline, asyncio.Future[None]]] = deque()
        self._working: set[Deadline] = set()
        self.answered = 0
        """How many requests have had their turn."""

    @property
    def working(self) -> int:
        """How many requests are at work."""
        return len(self._working)

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._queue)

    @property
    def choked(self) -> bool:
        """Whether nobody else would be answered now: the queue is full, or all that work should have ended already."""
        full = len(self._working) >= self._at_once
        return full and (len(self._queue) >= self._most_waiting or all(deadline.left < 0 for deadline in self._working))

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request when it is its turn. Raises Overloaded instead of letting it wait too long.

        When the reader goes, the work ends at its next step. A turn ends with the first bytes of the answer: those who read
        slowly do not hold it.
        """
        deadline = Deadline(self._seconds, self._clock)
        posted = scope["method"] == "POST" and scope["path"] in _TOO_LONG
        # Before a turn is taken: those who send slowly keep nobody waiting.
        body = await _body(receive, deadline, _TOO_LONG[scope["path"]]) if posted else b""
        gone = asyncio.create_task(_until_gone(receive, deadline))
        try:
            await self._enter(deadline, gone)

            async def passed_on(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._leave(deadline)
                await send(message)

            with within(deadline):
                await app(scope, _received(gone, body), passed_on)
        finally:
            self._leave(deadline)
            gone.cancel()

    async def _enter(self, deadline: Deadline, gone: asyncio.Task[None]) -> None:
        if len(self._working) >= self._at_once:
            if len(self._queue) >= self._most_waiting:
                raise Overloaded(_OVERLOADED)
            free: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting = (deadline, free)
            self._queue.append(waiting)
            try:
                await asyncio.wait({free, gone}, timeout=deadline.left, return_when=asyncio.FIRST_COMPLETED)
                if not free.done():
                    raise Abandoned("Żądanie przerwano.") if gone.done() else Overloaded(_OVERLOADED)
            finally:
                if not free.done():
                    self._queue.remove(waiting)
        else:
            self._working.add(deadline)

    def _leave(self, deadline: Deadline) -> None:
        if deadline not in self._working:
            return
        self._working.remove(deadline)
        self.answered += 1
        if self._queue:
            following, free = self._queue.popleft()
            # Taken here, not where it is waited for: else a newcomer might take it in between.
            self._working.add(following)
            free.set_result(None)


_OVERLOADED = "Serwis ma teraz zbyt wiele pytań naraz. Spróbuj ponownie za kilka sekund."


async def _until_gone(receive: Receive, deadline: Deadline) -> None:
    """Wait for the reader to go, and cancel the work then. Bodies are thrown away: other addresses take none."""
    while (await receive())["type"] != "http.disconnect":
        pass
    deadline.cancel()


_TOO_LONG = {
    addresses.QUOTE: "Ten tekst jest zbyt długi. Sprawdź go w krótszych częściach, najlepiej po kilka zdań.",
    addresses.OAI: "To żądanie jest zbyt długie: OAI-PMH nie ma tak długich argumentów.",
}
"""Where a form may be posted (what it holds may be too long for an address, or a protocol says so), and what is said of one
that is longer than may be."""


async def _body(receive: Receive, deadline: Deadline, too_long: str) -> bytes:
    """The body of a request, read to its end. Raises BodyTooLong, Abandoned, and TooSlow where it does not come in time."""
    kept, size = bytearray(), 0
    try:
        async with asyncio.timeout(max(deadline.left, 0)):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Abandoned("Żądanie przerwano.")
                chunk = message.get("body", b"")
                size += len(chunk)
                if size <= limits.BODY_BYTES:
                    kept += chunk
                if not message.get("more_body", False):
                    break
    except TimeoutError as error:
        raise TooSlow("Żądanie przychodziło zbyt długo. Spróbuj ponownie za chwilę.") from error
    if size > limits.BODY_BYTES:
        raise BodyTooLong(too_long)
    return bytes(kept)


def _received(gone: asyncio.Task[None], body: bytes) -> Receive:
    """What an application receives of a request: its body, then that the reader is gone."""
    begun = False

    async def receive() -> Message:
        nonlocal begun
        if not begun:
            begun = True
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.wait({gone})
        return {"type": "http.disconnect"}

    return receive


def hosts_of(settings: Settings) -> frozenset[str]:
    """The host names under which the site answers: this machine's, the one it listens on, the public one, and those set."""
    named = [name.strip().lower() for name in settings.hosts.split(",")]
    public = urlsplit(settings.public_url).hostname or ""
    own = [] if settings.host in _EVERYWHERE else [settings.host.lower()]
    return frozenset(_bracketed(name) for name in (*LOOPBACK, *own, public, *named) if name)


def check_address(scope: Scope, hosts: frozenset[str]) -> None:
    """Raises UnknownHost, AddressTooLong."""
    host = _header(scope["headers"], b"host")
    match = _HOST.fullmatch(host.lower())
    if match is None or match["name"] not in hosts:
        raise UnknownHost(
            f"Ten serwer nie obsługuje nazwy „{host[:100]}”. Administrator może ją dodać w ustawieniu KB_HOSTS."
        )
    if len(scope["path"]) > limits.ADDRESS_CHARACTERS:
        raise AddressTooLong(f"Adres jest zbyt długi: może mieć najwyżej {limits.ADDRESS_CHARACTERS} znaków.")


def _header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def _bracketed(host: str) -> str:
    """A host name as it stands in the header: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
