"""The engine protocol: what a search engine must do for the knowledge base, in the words of the field.

A **store** is an index that many may read and one may write. What it gives to readers is a **state**: everything as of one
commit, unchanged by later ones. A state gets **concepts** (what a query asks for) and returns **matches** (which documents and
pages, how well). It knows nothing of what was typed, of snippets or of Polish: texts come to a writer as analysed words.
Who calls it knows nothing of its files.

What every engine must agree on is said here and held by one contract suite (``tests/engine/contract.py``).

How a page is scored. N is the number of pages, df the number of those whose text has a term; tf counts the term on the page;
words on an average page are at least 1; weights are those of ``Tuning``:

    idf(df)      = ln(1 + (N - df + 0.5) / (df + 0.5))
    length       = max(shortest, words on the page / words on an average page)
    text         = form.weight · idf · tf / (tf + k1 · (1 - b + b · length))
    title        = form.weight · tuning.title · idf        where the document's title has the form
    heading      = form.weight · tuning.heading · idf      where one of the page's headings has it

- A form of one step is each of its terms by itself, with its own df. A phrase is one term: its tf counts the places where it
  begins, its df is that of the whole phrase. A word stands at one position with all its terms; function words, which are in
  the lemma field without terms, have their positions too. Empty steps at a phrase's end are left out; elsewhere each stands
  for one word of the same text. A form that names no term stands nowhere.
- ``title`` and ``heading`` are looked at for ``lemma`` forms alone, with the df of the text, and not at all where their weight
  is 0.
- Of a concept's parts in one field (lemma, surface, title, heading) the best counts; fields add up; concepts add up.
- A page has a concept where its text has one of the forms, and also by title and heading alone where it is the document's
  first page or its text has something that is asked for.
- A page matches when it has something that is asked for, the worth of the concepts on it is at least the request's floor
  (but for 0.0001, so that rounding decides nothing), every required concept is on it, be it in the title or heading alone, and
  no excluded one is in its text. A bonus adds where it stands in the text (title and heading with it), and makes no page a
  match.
- Where nothing is asked for but exclusions and filters, each document matches by its first page, with a score of 1. Bonuses
  add nothing there.
- The score of a page that lists contents (or is a cover or an imprint), with what it gains by being near, is multiplied by
  ``tuning.contents_page``. A page with a score of 0 is no match.
- A page that is **near** (what that is, is not the engine's business) adds its bonus times the best score by words of all pages
  that match, filters aside, or times the request's ``near_least`` where that is more; times 1 where both are 0. One that
  ``joins`` is found by that alone where it does not match, unless it has an excluded or lacks a required concept. Totals and
  facets count matches by words alone; filters hold for all. Where nothing is asked for, nothing is near.
- Documents are ranked by the score of their best page plus ``tuning.second_page`` times that of their next best.
- Equal scores have one order, whatever commits led to a state: pages by number, documents by their ``standing``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple, Protocol, runtime_checkable
from zlib import crc32

from kb.errors import SettingsError
from kb.facets import FACETS
from kb.model import Document, Page, Sort
from kb.settings import Settings
from kb.tuning import Tuning

Field = Literal["lemma", "surface"]
_ID_BITS = 31
TITLE_START, TITLE_END = "^", "$"
"""Terms that stand before and after the words of each document's title, and nowhere in a text."""

# What is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way a concept may stand in a text: terms at consecutive positions, each position with its alternatives.

    ``steps=(("gmin", "gmina"),)`` is one word with two lemmas; two steps are a phrase, an empty one any word.
    ``weight`` multiplies the score and is above 0.
    """

    field: Field
    steps: tuple[tuple[str, ...], ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """One thing a query asks for: the best of its forms in each field counts, fields add up.

    ``worth``: what it adds to the floor of a request on pages that have it.
    ``required``: a page without it is no match. ``excluded``: a page with it is no match, and it adds nothing.
    ``bonus``: it adds to the score of pages that match otherwise, and makes no page a match.
    """

    label: str
    forms: tuple[Form, ...]
    worth: float = 1.0
    required: bool = False
    excluded: bool = False
    bonus: bool = False

    @property
    def asked(self) -> bool:
        """Whether a page may match by it."""
        return not self.excluded and not self.bonus


class Near(NamedTuple):
    """A page that is worth more than its words say: ``bonus`` is a share of the best page's score, at least 0.

    ``joins``: it is found even where it does not match.
    """

    document: str
    page: int
    bonus: float
    joins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to find: an OR of concepts, filters (facet → values; OR within one, AND across), order, a slice of documents.

    ``floor``: the least worth of the concepts that a matching page has; at 0 any concept is enough. A facet without values
    filters nothing, values that no document has leave nothing. In both orders of time documents without a date come last, and
    those of one day by relevance. ``order``, where it is given, has ids of documents in the order in which those that match
    are to come, in place of ``sort``; those that it does not name come last, by relevance. ``facets`` are those to count.
    ``near``: pages to be raised, each once; those that the index does not have are left out.
    ``near_least``: what their bonus is at least a share of.
    """

    concepts: tuple[Concept, ...]
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sort: Sort = "relevance"
    order: Sequence[str] = ()
    offset: int = 0
    limit: int = 10
    pages_per_document: int = 3
    floor: float = 0.0
    facets: tuple[str, ...] = tuple(FACETS)
    near: tuple[Near, ...] = ()
    near_least: float = 0.0


# What is answered


class PageMatch(NamedTuple):
    """A page that matches, and how well; ``joined``: it is near, and does not match by words."""

    page: Page
    score: float
    joined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMatch:
    """A document that matches: its best page's score, its best pages, best first, and how many of its pages match by words."""

    document: Document
    score: float
    matching_pages: int
    pages: tuple[PageMatch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """A slice of the ranked documents, the totals, and counts of documents per facet value, own filter left out.

    ``facets`` has each facet that was asked for, with the values that matching documents have. ``joined``: how many documents
    more than ``total`` the whole list has, by pages that are near alone.
    """

    documents: tuple[DocumentMatch, ...]
    total: int
    total_pages: int
    facets: Mapping[str, Mapping[str, int]]
    joined: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One part of a page's score: ``score`` is ``weight`` · ``idf`` · saturation of ``frequency`` by the page's length.

    ``weight`` has the page's own factor in it, so that the parts that count add up to the page's score. ``counted`` is false
    where another form of the same concept in the same field scored better. In ``title`` and ``heading`` the frequency does
    not matter.
    """

    concept: str
    field: str
    terms: str
    frequency: int
    idf: float
    weight: float
    score: float
    counted: bool


def idf(pages: int, frequency: int) -> float:
    """Inverse document frequency: how telling a term is that stands on ``frequency`` of ``pages`` pages; never negative."""
    return math.log1p((pages - frequency + 0.5) / (frequency + 0.5))


def standing(id: str, day: int) -> int:
    """Where a document stands among equals, the lowest first: by its day (0: it has none), then by a number made of its id.

    Less than 2 ** 53, so that a float can hold it.
    """
    return (date.max.toordinal() - day << _ID_BITS) + (crc32(id.encode()) >> 32 - _ID_BITS)


class Size(NamedTuple):
    """How much is in a state."""

    documents: int
    pages: int


class Heading(NamedTuple):
    """The title of a document (``page`` 0) or a heading of one of its pages."""

    document: str
    page: int
    text: str


# What is written


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A word as it is indexed: its surface form, and its terms, which inflected forms share.

    There is one value for each written form, compared by identity. ``function``: a function word, which is in the surface
    field, in titles and in headings, but not in the lemma field.
    """

    surface: str
    terms: tuple[str, ...]
    function: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysedPage:
    """A page with the words of its text, continuation included, and of all its headings."""

    page: Page
    words: Sequence[Word]
    heading: Sequence[Word]
    lists_contents: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysedDocument:
    """A document with the words of its title, its values by facet, and its pages: at least one, numbered from 1.

    One without a text that could be read has a single page, whose text is what describes it.
    """

    document: Document
    title: Sequence[Word]
    facets: Mapping[str, tuple[str, ...]]
    pages: Sequence[AnalysedPage]

    @property
    def words(self) -> int:
        """How many words its pages have."""
        return sum(len(page.words) for page in self.pages)


class IndexedFile(NamedTuple):
    """What the indexer wants to be remembered of a document's file: an engine keeps it with the document, in one commit.

    ``version`` and ``metadata`` are hashes of its bytes and of all else that its metadata depends on. ``recognition`` is the key
    of what has recognised the text of its scans, "" when they are unread, None when it has none. ``unread`` is
    the status of a file whose document is only a record, "" for one that was read. ``warnings`` and ``notes`` are what was
    said about it.
    """

    document: str
    path: str
    version: str
    metadata: str
    pages: int
    words: int = 0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    recognition: str | None = None
    unread: str = ""


# The protocol


class State(Protocol):
    """One committed state of an index. It may be asked from any thread."""

    @property
    def key(self) -> Hashable:
        """What was worked out for a state holds for each with the same key, in any process. Changes make another key."""
        ...

    @property
    def size(self) -> Size:
        """How many documents and pages there are."""
        ...

    def match(self, request: Request) -> Matches:
        """Rank documents by the best of their pages."""
        ...

    def totals(self, requests: Sequence[Request]) -> list[int]:
        """How many documents match each request."""
        ...

    def frequencies(self, concepts: Sequence[Concept]) -> list[int]:
        """On how many pages each concept stands in the text."""
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
        """At most so many pages, taken evenly over the collection: all of them where there are no more."""
        ...

    def headings(self) -> Iterator[Heading]:
        """Each title, and what each page is ``listed_under``; in no promised order."""
        ...

    def lexicon(self) -> Mapping[str, int]:
        """Every surface form of the collection with the number of pages it stands on."""
        ...


@runtime_checkable
class Explains(Protocol):
    """An ability that not every engine has: to say what made a score."""

    def explain(self, concepts: Sequence[Concept], document: str, number: int) -> Sequence[Contribution]:
        """What words make of the score of a page, part by part; empty for a page that is not there."""
        ...


@runtime_checkable
class Locates(Protocol):
    """An ability that not every engine has: to say where terms stand, so that no text need be analysed to mark it."""

    def locate(
        self, terms: Mapping[Field, Collection[str]], pages: Sequence[tuple[str, int]]
    ) -> Sequence[Sequence[int]]:
        """The words of each page's text that have one of the terms, by number from 0, ascending.

        ``pages`` are documents with numbers; of one that is not there nothing is told.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the machines of an engine are: the contract of ``cluster`` in ``kb status --json``.

    ``health`` is green, yellow where copies of the live build's shards are lacking, red where shards are. ``shards`` answer,
    ``lacking`` ones do not. ``answer_ms`` is how long a question for the newest commit took, ``lag_ms`` for how long the
    oldest change that the cluster has still to make has been waiting.
    """

    health: str
    nodes: int
    shards: int
    lacking: int
    answer_ms: float
    lag_ms: float


@runtime_checkable
class HasCondition(Protocol):
    """An ability of stores that are on other machines: to say how these are."""

    def condition(self) -> Condition:
        """How they are. Raises EngineUnavailable."""
        ...


@runtime_checkable
class HasStamp(Protocol):
    """An ability that not every engine has: to tell, without opening the index, whether it is as it was."""

    def stamp(self) -> str:
        """Another text after every change of the index, by whomever; "" where it has not been looked through as it is."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """The only right to write, for who writes nothing. Raises IndexLocked."""
        ...


class Writer(Protocol):
    """Writing: readers see nothing before ``commit``, and everything after it at once.

    Within one write a document is removed before it is added, not after, and is added once; ``commit`` comes once, at the end.
    """

    @property
    def build(self) -> str:
        """The name of the build that is written to."""
        ...

    @property
    def fresh(self) -> bool:
        """Whether this is a new, empty build that takes the live one's place with the commit."""
        ...

    def replaced(self) -> State | None:
        """The state that a fresh build is to replace, where there is one and it can be read."""
        ...

    def files(self) -> Sequence[IndexedFile]:
        """Every file in the build at the start of this write, as it was given; none in a fresh build."""
        ...

    def add(self, document: AnalysedDocument, file: IndexedFile) -> None:
        """Add a document, replacing the one of the same id.

        Raises ValueError for one that cannot be written, of which nothing has been then; the one of the same id stays.
        """
        ...

    def remove(self, document: str) -> None:
        """Remove a document; one that is not there is no error."""
        ...

    def commit(self) -> None:
        """Make all changes seen at once; a fresh build becomes the live one, be it empty.

        Raises KbError where a fresh build does not hold what was written.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInfo:
    """What is known of a build without opening it. The counts are those of its first commit; ``bytes`` is its size now."""

    name: str
    fingerprint: str
    created: str
    documents: int
    pages: int
    bytes: int


class Store(Protocol):
    """An index: read by many at once, written by one."""

    @property
    def format(self) -> str:
        """How this engine writes: the first part of a build's fingerprint. Another one needs another build."""
        ...

    def current(self) -> State:
        """The newest committed state that is sound, whichever process made it.

        Raises IndexMissing, IndexMismatch, IndexDamaged where there is no sound one, EngineUnavailable where the engine cannot
        be reached.
        """
        ...

    def live(self) -> BuildInfo:
        """The live build. Raises IndexMissing, IndexMismatch, EngineUnavailable."""
        ...

    def verify(self) -> None:
        """Compare all that is kept of the live build with what was written, where the engine does not do so by itself.

        Raises IndexMissing, IndexMismatch, IndexDamaged that names what is spoilt, EngineUnavailable.
        """
        ...

    def writer(self, fingerprint: str, *, rebuild: bool = False) -> AbstractContextManager[Writer]:
        """The only right to write, until the context ends; what was not committed by then has not happened.

        The live build is written to when it has this fingerprint, which begins with ``format``, else a fresh one. Raises
        IndexLocked that names the holder.
        """
        ...


def open_store(settings: Settings, tuning: Tuning | None = None) -> Store:
    """The index of these settings: the one place that knows which engines there are. Nothing is opened yet."""
    if settings.engine == "opensearch":
        try:
            from kb.engine.opensearch import OpenSearchStore
        except ModuleNotFoundError as error:
            raise SettingsError(
                "KB_ENGINE=opensearch wymaga pakietu opensearch-py. Zainstaluj go: pip install „baza-wiedzy[opensearch]”.",
                [str(error)],
            ) from None
        return OpenSearchStore(settings, tuning or Tuning())
    from kb.engine.embedded import EmbeddedStore

    return EmbeddedStore(settings, tuning or Tuning())
