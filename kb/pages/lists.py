"""Pages that lead to documents: start, news and events, editions, topics, glossary, about the base, the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from kb import messages
from kb.errors import NotFound
from kb.model import Edition, Kind, Results, Taxonomy, Topic
from kb.pages.layout import (
    Card,
    Layout,
    Link,
    Pagination,
    card,
    last_page,
    pagination,
    period,
    search_link,
    shown_pages,
)
from kb.polish import fold
from kb.reading.params import search_url
from kb.reading.query import make_query
from kb.reading.synonyms import Abbreviation
from kb.site import NAME

EXAMPLES = (
    ("wkład własny", "słowa w dowolnej formie: odnajdzie także „wkładu własnego”"),
    ("zrodla dofinansowania", "bez polskich liter albo z literówką"),
    ("ZIT", "skrót odnajduje też „zintegrowane inwestycje terytorialne” – i odwrotnie"),
    ("„opinia regionalnej izby obrachunkowej”", "w cudzysłowie: dokładnie te słowa w tej kolejności"),
    ("„partnerstwa”", "jedno słowo w cudzysłowie: tylko ta forma"),
    ("rewitalizacja -komitet", "minus przed słowem pomija strony, na których ono występuje"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage(Layout):
    """``/``."""

    template: ClassVar[str] = "start.html"
    size: str
    examples: tuple[Link, ...]
    kinds: tuple[Link, ...]
    news: tuple[Card, ...]
    editions: tuple[Link, ...]
    topics: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage(Layout):
    """``/aktualnosci``, ``/wydarzenia``."""

    template: ClassVar[str] = "list.html"
    heading: str
    years: tuple[Link, ...]
    cards: tuple[Card, ...]
    pagination: Pagination | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonomyPage(Layout):
    """``/edycje``, ``/tematy``."""

    template: ClassVar[str] = "taxonomy.html"
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An edition or topic in the list of them."""

    name: str
    url: str
    period: str
    lead: str
    documents: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage(Layout):
    """``/edycje/{slug}``, ``/tematy/{slug}``."""

    template: ClassVar[str] = "entry.html"
    section: Link
    name: str
    period: str
    paragraphs: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[Card, ...]], ...]
    total: str
    all: Link
    search: Link
    facet: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryPage(Layout):
    """``/slownik``."""

    template: ClassVar[str] = "glossary.html"
    letters: tuple[tuple[str, tuple[GlossaryEntry, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryEntry:
    """An abbreviation."""

    short: str
    long: str
    others: str
    definition: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPage(Layout):
    """``/o-bazie``."""

    template: ClassVar[str] = "about.html"
    documents: str
    pages: str
    examples: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPage(Layout):
    """``/api``."""

    template: ClassVar[str] = "api.html"
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API: its parameters as (name, description)."""

    path: str
    summary: str
    description: str
    parameters: tuple[tuple[str, str], ...]
    example: str


def start_page(everything: Results, news: Results, taxonomy: Taxonomy, size: tuple[int, int]) -> StartPage:
    """The start page; ``everything`` is a search without words, for its counts; ``size`` counts documents and pages."""
    counts = {name: {v.value: v.count for v in values} for name, values in everything.facets.items()}
    in_pages = messages.counted(size[1], "strona", "strony", "stron")
    return StartPage(
        title=NAME,
        canonical="/",
        description="Raporty, poradniki i aktualności Centrum Wsparcia Doradczego dla samorządów: szukaj, czytaj i cytuj.",
        search_in_header=False,
        feed="/szukaj.atom",
        size=f"{messages.documents(size[0])}, {in_pages}",
        examples=tuple(
            Link(text=text, url=search_link(text))
            for text in ("wkład własny", "strategia ZIT", "centrum usług społecznych")
        ),
        kinds=tuple(
            Link(text=kind.plural, url=_kind_url(kind), note=messages.documents(counts["kind"][kind.slug]))
            for kind in taxonomy.kinds
            if counts["kind"].get(kind.slug)
        ),
        news=_cards_of_one_kind(news, taxonomy),
        editions=tuple(
            Link(text=edition.name, url=f"/edycje/{edition.slug}", note=period(edition.start, edition.end))
            for edition in taxonomy.editions
        ),
        topics=tuple(
            Link(text=topic.name, url=f"/tematy/{topic.slug}", note=str(counts["topic"].get(topic.slug, 0)))
            for topic in taxonomy.topics
        ),
    )


def _kind_url(kind: Kind) -> str:
    own = {"aktualnosc": "/aktualnosci", "wydarzenie": "/wydarzenia"}
    return own.get(kind.slug) or search_url(make_query("", {"kind": (kind.slug,)}))


def list_page(results: Results, taxonomy: Taxonomy, kind: str, path: str, notices: Sequence[str]) -> ListPage:
    """Documents of one kind, newest first, with a choice of years. Raises NotFound past the last page."""
    query = results.query
    last = last_page(results.total, query.per_page)
    if query.page > last:
        raise NotFound(f"Nie ma {query.page}. strony tego spisu; ostatnia ma numer {last}.")
    name = next((k.plural for k in taxonomy.kinds if k.slug == kind), "Dokumenty")
    chosen = query.filters.get("year", ())
    # The list's own address says the kind and the order.
    bare = replace(query, sort="relevance", filters={f: v for f, v in query.filters.items() if f != "kind"})
    every = Link(text="Wszystkie", url=path, current=not chosen)
    years = [
        Link(text=v.label, url=f"{path}?year={v.value}", note=str(v.count), current=v.selected)
        for v in results.facets["year"]
    ]
    return ListPage(
        title=f"{name} – {', '.join(chosen)}" if chosen else name,
        canonical=search_url(bare, path),
        feed=f"/szukaj.atom?kind={kind}",
        notices=tuple(notices),
        heading=name,
        years=(every, *years),
        cards=_cards_of_one_kind(results, taxonomy),
        pagination=pagination(
            results.total,
            query.page,
            query.per_page,
            {
                n: search_url(replace(bare, page=n), path)
                for n in shown_pages(results.total, query.page, query.per_page)
            },
        ),
    )


def taxonomy_page(title: str, path: str, entries: Sequence[Edition | Topic], counts: Mapping[str, int]) -> TaxonomyPage:
    """All editions or all topics, with the number of documents of each slug."""
    return TaxonomyPage(
        title=title,
        canonical=path,
        entries=tuple(
            Entry(
                name=entry.name,
                url=f"{path}/{entry.slug}",
                period=_period(entry),
                lead=_lead(entry),
                documents=messages.documents(counts.get(entry.slug, 0)),
            )
            for entry in entries
        ),
    )


def entry_page(entry: Edition | Topic, results: Results, taxonomy: Taxonomy) -> EntryPage:
    """An edition or a topic with its documents by kind."""
    edition = entry if isinstance(entry, Edition) else None
    facet = "edition" if edition else "topic"
    section = Link(text="Edycje programu", url="/edycje") if edition else Link(text="Tematy", url="/tematy")
    groups = [
        (kind.plural, tuple(card(hit.document, taxonomy) for hit in results.hits if hit.document.kind == kind.slug))
        for kind in taxonomy.kinds
    ]
    kinds = {kind.slug for kind in taxonomy.kinds}
    groups.append(
        ("Inne", tuple(card(hit.document, taxonomy) for hit in results.hits if hit.document.kind not in kinds))
    )
    everything = search_url(make_query("", {facet: (entry.slug,)}, sort="newest"))
    return EntryPage(
        title=entry.name,
        canonical=f"{section.url}/{entry.slug}",
        description=_lead(entry),
        feed=search_url(make_query("", {facet: (entry.slug,)}), "/szukaj.atom"),
        section=section,
        name=entry.name,
        period=_period(entry),
        paragraphs=_paragraphs(entry.description),
        figures=edition.figures if edition else (),
        groups=tuple((name, cards) for name, cards in groups if cards),
        total=messages.documents(results.total),
        all=Link(text="Zobacz wszystkie i filtruj", url=everything),
        search=Link(text=f"Szukaj: {entry.name}", url=everything),
        facet=facet,
        slug=entry.slug,
    )


def glossary_page(abbreviations: Sequence[Abbreviation]) -> GlossaryPage:
    """All abbreviations by first letter."""
    letters: dict[str, list[GlossaryEntry]] = {}
    for entry in sorted(abbreviations, key=lambda a: (fold(a.short).upper(), a.short)):
        letters.setdefault(fold(entry.short)[:1].upper(), []).append(
            GlossaryEntry(
                short=entry.short,
                long=entry.long[0],
                others=", ".join(entry.long[1:]),
                definition=entry.definition,
                url=search_link(entry.short),
            )
        )
    return GlossaryPage(
        title="Słownik skrótów",
        canonical="/slownik",
        letters=tuple((letter, tuple(entries)) for letter, entries in letters.items()),
    )


def about_page(size: tuple[int, int]) -> AboutPage:
    """What the base is and how to search."""
    return AboutPage(
        title="O bazie",
        canonical="/o-bazie",
        documents=messages.documents(size[0]),
        pages=messages.counted(size[1], "stronę", "strony", "stron"),
        examples=tuple(Link(text=text, url=search_link(text), note=note) for text, note in EXAMPLES),
    )


def api_page(schema: Mapping[str, Any]) -> ApiPage:
    """The API described from its own OpenAPI schema."""
    operations = []
    for path, methods in schema["paths"].items():
        get = methods["get"]
        operations.append(
            Operation(
                path=path,
                summary=get["summary"],
                description=get.get("description", ""),
                parameters=tuple((p["name"], p.get("description", "")) for p in get.get("parameters", ())),
                example=get.get("x-example", ""),
            )
        )
    return ApiPage(title="API", canonical="/api", operations=tuple(operations))


def _cards_of_one_kind(results: Results, taxonomy: Taxonomy) -> tuple[Card, ...]:
    """Cards for a list whose heading says the kind."""
    return tuple(replace(card(hit.document, taxonomy), kind="") for hit in results.hits)


def _period(entry: Edition | Topic) -> str:
    return period(entry.start, entry.end) if isinstance(entry, Edition) else ""


def _lead(entry: Edition | Topic) -> str:
    return _paragraphs(entry.description)[0] if entry.description else ""


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())
