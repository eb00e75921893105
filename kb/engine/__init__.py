"""The engine protocol: what a search engine must do for the knowledge base, in the words of the field.

An engine gets **concepts** (what a query asks for) and returns **matches** (which documents and pages, how well). It knows
nothing of what was typed, of snippets or of Polish; whoever calls it knows nothing of its files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from kb.facets import FACETS
from kb.model import Document, Page, Sort

Field = Literal["lemma", "surface"]
MIN_COVERAGE = 0.2
"""A page matches when the concepts on it make up this share of the request's whole idf: all of a short query's rarer words
alone, none of a long question's common ones. Totals and facets count matches, so they stay honest under OR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way a concept may stand in a text: terms at consecutive positions, each position with its alternatives.

    ``steps=(("gmin", "gmina"),)`` is one word with two lemmas; two steps are a phrase, an empty one any word.
    ``weight`` multiplies the score.
    """

    field: Field
    steps: tuple[tuple[str, ...], ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One thing a query asks for: the best of its forms in each field counts, fields add up.

    ``required``: a page without it is no match. ``excluded``: a page with it is no match, and it adds nothing.
    ``bonus``: it adds to the score of pages that match otherwise, and makes no page a match.
    """

    label: str
    forms: tuple[Form, ...]
    required: bool = False
    excluded: bool = False
    bonus: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to find: an OR of concepts, filters (facet → values; OR within one, AND across), order, a slice of documents."""

    concepts: tuple[Concept, ...]
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 10
    pages_per_document: int = 3
    min_coverage: float = MIN_COVERAGE
    facets: tuple[str, ...] = tuple(FACETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMatch:
    """A document that matches: its best pages as (page number, score), best first, and how many of its pages match."""

    id: str
    score: float
    matching_pages: int
    pages: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """A slice of the ranked documents, the totals, and counts of documents per facet value, own filter left out."""

    documents: tuple[DocumentMatch, ...]
    total: int
    total_pages: int
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One part of a page's score: ``score`` is ``weight`` · ``idf`` · saturation of ``frequency`` by the page's length.

    ``counted`` is false where another form of the same concept in the same field scored better. In ``title`` and
    ``heading`` the frequency does not matter.
    """

    concept: str
    field: str
    terms: str
    frequency: int
    idf: float
    weight: float
    score: float
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """What the index remembers of a file: enough to tell whether it changed, and to report it.

    ``version`` and ``metadata`` are hashes of its bytes and of all else that its metadata depends on; ``words`` is filled in
    by the writer.
    """

    document: str
    path: str
    version: str
    metadata: str
    pages: int
    words: int = 0
    warnings: tuple[str, ...] = ()


class Engine(Protocol):
    """Reading one committed state of the index, from any thread. A commit gives another engine, see ``Source``."""

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        ...

    def frequency(self, concept: Concept) -> int:
        """On how many pages the concept stands."""
        ...

    def document(self, id: str) -> Document | None:
        """A document's metadata."""
        ...

    def documents(self) -> Sequence[Document]:
        """All documents, newest first, those without a date last, then by id."""
        ...

    def page(self, document: str, number: int) -> Page | None:
        """One page with its text."""
        ...

    def pages(self, document: str) -> Iterator[Page]:
        """A document's pages in order."""
        ...

    def sample(self, count: int) -> Iterator[Page]:
        """At most so many pages, taken evenly over the collection."""
        ...

    def headings(self) -> Iterator[tuple[str, int, str]]:
        """(document id, page number, text) of each title (page 0) and of each page's heading where it has one."""
        ...

    def explain(self, concepts: Sequence[Concept], document: str, number: int) -> Sequence[Contribution]:
        """What makes the score of a page, part by part; empty for a page that is not there."""
        ...

    def vocabulary(self) -> Mapping[str, int]:
        """Every surface form of the collection with the number of pages it stands on."""
        ...

    def counts(self) -> tuple[int, int]:
        """Documents and pages in the index."""
        ...


class Source(Protocol):
    """Where engines come from."""

    def current(self) -> Engine:
        """The newest committed state, whichever process made it; the same object as long as nothing changed."""
        ...


class Writer(Protocol):
    """Writing: nothing is seen by readers before ``commit``; after ``cancel`` nothing has happened."""

    def files(self) -> Sequence[IndexedFile]:
        """Every file in the index at the start of this write."""
        ...

    def add(self, document: Document, pages: Sequence[Page], file: IndexedFile) -> int:
        """Add a document, replacing the one of the same id; returns its number of words."""
        ...

    def remove(self, document: str) -> None:
        """Remove a document."""
        ...

    def commit(self) -> None:
        """Make all changes seen at once."""
        ...

    def cancel(self) -> None:
        """Forget all changes."""
        ...
