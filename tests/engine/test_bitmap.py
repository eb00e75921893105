"""Sets of numbers in few bytes; that the cluster reads them as they are meant is tested with the engine."""

from __future__ import annotations

from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from kb.engine.opensearch.bitmap import packed, unpacked

NUMBERS = st.integers(0, 2**32 - 1)
RANGES = st.builds(
    lambda start, length, step: set(range(start, start + length * step, step)),
    st.integers(0, 200_000),
    st.integers(0, 6_000),
    st.integers(1, 3),
)


@given(st.sets(NUMBERS) | RANGES)
def test_a_set_comes_back(numbers: set[int]) -> None:
    """Few numbers or many, near each other or far apart: what was packed is unpacked."""
    assert unpacked(packed(numbers)) == numbers


def test_many_numbers_take_a_bit_each() -> None:
    """A set takes no more than a bit for each number up to its greatest, and little else."""
    assert len(b64decode(packed(set(range(0, 1_000_000, 3))))) < 1_000_000 / 8 + 10_000
