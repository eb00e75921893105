"""The store: a Whoosh index of rows, and the only module that knows Whoosh.

A **row** is a Whoosh document. Each of our documents is one *document row* (its title's terms and its metadata) followed by
one *page row* for each page (its text's terms, its text). Rows are numbered over all segments; a document's rows are
neighbours. Whoosh keeps postings with positions, columns and stored fields, and gives atomic commits; ranking reads whole
posting lists as arrays (``ranking.py``), since Whoosh's own searcher walks them one posting at a time in Python.
"""

from __future__ import annotations

import heapq
import json
import threading
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from itertools import chain, groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from whoosh import columns, fields, formats, index
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3PostingsWriter
from whoosh.reading import SegmentReader, TermNotFound
from whoosh.writing import SegmentWriter

from kb.engine import IndexedFile
from kb.errors import IndexMismatch
from kb.model import Document, Page
from kb.polish import Analyzer, is_stop_word, normalise, surface, words

SCHEMA_VERSION = "1"
"""Raise when rows would be written in another way: every index is then rebuilt from the kept extractions."""

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

_BLOCK = 1024
"""Postings in a compressed block: we always read whole lists, so larger blocks than Whoosh's 128 mean less work."""
_OPEN_ATTEMPTS = 10
_SMALL_SEGMENT = 2_000
_MANY_SEGMENTS = 8

_Posting = tuple[str, bytes, int, float, bytes]
"""Field, term, row, frequency, packed positions: as Whoosh's pool gives them."""
_List = tuple[str, bytes, Sequence[int], Sequence[float], Sequence[bytes]]
"""The same with all rows of a term."""


class PackedPositions(formats.Format):  # type: ignore[misc]  # Whoosh has no types
    """A posting's value: its positions as 32-bit integers in machine order, so that a whole list decodes in one call."""

    def decode_positions(self, value: bytes) -> list[int]:
        """Positions of one posting."""
        return list(array("I", value))


class Positions(fields.FieldType):  # type: ignore[misc]
    """A field of terms with positions, written by ``_FieldWriter``: no Whoosh analyzer ever sees its text."""

    def __init__(self) -> None:
        super().__init__(PackedPositions(), None)


def schema() -> fields.Schema:
    """Fields of a row. ``number`` is 0 for a document row; ``length`` the words of a page, ``name`` a title or heading."""
    return fields.Schema(
        title=Positions(),
        lemma=Positions(),
        surface=Positions(),
        heading=Positions(),
        number=fields.COLUMN(columns.NumericColumn("i")),
        length=fields.COLUMN(columns.NumericColumn("i")),
        record=fields.COLUMN(columns.VarBytesColumn()),
        name=fields.COLUMN(columns.VarBytesColumn()),
        stored=fields.STORED(),
    )


def create(folder: Path) -> None:
    """Make an empty index in an existing folder."""
    index.create_in(str(folder), schema())


@dataclass(frozen=True, slots=True)
class Postings:
    """A term's rows within a segment or an index, ascending, and how often it stands in each."""

    rows: Ints
    frequencies: Floats

    @property
    def nbytes(self) -> int:
        """Memory used, in bytes."""
        return self.rows.nbytes + self.frequencies.nbytes


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Every single occurrence of a term: row and position, sorted by both."""

    rows: Ints
    positions: Ints


@dataclass(frozen=True, slots=True)
class Record:
    """What ranking needs of a document, kept in memory for all of them."""

    id: str
    pages: int
    kind: str | None
    edition: str | None
    topics: tuple[str, ...]
    published: str | None


class Segment:
    """One immutable segment as arrays. Whoosh's file objects share a position, so reads take the store's lock."""

    def __init__(self, reader: SegmentReader, lock: threading.Lock) -> None:
        self._reader = reader
        self._lock = lock
        self.id: str = reader.segment().segment_id()
        self.size: int = reader.doc_count_all()
        self.deleted = np.fromiter(sorted(reader.segment().deleted_docs()), dtype=np.int32)

    @cached_property
    def numbers(self) -> Ints:
        """Page number of each row, 0 for a document row."""
        return self._numeric("number")

    @cached_property
    def lengths(self) -> Ints:
        """Words of each page row."""
        return self._numeric("length")

    def _numeric(self, name: str) -> Ints:
        with self._lock:
            return np.fromiter(self._reader.column_reader(name), dtype=np.int32, count=self.size)

    def records(self) -> list[Record]:
        """The document rows' records, in row order."""
        with self._lock:
            raw = list(self._reader.column_reader("record"))
        return [_record(json.loads(value)) for value in raw if value]

    def names(self) -> list[str]:
        """Title or heading of each row."""
        with self._lock:
            return [value.decode() for value in self._reader.column_reader("name")]

    def stored(self, row: int) -> dict[str, Any]:
        """A row's stored values."""
        with self._lock:
            return cast("dict[str, Any]", json.loads(self._reader.stored_fields(row)["stored"]))

    def _blocks(self, field: str, term: str) -> list[tuple[Sequence[int], Any, Sequence[bytes]]]:
        # The blocks as Whoosh pickled them (delta-coded rows, frequencies, position bytes), past its matcher interface,
        # which hands out one posting at a time.
        with self._lock:
            try:
                # Not reader.postings(): it hides deleted rows one posting at a time; ranking does so at once.
                matcher = self._reader._terms.matcher(field, term.encode(), self._reader.schema[field].format)
            except TermNotFound:
                return []
            blocks = []
            while matcher.is_active():
                matcher._read_data()
                deltas, weights, values = matcher._data
                blocks.append((deltas, weights if weights is not None else 1.0, values))
                matcher._next_block()
            return blocks

    def postings(self, field: str, term: str) -> Postings:
        """The term's rows, deleted ones included; empty where the segment has none."""
        rows, frequencies = [], []
        for deltas, weights, _ in self._blocks(field, term):
            rows.append(np.cumsum(np.array(deltas, dtype=np.int32), dtype=np.int32))
            frequencies.append(np.broadcast_to(np.asarray(weights, dtype=np.float32), len(deltas)))
        if not rows:
            return Postings(np.empty(0, np.int32), np.empty(0, np.float32))
        return Postings(np.concatenate(rows), np.concatenate(frequencies))

    def occurrences(self, field: str, term: str) -> Occurrences:
        """Every occurrence of the term, deleted rows included."""
        rows, positions = [], []
        for deltas, _, values in self._blocks(field, term):
            counts = np.fromiter((len(value) >> 2 for value in values), dtype=np.int32, count=len(values))
            rows.append(np.repeat(np.cumsum(np.array(deltas, dtype=np.int32), dtype=np.int32), counts))
            positions.append(np.frombuffer(b"".join(values), dtype=np.uint32).astype(np.int32))
        if not rows:
            return Occurrences(np.empty(0, np.int32), np.empty(0, np.int32))
        return Occurrences(np.concatenate(rows), np.concatenate(positions))

    def vocabulary(self) -> Iterator[tuple[str, int]]:
        """Surface forms with the number of rows each stands in, deleted ones left out."""
        gone: Counter[str] = Counter()
        for row in self.deleted.tolist():
            if self.numbers[row]:
                gone.update({surface(word) for word in _page_words(page_of(self.stored(row)))})
        with self._lock:
            found = [(term.decode(), info.doc_frequency()) for term, info in self._reader.iter_field("surface")]
        return ((word, rows - gone[word]) for word, rows in found if rows > gone[word])


def open_segments(folder: Path) -> list[Segment]:
    """The newest committed state of the index in ``folder``; later commits do not change it.

    Raises IndexMismatch where its files are gone or spoilt.
    """
    try:
        reader = _open(folder).reader()
        lock = threading.Lock()
        return [Segment(leaf, lock) for leaf, _ in reader.leaf_readers() if leaf.doc_count_all()]
    except Exception as error:  # spoilt pickles may raise anything
        raise IndexMismatch(
            "Indeks jest uszkodzony. Uruchom „kb index --rebuild”, żeby zbudować go od nowa."
        ) from error


def _open(folder: Path) -> index.FileIndex:
    # A commit removes the state before it, so what was just listed may be gone when it is opened: look again.
    for _ in range(_OPEN_ATTEMPTS):
        with suppress(OSError, index.EmptyIndexError):
            return index.open_dir(str(folder), readonly=True)
    return index.open_dir(str(folder), readonly=True)


class _Stream:
    """The words of one text field, row after row, as numbers of a shared word list: 8 bytes a word until the commit."""

    def __init__(self) -> None:
        self.words = array("I")
        self.rows: list[int] = []
        self.lengths: list[int] = []

    def add(self, row: int, numbers: Sequence[int]) -> None:
        """Append a row's words."""
        self.words.extend(numbers)
        self.rows.append(row)
        self.lengths.append(len(numbers))


class _FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Whoosh's term writer, fed with whole posting lists: the files are Whoosh's own, made some ten times faster."""

    lists: Iterator[_List] = iter(())
    """Set before the commit: the new rows' postings, sorted by field and term."""

    def add_postings(self, schema: fields.Schema, _lengths: object, items: Iterable[_Posting]) -> None:
        """Write ``lists`` joined with ``items``, the postings of old segments that this commit merges."""
        merged = heapq.merge(self.lists, _as_lists(items), key=itemgetter(0, 1))
        current = None
        for (field, term), group in groupby(merged, key=itemgetter(0, 1)):
            if field != current:
                if current is not None:
                    self.finish_field()
                self.start_field(field, schema[field])
                current = field
            self.start_term(term)
            for _, _, rows, frequencies, values in group:
                self._postwriter.add_list(rows, frequencies, values)
            self.finish_term()
        if current is not None:
            self.finish_field()


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]
    def add_list(self, rows: Sequence[int], frequencies: Sequence[float], values: Sequence[bytes]) -> None:
        """What ``add_posting`` does, for many postings at once."""
        for start in range(0, len(rows), self._blocklimit):
            if len(self):
                self._write_block()
            stop = start + self._blocklimit
            self._ids = array("I", rows[start:stop])
            self._weights = array("f", frequencies[start:stop])
            self._values = list(values[start:stop])
            self._maxweight = max(self._weights)


class _Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec with the two writers above; what it writes, Whoosh's own reads."""

    def field_writer(self, storage: object, segment: object) -> _FieldWriter:
        return _FieldWriter(self, storage, segment)

    def postings_writer(self, dbfile: object, byteids: bool = False) -> _PostingsWriter:
        return _PostingsWriter(dbfile, self._blocklimit, byteids, self._compression, self._inlinelimit)


def _as_lists(items: Iterable[_Posting]) -> Iterator[_List]:
    for (field, term), group in groupby(items, key=itemgetter(0, 1)):
        _, _, rows, frequencies, values = zip(*group, strict=True)
        yield field, term, rows, frequencies, values


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


class StoreWriter:
    """Changes to the index in ``folder``, seen by readers only after ``commit``."""

    def __init__(self, folder: Path, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._files: dict[str, IndexedFile] = {}
        self._rows: dict[str, range] = {}
        base = 0
        for segment in open_segments(folder):
            deleted = set(segment.deleted.tolist())
            for row in np.flatnonzero(segment.numbers == 0).tolist():
                if row not in deleted:
                    stored = segment.stored(row)
                    file = IndexedFile(**stored["file"] | {"warnings": tuple(stored["file"]["warnings"])})
                    self._files[file.document] = file
                    self._rows[file.document] = range(base + row, base + row + file.pages + 1)
            base += segment.size
        self._next_row = 0
        self._numbers: dict[str, int] = {}
        self._body, self._titles, self._headings = _Stream(), _Stream(), _Stream()
        self._folder = str(folder)
        self._opened: SegmentWriter | None = None

    @property
    def _writer(self) -> SegmentWriter:
        # Opened when there is something to write: Whoosh makes files at once, and a run that changes nothing must leave none.
        if self._opened is None:
            self._opened = index.open_dir(self._folder).writer(codec=_Codec(blocklimit=_BLOCK))
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
            document.published.isoformat() if document.published else None,
        )
        page_words = [_page_words(page) for page in pages]
        counted = replace(file, words=sum(map(len, page_words)))
        self._add_words(self._titles, words(normalise(document.title)))
        self._add_row(
            number=0,
            length=0,
            record=json.dumps(record, ensure_ascii=False).encode(),
            name=document.title.encode(),
            stored=json.dumps({"document": asdict(document), "file": asdict(counted)}, ensure_ascii=False, default=str),
        )
        for page, found in zip(pages, page_words, strict=True):
            self._add_words(self._body, found)
            self._add_words(self._headings, words(normalise(page.heading)))
            self._add_row(
                number=page.number,
                length=len(found),
                name=page.heading.encode(),
                stored=json.dumps(asdict(page), ensure_ascii=False),
            )
        return counted.words

    def _add_words(self, stream: _Stream, found: Sequence[str]) -> None:
        numbers = self._numbers
        stream.add(self._next_row, [numbers.setdefault(word, len(numbers)) for word in found])

    def _add_row(self, **values: object) -> None:
        self._writer.add_document(**values)
        self._next_row += 1

    def remove(self, document: str) -> None:
        """Delete a document's rows of earlier commits."""
        for row in self._rows.pop(document, ()):
            self._writer.delete_document(row)

    def commit(self) -> None:
        """Write the segment and the new table of contents, in one atomic rename."""
        vocabulary = list(self._numbers)
        terms = [self._analyzer.terms(word) for word in vocabulary]
        content = [() if is_stop_word(word) else own for word, own in zip(vocabulary, terms, strict=True)]
        self._writer.fieldwriter.lists = chain(
            _posting_lists("heading", self._headings, terms),
            _posting_lists("lemma", self._body, content),
            _posting_lists("surface", self._body, [(surface(word),) for word in vocabulary]),
            _posting_lists("title", self._titles, terms),
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
    return words(normalise(f"{page.text} {page.continuation}"))


def _posting_lists(field: str, stream: _Stream, terms_of: Sequence[Sequence[str]]) -> Iterator[_List]:
    """Invert a stream: for each term, sorted, its rows, frequencies and packed positions.

    ``terms_of`` gives the terms of each word number. A word's place is repeated for each of its terms, then one stable sort
    by term leaves rows and positions in order.
    """
    if not stream.words:
        return
    names = sorted({term.encode() for own in terms_of for term in own})
    codes = {name: code for code, name in enumerate(names)}
    flat = np.array([codes[term.encode()] for own in terms_of for term in own], dtype=np.int64)
    counts = np.array([len(own) for own in terms_of], dtype=np.int64)
    offsets = np.cumsum(counts) - counts
    words = np.frombuffer(stream.words, dtype=np.uint32)
    lengths = np.array(stream.lengths, dtype=np.int64)
    rows = np.repeat(np.array(stream.rows, dtype=np.int64), lengths)
    positions = np.arange(len(words)) - np.repeat(np.cumsum(lengths) - lengths, lengths)

    per_word = counts[words]
    if not per_word.any():  # nothing but function words
        return
    within = np.arange(int(per_word.sum())) - np.repeat(np.cumsum(per_word) - per_word, per_word)
    term = flat[np.repeat(offsets[words], per_word) + within]
    order = np.argsort(term, kind="stable")
    term, rows, positions = term[order], np.repeat(rows, per_word)[order], np.repeat(positions, per_word)[order]

    starts = np.flatnonzero((np.diff(term, prepend=-1) != 0) | (np.diff(rows, prepend=-1) != 0))
    ends = np.append(starts[1:], len(term))
    packed = positions.astype(np.uint32).tobytes()
    values = [packed[start:end] for start, end in zip((starts * 4).tolist(), (ends * 4).tolist(), strict=True)]
    row_list, frequencies = rows[starts].tolist(), (ends - starts).tolist()
    posting_terms = term[starts]
    bounds = np.append(np.flatnonzero(np.diff(posting_terms, prepend=-1)), len(starts)).tolist()
    for start, end in pairwise(bounds):
        name = names[int(posting_terms[start])]
        yield field, name, row_list[start:end], frequencies[start:end], values[start:end]


def _record(values: list[Any]) -> Record:
    id, pages, kind, edition, topics, published = values
    return Record(id, pages, kind, edition, tuple(topics), published)


def document_of(stored: Mapping[str, Any]) -> Document:
    """The document of a stored document row."""
    raw = dict(stored["document"])
    raw["published"] = date.fromisoformat(raw["published"]) if raw["published"] else None
    return Document(**raw | {"topics": tuple(raw["topics"]), "authors": tuple(raw["authors"])})


def page_of(stored: Mapping[str, Any]) -> Page:
    """The page of a stored page row."""
    return Page(**stored)
