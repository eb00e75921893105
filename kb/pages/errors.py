"""Error pages: what happened, in words a person can use, and where to go from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.requests import Request

from kb import addresses, messages
from kb.pages.base import BasePage, Link, search_link
from kb.reading.query import cut

_TITLES = {
    400: "Nie ma tu takiego serwisu",
    404: "Nie znaleziono strony",
    405: "Ten adres służy tylko do czytania",
    409: "Trwa przebudowa bazy",
    410: "Tej wersji dokumentu już nie ma",
    413: "Zbyt długi tekst",
    414: "Zbyt długi adres",
    422: "Nie rozumiemy tego adresu",
    503: "Serwis jest chwilowo niedostępny",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(BasePage):
    """Any error."""

    template: ClassVar[str] = "error.html"
    heading: str
    message: str
    details: tuple[str, ...]
    links: tuple[Link, ...]


def error_page(request: Request, status: int, message: str, details: Sequence[str] = ()) -> ErrorPage:
    """The page of an error. For a document that is gone it offers a search for what its address says."""
    q = " ".join(cut(request.query_params.get("q", "")).replace("\x00", " ").split())
    links = [Link(text=f"Szukaj: {messages.quoted(q)}", url=search_link(q))] if q else []
    document = addresses.document_of(request.url.path)
    if status == 404 and document:
        words = cut(document.replace("-", " "))
        links.append(Link(text=f"Szukaj: {messages.quoted(words)}", url=search_link(words)))
    links.append(Link(text="Wszystkie dokumenty", url=addresses.SEARCH))
    links.append(Link(text="Strona główna", url=addresses.START))
    title = _TITLES.get(status, "Coś się nie udało")
    return ErrorPage(
        title=title,
        q=q,
        indexed=False,
        heading=title,
        message=message,
        details=tuple(details),
        links=tuple({link.url: link for link in links}.values()),
    )
