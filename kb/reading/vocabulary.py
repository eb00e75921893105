"""Repair of words that the collection does not know, from the words that it does.

First the same word with diacritics (``zrodla`` → ``źródła``), then the nearest by edit distance: one edit, from eight letters
on two, an exchange of neighbours counting as one (optimal string alignment).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kb.polish import fold

_SHORTEST_REPAIRED = 4
_LONGEST_REPAIRED = 40
"""No word is longer, and every further letter means 68 more strings to look up."""
_TWO_EDITS_FROM = 8
_MOST_CANDIDATES = 12
_COMPARED_AT_ONCE = 4_000
"""No other thread works while these are compared: about a millisecond."""
_SHORTEST_HALF = 2
_LETTERS = "aąbcćdeęfghijklłmnńoópqrsśtuvwxyzźż"


class Vocabulary:
    """The surface forms of a collection with the number of pages of each.

    ``titles``: the forms of its titles; one that no text has is on no page. ``title_terms``: the terms of all these.
    """

    def __init__(self, pages: Mapping[str, int], titles: Iterable[str] = (), title_terms: Iterable[str] = ()) -> None:
        only = [word for word in titles if word not in pages]
        self.pages = {**pages, **dict.fromkeys(only, 0)} if only else pages
        self._titles = frozenset((*titles, *title_terms))
        self._by_fold: dict[str, list[str]] = {}
        for word in self.pages:
            self._by_fold.setdefault(fold(word), []).append(word)
        self._by_length: dict[int, list[list[str]]] = {}
        for folded in self._by_fold:
            if folded.isalpha():
                lists = self._by_length.setdefault(len(folded), [[]])
                if len(lists[-1]) == _COMPARED_AT_ONCE:
                    lists.append([])
                lists[-1].append(folded)
        self._folds = sorted(self._by_fold)

    def in_titles(self, terms: Iterable[str]) -> bool:
        """Whether a title has one of the terms or forms."""
        return not self._titles.isdisjoint(terms)

    def __contains__(self, word: str) -> bool:
        return word in self.pages

    def same_fold(self, word: str) -> list[str]:
        """Words that differ from ``word`` in diacritics alone, most frequent first."""
        return self._by_frequency(other for other in self._by_fold.get(fold(word), ()) if other != word)

    def near(self, word: str) -> list[str]:
        """The nearest words within the allowed edits; empty for short words and numbers.

        First those that a letter doubled, left out of a pair or exchanged with its neighbour makes, then the most frequent.
        """
        folded = fold(word)
        if len(folded) < _SHORTEST_REPAIRED or not folded.isalpha():
            return []
        for edits in range(1, 3 if len(folded) >= _TWO_EDITS_FROM else 2):
            found = [
                match
                for length in range(len(folded) - edits, len(folded) + edits + 1)
                for words in self._by_length.get(length, ())
                for match, _, _ in process.extract(folded, words, scorer=OSA.distance, score_cutoff=edits, limit=None)
            ]
            if found:
                likely = [match for match in found if _is_common_slip(folded, match)]
                first = self._by_frequency(w for match in likely for w in self._by_fold[match])
                rest = self._by_frequency(w for match in found if match not in likely for w in self._by_fold[match])
                return [*first, *rest][:_MOST_CANDIDATES]
        return []

    def beginning(self, word: str) -> list[str]:
        """Words that begin with ``word``, diacritics aside, most frequent first."""
        start = fold(word)
        first = bisect_left(self._folds, start)
        last = bisect_left(self._folds, start + "\U0010ffff")
        return self._by_frequency(other for folded in self._folds[first:last] for other in self._by_fold[folded])

    def splits(self, word: str) -> Iterator[tuple[str, str]]:
        """The word as two words of the collection, where a space or a hyphen may be missing."""
        folded = fold(word)
        for i in range(_SHORTEST_HALF, len(folded) - _SHORTEST_HALF + 1) if len(folded) <= _LONGEST_REPAIRED else ():
            halves = [self._by_frequency(self._by_fold.get(half, ())) for half in (folded[:i], folded[i:])]
            if all(halves):
                yield halves[0][0], halves[1][0]

    def slips(self, word: str) -> list[str]:
        """Words that differ by doubled letters or an exchange of neighbours alone."""
        folded = fold(word)
        return [other for other in self.near(word) if _is_common_slip(folded, fold(other))]

    @staticmethod
    def one_edit_away(word: str) -> Iterator[str]:
        """Every string with one letter removed, added, replaced or swapped with the next, to be looked up in a dictionary."""
        if not _SHORTEST_REPAIRED <= len(word) <= _LONGEST_REPAIRED or not word.isalpha():
            return
        for i in range(len(word) + 1):
            before, after = word[:i], word[i:]
            if after:
                yield before + after[1:]
            if len(after) > 1:
                yield before + after[1] + after[0] + after[2:]
            for letter in _LETTERS:
                yield before + letter + after
                if after:
                    yield before + letter + after[1:]

    def _by_frequency(self, found: object) -> list[str]:
        return sorted(found, key=lambda word: (-self.pages[word], word))  # type: ignore[call-overload,no-any-return]


def is_one_edit(typed: str, meant: str) -> bool:
    """Whether two words are one edit apart, diacritics aside."""
    return OSA.distance(fold(typed), fold(meant), score_cutoff=1) <= 1


def _is_common_slip(typed: str, meant: str) -> bool:
    """Whether two words differ by doubled letters or an exchange of neighbours alone, as slips of the hand do."""
    return sorted(typed) == sorted(meant) or _undoubled(typed) == _undoubled(meant)


def _undoubled(word: str) -> list[str]:
    return [letter for letter, _ in groupby(word)]
