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
_THOUSAND = 3
_OF_POLAND = re.compile(r"pl\d{2,26}")
_WITH_COUNTRY = (10, 26)
"""Tax and account numbers, which may begin with the country: "PL61 1090 …"."""
_GROUPINGS = {
    8: ((4, 4),),
    9: ((3, 3, 3), (2, 3, 2, 2)),
    10: ((3, 3, 2, 2), (3, 2, 2, 3)),
    11: ((2, 3, 3, 3), (2, 2, 3, 2, 2)),
    13: tuple((3, 2, publisher, 7 - publisher, 1) for publisher in range(2, 7)),
    26: ((2, 4, 4, 4, 4, 4, 4),),
}
"""How people part telephone, tax and account numbers, those of journals (8) and of books (13), by the number of digits."""


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
        while end < len(words) and (words[end].isdecimal() or (end == start and _OF_POLAND.fullmatch(words[end]))):
            end += 1
        run = tuple(words[start:end])
        whole = "".join(run).removeprefix("pl")
        if len(whole) >= _FEWEST_DIGITS:
            for way in _written(whole):
                if way != run:
                    yield start, end, way
            yield from _amounts(words, start, end)
        start = max(end, start + 1)


def _amounts(words: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Parts of a run of numbers that are numbers in thousands: of "1 234 567,89" the first three words are "1234567"."""
    i = start
    while i < end:
        last = i + 1
        if len(words[i]) <= _THOUSAND:
            while last < end and len(words[last]) == _THOUSAND:
                last += 1
        if (i, last) != (start, end):
            if last > i + 1:
                yield i, last, ("".join(words[i:last]),)
            elif len(words[i]) > _FEWEST_DIGITS:
                yield i, last, _in_thousands(words[i])
        i = last


def _written(digits: str) -> Iterator[tuple[str, ...]]:
    """The ways in which a number may be written: in one, in thousands, in the groups of its kind."""
    yield (digits,)
    yield _in_thousands(digits)
    for sizes in _GROUPINGS.get(len(digits), ()):
        yield _in_groups(digits, sizes)
    if len(digits) in _WITH_COUNTRY:
        yield (f"pl{digits}",)
        for sizes in _GROUPINGS[len(digits)]:
            first, *rest = _in_groups(digits, sizes)
            yield (f"pl{first}", *rest)


def _in_thousands(digits: str) -> tuple[str, ...]:
    first = len(digits) % _THOUSAND or _THOUSAND
    return _in_groups(digits, (first, *(_THOUSAND,) * ((len(digits) - first) // _THOUSAND)))


def _in_groups(digits: str, sizes: Sequence[int]) -> tuple[str, ...]:
    ends = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    return tuple(digits[a:b] for a, b in pairwise(ends))
