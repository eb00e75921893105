"""Suggestions while typing: titles, headings, frequent phrases of the collection, abbreviations with their long form.

Entries are found by the beginnings of their words, in any order, without diacritics, and with one typing error in each word
where nothing fits exactly. A small inverted index over the entries' words answers in a few milliseconds.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from kb.addresses import document_url, page_url
from kb.deadline import check
from kb.engine import Concept, Form, State
from kb.finding.snippets import LONGEST_READ
from kb.limits import SUGGESTED_FOR_CHARACTERS, SUGGESTED_FOR_WORDS
from kb.model import Suggestion
from kb.polish import Analyzer, fold, is_stop_word, normalise, surface, words
from kb.reading.synonyms import Abbreviation, Synonyms

_HEADING_NUMBER = re.compile(r"^\d+(\.\d+)*\.?\s+")
_SHORTEST = 2
_SHORTEST_WITH_ERROR = 4
_LONGEST_ENTRY_WORDS = 14
_PHRASE_PAGES = 2_000
"""Pages from which frequent phrases are taken, evenly over the collection: enough to see what is frequent."""
_PHRASE_WORDS = range(2, 6)
_PHRASE_COUNT = 3
_PHRASES = 5_000
_PART_OF_LONGER = 0.7
_KIND_WEIGHT = {"abbreviation": 4.0, "title": 3.0, "heading": 2.0, "phrase": 1.0}
_CANDIDATES = 400

_SIGNS = re.compile(r"[^\w\s-]+|\n|\s[-–]\s")
_BEFORE_NUMBERS = frozenset(["art", "lit", "par", "pkt", "poz", "str", "tab", "ust", "rys", "tys"])
"""Abbreviations that say nothing without the number beside them."""
_OBLIQUE = ("gen", "dat", "acc", "inst", "loc")
"""The cases that follow prepositions."""
_BETWEEN = frozenset(
    ["bez", "dla", "do", "na", "o", "od", "po", "pod", "przed", "przez", "przy", "w", "we", "z", "za", "ze"]
)
"""Prepositions: function words that may stand inside a phrase."""

_OF_ANY_DOCUMENT = frozenset(
    [
        *(
            "bibliografia",
            "cel",
            "cele",
            "dane",
            "harmonogram",
            "indeks",
            "kontakt",
            "podsumowanie",
            "przegląd",
            "przypisy",
        ),
        *(
            "przykład",
            "przykłady",
            "rekomendacje",
            "słownik",
            "spis",
            "spis treści",
            "streszczenie",
            "wnioski",
            "wprowadzenie",
        ),
        *(
            "wstęp",
            "załącznik",
            "załączniki",
            "zakończenie",
            "źródła",
            "lista kontrolna",
            "więcej informacji",
            "co dalej",
        ),
        *("o dokumencie", "najczęstsze pytania"),
    ]
)
"""Headings that say nothing of what stands below them."""

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Entry:
    """A suggestion with how often it occurs in the collection."""

    suggestion: Suggestion
    count: int = 1


class Suggester:
    """Finds entries by what is being typed."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        best: dict[str, Entry] = {}
        for entry in entries:
            key = " ".join(_folded(entry.suggestion.text))
            known = best.get(key)
            if key and (known is None or _rank(entry) > _rank(known)):
                best[key] = entry
        self._entries = [entry.suggestion for entry in best.values()]
        self._keys = list(best)
        # Mostly by kind: a title beats a heading. Then a frequent entry beats a rare one, and a short one a long one.
        self._ranks = np.array([_rank(e) - len(k) / 200 for k, e in best.items()], dtype=np.float32)
        by_word: dict[str, list[int]] = {}
        for number, key in enumerate(self._keys):
            for word in set(key.split()):
                by_word.setdefault(word, []).append(number)
        self._words = sorted(by_word)
        self._ids = [np.array(by_word[word], dtype=np.int32) for word in self._words]

    @cached_property
    def _prefixes(self) -> dict[int, list[str]]:
        """The distinct beginnings of all words by length."""
        return {n: sorted({word[:n] for word in self._words if len(word) >= n}) for n in range(3, 16)}

    def suggest(self, text: str, limit: int) -> tuple[Suggestion, ...]:
        """The best entries that have a word beginning with each typed word; those that begin with the whole text come first."""
        typed = _folded(text[:SUGGESTED_FOR_CHARACTERS])[:SUGGESTED_FOR_WORDS]
        if not typed or len("".join(typed)) < _SHORTEST:
            return ()
        found: Ids | None = None
        # Longest first: long words are rare, so they leave the least for the others to narrow.
        for word in sorted(set(typed), key=len, reverse=True):
            check()
            ids = self._with(word)
            found = ids if found is None else np.intersect1d(found, ids, assume_unique=True)
            if not len(found):
                return ()
        assert found is not None
        if len(found) > _CANDIDATES:
            found = found[np.argpartition(-self._ranks[found], _CANDIDATES)[:_CANDIDATES]]
        start = " ".join(typed)
        ordered = sorted(
            found.tolist(),
            key=lambda i: (
                -float(self._ranks[i]) - 5 * self._keys[i].startswith(start),
                len(self._keys[i]),
                self._keys[i],
            ),
        )
        return tuple(self._entries[i] for i in ordered[:limit])

    def _with(self, word: str) -> Ids:
        """Entries with a word that begins with ``word``; where there are none, with one typing error."""
        ids = self._beginning(word)
        if len(ids) or len(word) < _SHORTEST_WITH_ERROR:
            return ids
        near = {p for n in range(len(word) - 1, len(word) + 2) for p in self._near(word, n)}
        lists = [self._beginning(prefix) for prefix in near]
        return np.unique(np.concatenate(lists)) if lists else ids

    def _near(self, word: str, length: int) -> list[str]:
        choices = self._prefixes.get(length, ())
        return [match for match, _, _ in process.extract(word, choices, scorer=OSA.distance, score_cutoff=1, limit=20)]

    def _beginning(self, prefix: str) -> Ids:
        first = bisect.bisect_left(self._words, prefix)
        last = bisect.bisect_right(self._words, prefix + "\U0010ffff")
        if first == last:
            return np.empty(0, np.int32)
        return self._ids[first] if last - first == 1 else np.unique(np.concatenate(self._ids[first:last]))


def _rank(entry: Entry) -> float:
    return _KIND_WEIGHT[entry.suggestion.kind] + float(np.log1p(entry.count)) / 3


def _folded(text: str) -> list[str]:
    return [fold(word).lower() for word in words(normalise(text))]


def harvest(state: State, synonyms: Synonyms, analyzer: Analyzer) -> Iterator[Entry]:
    """Everything that a collection has to suggest."""
    asked = [_named(abbreviation, synonyms) for abbreviation in synonyms.abbreviations]
    # Those that come with the program are of all local government: a suggestion should find something here.
    for abbreviation, pages in zip(synonyms.abbreviations, state.frequencies(asked), strict=True):
        if not pages:
            continue
        long = abbreviation.long[0]
        yield Entry(Suggestion(text=abbreviation.short, kind="abbreviation", detail=long))
        yield Entry(Suggestion(text=long, kind="abbreviation", detail=abbreviation.short))
    headings: Counter[str] = Counter()
    places: dict[str, str] = {}
    for document, page, text in state.headings():
        if page == 0:
            yield Entry(Suggestion(text=text, kind="title", url=document_url(document)))
        else:
            # "2.3 Wkład własny" is looked for by its words, not by its number.
            named = _HEADING_NUMBER.sub("", text)
            headings[named] += 1
            places[named] = page_url(document, page)
    for text, count in headings.items():
        # A longer one is a paragraph in disguise.
        if 1 <= len(words(text)) <= _LONGEST_ENTRY_WORDS and text.lower() not in _OF_ANY_DOCUMENT:
            # A heading that stands once leads to its page; one of many documents is a phrase to search for.
            yield Entry(Suggestion(text=text, kind="heading", url=places[text] if count == 1 else None), count)
    # Phrases come in small letters; abbreviations are known by their capitals.
    written = {abbreviation.short.lower(): abbreviation.short for abbreviation in synonyms.abbreviations}
    for entry in frequent_phrases((page.text[:LONGEST_READ] for page in state.sample(_PHRASE_PAGES)), analyzer):
        text = " ".join(written.get(word, word) for word in entry.suggestion.text.split())
        yield replace(entry, suggestion=replace(entry.suggestion, text=text))


def _named(abbreviation: Abbreviation, synonyms: Synonyms) -> Concept:
    """Finds what has an abbreviation, in short or at length."""
    short = Form(field="surface", steps=tuple((surface(word),) for word in words(abbreviation.short)))
    long = [Form(field="lemma", steps=steps) for text in abbreviation.long if (steps := synonyms.steps(text))]
    return Concept(label=abbreviation.short, forms=(short, *long))


def frequent_phrases(texts: Iterable[str], analyzer: Analyzer) -> Iterator[Entry]:
    """Names of things that stand often in texts, as a person would type them: „wkład własny”, „zasada DNSH w projektach”.

    A run of two to five words counts where it begins and ends with a word that names something and has no sign and no
    conjunction inside. Its inflected forms count together, and it is shown in the nominative; a run without one, or that is
    nearly always part of a longer one, is left out.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        for part in _SIGNS.split(text):
            found = [word.lower() for word in words(part)]
            ends = [number for number, word in enumerate(found) if _is_telling(word)]
            counts.update(
                tuple(found[first : last + 1])
                for at, first in enumerate(ends)
                for last in ends[at + 1 : at + _PHRASE_WORDS.stop]
                if last - first + 1 in _PHRASE_WORDS
            )
    common = [
        (run, count)
        for run, count in counts.most_common(4 * _PHRASES)
        if count >= _PHRASE_COUNT and _BETWEEN.issuperset(word for word in run[1:-1] if is_stop_word(word))
    ]
    longer: dict[tuple[str, ...], int] = {}
    for run, count in common:
        for cut in range(1, len(run) - 1):
            for part in (run[cut:], run[:-cut]):
                longer[part] = max(count, longer.get(part, 0))
    grammar = Grammar(analyzer)
    forms: dict[tuple[str, ...], tuple[tuple[str, ...], int]] = {}
    for run, count in common:
        if longer.get(run, 0) < _PART_OF_LONGER * count:
            key = tuple(analyzer.terms(word)[0] for word in run)
            best, total = forms.get(key, ((), 0))
            forms[key] = best or (run if grammar.is_name(run) else ()), total + count
    named = [(run, count) for run, count in forms.values() if run]
    for run, count in named[:_PHRASES]:
        yield Entry(Suggestion(text=" ".join(run), kind="phrase"), count)


class Grammar:
    """Which runs of words name something: a noun with what describes it in the nominative, then genitives and prepositions."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._agreement = cache(analyzer.agreement)

    def is_name(self, run: Sequence[str], cases: Collection[str] = ("nom",)) -> bool:
        """Whether the words are such a name, the first noun in one of ``cases``."""
        # As many words as agree belong together: "szkoły średniej" is no plural with something after it.
        ends = (end for end in range(len(run), 0, -1) if self._cases(run[:end]))
        end = next(ends, 0)
        if self._cases(run[:end]).isdisjoint(cases):
            return False
        rest = run[end:]
        if not rest:
            return True
        return self.is_name(rest[1:], _OBLIQUE) if rest[0] in _BETWEEN else self.is_name(rest, ("gen",))

    def _cases(self, group: Sequence[str]) -> set[str]:
        """The cases in which one of the words is a noun, the others describe it, and all agree."""
        read = [self._agreement(word) for word in group]
        agreed = (
            noun.noun.intersection(*(other.adjective for place, other in enumerate(read) if place != at))
            for at, noun in enumerate(read)
        )
        return {case for features in agreed for _, case, _ in features}


def _is_telling(word: str) -> bool:
    """Whether a phrase may begin or end with the word."""
    return len(word) > 2 and word.isalpha() and word not in _BEFORE_NUMBERS and not is_stop_word(word)
