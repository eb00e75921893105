"""The engines to compare, each doing the same two things on the same terms, the fastest honest way that we found.

``best_pages`` gives the ten best pages of an OR of terms. ``search`` gives what a page of results shows: ten documents by
their best page, the number of documents and pages that match, the number of matching documents of every facet value, and
ten highlighted snippets. Each engine has a function that builds its index from the same file and a class that reads it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import tantivy
import whoosh.collectors
import whoosh.fields
import whoosh.highlight
import whoosh.index
import whoosh.query
import whoosh.sorting
from collection import PAGES_PER_DOCUMENT, Question, documents, facets, read, title
from whoosh.analysis import SpaceSeparatedTokenizer

from kb.engine import Concept, Form, IndexedFile, Request, open_store
from kb.engine.analysis import Analysis
from kb.engine.embedded import EmbeddedStore
from kb.facets import FACETS
from kb.finding.snippets import Highlighter
from kb.indexer import fingerprint
from kb.model import Document, Page
from kb.polish import shared_analyzer
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import load
from kb.tuning import Tuning

LIMIT = 10
_OVERFETCH = 30
"""Pages fetched at first to find ten documents; doubled while they come from fewer."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a page of results shows."""

    documents: tuple[int, ...]
    total: int
    total_pages: int
    facets: dict[str, dict[str, int]]
    snippets: tuple[str, ...]


class Peer(Protocol):
    """An engine over its index."""

    name: str

    def best_pages(self, question: Question) -> Sequence[int]:
        """The ten best pages, as numbers over the whole collection."""
        ...

    def search(self, question: Question) -> Found:
        """A page of results."""
        ...


# Ours


def build_ours(pages: Path, count: int, folder: Path) -> None:
    """Write our index through the indexer's own writer, with the documents folder left empty."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    store = open_store(load(documents=folder / "documents", index=folder / "index"))
    analysis = Analysis(shared_analyzer())
    with store.writer(fingerprint(store, shared_analyzer())) as writer:
        for sheets in documents(pages, count):
            number = sheets[0].document
            values = facets(number)
            document = Document(
                id=f"d{number:06}",
                title=title(sheets[0]),
                path=f"d{number:06}.md",
                version=str(number),
                pages=len(sheets),
                kind=values["kind"][0],
                edition=values["edition"][0],
                topics=values["topic"],
                published=date(int(values["year"][0]), 1 + number % 12, 1 + number % 28),
            )
            file = IndexedFile(
                document=document.id, path=document.path, version=document.version, metadata="", pages=len(sheets)
            )
            writer.add(
                analysis.of_document(document, [Page(number=sheet.number, text=sheet.text) for sheet in sheets]), file
            )
        writer.commit()


class Ours:
    """Our engine, asked for the same as the others; ``cache_mb=0`` keeps no posting list, so that every term is new."""

    name = "Baza wiedzy"

    def __init__(self, folder: Path, cache_mb: int = 128) -> None:
        # No setting may be 0, for nobody wants a server without any cache.
        settings = load(index=folder / "index").model_copy(update={"cache_mb": cache_mb})
        self._store = EmbeddedStore(settings, Tuning())
        self._analyzer = shared_analyzer()
        self._store.current()

    @staticmethod
    def _concepts(question: Question) -> tuple[Concept, ...]:
        return tuple(Concept(label=t, forms=(Form(field="lemma", steps=((t,),)),)) for t in question.terms)

    def best_pages(self, question: Question) -> list[int]:
        """Ranking alone, without facets: ten documents by their best page, and the totals with them."""
        state = self._store.current()
        request = Request(concepts=self._concepts(question), limit=LIMIT, pages_per_document=1, facets=())
        return [
            _page(best.document, int(state.rows.numbers[best.pages[0][0]])) for best in state.rank(request).documents
        ]

    def search(self, question: Question) -> Found:
        """The same with facets, documents, and a snippet of each one's best page, cut from the text as people read it."""
        concepts = self._concepts(question)
        state = self._store.current()
        matches = state.match(Request(concepts=concepts, limit=LIMIT, pages_per_document=1))
        highlighter = Highlighter(self._analyzer, concepts, [1.0] * len(concepts))
        best = [(match.document.id, match.pages[0].page) for match in matches.documents]
        located = state.locate(highlighter.terms, [(id, page.number) for id, page in best])
        snippets = [
            highlighter.fragment(page.text, among=among).html for (_, page), among in zip(best, located, strict=True)
        ]
        return Found(
            documents=tuple(int(m.document.id[1:]) for m in matches.documents),
            total=matches.total,
            total_pages=matches.total_pages,
            facets={name: dict(matches.facets[name]) for name in FACETS},
            snippets=tuple(snippets),
        )


class OursWhole:
    """All that a reader's search does: typed text read and repaired, both body fields, up to three snippets a document."""

    name = "Baza wiedzy, whole search"

    def __init__(self, folder: Path) -> None:
        self.knowledge = KnowledgeBase(load(documents=folder / "documents", index=folder / "index"))
        self.knowledge.search(make_query("a"))

    def search(self, question: Question) -> None:
        """One search, as the API does it."""
        self.knowledge.search(make_query(question.text))


# Whoosh's own searcher


class _Terms(whoosh.fields.TEXT):  # type: ignore[misc]
    """Whoosh's text field without positions; it counts a page's words itself, to build faster; the index is the same."""

    def __init__(self) -> None:
        super().__init__(analyzer=SpaceSeparatedTokenizer(), phrase=False, stored=True)

    def index(self, value: str, **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        pack = whoosh.formats.pack_uint
        return ((term.encode(), n, float(n), pack(n)) for term, n in Counter(value.split(" ")).items())


def build_whoosh(pages: Path, count: int, folder: Path) -> None:
    """Whoosh's plain writer, one segment."""
    folder.mkdir(parents=True)
    single = whoosh.fields.ID(sortable=True)
    schema = whoosh.fields.Schema(
        body=_Terms(),
        page=whoosh.fields.STORED(),
        document=whoosh.fields.NUMERIC(sortable=True),
        edition=single,
        kind=single,
        year=single,
        topic=whoosh.fields.KEYWORD(),
    )
    writer = whoosh.index.create_in(str(folder), schema).writer(limitmb=512)
    for i, sheet in enumerate(read(pages, count)):
        values = {name: " ".join(own) for name, own in facets(sheet.document).items()}
        writer.add_document(body=sheet.terms, page=i, document=sheet.document, **values)
    writer.commit()


class Whoosh:
    """BM25F, as Whoosh does it by default."""

    name = "Whoosh (own searcher)"

    def __init__(self, folder: Path) -> None:
        self._searcher = whoosh.index.open_dir(str(folder), readonly=True).searcher()

    @staticmethod
    def _query(question: Question) -> Any:
        return whoosh.query.Or([whoosh.query.Term("body", term) for term in question.terms])

    def best_pages(self, question: Question) -> list[int]:
        """A plain search."""
        return [hit["page"] for hit in self._searcher.search(self._query(question), limit=LIMIT)]

    def search(self, question: Question) -> Found:
        """Collapsed to one page a document. Its facets count pages: counting documents would need a search for each value."""
        groups = whoosh.sorting.Facets()
        for name in FACETS:
            groups.add_facet(name, whoosh.sorting.FieldFacet(name, allow_overlap=name == "topic", maptype=_Count))
        results = self._searcher.search(self._query(question), limit=LIMIT, collapse="document", groupedby=groups)
        results.fragmenter = whoosh.highlight.ContextFragmenter(maxchars=260)
        pages = [hit["page"] for hit in results]
        return Found(
            documents=tuple(page // PAGES_PER_DOCUMENT for page in pages),
            total=len(results),
            total_pages=-1,
            facets={name: dict(results.groups(name)) for name in FACETS},
            snippets=tuple(hit.highlights("body", top=1) for hit in results),
        )


_Count = whoosh.sorting.Count


# SQLite FTS5


def build_fts5(pages: Path, count: int, folder: Path) -> None:
    """One row a page; the terms are plain ASCII words, so the cheapest tokenizer splits them right."""
    folder.mkdir(parents=True)
    db = sqlite3.connect(folder / "fts5.db")
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("CREATE VIRTUAL TABLE page USING fts5(body, tokenize = 'ascii')")
    rows = ((i, sheet.terms) for i, sheet in enumerate(read(pages, count)))
    db.executemany("INSERT INTO page(rowid, body) VALUES (?, ?)", rows)
    db.execute("INSERT INTO page(page) VALUES ('optimize')")
    db.commit()
    db.close()


class Fts5:
    """FTS5 with its index optimized into one segment and mapped into memory."""

    name = "SQLite FTS5"

    def __init__(self, folder: Path, count: int) -> None:
        self._db = sqlite3.connect(folder / "fts5.db")
        self._db.execute("PRAGMA mmap_size = 4000000000")
        self._db.execute("PRAGMA cache_size = -262144")
        self._db.execute("PRAGMA query_only = ON")
        self._tables = _Tables(count)

    @staticmethod
    def _query(question: Question) -> str:
        return " OR ".join(f'"{term}"' for term in question.terms)

    def best_pages(self, question: Question) -> list[int]:
        """Ordered by ``rank``, which is faster than by ``bm25()``."""
        sql = "SELECT rowid FROM page WHERE page MATCH ? ORDER BY rank LIMIT ?"
        return [row[0] for row in self._db.execute(sql, (self._query(question), LIMIT))]

    def search(self, question: Question) -> Found:
        """All matches with their rank out of SQLite, the rest over NumPy arrays: grouping and counting in SQL is slower."""
        match = self._query(question)
        rows = self._db.execute("SELECT rowid, rank FROM page WHERE page MATCH ?", (match,)).fetchall()
        found = np.array(rows, dtype=np.float64).reshape(-1, 2)
        pages, scores = found[:, 0].astype(np.int64), -found[:, 1]
        chosen, total, counts = self._tables.group(pages, scores)
        sql = "SELECT snippet(page, 0, '<mark>', '</mark>', '…', 32) FROM page WHERE page MATCH ? AND rowid = ?"
        snippets = tuple(self._db.execute(sql, (match, page)).fetchone()[0] for page in chosen)
        return Found(tuple(page // PAGES_PER_DOCUMENT for page in chosen), total, len(pages), counts, snippets)


class _Tables:
    """Facet values of all documents as arrays, for engines that give matches and leave counting to their user."""

    def __init__(self, count: int) -> None:
        self._documents = -(-count // PAGES_PER_DOCUMENT)
        self._facets: dict[str, tuple[list[str], Any, Any]] = {}
        values = [facets(document) for document in range(self._documents)]
        for name in FACETS:
            names = sorted({value for own in values for value in own[name]})
            codes = {value: i for i, value in enumerate(names)}
            pairs = [(i, codes[value]) for i, own in enumerate(values) for value in own[name]]
            owners, numbers = np.array(pairs, dtype=np.int64).T
            self._facets[name] = (names, owners, numbers)

    def group(self, pages: Any, scores: Any) -> tuple[list[int], int, dict[str, dict[str, int]]]:
        """The best page of each of the ten best documents, how many documents match, and how many of each facet value."""
        owners = pages // PAGES_PER_DOCUMENT
        matching = np.zeros(self._documents, dtype=bool)
        matching[owners] = True
        most = min(len(scores), _OVERFETCH)
        while True:  # the best pages, more of them while they hold fewer than ten documents
            best = np.argpartition(-scores, most - 1)[:most]
            best = best[np.argsort(-scores[best], kind="stable")]
            chosen = list(dict(zip(owners[best][::-1], pages[best][::-1], strict=True)).items())
            if len(chosen) >= LIMIT or most == len(scores):
                break
            most = min(len(scores), 2 * most)
        ranked = dict.fromkeys(owners[best].tolist())
        first = dict(chosen)
        counts = {}
        for name, (names, documents_of, codes) in self._facets.items():
            numbers = np.bincount(codes[matching[documents_of]], minlength=len(names)).tolist()
            counts[name] = {value: n for value, n in zip(names, numbers, strict=True) if n}
        return [int(first[owner]) for owner in list(ranked)[:LIMIT]], int(matching.sum()), counts


# tantivy


def build_tantivy(pages: Path, count: int, folder: Path) -> None:
    """An index of pages, and one of whole documents with their facet values as fast fields; one thread, so few segments."""
    for unit in ("pages", "documents"):
        (folder / unit).mkdir(parents=True)
    index = tantivy.Index(_page_schema(), path=str(folder / "pages"))
    _register(index)
    writer = index.writer(heap_size=2_000_000_000, num_threads=1)
    for i, sheet in enumerate(read(pages, count)):
        writer.add_document(tantivy.Document(body=sheet.terms, page=i))
    writer.commit()
    writer.wait_merging_threads()
    index = tantivy.Index(_document_schema(), path=str(folder / "documents"))
    _register(index)
    writer = index.writer(heap_size=2_000_000_000, num_threads=1)
    for sheets in documents(pages, count):
        values = {name: list(own) for name, own in facets(sheets[0].document).items()}
        writer.add_document(tantivy.Document(body=" ".join(sheet.terms for sheet in sheets), **values))
    writer.commit()
    writer.wait_merging_threads()


def _page_schema() -> Any:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("body", stored=True, tokenizer_name="terms", index_option="freq")
    schema.add_integer_field("page", fast=True)
    return schema.build()


def _document_schema() -> Any:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("body", tokenizer_name="terms", index_option="basic")
    for name in FACETS:
        schema.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    return schema.build()


def _register(index: Any) -> None:
    index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


class _Tantivy:
    def __init__(self, folder: Path) -> None:
        self._schema = _page_schema()
        index = tantivy.Index.open(str(folder / "pages"))
        _register(index)
        self._searcher = index.searcher()

    @staticmethod
    def _query(question: Question, schema: Any) -> Any:
        parts = [tantivy.Query.term_query(schema, "body", term, index_option="freq") for term in question.terms]
        return parts[0] if len(parts) == 1 else tantivy.Query.boolean_query([(tantivy.Occur.Should, q) for q in parts])

    def _numbers(self, hits: Sequence[tuple[float, Any]]) -> list[int]:
        return cast("list[int]", self._searcher.fast_field_values("page", [address for _, address in hits]))

    def best_pages(self, question: Question) -> list[int]:
        """Block-max WAND, nothing counted."""
        hits = self._searcher.search(self._query(question, self._schema), LIMIT, count=False).hits
        return self._numbers(hits)

    def _snippets(self, query: Any, addresses: Sequence[Any]) -> tuple[str, ...]:
        generator = tantivy.SnippetGenerator.create(self._searcher, query, self._schema, "body")
        generator.set_max_num_chars(260)
        return tuple(generator.snippet_from_doc(self._searcher.doc(address)).to_html() for address in addresses)


class Tantivy(_Tantivy):
    """The page of results from one index: every match out of tantivy, grouping and counting over NumPy arrays."""

    name = "tantivy"

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder)
        self._tables = _Tables(count)
        self._all = count

    def search(self, question: Question) -> Found:
        """All matches by score; tantivy-py has no collector that groups, and its aggregations count pages, not documents."""
        query = self._query(question, self._schema)
        hits = self._searcher.search(query, self._all, count=False).hits
        numbers = np.array(self._numbers(hits), dtype=np.int64)
        scores = np.array([score for score, _ in hits])
        chosen, total, counts = self._tables.group(numbers, scores)
        places = {page: i for i, page in enumerate(numbers[: 20 * LIMIT].tolist())}
        addresses = [
            hits[places[page] if page in places else int(np.flatnonzero(numbers == page)[0])][1] for page in chosen
        ]
        owners = tuple(page // PAGES_PER_DOCUMENT for page in chosen)
        return Found(owners, total, len(numbers), counts, self._snippets(query, addresses))


class TantivyTwice(_Tantivy):
    """The page of results from two indexes: pages for ranking, whole documents for counting.

    A document matches an OR when one of its pages does, so its aggregations count what we count. Its price is a second index,
    as large as the first, to be kept in step with it.
    """

    name = "tantivy, two indexes"

    def __init__(self, folder: Path, _count: int) -> None:
        super().__init__(folder)
        index = tantivy.Index.open(str(folder / "documents"))
        _register(index)
        self._counter = index.searcher()
        self._document_schema = index.schema
        self._aggregations = {name: {"terms": {"field": name, "size": 1000}} for name in FACETS}

    def search(self, question: Question) -> Found:
        """Ten documents from the best pages, more of them while they hold fewer; counts by aggregation over documents."""
        query = self._query(question, self._schema)
        most = _OVERFETCH
        while True:
            result: Any = self._searcher.search(query, most, count=True)
            numbers = self._numbers(result.hits)
            best: dict[int, Any] = {}
            for page, (_, address) in zip(numbers, result.hits, strict=True):
                best.setdefault(page // PAGES_PER_DOCUMENT, address)
            if len(best) >= LIMIT or len(numbers) < most:
                break
            most *= 2
        chosen = list(best.items())[:LIMIT]
        counting = self._query(question, self._document_schema)
        found = self._counter.aggregate(counting, self._aggregations)
        total = sum(int(bucket["doc_count"]) for bucket in found["kind"]["buckets"])  # every document has one kind
        counts = {
            name: {str(bucket["key"]): int(bucket["doc_count"]) for bucket in found[name]["buckets"]} for name in FACETS
        }
        snippets = self._snippets(query, [address for _, address in chosen])
        return Found(tuple(owner for owner, _ in chosen), total, result.count, counts, snippets)


def _page(document: int, number: int) -> int:
    return document * PAGES_PER_DOCUMENT + number - 1


Builder = Callable[[Path, int, Path], None]
BUILDERS: dict[str, Builder] = {
    "ours": build_ours,
    "whoosh": build_whoosh,
    "fts5": build_fts5,
    "tantivy": build_tantivy,
}

__all__ = ["BUILDERS", "Found", "Fts5", "Ours", "OursWhole", "Peer", "Tantivy", "TantivyTwice", "Whoosh"]
