"""How a query is read: clauses → concepts for the engine, and what was done to each word, to be told and undone.

A word is looked for in all its forms. One that the collection does not know is repaired from the collection's vocabulary; an
abbreviation brings its long form and the reverse; function words are left out when others remain. A phrase is taken as typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.deadline import check
from kb.engine import Concept, Field, Form, State
from kb.limits import DICTIONARY_REPAIRS, VOCABULARY_REPAIRS
from kb.model import Change, Clause, ClauseKind, Reading
from kb.polish import Analyzer, is_stop_word, surface
from kb.reading.query import literal, print_clauses
from kb.reading.synonyms import Equivalent, Synonyms
from kb.reading.vocabulary import Vocabulary
from kb.tuning import Tuning

_SHORTEST_DERIVED = 4
_ADJECTIVE_SUFFIXES = ("ow", "n")
_MOST_FROM_DICTIONARY = 3


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query as read: what the engine looks for, and what people are told."""

    concepts: tuple[Concept, ...]
    reading: Reading


class Frequencies:
    """On how many pages concepts stand in one state of the index: asked for in one call, and never twice."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[tuple[Form, ...], int] = {}

    def of(self, concepts: Iterable[Concept]) -> list[int]:
        """The frequency of each concept."""
        concepts = list(concepts)
        new = list({c.forms: c for c in concepts if c.forms not in self._known}.values())
        if new:
            self._known.update(zip((c.forms for c in new), self._state.frequencies(new), strict=True))
        return [self._known[concept.forms] for concept in concepts]


class Reader:
    """Reads a query, and looser forms of it, against one state of the collection: what was found out of a word is kept."""

    def __init__(
        self,
        analyzer: Analyzer,
        vocabulary: Vocabulary,
        synonyms: Synonyms,
        frequencies: Frequencies,
        tuning: Tuning,
    ) -> None:
        self._analyzer = analyzer
        self._vocabulary = vocabulary
        self._synonyms = synonyms
        self._frequencies = frequencies
        self._tuning = tuning
        self._repairs: dict[str, list[str]] = {}
        # A reader serves one request with all its looser searches, so these are counted over all of them.
        self._vocabulary_repairs = self._dictionary_repairs = 0

    def read(self, clauses: Sequence[Clause]) -> ReadQuery:
        """Concepts and reading of a query's clauses."""
        self._ask_ahead(clauses)
        phrases, loosened = self._phrases(clauses)
        clauses = [part for clause in clauses for part in (_loose(clause) if clause in loosened else (clause,))]
        typed = [
            word
            for clause in clauses
            if not clause.excluded and clause.kind is ClauseKind.WORD
            for word in clause.words
        ]
        strict = any(not clause.excluded for clause in phrases)
        content = [word for word in typed if not self._is_dropped(word)]
        dropped = [word for word in typed if self._is_dropped(word)] if content or strict else []
        query = content if content or strict else typed
        # Function words too, since a looser form of the query may have no others.
        self._repair([*query, *dropped])
        repaired = {word: self._repairs[word] for word in dict.fromkeys(query)}
        extra, expanded = self._equivalents(query, clauses)
        concepts = [self._word(word, repaired[word], extra.get(i, [])) for i, word in enumerate(query)]
        concepts += [self._phrase(clause) for clause in phrases]
        concepts += [
            Concept(label=" ".join(clause.words), forms=self._excluded(clause), excluded=True)
            for clause in clauses
            if clause.excluded and clause.kind is ClauseKind.WORD
        ]
        concepts += self._neighbours(concepts[: len(query)], _distances(typed, query))
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
        return ReadQuery(tuple(_merged(concepts)), reading)

    def _ask_ahead(self, clauses: Sequence[Clause]) -> None:
        """Ask in one call for all that reading these clauses will want to know, but for what the dictionary brings."""
        phrases = [self._phrase(c) for c in clauses if c.kind is ClauseKind.PHRASE and not c.excluded]
        words = [word for clause in clauses if not clause.excluded for word in clause.words]
        unknown = [self._lemma(word) for word in words if self._is_unknown(word) and self._analyzer.known(word)]
        self._frequencies.of([*phrases, *unknown])

    def _is_dropped(self, word: str) -> bool:
        return is_stop_word(word) and not self._tuning.function_word

    def _phrases(self, clauses: Sequence[Clause]) -> tuple[list[Clause], list[Clause]]:
        """The phrases to take as typed, and those that occur nowhere: these are read as words, and people are told so.

        A query of one quoted word asks whether exactly this form occurs, so it is never loosened.
        """
        phrases = [clause for clause in clauses if clause.kind is ClauseKind.PHRASE]
        if (len(clauses) == 1 and len(clauses[0].words) == 1) or not self._tuning.loosened:
            return phrases, []
        asked = [clause for clause in phrases if not clause.excluded]
        found = self._frequencies.of(self._phrase(clause) for clause in asked)
        absent = [clause for clause, pages in zip(asked, found, strict=True) if not pages]
        return [clause for clause in phrases if clause not in absent], absent

    def _is_unknown(self, word: str) -> bool:
        """Whether the collection lacks the form, and even with other diacritics."""
        form = surface(word)
        return form not in self._vocabulary and any(c.isalpha() for c in form) and not self._vocabulary.same_fold(form)

    def _repair(self, words: Sequence[str]) -> None:
        """Find out what words may have been meant to be, likeliest first; nothing for a word that is right."""
        new = [word for word in dict.fromkeys(words) if word not in self._repairs]
        wrong = [word for word in new if not self._is_right(word)]
        self._repairs |= {word: [] for word in new} | {word: self._from_collection(word) for word in wrong}
        lacking = [word for word in wrong if not self._repairs[word]] if self._tuning.dictionary else []
        asked = lacking[: DICTIONARY_REPAIRS - self._dictionary_repairs]
        self._dictionary_repairs += len(asked)
        self._repairs |= self._from_dictionary(asked)

    def _is_right(self, word: str) -> bool:
        form = surface(word)
        if form in self._vocabulary or not any(c.isalpha() for c in form):
            return True
        if self._tuning.same_fold and self._vocabulary.same_fold(form):
            return False
        # The collection has the word in other forms: this one is no mistake.
        return self._analyzer.known(word) and self._frequencies.of([self._lemma(word)]) != [0]

    def _from_collection(self, word: str) -> list[str]:
        """Words of the collection that differ in diacritics alone, else those near it."""
        same = self._vocabulary.same_fold(surface(word)) if self._tuning.same_fold else []
        return same or (self._from_vocabulary(surface(word)) if self._tuning.near else [])

    def _from_vocabulary(self, form: str) -> list[str]:
        """The nearest words of the collection."""
        if self._vocabulary_repairs == VOCABULARY_REPAIRS:
            return []
        check()
        self._vocabulary_repairs += 1
        return self._vocabulary.near(form)

    def _from_dictionary(self, words: Sequence[str]) -> dict[str, list[str]]:
        """Dictionary words one edit away that the collection has in other forms: it lacks "Honorii" but has "Honoria".

        The engine is asked once for all words.
        """
        candidates = {}
        for word in words:
            check()
            near = dict.fromkeys(self._vocabulary.one_edit_away(surface(word)))
            candidates[word] = [c for c in near if self._analyzer.known(c)]
        known = list(dict.fromkeys(candidate for found in candidates.values() for candidate in found))
        pages = dict(zip(known, self._frequencies.of(map(self._lemma, known)), strict=True))
        return {
            word: sorted((c for c in found if pages[c]), key=lambda c: (-pages[c], c))[:_MOST_FROM_DICTIONARY]
            for word, found in candidates.items()
        }

    def _lemma(self, word: str) -> Concept:
        """The word in any form."""
        return Concept(label=word, forms=(self._lemma_form(word),))

    def _lemma_form(self, word: str, weight: float = 1.0) -> Form:
        return Form(field="lemma", steps=(self._analyzer.terms(word),), weight=weight)

    def _equivalents(
        self, query: Sequence[str], clauses: Sequence[Clause]
    ) -> tuple[dict[int, list[tuple[Equivalent, float]]], list[Change]]:
        """Further forms of the query's words, by position, and what to tell people about them."""
        extra: dict[int, list[tuple[Equivalent, float]]] = {}
        changes: list[Change] = []
        start = 0
        while start < len(query):
            taken, found = self._synonyms.at(query, start)
            for equivalent in found:
                # An equivalent of several words counts for each of them, with its weight shared out.
                for i in range(start, start + taken):
                    extra.setdefault(i, []).append((equivalent, self._tuning.synonym / taken))
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
        tuning = self._tuning
        repair = tuning.same_fold if same else tuning.near if self._vocabulary_has(near) else tuning.dictionary
        candidates = [(word, 1.0)] + [(other, repair) for other in near]
        forms = [self._lemma_form(candidate, weight) for candidate, weight in candidates]
        forms += [
            Form(field="surface", steps=((surface(candidate),),), weight=weight * tuning.surface)
            for candidate, weight in candidates
        ]
        forms += [Form(field="lemma", steps=equivalent.steps, weight=weight) for equivalent, weight in extra]
        forms += [
            Form(field="lemma", steps=((other,),), weight=weight * tuning.derived)
            for candidate, weight in candidates
            if self._analyzer.known(candidate)
            for term in self._analyzer.terms(candidate)
            for other in _derived(term)
        ]
        return Concept(label=word, forms=_best_weights(forms))

    def _vocabulary_has(self, words: Sequence[str]) -> bool:
        return all(word in self._vocabulary for word in words)

    def _neighbours(self, words: Sequence[Concept], distances: Sequence[int]) -> list[Concept]:
        """A bonus for each two words of the query that stand in a text just as they do in the query, inflection aside."""
        found = []
        for (first, second), distance in zip(pairwise(words), distances, strict=True) if self._tuning.neighbour else ():
            steps = (_terms(first), *((),) * (distance - 1), _terms(second))
            form = Form(field="lemma", steps=steps, weight=self._tuning.neighbour)
            found.append(Concept(label=f"{first.label} {second.label}", forms=(form,), bonus=True))
        return found

    def _phrase(self, clause: Clause) -> Concept:
        steps = tuple(self._as_typed(word) for word in clause.words)
        form = Form(field="surface", steps=steps)
        return Concept(
            label=" ".join(clause.words), forms=(form,), required=not clause.excluded, excluded=clause.excluded
        )

    def _as_typed(self, word: str) -> tuple[str, ...]:
        """Exactly the typed form; where the collection lacks it, also those that differ only in diacritics."""
        form = surface(word)
        return (form,) if form in self._vocabulary else (form, *self._vocabulary.same_fold(form))

    def _excluded(self, clause: Clause) -> tuple[Form, ...]:
        return (Form(field="lemma", steps=tuple(self._analyzer.terms(word) for word in clause.words)),)


def _loose(phrase: Clause) -> tuple[Clause, ...]:
    """The words of a phrase, each by itself."""
    return tuple(Clause(kind=ClauseKind.WORD, words=(word,)) for word in phrase.words)


def _distances(typed: Sequence[str], query: Sequence[str]) -> list[int]:
    """How far each word of the query stood from the one before, counting function words in between."""
    places = [i for i, word in enumerate(typed) if word in query]
    return [after - before for before, after in pairwise(places)]


def _derived(term: str) -> Iterator[str]:
    """Terms of adjectives made from a noun's term, and the reverse: "samorząd" ↔ "samorządowy"."""
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
    return tuple(Form(field=field, steps=steps, weight=weight) for (field, steps), weight in weights.items() if weight)


def _merged(concepts: Sequence[Concept]) -> list[Concept]:
    """A word typed twice asks for the same thing twice: count it once."""
    return list({(c.forms, c.excluded): c for c in concepts}.values())
