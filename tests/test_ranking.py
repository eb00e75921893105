"""The arithmetic of ranking on arrays equals the same arithmetic on plain numbers."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.engine import idf
from kb.engine.embedded import ranking
from kb.tuning import Tuning

WEIGHTS = st.floats(0.0078125, 50, width=32)
LISTS = st.lists(st.dictionaries(st.integers(0, 12), WEIGHTS, max_size=6), max_size=4)
POSITIONS = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=10)


def _arrays(weights: dict[int, float]) -> ranking.Weighted:
    rows = sorted(weights)
    return np.array(rows, np.intp), np.array([weights[row] for row in rows], np.float32)


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_idf_is_positive_and_falls_with_frequency(one: int, other: int) -> None:
    """The more pages a term stands on, the less it says; it never says less than nothing."""
    few, pages = sorted((one, other))
    assert idf(pages, few) >= idf(pages, pages) > 0


def test_idf_of_known_numbers() -> None:
    """The formula of the protocol's docstring, by hand."""
    assert idf(10, 3) == pytest.approx(math.log(1 + 7.5 / 3.5))
    assert idf(0, 0) == pytest.approx(math.log(2))


TUNINGS = st.builds(Tuning, k1=st.floats(0.1, 3), b=st.floats(0, 1), shortest=st.floats(0, 1))


@given(st.integers(1, 500), st.integers(0, 5_000), st.floats(0, 5_000), st.integers(1, 500), TUNINGS)
def test_impact_is_bm25(times: int, length: int, average: float, more: int, tuning: Tuning) -> None:
    """An impact follows the formula, stays under 1 and grows with the number of times."""
    norm = ranking.norms(np.array([length, length], np.int32), average, tuning)
    found = ranking.impacts(np.array([0, 1], np.int32), np.array([times, times + more], np.float32), norm)
    k = tuning.k1 * (1 - tuning.b + tuning.b * max(length / max(average, 1.0), tuning.shortest))
    assert found[0] == pytest.approx(times / (times + k), rel=1e-4)
    assert 0 < found[0] <= found[1] <= 1


@given(st.lists(LISTS, min_size=1, max_size=3))
def test_best_of_a_field_and_sum_of_fields(fields: list[list[dict[int, float]]]) -> None:
    """Each row comes once, ascending, with its greatest weight in a field, and with the sum of these over the fields."""
    arrays = [[_arrays(one) for one in lists] for lists in fields]
    best = [{row: max(one[row] for one in lists if row in one) for row in set().union(*lists)} for lists in fields]
    for own, wanted in zip(arrays, best, strict=True):
        rows, weights = ranking.best_of(own)
        assert dict(zip(rows.tolist(), weights.tolist(), strict=True)) == pytest.approx(wanted)
        assert rows.tolist() == sorted(wanted)
    rows, weights = ranking.sum_of_best(arrays)
    everywhere = sorted(set().union(*best))
    assert rows.tolist() == everywhere
    assert weights.tolist() == pytest.approx([sum(own.get(row, 0) for own in best) for row in everywhere], rel=1e-4)


def _postings(places: set[tuple[int, int]]) -> ranking.Postings:
    counts = Counter(row for row, _ in places)
    positions = np.array([position for _, position in sorted(places)], np.uint16)
    rows = np.array(sorted(counts), np.intp)
    frequencies = np.array([counts[row] for row in rows.tolist()], np.uint8)
    return ranking.Postings(len(rows), lambda: (rows, frequencies), lambda: positions)


@given(st.lists(st.none() | st.lists(POSITIONS, min_size=1, max_size=3), min_size=1, max_size=4), st.integers(0, 4))
def test_phrase_is_what_stands_side_by_side(steps: list[list[set[tuple[int, int]]] | None], long: int) -> None:
    """Each beginning counts once, in its own row, a word in the place of each gap before the last word; in long lists too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_LONG", long)
        rows, counts = ranking.phrase([None if step is None else [_postings(term) for term in step] for step in steps])
    said = any(step is not None for step in steps)
    places = [None if step is None else set().union(*step) for step in steps]
    beginnings = [
        row
        for row in range(4)
        for at in range(7)
        if said and all(step is None or (row, at + i) in step for i, step in enumerate(places))
    ]
    assert dict(zip(rows.tolist(), counts.tolist(), strict=True)) == Counter(beginnings)
    assert rows.tolist() == sorted(rows.tolist())


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=8))
def test_runs_are_counted_one_after_the_other(runs: list[tuple[int, int]]) -> None:
    """The numbers of each run follow those of the one before, whether it has any or not."""
    firsts, lengths = (np.array([run[i] for run in runs], np.intp) for i in (0, 1))
    assert ranking.runs(firsts, lengths).tolist() == [first + i for first, length in runs for i in range(length)]
