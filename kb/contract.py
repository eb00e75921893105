"""The JSON contract: what ``/api/v1`` and ``kb search --json`` answer, made from the same result objects as the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from kb.model import Change, Document, Edition, FacetValue, Hit, Page, PageHit, Results, Suggestion, Topic
from kb.params import search_url
from kb.search import document_url, page_url


class WordChange(BaseModel):
    """Słowo, które wyszukiwarka odczytała inaczej, niż je wpisano."""

    before: str = Field(serialization_alias="from", examples=["zrodla"])
    after: str = Field(serialization_alias="to", examples=["źródła"])
    undo: str = Field(
        description="Zapytanie, w którym słowo jest wzięte dosłownie.", examples=["„zrodla” dofinansowania"]
    )


class QueryRead(BaseModel):
    """Zapytanie: co wpisano i jak zostało odczytane."""

    text: str = Field(examples=["zrodla dofinansowania zit"])
    read_as: str = Field(examples=["źródła dofinansowania zit"])
    repaired: list[WordChange] = Field(description="Poprawione słowa.")
    expanded: list[WordChange] = Field(description="Skróty i synonimy, których szukano obok wpisanych słów.")
    dropped: list[str] = Field(description="Słowa pominięte, bo same nic nie znaczą.", examples=[["w", "na"]])


class FoundPage(BaseModel):
    """Strona (w PDF) albo część (w Markdownie), na której coś znaleziono."""

    number: int = Field(description="Kolejny numer strony w pliku, od 1.", examples=[17])
    label: str | None = Field(description="Numer wydrukowany na stronie.", examples=["15"])
    heading: str = Field(description="Nagłówek, pod którym leży strona.", examples=["3.2 Wkład własny"])
    url: str = Field(examples=["/dokumenty/raport-finansowanie-projektow/strony/17"])
    score: float = Field(examples=[11.2])
    snippet: str = Field(
        description="Bezpieczny HTML z jednym tylko znacznikiem: mark.", examples=["… <mark>wkład</mark> …"]
    )


class FoundDocument(BaseModel):
    """Znaleziony dokument ze swoimi najlepszymi stronami."""

    id: str = Field(examples=["raport-finansowanie-projektow"])
    title: str
    kind: str | None = Field(examples=["raport"])
    edition: str | None = Field(examples=["cwd-plus"])
    topics: list[str] = Field(examples=[["finanse", "partnerstwa"]])
    published: date | None
    url: str
    score: float
    matching_pages: int = Field(description="Ile stron dokumentu pasuje do zapytania.")
    pages: list[FoundPage] = Field(description="Najwyżej trzy najlepsze strony.")


class FacetCount(BaseModel):
    """Wartość filtra i liczba dokumentów, które zostaną po jej wybraniu."""

    value: str = Field(examples=["cwd-plus"])
    label: str = Field(examples=["CWD Plus"])
    count: int = Field(examples=[7])
    selected: bool


class FoundAnswer(BaseModel):
    """Zdanie, które odpowiada na pytanie."""

    sentence: str
    document: str
    title: str
    page: FoundPage


class LooserSearch(BaseModel):
    """Luźniejsze wyszukiwanie, gdy nic nie znaleziono."""

    label: str
    total: int
    url: str


class SearchResponse(BaseModel):
    """Jedna strona wyników."""

    query: QueryRead
    total: int = Field(description="Liczba znalezionych dokumentów.", examples=[12])
    total_pages: int = Field(description="Liczba pasujących stron we wszystkich dokumentach.", examples=[31])
    page: int
    per_page: int
    suggestion: str | None
    took_ms: float
    hits: list[FoundDocument]
    facets: dict[str, list[FacetCount]]
    answer: FoundAnswer | None = None
    relaxations: list[LooserSearch] = []
    nearest_topics: list[str] = []


class DocumentEntry(BaseModel):
    """Opis dokumentu."""

    id: str
    title: str
    kind: str | None
    edition: str | None
    topics: list[str]
    published: date | None
    authors: list[str]
    publisher: str
    description: str
    language: str
    source_url: str
    licence: str
    media: Literal["pdf", "markdown"]
    page_count: int
    url: str
    file_url: str = Field(description="Adres oryginalnego pliku.")


class DocumentsResponse(BaseModel):
    """Strona spisu dokumentów."""

    total: int
    page: int
    per_page: int
    documents: list[DocumentEntry]


class ContentsEntry(BaseModel):
    """Pozycja spisu stron dokumentu."""

    number: int
    label: str | None
    heading: str
    anchor: str | None
    url: str


class DocumentResponse(DocumentEntry):
    """Opis dokumentu i spis jego stron."""

    pages: list[ContentsEntry]
    related: list[str] = Field(description="Identyfikatory dokumentów o podobnej treści.")


class PageResponse(ContentsEntry):
    """Strona dokumentu z tekstem."""

    document: str
    title: str
    text: str
    html: str = Field(description="Bezpieczny HTML części dokumentu Markdown; dla PDF pusty.")
    previous: str | None = Field(description="Adres poprzedniej strony.")
    next: str | None = Field(description="Adres następnej strony.")


class CitationResponse(BaseModel):
    """Opis bibliograficzny w jednym z formatów."""

    format: str = Field(examples=["iso690"])
    media_type: str = Field(examples=["text/plain"])
    citation: str
    url: str = Field(description="Trwały adres cytowanego miejsca.")


class SuggestionEntry(BaseModel):
    """Podpowiedź do tego, co jest wpisywane."""

    text: str
    kind: Literal["title", "heading", "phrase", "abbreviation"]
    detail: str
    url: str | None


class SuggestResponse(BaseModel):
    """Podpowiedzi, najlepsze pierwsze."""

    suggestions: list[SuggestionEntry]


class Figure(BaseModel):
    """Liczba z opisu edycji."""

    value: str = Field(examples=["76"])
    label: str = Field(examples=["partnerstw"])


class EditionEntry(BaseModel):
    """Edycja programu."""

    slug: str
    name: str
    start: str = Field(serialization_alias="from", examples=["2022-05"])
    end: str = Field(serialization_alias="to", examples=["2022-03", ""])
    description: str
    figures: list[Figure]
    documents: int
    url: str


class EditionsResponse(BaseModel):
    """Edycje w kolejności chronologicznej."""

    editions: list[EditionEntry]


class TopicEntry(BaseModel):
    """Temat."""

    slug: str
    name: str
    description: str
    documents: int
    url: str


class TopicsResponse(BaseModel):
    """Tematy."""

    topics: list[TopicEntry]


class ErrorBody(BaseModel):
    """Co się nie udało."""

    code: str = Field(examples=["bad_request"])
    message: str
    details: list[str] = Field(description="Wszystkie znalezione problemy.")


class ErrorResponse(BaseModel):
    """Błąd: jeden kształt w całym API."""

    error: ErrorBody


class StateResponse(BaseModel):
    """Stan usługi."""

    status: Literal["ok"]
    documents: int | None = None
    pages: int | None = None


def search_response(results: Results) -> SearchResponse:
    """The contract of ``GET /api/v1/search``."""
    reading, answer = results.reading, results.answer
    return SearchResponse(
        query=QueryRead(
            text=results.query.text,
            read_as=reading.read_as,
            repaired=_changes(reading.repaired),
            expanded=_changes(reading.expanded),
            dropped=list(reading.dropped),
        ),
        total=results.total,
        total_pages=results.total_pages,
        page=results.query.page,
        per_page=results.query.per_page,
        suggestion=results.suggestion,
        took_ms=results.took_ms,
        hits=[_hit(hit) for hit in results.hits],
        facets=_facets(results.facets),
        answer=FoundAnswer(
            sentence=answer.sentence, document=answer.document.id, title=answer.document.title, page=_page(answer.page)
        )
        if answer
        else None,
        relaxations=[LooserSearch(label=r.label, total=r.total, url=search_url(r.query)) for r in results.relaxations],
        nearest_topics=list(results.nearest_topics),
    )


def documents_response(results: Results) -> DocumentsResponse:
    """The contract of ``GET /api/v1/documents``, from a search without words."""
    return DocumentsResponse(
        total=results.total,
        page=results.query.page,
        per_page=results.query.per_page,
        documents=[DocumentEntry(**_described(hit.document)) for hit in results.hits],
    )


def document_response(document: Document, pages: Iterable[Page], related: Iterable[Document]) -> DocumentResponse:
    """The contract of ``GET /api/v1/documents/{id}``."""
    return DocumentResponse(
        **_described(document),
        pages=[ContentsEntry(**_contents(document, page)) for page in pages],
        related=[other.id for other in related],
    )


def page_response(document: Document, page: Page) -> PageResponse:
    """The contract of ``GET /api/v1/documents/{id}/pages/{n}``."""
    return PageResponse(
        **_contents(document, page),
        document=document.id,
        title=document.title,
        text=page.text,
        html=page.html,
        previous=page_url(document.id, page.number - 1) if page.number > 1 else None,
        next=page_url(document.id, page.number + 1) if page.number < document.pages else None,
    )


def suggest_response(suggestions: Iterable[Suggestion]) -> SuggestResponse:
    """The contract of ``GET /api/v1/suggest``."""
    return SuggestResponse(
        suggestions=[SuggestionEntry(text=s.text, kind=s.kind, detail=s.detail, url=s.url) for s in suggestions]
    )


def editions_response(editions: Iterable[Edition], counts: Mapping[str, int]) -> EditionsResponse:
    """The contract of ``GET /api/v1/editions``; ``counts`` are documents by slug."""
    return EditionsResponse(
        editions=[
            EditionEntry(
                slug=e.slug,
                name=e.name,
                start=e.start,
                end=e.end,
                description=e.description,
                figures=[Figure(value=value, label=label) for value, label in e.figures],
                documents=counts.get(e.slug, 0),
                url=f"/edycje/{e.slug}",
            )
            for e in editions
        ]
    )


def topics_response(topics: Iterable[Topic], counts: Mapping[str, int]) -> TopicsResponse:
    """The contract of ``GET /api/v1/topics``; ``counts`` are documents by slug."""
    return TopicsResponse(
        topics=[
            TopicEntry(
                slug=t.slug,
                name=t.name,
                description=t.description,
                documents=counts.get(t.slug, 0),
                url=f"/tematy/{t.slug}",
            )
            for t in topics
        ]
    )


def _changes(changes: Iterable[Change]) -> list[WordChange]:
    return [WordChange(before=c.before, after=c.after, undo=c.undo) for c in changes]


def _page(page: PageHit) -> FoundPage:
    return FoundPage(
        number=page.number,
        label=page.label,
        heading=page.heading,
        url=page.url,
        score=page.score,
        snippet=page.snippet,
    )


def _hit(hit: Hit) -> FoundDocument:
    document = hit.document
    return FoundDocument(
        id=document.id,
        title=document.title,
        kind=document.kind,
        edition=document.edition,
        topics=list(document.topics),
        published=document.published,
        url=hit.url,
        score=hit.score,
        matching_pages=hit.matching_pages,
        pages=[_page(page) for page in hit.pages],
    )


def _facets(facets: Mapping[str, tuple[FacetValue, ...]]) -> dict[str, list[FacetCount]]:
    return {
        name: [FacetCount(value=v.value, label=v.label, count=v.count, selected=v.selected) for v in values]
        for name, values in facets.items()
    }


def _described(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        "kind": document.kind,
        "edition": document.edition,
        "topics": list(document.topics),
        "published": document.published,
        "authors": list(document.authors),
        "publisher": document.publisher,
        "description": document.description,
        "language": document.language,
        "source_url": document.source_url,
        "licence": document.licence,
        "media": document.media,
        "page_count": document.pages,
        "url": document_url(document.id),
        "file_url": f"/pliki/{document.id}",
    }


def _contents(document: Document, page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "label": page.label,
        "heading": page.heading,
        "anchor": page.anchor,
        "url": page_url(document.id, page.number),
    }
