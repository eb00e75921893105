"""How posting lists lie on disk: what was written is read, in few bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from whoosh.filedb.filestore import RamStorage
from whoosh.filedb.filetables import OrderedHashWriter

from kb.engine.embedded import codec
from kb.engine.embedded.codec import (
    Place,
    TermIndex,
    Terms,
    WordStream,
    packed,
    read_counts,
    read_places,
    read_positions,
)

COUNTS = st.lists(st.sampled_from([1, 1, 1, 1, 2, 3, 255, 256, 300]), min_size=1, max_size=60)


class Bytes:
    """A file in memory, read as Whoosh's are."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def get(self, position: int, length: int) -> bytes:
        """So many bytes from there."""
        return self._content[position : position + length]


@example([1, 2] * 20, 40_000, 300, 0)
@example([1, 300] * 20, 40_000, 70_000, 0)
@given(COUNTS, st.sampled_from([1, 900, 40_000, 3_000_000]), st.sampled_from([300, 65_536, 70_000]), st.integers(0, 99))
def test_a_list_is_read_as_it_was_written(counts: list[int], apart: int, longest: int, seed: int) -> None:
    """Rows, frequencies and positions of few or many postings, near or far apart, on short or long pages; all or some."""
    chance = np.random.default_rng(seed)
    rows = np.cumsum(chance.integers(1, apart, len(counts), endpoint=True), dtype=np.int32)
    positions = [np.sort(chance.choice(longest, count, replace=False)).astype(np.int32) for count in counts]
    data = packed(rows, np.array(counts, np.int32), np.concatenate(positions))
    place = Place(start=3, length=len(data), count=len(rows), last_row=int(rows[-1]))
    file = Bytes(b"..." + data + b"...")
    found_rows, found_counts = read_counts(file, place)
    assert found_rows.dtype == np.intp
    assert found_rows.tolist() == rows.tolist()
    assert found_counts.tolist() == counts
    assert read_positions(file, place).tolist() == np.concatenate(positions).tolist()
    of_row = dict(zip(rows.tolist(), positions, strict=True))
    wanted = np.unique([*chance.choice(rows, 5), *chance.integers(0, rows[-1], 5, endpoint=True), rows[-1] + 1])
    which, times, places = read_places(file, place, wanted)
    there = [row for row in wanted.tolist() if row in of_row]
    assert wanted[which].tolist() == there
    assert times.tolist() == [len(of_row[row]) for row in there]
    assert places.tolist() == [position for row in there for position in of_row[row].tolist()]


def test_a_frequent_word_takes_few_bytes() -> None:
    """Three bytes a page and two a place, whatever the page's number; where it stands once on each, one byte less."""
    rows = np.arange(100_000, 140_000, dtype=np.int32)
    often, once = np.full(len(rows), 2, np.int32), np.ones(len(rows), np.int32)
    assert len(packed(rows, often, np.arange(2 * len(rows), dtype=np.int32) % 500)) < 7.01 * len(rows)
    assert len(packed(rows, once, np.arange(len(rows), dtype=np.int32) % 500)) < 4.01 * len(rows)


WORDS = st.lists(
    st.lists(st.sampled_from(["rada", "rad", "gmina", "łąka", "i", "ź" * 40]), max_size=3, unique=True).map(tuple),
    min_size=1,
    max_size=6,
)


@given(WORDS, st.data())
def test_terms_written_together_are_the_same_bytes_as_one_by_one(
    words: list[tuple[str, ...]], data: st.DataObject
) -> None:
    """The lists of a field's terms, short and long, once on a page and more often."""
    stream = WordStream()
    for row in range(data.draw(st.integers(1, 40))):
        stream.add(row, data.draw(st.lists(st.integers(0, len(words) - 1), max_size=4)))
    for lists in stream.lists("lemma", Terms.of(words)):
        each = list(lists.each())
        assert [one.term for one in each] == sorted({one.term for one in each})
        assert lists.packed(0, len(each)) == [packed(*one.lists) for one in each]
        half = len(each) // 2
        assert lists.packed(half, len(each)) == [packed(*one.lists) for one in each[half:]]


@given(WORDS, st.data())
def test_terms_whose_lists_are_made_apart_have_the_same_ones(words: list[tuple[str, ...]], data: st.DataObject) -> None:
    """Range after range, however few occurrences fit into one; words left out in both."""
    stream = WordStream()
    for row in range(data.draw(st.integers(1, 20))):
        stream.add(row, data.draw(st.lists(st.integers(0, len(words) - 1), max_size=4)))
    terms = Terms.of(words).without(np.array([data.draw(st.booleans()) for _ in words]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "_OCCURRENCES_AT_ONCE", data.draw(st.integers(1, 5)))
        apart = [one for lists in stream.lists("lemma", terms) for one in lists.each()]
    together = [one for lists in stream.lists("lemma", terms) for one in lists.each()]
    assert [one.term for one in apart] == [one.term for one in together]
    assert [packed(*one.lists) for one in apart] == [packed(*one.lists) for one in together]


@given(st.lists(st.binary(min_size=1, max_size=6), unique=True, min_size=1, max_size=80))
def test_a_table_of_terms_is_the_one_that_whoosh_writes(terms: list[bytes]) -> None:
    """Whoosh reads it: where each term lies, in order, and by its hash."""
    keys = sorted(terms)
    values = [key * 3 for key in keys]
    storage = RamStorage()
    ours, theirs = TermIndex(storage.create_file("ours")), OrderedHashWriter(storage.create_file("theirs"))
    half = len(keys) // 2
    if half:
        ours.add_many(keys[:half], values[:half])
    ours.add_many(keys[half:], values[half:])
    theirs.add_all(zip(keys, values, strict=True))
    ours.close()
    theirs.close()
    assert storage.files["ours"] == storage.files["theirs"]
