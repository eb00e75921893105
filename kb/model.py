"""The words of the field as frozen values, which the other modules pass to each other.

Nothing here reads a file, analyses Polish or knows an engine. Text is NFC Unicode; page numbers are 1-based positions
in the document; dates are ``datetime.date``; scores have no unit and compare only within one search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal, NamedTuple

from kb.formats import Format, format_of


class Status(StrEnum):
    """What became of one file in a run of the indexer (contract of ``kb index --json``)."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    NO_TEXT = "no_text"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"

    @property
    def failed(self) -> bool:
        """Whether somebody should look at the file: its present bytes are not in the index, or not under the id asked for."""
        return self not in _NO_FAILURE


_NO_FAILURE = (Status.UNCHANGED, Status.INDEXED, Status.REMOVED, Status.SKIPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of a page: ``level`` from 1, ``start`` the place in the page's text where its line begins."""

    text: str
    level: int = 1
    start: int = 0


CELLS = " | "
"""Between the cells of a table's row in the text of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as it was read from a file: the unit of search.

    A printed page, or a section under its heading. ``label`` is the printed page number (PDF ``/PageLabels``),
    ``heading`` the section that holds where the page begins, ``headings`` all that stand on it, in order. ``continuation`` are
    the words on the next page up to the end of a sentence that this page begins (indexed here too, so that a phrase that runs
    over the page's end is found). ``notes_at`` is where in ``text`` the footnotes begin, None without any.
    ``html`` is sanitised HTML of a section with markup, empty for plain text. ``ocr``: its text was recognised in a picture,
    with ``confidence`` from 0 to 100, None where no word was found. ``outside`` is the end of the text that is no part of what
    runs on to the next page: values of form fields, comments.
    """

    number: int
    text: str
    label: str | None = None
    heading: str = ""
    anchor: str | None = None
    html: str = ""
    continuation: str = ""
    headings: tuple[Heading, ...] = ()
    notes_at: int | None = None
    ocr: bool = False
    confidence: float | None = None
    outside: str = ""

    @property
    def whole_text(self) -> str:
        """Its text with the rest of its last sentence, which comes before footnotes and comments: what is searched and quoted."""
        sentences = f"{self.running.rstrip()} {self.continuation}".strip()
        return "\n".join(part for part in (sentences, self.apart) if part)

    @property
    def running(self) -> str:
        """The part of its text that runs on to the next page."""
        return self.text[: len(self.text) - len(self.outside) if self.notes_at is None else self.notes_at]

    @property
    def apart(self) -> str:
        """The rest of its text: footnotes, comments, values of form fields."""
        return self.text[len(self.running) :]

    @property
    def listed_under(self) -> tuple[str, ...]:
        """The headings that stand on it; where none does, the one that it belongs to."""
        return tuple(heading.text for heading in self.headings) or ((self.heading,) if self.heading else ())

    def heading_at(self, place: int) -> str:
        """The heading above a place of the text."""
        above = [heading.text for heading in self.headings if heading.start <= place]
        return above[-1] if above else self.heading


class Box(NamedTuple):
    """A rectangle on a page, in shares of the page's width and height, from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


class PlacedWord(NamedTuple):
    """The word ``text[start:end]`` of a page, and where it stands on it: a box for each line that it is on."""

    start: int
    end: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMap:
    """A printed page's size in points as a reader sees it, and where the words of its text stand."""

    width: float
    height: float
    words: tuple[PlacedWord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What a reader got out of one file; ``status`` is INDEXED when there is text to index.

    ``metadata`` holds the file's own description (PDF document information, Markdown front matter), unchecked.
    ``message`` says in Polish why there is no text; ``warnings`` what was repaired or left out and
    somebody should look at, ``notes`` what is only good to know.
    ``scans`` are the numbers of pages whose text only recognition can read, and none has read so far.
    """

    status: Status
    pages: tuple[Page, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    message: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scans: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An edition of the programme; ``figures`` are (value, label) pairs for its page, ``document`` the id of its own text."""

    slug: str
    name: str
    start: str = ""
    end: str = ""
    description: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A subject of the advice."""

    slug: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of document: report, guide, news, event."""

    slug: str
    name: str
    plural: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A kind of advice that the programme gives, as a way to topics (slugs)."""

    name: str
    description: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A counter: documents of a kind, with the forms of its noun („raport”, „raporty”, „raportów”), or a figure of an edition."""

    kind: str = ""
    forms: tuple[str, ...] = ()
    edition: str = ""
    value: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Who carries the programme, and as what."""

    name: str
    role: str = ""
    url: str = ""


NEWS_KIND, EVENT_KIND = "aktualnosc", "wydarzenie"
"""Kinds of documents that have a list of their own; those of the second have a place and a time."""
DEFAULT_KINDS = (
    Kind(slug="raport", name="Raport", plural="Raporty"),
    Kind(slug="poradnik", name="Poradnik", plural="Poradniki"),
    Kind(slug=NEWS_KIND, name="Aktualność", plural="Aktualności"),
    Kind(slug=EVENT_KIND, name="Wydarzenie", plural="Wydarzenia"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """The known editions, topics, kinds and types of event, in the order in which people should see them.

    With them what else editors say of the programme: its advice, what came of it, its partners, and ``examples`` of questions.
    """

    editions: tuple[Edition, ...] = ()
    topics: tuple[Topic, ...] = ()
    kinds: tuple[Kind, ...] = DEFAULT_KINDS
    event_types: tuple[Kind, ...] = ()
    advice: tuple[Advice, ...] = ()
    effects: tuple[Effect, ...] = ()
    partners: tuple[Partner, ...] = ()
    examples: tuple[str, ...] = ()

    def labels(self, facet: str) -> dict[str, str]:
        """Slug → name of a facet's values; empty for a facet that has no list, such as the year."""
        values: Mapping[str, Sequence[Edition | Topic | Kind]]
        values = {
            "edition": self.editions,
            "topic": self.topics,
            "kind": self.kinds,
            "event_type": self.event_types,
        }
        return {value.slug: value.name for value in values.get(facet, ())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document's checked metadata. ``path`` is relative to the documents folder, ``version`` the SHA-256 of its bytes.

    ``bodies`` and ``persons`` are those of the authors and editors of whom somebody said that they are such; of the others a
    rule decides.
    ``unread`` is why its text could not be read; None where it was. An unread document is a **record**: it is found by what
    describes it, and has no pages to show. ``pages`` is then how many the file has, 0 where nobody knows.
    ``aliases`` are ids that it had before, whose addresses lead to it.
    ``starts`` and ``ends`` of an event are days (2026-05-10) or moments in Poland (2026-05-10T10:00), "" where unknown.
    """

    id: str
    title: str
    path: str
    version: str
    pages: int
    kind: str | None = None
    edition: str | None = None
    topics: tuple[str, ...] = ()
    published: date | None = None
    authors: tuple[str, ...] = ()
    publisher: str = ""
    description: str = ""
    language: str = "pl"
    source_url: str = ""
    licence: str = ""
    editors: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    place: str = ""
    series: str = ""
    report_number: str = ""
    isbn: str = ""
    issn: str = ""
    doi: str = ""
    unread: Status | None = None
    aliases: tuple[str, ...] = ()
    event_type: str = ""
    venue: str = ""
    starts: str = ""
    ends: str = ""

    @property
    def format(self) -> Format:
        """The format of the file behind the document."""
        return format_of(self.path)

    @property
    def year(self) -> str | None:
        """The year of publication, as a facet value."""
        return str(self.published.year) if self.published else None

    @property
    def first_day(self) -> date | None:
        """The day on which an event begins; where nobody said so, that of its publication."""
        return date.fromisoformat(self.starts[:10]) if self.starts else self.published

    @property
    def last_day(self) -> date | None:
        """The day on which an event ends."""
        return date.fromisoformat(self.ends[:10]) if self.ends else self.first_day


class ClauseKind(StrEnum):
    """How a part of a query is meant."""

    WORD = "word"
    PHRASE = "phrase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One part of a query: a word in any form, or a phrase (also of one word) in exactly the typed form.

    ``exact``: a phrase that is asked for as typed even beside other words, where quotation marks are mostly a name's.
    """

    kind: ClauseKind
    words: tuple[str, ...]
    excluded: bool = False
    exact: bool = False


Sort = Literal["relevance", "newest", "oldest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What somebody asks: the text as typed, its clauses, filters (facet → values), order and a page of results."""

    text: str = ""
    clauses: tuple[Clause, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: Sort = "relevance"
    page: int = 1
    per_page: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something the search did with a word: ``undo`` is the query text that takes it literally."""

    before: str
    after: str
    undo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a query was read: repaired words, expanded abbreviations, function words left out.

    ``loosened`` holds phrases that occur nowhere as typed: their words were searched for instead. ``absent`` holds words, as
    read, that no page has: the rest was searched for. ``literal`` is the query text that takes every word as typed, "" where
    nothing was changed.
    """

    read_as: str
    repaired: tuple[Change, ...] = ()
    expanded: tuple[Change, ...] = ()
    dropped: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    literal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHit:
    """A page that answers; ``snippet`` is escaped text with ``<mark>`` alone as markup.

    ``by_meaning``: it was found by what it means, and does not match by words.
    """

    number: int
    label: str | None
    heading: str
    url: str
    score: float
    snippet: str
    by_meaning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A document that answers, with its best pages, best first; a record has none."""

    document: Document
    url: str
    score: float
    matching_pages: int
    pages: tuple[PageHit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value to filter by: how many of the found documents have it."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The sentence that answers a question: ``sentence`` is escaped text with ``<mark>``, from ``page``."""

    sentence: str
    document: Document
    page: PageHit


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A looser search, offered when nothing was found: what it leaves out (Polish), its query, how many documents it finds."""

    label: str
    query: Query
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A completion of what is being typed. ``kind``: title, heading, phrase or abbreviation; ``url`` where it leads."""

    text: str
    kind: Literal["title", "heading", "phrase", "abbreviation"]
    detail: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of results. ``relaxations`` and ``nearest_topics`` (slugs) are filled when nothing was found.

    ``total``, ``total_pages`` and ``facets`` count what has the words; ``by_meaning`` the documents listed beside these.
    """

    query: Query
    reading: Reading
    total: int
    total_pages: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    took_ms: float
    answer: Answer | None = None
    relaxations: tuple[Relaxation, ...] = ()
    nearest_topics: tuple[str, ...] = ()
    by_meaning: int = 0

    @property
    def listed(self) -> int:
        """How many documents the whole list has."""
        return self.total + self.by_meaning
