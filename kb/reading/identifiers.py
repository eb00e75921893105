"""Names made of letters and digits, and numbers, written with separators or without: "PM 10" is "PM10", "1 000 000" is "1000000".

For each run of words of a query that is such a name, the other ways in which it may be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

_LETTERS_AND_DIGITS = re.compile(r"([^\W\d_]{1,5})(\d{1,6})|(\d{1,6})([^\W\d_]{1,5})")
_LETTERS = re.compile(r"[^\W\d_]{1,5}")
_DIGITS = re.compile(r"\d+")
_FEWEST_DIGITS = 4
_GROUPINGS = {
    9: ((3, 3, 3), (2, 3, 2, 2)),
    10: ((3, 3, 2, 2), (3, 2, 2, 3)),
    11: ((2, 3, 3, 3), (2, 2, 3, 2, 2)),
    26: ((2, 4, 4, 4, 4, 4, 4),),
}
"""How people part telephone, tax and account numbers, by the number of digits."""


def other_ways(words: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """For runs of lower-case words, ``words[start:end]``, the words that they may also be written as."""
    for i, word in enumerate(words):
        match = _LETTERS_AND_DIGITS.fullmatch(word)
        if match:
            yield i, i + 1, tuple(part for part in match.groups() if part)
    for i, (first, second) in enumerate(pairwise(words)):
        if (_LETTERS.fullmatch(first) and _DIGITS.fullmatch(second)) or (
            _DIGITS.fullmatch(first) and _LETTERS.fullmatch(second)
        ):
            yield i, i + 2, (first + second,)
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and words[end].isdecimal():
            end += 1
        run = tuple(words[start:end])
        whole = "".join(run)
        if len(whole) >= _FEWEST_DIGITS:
            for way in _written(whole):
                if way != run:
                    yield start, end, way
        start = max(end, start + 1)


def _written(digits: str) -> Iterator[tuple[str, ...]]:
    """The ways in which a number may be written: in one, in thousands, in the groups of its kind."""
    yield (digits,)
    first = len(digits) % 3 or 3
    for sizes in ((first, *(3,) * ((len(digits) - first) // 3)), *_GROUPINGS.get(len(digits), ())):
        ends = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
        yield tuple(digits[a:b] for a, b in pairwise(ends))
