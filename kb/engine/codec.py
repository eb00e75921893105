"""Whoosh's codec with posting lists as arrays: its own files, blocks and term index, other bytes inside a block.

Whoosh's default codec writes and reads a block as a tuple of Python numbers, posting by posting. Ranking wants a term's
whole list as arrays, so a block here holds three byte strings: rows (differences), frequencies (none where all are 1) and
the positions of all its postings, each 32-bit integers. Merging old segments goes through Whoosh's own interface, which
``Matcher`` still serves one posting at a time.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import fields, formats
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3LeafMatcher, W3PostingsWriter, W3TermInfo

from kb.engine.ranking import Ints

_BLOCK = 8_192
"""Postings in a block: lists are always read whole, so larger blocks than Whoosh's 128 mean less work."""
_COMPRESSION = 1
_WORTH_PACKING = 16
"""Nearly all terms are rare: packing the few bytes of a shorter list takes longer than reading them."""


@dataclass(frozen=True, slots=True)
class PostingList:
    """A term's rows, ascending, its frequency in each, and its positions in all of them, row after row."""

    field: str
    term: bytes
    rows: Ints
    frequencies: Ints
    positions: Ints


class PackedPositions(formats.Format):  # type: ignore[misc]  # Whoosh has no types
    """A single posting's value, as Whoosh's interface passes it: its positions as 32-bit integers."""


class Positions(fields.FieldType):  # type: ignore[misc]
    """A field of terms with positions: its text is analysed before Whoosh sees it."""

    def __init__(self) -> None:
        super().__init__(PackedPositions(), None)


class ArrayCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec with the writers and the matcher below."""

    def field_writer(self, storage: object, segment: object) -> FieldWriter:
        """The writer of a new segment's terms."""
        return FieldWriter(self, storage, segment)

    def postings_writer(self, dbfile: object, byteids: bool = False) -> W3PostingsWriter:
        """The writer of a term's list."""
        return _PostingsWriter(dbfile, _BLOCK, byteids)

    def postings_reader(self, dbfile: object, terminfo: W3TermInfo, format_: object, **rest: Any) -> Matcher:
        """The reader of a term's list."""
        return Matcher(dbfile, *terminfo.extent(), format_, **rest)


class FieldWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes a segment's terms, each with its whole list."""

    lists: Iterator[PostingList] = iter(())
    """Set before the commit: the new rows' lists, sorted by field and term."""

    def add_postings(self, schema: fields.Schema, _lengths: object, items: Iterable[tuple[Any, ...]]) -> None:
        """Write ``lists`` joined with ``items``, the postings of old segments that this commit merges."""
        key = attrgetter("field", "term")
        current = None
        for (field, term), group in groupby(heapq.merge(self.lists, _as_lists(items), key=key), key=key):
            if field != current:
                if current is not None:
                    self.finish_field()
                self.start_field(field, schema[field])
                current = field
            self._btext = term
            self._postwriter.start_postings(self._format, _TermInfo())
            for part in group:
                self._postwriter.add_list(part)
            self.finish_term()
        if current is not None:
            self.finish_field()


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]
    def add_list(self, part: PostingList) -> None:
        ends = np.cumsum(part.frequencies)
        for start in range(0, len(part.rows), self._blocklimit):
            if len(self):
                self._write_block()
            stop = min(start + self._blocklimit, len(part.rows))
            self._ids = _Rows(part.rows[start:stop])
            self._weights = part.frequencies[start:stop]
            self._values = part.positions[ends[start] - part.frequencies[start] : ends[stop - 1]]
            self._maxweight = float(self._weights.max())
            self._compression = _COMPRESSION if stop - start >= _WORTH_PACKING else 0

    def _mini_ids(self) -> bytes:
        differences = self._ids.array.astype(np.uint32)
        differences[1:] -= differences[:-1].copy()
        return differences.tobytes()

    def _mini_weights(self) -> bytes:
        return b"" if (self._weights == 1).all() else self._weights.astype(np.uint32).tobytes()

    def _mini_values(self) -> bytes:
        return self._values.astype(np.uint32).tobytes()


class _Rows:
    """A block's rows as Whoosh looks at them: whether there are any, and single ones as plain numbers to pickle."""

    def __init__(self, array: Ints) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, at: int) -> int:
        return int(self.array[at])


class _TermInfo(W3TermInfo):  # type: ignore[misc]
    def add_block(self, block: _PostingsWriter) -> None:
        """What Whoosh's own does, with sums of arrays; lengths are not kept here."""
        self._weight += float(block._weights.sum())
        self._df += len(block)
        self._maxweight: float = max(self._maxweight, block.max_weight())
        self._minlength = 0
        self._minid: int = block.min_id() if self._minid is None else self._minid
        self._maxid = block.max_id()


class Matcher(W3LeafMatcher):  # type: ignore[misc]
    """Reads a term's list: whole by ``arrays``, or one posting at a time for Whoosh itself."""

    def arrays(self) -> tuple[Ints, Ints, Ints]:
        """Rows, frequencies, and the positions of all rows."""
        parts = []
        while self.is_active():
            parts.append(self._block())
            self._next_block()
        if len(parts) == 1:
            return parts[0]
        rows, frequencies, positions = zip(*parts, strict=True)
        return np.concatenate(rows), np.concatenate(frequencies), np.concatenate(positions)

    def _block(self) -> tuple[Ints, Ints, Ints]:
        self._read_data()
        rows, frequencies, positions = self._data
        count = self._blocklength
        return (
            np.cumsum(np.frombuffer(rows, np.int32), dtype=np.int32),
            np.frombuffer(frequencies, np.int32) if frequencies else np.ones(count, np.int32),
            np.frombuffer(positions, np.int32),
        )

    def _read_ids(self) -> None:
        self._ids = self._block()[0].tolist()

    def _read_weights(self) -> None:
        self._weights = self._block()[1].astype(float).tolist()

    def _read_values(self) -> None:
        _, frequencies, positions = self._block()
        self._values = [part.tobytes() for part in np.split(positions, np.cumsum(frequencies)[:-1])]


def _as_lists(items: Iterable[tuple[Any, ...]]) -> Iterator[PostingList]:
    """Lists of the postings that Whoosh's pool gives one by one: field, term, row, weight, value."""
    for (field, term), group in groupby(items, key=itemgetter(0, 1)):
        _, _, rows, weights, values = zip(*group, strict=True)
        yield PostingList(
            field,
            term,
            np.array(rows, np.int32),
            np.array(weights, np.int32),
            np.frombuffer(b"".join(values), np.int32),
        )


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
            yield PostingList(field, names[number], rows[a:b], frequencies[a:b], positions[c:d])


def _ints(values: array[int]) -> Ints:
    return np.frombuffer(values, dtype=np.int32)


def _before(lengths: NDArray[np.int32]) -> Ints:
    """The sum of all lengths before each."""
    return (np.cumsum(lengths) - lengths).astype(np.int32)
