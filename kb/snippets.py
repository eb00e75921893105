"""Marking what was found: the words of a text that answer a query, and the fragment where they stand densest.

Everything returned as HTML is escaped text with ``<mark>`` as its only markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from kb.engine import Concept, Form
from kb.polish import Analyzer, surface, tokens

SNIPPET_CHARACTERS = 260
_SENTENCE_LOOK_BACK = 90
_SENTENCE_ENDS = ".!?…"
_ELLIPSIS = "…"
_SENTENCE_END = re.compile(r"[.!?…]+[”\")»]*\s+(?=[\W\d]*[^\W\d_a-ząćęłńóśźż])|\n+")
_ABBREVIATIONS = frozenset(
    "art. ust. pkt. poz. lit. par. ok. np. tzn. tzw. tj. itp. itd. m.in. min. im. ul. al. pl. nr. dr. prof. mgr. inż. r. w. "
    "ww. por. zob. zm. późn. t.j. dz.u. dz. u. s. str. rys. tab. tys. mln. mld. godz. zł. gr. św. pn. p.n.e. n.e. ks.".split()  # noqa: SIM905  # a list to read
)


Key = tuple[str, str]
"""Field and term: what a word of a text is compared by."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A found place: ``text[start:end]``, and which concept it belongs to."""

    start: int
    end: int
    concept: int


class Highlighter:
    """Marks the words of one query. ``weights`` says how telling each concept is; rarer ones should weigh more."""

    def __init__(self, analyzer: Analyzer, concepts: Sequence[Concept], weights: Sequence[float]) -> None:
        self._analyzer = analyzer
        self._weights = weights
        self._single: dict[Key, int] = {}
        self._asked: set[Key] = set()
        self._known: dict[str, tuple[Key, ...]] = {}
        # By the keys of their first step, so that a text's word is compared only with sequences that it may begin.
        self._sequences: dict[Key, list[tuple[Form, int]]] = {}
        for number, concept in enumerate(concepts):
            for form in () if concept.excluded or concept.bonus else concept.forms:
                if len(form.steps) == 1:
                    for term in form.steps[0]:
                        self._single.setdefault((form.field, term), number)
                else:
                    for term in form.steps[0]:
                        self._sequences.setdefault((form.field, term), []).append((form, number))
                self._asked.update((form.field, term) for step in form.steps for term in step)

    def marks(self, text: str) -> list[Mark]:
        """Every found place of the text, in order, none overlapping."""
        found_tokens = list(tokens(text))
        keys = [self._keys(token.word) for token in found_tokens]
        found: list[Mark] = []
        i = 0
        while i < len(found_tokens):
            length, concept = self._at(keys, i) if keys[i] else (0, 0)
            if length:
                found.append(Mark(found_tokens[i].start, found_tokens[i + length - 1].end, concept))
            i += max(length, 1)
        return found

    def _keys(self, word: str) -> tuple[Key, ...]:
        """Those of a word's keys that the query asks for: none for nearly every word."""
        found = self._known.get(word)
        if found is None:
            keys = (("surface", surface(word)), *(("lemma", term) for term in self._analyzer.terms(word)))
            found = self._known[word] = tuple(key for key in keys if key in self._asked)
        return found

    def _at(self, keys: Sequence[tuple[Key, ...]], start: int) -> tuple[int, int]:
        """How many words from ``start`` on make a found place, and of which concept; (0, 0) for none."""
        best, concept = 0, 0
        for key in keys[start]:
            for form, number in self._sequences.get(key, ()):
                length = len(form.steps)
                if best < length <= len(keys) - start and _stands(form, keys[start : start + length]):
                    best, concept = length, number
        if not best:
            for key in keys[start]:
                if key in self._single:
                    return 1, self._single[key]
        return best, concept

    def mark_all(self, text: str) -> str:
        """The whole text as HTML, every found place marked."""
        return _html(text, self.marks(text), 0, len(text))

    def snippet(self, text: str, characters: int = SNIPPET_CHARACTERS) -> str:
        """The fragment that says most, as HTML, cut at sentence or word ends, with … where text is left out.

        Without any found place, the beginning of the text.
        """
        marks = self.marks(text)
        start = self._densest(marks, characters) if marks and len(text) > characters else 0
        start = _back_to_start(text, start)
        end = _word_end(text, start, start + characters)
        fragment = _html(text, marks, start, end)
        before = _ELLIPSIS + " " if start and not _begins_sentence(text, start) else ""
        return " ".join((before + fragment + (" " + _ELLIPSIS if end < len(text.rstrip()) else "")).split())

    def _densest(self, marks: Sequence[Mark], characters: int) -> int:
        """Where the best window begins: most different concepts by weight, then most places."""
        best, best_score, last = 0, -1.0, 0
        inside = characters - _SENTENCE_LOOK_BACK
        for first, mark in enumerate(marks):
            last = max(last, first)
            while last + 1 < len(marks) and marks[last + 1].end <= mark.start + inside:
                last += 1
            window = marks[first : last + 1]
            score = sum(self._weights[concept] for concept in {m.concept for m in window}) + 0.01 * len(window)
            if score > best_score + 1e-9:
                best, best_score = mark.start, score
        return best


def _stands(form: Form, keys: Sequence[tuple[Key, ...]]) -> bool:
    """Whether each step of a form is among the keys of the word in its place."""
    return all(
        not step or any((form.field, term) in own for term in step) for step, own in zip(form.steps, keys, strict=True)
    )


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text as (start, end); a new line ends one, a full stop after an abbreviation does not."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        before = text[start : match.start() + 1]
        last = before.split()[-1:] or [""]
        if "\n" not in match.group() and last[0].lower().strip("(„") in _ABBREVIATIONS:
            continue
        if before.strip():
            yield start, match.start() + len(match.group().rstrip())
        start = match.end()
    if text[start:].strip():
        yield start, len(text.rstrip())


def _begins_sentence(text: str, at: int) -> bool:
    before = text[:at].rstrip(" \t")
    return not before or before[-1] == "\n" or before.rstrip('”")»')[-1:] in _SENTENCE_ENDS


def _back_to_start(text: str, at: int) -> int:
    """The beginning of the sentence, when it is near; else of a word a little before."""
    lowest = max(0, at - _SENTENCE_LOOK_BACK)
    for i in range(at, lowest - 1, -1):
        if i == 0 or (not text[i - 1].isalnum() and not text[i].isspace() and _starts_after_end(text, i)):
            return i
    middle = max(0, at - _SENTENCE_LOOK_BACK // 3)
    while 0 < middle < at and not text[middle - 1].isspace():
        middle += 1
    return middle


def _starts_after_end(text: str, at: int) -> bool:
    # „art. 5" and „2023 r. gmina" are no ends of sentences: one begins with a capital letter or on a new line.
    return _begins_sentence(text, at) and (text[at - 1] == "\n" or (text[at - 1].isspace() and text[at].isupper()))


def _word_end(text: str, start: int, at: int) -> int:
    """The end of the last whole word before ``at``; within a word that has begun before ``start``, ``at`` itself."""
    if at >= len(text):
        return len(text)
    end = at
    while end > start and not text[end].isspace():
        end -= 1
    return end if text[start:end].strip() else at


def _html(text: str, marks: Sequence[Mark], start: int, end: int) -> str:
    parts, at = [], start
    for mark in marks:
        if mark.start >= start and mark.end <= end:
            parts += [escape(text[at : mark.start]), "<mark>", escape(text[mark.start : mark.end]), "</mark>"]
            at = mark.end
    parts.append(escape(text[at:end]))
    return "".join(parts)
