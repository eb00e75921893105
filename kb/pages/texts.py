"""Pages that editors write: the programme, accessibility, privacy, contact. Each is there as long as its text is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup
from starlette.requests import Request

from kb import texts
from kb.errors import NotFound
from kb.model import Partner
from kb.pages.base import TEXT_PAGES, BasePage
from kb.pages.markup import rendered, site_links
from kb.site import Site, site_of
from kb.texts import Declaration, SiteText


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPage(BasePage):
    """``/o-programie``, ``/prywatnosc``, ``/kontakt``."""

    template: ClassVar[str] = "text.html"
    heading: str
    text: Markup
    partners: tuple[Partner, ...] = ()
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarationPage(BasePage):
    """``/deklaracja-dostepnosci``; ``email`` is "" where nobody is there to be written to."""

    template: ClassVar[str] = "declaration.html"
    heading: str
    text: Markup
    said: Declaration
    url: str
    email: str


def text_page(request: Request, name: str) -> BasePage:
    """One of the pages. Raises NotFound where nobody has written it."""
    site = site_of(request)
    url, title = TEXT_PAGES[name]
    found = site.texts.get(name)
    contact = site.settings.contact
    if found is None:
        if name != texts.CONTACT or not contact:
            raise NotFound("Tej strony jeszcze nie ma.")
        return TextPage(title=title, canonical=url, heading=title, text=Markup(), email=contact)
    heading = found.title or title
    if found.declaration:
        return DeclarationPage(
            title=heading,
            canonical=url,
            description=found.description,
            heading=heading,
            text=shown(site, found, url),
            said=found.declaration,
            url=f"{site.base_url(request)}/",
            email=found.declaration.email or contact,
        )
    return TextPage(
        title=heading,
        canonical=url,
        description=found.description,
        heading=heading,
        text=shown(site, found, url),
        partners=site.knowledge.taxonomy.partners if name == texts.PROGRAMME else (),
        email=contact if name == texts.CONTACT else "",
    )


def shown(site: Site, text: SiteText, url: str) -> Markup:
    """A text as HTML, its links to files of the collection as links to their pages."""
    return rendered(text.html, site_links(text.path, site.directory.url_of_file, url, text.html))
