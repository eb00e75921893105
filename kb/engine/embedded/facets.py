"""Facets over sets of documents: a set is one bit a document, so that filtering and counting are a few operations on bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from kb.engine.embedded.ranking import Bools
from kb.engine.embedded.segments import Record

Bits = NDArray[np.uint64]
"""A set of documents: bit after bit, filled up with zeros to whole words."""
_WORD_BITS = 64


class Facets:
    """Which documents have which value of which facet."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._count = len(records)
        self._bits = -(-self._count // _WORD_BITS) * _WORD_BITS
        values: dict[str, list[Sequence[str]]] = {}
        for facet in {facet for record in records for facet in record.facets}:
            values[facet] = [record.facets.get(facet, ()) for record in records]
        self._names: dict[str, list[str]] = {
            facet: sorted({name for names in of for name in names}) for facet, of in values.items()
        }
        self._sets = {facet: self._table(self._names[facet], of) for facet, of in values.items()}

    def _table(self, names: Sequence[str], values: Sequence[Sequence[str]]) -> Bits:
        """The set of each name, one a line."""
        codes = {name: i for i, name in enumerate(names)}
        marked = np.zeros((len(names), self._bits), dtype=bool)
        lines = [codes[name] for own in values for name in own]
        marked[lines, np.repeat(np.arange(self._count), [len(own) for own in values])] = True
        return np.packbits(marked, axis=1).view(np.uint64)

    def pack(self, documents: Bools) -> Bits:
        """The set of the documents that are marked."""
        marked = np.zeros(self._bits, dtype=bool)
        marked[: self._count] = documents
        return np.packbits(marked).view(np.uint64)

    def unpack(self, documents: Bits) -> Bools:
        """Which documents are in the set."""
        return np.unpackbits(documents.view(np.uint8), count=self._count).astype(bool)

    def filtered(self, documents: Bits, filters: Mapping[str, frozenset[str]], left_out: str = "") -> Bits:
        """Those with any of the wanted values of each facet, one facet's filter left out."""
        wanted = [self._any_of(facet, names) for facet, names in filters.items() if names and facet != left_out]
        return reduce(np.bitwise_and, wanted, documents)

    def _any_of(self, facet: str, names: frozenset[str]) -> Bits:
        lines = [i for i, name in enumerate(self._names.get(facet, ())) if name in names]
        if not lines:
            return np.zeros(self._bits // _WORD_BITS, np.uint64)
        found: Bits = np.bitwise_or.reduce(self._sets[facet][lines], axis=0)
        return found

    def counts(self, facet: str, documents: Bits) -> dict[str, int]:
        """How many of the documents have each value, values without any left out."""
        if facet not in self._sets:
            return {}
        counts = np.bitwise_count(self._sets[facet] & documents).sum(axis=1, dtype=np.int64).tolist()
        return {name: count for name, count in zip(self._names[facet], counts, strict=True) if count}
