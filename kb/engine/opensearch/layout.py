"""How an index lies in the cluster: a row for each document, for each page, and for the words of each commit.

A row is never changed. ``born`` is the number of the commit that it came with, ``ord`` that of its document as it was then: all
rows of a document have it, and a document that is replaced gets another. A text is a string of tokens, one for each position,
``*|gmin|gmina``: a filter makes its alternatives of it, of which ``*`` is every word's, so that any word can be asked for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter

from kb.engine import AnalysedDocument, IndexedFile, Word
from kb.model import Document, Page

JSON = dict[str, Any]
SCHEMA_VERSION = 1
DOCUMENT, PAGE, WORDS = "d", "p", "w"
"""Kinds of rows."""
ANY = "*"
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
    "codec": "best_compression",
    # Pages of a document are gathered by one thread: two would each see a part of them.
    "search.concurrent_segment_search.mode": "none",
    # The bare frequency: how pages are weighed is the business of queries, which know the whole collection.
    "similarity.frequency": {"type": "scripted", "script": {"source": "return query.boost * doc.freq;"}},
    "analysis": {
        "tokenizer": {"positions": {"type": "whitespace", "max_token_length": 32_000}},
        "filter": {"alternatives": {"type": "pattern_capture", "patterns": ["([^|]+)"], "preserve_original": False}},
        "analyzer": {"terms": {"type": "custom", "tokenizer": "positions", "filter": ["alternatives"]}},
    },
}

_TEXT = {"type": "text", "analyzer": "terms", "similarity": "frequency", "norms": False}
_KEPT = {"type": "object", "enabled": False}
MAPPINGS: JSON = {
    "dynamic": "strict",
    # Texts lie there as postings; as rows are never changed, nobody wants them back as they were sent.
    "_source": {"excludes": ["lemma", "surface", "heading", "title"]},
    "properties": {
        "row": {"type": "keyword", "doc_values": False},
        "born": {"type": "long"},
        "ord": {"type": "long"},
        "document": {"type": "keyword"},
        "number": {"type": "integer"},
        "place": {"type": "keyword", "doc_values": False},
        "day": {"type": "integer"},
        "values": {"type": "integer"},
        "length": {"type": "integer", "index": False},
        "contents": {"type": "boolean"},
        "lemma": _TEXT,
        "surface": _TEXT,
        "heading": _TEXT,
        "title": _TEXT,
        "stored": _KEPT,
        "file": _KEPT,
        "names": _KEPT,
        "words": _KEPT,
    },
}
STATE_MAPPINGS: JSON = {"dynamic": False}


def place(document: str, number: int) -> str:
    """What names a page."""
    return f"{number}#{document}"


def day_of(document: Document) -> int:
    """The day of publication as a number, 0 without one."""
    return document.published.toordinal() if document.published else 0


def rows_of(
    added: AnalysedDocument, file: IndexedFile, ord: int, born: int, values: Sequence[int]
) -> tuple[list[tuple[str, JSON]], dict[str, Counter[str]]]:
    """The rows of a document with their ids, its own row last, and on how many of its pages each term stands."""
    document = added.document
    common = {"born": born, "ord": ord, "document": document.id, "day": day_of(document), "values": list(values)}
    title = _tokens(added.title)
    counts: dict[str, Counter[str]] = {"surface": Counter(), "lemma": Counter()}
    rows: list[tuple[str, JSON]] = []
    for analysed in added.pages:
        page = analysed.page
        counts["surface"].update({word.surface for word in analysed.words})
        counts["lemma"].update({term for word in analysed.words if not word.function for term in word.terms})
        row = {
            **common,
            "row": PAGE,
            "number": page.number,
            "place": place(document.id, page.number),
            "length": len(analysed.words),
            "contents": analysed.lists_contents,
            "lemma": _tokens(analysed.words, functions=False),
            "surface": " ".join(f"{ANY}|{word.surface}" for word in analysed.words),
            "heading": _tokens(analysed.heading),
            "title": title,
            "stored": PAGES.dump_python(page, mode="json"),
        }
        rows.append((f"{born}-{ord}-{page.number}", row))
    own = {
        **common,
        "row": DOCUMENT,
        "number": 0,
        "stored": DOCUMENTS.dump_python(document, mode="json"),
        "file": file._asdict(),
        "names": [[page.page.number, name] for page in added.pages for name in page.page.listed_under],
        "words": {
            "pages": len(added.pages),
            "count": added.words,
            **{field: _counted(own) for field, own in counts.items()},
        },
    }
    rows.append((f"{born}-{ord}-0", own))
    return rows, counts


def rows_of_words(changes: dict[str, Counter[str]], born: int) -> Iterator[tuple[str, JSON]]:
    """Rows that say by how many pages a commit has changed what each term stands on."""
    number = 0
    for field, counts in changes.items():
        changed = [(term, count) for term, count in counts.items() if count]
        for start in range(0, len(changed), _TERMS_A_ROW):
            number += 1
            part = _counted(dict(changed[start : start + _TERMS_A_ROW]))
            yield f"{born}-w-{number}", {"row": WORDS, "born": born, "number": number, "words": {field: part}}


def _tokens(found: Iterable[Word], *, functions: bool = True) -> str:
    """A text by its terms; without ``functions`` a function word is any word."""
    return " ".join(ANY if word.function and not functions else "|".join((ANY, *word.terms)) for word in found)


def _counted(counts: dict[str, int]) -> str:
    # One string: as keys of an object, terms would be looked at one by one.
    return json.dumps(counts, ensure_ascii=False, separators=(",", ":"))


def counted(text: str) -> dict[str, int]:
    """Numbers of pages by term, as a row has them."""
    found: dict[str, int] = json.loads(text)
    return found
