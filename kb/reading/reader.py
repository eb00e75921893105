"""How a query is read: clauses → concepts for the engine, and what was done with each word, to be told and undone.

A word is looked for in all its forms. One that the collection does not know is repaired from the collection's vocabulary; an
abbreviation brings its long form and the reverse; function words are left out when others remain. A phrase is taken as typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.engine import Concept, Field, Form
from kb.model import Change, Clause, ClauseKind, Reading
from kb.polish import Analyzer, is_stop_word, surface
from kb.reading.query import literal, print_clauses
from kb.reading.synonyms import Equivalent, Synonyms
from kb.reading.vocabulary import Vocabulary

SURFACE_WEIGHT = 0.2
"""The surface field's share beside the lemma field's 1: of forms that share a lemma, the typed one comes first."""
REPAIR_WEIGHT = 0.7
"""A word found by edit distance counts less than a sure one."""
SYNONYM_WEIGHT = 0.6
NEIGHBOUR_WEIGHT = 0.3
DERIVED_WEIGHT = 0.2
_SHORTEST_DERIVED = 4
_ADJECTIVE_SUFFIXES = ("ow", "n")
_MOST_FROM_DICTIONARY = 3
_MOST_DICTIONARY_REPAIRS = 4
"""Each looks up some seven hundred strings: a pasted text in another language must not take seconds."""


@dataclass(frozen=True, slots=True)
class Read:
    """A query as read: what the engine looks for, and what people are told."""

    concepts: tuple[Concept, ...]
    reading: Reading


class Reader:
    """Reads one query against one state of the collection. ``frequency`` tells on how many pages a concept stands."""

    def __init__(
        self, analyzer: Analyzer, vocabulary: Vocabulary, synonyms: Synonyms, frequency: Callable[[Concept], int]
    ) -> None:
        self._analyzer = analyzer
        self._vocabulary = vocabulary
        self._synonyms = synonyms
        self._frequency = frequency
        self._dictionary_repairs = 0

    def read(self, clauses: Sequence[Clause]) -> Read:
        """Concepts and reading of a query's clauses."""
        phrases, loosened = self._phrases(clauses)
        clauses = [part for clause in clauses for part in (_loose(clause) if clause in loosened else (clause,))]
        typed = [
            word
            for clause in clauses
            if not clause.excluded and clause.kind is ClauseKind.WORD
            for word in clause.words
        ]
        strict = any(not clause.excluded for clause in phrases)
        content = [word for word in typed if not is_stop_word(word)]
        dropped = [word for word in typed if is_stop_word(word)] if content or strict else []
        query = content if content or strict else typed
        repaired = {word: self._repair(word) for word in dict.fromkeys(query)}
        extra, expanded = self._equivalents(query, clauses)
        concepts = [self._word(word, repaired[word], extra.get(i, [])) for i, word in enumerate(query)]
        concepts += [self._phrase(clause) for clause in phrases]
        concepts += [
            Concept(label=" ".join(clause.words), forms=self._excluded(clause), excluded=True)
            for clause in clauses
            if clause.excluded and clause.kind is ClauseKind.WORD
        ]
        concepts += _neighbours(concepts[: len(query)], _distances(typed, query))
        changes = tuple(
            Change(before=word, after=candidates[0], undo=literal(clauses, word))
            for word, candidates in repaired.items()
            if candidates
        )
        read_as = print_clauses(
            [
                Clause(kind=clause.kind, words=(repaired[clause.words[0]][0],))
                if clause.kind is ClauseKind.WORD and not clause.excluded and repaired.get(clause.words[0])
                else clause
                for clause in clauses
            ]
        )
        reading = Reading(
            read_as=read_as,
            repaired=changes,
            expanded=tuple(expanded),
            dropped=tuple(dict.fromkeys(dropped)),
            loosened=tuple(" ".join(c.words) for c in loosened),
        )
        return Read(tuple(_merged(concepts)), reading)

    def _phrases(self, clauses: Sequence[Clause]) -> tuple[list[Clause], list[Clause]]:
        """The phrases to take as typed, and those that stand nowhere: these are read as words, and people are told so.

        A single word in quotation marks alone is the way to ask whether just this form is there: it stays what it is.
        """
        phrases = [clause for clause in clauses if clause.kind is ClauseKind.PHRASE]
        alone = len(clauses) == 1 and len(clauses[0].words) == 1
        absent = [] if alone else [c for c in phrases if not c.excluded and not self._frequency(self._phrase(c))]
        return [clause for clause in phrases if clause not in absent], absent

    def _repair(self, word: str) -> list[str]:
        """What the word may have been meant to be, likeliest first; empty for a word that is right."""
        form = surface(word)
        if form in self._vocabulary or not any(c.isalpha() for c in form):
            return []
        same = self._vocabulary.same_fold(form)
        if same:
            return same
        # A form that the collection lacks, of a word that it has, is no mistake.
        lemma = Concept(label=word, forms=(self._lemma_form(word),))
        if self._analyzer.known(word) and self._frequency(lemma):
            return []
        return self._vocabulary.near(form) or self._from_dictionary(form)

    def _from_dictionary(self, form: str) -> list[str]:
        """Dictionary words one edit away that the collection has in another form: it lacks „Honorii" but has „Honoria"."""
        if self._dictionary_repairs == _MOST_DICTIONARY_REPAIRS:
            return []
        self._dictionary_repairs += 1
        known = [w for w in dict.fromkeys(self._vocabulary.one_edit_away(form)) if self._analyzer.known(w)]
        pages = {w: self._frequency(Concept(label=w, forms=(self._lemma_form(w),))) for w in known}
        return sorted((w for w in known if pages[w]), key=lambda w: (-pages[w], w))[:_MOST_FROM_DICTIONARY]

    def _lemma_form(self, word: str, weight: float = 1.0) -> Form:
        return Form(field="lemma", steps=(self._analyzer.terms(word),), weight=weight)

    def _equivalents(
        self, query: Sequence[str], clauses: Sequence[Clause]
    ) -> tuple[dict[int, list[tuple[Equivalent, float]]], list[Change]]:
        """Further forms of the query's words by number, and what to tell about them."""
        extra: dict[int, list[tuple[Equivalent, float]]] = {}
        changes: list[Change] = []
        start = 0
        while start < len(query):
            taken, found = self._synonyms.at(query, start)
            for equivalent in found:
                # The one equivalent of several words stands for each of them, in shares.
                for i in range(start, start + taken):
                    extra.setdefault(i, []).append((equivalent, SYNONYM_WEIGHT / taken))
            if found:
                before = " ".join(query[start : start + taken])
                after = ", ".join(equivalent.text for equivalent in found)
                undone = list(clauses)
                for word in query[start : start + taken]:
                    undone = [
                        c if c.words != (word,) else Clause(kind=ClauseKind.PHRASE, words=(word,)) for c in undone
                    ]
                changes.append(Change(before=before, after=after, undo=print_clauses(undone)))
            start += max(taken, 1)
        return extra, changes

    def _word(self, word: str, repaired: Sequence[str], extra: Sequence[tuple[Equivalent, float]]) -> Concept:
        sure = surface(word) in self._vocabulary or not repaired
        near = [] if sure else repaired
        same = bool(near) and near == self._vocabulary.same_fold(surface(word))
        candidates = [(word, 1.0)] + [(other, 1.0 if same else REPAIR_WEIGHT) for other in near]
        forms = [self._lemma_form(candidate, weight) for candidate, weight in candidates]
        forms += [
            Form(field="surface", steps=((surface(candidate),),), weight=weight * SURFACE_WEIGHT)
            for candidate, weight in candidates
        ]
        forms += [Form(field="lemma", steps=equivalent.steps, weight=weight) for equivalent, weight in extra]
        forms += [
            Form(field="lemma", steps=((other,),), weight=weight * DERIVED_WEIGHT)
            for candidate, weight in candidates
            if self._analyzer.known(candidate)
            for term in self._analyzer.terms(candidate)
            for other in _derived(term)
        ]
        return Concept(label=word, forms=_best_weights(forms))

    def _phrase(self, clause: Clause) -> Concept:
        steps = tuple(self._as_typed(word) for word in clause.words)
        form = Form(field="surface", steps=steps)
        return Concept(
            label=" ".join(clause.words), forms=(form,), required=not clause.excluded, excluded=clause.excluded
        )

    def _as_typed(self, word: str) -> tuple[str, ...]:
        """Just the typed form; where the collection has none such, those that differ in diacritics alone."""
        form = surface(word)
        return (form,) if form in self._vocabulary else (form, *self._vocabulary.same_fold(form))

    def _excluded(self, clause: Clause) -> tuple[Form, ...]:
        return (Form(field="lemma", steps=tuple(self._analyzer.terms(word) for word in clause.words)),)


def _loose(phrase: Clause) -> tuple[Clause, ...]:
    """The words of a phrase, each by itself."""
    return tuple(Clause(kind=ClauseKind.WORD, words=(word,)) for word in phrase.words)


def _distances(typed: Sequence[str], query: Sequence[str]) -> list[int]:
    """How far each word of the query stood from the one before, function words between counted."""
    places = [i for i, word in enumerate(typed) if word in query]
    return [after - before for before, after in pairwise(places)]


def _neighbours(words: Sequence[Concept], distances: Sequence[int]) -> list[Concept]:
    """A bonus for each two words of the query that stand in a text just as they do in the query, inflection aside."""
    found = []
    for (first, second), distance in zip(pairwise(words), distances, strict=True):
        steps = (_terms(first), *((),) * (distance - 1), _terms(second))
        form = Form(field="lemma", steps=steps, weight=NEIGHBOUR_WEIGHT)
        found.append(Concept(label=f"{first.label} {second.label}", forms=(form,), bonus=True))
    return found


def _derived(term: str) -> Iterator[str]:
    """Terms of adjectives made from a noun's term, and of the noun of an adjective's: „samorząd" ↔ „samorządowy"."""
    if len(term) < _SHORTEST_DERIVED or not term.isalpha():
        return
    for suffix in _ADJECTIVE_SUFFIXES:
        yield term + suffix
        if term.endswith(suffix) and len(term) - len(suffix) >= _SHORTEST_DERIVED:
            yield term.removesuffix(suffix)


def _terms(concept: Concept) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(t for f in concept.forms if f.field == "lemma" and len(f.steps) == 1 for t in f.steps[0])
    )


def _best_weights(forms: Sequence[Form]) -> tuple[Form, ...]:
    """Each form once, with its greatest weight: two candidates often share a lemma."""
    weights: dict[tuple[Field, tuple[tuple[str, ...], ...]], float] = {}
    for form in forms:
        key = (form.field, form.steps)
        weights[key] = max(weights.get(key, 0.0), form.weight)
    return tuple(Form(field=field, steps=steps, weight=weight) for (field, steps), weight in weights.items())


def _merged(concepts: Sequence[Concept]) -> list[Concept]:
    """A word typed twice asks for the same thing twice: count it once."""
    return list({(c.forms, c.excluded): c for c in concepts}.values())
