"""What was meant by a typed word: itself, the same with diacritics, the nearest words, or a function word.

A word that the collection has is right. Where a query has no diacritics at all, the words that differ in them alone may be meant
as well. A word that the dictionary has is right too, though no page has it: it is never taken for another one that happens to be
near. What neither knows is a slip, and all the nearest words may be meant; the one that stands with the other words wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kb.deadline import check
from kb.engine import Concept, Form
from kb.limits import DICTIONARY_REPAIRS, VOCABULARY_REPAIRS
from kb.polish import Analyzer, fold, is_stop_word, spellings, surface
from kb.reading.frequencies import Frequencies
from kb.reading.vocabulary import Vocabulary, is_one_edit
from kb.tuning import Tuning

_ENDINGS_OF_NAMES = ("a", "u", "owi", "em", "ie", "ego", "iego", "emu", "iemu", "m", "im", "ów", "om", "ami", "ach")
_SHORTEST_BASE = 4
_SHORTEST_BASE_WITH_SLIP = 6
_MOST_FROM_DICTIONARY = 3
_FAR_MORE_OFTEN = 10
_SHORTEST_COMPLETED = 4
_MOST_COMPLETIONS = 5
_UNLIKE_A_NAME = 0.5
_BEFORE_ANY_WORD = ("e", "m")
"""Letters that make another word of one: "e-usługa", "mObywatel"."""
_AS_IN_AN_ADDRESS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a word is looked for as: words with their weights, likeliest first.

    ``repaired``: the typed word is not among them. ``splits``: the word as two, where a space is missing.
    """

    words: tuple[tuple[str, float], ...]
    repaired: bool = False
    splits: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The likeliest word."""
        return self.words[0][0]

    @property
    def function(self) -> bool:
        """Whether it is a function word."""
        return is_stop_word(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A word that the dictionary has to tell more about: ``words`` may be meant as far as the collection has any form."""

    typed: str
    words: tuple[str, ...]
    weight: float
    """Of those words beside the typed one."""
    fallback: Meant | None
    """Where the collection has none of them; None for the typed word, which may still be a slip in a name."""
    splits: tuple[tuple[str, str], ...] = ()


class Repairs:
    """Finds out what words were meant, for one request: every word once, and all dictionary words in one call."""

    def __init__(self, analyzer: Analyzer, vocabulary: Vocabulary, frequencies: Frequencies, tuning: Tuning) -> None:
        self._analyzer = analyzer
        self._vocabulary = vocabulary
        self._frequencies = frequencies
        self._tuning = tuning
        self._known: dict[tuple[str, bool, bool], Meant] = {}
        # These serve one request with all its looser searches, so these are counted over all of them.
        self._vocabulary_repairs = self._dictionary_repairs = 0

    def find(self, words: Sequence[str], *, plain: bool, ahead: Sequence[Concept] = ()) -> None:
        """Find out about words; ``plain``: no word of the query has a diacritic. ``ahead`` is asked for in the same call."""
        still: dict[tuple[str, bool, bool], _Open] = {}
        for number, word in enumerate(words):
            key = (word, plain, number == len(words) - 1)
            if key not in self._known and key not in still:
                found = self._first_look(*key)
                if isinstance(found, Meant):
                    self._known[key] = found
                else:
                    still[key] = found
        self._frequencies.of([*ahead, *(self._lemma(word) for one in still.values() for word in one.words)])
        for key, one in still.items():
            self._known[key] = self._decided(key[0], one)

    def meant(self, word: str, *, plain: bool, last: bool = False) -> Meant:
        """What a word was meant to be; of those found before."""
        return self._known.get((word, plain, last)) or self._known[word, plain, not last]

    def _lemma(self, word: str) -> Concept:
        return Concept(label=word, forms=(Form(field="lemma", steps=(self._analyzer.terms(word),)),))

    def _first_look(self, word: str, plain: bool, last: bool) -> Meant | _Open:
        form, tuning, vocabulary = surface(word), self._tuning, self._vocabulary
        itself = Meant(words=((word, 1.0),))
        if is_stop_word(word) or not any(c.isalpha() for c in form):
            return itself
        siblings = vocabulary.same_fold(form) if tuning.same_fold else []
        bare = form.isascii()
        known = self._analyzer.known(word)
        if form in vocabulary:
            if plain and bare and siblings:
                return self._beside_siblings(word, siblings, known)
            return itself if known else replace(itself, splits=self._splits(form))
        if siblings and not known:
            return Meant(words=tuple((other, tuning.same_fold) for other in siblings), repaired=True)
        if known and not bare:
            return itself
        check()
        spelt = tuple(s for s in spellings(form) if self._analyzer.known(s)) if bare and tuning.same_fold else ()
        function = [other for other in spelt if is_stop_word(other)]
        if function and plain and not siblings:
            return Meant(words=((function[0], 1.0),), repaired=True)
        completed = self._completed(form) if last else []
        if known:
            others = tuple(dict.fromkeys((*siblings, *spelt, *completed)))
            return _Open(typed=word, words=(word, *others), weight=tuning.sibling, fallback=None)
        if spelt:
            restored = Meant(words=tuple((other, 1.0) for other in spelt), repaired=True)
            if restored.function:
                return restored
            words = tuple(dict.fromkeys((*spelt, *completed)))
            return _Open(typed="", words=words, weight=1.0, fallback=restored)
        return self._nearest(word, last) or itself

    def _beside_siblings(self, word: str, siblings: Sequence[str], known: bool) -> Meant:
        """A word typed without diacritics that stands in the collection so, and with them too."""
        pages = self._vocabulary.pages
        often = pages[siblings[0]] > pages[surface(word)] * (_FAR_MORE_OFTEN if known else 1)
        if is_stop_word(siblings[0]) and often:
            return Meant(words=((siblings[0], 1.0),), repaired=True)
        told = [other for other in siblings if not is_stop_word(other)]
        if not known:  # as in an address
            told = [other for other in told if self._analyzer.known(other)] or told
            return Meant(words=(*((other, 1.0) for other in told), (word, _AS_IN_AN_ADDRESS if told else 1.0)))
        return Meant(words=((word, 1.0), *((other, self._tuning.sibling) for other in told)))

    def _nearest(self, word: str, last: bool) -> Meant | _Open | None:
        """What a word that nobody knows may be a slip of; None where nothing is near."""
        form, tuning, vocabulary = surface(word), self._tuning, self._vocabulary
        if bases := self._bases(form):
            return Meant(words=tuple((base, 1.0) for base in bases), repaired=True)
        completed = self._completed(form) if last else []
        splits = self._splits(form)
        side_by_side = [Form(field="lemma", steps=tuple(map(self._analyzer.terms, halves))) for halves in splits]
        # No slip: the collection has it with a space or a hyphen.
        if any(self._frequencies.of(Concept(label=word, forms=(form,)) for form in side_by_side)):
            return Meant(words=((word, 1.0),), splits=splits)
        if not tuning.near or self._vocabulary_repairs == VOCABULARY_REPAIRS:
            return self._near(word, [], completed, splits) or self._from_dictionary(word, None, ())
        check()
        self._vocabulary_repairs += 1
        near = vocabulary.near(form) or self._near_bases(form)
        found = self._near(word, near, completed, splits)
        # One slip in a form that the collection lacks, of a word that it may have, rather than two in one that it has.
        sure = completed or (near and is_one_edit(form, near[0]))
        return found if sure else self._from_dictionary(word, found, splits)

    def _splits(self, form: str) -> tuple[tuple[str, str], ...]:
        """The word as two, where a space or a hyphen may be missing: "wkladwlasny", "wifi", "edoręczenia"."""
        before, rest = form[:1], form[1:]
        own = [(before, rest)] if before in _BEFORE_ANY_WORD and self._analyzer.known(rest) else []
        return (*own, *self._vocabulary.splits(form))

    def _bases(self, form: str) -> list[str]:
        """Of a word in a case that the collection lacks, the name that it has: of "Billyego" "Billy"."""
        if not self._tuning.near:
            return []
        return [base for base in _without_ending(form) if base in self._vocabulary and self._analyzer.is_name(base)]

    def _near_bases(self, form: str) -> list[str]:
        """The same of one with a slip in it: of "Gogleowi" "Google". Names alone: the dictionary has the cases of words."""
        for base in _without_ending(form):
            if len(base) < _SHORTEST_BASE_WITH_SLIP or self._vocabulary_repairs == VOCABULARY_REPAIRS:
                continue
            check()
            self._vocabulary_repairs += 1
            near = [other for other in self._vocabulary.near(base) if is_one_edit(base, other)]
            if names := [other for other in near if self._analyzer.is_name(other)]:
                return names
        return []

    def _near(
        self, word: str, near: Sequence[str], completed: Sequence[str], splits: tuple[tuple[str, str], ...]
    ) -> Meant | None:
        """One of these words of the collection; None where there is none."""
        weighed = self._weighed(word, near)
        weighed += [(other, self._tuning.near) for other in completed if other not in near]
        if weighed and is_stop_word(weighed[0][0]):
            return Meant(words=((weighed[0][0], 1.0),), repaired=True)
        if weighed:
            kept = tuple((other, weight) for other, weight in weighed if not is_stop_word(other))
            return Meant(words=kept, repaired=True, splits=splits)
        return Meant(words=((word, 1.0),), splits=splits) if splits else None

    def _from_dictionary(
        self, word: str, otherwise: Meant | None, splits: tuple[tuple[str, str], ...]
    ) -> Meant | _Open | None:
        """Words of the dictionary one slip away."""
        if not self._tuning.dictionary or self._dictionary_repairs == DICTIONARY_REPAIRS:
            return otherwise
        check()
        self._dictionary_repairs += 1
        near = dict.fromkeys(self._vocabulary.one_edit_away(surface(word)))
        likely = tuple(other for other in near if self._analyzer.known(other))
        fallback = otherwise or Meant(words=((word, 1.0),))
        return _Open(typed="", words=likely, weight=self._tuning.dictionary, fallback=fallback, splits=splits)

    def _slip_in_name(self, word: str) -> Meant:
        """A name that the collection lacks: other names near it. In small letters only common slips, since it may be a word."""
        form, tuning = surface(word), self._tuning
        itself = Meant(words=((word, 1.0),), splits=self._splits(form))
        typed_so = _is_like_a_name(word)
        if not tuning.near or not (typed_so or self._analyzer.is_name(word)):
            return itself
        if self._vocabulary_repairs == VOCABULARY_REPAIRS:
            return itself
        check()
        self._vocabulary_repairs += 1
        near = self._vocabulary.near(form) if typed_so else self._vocabulary.slips(form)
        names = [other for other in near if self._analyzer.may_be_name(other) and not is_stop_word(other)]
        return Meant(words=tuple((name, tuning.near) for name in names), repaired=True) if names else itself

    def _weighed(self, word: str, near: Sequence[str]) -> list[tuple[str, float]]:
        """Nearest words with their weights: of a word typed like a name, names first."""
        weight = self._sure(near, self._tuning.near)
        weighed = [(other, weight) for other in near]
        if _is_like_a_name(word) and any(map(self._analyzer.may_be_name, near)):
            weighed = [(o, w if self._analyzer.may_be_name(o) else w * _UNLIKE_A_NAME) for o, w in weighed]
            weighed.sort(key=lambda pair: -pair[1])
        return weighed

    def _are_forms(self, word: str, others: Sequence[str]) -> bool:
        """Whether all of these are the word in other cases, so that none of them would be another reading."""
        terms = set(self._analyzer.terms(word))
        return not any(is_stop_word(other) or terms.isdisjoint(self._analyzer.terms(other)) for other in others)

    def _sure(self, near: Sequence[str], weight: float) -> float:
        """The weight of words that may be meant: where all are forms of one word there is nothing to be unsure of."""
        terms = [set(self._analyzer.terms(word)) for word in near]
        return 1.0 if terms and set.intersection(*terms) else weight

    def _completed(self, form: str) -> list[str]:
        """Words that begin so: the last word of a query may be unfinished."""
        if len(form) < _SHORTEST_COMPLETED or not self._tuning.near:
            return []
        return self._vocabulary.beginning(form)[:_MOST_COMPLETIONS]

    def _decided(self, word: str, one: _Open) -> Meant:
        """Of words that the dictionary has, those that the collection has in some form, most frequent first."""
        pages = dict(zip(one.words, self._frequencies.of(map(self._lemma, one.words)), strict=True))
        found = sorted(
            (each for each in one.words if pages[each] or self._vocabulary.in_titles(self._analyzer.terms(each))),
            key=lambda each: (-pages[each], fold(each) != fold(word), each),
        )
        if not found:
            return one.fallback or self._slip_in_name(one.typed)
        if one.typed:
            others = tuple((each, one.weight) for each in found if each != one.typed)
            if pages[one.typed] or self._are_forms(one.typed, found):
                return Meant(words=((one.typed, 1.0), *others))
            return Meant(words=tuple((each, 1.0) for each, _ in others), repaired=True)
        if one.weight < 1:
            found = found[:_MOST_FROM_DICTIONARY]
        weight = self._sure(found, one.weight)
        return Meant(words=tuple((each, weight) for each in found), repaired=True, splits=one.splits)


def _without_ending(form: str) -> list[str]:
    """What may be the base of a name in a case, the longest ending taken off last."""
    bases = (form.removesuffix(end) for end in _ENDINGS_OF_NAMES if form.endswith(end))
    return sorted((base for base in bases if len(base) >= _SHORTEST_BASE), key=len, reverse=True)


def _is_like_a_name(word: str) -> bool:
    return word[:1].isupper() and word[1:].islower()
