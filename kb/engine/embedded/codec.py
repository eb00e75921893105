"""Whoosh's codec with posting lists as arrays: its own files and term index, other bytes in the file of postings.

Whoosh's default codec writes and reads a list as blocks of pickled Python numbers, posting by posting. Ranking wants a term's
whole list as arrays, so here a list is one run of bytes: a byte of flags, then 32-bit integers: rows, frequencies (left out
where all are 1), the positions of all its postings. Lists that are not short are compressed, with differences for rows.
Merging old segments goes through Whoosh's own interface, one posting at a time.
"""

from __future__ import annotations

import heapq
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import fields, formats
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3TermInfo, W3TermsReader
from whoosh.matching import ListMatcher
from whoosh.system import pack_ushort

from kb.engine.embedded.ranking import Ints

_ALL_ONCE = 1
_PACKED = 2
_COMPRESSION = 1
_WORTH_PACKING = 16
"""Nearly all terms are rare: packing the few bytes of a shorter list takes longer than reading them."""

Lists = tuple[Ints, Ints, Ints]
"""A term's rows, ascending, its frequency in each, and its positions in all of them, row after row."""


@dataclass(frozen=True, slots=True)
class PostingList:
    """A term of a field with its lists."""

    field: str
    term: bytes
    lists: Lists


class PackedPositions(formats.Format):  # type: ignore[misc]  # Whoosh has no types
    """A single posting's value, as Whoosh's interface passes it: its positions as 32-bit integers."""


class Positions(fields.FieldType):  # type: ignore[misc]
    """A field of terms with positions: its text is analysed before Whoosh sees it."""

    def __init__(self) -> None:
        super().__init__(PackedPositions(), None)


class ArrayCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec with the writer and the reading of lists below."""

    def field_writer(self, storage: object, segment: object) -> FieldWriter:
        """The writer of a new segment's terms."""
        return FieldWriter(self, storage, segment)

    def postings_reader(self, dbfile: Any, terminfo: W3TermInfo, format_: object, **_: object) -> ListMatcher:
        """A term's list as Whoosh itself reads it, when it merges segments."""
        rows, frequencies, positions = _unpacked(dbfile, terminfo)
        values = [part.tobytes() for part in np.split(positions, np.cumsum(frequencies)[:-1])]
        return ListMatcher(rows.tolist(), frequencies.astype(float).tolist(), values, format_)


def read_lists(terms: W3TermsReader, field: str, term: str) -> Lists:
    """A term's whole list. Raises TermNotFound."""
    return _unpacked(terms._postfile, terms.term_info(field, term.encode()))


def _unpacked(file: Any, info: W3TermInfo) -> Lists:
    count: int = info.doc_frequency()
    offset, (length,) = info.extent()  # Whoosh reads the length back as a tuple of one
    data: bytes = file.get(offset, length)
    flags, body = data[0], data[1:]
    numbers = np.frombuffer(zlib.decompress(body) if flags & _PACKED else body, np.int32)
    rows = np.cumsum(numbers[:count], dtype=np.int32) if flags & _PACKED else numbers[:count]
    if flags & _ALL_ONCE:
        return rows, np.ones(count, np.int32), numbers[count:]
    return rows, numbers[count : 2 * count], numbers[2 * count :]


def _packed(rows: Ints, frequencies: Ints, positions: Ints) -> bytes:
    flags, counted = 0, frequencies.tobytes()
    if len(positions) == len(rows):
        flags, counted = _ALL_ONCE, b""
    if len(rows) < _WORTH_PACKING:
        return bytes((flags,)) + rows.tobytes() + counted + positions.tobytes()
    body = np.diff(rows, prepend=np.int32(0)).tobytes() + counted + positions.tobytes()
    return bytes((flags | _PACKED,)) + zlib.compress(body, _COMPRESSION)


class FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes a segment's terms, each with its whole list."""

    lists: Iterator[PostingList] = iter(())
    """Set before the commit: the new rows' lists, sorted by field and term."""

    def add_postings(self, schema: fields.Schema, _lengths: object, items: Iterable[tuple[Any, ...]]) -> None:
        """Write ``lists`` joined with ``items``, the postings of old segments that this commit merges."""
        key = attrgetter("field", "term")
        for (field, term), group in groupby(heapq.merge(self.lists, _as_lists(items), key=key), key=key):
            if field != self._fieldname:
                self.start_field(field, schema[field])
            self._write(term, [part.lists for part in group])

    def _write(self, term: bytes, parts: Sequence[Lists]) -> None:
        """Write a term; of parts from several segments the rows follow one another."""
        rows, frequencies, positions = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
        start = self._postfile.tell()
        data = _packed(rows, frequencies, positions)
        self._postfile.write(data)
        info = W3TermInfo(weight=len(positions), df=len(rows), minid=int(rows[0]), maxid=int(rows[-1]))
        info.set_extent(start, len(data))
        self._tindex.add(pack_ushort(self._fieldid) + term, info.to_bytes())


def _as_lists(items: Iterable[tuple[Any, ...]]) -> Iterator[PostingList]:
    """Lists of the postings that Whoosh's pool gives one by one: field, term, row, weight, value."""
    for (field, term), group in groupby(items, key=itemgetter(0, 1)):
        _, _, rows, weights, values = zip(*group, strict=True)
        positions = np.frombuffer(b"".join(values), np.int32)
        yield PostingList(field, term, (np.array(rows, np.int32), np.array(weights, np.int32), positions))


class WordStream:
    """The words of one text field, row after row, as numbers of a shared word list: 4 bytes a word until the commit."""

    def __init__(self) -> None:
        self.words = array("I")
        self.rows = array("I")
        self.lengths = array("I")

    def add(self, row: int, numbers: Sequence[int]) -> None:
        """Append a row's words."""
        self.words.extend(numbers)
        self.rows.append(row)
        self.lengths.append(len(numbers))

    def lists(self, field: str, terms_of: Sequence[Sequence[str]]) -> Iterator[PostingList]:
        """Invert the stream: the list of each term, sorted by term. ``terms_of`` gives the terms of each word number.

        A word's place is repeated for each of its terms; one stable sort by term then leaves rows and positions in order.
        """
        if not self.words:
            return
        names = sorted({term.encode() for own in terms_of for term in own})
        codes = {name: code for code, name in enumerate(names)}
        flat = np.array([codes[term.encode()] for own in terms_of for term in own], dtype=np.int32)
        counts = np.array([len(own) for own in terms_of], dtype=np.int32)
        words, lengths = _ints(self.words), _ints(self.lengths)
        rows = np.repeat(_ints(self.rows), lengths)
        positions = np.arange(len(words), dtype=np.int32) - np.repeat(_before(lengths), lengths)

        per_word = counts[words]
        within = np.arange(int(per_word.sum()), dtype=np.int32) - np.repeat(_before(per_word), per_word)
        terms = flat[np.repeat(_before(counts)[words], per_word) + within]
        order = np.argsort(terms, kind="stable")
        terms, rows, positions = terms[order], np.repeat(rows, per_word)[order], np.repeat(positions, per_word)[order]

        # Where each posting begins among the occurrences, and each term among the postings.
        first = np.flatnonzero((np.diff(terms, prepend=-1) != 0) | (np.diff(rows, prepend=-1) != 0))
        posting_terms, rows = terms[first], rows[first]
        frequencies = np.diff(first, append=len(terms)).astype(np.int32)
        bounds = np.append(np.flatnonzero(np.diff(posting_terms, prepend=-1)), len(first))
        edges = np.append(first, len(terms))[bounds]
        postings = pairwise(bounds.tolist())
        occurrences = pairwise(edges.tolist())
        for number, (a, b), (c, d) in zip(posting_terms[bounds[:-1]].tolist(), postings, occurrences, strict=True):
            yield PostingList(field, names[number], (rows[a:b], frequencies[a:b], positions[c:d]))


def _ints(values: array[int]) -> Ints:
    return np.frombuffer(values, dtype=np.int32)


def _before(lengths: NDArray[np.int32]) -> Ints:
    """The sum of all lengths before each."""
    return (np.cumsum(lengths) - lengths).astype(np.int32)
