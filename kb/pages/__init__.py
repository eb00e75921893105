"""The site's pages: each handler asks the knowledge base, makes a page's context from what it says, and renders that."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from kb.addresses import document_url, page_url
from kb.citation import Source, cite
from kb.errors import NotFound
from kb.model import Document, Edition, Query, Results, Topic
from kb.pages import feeds, files
from kb.pages.document import Shown, document_page, page_page
from kb.pages.layout import respond
from kb.pages.lists import (
    about_page,
    api_page,
    entry_page,
    glossary_page,
    list_page,
    start_page,
    taxonomy_page,
)
from kb.pages.results import results_page
from kb.reading.params import Asked, collect, read_query, refuse, search_url, whole_number
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.site import NAME, Site, site_of

router = APIRouter(include_in_schema=False, default_response_class=Response)

_LATEST_NEWS = 5
_MOST_LISTED = 200
_FEED_LENGTH = 30


@router.get("/")
def start(request: Request) -> Response:
    """The start page."""
    knowledge = site_of(request).knowledge
    news = _listed(knowledge, {"kind": ("aktualnosc",)}, _LATEST_NEWS)
    return respond(request, start_page(_listed(knowledge, {}, 1), news, knowledge.taxonomy, knowledge.state.size))


@router.get("/szukaj")
def search(request: Request) -> Response:
    """Results of a search; without words, all documents, newest first."""
    knowledge = site_of(request).knowledge
    asked = read_query(request.query_params, knowledge.taxonomy)
    query, notices = _lenient(asked)
    typed = request.query_params.get("q", "")
    return respond(request, results_page(knowledge.search(query), knowledge.taxonomy, notices, len(typed.strip())))


@router.get("/szukaj.atom")
def feed(request: Request) -> Response:
    """The newest documents of any search, to be followed."""
    site = site_of(request)
    query, _ = _lenient(read_query(request.query_params, site.knowledge.taxonomy))
    results = site.knowledge.search(replace(query, sort="newest", page=1, per_page=_FEED_LENGTH))
    content = feeds.atom(results, site.base_url(request), site.today())
    return Response(content, media_type="application/atom+xml", headers={"Cache-Control": "public, max-age=600"})


@router.get("/dokumenty/{id}")
def document(request: Request, id: str) -> Response:
    """A document's own page."""
    knowledge = site_of(request).knowledge
    found = knowledge.document(id)
    shown = _shown(request, found, document_url(id))
    return respond(request, document_page(shown, tuple(knowledge.pages(id)), knowledge.related(id)))


@router.get("/dokumenty/{id}/strony/{number}")
def page(request: Request, id: str, number: str) -> Response:
    """One page of a document."""
    knowledge = site_of(request).knowledge
    found = knowledge.document(id)
    position = whole_number(number)
    if position is None:
        raise NotFound(f"Nie ma takiej strony. Ten dokument ma strony od 1 do {found.pages}.")
    one = knowledge.page(id, position)
    url = f"{document_url(id)}#{one.anchor}" if one.anchor else page_url(id, position)
    shown = _shown(request, found, url)
    return respond(request, page_page(replace(shown, source=replace(shown.source, page=one)), one))


@router.get("/cytowania/{id}")
def citation(request: Request, id: str) -> Response:
    """A citation as a file for reference managers: ``format``, and ``page`` for one page."""
    site = site_of(request)
    given, problems = collect(request.query_params, ("page", "format"))
    refuse(problem for problem in problems if problem.known)
    source = citation_source(site, request, id, given.get("page", ("",))[0])
    made = cite(source, given.get("format", ("iso690",))[0])
    ending = {"bibtex": "bib", "ris": "ris", "csl-json": "json"}.get(made.style, "txt")
    name = f"{source.document.id}{f'-{source.page.number}' if source.page else ''}.{ending}"
    return Response(
        made.text,
        media_type=f"{made.media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"},
    )


@router.get("/pliki/{id}")
def original(request: Request, id: str) -> Response:
    """The original file."""
    site = site_of(request)
    found = site.knowledge.document(id)
    return files.send(files.original(site.settings.documents, found), found)


@router.get("/aktualnosci")
def news(request: Request) -> Response:
    """News, newest first."""
    return _list(request, "aktualnosc", "/aktualnosci")


@router.get("/wydarzenia")
def events(request: Request) -> Response:
    """Events, newest first."""
    return _list(request, "wydarzenie", "/wydarzenia")


@router.get("/edycje")
def editions(request: Request) -> Response:
    """All editions of the programme."""
    knowledge = site_of(request).knowledge
    counts = facet_counts(knowledge, "edition")
    return respond(request, taxonomy_page("Edycje programu", "/edycje", knowledge.taxonomy.editions, counts))


@router.get("/tematy")
def topics(request: Request) -> Response:
    """All topics."""
    knowledge = site_of(request).knowledge
    counts = facet_counts(knowledge, "topic")
    return respond(request, taxonomy_page("Tematy", "/tematy", knowledge.taxonomy.topics, counts))


@router.get("/edycje/{slug}")
def edition(request: Request, slug: str) -> Response:
    """An edition with its documents."""
    for entry in site_of(request).knowledge.taxonomy.editions:
        if entry.slug == slug:
            return _entry(request, entry, "edition")
    raise NotFound("Nie ma takiej edycji. Pełny spis jest na stronie „Edycje”.")


@router.get("/tematy/{slug}")
def topic(request: Request, slug: str) -> Response:
    """A topic with its documents."""
    for entry in site_of(request).knowledge.taxonomy.topics:
        if entry.slug == slug:
            return _entry(request, entry, "topic")
    raise NotFound("Nie ma takiego tematu. Pełny spis jest na stronie „Tematy”.")


def _entry(request: Request, entry: Edition | Topic, facet: str) -> Response:
    knowledge = site_of(request).knowledge
    results = _listed(knowledge, {facet: (entry.slug,)}, _MOST_LISTED)
    return respond(request, entry_page(entry, results, knowledge.taxonomy))


@router.get("/slownik")
def glossary(request: Request) -> Response:
    """Abbreviations that the search knows."""
    return respond(request, glossary_page(site_of(request).knowledge.synonyms.abbreviations))


@router.get("/o-bazie")
def about(request: Request) -> Response:
    """What this is and how to search it."""
    return respond(request, about_page(site_of(request).knowledge.state.size))


@router.get("/api")
def api(request: Request) -> Response:
    """The API for people who write programs."""
    return respond(request, api_page(request.app.openapi()))


@router.get("/sitemap.xml")
def sitemap(request: Request) -> Response:
    """Addresses for search engines."""
    site = site_of(request)
    taxonomy = site.knowledge.taxonomy
    paths = ["/", "/aktualnosci", "/wydarzenia", "/edycje", "/tematy", "/slownik", "/o-bazie"]
    paths += [f"/edycje/{entry.slug}" for entry in taxonomy.editions]
    paths += [f"/tematy/{entry.slug}" for entry in taxonomy.topics]
    content = feeds.sitemap(site.knowledge.documents(), paths, site.base_url(request))
    return Response(content, media_type="application/xml", headers={"Cache-Control": "public, max-age=3600"})


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """What robots may read."""
    return Response(feeds.robots(site_of(request).base_url(request)), media_type="text/plain")


def citation_source(site: Site, request: Request, id: str, number: str) -> Source:
    """What is to be cited: a document, or its page of that number ("" for none). Raises NotFound."""
    found = site.knowledge.document(id)
    position = whole_number(number) if number else None
    if number and position is None:
        raise NotFound(f"Nie ma takiej strony. Ten dokument ma strony od 1 do {found.pages}.")
    one = site.knowledge.page(id, position) if position is not None else None
    url = document_url(id)
    if one is not None:
        url = f"{url}#{one.anchor}" if one.anchor else page_url(id, one.number)
    return Source(
        document=found,
        page=one,
        url=site.base_url(request) + url,
        accessed=site.today(),
        edition=site.knowledge.taxonomy.labels("edition").get(found.edition or "", ""),
        publisher=NAME,
    )


def facet_counts(knowledge: KnowledgeBase, facet: str) -> dict[str, int]:
    """Documents of the whole collection by a facet's value."""
    return {value.value: value.count for value in _listed(knowledge, {}, 1).facets[facet]}


def _listed(knowledge: KnowledgeBase, filters: dict[str, tuple[str, ...]], limit: int) -> Results:
    return knowledge.search(make_query("", filters, sort="newest", per_page=limit))


def _list(request: Request, kind: str, path: str) -> Response:
    knowledge = site_of(request).knowledge
    asked = read_query(request.query_params, knowledge.taxonomy, ("year", "page"))
    query, notices = _lenient(asked)
    query = replace(query, filters={**query.filters, "kind": (kind,)}, sort="newest")
    return respond(request, list_page(knowledge.search(query), knowledge.taxonomy, kind, path, notices))


def _lenient(asked: Asked) -> tuple[Query, tuple[str, ...]]:
    """The query, and what to tell the reader about filters that could not be used. A wrong page number is an error.

    Unknown parameters are left alone: links from newsletters carry them.
    """
    refuse(problem for problem in asked.problems if problem.parameter == "page")
    ignored = [problem.message for problem in asked.problems if problem.known]
    return asked.query, tuple(f"Pominięto: {message}" for message in ignored)


def _shown(request: Request, document: Document, url: str) -> Shown:
    site = site_of(request)
    knowledge = site.knowledge
    given, _ = collect(request.query_params, ("q",))
    query = make_query(given.get("q", ("",))[0])
    base = site.base_url(request)
    by_path: dict[str, str] = {}

    def url_by_path(path: str) -> str | None:
        # Few texts link to others, so the list is made when the first link asks for it.
        if not by_path:
            by_path.update((other.path, document_url(other.id)) for other in knowledge.documents())
        return by_path.get(path)

    return Shown(
        document=document,
        taxonomy=knowledge.taxonomy,
        source=Source(
            document=document,
            url=base + url,
            accessed=site.today(),
            edition=knowledge.taxonomy.labels("edition").get(document.edition or "", ""),
            publisher=NAME,
        ),
        base_url=base,
        q=query.text,
        search_url=search_url(query),
        marker=knowledge.highlighter(query).marks if query.clauses else None,
        url_by_path=url_by_path,
    )
