"""How a query is read: clauses → concepts for the engine, and what was done to each word, to be told and undone.

A word is looked for in all its forms. One that the collection does not know is repaired (``repair``); an abbreviation brings its
long form and the reverse; function words are left out when others remain. A query that is nothing but a phrase is taken as
typed; beside other words quotation marks are mostly a name's, so the phrase comes first and its words are looked for too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from kb.engine import TITLE_END, TITLE_START, Concept, Field, Form
from kb.model import Change, Clause, ClauseKind, Reading
from kb.polish import Analyzer, is_stop_word, surface
from kb.reading import figures, identifiers
from kb.reading.families import family
from kb.reading.figures import Way
from kb.reading.frequencies import Frequencies
from kb.reading.query import literal, print_clauses, taken_literally
from kb.reading.repair import Meant, Repairs
from kb.reading.synonyms import Steps, Synonyms
from kb.reading.vocabulary import Vocabulary
from kb.tuning import Tuning

_SHORTEST_DERIVED = 4
_ADJECTIVE_SUFFIXES = ("ow", "n")
_LONGEST_TITLE_WORDS = 20
_LIKELY = 0.4


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query as read: what the engine looks for, and what people are told.

    ``title`` finds documents whose title is the query and nothing else.
    """

    concepts: tuple[Concept, ...]
    reading: Reading
    words: tuple[tuple[str, Concept], ...] = ()
    """Each word as it was read, and what it is looked for as."""
    title: Concept | None = None


@dataclass(frozen=True, slots=True)
class _Typed:
    """A word of the query, and what it was meant to be. ``kept``: a function word that names something."""

    word: str
    meant: Meant
    quoted: bool
    kept: bool

    @property
    def dropped(self) -> bool:
        return (is_stop_word(self.word) or self.meant.function) and not self.kept


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
        self._repairs = Repairs(analyzer, vocabulary, frequencies, tuning)

    def prepare(self, queries: Sequence[Sequence[Clause]]) -> None:
        """Ask in one call for all that reading these queries will want to know."""
        phrases = [self._phrase(c) for clauses in queries for c in clauses if _is_asked_phrase(c)]
        by_spelling: dict[bool, list[str]] = {}
        for clauses in queries:
            words = [word for clause in clauses if not clause.excluded for word in clause.words]
            by_spelling.setdefault(_is_plain(clauses), []).extend(words)
        for plain, words in by_spelling.items():
            self._repairs.find(words, plain=plain, ahead=phrases)

    def read(self, clauses: Sequence[Clause]) -> ReadQuery:
        """Concepts and reading of a query's clauses."""
        clauses = self._unspelled(clauses)
        self.prepare([clauses])
        strict, loosened = self._strict_phrases(clauses)
        soft = [c for c in clauses if _is_asked_phrase(c) and c not in strict]
        given = self._typed(clauses, soft)
        content = [one for one in given if not one.dropped or self._tuning.function_word]
        required = any(not clause.excluded for clause in strict)
        query = content if content or required else given
        dropped = [one.word for one in given if one not in query and not one.quoted]
        extra, expanded = self._equivalents(query, _loose(clauses, loosened))
        for start, end, way in (*self._other_ways(query, identifiers.other_ways), *self._joined(query)):
            for i in range(start, end):
                extra.setdefault(i, []).append((way, 1.0 / (end - start)))
        for start, end, way in self._other_ways(query, figures.numbered):
            # "trzy lata" are rarer than "3", and should not be worth more.
            for i in range(start, end):
                extra.setdefault(i, []).append((way, self._tuning.synonym / (end - start)))
        same = list(self._other_ways(query, figures.other_ways))
        for start, end, way in same:
            # "30 000" is nothing but "30 tys.", so it counts for as much.
            for i in range(start, end):
                extra.setdefault(i, []).append((way, 1.0))
        words = [self._word(one, extra.get(i, ())) for i, one in enumerate(query)]
        concepts = [*words, *map(self._phrase, strict)]
        concepts += [
            Concept(label=" ".join(clause.words), forms=self._excluded(clause), excluded=True)
            for clause in clauses
            if clause.excluded and clause.kind is ClauseKind.WORD
        ]
        concepts += self._neighbours(words, query, given)
        concepts += self._written_otherwise(query, same)
        if self._tuning.quoted:
            concepts += [self._name(clause) for clause in soft if clause not in loosened]
        concepts += self._sentence(query if not content else ())
        loose = _loose(clauses, loosened)
        repaired = {one.word: one.meant for one in given if one.meant.repaired}
        changes = tuple(
            Change(before=word, after=meant.text, undo=literal(loose, word)) for word, meant in repaired.items()
        )
        reading = Reading(
            read_as=print_clauses([_as_read(c, repaired) for c in loose]),
            repaired=changes,
            expanded=tuple(expanded),
            dropped=tuple(dict.fromkeys(dropped)),
            loosened=tuple(" ".join(c.words) for c in loosened),
            literal=self._literal(loose, [*repaired, *(w for c in expanded for w in c.before.split())]),
        )
        return ReadQuery(
            concepts=tuple(_merged(concepts)),
            reading=reading,
            words=tuple((one.meant.text, concept) for one, concept in zip(query, words, strict=True)),
            title=self._title(given, clauses),
        )

    def _unspelled(self, clauses: Sequence[Clause]) -> Sequence[Clause]:
        """The clauses with abbreviations in one piece: "k.p.a." is what people mean by "KPA"."""
        words = ["" if c.excluded or c.kind is ClauseKind.PHRASE else c.words[0] for c in clauses]
        found: list[Clause] = []
        start = 0
        while start < len(clauses):
            end, short = self._synonyms.spelled_at(words, start) if len(words[start]) == 1 else (start, "")
            found.append(Clause(kind=ClauseKind.WORD, words=(short,)) if short else clauses[start])
            start = max(end, start + 1)
        return found

    def _typed(self, clauses: Sequence[Clause], soft: Sequence[Clause]) -> list[_Typed]:
        """The words that are looked for by themselves, those of phrases that are not required among them."""
        plain = _is_plain(clauses)
        asked = [c for c in clauses if not c.excluded and (c.kind is ClauseKind.WORD or c in soft)]
        words = [(word, clause.kind is ClauseKind.PHRASE) for clause in asked for word in clause.words]
        capitals = all(word.isupper() for word, _ in words)
        found: list[_Typed] = []
        for number, (word, quoted) in enumerate(words):
            last = number == len(words) - 1
            after_content = bool(found) and not found[-1].dropped
            # "wariant A", "rozdział i": a letter that names something. No question ends with a conjunction.
            kept = len(word) == 1 and after_content and ((word.isupper() and not capitals) or (last and word in "ai"))
            # "CO 2" is what the collection has as "CO2" or "CO₂".
            following = "" if last else words[number + 1][0]
            kept = kept or (
                following.isdecimal() and is_stop_word(word) and self._is_in_collection(word.lower() + following)
            )
            found.append(_Typed(word, self._repairs.meant(word, plain=plain, last=last), quoted, kept))
        return found

    def _strict_phrases(self, clauses: Sequence[Clause]) -> tuple[list[Clause], list[Clause]]:
        """The phrases to take exactly as typed, and those that were meant so and occur nowhere: people are told of these.

        A query of one quoted word asks whether exactly this form occurs, so it is never loosened.
        """
        phrases = [clause for clause in clauses if clause.kind is ClauseKind.PHRASE]
        alone = all(clause.excluded or clause.kind is ClauseKind.PHRASE for clause in clauses)
        strict = [clause for clause in phrases if clause.excluded or clause.exact or alone]
        if (len(clauses) == 1 and len(clauses[0].words) == 1) or not self._tuning.loosened:
            return strict, []
        asked = [clause for clause in strict if not clause.excluded]
        found = self._frequencies.of(self._phrase(clause) for clause in asked)
        absent = [clause for clause, pages in zip(asked, found, strict=True) if not pages]
        return [clause for clause in strict if clause not in absent], absent

    def absent(self, read: ReadQuery) -> tuple[str, ...]:
        """Words, as read, that are in no text and no title. The engine is asked for what was not asked before."""
        pages = self._frequencies.of(read.concepts)
        nowhere = {concept.forms for concept, found in zip(read.concepts, pages, strict=True) if not found}
        return tuple(
            dict.fromkeys(
                word
                for word, concept in read.words
                if concept.forms in nowhere
                and not self._vocabulary.in_titles(t for f in concept.forms for s in f.steps for t in s)
            )
        )

    def _literal(self, clauses: Sequence[Clause], changed: Sequence[str]) -> str:
        return print_clauses(taken_literally(clauses, set(changed))) if changed else ""

    def _equivalents(
        self, typed: Sequence[_Typed], clauses: Sequence[Clause]
    ) -> tuple[dict[int, list[tuple[Steps, float]]], list[Change]]:
        """Further forms of the query's words, by position, and what to tell people about them."""
        query = [one.meant.text for one in typed]
        extra: dict[int, list[tuple[Steps, float]]] = {}
        changes: list[Change] = []
        start = 0
        while start < len(query):
            taken, found = self._synonyms.at(query, start)
            for equivalent in found:
                # An equivalent of several words counts for each of them, with its weight shared out.
                for i in range(start, start + taken):
                    extra.setdefault(i, []).append((equivalent.steps, self._tuning.synonym / taken))
            if found:
                words = [one.word for one in typed[start : start + taken]]
                after = ", ".join(equivalent.text for equivalent in found)
                undo = print_clauses(taken_literally(clauses, set(words)))
                changes.append(Change(before=" ".join(words), after=after, undo=undo))
            start += max(taken, 1)
        return extra, changes

    def _other_ways(
        self, query: Sequence[_Typed], ways: Callable[[Sequence[str]], Iterator[Way]]
    ) -> Iterator[tuple[int, int, Steps]]:
        """Names of letters and digits, numbers, dates and units of acts, as they are written otherwise."""
        for start, end, way in ways([surface(one.meant.text) for one in query]):
            if len(way) > 1 or self._is_in_collection(way[0]):
                yield start, end, tuple(self._analyzer.terms(word) for word in way)

    def _joined(self, query: Sequence[_Typed]) -> Iterator[tuple[int, int, Steps]]:
        """Two words that the collection has as one, which is in no dictionary: "e-doręczenia" are "eDoręczenia" there."""
        for i, pair in enumerate(pairwise(surface(one.meant.text) for one in query)):
            whole = "".join(pair)
            if whole.isalpha() and not self._analyzer.known(whole) and self._is_in_collection(whole):
                yield i, i + 2, (self._analyzer.terms(whole),)

    def _is_in_collection(self, word: str) -> bool:
        return word in self._vocabulary or bool(self._vocabulary.same_fold(word))

    def _word(self, one: _Typed, extra: Sequence[tuple[Steps, float]]) -> Concept:
        tuning, meant = self._tuning, one.meant
        if (
            one.dropped
        ):  # asked for by itself: the lemma field has no function words, and what has their terms is no answer
            return Concept(label=one.word, forms=(Form(field="surface", steps=((surface(meant.text),),)),))
        candidates = [(one.word, 1.0), *meant.words] if meant.repaired else list(meant.words)
        forms = []
        for candidate, weight in candidates:
            asked = self._analyzer.asked(candidate)
            forms.append(Form(field="lemma", steps=(asked.likely,), weight=weight))
            if asked.others and tuning.unlikely:
                forms.append(Form(field="lemma", steps=(asked.others,), weight=weight * tuning.unlikely))
        forms += [
            Form(field="surface", steps=((surface(candidate),),), weight=weight * tuning.surface)
            for candidate, weight in candidates
        ]
        forms += [Form(field="lemma", steps=steps, weight=weight) for steps, weight in extra]
        if letters := self._synonyms.letters(one.word):
            forms.append(Form(field="surface", steps=tuple((letter,) for letter in letters)))
        forms += [
            Form(field="lemma", steps=tuple(self._analyzer.terms(half) for half in halves)) for halves in meant.splits
        ]
        forms += [
            Form(field="lemma", steps=((other,),), weight=weight * tuning.derived)
            for candidate, weight in candidates
            if self._analyzer.known(candidate)
            for term in self._analyzer.terms(candidate)
            for other in _derived(term)
        ]
        forms += [
            Form(field="lemma", steps=(self._analyzer.terms(other),), weight=weight * tuning.family)
            for candidate, weight in candidates
            for lemma in self._analyzer.lemmas(candidate.lower())
            for other in family(lemma, self._analyzer)
        ]
        if self._analyzer.is_verb(meant.text):
            forms = [replace(form, weight=form.weight * tuning.verb) for form in forms]
        return Concept(label=one.word, forms=_best_weights(forms))

    def _neighbours(self, words: Sequence[Concept], query: Sequence[_Typed], given: Sequence[_Typed]) -> list[Concept]:
        """A bonus for each two words of the query that stand in a text just as they do in the query, inflection aside."""
        found = []
        tuning = self._tuning
        places = [i for i, one in enumerate(given) if one in query]
        for (i, first), (j, second) in pairwise(zip(places, words, strict=True)) if len(places) == len(words) else ():
            weight = tuning.beside if _names(given[i].word) or _names(given[j].word) else tuning.neighbour
            if weight:
                steps = (_terms(first), *((),) * (j - i - 1), _terms(second))
                forms = [Form(field="lemma", steps=steps, weight=weight)]
                if len(steps) == 2 and (first.label.isdecimal() or second.label.isdecimal()):
                    # "załącznik 4" is "załącznik nr 4" too, "Dz.U. 2023 poz. 1" is "Dz. U. z 2023 r. poz. 1".
                    apart = (steps[0], (), steps[1])
                    forms.append(Form(field="lemma", steps=apart, weight=weight * tuning.apart))
                found.append(Concept(label=f"{first.label} {second.label}", forms=tuple(forms), bonus=True))
        return found

    def _written_otherwise(self, query: Sequence[_Typed], ways: Sequence[tuple[int, int, Steps]]) -> list[Concept]:
        """A bonus for a date, an amount or a unit of an act in one piece, as typed or otherwise.

        All ways are one concept: by itself one that people seldom write would count for more than what was typed.
        """
        forms: dict[tuple[int, int], list[Form]] = {}
        for start, end, way in ways:
            typed = tuple(self._analyzer.terms(one.word) for one in query[start:end])
            forms.setdefault((start, end), [Form(field="lemma", steps=typed, weight=self._tuning.beside)])
            forms[start, end].append(Form(field="lemma", steps=way, weight=self._tuning.beside))
        return [
            Concept(label=" ".join(one.word for one in query[start:end]), forms=tuple(found), bonus=True)
            for (start, end), found in forms.items()
            if self._tuning.beside
        ]

    def _name(self, clause: Clause) -> Concept:
        """A bonus for a phrase in quotation marks beside other words: as typed first, then inflected.

        Of function words alone nothing else would be looked for, so it is asked for by itself.
        """
        typed = Form(
            field="surface", steps=tuple(self._as_typed(word) for word in clause.words), weight=self._tuning.quoted
        )
        inflected = tuple(() if is_stop_word(word) else self._analyzer.terms(word) for word in clause.words)
        forms = (
            (typed, Form(field="lemma", steps=inflected, weight=self._tuning.quoted)) if any(inflected) else (typed,)
        )
        return Concept(label=" ".join(clause.words), forms=forms, bonus=any(inflected))

    def _sentence(self, words: Sequence[_Typed]) -> list[Concept]:
        """A bonus for pages that have a query of nothing but function words just as typed, the whole or any two of them."""
        forms = [surface(one.word) for one in words]
        runs = [*pairwise(forms), tuple(forms)] if len(forms) > 1 else []
        return [
            Concept(
                label=" ".join(run),
                forms=(Form(field="surface", steps=tuple((form,) for form in run)),),
                bonus=True,
            )
            for run in dict.fromkeys(runs)
        ]

    def _title(self, given: Sequence[_Typed], clauses: Sequence[Clause]) -> Concept | None:
        """Finds documents whose title is what was typed."""
        if not 1 <= len(given) <= _LONGEST_TITLE_WORDS or not self._tuning.whole_title:
            return None
        if any(clause.excluded or clause.exact for clause in clauses):
            return None
        steps = [tuple(t for word, _ in one.meant.words for t in self._analyzer.terms(word)) for one in given]
        form = Form(field="lemma", steps=((TITLE_START,), *steps, (TITLE_END,)), weight=self._tuning.whole_title)
        return Concept(label="tytuł", forms=(form,), worth=0.0)

    def _phrase(self, clause: Clause) -> Concept:
        steps = tuple(self._as_typed(word) for word in clause.words)
        form = Form(field="surface", steps=steps)
        return Concept(
            label=" ".join(clause.words), forms=(form,), required=not clause.excluded, excluded=clause.excluded
        )

    def _as_typed(self, word: str) -> tuple[str, ...]:
        """Exactly the typed form; where the collection lacks it, also those that differ only in diacritics."""
        form = surface(word)
        return (form,) if self._vocabulary.pages.get(form) else (form, *self._vocabulary.same_fold(form))

    def _excluded(self, clause: Clause) -> tuple[Form, ...]:
        return (Form(field="lemma", steps=tuple(self._analyzer.terms(word) for word in clause.words)),)


def _is_asked_phrase(clause: Clause) -> bool:
    return clause.kind is ClauseKind.PHRASE and not clause.excluded


def _is_plain(clauses: Sequence[Clause]) -> bool:
    """Whether no word of the query has a diacritic: then none may have been typed where one belongs."""
    return all(word.isascii() for clause in clauses for word in clause.words)


def _names(word: str) -> bool:
    """Whether a word says little by itself and much beside another: a number, a letter, a section sign."""
    return len(word) == 1 or word.isdecimal()


def _loose(clauses: Sequence[Clause], loosened: Sequence[Clause]) -> list[Clause]:
    """The clauses, of loosened phrases the words, each by itself."""
    return [
        part
        for clause in clauses
        for part in (
            [Clause(kind=ClauseKind.WORD, words=(word,)) for word in clause.words] if clause in loosened else [clause]
        )
    ]


def _as_read(clause: Clause, repaired: Mapping[str, Meant]) -> Clause:
    """The clause with its repaired word."""
    if clause.kind is ClauseKind.WORD and not clause.excluded and clause.words[0] in repaired:
        return Clause(kind=clause.kind, words=(repaired[clause.words[0]].text,))
    return clause


def _derived(term: str) -> Iterator[str]:
    """Terms of adjectives made from a noun's term, and the reverse: "samorząd" ↔ "samorządowy"."""
    if len(term) < _SHORTEST_DERIVED or not term.isalpha():
        return
    for suffix in _ADJECTIVE_SUFFIXES:
        yield term + suffix
        if term.endswith(suffix) and len(term) - len(suffix) >= _SHORTEST_DERIVED:
            yield term.removesuffix(suffix)


def _terms(concept: Concept) -> tuple[str, ...]:
    """What a word is in a text, as far as it is likely."""
    single = [f for f in concept.forms if f.field == "lemma" and len(f.steps) == 1 and f.weight >= _LIKELY]
    return tuple(dict.fromkeys(term for form in single for term in form.steps[0]))


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
