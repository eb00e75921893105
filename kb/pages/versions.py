"""Pages of versions: an old one with the way to the present one, and what is left of a document that was removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from markupsafe import Markup
from starlette.requests import Request

from kb import messages
from kb.addresses import document_url, page_url, place_url, version_address, version_file_url
from kb.archive import Passed, Version
from kb.model import Document, Page
from kb.pages.base import BasePage, Card, Link, card, place, search_link
from kb.pages.document import Fact
from kb.pages.markup import CUT, MOST_SHOWN, first_sections, paragraphs, rendered, site_links
from kb.site import Site, site_of
from kb.versions import FoundVersion

_NOTHING = Markup()


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage(BasePage):
    """A version of a document, or a page of one. ``state`` says whether it is the present one; ``newer`` leads there.

    ``went`` says what became of the page, ``went_to`` leads there. ``numbers`` are the version's pages.
    """

    template: ClassVar[str] = "version.html"
    card: Card
    back: Link
    name: str
    state: str
    newer: Link | None
    unread: str
    file: Link | None
    address: str
    text: Markup = _NOTHING
    cut: str = ""
    numbers: tuple[Link, ...] = ()
    went: str = ""
    went_to: Link | None = None
    position: str = ""
    previous: Link | None = None
    next: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedPage(BasePage):
    """What is left of a document: what it was, when it was removed, where its versions are."""

    template: ClassVar[str] = "removed.html"
    card: Card
    removed: str
    successor: Link | None
    versions: tuple[Link, ...]
    search: Link


def version_links(document: Document, versions: Sequence[Version], *, removed: bool = False) -> tuple[Link, ...]:
    """A document's versions, the present one first, each with the day since when it was shown."""
    return tuple(
        Link(
            text=messages.date_of(version.since),
            url=version_address(document.id, version.document.version),
            note=_note(version, document, removed=removed),
        )
        for version in versions
    )


def _note(version: Version, document: Document, *, removed: bool) -> str:
    if version.pruned:
        return f"usunięta {messages.date_of(version.pruned)}"
    return "obecna" if not removed and version.document.version == document.version else ""


def changed_on(document: Document, versions: Sequence[Version]) -> str:
    """„zmieniono 12 maja 2026 r.”; "" for a document that has been as it is from the beginning."""
    last = _last_change(document, versions)
    return f"zmieniono {last}" if last else ""


def dates(document: Document, versions: Sequence[Version]) -> Iterator[Fact]:
    """When a document was made, put here and last changed, as a public bulletin tells it; what nobody knows is left out."""
    if document.published:
        yield Fact(name="Data wytworzenia", text=messages.long_date(document.published))
    if versions:
        yield Fact(name="Udostępniono w bazie", text=messages.date_of(min(version.seen for version in versions)))
    last = _last_change(document, versions)
    if last:
        yield Fact(name="Ostatnia zmiana", text=last)


def _last_change(document: Document, versions: Sequence[Version]) -> str:
    """The day since when a document that has been otherwise is as it is; "" for any other."""
    present = [version for version in versions if version.document.version == document.version]
    return messages.date_of(present[0].since) if present and len(versions) > 1 else ""


def version_page(request: Request, found: FoundVersion) -> VersionPage:
    """``/dokumenty/{id}/wersje/{version}``."""
    site, document = site_of(request), found.document
    pages = site.versions.pages(found)
    has_pages = document.format.has_pages
    shown = () if has_pages else first_sections(pages)
    html = "\n".join(shown)
    return replace(
        _frame(request, found),
        numbers=tuple(_numbers(document, pages)) if has_pages or len(shown) < len(pages) else (),
        text=_rendered(site, document, html),
        cut=CUT if len(html) > MOST_SHOWN else "",
        canonical=document_url(document.id),
    )


def version_section_page(request: Request, found: FoundVersion, page: Page, count: int) -> VersionPage:
    """``/dokumenty/{id}/wersje/{version}/strony/{number}``; ``count`` is how many pages the version has."""
    site, document = site_of(request), found.document
    went = site.versions.went(found, page)
    has_pages = document.format.has_pages
    present = page if found.is_current else went.page if went else None
    at = found.current or document
    words, went_to = _went(found, went.page if went else None, same=bool(went and went.same))
    return replace(
        _frame(request, found, page),
        text=_rendered(site, document, page.html)
        if page.html
        else paragraphs(page.text[:MOST_SHOWN], page.headings, None, page.notes_at),
        cut=CUT if len(page.html or page.text) > MOST_SHOWN else "",
        canonical=page_url(at.id, present.number)
        if has_pages and present and at.format.has_pages
        else document_url(at.id),
        went=words,
        went_to=went_to,
        position=f"{page.number} z {count}",
        previous=_neighbour(document, page.number - 1, count, "Poprzednia"),
        next=_neighbour(document, page.number + 1, count, "Następna"),
    )


def _frame(request: Request, found: FoundVersion, page: Page | None = None) -> VersionPage:
    """What the page of a version and that of one of its pages have in common."""
    site = site_of(request)
    document = found.document
    name = place(document, page) if page else ""
    when = f"wersja z {messages.date_of(found.since)}" if found.since else "obecna wersja"
    number = page.number if page else None
    return VersionPage(
        title=", ".join(part for part in (document.title, name, when) if part),
        description=document.description,
        indexed=found.is_current,
        card=card(document, site.knowledge.taxonomy),
        back=Link(
            text="O dokumencie" if found.current is None else "Obecna wersja dokumentu", url=document_url(document.id)
        )
        if page is None
        else Link(text="Cała ta wersja", url=version_address(document.id, document.version)),
        name=" · ".join(part for part in (name, when[:1].upper() + when[1:]) if part),
        state=_state(found),
        newer=Link(text="Przejdź do obecnej wersji", url=document_url(document.id))
        if found.current and not found.is_current
        else None,
        unread="Treści tej wersji nie udało się odczytać." if document.unread else "",
        file=_file(site, found, number),
        address=site.base_url(request) + version_address(document.id, document.version, number),
    )


def removed_page(request: Request, passed: Passed) -> RemovedPage:
    """The page of a document that has left."""
    site, document = site_of(request), passed.document
    return RemovedPage(
        title=f"{document.title} – usunięty",
        indexed=False,
        card=card(document, site.knowledge.taxonomy),
        removed=messages.date_of(passed.removed),
        successor=Link(text="Ten sam plik jest teraz pod innym adresem", url=document_url(passed.successor))
        if passed.successor
        else None,
        versions=version_links(document, site.versions.of(document), removed=True),
        search=Link(text=f"Szukaj: {messages.quoted(document.title)}", url=search_link(document.title)),
    )


def _state(found: FoundVersion) -> str:
    if found.is_current:
        return "To jest obecna wersja dokumentu. Ten adres będzie do niej prowadził także po zmianie dokumentu."
    if found.current is None:
        when = messages.date_of(found.removed) if found.removed else ""
        return f"Ten dokument usunięto z bazy {when} To jedna z jego zachowanych wersji."
    return "Istnieje nowsza wersja tego dokumentu."


def _went(found: FoundVersion, page: Page | None, *, same: bool) -> tuple[str, Link | None]:
    """What became of a page of an old version."""
    if found.is_current or found.current is None:
        return "", None
    if page is None:
        return "Treści tej strony nie ma już w obecnej wersji.", None
    where = "Ta sama treść jest w obecnej wersji:" if same else "Najbardziej podobna treść jest w obecnej wersji:"
    return where, Link(text=place(found.current, page), url=place_url(found.current.id, page))


def _file(site: Site, found: FoundVersion, page: int | None) -> Link | None:
    document = found.document
    original = site.versions.original(document)
    if original is None:
        return None
    size = messages.file_size(original.stat().st_size)
    return Link(
        text=f"Oryginalny plik tej wersji ({document.format.name}, {size})",
        url=version_file_url(document.id, document.version, page if document.format.has_pages else None),
    )


def _numbers(document: Document, pages: Sequence[Page]) -> Iterator[Link]:
    for page in pages:
        name = page.label or str(page.number)
        if not document.format.has_pages:
            name = place(document, page)
        yield Link(text=name, url=version_address(document.id, document.version, page.number))


def _neighbour(document: Document, number: int, count: int, text: str) -> Link | None:
    if not 1 <= number <= count:
        return None
    return Link(text=text, url=version_address(document.id, document.version, number))


def _rendered(site: Site, document: Document, html: str) -> Markup:
    links = site_links(document.path, site.directory.url_of_file, document_url(document.id), html[:MOST_SHOWN])
    return rendered(html, links, None, MOST_SHOWN)
