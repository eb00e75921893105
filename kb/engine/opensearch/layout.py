"""How an index lies in the cluster: rows for each document, for each page, and for what each commit has changed.

A row is never changed. ``born`` is the number of the commit that it came with, ``ord`` that of its document as it was then: all
rows of a document have it, and a document that is replaced gets another. A text is a string of tokens, one for each position,
``*|gmin|gmina``: a filter makes its alternatives of it, of which ``*`` is every word's, so that any word can be asked for. The
surface field has the same positions and but one token for each, so that any word is asked for among the lemmas.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from kb.engine import AnalysedDocument, Field, IndexedFile, Word, standing
from kb.engine.opensearch.bitmap import packed
from kb.model import Document, Page

JSON = dict[str, Any]
SCHEMA_VERSION = 2
DOCUMENT, PAGE, WORDS, DEAD = "d", "p", "w", "x"
"""Kinds of rows: a document; a page; by how many a commit has changed the number of pages that each term stands on; which
documents a commit has removed or replaced."""
FIELDS = ("surface", "lemma", "title", "heading")
ANY = "*"
_NO_TERMS = {ANY, ""}
WINDOW = 10_000
"""Rows that one search gives at most."""

DOCUMENTS = TypeAdapter(Document)
PAGES = TypeAdapter(Page)
FILES = TypeAdapter(IndexedFile)

_TERMS_A_ROW = 20_000

INDEX: JSON = {
    # As many copies as there are nodes for, two at most.
    "auto_expand_replicas": "0-1",
    # Rows are seen when a commit says so, which refreshes by itself.
    "refresh_interval": -1,
    "max_inner_result_window": WINDOW,
    "max_result_window": WINDOW,
    # Pages of a document are gathered by one thread: two would each see a part of them.
    "search.concurrent_segment_search.mode": "none",
    # The bare frequency: how pages are weighed is the business of queries, which know the whole collection.
    "similarity.frequency": {"type": "scripted", "script": {"source": "return query.boost * doc.freq;"}},
    "analysis": {
        "tokenizer": {"positions": {"type": "whitespace", "max_token_length": 32_000}},
        "filter": {"alternatives": {"type": "pattern_capture", "patterns": ["([^|]+)"], "preserve_original": False}},
        "analyzer": {
            "terms": {"type": "custom", "tokenizer": "positions", "filter": ["alternatives"]},
            "forms": {"type": "custom", "tokenizer": "positions"},
        },
    },
}

_TEXT = {"type": "text", "analyzer": "terms", "similarity": "frequency", "norms": False}
_KEPT = {"type": "object", "enabled": False}
MAPPINGS: JSON = {
    "dynamic": "strict",
    "properties": {
        "row": {"type": "keyword", "doc_values": False},
        "born": {"type": "long"},
        "ord": {"type": "integer"},
        "document": {"type": "keyword"},
        "number": {"type": "integer"},
        "place": {"type": "keyword", "doc_values": False},
        "day": {"type": "integer"},
        "standing": {"type": "long", "index": False},
        "values": {"type": "integer"},
        "length": {"type": "integer", "index": False},
        "contents": {"type": "boolean"},
        "lemma": _TEXT,
        "surface": {**_TEXT, "analyzer": "forms"},
        "heading": _TEXT,
        "title": _TEXT,
        "stored": _KEPT,
        "file": _KEPT,
        "names": _KEPT,
        "words": _KEPT,
        "dead": {"type": "binary", "store": True},
    },
}
STATE_MAPPINGS: JSON = {"dynamic": False}


class Terms:
    """The terms to look for in texts that rows have."""

    def __init__(self, asked: Mapping[Field, Collection[str]]) -> None:
        self._surfaces = frozenset(asked.get("surface", ()))
        self._lemmas = frozenset(asked.get("lemma", ()))
        self._known: dict[str, bool] = {}

    def where(self, row: Mapping[str, str]) -> list[int]:
        """The words of a page that have one of them, by number from 0."""
        found = {number for number, form in enumerate(row["surface"].split(" ")) if form in self._surfaces}
        known = self._known
        for number, token in enumerate(row["lemma"].split(" ")):
            if token not in known:
                known[token] = not self._lemmas.isdisjoint(token.split("|"))
            if known[token]:
                found.add(number)
        return sorted(found)


def place(document: str, number: int) -> str:
    """What names a page."""
    return f"{number}#{document}"


def day_of(document: Document) -> int:
    """The day of publication as a number, 0 without one."""
    return document.published.toordinal() if document.published else 0


def rows_of(
    added: AnalysedDocument, file: IndexedFile, ord: int, born: int, values: Sequence[int], tokens: Tokens
) -> list[tuple[str, JSON]]:
    """The rows of a document with their ids, its own row last."""
    document = added.document
    day = day_of(document)
    common = {
        "born": born,
        "ord": ord,
        "document": document.id,
        "day": day,
        "standing": standing(document.id, day),
        "values": list(values),
    }
    title = tokens.of_all(added.title)
    rows: list[tuple[str, JSON]] = []
    for analysed in added.pages:
        page = analysed.page
        row = {
            **common,
            "row": PAGE,
            "number": page.number,
            "place": place(document.id, page.number),
            "length": len(analysed.words),
            "contents": analysed.lists_contents,
            "lemma": tokens.of_content(analysed.words),
            "surface": " ".join([word.surface or ANY for word in analysed.words]),
            "heading": tokens.of_all(analysed.heading),
            "title": title,
            "stored": PAGES.dump_python(page, mode="json"),
        }
        rows.append((f"{born}-{ord}-{page.number}", row))
    own = {
        **common,
        "row": DOCUMENT,
        "number": 0,
        "stored": DOCUMENTS.dump_python(document, mode="json"),
        "file": FILES.dump_python(file, mode="json"),
        "names": [[page.page.number, name] for page in added.pages for name in page.page.listed_under],
        "words": {"pages": len(added.pages), "count": added.words},
    }
    return [*rows, (f"{born}-{ord}-0", own)]


def terms_of(row: JSON) -> Iterator[tuple[str, set[str]]]:
    """The terms of a page by field; none of a row that is no page."""
    for field in FIELDS if row["row"] == PAGE else ():
        yield field, set(row[field].replace(" ", "|").split("|")) - _NO_TERMS


def rows_of_words(changes: dict[str, Counter[str]], born: int) -> Iterator[tuple[str, JSON]]:
    """Rows that say by how many pages a commit has changed what each term stands on."""
    number = 0
    for field, counts in changes.items():
        changed = [(term, count) for term, count in counts.items() if count]
        for start in range(0, len(changed), _TERMS_A_ROW):
            number += 1
            part = _counted(dict(changed[start : start + _TERMS_A_ROW]))
            yield f"{born}-w-{number}", {"row": WORDS, "born": born, "number": number, "words": {field: part}}


def line_of(name: str, row: JSON, routing: str = "") -> bytes:
    """A row as it is sent. Raises ValueError for text that is none: files may have half a letter of two code units."""
    where = {"_id": name, "routing": routing} if routing else {"_id": name}
    return f"{_json({'index': where})}\n{_json(row)}\n".encode()


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def row_of_dead(ords: Collection[int], born: int) -> tuple[str, JSON]:
    """The row that lists the documents that a commit has removed or replaced."""
    return dead_id(born), {"row": DEAD, "born": born, "dead": packed(ords)}


def dead_id(number: int) -> str:
    """The id of that row."""
    return f"{number}-x"


class Tokens(dict[Word, str]):
    """Word → token, for one run of the indexer: each distinct word is written once."""

    def __missing__(self, word: Word) -> str:
        token = self[word] = "|".join((ANY, *word.terms))
        return token

    def of_all(self, words: Iterable[Word]) -> str:
        """A text by its terms."""
        return " ".join(map(self.__getitem__, words))

    def of_content(self, words: Iterable[Word]) -> str:
        """A text by its terms; a function word is any word."""
        return " ".join([ANY if word.function else self[word] for word in words])


def _counted(counts: dict[str, int]) -> str:
    # One string: as keys of an object, terms would be looked at one by one.
    return _json(counts)


def counted(text: str) -> dict[str, int]:
    """Numbers of pages by term, as a row has them."""
    found: dict[str, int] = json.loads(text)
    return found
