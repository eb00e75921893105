"""The JSON API under ``/api/v1``, and the two addresses that tell a supervisor how the service is."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Request

from kb import addresses
from kb.api.contract import (
    CitationResponse,
    CitationsResponse,
    DocumentResponse,
    DocumentsResponse,
    EditionsResponse,
    ErrorResponse,
    PageResponse,
    QuoteResponse,
    SearchResponse,
    StateResponse,
    SuggestResponse,
    TopicsResponse,
    VersionPageResponse,
    VersionResponse,
    VersionsResponse,
)
from kb.api.responses import (
    document_response,
    documents_response,
    editions_response,
    page_response,
    quote_response,
    search_response,
    suggest_response,
    topics_response,
    version_page_response,
    version_response,
    versions_response,
)
from kb.citing import STYLES, cite, cite_all
from kb.errors import BadRequest, NotFound, Overloaded
from kb.facets import FACETS
from kb.limits import EXPORTED_RECORDS, QUOTE_CHARACTERS, QUOTED_CHARACTERS, RESULTS_A_PAGE, SUGGESTED_FOR_CHARACTERS
from kb.model import Sort
from kb.reading.params import (
    DEFAULT_PER_PAGE,
    SEARCH_PARAMETERS,
    Problem,
    collect,
    read_export,
    read_query,
    refuse,
    whole_number,
)
from kb.site import site_of

_ERRORS: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorResponse, "description": "Nie ma takiego dokumentu lub strony."},
    422: {"model": ErrorResponse, "description": "Błędne parametry; details wymienia wszystkie."},
    503: {"model": ErrorResponse, "description": "Nie ma indeksu."},
}
_GONE: dict[int | str, dict[str, Any]] = {
    410: {"model": ErrorResponse, "description": "Ten dokument lub tę wersję usunięto."}
}
router = APIRouter(tags=["Baza wiedzy"], responses=_ERRORS)
health = APIRouter(tags=["Stan usługi"])

_MOST_SUGGESTIONS = 20
_EXPORT_PARAMETERS = tuple(name for name in SEARCH_PARAMETERS if name not in ("page", "per_page"))
_DESCRIPTIONS = {
    "q": "Szukany tekst, także pusty. Fraza w cudzysłowie: dokładnie te słowa; -słowo: bez tego słowa.",
    **{name: facet.description for name, facet in FACETS.items()},
    "sort": "Kolejność: relevance (domyślnie), newest, oldest.",
    "page": "Strona wyników, od 1.",
    "per_page": f"Liczba dokumentów na stronie, od 1 do {RESULTS_A_PAGE} (domyślnie 10).",
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "sort": {"type": "string", "enum": list(get_args(Sort)), "default": "relevance"},
    "page": {"type": "integer", "minimum": 1, "default": 1},
    "per_page": {"type": "integer", "minimum": 1, "maximum": RESULTS_A_PAGE, "default": DEFAULT_PER_PAGE},
}
"""Of parameters that are no plain texts."""
_EXAMPLES: dict[str, Any] = {
    "q": "wkład własny",
    **{name: [facet.example] for name, facet in FACETS.items() if facet.example},
    "sort": "newest",
    "per_page": 5,
}


def _parameters(*names: str) -> dict[str, Any]:
    """Query parameters for the schema. FastAPI does not read them: ``read_query`` does, and reports all problems at once."""
    described = []
    for name in names:
        kind = _SCHEMAS.get(name, {"type": "string"})
        schema = {"type": "array", "items": kind} if name in FACETS else kind
        described.append(
            {"name": name, "in": "query", "description": _DESCRIPTIONS[name], "schema": schema}
            | ({"example": _EXAMPLES[name]} if name in _EXAMPLES else {})
        )
    return {"parameters": described}


_DocumentId = Annotated[str, Path(description="Identyfikator dokumentu.", examples=["raport-finansowanie-projektow"])]


@router.get(
    addresses.API_SEARCH,
    summary="Szukaj",
    openapi_extra={
        **_parameters(*SEARCH_PARAMETERS),
        "x-example": f"{addresses.API_SEARCH}?q=wkład+własny&kind=raport",
    },
)
def search(request: Request) -> SearchResponse:
    """Dokumenty, które odpowiadają na pytanie, ze stronami, fragmentami i licznikami filtrów."""
    knowledge = site_of(request).knowledge
    query = read_query(request.query_params, knowledge.taxonomy).strict()
    return search_response(knowledge.search(query))


@router.get(
    addresses.API_DOCUMENTS,
    summary="Spis dokumentów",
    openapi_extra={
        **_parameters(*SEARCH_PARAMETERS[1:]),
        "x-example": f"{addresses.API_DOCUMENTS}?edition=cwd-plus&sort=newest",
    },
)
def documents(request: Request) -> DocumentsResponse:
    """Wszystkie dokumenty z opisami, z tymi samymi filtrami co wyszukiwanie."""
    knowledge = site_of(request).knowledge
    query = read_query(request.query_params, knowledge.taxonomy, SEARCH_PARAMETERS[1:]).strict()
    return documents_response(knowledge.search(query))


@router.get(addresses.API_DOCUMENT, summary="Dokument", responses=_GONE)
def document(request: Request, id: _DocumentId) -> DocumentResponse:
    """Opis dokumentu, spis jego stron i dokumenty o podobnej treści."""
    knowledge = site_of(request).knowledge
    _nothing_more(request)
    found = knowledge.document(id)
    return document_response(found, knowledge.pages(id), knowledge.related(id))


@router.get(addresses.API_PAGE, summary="Strona dokumentu", responses=_GONE)
def page(
    request: Request,
    id: _DocumentId,
    number: Annotated[str, Path(description="Numer strony w pliku, od 1.", examples=["1"])],
) -> PageResponse:
    """Tekst jednej strony."""
    knowledge = site_of(request).knowledge
    _nothing_more(request)
    position = _position(number)
    return page_response(knowledge.document(id), knowledge.page(id, position))


_Version = Annotated[str, Path(description="Wersja: początek skrótu SHA-256 pliku, co najmniej 12 cyfr.")]


@router.get(addresses.API_VERSIONS, summary="Wersje dokumentu")
def versions(request: Request, id: _DocumentId) -> VersionsResponse:
    """Wersje dokumentu, obecna pierwsza; także dokumentu, który usunięto z bazy."""
    site = site_of(request)
    _nothing_more(request)
    passed = site.versions.passed(id)
    found = passed.document if passed else site.knowledge.document(id)
    return versions_response(found, site.versions.of(found), passed.removed if passed else None)


@router.get(addresses.API_VERSION, summary="Wersja dokumentu", responses=_GONE)
def version(request: Request, id: _DocumentId, version: _Version) -> VersionResponse:
    """Opis dokumentu w jednej z wersji i spis jej stron."""
    site = site_of(request)
    _nothing_more(request)
    found = site.versions.find(id, version)
    return version_response(found, site.versions.pages(found))


@router.get(addresses.API_VERSION_PAGE, summary="Strona wersji dokumentu", responses=_GONE)
def version_page(
    request: Request,
    id: _DocumentId,
    version: _Version,
    number: Annotated[str, Path(description="Numer strony w pliku, od 1.", examples=["1"])],
) -> VersionPageResponse:
    """Tekst jednej strony w jednej z wersji."""
    site = site_of(request)
    _nothing_more(request)
    position = _position(number)
    found = site.versions.find(id, version)
    page = site.versions.page(found, position)
    return version_page_response(found, page, site.versions.went(found, page))


@router.get(
    addresses.API_CITATION,
    summary="Opis bibliograficzny",
    responses=_GONE,
    openapi_extra={
        "parameters": [
            {
                "name": "page",
                "in": "query",
                "description": "Numer strony w pliku; bez niego cytowany jest cały dokument.",
                "schema": {"type": "integer", "minimum": 1},
            },
            {
                "name": "format",
                "in": "query",
                "description": f"Format: {', '.join(STYLES)} (domyślnie iso690).",
                "schema": {"type": "string", "enum": list(STYLES)},
            },
            {
                "name": "quote",
                "in": "query",
                "description": f"Cytowane zdanie, które ma być przy opisie; najwyżej {QUOTED_CHARACTERS} znaków.",
                "schema": {"type": "string", "maxLength": QUOTED_CHARACTERS},
            },
        ]
    },
)
def citation(request: Request, id: _DocumentId) -> CitationResponse:
    """Gotowy opis dokumentu lub jego strony w jednym z formatów: do przypisu, do tekstu, do programu bibliograficznego."""
    given, problems = collect(request.query_params, ("page", "format", "quote"), texts=("quote",))
    quote = given.get("quote", ("",))[0]
    if len(quote) > QUOTED_CHARACTERS:
        problems.append(Problem("quote", f"quote: wartość może mieć najwyżej {QUOTED_CHARACTERS} znaków."))
    style, number = given.get("format", ("iso690",))[0], given.get("page", ("",))[0]
    if style not in STYLES:
        problems.append(Problem("format", f"format = „{style[:60]}”: możliwe wartości to {', '.join(STYLES)}."))
    if number and whole_number(number) is None:
        problems.append(Problem("page", f"page = „{number[:60]}”: wartość musi być liczbą całkowitą."))
    refuse(problems)
    site = site_of(request)
    found = site.knowledge.document(id)
    source = site.source(request, found, site.page(found, number) if number else None, quote)
    made = cite(source, style)
    return CitationResponse(
        format=style, media_type=made.media_type, citation=made.text, url=source.url, locator=source.locator
    )


@router.get(
    addresses.API_CITATIONS,
    summary="Opisy bibliograficzne wyników",
    openapi_extra={
        "parameters": [
            *_parameters(*_EXPORT_PARAMETERS)["parameters"],
            {
                "name": "format",
                "in": "query",
                "description": f"Format: {', '.join(STYLES)} (domyślnie bibtex).",
                "schema": {"type": "string", "enum": list(STYLES)},
            },
        ],
        "x-example": f"{addresses.API_CITATIONS}?edition=cwd-plus&format=ris",
    },
)
def citations(request: Request) -> CitationsResponse:
    """Opisy wszystkich znalezionych dokumentów w jednym pliku, w kolejności wyników; liczba opisów jest ograniczona."""
    site = site_of(request)
    query, style, problems = read_export(request.query_params, site.knowledge.taxonomy)
    if style not in STYLES:
        problems.append(Problem("format", f"format = „{style[:60]}”: możliwe wartości to {', '.join(STYLES)}."))
    refuse(problems)
    found, total = site.knowledge.found(query, EXPORTED_RECORDS)
    return CitationsResponse(
        format=style,
        media_type=STYLES[style].media_type,
        total=total,
        exported=len(found),
        citations=cite_all((site.source(request, document) for document in found), style),
    )


@router.get(
    addresses.API_QUOTE,
    summary="Sprawdź cytat",
    openapi_extra={
        "parameters": [
            {
                "name": "q",
                "in": "query",
                "description": f"Cytat, najwyżej {QUOTE_CHARACTERS} znaków; „[…]” oznacza opuszczony tekst.",
                "required": True,
                "schema": {"type": "string"},
            }
        ],
        "x-example": f"{addresses.API_QUOTE}?q=wkład+własny+gminy",
    },
)
def quote(request: Request) -> QuoteResponse:
    """Czy cytat stoi w zbiorze dosłownie, z jakimi różnicami albo czy go nie ma – i gdzie, z opisem bibliograficznym."""
    refuse(collect(request.query_params, ("q",), texts=("q",))[1])
    site = site_of(request)
    # As it was sent: where its lines end says where words may be divided.
    checked = site.knowledge.check_quotation(request.query_params.get("q", ""))
    return quote_response(checked, lambda document, page: site.source(request, document, page))


@router.get(
    addresses.API_SUGGEST,
    summary="Podpowiedzi",
    openapi_extra={
        "parameters": [
            {
                "name": "q",
                "in": "query",
                "description": "Początek tego, co jest wpisywane.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "description": f"Ile podpowiedzi, od 1 do {_MOST_SUGGESTIONS} (domyślnie 8).",
                "schema": {"type": "integer", "minimum": 1, "maximum": _MOST_SUGGESTIONS},
            },
        ],
        "x-example": f"{addresses.API_SUGGEST}?q=rewit",
    },
)
def suggest(request: Request) -> SuggestResponse:
    """Tytuły, nagłówki, częste frazy i skróty, które pasują do początku zapytania."""
    given, problems = collect(request.query_params, ("q", "limit"))
    text = given.get("q", ("",))[0]
    if len(text) > SUGGESTED_FOR_CHARACTERS:
        problems.append(Problem("q", f"q: wartość może mieć najwyżej {SUGGESTED_FOR_CHARACTERS} znaków."))
    limit = whole_number(given.get("limit", ("8",))[0])
    if limit is None or not 1 <= limit <= _MOST_SUGGESTIONS:
        problems.append(Problem("limit", f"limit: wartość musi być liczbą od 1 do {_MOST_SUGGESTIONS}."))
    refuse(problems)
    return suggest_response(site_of(request).knowledge.suggest(text, limit or 8) if text else ())


@router.get(addresses.API_EDITIONS, summary="Edycje")
def editions(request: Request) -> EditionsResponse:
    """Edycje programu z opisami, liczbami i liczbą dokumentów."""
    site = site_of(request)
    _nothing_more(request)
    return editions_response(site.knowledge.taxonomy.editions, site.counts("edition"))


@router.get(addresses.API_TOPICS, summary="Tematy")
def topics(request: Request) -> TopicsResponse:
    """Tematy z opisami i liczbą dokumentów."""
    site = site_of(request)
    _nothing_more(request)
    return topics_response(site.knowledge.taxonomy.topics, site.counts("topic"))


@router.get(addresses.API_REST, include_in_schema=False)
def nothing(rest: str) -> None:
    """Any other address under the API."""
    what = f"W API nie ma adresu „{rest[:60]}”." if rest else "Pod tym adresem nic nie ma."
    raise NotFound(f"{what} Opis wszystkich adresów API jest na stronie {addresses.API_GUIDE}.")


@health.get(addresses.ALIVE, summary="Czy usługa działa")
async def healthz() -> StateResponse:
    """Odpowiada zawsze, gdy proces działa."""
    return StateResponse(status="ok")


@health.get(addresses.READY, summary="Czy można szukać", responses={503: _ERRORS[503]})
async def readyz(request: Request) -> StateResponse:
    """Odpowiada „ok”, gdy indeks jest otwarty, a serwer nadąża z odpowiedziami; inaczej 503."""
    site = site_of(request)
    if site.gate.choked:
        raise Overloaded("Serwer nie nadąża z odpowiedziami. Spróbuj ponownie za kilka sekund.")
    documents, pages = await site.pulse.size()
    return StateResponse(status="ok", documents=documents, pages=pages)


def _position(number: str) -> int:
    """The number of a page in an address. Raises BadRequest."""
    position = whole_number(number)
    if position is None:
        raise BadRequest("Nie rozumiemy parametrów zapytania.", ["Numer strony musi być liczbą całkowitą."])
    return position


def _nothing_more(request: Request) -> None:
    """Refuse query parameters where none has a meaning."""
    refuse(collect(request.query_params, ())[1])
