"""Abbreviations and synonyms of ``documents/synonyms.yaml``, applied to the query: a change needs no reindexing.

What means the same in any collection for local government comes with the program (``common.yaml``); a folder adds its own.

An abbreviation also finds its long form and the reverse; a word or phrase of a synonym group finds the others. Entries are
base forms: the analyzer takes care of inflection.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kb.catalogue import problems, read_yaml
from kb.catalogue.fields import Text
from kb.errors import TaxonomyError
from kb.formats import SYNONYMS_FILE
from kb.polish import Analyzer, is_stop_word, surface, words

_COMMON = Path(__file__).with_name("common.yaml")

_FEWEST_LETTERS = 3
_MOST_LETTERS = 6
Steps = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abbreviation:
    """An abbreviation, its long forms (the first is the main one) and what it means in one sentence."""

    short: str
    long: tuple[str, ...]
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A word or phrase that also answers: ``text`` as written in the file, ``steps`` its terms position by position."""

    text: str
    steps: Steps


class _AbbreviationEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    short: Annotated[Text, Field(min_length=1)]
    long: Annotated[list[Text], BeforeValidator(lambda v: [v] if isinstance(v, str) else v), Field(min_length=1)]
    definition: Text = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    abbreviations: list[_AbbreviationEntry] = []
    synonyms: list[Annotated[list[Text], Field(min_length=2)]] = []


class Synonyms:
    """The entries, ready to be looked up for a run of query words."""

    def __init__(
        self, analyzer: Analyzer, abbreviations: Sequence[Abbreviation] = (), groups: Sequence[Sequence[str]] = ()
    ) -> None:
        self.abbreviations = tuple(abbreviations)
        self._analyzer = analyzer
        # By the first word's lemmas: (each word's lemmas, equivalents). Terms would not do: "długo" has the stem of "dług".
        self._by_lemma: dict[str, list[tuple[Steps, list[Equivalent]]]] = {}
        # By an abbreviation's own letters.
        self._by_letters: dict[str, list[tuple[Steps, list[Equivalent]]]] = {}
        # By its letters, which may have full stops after them: "k.p.a.".
        self._spelled = {
            tuple(surface(entry.short)): entry.short
            for entry in abbreviations
            if entry.short.isalpha() and _FEWEST_LETTERS <= len(entry.short) <= _MOST_LETTERS
        }
        for entry in abbreviations:
            short = Equivalent(entry.short, self._short_steps(entry.short))
            long = [form for text in entry.long if (form := Equivalent(text, self.steps(text))).steps]
            self._by_letters.setdefault(short.steps[0][0] if short.steps else "", []).append((short.steps, long))
            for form in long:
                self._add(form.text, [short])
        for group in groups:
            members = [member for text in group if (member := Equivalent(text, self.steps(text))).steps]
            for member in members:
                self._add(member.text, [other for other in members if other is not member])

    @classmethod
    def common(cls, analyzer: Analyzer) -> Synonyms:
        """Those that come with the program."""
        return cls._with(_File(), analyzer)

    @classmethod
    def load(cls, documents: Path, analyzer: Analyzer) -> Synonyms:
        """Those that come with the program, and what the file of a documents folder adds.

        Raises TaxonomyError that lists every problem of the file.
        """
        path = documents / SYNONYMS_FILE
        if not os.path.lexists(path):
            return cls.common(analyzer)
        failed = f"Nie da się użyć pliku {SYNONYMS_FILE}. Popraw go; do tego czasu jego skróty i synonimy nie działają."
        raw, problem = read_yaml(path, documents)
        if problem:
            raise TaxonomyError(failed, [problem])
        try:
            file = _File.model_validate(raw)
        except ValidationError as error:
            raise TaxonomyError(failed, problems(error)) from None
        return cls._with(file, analyzer)

    @classmethod
    def _with(cls, own: _File, analyzer: Analyzer) -> Synonyms:
        """The entries of a folder, then those of the program but for abbreviations that mean something else in the folder."""
        common, taken = _common(), {surface(entry.short) for entry in own.abbreviations}
        entries = [*own.abbreviations, *(entry for entry in common.abbreviations if surface(entry.short) not in taken)]
        return cls(
            analyzer,
            [Abbreviation(short=e.short, long=tuple(e.long), definition=e.definition) for e in entries],
            [*common.synonyms, *own.synonyms],
        )

    def steps(self, text: str) -> Steps:
        """The terms of each word of a text; an empty step for a function word inside it, which may be any word."""
        found = [() if is_stop_word(word) else self._analyzer.terms(word) for word in words(text)]
        content = [i for i, step in enumerate(found) if step]
        return tuple(found[content[0] : content[-1] + 1]) if content else ()

    def _short_steps(self, text: str) -> Steps:
        # An abbreviation is not a form of a dictionary word: "PES" must not find dogs ("pies").
        return tuple((surface(word),) for word in words(text))

    def _add(self, text: str, equivalents: list[Equivalent]) -> None:
        # Function words are left out of a query too.
        given = tuple(self._lemmas(word) for word in words(text) if not is_stop_word(word))
        for lemma in given[0] if given else ():
            self._by_lemma.setdefault(lemma, []).append((given, equivalents))

    def _lemmas(self, word: str) -> tuple[str, ...]:
        """What the forms of a word share and those of no other word; of a word that nobody knows its terms."""
        return tuple(dict.fromkeys(map(surface, self._analyzer.lemmas(word)))) or self._analyzer.terms(word)

    def at(self, query: Sequence[str], start: int) -> tuple[int, list[Equivalent]]:
        """The longest entry that begins at a word of the query: how many words it takes, and its equivalents."""
        best = 0
        found: list[Equivalent] = []
        for steps, equivalents in self._beginning_at(query, start):
            if len(steps) >= max(best, 1):
                found = [*found, *equivalents] if len(steps) == best else list(equivalents)
                best = len(steps)
        return best, list(dict.fromkeys(found))

    def _beginning_at(self, query: Sequence[str], start: int) -> Iterator[tuple[Steps, list[Equivalent]]]:
        for lemma in self._lemmas(query[start]):
            for steps, equivalents in self._by_lemma.get(lemma, ()):
                given = query[start : start + len(steps)]
                if len(given) == len(steps) and all(
                    set(step) & set(self._lemmas(word)) for step, word in zip(steps, given, strict=True)
                ):
                    yield steps, equivalents
        for steps, equivalents in self._by_letters.get(surface(query[start]), ()):
            given = query[start : start + len(steps)]
            if [surface(word) for word in given] == [step[0] for step in steps] and self._is_short(query, start):
                yield steps, equivalents

    def letters(self, word: str) -> tuple[str, ...]:
        """The letters of a word that is an abbreviation, as a text may have them one by one; none of other words."""
        letters = tuple(surface(word))
        return letters if letters in self._spelled else ()

    def spelled_at(self, words: Sequence[str], start: int) -> tuple[int, str]:
        """The longest abbreviation that is spelled from a word on, and where it ends."""
        for end in range(min(start + _MOST_LETTERS, len(words)), start + _FEWEST_LETTERS - 1, -1):
            if short := self._spelled.get(tuple(map(surface, words[start:end]))):
                return end, short
        return start, ""

    def _is_short(self, query: Sequence[str], start: int) -> bool:
        """Whether a word is an abbreviation there: beside others it may be a word, or be cut: "poz. 5".

        Capital letters tell, where not all of the query is in them.
        """
        word = query[start]
        if len(query) == 1 or (word.isupper() and not all(each.isupper() for each in query if each.isalpha())):
            return True
        following = query[start + 1 : start + 2]
        return not self._analyzer.known(word) and not (following and following[0][0].isdigit())


@cache
def _common() -> _File:
    return _File.model_validate(read_yaml(_COMMON, _COMMON.parent)[0])
