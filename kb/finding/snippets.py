"""Marking what was found: the words of a text that answer a query, and the fragment where they stand densest.

Everything returned as HTML is escaped text with ``<mark>`` as its only markup.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, partial
from html import escape
from itertools import chain, islice
from operator import and_, itemgetter
from typing import Generic, NamedTuple, TypeVar

from kb.engine import Concept, Field, Form
from kb.finding.beginnings import Beginnings, beginnings
from kb.polish import STOP_WORDS, Analyzer, places, surface, word_at

SNIPPET_CHARACTERS = 260
LONGEST_READ = 200_000
"""Characters of a page in which fragments and sentences are looked for: some 60 printed pages. An ordinary page or section has
a few thousand; of a longer one the rest is found, but not quoted."""
_CHOSEN_AMONG = 2_000
"""Words of the query in one page, from its beginning, among which the best fragment is looked for: far more than a page of text
has, and a limit for a table or a list of millions."""
_SENTENCE_LOOK_BACK = 90
_ELLIPSIS = "…"
_LONGEST_ABBREVIATION = 8
# Nothing is given back once taken (``++``) and the space is only looked at: a row of dots or of "1. " is read once.
_MAYBE_END = re.compile(r"[.!?…]++[”\")»]*+(?=(\s++))|[.!?…]++|\n++")
_LINE_END = re.compile(r"(?<![\s.!?…:;,–—-])\n(?=\s*+\S)")
_BETWEEN = " · "
"""Where a line of a fragment ends without a full stop: headings, cells and items do not read as one sentence."""
_SPACE = re.compile(r"\s++")
_WORD_CHARACTER = re.compile(r"[^\W\d]")
_CAPITAL = re.compile(r"[^\W\d_a-ząćęłńóśźż]")
_ABBREVIATIONS = frozenset(
    """
    art. ust. pkt. poz. lit. par. ok. np. tzn. tzw. tj. itp. itd. m.in. min. im. ul. al. pl. nr. dr.
    prof. mgr. inż. r. w. ww. por. zob. zm. późn. t.j. dz.u. dz. u. s. str. rys. tab. tys. mln. mld.
    godz. zł. gr. św. pn. p.n.e. n.e. ks.
    """.split()  # noqa: SIM905
)


Value = TypeVar("Value")
Key = tuple[str, str]
"""Field and term: what a word of a text is compared by."""


class Mark(NamedTuple):
    """A found place: ``text[start:end]``, and which concept it belongs to."""

    start: int
    end: int
    concept: int


class Snippet(NamedTuple):
    """A fragment as HTML, and where in the text the found place that it is about begins; None without one."""

    html: str
    place: int | None


class Highlighter:
    """Marks the words of one query. ``weights`` says how telling each concept is; rarer ones should weigh more."""

    def __init__(self, analyzer: Analyzer, concepts: Sequence[Concept], weights: Sequence[float]) -> None:
        self._analyzer = analyzer
        self.weights = weights
        self._single: dict[Key, int] = {}
        # By the keys of their first step: a word of a text is compared only with the sequences that it can begin.
        self._sequences: dict[Key, list[tuple[Form, int]]] = {}
        asked: dict[str, set[str]] = {"lemma": set(), "surface": set()}
        for number, concept in enumerate(concepts):
            for form in () if concept.excluded or concept.bonus else concept.forms:
                asked[form.field].update(chain.from_iterable(form.steps))
                for key in ((form.field, term) for term in form.steps[0]):
                    if len(form.steps) == 1:
                        self._single.setdefault(key, number)
                    else:
                        self._sequences.setdefault(key, []).append((form, number))
        self._lemmas, self._surfaces = asked["lemma"], asked["surface"]
        self._function = _function_words(analyzer, self._lemmas)
        # The same few words match in every text.
        self._keys = _Remembered(partial(_keys, analyzer))
        self._concepts = _Remembered(lambda word: self._concept_of(self._keys[word]))

    @property
    def terms(self) -> Mapping[Field, AbstractSet[str]]:
        """All terms of the query, by field: no word of a text without one of them is marked."""
        return {"lemma": self._lemmas, "surface": self._surfaces}

    def marks(self, text: str, among: Sequence[int] | None = None, enough: int | None = None) -> list[Mark]:
        """Every found place of the text, in order, none overlapping.

        ``among``: the words of the text that the index has under one of the query's terms, by number, where that is known.
        After ``enough`` words of the query the rest of a long text is not looked at.
        """
        if not self._single and not self._sequences:  # a list of everything: nothing is looked for
            return []
        words = islice(self._each_asked(text, among), enough and enough + 1)
        if not self._sequences:
            own = self._concepts
            return [
                Mark(word.start(), word.end(), concept) for _, word in words if (concept := own[word[0]]) is not None
            ]
        # What is kept of a long text are the words that are asked for: a million at once would hold up all other threads.
        asked: dict[int, Sequence[Key]] = {}
        spans: dict[int, tuple[int, int]] = {}
        for number, word in words:
            asked[number] = self._keys[word[0]]
            spans[number] = word.span()
        found: list[Mark] = []
        free = 0
        for number in asked:
            if number >= free:
                length, concept = self._at(asked, number)
                if length:
                    found.append(Mark(spans[number][0], spans[number + length - 1][1], concept))
                    free = number + length
        return found

    def _each_asked(self, text: str, among: Sequence[int] | None) -> Iterator[tuple[int, re.Match[str]]]:
        """The words that have a term of the query, with their numbers."""
        if among is not None:
            begins = beginnings(text)
            numbers = among[: bisect_left(among, len(begins))]
            if self._function:
                numbers = sorted({*numbers, *self._functions(text, begins)})
            yield from zip(numbers, map(partial(word_at, text), begins[numbers].tolist()), strict=True)
            return
        first = 0
        for piece in places(text):
            yield from ((first + number, piece[number]) for number in self._asked(piece))
            first += len(piece)

    def _functions(self, text: str, begins: Beginnings) -> Iterator[int]:
        """The function words that have a term of the query, by number: in the index they are none by their terms."""
        lower = surface(text)
        if len(lower) != len(text):  # a letter that is two in lower case: places are others then
            yield from (n for n, at in enumerate(begins.tolist()) if surface(word_at(text, at)[0]) in self._function)
            return
        for word in filter(lower.__contains__, self._function):
            at = lower.find(word)
            while at >= 0:
                number = int(begins.searchsorted(at))
                if number < len(begins) and begins[number] == at and surface(word_at(text, at)[0]) == word:
                    yield number
                at = lower.find(word, at + 1)

    def _asked(self, words: Sequence[re.Match[str]]) -> list[int]:
        """The words that have a term of the query, by number from 0."""
        typed = list(map(itemgetter(0), words))
        # Almost no word matches; rejecting it fast is what makes a search fast.
        passed = map(self._lemmas.isdisjoint, map(self._analyzer.terms, typed))
        if self._surfaces:
            passed = map(and_, passed, map(self._surfaces.isdisjoint, zip(map(surface, typed))))
        return [number for number, other in enumerate(passed) if not other]

    def _at(self, asked: Mapping[int, Sequence[Key]], number: int) -> tuple[int, int]:
        """How many words, beginning with this one, make a found place, and of which concept; (0, 0) for none."""
        best, concept = 0, 0
        for key in asked[number]:
            for form, own in self._sequences.get(key, ()):
                if len(form.steps) > best and all(
                    not step or any((form.field, term) in asked.get(number + i, ()) for term in step)
                    for i, step in enumerate(form.steps)
                ):
                    best, concept = len(form.steps), own
        if best:
            return best, concept
        alone = self._concept_of(asked[number])
        return (0, 0) if alone is None else (1, alone)

    def _concept_of(self, keys: Sequence[Key]) -> int | None:
        """The concept of a word by itself."""
        return next((self._single[key] for key in keys if key in self._single), None)

    def mark_all(self, text: str, among: Sequence[int] | None = None) -> str:
        """The whole text as HTML, every found place marked."""
        return _html(text, self.marks(text, among), 0, len(text))

    def snippet(self, text: str, characters: int = SNIPPET_CHARACTERS) -> str:
        """The fragment that says most, as HTML."""
        return self.fragment(text, characters).html

    def fragment(self, text: str, characters: int = SNIPPET_CHARACTERS, among: Sequence[int] | None = None) -> Snippet:
        """The fragment that says most, cut at sentence or word ends, with … where text is left out.

        Headings and other lines without a full stop are set apart. Without any found place, the beginning of the text.
        """
        text = text[:LONGEST_READ]
        marks = self.marks(text, among, _CHOSEN_AMONG)
        place = self._densest(marks, characters) if marks else None
        start, whole = _back_to_start(text, place if place is not None and len(text) > characters else 0)
        space = _SPACE.match(text, start)
        start = space.end() if space else start  # space is left out below, so it must not fill the fragment
        end = _word_end(text, start, start + characters)
        fragment = _html(text, marks, start, end)
        if "\n" in fragment:  # to look for it first is much faster
            fragment = _LINE_END.sub(_BETWEEN, fragment)
        before = "" if whole else _ELLIPSIS + " "
        html = " ".join((before + fragment + (" " + _ELLIPSIS if end < len(text.rstrip()) else "")).split())
        return Snippet(html, place)

    def _densest(self, marks: Sequence[Mark], characters: int) -> int:
        """Where the best window begins: the one whose different concepts weigh most, then the one with most places."""
        best, best_score, end = 0, -1.0, 0
        inside = characters - _SENTENCE_LOOK_BACK
        concepts = [mark.concept for mark in marks]
        ends = [mark.end for mark in marks]
        for first, mark in enumerate(marks):
            before, end = end, max(first + 1, bisect_right(ends, mark.start + inside, end))
            if end == before:  # a part of the window before
                continue
            different = set(concepts[first:end])
            score = sum(map(self.weights.__getitem__, different)) + 0.01 * (end - first)
            if score > best_score + 1e-9:
                best, best_score = mark.start, score
        return best


def _function_words(analyzer: Analyzer, lemmas: AbstractSet[str]) -> frozenset[str]:
    """The function words that have one of the terms: "roku" has that of "rok"."""
    return frozenset().union(*(words for term in lemmas if (words := _function_words_by_term(analyzer).get(term))))


@cache
def _function_words_by_term(analyzer: Analyzer) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for word in STOP_WORDS:
        for written in (word, word.capitalize(), word.upper()):
            for term in analyzer.terms(written):
                found.setdefault(term, set()).add(word)
    return {term: frozenset(own) for term, own in found.items()}


class _Remembered(dict[str, Value], Generic[Value]):
    """Answers by word, each worked out once."""

    def __init__(self, answer: Callable[[str], Value]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, word: str) -> Value:
        found = self[word] = self._answer(word)
        return found


def _keys(analyzer: Analyzer, word: str) -> tuple[Key, ...]:
    """The keys that a word of a text can match, the typed form first."""
    return (("surface", surface(word)), *(("lemma", term) for term in analyzer.terms(word)))


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text as (start, end); a new line ends one, a full stop after an abbreviation does not."""
    start = 0
    for gap, after in _ends(text, 0, len(text)):
        end = gap + len(text[gap:after].rstrip())
        if text[start:end].strip():
            yield start, end
        start = after
    if text[start:].strip():
        yield start, len(text.rstrip())


def _back_to_start(text: str, at: int) -> tuple[int, bool]:
    """Where to begin: at the start of the sentence if it is near, else at a word a little before; and which of the two."""
    lowest = max(0, at - _SENTENCE_LOOK_BACK)
    start = 0 if lowest == 0 else None
    for _, after in _ends(text, lowest, at + _SENTENCE_LOOK_BACK):
        if after > at:
            break
        start = after
    if start is not None:
        return start, True
    middle = max(0, at - _SENTENCE_LOOK_BACK // 3)
    while 0 < middle < at and not text[middle - 1].isspace():
        middle += 1
    return middle, False


def _ends(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where sentences end in ``text[start:end]``: from the full stop to the next sentence.

    A new line ends one; a full stop does when a capital is the next letter, but not after "art." or "r.".
    """
    done, letter = start, -1
    for match in _MAYBE_END.finditer(text, start, end):
        first, after = match.span()
        if first < done:
            continue
        if match[1]:
            after = match.end(1)
            if letter < after:
                # One search for all the numbers and signs up to the next letter.
                found = _WORD_CHARACTER.search(text, after, end)
                letter = found.start() if found else end
            if not _CAPITAL.match(text, letter, end):
                continue
        elif text[first] != "\n":
            continue
        if "\n" in text[first:after] or not _is_abbreviation(text, first):
            yield first, after
        done = after


def _is_abbreviation(text: str, stop: int) -> bool:
    """Whether the word before the full stop is one that is written with it."""
    last = text[max(0, stop - _LONGEST_ABBREVIATION) : stop + 1].split()[-1:]
    return bool(last) and last[0].lower().lstrip("(„") in _ABBREVIATIONS


def _word_end(text: str, start: int, at: int) -> int:
    """The end of the last whole word before ``at``; ``at`` itself where one word fills all from ``start`` on."""
    if at >= len(text):
        return len(text)
    end = at
    while end > start and not text[end].isspace():
        end -= 1
    return end if text[start:end].strip() else at


def _html(text: str, marks: Sequence[Mark], start: int, end: int) -> str:
    whole = text[start:end]
    escaped = str if escape(whole) == whole else escape  # mostly nothing is to be escaped
    parts, at = [], start
    for first, last, _ in marks:
        if first >= start and last <= end:
            parts += [escaped(text[at:first]), "<mark>", escaped(text[first:last]), "</mark>"]
            at = last
    parts.append(escaped(text[at:end]))
    return "".join(parts)
