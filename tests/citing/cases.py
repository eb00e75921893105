"""What the tests of citations share: a source with all that is usual."""

from __future__ import annotations

from datetime import date
from typing import Any

from kb.citing import Source
from kb.model import Document, Page

BASE = "https://baza.example.pl"
WHOLE = f"{BASE}/dokumenty/raport/wersje/0123456789ab"
PAGE = Page(number=17, text="", label="15")
UNNUMBERED = Page(number=17, text="")
SECTION = Page(number=3, text="", heading="Co to jest „wkład”?", html="<p></p>", anchor="wklad")


def source(
    page: Page | None = None, edition: str = "CWD Plus", site: str = "", quote: str = "", **known: Any
) -> Source:
    """A source with all that is usual, unless ``known`` says otherwise."""
    given: dict[str, Any] = {
        "id": "raport",
        "title": "Raport końcowy",
        "path": "raport.pdf",
        "version": "0123456789abcdef",
        "pages": 20,
        "kind": "raport",
        "published": date(2023, 6, 19),
        "authors": ("Jan Kowalski",),
        "publisher": "Fundacja",
        "place": "Warszawa",
    }
    return Source(
        document=Document(**{**given, **known}),
        url=f"{WHOLE}/strony/{page.number}" if page else WHOLE,
        document_url=WHOLE,
        file_url=f"{BASE}/pliki/raport",
        accessed=date(2026, 11, 25),
        page=page,
        edition=edition,
        publisher=site,
        quote=quote,
    )
