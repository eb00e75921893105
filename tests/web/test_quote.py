"""The page and the API that check a quotation, over a real server."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.types import Message, Receive

from kb import addresses, limits
from kb.errors import Abandoned, BodyTooLong, KbError, TooSlow
from kb.gate import Gate

from .conftest import spaced

VERBATIM = "Wkład własny gminy wynosi 15%."
CHANGED = "Wkład własny gminy nie wynosi 20%."


def test_a_verbatim_quotation_names_its_place(client: httpx.Client) -> None:
    """The answer is in the headline, with the document; below are the entry to cite and the file's version."""
    html = client.get("/cytat", params={"q": VERBATIM}).text
    headline = re.search(r'<h2 id="wynik">(.*?)</h2>', html)
    assert headline
    assert headline[1].startswith("Cytat występuje dosłownie: <em>Transport &amp; &lt;b&gt;dojazdy&lt;/b&gt;</em>, ")
    assert "https://baza.example.pl/dokumenty/transport-w-gminie/wersje/" in html
    assert re.search(r"<code>[0-9a-f]{12}</code>", html)
    assert "<del" not in html
    assert '<meta name="robots" content="noindex">' in html


def test_differences_are_marked_and_said(client: httpx.Client) -> None:
    """What is only in the quotation is deleted, what is only in the document inserted, both with words for screen readers."""
    html = spaced(client.get("/cytat", params={"q": CHANGED}))
    assert "Cytat występuje z różnicami (2 słowa)" in html
    assert '<del class="strong"><span class="hidden">[w cytacie: </span>nie<span class="hidden">]</span></del>' in html
    assert '<ins class="strong"><span class="hidden">[w dokumencie: </span>15' in html
    assert "Uwaga: różnią się liczby." in html


def test_its_link_marks_the_words(client: httpx.Client) -> None:
    """The link to the page has the sentence marked there."""
    (place,) = client.get("/api/v1/quote", params={"q": VERBATIM}).json()["places"]
    (page,) = place["passages"][0]["pages"]
    assert "<mark>Wkład" in client.get(page["url"]).text


def test_nothing_found_is_said_plainly(client: httpx.Client) -> None:
    """A sentence that is nowhere is no error, and what was pasted stays in the form, escaped."""
    answer = client.get("/cytat", params={"q": "Tego zdania </textarea> nikt nigdy nie napisał ani słowem"})
    assert answer.status_code == 200
    assert "Nie znaleziono takiego zdania w zbiorze" in spaced(answer)
    assert "Tego zdania &lt;/textarea&gt; nikt" in answer.text


def test_the_form_leads_to_an_address(client: httpx.Client) -> None:
    """What is posted becomes an address that can be passed on, line ends kept."""
    assert "wynik" not in client.get("/cytat").text
    answer = client.post("/cytat", data={"q": "Wkład włas-\r\nny gminy"}, follow_redirects=False)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"q": ["Wkład włas-\r\nny gminy"]}
    assert "Cytat występuje dosłownie" in client.get(answer.headers["location"]).text
    assert client.post("/cytat").url.path == "/cytat"


def test_too_long_a_form_is_told(client: httpx.Client) -> None:
    """Pasting a whole book, or just too much, is an error in Polish and not a cut connection."""
    book = client.post("/cytat", data={"q": "słowo " * 50_000})
    assert (book.status_code, "zbyt długi" in book.text) == (413, True)
    much = client.post("/cytat", data={"q": "ż" * limits.QUOTE_CHARACTERS})
    assert (much.status_code, "zbyt długi" in much.text) == (422, True)
    some = client.post("/cytat", data={"q": "słowo " * 900})
    assert (some.status_code, "najwyżej 5000 znaków" in some.text) == (422, True)


@pytest.mark.parametrize("typed", ["ala", "?!", "słowo " * 900])
def test_what_cannot_be_checked_stays_in_the_form(client: httpx.Client, typed: str) -> None:
    """Who typed one word, or too many, reads why above the form, and goes on with what was typed."""
    answer = client.get("/cytat", params={"q": typed})
    assert answer.status_code == 422
    assert "<h1>Sprawdź cytat</h1>" in answer.text
    assert f">{typed}</textarea>" in answer.text
    assert re.search(r'<div class="notices" role="status">\s*<p>(To za mało|Ten cytat jest zbyt długi)', answer.text)


def test_other_addresses_take_no_form(client: httpx.Client) -> None:
    """A form posted elsewhere is refused as before."""
    assert client.post("/o-bazie", data={"q": "a"}).status_code == 405


def test_the_api_tells_all(client: httpx.Client) -> None:
    """The API has verdict, place, pieces and entry; together the pieces are both texts."""
    body = client.get("/api/v1/quote", params={"q": CHANGED}).json()
    assert (body["verdict"], body["total"], body["more"]) == ("differs", 1, False)
    (place,) = body["places"]
    assert place["document"] == "transport-w-gminie"
    assert place["changed_words"] == 2
    assert place["warnings"] == [
        "Uwaga: różnią się liczby.",
        "Uwaga: różni się przeczenie, więc sens może być odwrotny.",
    ]
    assert len(place["version"]) == 64
    pieces = place["passages"][0]["pieces"]
    assert " ".join("".join(piece["quoted"] for piece in pieces).split()) == CHANGED.rstrip(".")
    assert place["citation"].endswith(place["url"])
    assert client.get("/api/v1/quote", params={"q": "nigdzie takiego zdania nie ma"}).json()["verdict"] == "absent"


def test_the_api_refuses_what_it_does_not_know(client: httpx.Client) -> None:
    """No quotation, and unknown parameters, are 422 with details."""
    for query in ("", "?q=", "?q=gmina", "?q=gmina+wiejska&cytat=1"):
        answer = client.get(f"/api/v1/quote{query}")
        assert answer.status_code == 422
        assert answer.json()["error"]["details"]


async def _never() -> Message:
    """A form of which nothing comes."""
    await asyncio.Event().wait()
    raise AssertionError


async def _gone() -> Message:
    """A reader who has left."""
    return {"type": "http.disconnect"}


@pytest.mark.parametrize(("receive", "error"), [(_never, TooSlow), (_gone, Abandoned)])
def test_a_form_that_does_not_come_takes_no_turn(receive: Receive, error: type[KbError]) -> None:
    """A form is waited for until the deadline, and nobody's turn is taken meanwhile."""
    gate = Gate(0.0)
    scope = {"type": "http", "method": "POST", "path": addresses.QUOTE}

    async def app(*_: object) -> None:
        raise AssertionError

    async def send(_: Message) -> None:
        raise AssertionError

    with pytest.raises(error):
        asyncio.run(gate.run(app, scope, receive, send))
    assert (gate.working, gate.waiting) == (0, 0)


def test_of_a_form_that_is_too_long_nothing_more_is_kept() -> None:
    """What comes after the limit is read, so that the sender hears of it, and thrown away."""
    sent = 0

    async def receive() -> Message:
        nonlocal sent
        sent += 1
        return {"type": "http.request", "body": bytes(65_536), "more_body": sent < 500}

    async def app(*_: object) -> None:
        raise AssertionError

    async def send(_: Message) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": addresses.QUOTE}
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLong):
            asyncio.run(Gate(60.0).run(app, scope, receive, send))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == 500
    assert most < 10 * limits.BODY_BYTES + 1_000_000
