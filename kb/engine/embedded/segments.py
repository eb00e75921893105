"""Reading a Whoosh index of rows, segment by segment, as arrays. With ``writer`` and ``codec`` all that knows Whoosh.

A **row** is a Whoosh document. Each of our documents is one *document row* (its title's terms and its metadata) followed by
one *page row* for each page (its text's terms, its text). Rows are numbered over all segments; a document's rows are
neighbours. Whoosh keeps postings with positions and columns, and gives atomic commits; ranking reads whole
posting lists as arrays (``ranking.py``), since Whoosh's own searcher walks them one posting at a time in Python.
"""

from __future__ import annotations

import errno
import mmap
import os
import weakref
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
from pydantic_core import from_json
from whoosh import columns, fields, index
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.reading import SegmentReader

from kb.cache import Cache
from kb.engine import IndexedFile
from kb.engine.analysis import forms_of
from kb.engine.embedded import sums
from kb.engine.embedded.codec import Place, Positions, find, read_counts, read_places, read_positions
from kb.engine.embedded.ranking import Indices, Ints, Numbers, Postings
from kb.errors import IndexDamaged, IndexMismatch
from kb.limits import WORD_CHARACTERS
from kb.model import Document, Heading, Page, Status

_OPEN_ATTEMPTS = 10
_NAME = "MAIN"
_PLACE_BYTES = 1000
"""What the place of a list takes in memory with the longest term as its key, rounded up."""
_ROW_BYTES = 8
"""What each row of a list takes when it was read, beside the bytes that it was read from."""
_WINDOW_BITS, _COMPRESSOR_MEMORY = 13, 6
"""Of zlib: 8 KiB to look back, and memory to go with it."""
_SHARE_OF_PLACES = 0.5
"""Of that memory, what goes to the places; the rest to the lists: those of a few questions."""


class StoredColumn(columns.CompressedBytesColumn):  # type: ignore[misc]  # Whoosh has no types
    """Compressed bytes, as Whoosh reads them. To make the usual window ready takes longer than to compress a page in it."""

    class Writer(columns.CompressedBytesColumn.Writer):  # type: ignore[misc]
        """Writes them."""

        def add(self, row: int, value: bytes) -> None:
            """Add a row's value."""
            packer = zlib.compressobj(self._level, zlib.DEFLATED, _WINDOW_BITS, _COMPRESSOR_MEMORY)
            columns.VarBytesColumn.Writer.add(self, row, packer.compress(value) + packer.flush())

    def writer(self, dbfile: object) -> Writer:
        """What writes the column into a file."""
        return self.Writer(dbfile, self._level, self._module)


def schema() -> fields.Schema:
    """Fields of a row. ``number`` is 0 for a document row; ``length`` the words of a page, ``name`` a title or headings.

    ``name`` has one heading a line. ``contents`` is 1 for a page that lists contents. ``record`` and ``file`` stand on document
    rows, ``stored`` is the document or the page itself; all three are JSON. Of a page's text and HTML the JSON has the lengths in
    bytes, and they follow it as they are: reading millions of characters as JSON would let no other thread work meanwhile.
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
        contents=fields.COLUMN(columns.NumericColumn("i")),
        file=fields.COLUMN(columns.VarBytesColumn()),
        stored=fields.COLUMN(StoredColumn()),
    )


def create(folder: Path) -> None:
    """Make an empty index in an existing folder."""
    _WrittenStorage(str(folder)).create_index(schema())


def open_to_write(folder: Path) -> index.FileIndex:
    """The newest committed state, to be written to."""
    return _WrittenStorage(str(folder)).open_index()


class Columns:
    """A segment's values row by row: page number (0: a document row), words, whether it lists contents."""

    def __init__(self, reader: SegmentReader) -> None:
        self._reader = reader
        self.numbers = self._numeric("number")
        self.lengths = self._numeric("length")
        self.contents = self._numeric("contents")

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """The records of the document rows."""
        return tuple(
            Record(id, pages, {facet: tuple(values) for facet, values in facets.items()}, day)
            for id, pages, facets, day in self._values("record")
        )

    def files(self) -> Iterator[IndexedFile]:
        """What the index remembers of the document rows' files."""
        for values in self._values("file"):
            # In the order of the fields, as they were written: by their names it would take twice as long.
            *first, warnings, notes, recognition, unread = values.values()
            yield IndexedFile._make((*first, tuple(warnings), tuple(notes), recognition, unread))

    def _numeric(self, name: str) -> Ints:
        # Whoosh would hand out one value at a time.
        column = self._reader.column_reader(name, translate=False)
        stored = np.frombuffer(column._dbfile.get(column._basepos, column._count * 4), dtype=">i4")
        rest = np.full(self._reader.doc_count_all() - len(stored), column._default)
        return np.concatenate([stored, rest]).astype(np.int32)

    def _values(self, name: str) -> list[Any]:
        # All at once: Whoosh would hand out the empty values of page rows one by one, too.
        column = self._reader.column_reader(name, translate=False)
        lengths = np.array(column._lengths, np.int64)
        lengths = lengths[lengths > 0]
        data: bytes = column._dbfile.get(column._basepos, int(lengths.sum()))
        ends = np.cumsum(lengths).tolist()
        values = [data[begin:end] for begin, end in pairwise([0, *ends])]
        found: list[Any] = from_json(b"[" + b",".join(values) + b"]")
        return found


@dataclass(frozen=True, slots=True)
class Record:
    """What ranking needs of a document, kept in memory for all of them."""

    id: str
    pages: int
    facets: Mapping[str, tuple[str, ...]]
    day: int
    """Day of publication as a proleptic Gregorian ordinal, 0 for none."""


class KeptLists:
    """Where the lists of the latest terms lie, and the very latest lists themselves, of all segments, in so many bytes.

    A query asks for a term several times, and looking it up on the disk takes longer than reading its list, which lies in the
    system's own memory.
    """

    def __init__(self, most_bytes: int) -> None:
        self._places: Cache[tuple[Place | None]] = Cache(int(most_bytes * _SHARE_OF_PLACES))
        self.lists: Cache[tuple[Indices, Numbers]] = Cache(int(most_bytes * (1 - _SHARE_OF_PLACES)))

    def place(self, key: tuple[str, str, str], find: Callable[[], Place | None]) -> Place | None:
        """The place of (segment, field, term), found where it is not kept; None of a term that the segment does not have."""
        known = self._places.get(key)
        if known is not None:
            return known[0]
        place = find()
        if len(key[-1]) <= WORD_CHARACTERS:  # a longer name would take the room of many
            self._places.put(key, (place,), _PLACE_BYTES)
        return place


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
        """The title of each document row, the headings of each page row, one a line."""
        return [value.decode() for value in self._names]

    def stored(self, row: int) -> dict[str, Any]:
        """A row's stored values."""
        stored: bytes = self._stored[row]
        end = stored.find(b"\n")
        if end < 0:
            return cast("dict[str, Any]", from_json(stored))
        values: dict[str, Any] = from_json(stored[:end])
        rest = memoryview(stored)[end + 1 :]
        length = values["text"]
        values["text"], values["html"] = str(rest[:length], "utf-8"), str(rest[length:], "utf-8")
        return values

    def postings(self, field: str, term: str) -> Postings | None:
        """Where a term stands, deleted rows included; None of one that is not there."""
        # Not reader.postings(): it hides deleted rows one posting at a time; ranking does so at once.
        key = self.id, field, term
        place = self._place(key)
        if place is None:
            return None
        file = self._reader._terms._postfile
        return Postings(place.count, partial(self._counts, key, place), partial(read_positions, file, place))

    def places(self, field: str, term: str, rows: Indices) -> tuple[Indices, Numbers, Numbers] | None:
        """What ``read_places`` reads of a term's list; None of one that is not there."""
        place = self._place((self.id, field, term))
        return None if place is None else read_places(self._reader._terms._postfile, place, rows)

    def _place(self, key: tuple[str, str, str]) -> Place | None:
        return self._kept.place(key, lambda: find(self._reader._terms, *key[1:]))

    def _counts(self, key: tuple[str, str, str], place: Place) -> tuple[Indices, Numbers]:
        found = self._kept.lists.get(key)
        if found is None:
            found = read_counts(self._reader._terms._postfile, place)
            self._kept.lists.put(key, found, _PLACE_BYTES + _ROW_BYTES * place.count + place.length)
        return found

    def lexicon(self) -> Iterator[tuple[str, int]]:
        """Surface forms with the number of rows each stands in, deleted ones left out."""
        gone: Counter[str] = Counter()
        for row in self.deleted.tolist():
            if self.columns.numbers[row]:
                gone.update(forms_of(page_of(self.stored(row))))
        found = [(term.decode(), info.doc_frequency()) for term, info in self._reader.iter_field("surface")]
        return ((word, rows - gone[word]) for word, rows in found if rows > gone[word])


def open_segments(folder: Path, before: Sequence[Segment] = (), kept: KeptLists | None = None) -> list[Segment]:
    """The newest committed state of the index in ``folder``; later commits do not change it.

    ``before`` are segments of an earlier state, of which those that are still there are not read again. ``kept`` serves all
    states of an index; without it next to nothing is kept.

    Every file is compared with its checksum before it is read. Raises IndexDamaged, or IndexMismatch where another version of
    the program wrote what is there.
    """
    try:
        reader = _open(folder)
        known = {segment.id: segment for segment in before}
        leaves = [leaf for leaf, _ in reader.leaf_readers() if leaf.doc_count_all()]
        kept = kept or KeptLists(0)
        return [Segment(leaf, known.get(leaf.segment().segment_id()), kept) for leaf in leaves]
    except IndexDamaged:
        raise
    except FileNotFoundError as error:
        raise sums.damaged(Path(error.filename or folder).name) from error
    except Exception as error:  # pickles of other versions may raise anything
        raise IndexMismatch(
            "Nie da się odczytać indeksu: zbudowała go inna wersja programu. Uruchom „kb index”, żeby zbudować go od nowa."
        ) from error


def _open(folder: Path) -> Any:
    # A commit removes the state before it, so what was just listed may be gone when it is opened: look again.
    for _ in range(_OPEN_ATTEMPTS):
        with suppress(OSError, index.EmptyIndexError):
            return _open_checked(folder)
    return _open_checked(folder)


def _open_checked(folder: Path) -> Any:
    """Whoosh's reader of the newest commit. Raises FileNotFoundError where a commit comes in between."""
    storage = _Storage(str(folder), readonly=True)
    latest = index.TOC._latest_generation(storage, _NAME)
    if latest < 0:
        raise sums.damaged("_MAIN_….toc")
    toc = index.TOC._filename(_NAME, latest)
    known = sums.check_toc(folder, toc)
    opened = storage.open_index()
    segments = {segment.segment_id() for segment in index.TOC.read(storage, _NAME, latest).segments}
    sums.check_segments(folder, known, segments)
    reader = opened.reader()
    if any(leaf.segment().segment_id() not in segments for leaf, _ in reader.leaf_readers() if leaf.doc_count_all()):
        reader.close()
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), toc)
    return reader


class _Storage(FileStorage):  # type: ignore[misc]  # Whoosh has no types
    """A folder whose files are mapped into memory, as engines do: reading here and there takes no call of the system."""

    def open_file(self, name: str, **rest: Any) -> StructFile:
        with open(self._fpath(name), "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return super().open_file(name, **rest)
            return _MappedFile(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), name=name, **rest)


class _WrittenStorage(FileStorage):  # type: ignore[misc]
    """A folder in which the checksums of a commit are kept right before it is seen, which is when its table gets its name."""

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        if sums.TOC.fullmatch(newname):
            sums.write(Path(self.folder), newname, oldname)
        super().rename_file(oldname, newname, safe)


class _MappedFile(StructFile):  # type: ignore[misc]
    def get(self, position: int, length: int) -> bytes:
        found: bytes = self.file[position : position + length]
        return found


def document_of(stored: Mapping[str, Any]) -> Document:
    """The document of a stored document row."""
    raw: dict[str, Any] = {name: tuple(value) if type(value) is list else value for name, value in stored.items()}
    raw["published"] = date.fromisoformat(raw["published"]) if raw["published"] else None
    raw["unread"] = Status(raw["unread"]) if raw.get("unread") else None
    return Document(**raw)


def page_of(stored: Mapping[str, Any]) -> Page:
    """The page of a stored page row."""
    headings = tuple(Heading(**heading) for heading in stored["headings"])
    return Page(**{**stored, "headings": headings})
