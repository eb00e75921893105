"""Where everything is on the site: the one place that knows an address."""

from __future__ import annotations

from urllib.parse import quote


def document_url(document: str) -> str:
    """Path of a document's own page."""
    return f"/dokumenty/{quote(document)}"


def page_url(document: str, number: int) -> str:
    """Path of one page of a document: a link to cite, so it never carries a query."""
    return f"{document_url(document)}/strony/{number}"
