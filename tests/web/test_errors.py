"""Errors, headers and files: what goes wrong has one shape, and nothing leaks."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import httpx
import pytest
from fastapi.routing import APIRoute

from kb import errors, settings
from kb.pages.files import original
from kb.search import KnowledgeBase
from kb.web import create_app

from .conftest import serving


def subclasses(parent: type[errors.KbError]) -> list[type[errors.KbError]]:
    """The whole tree below an error."""
    return [found for child in parent.__subclasses__() for found in (child, *subclasses(child))]


@dataclass
class Failing:
    """An application with addresses that raise ``error``."""

    client: httpx.Client
    raised: list[Exception] = field(default_factory=list)


@pytest.fixture(scope="module")
def failing(config: settings.Settings) -> Iterator[Failing]:
    """The application with addresses that raise what a test puts last in ``raised``."""
    app = create_app(config)
    raised: list[Exception] = []

    def fail() -> None:
        raise raised[-1]

    for path in ("/api/v1/fail", "/zle"):
        app.router.routes.insert(0, APIRoute(path, fail))
    with serving(app) as client:
        yield Failing(client, raised)


@pytest.mark.parametrize("kind", [errors.KbError, *subclasses(errors.KbError)])
def test_every_error_has_its_answer(failing: Failing, kind: type[errors.KbError]) -> None:
    """Each class of the tree answers with its own status: JSON under /api, elsewhere a page, which speaks to readers."""
    failing.raised.append(kind("Coś poszło <źle>.", ["szczegół"]))
    answer = failing.client.get("/api/v1/fail")
    assert answer.status_code == kind.status
    details = [] if kind.discreet else ["szczegół"]
    assert answer.json() == {"error": {"code": kind.code, "message": "Coś poszło <źle>.", "details": details}}
    page = failing.client.get("/zle")
    assert page.status_code == kind.status
    assert ("Coś poszło &lt;źle&gt;." in page.text) == (not kind.for_readers)
    assert ("szczegół" in page.text) == (not kind.for_readers)
    assert kind.for_readers in page.text


def test_unexpected_error(failing: Failing) -> None:
    """A bug is a 500 in Polish, with the usual headers and without a word of what broke."""
    failing.raised.append(RuntimeError("tajny szczegół"))
    for url in ("/api/v1/fail", "/zle"):
        answer = failing.client.get(url)
        assert answer.status_code == 500
        assert "tajny" not in answer.text
        assert "wystąpił błąd" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/nie-ma", 404),
        ("/api/v1/nie-ma", 404),
        ("/api/nie-ma", 404),
        ("/dokumenty/nie-ma", 404),
        ("/dokumenty/..%2f..%2fetc", 404),
        ("/dokumenty/poradnik-zit/strony/0", 404),
        ("/dokumenty/poradnik-zit/strony/-1", 404),
        ("/dokumenty/poradnik-zit/strony/999", 404),
        ("/dokumenty/poradnik-zit/strony/99999999999999999999", 404),
        ("/dokumenty/poradnik-zit/strony/dwa", 404),
        ("/edycje/nie-ma", 404),
        ("/tematy/nie-ma", 404),
        ("/pliki/nie-ma", 404),
        ("/cytowania/nie-ma?format=ris", 404),
        ("/cytowania/poradnik-zit?format=mla", 422),
        ("/cytowania/poradnik-zit?page=99&format=ris", 404),
        ("/aktualnosci?page=0", 422),
        ("/api/v1/documents/nie-ma", 404),
        ("/api/v1/documents/poradnik-zit?x=1", 422),
        ("/api/v1/documents/poradnik-zit/pages/0", 404),
        ("/api/v1/documents/poradnik-zit/pages/99", 404),
        ("/api/v1/documents/poradnik-zit/pages/dwa", 422),
        ("/api/v1/documents/poradnik-zit/citation?page=99", 404),
        ("/static/nie-ma.css", 404),
        ("/static/..%2fweb.py", 404),
    ],
)
def test_wrong_addresses(client: httpx.Client, url: str, status: int) -> None:
    """A wrong address says so in Polish, in JSON under /api, on a page with ways out elsewhere."""
    answer = client.get(url)
    assert answer.status_code == status
    if url.startswith("/api/"):
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "details"}
        assert error["message"]
    else:
        assert '<a href="/szukaj">' in answer.text


def test_document_gone_offers_a_search(client: httpx.Client) -> None:
    """A document removed between search and click: back to the results, or a search for what its address says."""
    answer = client.get("/dokumenty/raport-o-drogach?q=drogi+gminne")
    assert answer.status_code == 404
    assert 'href="/szukaj?q=drogi+gminne"' in answer.text
    assert 'href="/szukaj?q=raport+o+drogach"' in answer.text


@pytest.mark.parametrize("end", [".", ")", ").", ",", "”", "%20"])
def test_an_address_copied_with_the_end_of_its_sentence(client: httpx.Client, end: str) -> None:
    """It leads to the page that was meant, with the question."""
    answer = client.get(f"/dokumenty/raport/strony/2{end}?q=rada", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/dokumenty/raport/strony/2?q=rada")


def test_without_an_index(empty_client: httpx.Client) -> None:
    """Before the first run of the indexer readers are told to come back, programs and logs what to run; the glossary works."""
    page = empty_client.get("/")
    assert page.status_code == 503
    assert page.headers["retry-after"] == "30"
    assert "Serwis chwilowo nie działa" in page.text
    assert "kb index" not in page.text
    error = empty_client.get("/api/v1/search?q=a").json()["error"]
    assert error["code"] == "index_missing"
    assert "kb index" in error["message"]
    assert empty_client.get("/slownik").status_code == 200


def test_only_reading(client: httpx.Client) -> None:
    """Other methods are refused politely."""
    answer = client.post("/szukaj")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert client.delete("/api/v1/search").json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "url", ["/", "/szukaj?q=a", "/api/v1/search?q=a", "/pliki/transport-w-gminie", "/static/style.css", "/nie"]
)
def test_head_and_headers(client: httpx.Client, url: str) -> None:
    """HEAD answers as GET without a body; every answer has the security headers."""
    head, got = client.head(url), client.get(url)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "cache-control"):
        assert head.headers[name] == got.headers[name]
    assert "unsafe" not in got.headers["content-security-policy"]


def test_trailing_slash(client: httpx.Client) -> None:
    """An address with a slash too many leads to the right one."""
    assert client.get("/aktualnosci/").url.path == "/aktualnosci"
    assert client.get("/dokumenty/poradnik-zit/").status_code == 200


def test_static_files_may_be_kept(client: httpx.Client) -> None:
    """Static files have addresses that change with them, so browsers keep them."""
    html = client.get("/").text
    start = html.index("/static/suggest.js")
    answer = client.get(html[start : html.index('"', start)])
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


def test_originals(client: httpx.Client, config: settings.Settings) -> None:
    """A PDF opens in the browser, Markdown is saved; names survive, also those that the disk keeps decomposed.

    What is served is the file whose text is shown, wherever the one in the folder has gone.
    """
    pdf = client.get("/pliki/poradnik-zit")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"].startswith('inline; filename="zit.pdf"')
    assert pdf.content == (config.documents / "poradniki" / "zit.pdf").read_bytes()
    part = client.get("/pliki/poradnik-zit", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"%PDF")
    assert client.get("/pliki/znikajacy").text.endswith("Plik, który zniknie.\n")  # it left the folder after indexing
    text = client.get("/pliki/zolta-lodz")
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert text.headers["content-disposition"] == (
        "attachment; filename=\"zolta-lodz-1.md\"; filename*=UTF-8''%C5%BB%C3%B3%C5%82ta%20%C5%82%C3%B3d%C5%BA%201.md"
    )


def test_a_pdf_is_not_bound_by_the_policy_for_pages(client: httpx.Client) -> None:
    """A browser's own PDF viewer draws with styles that the policy for pages forbids: readers would see an empty window."""
    policy = client.get("/pliki/poradnik-zit").headers["content-security-policy"]
    assert "style-src 'unsafe-inline'" in policy
    for url in ("/dokumenty/poradnik-zit", "/pliki/transport-w-gminie"):
        assert "default-src 'none'" in client.get(url).headers["content-security-policy"]


def test_originals_stay_inside(config: settings.Settings) -> None:
    """A path out of the documents folder, by dots or by a link put there later, is not followed."""
    site = create_app(config).state.site
    # The archive does not have this version, so that its file is looked for in the folder.
    version = hashlib.sha256(b"%PDF").hexdigest()
    document = replace(KnowledgeBase(config).document("poradnik-zit"), version=version)
    (config.documents.parent / "tajne.pdf").write_bytes(b"%PDF")
    link, inside = config.documents / "link.pdf", config.documents / "jawne.pdf"
    link.symlink_to(config.documents.parent / "tajne.pdf")
    inside.write_bytes(b"%PDF")
    assert original(site, replace(document, path="jawne.pdf")) == inside.resolve()
    for path in ("../tajne.pdf", "link.pdf", "poradniki", "/etc/passwd"):
        with pytest.raises(errors.NotFound):
            original(site, replace(document, path=path))
    link.unlink()
    inside.unlink()
