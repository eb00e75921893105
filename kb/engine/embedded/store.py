"""The store: a Whoosh index of rows. With ``codec`` the only module that knows Whoosh.

A **row** is a Whoosh document. Each of our documents is one *document row* (its title's terms and its metadata) followed by
one *page row* for each page (its text's terms, its text). Rows are numbered over all segments; a document's rows are
neighbours. Whoosh keeps postings with positions and columns, and gives atomic commits; ranking reads whole
posting lists as arrays (``ranking.py``), since Whoosh's own searcher walks them one posting at a time in Python.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import threading
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, cast

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from whoosh import columns, fields, index
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.reading import SegmentReader, TermNotFound
from whoosh.writing import SegmentWriter

from kb.engine import IndexedFile
from kb.engine.embedded.codec import ArrayCodec, Lists, Positions, WordStream, read_lists
from kb.engine.embedded.ranking import Floats, Ints
from kb.errors import IndexMismatch
from kb.model import Document, Page
from kb.polish import Analyzer, is_stop_word, normalise, surface, words

SCHEMA_VERSION = "3"
"""Raise when rows would be written in another way: every index is then rebuilt from the kept extractions."""


_OPEN_ATTEMPTS = 10
_SMALL_SEGMENT = 2_000
_MANY_SEGMENTS = 8

_NOTHING = np.empty(0, np.int32)
_CONTENTS_LINE = re.compile(r"(?:…|\.{3,})\s*(?:\d+|[ivxl]+)\b")
_CONTENTS_WORDS = 12
_CONTENTS_WEIGHT = 0.5
"""A page that lists contents is a way to other pages, not an answer: its score counts half."""


def schema() -> fields.Schema:
    """Fields of a row. ``number`` is 0 for a document row; ``length`` the words of a page, ``name`` a title or heading.

    ``weight`` multiplies a page's score. ``record`` and ``file`` stand on document rows, as lists in JSON; ``stored`` is the
    document or the page itself, in JSON.
    """
    return fields.Schema(
        title=Positions(),
        lemma=Positions(),
        surface=Positions(),
        heading=Positions(),
        number=fields.COLUMN(columns.NumericColumn("i")),
        length=fields.COLUMN(columns.NumericColumn("i")),
        record=fields.COLUMN(columns.VarBytesColumn()),
        name=fields.COLUMN(columns.VarBytesColumn()),
        weight=fields.COLUMN(columns.NumericColumn("f", default=1.0)),
        file=fields.COLUMN(columns.VarBytesColumn()),
        stored=fields.COLUMN(columns.CompressedBytesColumn()),
    )


def create(folder: Path) -> None:
    """Make an empty index in an existing folder."""
    index.create_in(str(folder), schema())


class Columns:
    """A segment's values row by row: page number (0: a document row), words, what multiplies the score."""

    def __init__(self, reader: SegmentReader) -> None:
        self._reader = reader
        self.numbers: Ints = self._numeric("number", "i")
        self.lengths: Ints = self._numeric("length", "i")
        self.weights: Floats = self._numeric("weight", "f")

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """The records of the document rows."""
        return tuple(_record(values) for values in self._lists("record"))

    def files(self) -> Iterator[IndexedFile]:
        """What the index remembers of the document rows' files."""
        for document, path, version, metadata, pages, count, warnings in self._lists("file"):
            yield IndexedFile(
                document=document,
                path=path,
                version=version,
                metadata=metadata,
                pages=pages,
                words=count,
                warnings=tuple(warnings),
            )

    def _numeric(self, name: str, kind: str) -> NDArray[Any]:
        # Whoosh would hand out one value at a time.
        column = self._reader.column_reader(name, translate=False)
        stored = np.frombuffer(column._dbfile.get(column._basepos, column._count * 4), dtype=f">{kind}4")
        rest = np.full(self._reader.doc_count_all() - len(stored), column._default)
        return np.concatenate([stored, rest]).astype(f"{kind}4")

    def _lists(self, name: str) -> list[list[Any]]:
        found: list[list[Any]] = json.loads(b"[" + b",".join(v for v in self._reader.column_reader(name) if v) + b"]")
        return found


@dataclass(frozen=True, slots=True)
class Record:
    """What ranking needs of a document, kept in memory for all of them."""

    id: str
    pages: int
    kind: str | None
    edition: str | None
    topics: tuple[str, ...]
    day: int
    """Day of publication as a proleptic Gregorian ordinal, 0 for none."""


class KeptLists:
    """The latest posting lists of all segments, at most so many bytes.

    A query asks for a term up to three times, alone and beside each neighbour.
    """

    def __init__(self, most_bytes: int) -> None:
        self._lists: LRUCache[tuple[str, str, str], Lists] = LRUCache(most_bytes, lambda kept: kept[0].nbytes * 3 + 300)
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str, str]) -> Lists | None:
        """The lists of (segment, field, term)."""
        with self._lock:
            return self._lists.get(key)

    def put(self, key: tuple[str, str, str], lists: Lists) -> None:
        """Keep them, unless they are larger than all that may be kept."""
        with self._lock, suppress(ValueError):
            self._lists[key] = lists


class Segment:
    """One immutable segment as arrays. Its files are mapped and read without a position, so threads need no lock for them."""

    def __init__(self, reader: SegmentReader, before: Segment | None, kept: KeptLists) -> None:
        self._reader = reader
        self.id: str = reader.segment().segment_id()
        self.size: int = reader.doc_count_all()
        self.deleted = np.fromiter(sorted(reader.segment().deleted_docs()), dtype=np.int32)
        # A later commit only adds deletions to a segment: what was read of it before holds.
        self.columns: Columns = before.columns if before else Columns(reader)
        self._kept = kept
        # Whoosh opens these files when first asked; by then a commit may have removed them.
        self._names = reader.column_reader("name")
        self._stored = reader.column_reader("stored", translate=False)
        # Searches that began in this state may go on after the next one is there: the files close with the last of them.
        weakref.finalize(self, reader.close)

    def names(self) -> list[str]:
        """Title or heading of each row."""
        return [value.decode() for value in self._names]

    def stored(self, row: int) -> dict[str, Any]:
        """A row's stored values."""
        return cast("dict[str, Any]", json.loads(self._stored[row]))

    def postings(self, field: str, term: str) -> Lists:
        """A term's rows, deleted ones included, its frequency in each, and its positions, row after row."""
        key = self.id, field, term
        known = self._kept.get(key)
        if known is None:
            known = self._read(field, term)
            self._kept.put(key, known)
        return known

    def _read(self, field: str, term: str) -> Lists:
        try:
            # Not reader.postings(): it hides deleted rows one posting at a time; ranking does so at once.
            return read_lists(self._reader._terms, field, term)
        except TermNotFound:
            return _NOTHING, _NOTHING, _NOTHING

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Surface forms with the number of rows each stands in, deleted ones left out."""
        gone: Counter[str] = Counter()
        for row in self.deleted.tolist():
            if self.columns.numbers[row]:
                gone.update({surface(word) for word in _page_words(page_of(self.stored(row)))})
        found = [(term.decode(), info.doc_frequency()) for term, info in self._reader.iter_field("surface")]
        return ((word, rows - gone[word]) for word, rows in found if rows > gone[word])


def open_segments(folder: Path, before: Sequence[Segment] = (), kept: KeptLists | None = None) -> list[Segment]:
    """The newest committed state of the index in ``folder``; later commits do not change it.

    ``before`` are segments of an earlier state, of which those that are still there are not read again. ``kept`` serves all
    states of an index; without it no posting list is kept.

    Raises IndexMismatch where its files are gone or spoilt.
    """
    try:
        reader = _open(folder).reader()
        known = {segment.id: segment for segment in before}
        leaves = [leaf for leaf, _ in reader.leaf_readers() if leaf.doc_count_all()]
        kept = kept or KeptLists(0)
        return [Segment(leaf, known.get(leaf.segment().segment_id()), kept) for leaf in leaves]
    except Exception as error:  # spoilt pickles may raise anything
        raise IndexMismatch(
            "Nie da się odczytać indeksu: zbudowała go inna wersja programu albo jest uszkodzony. Uruchom „kb index”."
        ) from error


def _open(folder: Path) -> index.FileIndex:
    storage = _Storage(str(folder), readonly=True)
    # A commit removes the state before it, so what was just listed may be gone when it is opened: look again.
    for _ in range(_OPEN_ATTEMPTS):
        with suppress(OSError, index.EmptyIndexError):
            return storage.open_index()
    return storage.open_index()


class _Storage(FileStorage):  # type: ignore[misc]  # Whoosh has no types
    """A folder whose files are mapped into memory, as engines do: reading here and there takes no call of the system."""

    def open_file(self, name: str, **rest: Any) -> StructFile:
        with open(self._fpath(name), "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return super().open_file(name, **rest)
            return _MappedFile(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), name=name, **rest)


class _MappedFile(StructFile):  # type: ignore[misc]
    def get(self, position: int, length: int) -> bytes:
        found: bytes = self.file[position : position + length]
        return found


def _merge_few(writer: SegmentWriter, segments: list[Any]) -> list[Any]:
    """Merge policy: small segments only once there are many, so that a commit of one document stays quick."""
    small = [s for s in segments if s.doc_count_all() <= _SMALL_SEGMENT]
    if len(small) < _MANY_SEGMENTS:
        return [s for s in segments if s.doc_count_all() > s.deleted_count()]
    for segment in small:
        reader = SegmentReader(writer.storage, writer.schema, segment)
        writer.add_reader(reader)
        reader.close()
    return [s for s in segments if s not in small]


class _Words(dict[str, int]):
    """Each distinct word's number, in order of appearance; ``terms`` are analysed as it comes, while files are being read."""

    def __init__(self, analyzer: Analyzer) -> None:
        super().__init__()
        self.terms: list[tuple[str, ...]] = []
        self._analyse = analyzer.terms

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        self.terms.append(self._analyse(word))
        return number


class StoreWriter:
    """Changes to the index in ``folder``, seen by readers only after ``commit``."""

    def __init__(self, folder: Path, analyzer: Analyzer) -> None:
        self._files: dict[str, IndexedFile] = {}
        self._rows: dict[str, range] = {}
        base = 0
        for segment in open_segments(folder):
            rows = np.flatnonzero(segment.columns.numbers == 0)
            alive = ~np.isin(rows, segment.deleted)
            for row, file, kept in zip(rows.tolist(), segment.columns.files(), alive.tolist(), strict=True):
                if kept:
                    self._files[file.document] = file
                    self._rows[file.document] = range(base + row, base + row + file.pages + 1)
            base += segment.size
        self._next_row = 0
        self._words = _Words(analyzer)
        self._body, self._titles, self._headings = WordStream(), WordStream(), WordStream()
        self._folder = str(folder)
        self._opened: SegmentWriter | None = None

    @property
    def _writer(self) -> SegmentWriter:
        # Opened when there is something to write: Whoosh makes files at once, and a run that changes nothing must leave none.
        if self._opened is None:
            self._opened = index.open_dir(self._folder).writer(codec=ArrayCodec(), compound=False)
        return self._opened

    def files(self) -> list[IndexedFile]:
        """Every file in the index at the start of this write."""
        return list(self._files.values())

    def add(self, document: Document, pages: Sequence[Page], file: IndexedFile) -> int:
        """Write a document row and its page rows, and count their words; rows of the same id from before are deleted."""
        self.remove(document.id)
        record = (
            document.id,
            len(pages),
            document.kind,
            document.edition,
            document.topics,
            document.published.toordinal() if document.published else 0,
        )
        page_words = [_page_words(page) for page in pages]
        count = sum(map(len, page_words))
        known = (file.document, file.path, file.version, file.metadata, file.pages, count, file.warnings)
        self._add_words(self._titles, words(normalise(document.title)))
        self._add_row(
            number=0,
            length=0,
            record=json.dumps(record, ensure_ascii=False).encode(),
            name=document.title.encode(),
            file=json.dumps(known, ensure_ascii=False).encode(),
            stored=json.dumps(asdict(document), ensure_ascii=False, default=str).encode(),
        )
        for page, found in zip(pages, page_words, strict=True):
            self._add_words(self._body, found)
            self._add_words(self._headings, words(normalise(page.heading)))
            self._add_row(
                number=page.number,
                length=len(found),
                name=page.heading.encode(),
                weight=_weight(page.text, len(found)),
                stored=json.dumps(asdict(page), ensure_ascii=False).encode(),
            )
        return count

    def _add_words(self, stream: WordStream, found: Sequence[str]) -> None:
        stream.add(self._next_row, [self._words[word] for word in found])

    def _add_row(self, **values: object) -> None:
        self._writer.add_document(**values)
        self._next_row += 1

    def remove(self, document: str) -> None:
        """Delete a document's rows of earlier commits."""
        for row in self._rows.pop(document, ()):
            self._writer.delete_document(row)

    def commit(self) -> None:
        """Write the segment and the new table of contents, in one atomic rename."""
        terms = self._words.terms
        content = [() if is_stop_word(word) else own for word, own in zip(self._words, terms, strict=True)]
        self._writer.fieldwriter.lists = chain(
            self._headings.lists("heading", terms),
            self._body.lists("lemma", content),
            self._body.lists("surface", [(surface(word),) for word in self._words]),
            self._titles.lists("title", terms),
        )
        self._writer.commit(mergetype=_merge_few)

    def cancel(self) -> None:
        """Leave the index as it was."""
        if self._opened is not None:
            self._opened.cancel()
            opened = index.open_dir(self._folder)
            toc = opened._read_toc()
            index.clean_files(opened.storage, opened.indexname, toc.generation, toc.segments)


def _page_words(page: Page) -> list[str]:
    return words(normalise(page.whole_text))


def _weight(text: str, length: int) -> float:
    return _CONTENTS_WEIGHT if len(_CONTENTS_LINE.findall(text)) * _CONTENTS_WORDS > length else 1.0


def _record(values: list[Any]) -> Record:
    id, pages, kind, edition, topics, day = values
    return Record(id, pages, kind, edition, tuple(topics), day)


def document_of(stored: Mapping[str, Any]) -> Document:
    """The document of a stored document row."""
    raw = dict(stored)
    raw["published"] = date.fromisoformat(raw["published"]) if raw["published"] else None
    return Document(**raw | {"topics": tuple(raw["topics"]), "authors": tuple(raw["authors"])})


def page_of(stored: Mapping[str, Any]) -> Page:
    """The page of a stored page row."""
    return Page(**stored)
