"""A server under attack: too much is refused at once, readers who leave take their work along, a choked server says so."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
import uvicorn
from fastapi.responses import FileResponse, Response
from fastapi.routing import APIRoute

from kb import limits, settings
from kb.engine.embedded import EmbeddedStore
from kb.gate import SERVER, Gate
from kb.reading.query import make_query
from kb.site import Site
from kb.web import create_app

from .conftest import serving

PATIENCE = 20.0
"""Seconds before something counts as never happening."""


@dataclass
class Attacked:
    """A server with addresses that hold a handler: ``/trzymaj`` until ``release``, ``/szukaj-bez-konca`` for ever.

    ``/duze`` is a file larger than what a connection holds of an answer that nobody reads.
    """

    client: httpx.Client
    site: Site
    release: threading.Event
    now: float = 0.0
    steps: list[int] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    @property
    def gate(self) -> Gate:
        """The gate of the server."""
        return self.site.gate

    def send(self, path: str) -> socket.socket:
        """A request on a connection of its own; nobody waits for the answer yet."""
        port = self.client.base_url.port
        assert port
        made = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        made.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return made


def wait(happened: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.005)


def answer(connection: socket.socket) -> bytes:
    """All that the server sends."""
    got = b""
    while part := connection.recv(65536):
        got += part
    connection.close()
    return got


@pytest.fixture
def attacked(config: settings.Settings, tmp_path: Path) -> Iterator[Attacked]:
    """The server, with a clock that stands still unless a test moves it."""
    app = create_app(config, clock=lambda: made.now)
    release = threading.Event()
    file = tmp_path / "duzy.txt"
    with file.open("wb") as large_file:
        large_file.truncate(50_000_000)

    def hold() -> dict[str, str]:
        assert release.wait(PATIENCE)
        return {}

    def search_for_ever() -> None:
        try:
            while True:
                app.state.site.knowledge.search(make_query(f"gmina {len(made.steps)}"))
                made.steps.append(len(made.steps))
        except Exception as error:
            made.ended.append(type(error).__name__)
            raise

    def large() -> Response:
        return FileResponse(file)

    for path, handler in (("/trzymaj", hold), ("/szukaj-bez-konca", search_for_ever), ("/duze", large)):
        app.router.routes.insert(0, APIRoute(path, handler))
    with serving(app) as client:
        made = Attacked(client, app.state.site, release)
        yield made
        release.set()


def test_a_reader_who_leaves_takes_the_work_along(attacked: Attacked) -> None:
    """The search behind a connection that was closed ends at its next step, long before its time is over."""
    connections = [attacked.send("/szukaj-bez-konca") for _ in range(limits.HANDLERS)]
    wait(lambda: len(attacked.steps) > 20)
    assert attacked.ended == []
    for connection in connections:
        connection.close()
    wait(lambda: len(attacked.ended) == limits.HANDLERS)
    assert set(attacked.ended) == {"Abandoned"}
    wait(lambda: attacked.gate.working == 0)
    assert attacked.client.get("/szukaj?q=gmina").status_code == 200


def test_those_who_leave_the_queue_never_begin(attacked: Attacked) -> None:
    """A request whose reader is gone before its turn is forgotten."""
    held = [attacked.send("/trzymaj") for _ in range(limits.HANDLERS)]
    wait(lambda: attacked.gate.working == limits.HANDLERS)
    queued = [attacked.send("/szukaj-bez-konca") for _ in range(5)]
    wait(lambda: attacked.gate.waiting == 5)
    for connection in queued:
        connection.close()
    wait(lambda: attacked.gate.waiting == 0)
    attacked.release.set()
    assert all(b" 200 " in answer(connection) for connection in held)
    assert attacked.steps == []


def test_what_is_too_much_is_refused_at_once(attacked: Attacked) -> None:
    """With all at work and the queue full the next request gets 503 and when to come again; supervisors are told the same."""
    held = [attacked.send("/trzymaj") for _ in range(limits.HANDLERS + limits.WAITING_REQUESTS)]
    wait(lambda: attacked.gate.waiting == limits.WAITING_REQUESTS)
    assert attacked.gate.working == limits.HANDLERS
    for _ in range(2):
        refused = attacked.client.get("/api/v1/search?q=gmina")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["error"]["code"] == "overloaded"
        page = attacked.client.get("/szukaj?q=gmina")
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        assert "zbyt wiele pytań naraz" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert attacked.client.get("/readyz").json()["error"]["code"] == "overloaded"
    assert attacked.client.get("/healthz").status_code == 200
    assert attacked.client.get("/static/style.css").status_code == 200
    attacked.release.set()
    assert all(b" 200 " in answer(connection) for connection in held)
    assert attacked.client.get("/readyz").status_code == 200
    assert attacked.client.get("/szukaj?q=gmina").status_code == 200


def test_a_hundred_people_at_the_same_moment_are_answered(attacked: Attacked) -> None:
    """People in a training room who all search while the handlers are busy wait for their turn; none is refused."""
    held = [attacked.send("/trzymaj") for _ in range(limits.HANDLERS)]
    wait(lambda: attacked.gate.working == limits.HANDLERS)
    people = [attacked.send("/szukaj?q=gmina") for _ in range(100 - limits.HANDLERS)]
    wait(lambda: attacked.gate.waiting == len(people))
    attacked.release.set()
    assert all(b" 200 " in answer(connection) for connection in (*held, *people))


def test_a_server_whose_handlers_are_stuck_says_so(attacked: Attacked, config: settings.Settings) -> None:
    """Busy handlers are no reason for alarm until all of them should have ended."""
    held = [attacked.send("/trzymaj") for _ in range(limits.HANDLERS)]
    wait(lambda: attacked.gate.working == limits.HANDLERS)
    ready = attacked.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    attacked.now += config.request_seconds + 0.1
    assert attacked.client.get("/readyz").status_code == 503
    assert attacked.client.get("/healthz").status_code == 200
    attacked.release.set()
    assert all(b" 200 " in answer(connection) for connection in held)
    assert attacked.client.get("/readyz").status_code == 200


def test_readiness_does_not_wait_for_the_index(attacked: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a new state of the index is being opened, the size of the one before is told."""
    before = attacked.client.get("/readyz").json()
    opened = threading.Event()
    current = EmbeddedStore.current

    def slowly(self: EmbeddedStore) -> object:
        assert opened.wait(PATIENCE)
        return current(self)

    monkeypatch.setattr(EmbeddedStore, "current", slowly)
    assert attacked.client.get("/readyz").json() == before
    assert attacked.client.get("/readyz").json() == before
    opened.set()
    wait(lambda: attacked.client.get("/readyz").status_code == 200)


def test_a_search_that_takes_too_long(attacked: Attacked, config: settings.Settings) -> None:
    """Past its time a search ends with 503 in Polish, and a program may try again."""
    connection = attacked.send("/szukaj-bez-konca")
    wait(lambda: len(attacked.steps) > 3)
    attacked.now += config.request_seconds
    got = answer(connection).decode()
    assert got.startswith("HTTP/1.1 503 ")
    assert "retry-after: 5" in got.lower()
    assert "Odpowiedź trwała zbyt długo" in got
    assert attacked.ended == ["TooSlow"]


def test_slow_readers_hold_no_handler(attacked: Attacked) -> None:
    """A turn ends with the first bytes of the answer: who does not read a large file keeps nobody waiting."""
    slow = [attacked.send("/duze") for _ in range(limits.HANDLERS)]
    for connection in slow:
        assert connection.recv(12) == b"HTTP/1.1 200"
    wait(lambda: attacked.gate.working == 0)
    assert attacked.client.get("/szukaj?q=gmina").status_code == 200
    for connection in slow:
        connection.close()


YEARS = urlencode([("year", f"{year:04}") for year in range(3000)])


def test_thousands_of_values_make_no_large_page(attacked: Attacked) -> None:
    """No page repeats each value for each other: 3,000 years give a page of the usual size that says what it left out."""
    usual = len(attacked.client.get("/szukaj?year=2023").content)
    page = attacked.client.get(f"/szukaj?{YEARS}")
    assert page.status_code == 200
    assert len(page.content) < usual + 20_000
    assert "najwyżej 20 różnych wartości" in page.text
    assert len(attacked.client.get(f"/szukaj.atom?{YEARS}").content) < 100_000
    most = urlencode([("year", str(year)) for year in range(2000, 2000 + limits.FACET_VALUES)])
    assert len(attacked.client.get(f"/szukaj?{most}").content) < 100_000
    refused = attacked.client.get(f"/api/v1/search?{YEARS}")
    assert refused.status_code == 422
    assert "parametry: można podać najwyżej 100, podano 3000." in refused.json()["error"]["details"]
    news = attacked.client.get(f"/aktualnosci?{YEARS}")
    assert news.status_code == 200
    assert len(news.content) < 100_000


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("/api/v1/suggest?q=" + "x" * 101, 422, "q: wartość może mieć najwyżej 100 znaków"),
        ("/api/v1/suggest?q=" + "x" * 20_000, 422, "q: wartość może mieć najwyżej 200 znaków"),
        ("/api/v1/suggest?limit=" + "9" * 20_000, 422, "limit: wartość może mieć najwyżej 200 znaków"),
        ("/api/v1/search?sort=" + "x" * 20_000, 422, "sort: wartość może mieć najwyżej 200 znaków"),
        ("/api/v1/search?" + "x" * 20_000, 422, "nie ma takiego parametru"),
        ("/api/v1/search?" + "&".join(f"x{i}" for i in range(1000)) + "&x=1", 422, "parametry"),
        ("/api/v1/search?" + "&".join(f"x{i}=1" for i in range(3000)), 422, "parametry: można podać najwyżej 100"),
        ("/api/v1/documents/poradnik-zit/citation?format=" + "x" * 20_000, 422, "format: wartość może mieć"),
        ("/cytowania/poradnik-zit?format=" + "x" * 20_000, 422, "format: wartość może mieć"),
        ("/dokumenty/" + "x" * 20_000, 414, "najwyżej 5000 znaków"),
        ("/dokumenty/poradnik-zit/strony/" + "9" * 20_000, 414, "najwyżej 5000 znaków"),
        ("/api/v1/documents/" + "x-" * 10_000, 414, "najwyżej 5000 znaków"),
        ("/dokumenty/" + "x-" * 2_000, 404, "Nie ma takiego dokumentu"),
        ("/szukaj?page=" + "9" * 20_000, 422, "page: wartość może mieć najwyżej 200 znaków"),
        ("/szukaj?q=" + quote(" ".join(f"słowo{i}" for i in range(110))), 200, "Pytanie ma zbyt wiele słów."),
        ("/szukaj?q=" + "x" * 20_000, 200, "Uwzględniliśmy tylko pierwszych 1000 znaków."),
        (
            "/szukaj?" + "&".join(f"x{i}=1" for i in range(3000)),
            200,
            "odczytaliśmy tylko pierwszych 100 parametrów",
        ),
    ],
)
def test_too_long_is_told_in_polish(client: httpx.Client, url: str, status: int, said: str) -> None:
    """Programs are told which limit they went over; pages do what they can and say what they left out. All answers are short."""
    got = client.get(url)
    assert got.status_code == status
    text = json.dumps(got.json(), ensure_ascii=False) if url.startswith("/api/") else got.text
    assert said in text
    assert len(got.content) < 60_000


def test_a_request_of_a_megabyte_is_not_read(client: httpx.Client) -> None:
    """The server reads so many bytes of a request's head and no more."""
    config = uvicorn.Config("kb.web:create_app", factory=True, **SERVER)
    assert config.h11_max_incomplete_event_size == limits.HEADERS_BYTES
    port = client.base_url.port
    assert port
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /szukaj?q=" + b"x" * (limits.HEADERS_BYTES + 65536))
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
