"""The addresses of all that is no page: files, pictures, feeds, calendars, citations, and what robots and browsers look for."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from fastapi import APIRouter, Request, Response

from kb import addresses
from kb.archive import Change
from kb.citing import cite, cite_all, style_named
from kb.citing.tags import WebLink
from kb.errors import ArchiveUnavailable, NotFound
from kb.limits import EXPORTED_RECORDS, FEED_ENTRIES
from kb.model import EVENT_KIND, Document
from kb.pages import feeds, files, robots
from kb.pages.base import written
from kb.pages.calendar import MEDIA_TYPE as CALENDAR_TYPE
from kb.pages.calendar import calendar
from kb.pages.picture import picture_response
from kb.reading.params import collect, read_export, read_query, refuse, whole_number
from kb.site import site_of
from kb.templating import static_url

router = APIRouter(include_in_schema=False, default_response_class=Response)

_FEED_SECONDS = 600


@router.get(addresses.FEED)
def feed(request: Request) -> Response:
    """What was added and changed last of any search, as Atom."""
    content = feeds.atom(_feed(request), static_url("feed.css"))
    # Browsers show the source of a feed, or save it, unless it is called XML; then they show it with its style.
    shown = "text/html" in request.headers.get("accept", "")
    media_type = f"application/{'xml' if shown else 'atom+xml'}; charset=utf-8"
    headers = {**site_of(request).caching(_FEED_SECONDS), "Vary": "Accept"}
    return Response(content, media_type=media_type, headers=headers)


@router.get(addresses.FEED_JSON)
def json_feed(request: Request) -> Response:
    """The same as JSON Feed."""
    content = feeds.json_feed(_feed(request))
    return Response(
        content, media_type="application/feed+json; charset=utf-8", headers=site_of(request).caching(_FEED_SECONDS)
    )


def _feed(request: Request) -> feeds.Feed:
    site = site_of(request)
    knowledge = site.knowledge
    query, _ = read_query(request.query_params, knowledge.taxonomy).lenient()
    query = replace(query, sort="relevance", per_page=FEED_ENTRIES)
    changes = site.directory.latest()
    hits, total = knowledge.in_order(query, tuple(changes))
    midnight = datetime.combine(site.today(), time(), UTC)
    return feeds.make_feed(query, hits, total, changes, knowledge.taxonomy, site.base_url(request), midnight)


@router.get(addresses.PICTURE)
async def picture(request: Request, id: str, token: str, number: int, width: int) -> Response:
    """A page as a picture, which may be kept for good; where it cannot be drawn, what to do instead."""
    return await picture_response(request, site_of(request), id, token, number, width)


@router.get(addresses.CITATION)
def citation(request: Request, id: str) -> Response:
    """A citation as a file for reference managers: ``format``, and ``page`` for one page."""
    site = site_of(request)
    given, problems = collect(request.query_params, ("page", "format"))
    refuse(problem for problem in problems if problem.known)
    found = site.knowledge.document(id)
    page = site.page(found, given["page"][0]) if "page" in given else None
    made = cite(site.source(request, found, page), given.get("format", ("iso690",))[0])
    name = f"{found.id}{f'-{page.number}' if page else ''}"
    described = WebLink(target=site.base_url(request) + addresses.document_url(found.id), rel="describes")
    return _entries(made.text, made.style, name, {"Link": str(described)})


@router.get(addresses.CITATIONS)
def citations(request: Request) -> Response:
    """The entries of everything that a search found, as one file."""
    site = site_of(request)
    query, style, problems = read_export(request.query_params, site.knowledge.taxonomy)
    refuse(problem for problem in problems if problem.parameter == "format" and problem.known)
    style_named(style)
    found, _ = site.knowledge.found(query, EXPORTED_RECORDS)
    text = cite_all((site.source(request, document) for document in found), style)
    return _entries(text, style, "cytowania", {})


def _entries(text: str, style: str, name: str, headers: dict[str, str]) -> Response:
    made = style_named(style)
    file = f'attachment; filename="{name}.{made.ending}"'
    return Response(
        text,
        media_type=f"{made.media_type}; charset=utf-8",
        headers={"Content-Disposition": file, "Cache-Control": "no-cache", **headers},
    )


@router.get(addresses.FILE)
def original(request: Request, id: str) -> Response:
    """The original file."""
    site = site_of(request)
    found = site.knowledge.document(id)
    answer = files.send(files.original(site, found), found)
    collection = WebLink(
        target=site.base_url(request) + addresses.document_url(found.id), rel="collection", type="text/html"
    )
    answer.headers["Link"] = str(collection)
    return answer


@router.get(addresses.VERSION_FILE)
def version_original(request: Request, id: str, version: str) -> Response:
    """The original file of one version."""
    site = site_of(request)
    found = site.versions.find(id, version).document
    path = site.versions.original(found)
    if path is None:
        raise NotFound("Oryginalnego pliku tej wersji nie ma w archiwum; jej tekst nadal można czytać.")
    return files.send(path, found)


@router.get(addresses.CALENDAR)
def events_calendar(request: Request) -> Response:
    """All events as a calendar, to be followed."""
    return _calendar(request, site_of(request).events.all(), "wydarzenia")


@router.get(addresses.EVENT_CALENDAR)
def event_calendar(request: Request, id: str) -> Response:
    """One event as a calendar file."""
    found = site_of(request).knowledge.document(id)
    if found.kind != EVENT_KIND or found.first_day is None:
        raise NotFound("Tego dokumentu nie ma w kalendarzu: nie jest wydarzeniem albo nie podano jego terminu.")
    return _calendar(request, [found], found.id)


def _calendar(request: Request, events: Sequence[Document], name: str) -> Response:
    site = site_of(request)
    text = calendar(events, site.knowledge.taxonomy, site.base_url(request), site.today())
    headers = {"Content-Disposition": f'attachment; filename="{name}.ics"'} | site.caching(600)
    return Response(text, media_type=CALENDAR_TYPE, headers=headers)


@router.get(addresses.SITEMAP)
def sitemap(request: Request) -> Response:
    """Addresses for search engines."""
    return _sitemap(request)


@router.get(addresses.SITEMAP_PART)
def sitemap_part(request: Request, number: str) -> Response:
    """Some of the addresses, where one map cannot hold all."""
    return _sitemap(request, whole_number(number) or 0)


def _sitemap(request: Request, part: int | None = None) -> Response:
    site = site_of(request)
    taxonomy = site.knowledge.taxonomy
    paths = [
        addresses.START,
        addresses.NEWS,
        addresses.EVENTS,
        addresses.EDITIONS,
        addresses.TOPICS,
        addresses.GLOSSARY,
        addresses.QUOTE,
        addresses.ABOUT,
        *(link.url for link in written(site).values()),
        addresses.FOLLOW,
        *(addresses.edition_url(entry.slug) for entry in taxonomy.editions),
        *(addresses.topic_url(entry.slug) for entry in taxonomy.topics),
    ]
    changes: Mapping[str, Change] = {}
    with contextlib.suppress(ArchiveUnavailable):
        changes = site.directory.latest()
    documents = [
        robots.SitemapEntry(addresses.document_url(id), changes[id].changed if id in changes else None)
        for id in site.directory.ids().values()
    ]
    content = robots.sitemap([*map(robots.SitemapEntry, paths), *documents], site.base_url(request), part)
    if content is None:
        raise NotFound("Nie ma takiej części mapy strony.")
    return Response(content, media_type="application/xml; charset=utf-8", headers=site.caching(3600))


@router.get(addresses.ROBOTS)
def robots_txt(request: Request) -> Response:
    """What robots may read."""
    return Response(robots.robots(site_of(request).base_url(request)), media_type="text/plain")


@router.get(addresses.OPENSEARCH)
def opensearch(request: Request) -> Response:
    """The search, for browsers."""
    site = site_of(request)
    content = robots.opensearch(site.base_url(request), static_url("icon.svg"))
    media_type = "application/opensearchdescription+xml; charset=utf-8"
    return Response(content, media_type=media_type, headers=site.caching(86_400))
