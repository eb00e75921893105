"""Pictures of pages as responses: no search waits while they are drawn; a placeholder where a page cannot be."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from kb.errors import NotFound, Overloaded
from kb.model import Document, Page, PageMap
from kb.pages import files
from kb.pictures import WIDTHS, PrintedPage
from kb.site import Site

_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOT_FOR_LONG = {"Cache-Control": "no-cache"}
# Presentation attributes alone: the site's policy allows no styles in a file.
_PLACEHOLDER = """\
<svg xmlns="http://www.w3.org/2000/svg" width="800" height="1131" viewBox="0 0 800 1131" font-family="sans-serif" font-size="30"
 text-anchor="middle" fill="#51606a"><rect width="800" height="1131" fill="#f2f6f6"/>
<text x="400" y="{first}">{said}</text><text x="400" y="{second}">{instead}</text></svg>
"""
_FAILED = ("Nie udało się pokazać tej strony jako obrazu.", "Otwórz plik PDF.")
_BUSY = ("Serwer rysuje teraz zbyt wiele stron naraz.", "Odśwież stronę za kilka sekund.")


def printed(site: Site, document: Document, page: Page) -> PrintedPage:
    """A page of an indexed document, for drawing. Raises NotFound where its file is gone."""
    path = files.original(site, document)
    return PrintedPage(file=path, version=document.version, number=page.number, ocr=page.ocr)


def page_map(site: Site, document: Document, page: Page) -> PageMap | None:
    """Where the words of a page's text stand on its picture, where that is known soon."""
    try:
        return site.pictures.map(printed(site, document, page), page.text)
    except NotFound:
        return None


async def picture_response(request: Request, site: Site, id: str, token: str, number: int, width: int) -> Response:
    """The picture of a page. Raises NotFound where there is no such page, or it has another picture now."""
    tag = f'"{token}-{number}-{width}"'

    def look_up() -> tuple[PrintedPage, bytes | None]:
        document = site.knowledge.document(id)
        page = site.knowledge.page(id, number)
        if not document.format.has_pages or width not in WIDTHS:
            raise NotFound("Pod tym adresem nie ma obrazu strony.")
        found = printed(site, document, page)
        if found.token != token:
            raise NotFound("Dokument się zmienił: obraz tej strony jest pod innym adresem. Odśwież stronę.")
        return found, site.pictures.kept_picture(found, width)

    try:
        page, made = await asyncio.wrap_future(site.pictures.look_up(look_up))
        if made is None:
            made = await asyncio.wrap_future(site.pictures.picture(page, width))
    except Overloaded as error:
        return _placeholder(*_BUSY, 503, {"Retry-After": str(error.retry_after)})
    if not made:
        return _placeholder(*_FAILED, 200, {})
    headers = {**_FOR_GOOD, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(made, media_type="image/jpeg", headers=headers)


def _placeholder(said: str, instead: str, status: int, headers: dict[str, str]) -> Response:
    content = _PLACEHOLDER.format(said=said, instead=instead, first=540, second=590)
    return Response(content, status, media_type="image/svg+xml", headers={**_NOT_FOR_LONG, **headers})
