"""A quotation → the places of the collection where it stands, with what differs there.

The engine is asked once or twice for the pages that have the rarest words of the quotation, and some rows of its words; of
the best of these the text is compared. So the work depends on the length of the quotation, and hardly on the collection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from operator import itemgetter
from typing import NamedTuple

from kb import limits
from kb.deadline import check
from kb.engine import Concept, Form, Request, State, idf
from kb.model import Document, Page
from kb.polish import words
from kb.quoting.compare import Difference, Piece, Place, changed_words, differences, exact_places, places
from kb.quoting.words import Quotation, Text, joined
from kb.reading.vocabulary import Vocabulary

_RARE_WORDS = 12
_ROWS = 4
_ROW_WORDS = 4
_SPELLINGS = 6
"""Of one word with other diacritics."""
_MOST_COMPARED = 40
"""Pages on which the quotation is looked for word for word."""
_MOST_ALIGNED = 10
_MOST_ALIGNED_BESIDE = 3
"""Pages with which it is aligned: where it was not found, and where it was."""
_MOST_ROWS = 5
"""Rows of parts in one stretch of pages."""
_SHARE_OF_BEST = 0.4
"""Of the best page's score, that another has to have."""
_AROUND, _AROUND_PARTS = 1, 2
"""Pages before and after that are read with one: a sentence runs over a page's end, left-out text may be longer."""
_NEAR = 0.66
_NEAR_SHORT = 0.75
_SHORT = 24
"""Letters, as they are weighed: two or three words are alike by chance."""
_NOTE_NUMBER = re.compile(r"^[ \t]*+\[?(\d{1,3})(?!\d)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a quotation in a document, on the page ``first`` up to ``last``; on none where the document lacks it.

    ``marked`` are words of the document to be marked on the first page, and on the last.
    """

    pieces: tuple[Piece, ...]
    first: Page | None = None
    last: Page | None = None
    marked: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    @property
    def on(self) -> list[tuple[Page, tuple[str, ...]]]:
        """The page that it is on, or the first and the last one, each with the words to be marked there."""
        if self.first is None or self.last is None:
            return []
        pages = [self.first] if self.first.number == self.last.number else [self.first, self.last]
        return list(zip(pages, self.marked, strict=False))


@dataclass(frozen=True, slots=True)
class Finding:
    """A document that has the quotation: its parts in order, and how alike they are, from 0 to 1."""

    document: Document
    passages: tuple[Passage, ...]
    likeness: float

    @property
    def kinds(self) -> frozenset[Difference]:
        """What differs, and what is written otherwise."""
        return frozenset(piece.kind for passage in self.passages for piece in passage.pieces) - {Difference.SAME}

    @property
    def verbatim(self) -> bool:
        """Whether it stands there word for word."""
        return all(kind.verbatim for kind in self.kinds) and all(passage.first for passage in self.passages)

    @property
    def changed(self) -> int:
        """How many words are others, missing or added."""
        return sum(changed_words(passage.pieces) for passage in self.passages)

    @property
    def page(self) -> Page:
        """The page on which it begins."""
        return next(passage.first for passage in self.passages if passage.first)

    @property
    def last_page(self) -> Page:
        """The page on which it ends."""
        return next(passage.last for passage in reversed(self.passages) if passage.last)

    @property
    def cited(self) -> Page:
        """The page to be cited, with both numbers where it ends on another: „s. 4–5”."""
        first, last = self.page, self.last_page
        if first.number == last.number or not (first.label and last.label):
            return first
        return replace(first, label=f"{first.label}–{last.label}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a quotation: the places where it stands, verbatim ones first, then the likest.

    ``more``: there are others, which were not looked at or are not told.
    """

    quotation: Quotation
    findings: tuple[Finding, ...]
    total: int
    more: bool = False

    @property
    def verbatim(self) -> bool:
        """Whether it stands somewhere word for word."""
        return bool(self.findings) and self.findings[0].verbatim


def check_quotation(quotation: Quotation, state: State, vocabulary: Vocabulary) -> Checked:
    """Where a quotation stands: on pages that have most of its rare words, or failing that on those that have some."""
    concepts = _concepts(quotation.parts, state, vocabulary)
    reader = _Reader(state)
    found: dict[tuple[str, int, int], Finding] = {}
    more = False
    for search in _SEARCHES:
        if concepts and not found:
            candidates, more = _candidates(concepts, search, state)
            found = _found_on(quotation, candidates, reader)
    ordered = sorted(found.values(), key=lambda one: (not one.verbatim, -one.likeness))
    return Checked(
        quotation,
        tuple(ordered[: limits.QUOTE_PLACES]),
        len(ordered),
        more=more and len(ordered) >= limits.QUOTE_PLACES,
    )


def _found_on(
    quotation: Quotation, candidates: Sequence[_Candidate], reader: _Reader
) -> dict[tuple[str, int, int], Finding]:
    """What is found on some pages, by document, page and place."""
    found: dict[tuple[str, int, int], Finding] = {}
    for candidate in candidates if len(quotation.parts) == 1 else ():
        check()
        for place, finding in _verbatim(quotation.parts[0], candidate, reader):
            found.setdefault((candidate.document.id, *place), finding)
    around = _AROUND if len(quotation.parts) == 1 else _AROUND_PARTS
    around += quotation.words // limits.QUOTE_PAGE_WORDS
    known = {(document, number) for document, number, _ in found}
    for document, first, last in _stretches(_to_align(candidates, known), around):
        check()
        for text in _texts(document, first, last, reader):
            for place, finding in _found_in(quotation, text):
                found.setdefault((document.id, *place), finding)
    return found


# The pages that may have it


class _Search(NamedTuple):
    """How to look for pages: ``floor`` is the share of what the rare words are worth that a page has to hold."""

    floor: float
    documents: int
    pages: int
    """Of each document."""


_SEARCHES = (_Search(0.6, 16, 12), _Search(0.25, 24, 5))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A page that may have the quotation, and how well it matches."""

    document: Document
    page: Page
    score: float


def _candidates(concepts: Sequence[Concept], search: _Search, state: State) -> tuple[list[_Candidate], bool]:
    """The pages that have enough of the quotation's rarest words, best first, and whether there are others."""
    request = Request(
        concepts=tuple(concepts),
        limit=search.documents,
        pages_per_document=search.pages,
        floor=search.floor * sum(concept.worth for concept in concepts),
        facets=(),
    )
    matches = state.match(request)
    found = [
        _Candidate(match.document, page.page, page.score)
        for match in matches.documents
        if not match.document.unread
        for page in match.pages
    ]
    found.sort(key=lambda one: -one.score)
    return found[:_MOST_COMPARED], matches.total_pages > len(found[:_MOST_COMPARED])


def _concepts(parts: Sequence[Text], state: State, vocabulary: Vocabulary) -> tuple[Concept, ...]:
    """The rarest words as they may be spelled, and rows of words: where none is rare, their order tells pages apart."""
    spelled: dict[str, tuple[str, ...]] = {}
    pages: dict[str, int] = {}
    for word in {word.lower() for part in parts for word in part.words}:
        if spellings := _spellings(word, vocabulary):
            spelled[word] = spellings
            pages[word] = sum(map(vocabulary.pages.__getitem__, spellings))
    rarest = {spelled[word]: pages[word] for word in sorted(spelled, key=lambda word: (pages[word], word))}
    concepts = [
        Concept(label=ways[0], forms=(Form(field="surface", steps=(ways,)),), worth=idf(state.size.pages, count))
        for ways, count in islice(rarest.items(), _RARE_WORDS)
    ]
    for row in islice(_rows(parts, pages), _ROWS):
        form = Form(field="surface", steps=tuple(map(spelled.__getitem__, row)))
        concepts.append(Concept(label=" ".join(row), forms=(form,), worth=0.0))
    return tuple(concepts)


def _rows(parts: Sequence[Text], pages: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """Words that follow one another, the rarest first, none of them twice."""
    rows: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for number, part in enumerate(parts):
        length = min(_ROW_WORDS, len(part))
        words = [word.lower() for word in part.words]
        for start in range(len(part) - length + 1):
            row = tuple(words[start : start + length])
            if length > 1 and row not in rows and all(word in pages for word in row):
                rows[row] = (sum(map(pages.__getitem__, row)), number, start)
    taken: set[tuple[int, int]] = set()
    for row, (_, number, start) in sorted(rows.items(), key=itemgetter(1)):
        own = {(number, start + i) for i in range(len(row))}
        if taken.isdisjoint(own):
            taken |= own
            yield row


def _spellings(word: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The word as the collection may have it, with other diacritics too."""
    ways = [word, *vocabulary.same_fold(word)]
    return tuple([way for way in ways if vocabulary.pages.get(way)][:_SPELLINGS])


def _to_align(candidates: Sequence[_Candidate], known: Collection[tuple[str, int]]) -> list[_Candidate]:
    """The pages that may have it with differences; few of them where it stands elsewhere word for word."""
    rest = [
        one
        for one in candidates
        if (one.document.id, one.page.number) not in known and one.score >= _SHARE_OF_BEST * candidates[0].score
    ]
    return rest[: _MOST_ALIGNED_BESIDE if known else _MOST_ALIGNED]


def _stretches(candidates: Sequence[_Candidate], around: int) -> Iterator[tuple[Document, int, int]]:
    """The pages around the best candidates as (document, first, last), those that touch made one."""
    wanted: dict[str, tuple[Document, list[int]]] = {}
    for one in candidates:
        wanted.setdefault(one.document.id, (one.document, []))[1].append(one.page.number)
    for document, numbers in wanted.values():
        first, last = 0, -1
        for number in sorted(numbers):
            start, end = max(1, number - around), min(document.pages, number + around)
            if last >= 0 and start > last:
                yield document, first, last
                first = start
            elif last < 0:
                first = start
            last = end
        yield document, first, last


# Their texts


class _Reader:
    """Pages, each read once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._pages: dict[tuple[str, int], Page | None] = {}

    def page(self, document: str, number: int) -> Page | None:
        """A page of a document; None past its last."""
        place = (document, number)
        if place not in self._pages:
            self._pages[place] = self._state.page(document, number)
        return self._pages[place]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Text of some pages of a document, one after the other: ``starts`` are the first words of each by number, and the end."""

    document: Document
    pages: Sequence[Page]
    text: Text
    starts: Sequence[int]
    notes: bool = False
    numbers: frozenset[str] = field(default=frozenset())

    def page_at(self, word: int) -> int:
        """Which of the pages a word is on."""
        return next(number for number, (_, end) in enumerate(pairwise(self.starts)) if word < end)


def _texts(document: Document, first: int, last: int, reader: _Reader) -> Iterator[_Stretch]:
    """The running text of pages, and their footnotes and comments."""
    pages = [page for number in range(first, last + 1) if (page := reader.page(document.id, number))]
    numbers = _note_numbers(pages)
    running = [page.running[: limits.QUOTE_PAGE_CHARACTERS] for page in pages]
    yield _Stretch(document, pages, *joined(running), numbers=numbers)
    apart = [page.apart[: limits.QUOTE_PAGE_CHARACTERS] for page in pages]
    if any(apart):
        yield _Stretch(document, pages, *joined(apart), notes=True, numbers=numbers)


def _note_numbers(pages: Sequence[Page]) -> frozenset[str]:
    """The numbers of the pages' footnotes."""
    return frozenset(number for page in pages for number in _NOTE_NUMBER.findall(page.apart))


# What is found there


def _verbatim(part: Text, candidate: _Candidate, reader: _Reader) -> Iterator[tuple[tuple[int, int], Finding]]:
    """Where all words stand one after the other on a page, or from it on to the next."""
    page, document = candidate.page, candidate.document
    texts = [page.running[: limits.QUOTE_PAGE_CHARACTERS], page.continuation]
    stretch = _Stretch(document, [page], *joined(texts), numbers=_note_numbers([page]))
    end = stretch.starts[1]
    for place in exact_places(part, stretch.text):
        if place.first < end:
            runs_on = place.after > end
            following = reader.page(document.id, page.number + 1) if runs_on else None
            pages = [page, following] if following else [page]
            whole = _Stretch(
                document,
                pages,
                stretch.text,
                stretch.starts if following else [0, len(stretch.text)],
                numbers=stretch.numbers,
            )
            yield (page.number, place.first), _finding((part,), whole, (place,))
    if page.apart:
        text, starts = joined([page.apart[: limits.QUOTE_PAGE_CHARACTERS]])
        stretch = _Stretch(document, [page], text, starts, notes=True, numbers=stretch.numbers)
        for place in exact_places(part, text):
            yield (page.number, -1 - place.first), _finding((part,), stretch, (place,))


def _found_in(quotation: Quotation, stretch: _Stretch) -> Iterator[tuple[tuple[int, int], Finding]]:
    """Where the quotation stands in a stretch of text: the parts in their order."""
    each = [places(part, stretch.text) for part in quotation.parts]
    chosen = [(place,) for place in each[0]] if len(each) == 1 else _rows_of_places(quotation.parts, each)
    for row in chosen:
        begun = next((place for place in row if place), None)
        if begun:
            finding = _finding(quotation.parts, stretch, row)
            if _is_near(quotation, finding):
                at = stretch.page_at(begun.first)
                word = begun.first - stretch.starts[at]
                yield (stretch.pages[at].number, -1 - word if stretch.notes else word), finding


def _rows_of_places(parts: Sequence[Text], each: Sequence[Sequence[Place]]) -> Iterator[tuple[Place | None, ...]]:
    """The best row of places in order, then the best of the places that are left."""
    for _ in range(_MOST_ROWS):
        row = _in_order(parts, each)
        if not any(row):
            break
        yield row
        each = [[place for place in found if place is not taken] for found, taken in zip(each, row, strict=True)]


def _in_order(parts: Sequence[Text], each: Sequence[Sequence[Place]]) -> tuple[Place | None, ...]:
    """Of each part's places one, so that they follow one another and are as like as may be, near one another; None for none."""
    # (worth, minus the words between, last word, places), the best for each number of parts looked at and last place
    rows: list[tuple[float, int, int, tuple[Place | None, ...]]] = [(0.0, 0, 0, ())]
    for part, found in zip(parts, each, strict=True):
        following = [(worth, gap, end, (*row, None)) for worth, gap, end, row in rows]
        for place in found:
            before = [one for one in rows if one[2] <= place.first]
            worth, gap, _, row = max(
                ((worth, gap - (place.first - end if end else 0), end, row) for worth, gap, end, row in before),
                key=lambda one: one[:2],
            )
            following.append((worth + place.likeness * part.weight, gap, place.after, (*row, place)))
        rows = sorted(following, key=lambda one: one[:2], reverse=True)[:_MOST_COMPARED]
    return rows[0][3]


def _finding(parts: Sequence[Text], stretch: _Stretch, row: Sequence[Place | None]) -> Finding:
    passages = []
    for part, place in zip(parts, row, strict=True):
        if place is None:
            passages.append(Passage((Piece(Difference.WORD, part.between(0, len(part)), ""),)))
            continue
        first, last = stretch.page_at(place.first), stretch.page_at(place.after - 1)
        turn = min(place.after, stretch.starts[first + 1])
        marked = (
            _searchable(stretch.text.words[place.first : turn]),
            _searchable(stretch.text.words[max(stretch.starts[last], place.first) : place.after]),
        )
        pieces = differences(part, stretch.text, place, stretch.numbers)
        passages.append(Passage(tuple(pieces), stretch.pages[first], stretch.pages[last], marked))
    weights = [part.weight for part in parts]
    likeness = sum(place.likeness * weight for place, weight in zip(row, weights, strict=True) if place) / sum(weights)
    return Finding(stretch.document, tuple(passages), likeness)


def _searchable(written: Sequence[str]) -> tuple[str, ...]:
    """The words of a text that the search has for words too."""
    return tuple(words(" ".join(written)))


def _is_near(quotation: Quotation, finding: Finding) -> bool:
    """Whether it is the quotation with differences, and not another sentence with some of its words."""
    least = _NEAR_SHORT if sum(part.weight for part in quotation.parts) <= _SHORT else _NEAR
    return finding.likeness >= least
