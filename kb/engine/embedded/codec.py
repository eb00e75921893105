"""Whoosh's codec with posting lists as arrays: its own files and term index, other bytes in the file of postings.

Whoosh's default codec writes and reads a list as blocks of pickled Python numbers, posting by posting. Ranking wants a term's
whole list as arrays, so here a list is one run of bytes: a byte of flags, rows, frequencies (left out where all are 1), and
apart from these the positions of all its postings, since only phrases ask for them. Numbers take as few bytes as the list's
largest needs, and nothing is compressed: reading a list is then little more than copying it. Rows are 16-bit numbers behind a
table that says where each further 65,536 begin. Merging old segments goes through Whoosh's own interface, one posting at a time.
"""

from __future__ import annotations

import heapq
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import md5
from itertools import accumulate, chain, groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import fields, formats
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3TermInfo, W3TermsReader
from whoosh.filedb.filetables import OrderedHashWriter
from whoosh.matching import ListMatcher
from whoosh.system import pack_ushort

from kb.engine.embedded.ranking import Indices, Ints, Numbers, before, runs

_ALL_ONCE, _SHORT_ROWS, _SHORT_FREQUENCIES, _SHORT_POSITIONS = 1, 2, 4, 8
_ROW_BITS = 16
_WORTH_SHORTENING = 16
"""Nearly all terms are rare: finding the least bytes for a shorter list takes longer than reading the few more."""
_TERM_INFO = struct.Struct("!5x I 10x I q i")
"""Of what Whoosh writes of a term: in how many rows it is, the last of them, where its list begins, and the list's length."""
_WRITTEN_INFO = np.dtype(
    {
        "names": ["weight", "count", "first_row", "last_row", "start", "length"],
        "formats": [">f4", ">u4", ">u4", ">u4", ">i8", ">i4"],
        "offsets": [1, 5, 15, 19, 23, 31],
        "itemsize": _TERM_INFO.size,
    }
)
"""The whole of it, for many terms at once; lengths and weights of postings, which nobody asks for, are zero."""
_KEY_AND_INFO = struct.Struct("!ii")
_HASHED = struct.Struct("!Iq")
_TERMS_AT_ONCE = 10_000
_OCCURRENCES_AT_ONCE = 2_000_000
"""Of terms whose lists are made together: each takes some fifty bytes meanwhile."""
_BYTES = 4
"""Of a number that was not shortened."""

_ONLY_ONCE, _NO_FLAG = bytes((_ALL_ONCE,)), bytes((0,))

Flags = NDArray[np.bool_]
Lists = tuple[Ints, Ints, Ints]
"""A term's rows, ascending, its frequency in each, and its positions in all of them, row after row."""


@dataclass(frozen=True, slots=True)
class PostingList:
    """A term of a field with its lists."""

    field: str
    term: bytes
    lists: Lists


@dataclass(frozen=True, slots=True)
class FieldLists:
    """The lists of all terms of a field, one after the other.

    ``postings`` and ``occurrences`` say where those of each term begin, and at last where they end: its rows and frequencies,
    and its positions.
    """

    field: str
    terms: Sequence[bytes]
    lists: Lists
    postings: Ints
    occurrences: Ints

    def each(self) -> Iterator[PostingList]:
        """Term by term."""
        rows, frequencies, positions = self.lists
        bounds = zip(pairwise(self.postings.tolist()), pairwise(self.occurrences.tolist()), strict=True)
        for term, ((a, b), (c, d)) in zip(self.terms, bounds, strict=True):
            yield PostingList(self.field, term, (rows[a:b], frequencies[a:b], positions[c:d]))

    def packed(self, first: int, last: int) -> list[bytes]:
        """The lists of the terms ``first`` to ``last`` as bytes."""
        postings, occurrences = self.postings[first : last + 1].tolist(), self.occurrences[first : last + 1].tolist()
        a, c = postings[0], occurrences[0]
        rows, frequencies = (part[a : postings[-1]] for part in self.lists[:2])
        positions = self.lists[2][c : occurrences[-1]]
        # Of nearly all terms the numbers are few: pieces of bytes are cut much faster than pieces of arrays.
        some_rows, some_frequencies, some_positions = (part.tobytes() for part in (rows, frequencies, positions))
        found = []
        for (begin, end), (start, stop) in zip(pairwise(postings), pairwise(occurrences), strict=True):
            mine, own = slice(begin - a, end - a), slice(start - c, stop - c)
            if end - begin >= _WORTH_SHORTENING:
                found.append(packed(rows[mine], frequencies[mine], positions[own]))
                continue
            mine, own = slice(_BYTES * mine.start, _BYTES * mine.stop), slice(_BYTES * own.start, _BYTES * own.stop)
            once = stop - start == end - begin
            counts = b"" if once else some_frequencies[mine]
            found.append((_ONLY_ONCE if once else _NO_FLAG) + some_rows[mine] + counts + some_positions[own])
        return found


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
        place = _place(terminfo)
        rows, frequencies = read_counts(dbfile, place)
        positions = read_positions(dbfile, place).astype(np.int32)
        values = [part.tobytes() for part in np.split(positions, np.cumsum(frequencies, dtype=np.int64)[:-1])]
        return ListMatcher(rows.tolist(), frequencies.astype(float).tolist(), values, format_)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a term's list lies, and what is in it: so little that it can be kept for many terms."""

    start: int
    length: int
    count: int
    last_row: int


def find(terms: W3TermsReader, field: str, term: str) -> Place | None:
    """Where a term's list lies; None of one that is not there."""
    number = terms._fieldmap.get(field)
    if number is None:
        return None
    # Whoosh would make an object of each step and of all that it finds, several times as slowly.
    key = pack_ushort(number) + term.encode()
    hashed = _hash(key)
    get = terms._dbfile.get
    start, slots = terms._tindex.tables[hashed & 0xFF]
    slot = hashed >> 8
    for _ in range(slots):
        known, at = _HASHED.unpack(get(start + slot % slots * _HASHED.size, _HASHED.size))
        if not at:
            return None
        if known == hashed:
            length, _ = _KEY_AND_INFO.unpack(get(at, _KEY_AND_INFO.size))
            at += _KEY_AND_INFO.size
            if get(at, length) == key:
                count, last_row, start, length = _TERM_INFO.unpack(get(at + len(key), _TERM_INFO.size))
                return Place(start, length, count, last_row)
        slot += 1
    return None


def _hash(key: bytes) -> int:
    """Whoosh's hash of a term in its table."""
    return int.from_bytes(md5(key, usedforsecurity=False).digest()[-4:])


def _place(info: W3TermInfo) -> Place:
    start, (length,) = info.extent()  # Whoosh reads the length back as a tuple of one
    return Place(start, length, info.doc_frequency(), info.max_id())


def read_counts(file: Any, place: Place) -> tuple[Indices, Numbers]:
    """The rows of a list, ascending, and its frequency in each."""
    flags, rows, frequencies, end = _layout(file, place)
    data: bytes = file.get(place.start + 1, end - place.start - 1)
    return _rows(data, flags, rows, place.count), _frequencies(data, flags, frequencies, place.count)


def _rows(data: bytes, flags: int, at: int, count: int) -> Indices:
    if not flags & _SHORT_ROWS:
        return np.frombuffer(data, np.int32, count).astype(np.intp)
    # NumPy looks up by numbers of this size twice as fast as by shorter ones.
    found = np.frombuffer(data, np.uint16, count, at).astype(np.intp)
    edges = np.frombuffer(data, np.int32, at // _BYTES).tolist()
    for block, (begin, stop) in enumerate(pairwise([*edges, count]), 1):
        found[begin:stop] += block << _ROW_BITS
    return found


def _frequencies(data: bytes, flags: int, at: int, count: int) -> Numbers:
    if flags & _ALL_ONCE:
        return np.ones(count, np.uint8)
    return np.frombuffer(data, np.uint8 if flags & _SHORT_FREQUENCIES else np.int32, count, at)


def read_positions(file: Any, place: Place) -> Numbers:
    """The positions of all postings of a list, row after row."""
    flags, _, _, end = _layout(file, place)
    data: bytes = file.get(end, place.start + place.length - end)
    return np.frombuffer(data, np.uint16 if flags & _SHORT_POSITIONS else np.int32)


def read_places(file: Any, place: Place, wanted: Indices) -> tuple[Indices, Numbers, Numbers]:
    """Of a list what stands in the ``wanted`` rows, ascending, alone: which of these have it, how often, and its positions."""
    flags, rows, frequencies, end = _layout(file, place)
    data: bytes = file.get(place.start + 1, end - place.start - 1)
    all_rows = _rows(data, flags, rows, place.count)
    at = all_rows.searchsorted(wanted)
    np.minimum(at, place.count - 1, out=at)
    which = (all_rows[at] == wanted).nonzero()[0]
    at = at[which]
    all_counts = _frequencies(data, flags, frequencies, place.count)
    counts = all_counts[at]
    short = flags & _SHORT_POSITIONS
    if not len(at):
        return which, counts, np.empty(0, np.uint16)
    firsts = at if flags & _ALL_ONCE else before(all_counts, at)
    size, begin, stop = 2 if short else _BYTES, int(firsts[0]), int(firsts[-1]) + int(counts[-1])
    data = file.get(end + size * begin, size * (stop - begin))
    positions: Numbers = np.frombuffer(data, np.uint16 if short else np.int32)
    return which, counts, positions[runs(firsts - begin, counts)]


def _layout(file: Any, place: Place) -> tuple[int, int, int, int]:
    """A list's flags; where after them rows and frequencies begin, and where in the file the frequencies end."""
    flags: int = file.get(place.start, 1)[0]
    rows = (place.last_row >> _ROW_BITS) * _BYTES if flags & _SHORT_ROWS else 0
    frequencies = rows + place.count * (2 if flags & _SHORT_ROWS else _BYTES)
    each = 0 if flags & _ALL_ONCE else 1 if flags & _SHORT_FREQUENCIES else _BYTES
    return flags, rows, frequencies, place.start + 1 + frequencies + place.count * each


def packed(rows: Ints, frequencies: Ints, positions: Ints) -> bytes:
    """A list as bytes."""
    count = len(rows)
    once = len(positions) == count
    flags = _ALL_ONCE if once else 0
    if count < _WORTH_SHORTENING:
        return bytes((flags,)) + rows.tobytes() + (b"" if once else frequencies.tobytes()) + positions.tobytes()
    parts: list[Numbers] = []
    blocks = int(rows[-1]) >> _ROW_BITS
    if 2 * blocks < count:
        flags |= _SHORT_ROWS
        edges = rows.searchsorted(np.arange(1, blocks + 1, dtype=np.int32) << _ROW_BITS)
        parts += [edges.astype(np.int32), rows.astype(np.uint16)]
    else:
        parts.append(rows)
    if not once:
        short = int(frequencies.max()) <= np.iinfo(np.uint8).max
        flags |= _SHORT_FREQUENCIES * short
        parts.append(frequencies.astype(np.uint8) if short else frequencies)
    short = int(positions.max()) <= np.iinfo(np.uint16).max
    flags |= _SHORT_POSITIONS * short
    parts.append(positions.astype(np.uint16) if short else positions)
    return bytes((flags,)) + b"".join(part.tobytes() for part in parts)


class TermIndex(OrderedHashWriter):  # type: ignore[misc]
    """Whoosh's table of terms, in which many terms are put at once."""

    def add_many(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Add terms in ascending order; the same bytes as added one by one."""
        entries = [
            _KEY_AND_INFO.pack(len(key), len(value)) + key + value for key, value in zip(keys, values, strict=True)
        ]
        places = list(accumulate(map(len, entries), initial=self.dbfile.tell()))[:-1]
        self.dbfile.write(b"".join(entries))
        self.index.extend(places)
        self.lastkey = keys[-1]
        buckets = self.buckets
        for key, place in zip(keys, places, strict=True):
            hashed = _hash(key)
            buckets[hashed & 0xFF].append((hashed, place))

    def _write_hashes(self) -> None:
        # As in Whoosh, but each of the 256 tables is written as a whole.
        free = bytes(_HASHED.size)
        for entries in self.buckets:
            slots = 2 * len(entries)
            self.directory.append((self.dbfile.tell(), slots))
            table = [free] * slots
            for hashed, place in entries:
                slot = (hashed >> 8) % slots
                while table[slot] is not free:
                    slot = (slot + 1) % slots
                table[slot] = _HASHED.pack(hashed, place)
            self.dbfile.write(b"".join(table))


class FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes a segment's terms, each with its whole list."""

    lists: Iterator[FieldLists] = iter(())
    """Set before the commit: the new rows' lists, in the order of their fields' names."""

    def __init__(self, codec: object, storage: object, segment: object) -> None:
        super().__init__(codec, storage, segment)
        # Whoosh has begun its table by now; only the way to write into it is another.
        self._tindex.__class__ = TermIndex

    def add_postings(self, schema: fields.Schema, _lengths: object, items: Iterable[tuple[Any, ...]]) -> None:
        """Write ``lists`` joined with ``items``, the postings of old segments that this commit merges."""
        merged = iter(items)
        first = next(merged, None)
        if first is None:
            for lists in self.lists:
                if lists.field != self._fieldname:
                    self.start_field(lists.field, schema[lists.field])
                for begin in range(0, len(lists.terms), _TERMS_AT_ONCE):
                    self._write_some(lists, begin, min(begin + _TERMS_AT_ONCE, len(lists.terms)))
            return
        key = attrgetter("field", "term")
        new = chain.from_iterable(lists.each() for lists in self.lists)
        for (field, term), group in groupby(heapq.merge(new, _as_lists(chain([first], merged)), key=key), key=key):
            if field != self._fieldname:
                self.start_field(field, schema[field])
            self._write(term, [part.lists for part in group])

    def _write_some(self, lists: FieldLists, first: int, last: int) -> None:
        """Write the terms ``first`` to ``last`` of a field: one by one would take three times as long."""
        start = self._postfile.tell()
        data = lists.packed(first, last)
        self._postfile.write(b"".join(data))
        postings, occurrences = lists.postings[first : last + 1], lists.occurrences[first : last + 1]
        infos = np.zeros(last - first, _WRITTEN_INFO)
        infos["weight"], infos["count"] = np.diff(occurrences), np.diff(postings)
        infos["first_row"], infos["last_row"] = lists.lists[0][postings[:-1]], lists.lists[0][postings[1:] - 1]
        infos["length"] = lengths = np.fromiter(map(len, data), np.int64, len(data))
        infos["start"] = start + np.cumsum(lengths) - lengths
        size, written = _WRITTEN_INFO.itemsize, infos.tobytes()
        field = pack_ushort(self._fieldid)
        self._tindex.add_many(
            [field + term for term in lists.terms[first:last]],
            [written[at : at + size] for at in range(0, len(written), size)],
        )

    def _write(self, term: bytes, parts: Sequence[Lists]) -> None:
        """Write a term; of parts from several segments the rows follow one another."""
        rows, frequencies, positions = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
        start = self._postfile.tell()
        data = packed(rows, frequencies, positions)
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


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of numbered words, ``names`` in order: for each word ``counts`` of their numbers in ``codes``, from ``starts`` on."""

    names: Sequence[bytes]
    codes: Ints
    starts: Ints
    counts: Ints

    @classmethod
    def of(cls, words: Sequence[Sequence[str]]) -> Terms:
        """Those of words by their number."""
        each = list(chain.from_iterable(words))
        names = sorted({term: term.encode() for term in each}.items(), key=itemgetter(1))
        codes = {term: code for code, (term, _) in enumerate(names)}
        counts = np.fromiter(map(len, words), np.int32, len(words))
        flat = np.fromiter(map(codes.__getitem__, each), np.int32, len(each))
        return cls([name for _, name in names], flat, _before(counts), counts)

    def without(self, words: Flags) -> Terms:
        """The same, but these words have none."""
        return replace(self, counts=np.where(words, np.int32(0), self.counts))

    def of_each(self, words: Ints) -> tuple[Ints, Ints]:
        """The codes of some words' terms, word after word, and for each the place of its word among them."""
        counts = self.counts[words]
        places = np.repeat(np.arange(len(words), dtype=np.int32), counts)
        within = np.arange(len(places), dtype=np.int32) - _before(counts)[places]
        return self.codes[self.starts[words][places] + within], places

    def parts(self, frequencies: NDArray[np.intp], most: int) -> Iterator[Terms]:
        """The terms in ranges, in order, each with some ``most`` occurrences; ``frequencies`` of the words."""
        codes, words = self.of_each(np.arange(len(self.counts), dtype=np.int32))
        totals = np.cumsum(np.bincount(codes, frequencies[words], len(self.names)))
        edges = np.searchsorted(totals, np.arange(most, totals[-1], most)) + 1
        for first, last in pairwise(np.unique([0, *edges, len(self.names)])):
            mine = (codes >= first) & (codes < last)
            counts = np.bincount(words[mine], minlength=len(self.counts)).astype(np.int32)
            yield Terms(self.names, codes[mine], _before(counts), counts)


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

    def lists(self, field: str, terms: Terms) -> Iterator[FieldLists]:
        """Invert the stream: the lists of its terms, range after range; nothing where it has no words, or they no terms."""
        if not self.words or not terms.names:
            return
        words, lengths = _ints(self.words), _ints(self.lengths)
        rows = np.repeat(_ints(self.rows), lengths)
        positions = np.arange(len(words), dtype=np.int32) - np.repeat(_before(lengths), lengths)
        for part in terms.parts(np.bincount(words, minlength=len(terms.counts)), _OCCURRENCES_AT_ONCE):
            chosen = np.flatnonzero((part.counts > 0)[words])
            if len(chosen):
                yield _inverted(field, part, words[chosen], rows[chosen], positions[chosen])


def _inverted(field: str, terms: Terms, words: Ints, rows: Ints, positions: Ints) -> FieldLists:
    """The lists of the terms of some words, whose rows and positions ascend.

    A word's place is repeated for each of its terms; one stable sort by term then leaves rows and positions in order.
    """
    codes, places = terms.of_each(words)
    order = np.argsort(codes, kind="stable")
    codes, places = codes[order], places[order]
    rows, positions = rows[places], positions[places]

    # Where each posting begins among the occurrences, and each term among the postings.
    first = np.flatnonzero((np.diff(codes, prepend=-1) != 0) | (np.diff(rows, prepend=-1) != 0))
    of_postings, rows = codes[first], rows[first]
    frequencies = np.diff(first, append=len(codes)).astype(np.int32)
    begins = np.flatnonzero(np.diff(of_postings, prepend=-1))
    bounds = np.append(begins, len(first))
    return FieldLists(
        field,
        [terms.names[code] for code in of_postings[begins].tolist()],
        (rows, frequencies, positions),
        bounds,
        np.append(first, len(codes))[bounds],
    )


def _ints(values: array[int]) -> Ints:
    return np.frombuffer(values, dtype=np.int32)


def _before(lengths: NDArray[np.int32]) -> Ints:
    """The sum of all lengths before each."""
    return (np.cumsum(lengths) - lengths).astype(np.int32)
