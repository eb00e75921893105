"""The addresses of pages: each handler asks the knowledge base, makes a page's context from what it says, and renders that."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import islice
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from kb import addresses, texts
from kb.errors import ArchiveUnavailable, BadRequest, NotFound
from kb.limits import QUOTE_BYTES
from kb.model import EVENT_KIND, NEWS_KIND, Document, Edition, Hit, Page, Results, Topic
from kb.pages import files, robots
from kb.pages.about import about_page
from kb.pages.api_guide import api_guide_page
from kb.pages.base import TEXT_PAGES, ForPrograms, last_page, respond
from kb.pages.document import document_page
from kb.pages.events import TYPE as EVENT_TYPE
from kb.pages.events import event_card, events_page
from kb.pages.follow import follow_page
from kb.pages.glossary import FILTER as GLOSSARY_FILTER
from kb.pages.glossary import glossary_page
from kb.pages.hits import HIT_PARAMETER, LIST_PARAMETER
from kb.pages.news import news_page
from kb.pages.picture import page_map
from kb.pages.quote import quote_form, quote_page
from kb.pages.results import results_page
from kb.pages.section import USUAL_VIEW, VIEW, VIEWS, printed_page, section_page, together
from kb.pages.start import start_page
from kb.pages.taxonomy import entry_page, taxonomy_page, with_text
from kb.pages.texts import shown, text_page
from kb.pages.versions import changed_on, dates, version_links, version_page, version_section_page
from kb.pages.view import DocumentView
from kb.pictures import token as picture_token
from kb.reading.params import read_query, whole_number
from kb.reading.query import cut, make_query
from kb.search import KnowledgeBase
from kb.site import Site, site_of

router = APIRouter(include_in_schema=False, default_response_class=Response)

_LATEST = 5
_MOST_LISTED = 200
_MOST_LINKED = 20
_LONGEST_NUMBER = 20
_YEAR = 365 * 24 * 3600


@router.get(addresses.START)
def start(request: Request) -> Response:
    """The start page."""
    site = site_of(request)
    knowledge = site.knowledge
    newest = _listed(knowledge, {}, _LATEST)
    page = start_page(
        replace(newest, hits=_latest(site) or newest.hits),
        knowledge.taxonomy,
        knowledge.state.size,
        site.events.all(),
        site.today(),
    )
    return respond(request, replace(page, for_programs=ForPrograms(linked_data=robots.website(site.base_url(request)))))


def _latest(site: Site) -> tuple[Hit, ...]:
    """The documents that came or changed last, whatever their date; none where the ledger does not know."""
    with contextlib.suppress(ArchiveUnavailable):
        # The first of them will do: the engine looks at each that it is given.
        latest = tuple(islice(site.directory.latest(), _LATEST))
        hits, _ = site.knowledge.in_order(make_query("", per_page=_LATEST), latest)
        return hits
    return ()


@router.get(addresses.SEARCH)
def search(request: Request) -> Response:
    """Results of a search; without words, all documents, newest first."""
    knowledge = site_of(request).knowledge
    query, notices = read_query(request.query_params, knowledge.taxonomy).lenient()
    results = knowledge.search(query)
    if query.page > last_page(results):
        return RedirectResponse(addresses.search_url(replace(query, page=last_page(results))), 302)
    return respond(request, results_page(results, knowledge.taxonomy, notices))


@router.get(addresses.FOLLOW)
def follow(request: Request) -> Response:
    """How to follow what is new."""
    site = site_of(request)
    oai = site.base_url(request) + addresses.OAI if site.is_harvested else ""
    return respond(request, follow_page(site.knowledge.taxonomy, oai))


@router.get(addresses.DOCUMENT)
def document(request: Request, id: str) -> Response:
    """A document's own page; that of an edition's own text is the page of the edition."""
    site = site_of(request)
    knowledge = site.knowledge
    found = knowledge.document(id)
    for entry in knowledge.taxonomy.editions:
        if entry.document == found.id:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(addresses.edition_url(entry.slug) + query, 302)
    shown = whole_number(request.query_params.get(LIST_PARAMETER, "")) or 1
    page = document_page(_view(request, found), tuple(knowledge.pages(id)), knowledge.related(id), max(1, shown))
    versions = site.versions.of(found)
    event = event_card(found, knowledge.taxonomy, site.today()) if found.kind == EVENT_KIND else None
    page = replace(
        page,
        facts=(*page.facts, *dates(found, versions)),
        changed=changed_on(found, versions),
        versions=version_links(found, versions),
        event=event,
    )
    return respond(request, page)


@router.get(addresses.PAGES)
def go_to_page(request: Request, id: str) -> Response:
    """The page whose printed number, or else position, was typed into the form."""
    knowledge = site_of(request).knowledge
    found = knowledge.document(id)
    typed = request.query_params.get("nr", "")
    position = knowledge.position(id, typed) or whole_number(typed)
    if position is None or not 1 <= position <= found.pages:
        raise NotFound(
            f"Ten dokument nie ma strony „{typed[:_LONGEST_NUMBER]}”. Ma strony od 1 do {found.pages}, licząc od początku pliku."
        )
    return _to_page(request, found, position)


@router.get(addresses.PAGE)
def section(request: Request, id: str, number: str) -> Response:
    """One page of a document; by its printed number, where that is no position, a way to it."""
    site = site_of(request)
    found = site.knowledge.document(id)
    if whole_number(number) is None and found.format.has_pages:
        position = site.knowledge.position(id, number)
        if position:
            return _to_page(request, found, position)
    page = site.page(found, number)
    view = _view(request, found, page)
    if not found.format.has_pages:
        group, position_text = together(site.knowledge.pages(id), page.number, found.pages)
        return respond(request, section_page(view, page, group, position_text))
    chosen = request.query_params.get(VIEW, "")
    mode = next((each for each in (chosen, request.cookies.get(VIEW, "")) if each in VIEWS), USUAL_VIEW)
    found_map = page_map(site, found, page) if mode != "tekst" else None
    hit = max(0, whole_number(request.query_params.get(HIT_PARAMETER, "")) or 0)
    token = picture_token(found.version, ocr=page.ocr)
    answer = respond(request, printed_page(view, page, mode, found_map, token, hit))
    answer.headers["Vary"] = "Cookie"
    if chosen in VIEWS:
        # The choice holds for all documents, for a year; it says nothing of the reader.
        answer.set_cookie(VIEW, chosen, max_age=_YEAR, path=addresses.DOCUMENTS, httponly=True, samesite="lax")
    return answer


@router.get(addresses.VERSION)
def version(request: Request, id: str, version: str) -> Response:
    """One version of a document."""
    found = site_of(request).versions.find(id, version)
    return respond(request, version_page(request, found))


@router.get(addresses.VERSION_PAGE)
def version_section(request: Request, id: str, version: str, number: str) -> Response:
    """One page of a version."""
    versions = site_of(request).versions
    found = versions.find(id, version)
    page = versions.page(found, whole_number(number) or 0)
    count = found.document.pages
    return respond(request, version_section_page(request, found, page, count))


@router.get(addresses.NEWS)
def news(request: Request) -> Response:
    """News, newest first."""
    knowledge = site_of(request).knowledge
    query, notices = read_query(request.query_params, knowledge.taxonomy, ("year", "page")).lenient()
    results = knowledge.search(replace(query, filters={**query.filters, "kind": (NEWS_KIND,)}, sort="newest"))
    if query.page > last_page(results):
        last = replace(query, page=last_page(results), sort="relevance")
        return RedirectResponse(addresses.search_url(last, addresses.NEWS), 302)
    return respond(request, news_page(results, knowledge.taxonomy, notices))


@router.get(addresses.EVENTS)
def events(request: Request) -> Response:
    """Events: those to come, then those that have been, the latest first."""
    site = site_of(request)
    taxonomy = site.knowledge.taxonomy
    query, notices = read_query(request.query_params, taxonomy, ("year", "page")).lenient()
    typed = request.query_params.get(EVENT_TYPE, "")
    chosen = typed if typed in taxonomy.labels("event_type") else ""
    if typed and not chosen:
        notices = (*notices, "Nie ma takiego rodzaju wydarzeń. Poniżej są wszystkie.")
    return respond(request, events_page(site.events.all(), taxonomy, query, chosen, site.today(), notices))


@router.get(addresses.EDITIONS)
def editions(request: Request) -> Response:
    """All editions of the programme."""
    site = site_of(request)
    entries = site.knowledge.taxonomy.editions
    return respond(request, taxonomy_page("Edycje programu", addresses.EDITIONS, entries, site.counts("edition")))


@router.get(addresses.TOPICS)
def topics(request: Request) -> Response:
    """All topics."""
    site = site_of(request)
    entries = site.knowledge.taxonomy.topics
    return respond(request, taxonomy_page("Tematy", addresses.TOPICS, entries, site.counts("topic")))


@router.get(addresses.EDITION)
def edition(request: Request, slug: str) -> Response:
    """An edition with its documents."""
    for entry in site_of(request).knowledge.taxonomy.editions:
        if entry.slug == slug:
            return _entry(request, entry, "edition")
    raise NotFound("Nie ma takiej edycji. Pełny spis jest na stronie „Edycje”.")


@router.get(addresses.TOPIC)
def topic(request: Request, slug: str) -> Response:
    """A topic with its documents."""
    for entry in site_of(request).knowledge.taxonomy.topics:
        if entry.slug == slug:
            return _entry(request, entry, "topic")
    raise NotFound("Nie ma takiego tematu. Pełny spis jest na stronie „Tematy”.")


@router.get(addresses.GLOSSARY)
def glossary(request: Request) -> Response:
    """Abbreviations that the search knows."""
    wanted = cut(request.query_params.get(GLOSSARY_FILTER, "")).strip()
    return respond(request, glossary_page(site_of(request).knowledge.synonyms.abbreviations, wanted))


@router.get(addresses.ABOUT)
def about(request: Request) -> Response:
    """What this is and how to search it."""
    site = site_of(request)
    said = site.texts.get(texts.COLLECTION)
    collection = shown(site, said, addresses.ABOUT) if said else Markup()
    return respond(request, about_page(site.knowledge.state.size, collection))


@router.get(addresses.PROGRAMME)
@router.get(addresses.ACCESSIBILITY)
@router.get(addresses.PRIVACY)
@router.get(addresses.CONTACT)
def text(request: Request) -> Response:
    """A page that editors write."""
    here = request.scope["path"]
    return respond(request, text_page(request, next(name for name, (url, _) in TEXT_PAGES.items() if url == here)))


@router.get(addresses.QUOTE)
def quote(request: Request) -> Response:
    """What became of a quotation; the form alone where there is none."""
    text = request.query_params.get("q", "")
    if not text.strip():
        return respond(request, quote_form())
    site = site_of(request)
    checked = site.knowledge.check_quotation(text)
    return respond(request, quote_page(text, checked, lambda document, page: site.source(request, document, page)))


@router.post(addresses.QUOTE)
async def posted_quote(request: Request) -> Response:
    """To the address of what became of it: a form may be posted with more than fits into one, which is told then."""
    pairs = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    address = addresses.quote_url(next((value for name, value in pairs if name == "q"), ""))
    if len(address) > QUOTE_BYTES:
        raise BadRequest("Ten cytat jest zbyt długi.", ["Sprawdź go w krótszych częściach, najlepiej po kilka zdań."])
    return RedirectResponse(address, 303)


@router.get(addresses.API_GUIDE)
def api_guide(request: Request) -> Response:
    """The API for people who write programs."""
    return respond(request, api_guide_page(request.app.openapi()))


def _listed(knowledge: KnowledgeBase, filters: dict[str, tuple[str, ...]], limit: int) -> Results:
    return knowledge.search(make_query("", filters, sort="newest", per_page=limit))


def _entry(request: Request, entry: Edition | Topic, facet: str) -> Response:
    knowledge = site_of(request).knowledge
    results = _listed(knowledge, {facet: (entry.slug,)}, _MOST_LISTED)
    base_url = site_of(request).base_url(request)
    own = _own_text(knowledge, entry)
    if own is not None:
        results = replace(results, hits=tuple(hit for hit in results.hits if hit.document.id != own.id))
    page = entry_page(entry, results, knowledge.taxonomy)
    documents = [hit.document for hit in results.hits[:_MOST_LINKED]]
    data = robots.collection(page.title, page.description, page.canonical, documents, base_url)
    page = replace(page, for_programs=ForPrograms(linked_data=data))
    if own is None:
        return respond(request, page)
    # Its related documents and versions are not asked for: nothing of them is shown here.
    return respond(request, with_text(page, document_page(_view(request, own), tuple(knowledge.pages(own.id)), ())))


def _own_text(knowledge: KnowledgeBase, entry: Edition | Topic) -> Document | None:
    """The document that tells of an edition, where editors have named one that is there."""
    if isinstance(entry, Edition) and entry.document:
        with contextlib.suppress(NotFound):
            return knowledge.document(entry.document)
    return None


def _view(request: Request, document: Document, page: Page | None = None) -> DocumentView:
    site = site_of(request)
    knowledge = site.knowledge
    search = read_query(request.query_params, knowledge.taxonomy).query
    highlighter = knowledge.highlighter(search) if search.clauses else None
    return DocumentView(
        document=document,
        taxonomy=knowledge.taxonomy,
        source=site.source(request, document, page),
        base_url=site.base_url(request),
        search=search,
        highlighter=highlighter,
        hits=knowledge.hits(search, document.id, highlighter) if highlighter else (),
        file_bytes=files.size_of(site, document),
        url_of_file=site.directory.url_of_file,
    )


def _to_page(request: Request, document: Document, position: int) -> Response:
    """A redirection to a page, the search carried along."""
    search = read_query(request.query_params, site_of(request).knowledge.taxonomy).query
    return RedirectResponse(addresses.with_search(addresses.page_url(document.id, position), search), 302)
