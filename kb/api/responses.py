"""Result objects → the JSON contract: the same objects from which the pages are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, cast

from kb.addresses import (
    document_url,
    edition_url,
    file_url,
    marked_url,
    page_url,
    place_url,
    search_url,
    short_version,
    topic_url,
    version_address,
    version_file_url,
)
from kb.api.contract import (
    ContentsEntry,
    DocumentEntry,
    DocumentResponse,
    DocumentsResponse,
    EditionEntry,
    EditionsResponse,
    FacetCount,
    Figure,
    FoundAnswer,
    FoundDocument,
    FoundPage,
    HeadingEntry,
    LooserSearch,
    PageResponse,
    QueryRead,
    QuotePage,
    QuotePassage,
    QuotePiece,
    QuotePlace,
    QuoteResponse,
    SearchResponse,
    SuggestionEntry,
    SuggestResponse,
    TextStatus,
    TopicEntry,
    TopicsResponse,
    VersionEntry,
    VersionPageResponse,
    VersionResponse,
    VersionsResponse,
    WordChange,
)
from kb.archive import Version
from kb.citing import Source, cite
from kb.model import Document, Edition, Hit, Page, Results, Suggestion, Topic
from kb.quoting import saying
from kb.quoting.places import Checked, Finding, Passage
from kb.versions import FoundVersion, Went


def search_response(results: Results) -> SearchResponse:
    """The contract of ``GET /api/v1/search``."""
    reading, answer = results.reading, results.answer
    return SearchResponse(
        query=QueryRead(
            text=results.query.text,
            read_as=reading.read_as,
            repaired=[WordChange.model_validate(change) for change in reading.repaired],
            expanded=[WordChange.model_validate(change) for change in reading.expanded],
            dropped=list(reading.dropped),
            loosened=list(reading.loosened),
            absent=list(reading.absent),
        ),
        total=results.total,
        total_pages=results.total_pages,
        page=results.query.page,
        per_page=results.query.per_page,
        # The key is of the first version of the contract; a repaired query is told in ``query``.
        suggestion=None,
        took_ms=results.took_ms,
        hits=[_hit(hit) for hit in results.hits],
        facets={name: [FacetCount.model_validate(v) for v in values] for name, values in results.facets.items()},
        answer=FoundAnswer(
            sentence=answer.sentence,
            document=answer.document.id,
            title=answer.document.title,
            page=FoundPage.model_validate(answer.page),
        )
        if answer
        else None,
        relaxations=[LooserSearch(label=r.label, total=r.total, url=search_url(r.query)) for r in results.relaxations],
        nearest_topics=list(results.nearest_topics),
        by_meaning=results.by_meaning,
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
        ocr=page.ocr,
        confidence=page.confidence,
        previous=page_url(document.id, page.number - 1) if page.number > 1 else None,
        next=page_url(document.id, page.number + 1) if page.number < document.pages else None,
        version=short_version(document.version),
        version_url=version_address(document.id, document.version, page.number),
    )


def versions_response(document: Document, versions: Iterable[Version], removed: datetime | None) -> VersionsResponse:
    """The contract of ``GET /api/v1/documents/{id}/versions``."""
    return VersionsResponse(
        document=document.id,
        title=document.title,
        removed=removed,
        versions=[
            VersionEntry(
                version=short_version(each.document.version),
                url=version_address(document.id, each.document.version),
                file_url=version_file_url(document.id, each.document.version),
                seen=each.seen,
                since=each.since,
                current=removed is None and each.document.version == document.version,
                removed=each.pruned,
            )
            for each in versions
        ],
    )


def version_response(found: FoundVersion, pages: Iterable[Page]) -> VersionResponse:
    """The contract of ``GET /api/v1/documents/{id}/versions/{version}``."""
    document = found.document
    described = _described(document)
    described["url"] = described["version_url"]
    described["file_url"] = version_file_url(document.id, document.version)
    return VersionResponse(
        **described,
        current=found.is_current,
        current_url=document_url(document.id) if found.current else None,
        pages=[
            ContentsEntry(
                **_contents(document, page) | {"url": version_address(document.id, document.version, page.number)}
            )
            for page in pages
        ],
    )


def version_page_response(found: FoundVersion, page: Page, went: Went | None) -> VersionPageResponse:
    """The contract of ``GET /api/v1/documents/{id}/versions/{version}/pages/{n}``."""
    document = found.document
    now = page_response(document, page)
    present = page if found.is_current else went.page if went else None

    def neighbour(number: int) -> str | None:
        if not 1 <= number <= document.pages:
            return None
        return version_address(document.id, document.version, number)

    return VersionPageResponse(
        **now.model_dump()
        | {"url": now.version_url, "previous": neighbour(page.number - 1), "next": neighbour(page.number + 1)},
        current=found.is_current,
        current_url=place_url(document.id, present) if present else None,
    )


def suggest_response(suggestions: Iterable[Suggestion]) -> SuggestResponse:
    """The contract of ``GET /api/v1/suggest``."""
    return SuggestResponse(suggestions=[SuggestionEntry.model_validate(suggestion) for suggestion in suggestions])


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
                url=edition_url(e.slug),
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
                url=topic_url(t.slug),
            )
            for t in topics
        ]
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
        text_status=_text_status(document),
        url=hit.url,
        score=hit.score,
        matching_pages=hit.matching_pages,
        pages=[FoundPage.model_validate(page) for page in hit.pages],
    )


def _text_status(document: Document) -> TextStatus:
    return cast("TextStatus", document.unread.value) if document.unread else "searched"


_TAKEN_OVER = DocumentEntry.model_fields.keys() & {field.name for field in fields(Document)}
"""What a document has under the same name."""


def _described(document: Document) -> dict[str, Any]:
    return {name: getattr(document, name) for name in _TAKEN_OVER} | {
        "media": document.format.media,
        "page_count": document.pages,
        "text_status": _text_status(document),
        "url": document_url(document.id),
        "file_url": file_url(document.id),
        "version": short_version(document.version),
        "version_url": version_address(document.id, document.version),
    }


def _contents(document: Document, page: Page) -> dict[str, Any]:
    return {
        "number": page.number,
        "label": page.label,
        "heading": page.heading,
        "headings": [HeadingEntry.model_validate(heading) for heading in page.headings],
        "anchor": page.anchor,
        "url": page_url(document.id, page.number),
    }


def quote_response(checked: Checked, source_of: Callable[[Document, Page], Source]) -> QuoteResponse:
    """The contract of ``GET /api/v1/quote``."""
    return QuoteResponse(
        quote=checked.quotation.text,
        verdict=saying.verdict(checked),
        message=saying.headline(checked),
        total=checked.total,
        more=checked.more,
        places=[_quote_place(finding, source_of) for finding in checked.findings],
    )


def _quote_place(finding: Finding, source_of: Callable[[Document, Page], Source]) -> QuotePlace:
    document = finding.document
    source = source_of(document, finding.cited)
    return QuotePlace(
        document=document.id,
        title=document.title,
        version=document.version,
        verdict=saying.verdict_of(finding),
        changed_words=finding.changed,
        likeness=round(finding.likeness, 3),
        warnings=list(saying.warnings(finding)),
        passages=[
            QuotePassage(
                pages=_quote_pages(document, passage),
                pieces=[QuotePiece.model_validate(piece) for piece in passage.pieces],
            )
            for passage in finding.passages
        ],
        citation=cite(source, "iso690").text,
        url=source.url,
    )


def _quote_pages(document: Document, passage: Passage) -> list[QuotePage]:
    return [
        QuotePage(number=page.number, label=page.label, url=marked_url(document.id, page.number, words))
        for page, words in passage.on
    ]
