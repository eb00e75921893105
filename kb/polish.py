"""Polish, as pure text → terms: the one analyzer, used alike for documents, queries and highlighting.

A **word** is a run of letters and digits, or the beginning of a run that is longer than any word: it is found by that
beginning, and who types the whole run asks for the same; a section sign is a word too. A word's **surface** is its lower-case
NFC form, diacritics kept: phrases and exact forms match on it. Its **terms** are what inflected forms share: each Morfeusz 2
lemma of the form, stemmed by Snowball's Polish stemmer, folded to ASCII. A form has about 1.24 lemmas; all are kept, and ranking
counts the best one.

The order matters: lemmatising needs diacritics and case, so folding comes last (``docs/relevance.md`` has the figures).
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from itertools import combinations, islice, product
from typing import Any, Generic, NamedTuple, TypeVar

import morfeusz2
import Stemmer
from morfeusz2 import _morfeusz2

from kb import limits

ANALYZER_VERSION = "4"
"""Raise when the same text would give other terms: every index is then rebuilt from the kept extractions."""

# The rest of a longer run is no word of its own: there is a letter before it.
_WORD = re.compile(rf"(?<![^\W_])[^\W_]{{1,{limits.WORD_CHARACTERS}}}+|§")
_PLAIN = re.compile("[\t\n -~ĄĆĘŁŃÓŚŹŻąćęłńóśźż§°«»–—„”…•]*+")
_NO_INK = "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_INVISIBLE = re.compile(rf"[{_NO_INK}]|(?<=\w)[\u200c\u200d]|[\u200c\u200d](?=\w)")
_MAYBE_INVISIBLE = re.compile(rf"[{_NO_INK}\u200c\u200d]")
"""The same without a look around, ten times as fast; hardly any text has one of them."""
_AT_ONCE = 20_000
"""Characters of a text whose words are found in one step: a few milliseconds."""
_SPECIAL_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)
_SHORTEST_STEM = 4
_LONGEST_SHORT = 2
# No surnames: nearly every form of a word is somebody's.
_NAMES = frozenset({"nazwa_geograficzna", "imię"})
_NAMING = ("subst", "ger", "adj:", "depr", "ign", "ppas", "pact", "brev")
_NOUNS, _ADJECTIVES = ("subst", "ger", "depr"), ("adj", "ppas", "pact")
_CASES = ("nom", "gen", "dat", "acc", "inst", "loc")
_ANY_CASE = frozenset(product(("sg", "pl"), _CASES, ("m1", "m2", "m3", "f", "n")))
_VERB = ("inf", "fin", "praet", "impt", "pred", "winien", "imps", "bedzie", "aglt", "pcon", "pant")
_USUAL_CASES = frozenset(("gen", "loc"))
_UNINFLECTED = ("inf", "adv", "num", "prep", "conj", "comp", "part", "interj", "pred")

STOP_WORDS = frozenset(
    """
    a aby ach acz aczkolwiek aj albo ale ależ ani aż bardziej bardzo będą będąc będzie bo bowiem by być był
    była byli było były bym bynajmniej cała cali cały ci cię ciebie co cokolwiek coraz coś czasami czasem
    czemu często czy czyli daleko dla dlaczego dlatego do dobrze dokąd dość dużo dzisiaj gdy gdyby gdyż gdzie
    gdziekolwiek gdzieś go i ich ile im inna inne inny innych iż ja ją jak jaka jaką jakaś jakby jaki jakich
    jakie jakiego jakiej jakim jakimi jakiś jakiż jako jakoś je jeden jedna jednak jednakże jedno jego jej
    jemu jeśli jest jestem jeszcze jeżeli już każdy kiedy kilka kimś kto ktokolwiek która którą które którego
    której któremu który których którym którymi którzy ktoś ku lub ma mają mam mi między mimo mną mnie mogą
    moi moim mój moja moje może możemy możliwe można mu musi my na nad nam nami nas nasi nasz nasza nasze
    natomiast natychmiast nawet nią nic nich nie niego niej niemu nigdy nim nimi niż no o obok od około on ona
    one oni ono oraz oto owszem po pod podczas pomimo ponad ponieważ poza prawie przed przede przedtem przez
    przy roku również są sam sama się skąd sobą sobie sposób swoich swoim swój swoja swoją swoje ta tak taka
    taki takie także tam te tego tej ten teraz też to tobą tobie toteż trzeba tu tutaj twoi twoim twój twoja
    twoje twym ty tych tylko tym tymi u w wam wami was wasz wasza wasze we więc właśnie wszyscy wszystkich
    wszystkie wszystkim wszystko wtedy wy z za żaden żadna żadne żadnych zapewne zawsze ze że żeby znów znowu
    zostać został została zostało zostały
    """.split()  # noqa: SIM905  # reads better than 300 quoted words
)
"""Function words: left out of a query when other words remain, and out of the lemma field."""


def is_plain(text: str) -> bool:
    """Whether text has only what Polish is mostly written with, each character as all readers have it: nothing to repair.

    ASCII without control characters but tabs and line ends, Polish letters, the usual marks. To know that of a text takes a
    fifth of the time of looking for anything else in it.
    """
    return _PLAIN.fullmatch(text) is not None


def normalise(text: str) -> str:
    """NFC without invisible characters, the form in which all text is kept and compared.

    Soft hyphens, zero-width spaces, byte order marks and marks of direction come along when text is copied, and would break
    words. A joiner stays where it joins pictures.
    """
    if text.isascii() or is_plain(text):
        return text
    if _MAYBE_INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    return unicodedata.normalize("NFC", text)


_Reading = tuple[int, int, tuple[str, str, str, list[str], list[str]]]
"""From Morfeusz: where it begins and ends, and (form, lemma, tag, kinds of name, styles)."""
# Morfeusz's functions themselves: its classes call the same ones by way of two more layers. Each list is its asker's own, since
# threads ask at once.
_analyse = _morfeusz2._Morfeusz_analyse  # noqa: SLF001  # no public way leads there, and it saves half of what a lemma costs
Answer = TypeVar("Answer", bound=str | bool | tuple[str, ...])
_NO_TAGS = (0, 1)
"""How Morfeusz numbers the tags „ign” and „sp”: of a word that it does not have, and of a space."""
_ENTRY_BYTES = 120
"""What an entry of a dictionary takes beside its key and value, the room that the dictionary keeps free counted in."""


class Kept(dict[str, Answer], Generic[Answer]):
    """Word → answer, emptied when ``most_bytes`` are full; a very long word is answered and not kept.

    ``lru_cache`` would count entries instead of bytes, and keep the order of use, which takes half as long again.
    """

    def __init__(self, answer: Callable[[str], Answer], most_bytes: int) -> None:
        super().__init__()
        self._answer = answer
        self._most_bytes = most_bytes
        self.bytes = 0

    def __missing__(self, word: str) -> Answer:
        found = self._answer(word)
        if len(word) > limits.WORD_CHARACTERS:
            return found
        size = _ENTRY_BYTES + sys.getsizeof(word) + sys.getsizeof(found)
        if isinstance(found, tuple):
            size += sum(map(sys.getsizeof, found))
        if self.bytes + size > self._most_bytes:
            self.clear()
            self.bytes = 0
        self.bytes += size
        self[word] = found
        return found


def fold(text: str) -> str:
    """Text without diacritics (``Łódź`` → ``Lodz``); other letters stay as they are. Idempotent, never empty for a word."""
    return text if text.isascii() else _folds[text]


def _folded(text: str) -> str:
    stripped = "".join(
        c for c in unicodedata.normalize("NFKD", text).translate(_SPECIAL_LETTERS) if not unicodedata.combining(c)
    )
    return unicodedata.normalize("NFC", stripped) or text


_folds = Kept(_folded, limits.KEPT_FOLDS_BYTES)


def words(text: str) -> list[str]:
    """The words of NFC text, in order, as written; of an overlong one its beginning."""
    return list(each_word(text))


def each_word(text: str) -> Iterable[str]:
    """As ``words``; those of a long text one after the other: as strings of their own they would take ten times its room."""
    return _WORD.findall(text) if len(text) <= _AT_ONCE else (match[0] for found in places(text) for match in found)


def places(text: str) -> Iterator[list[re.Match[str]]]:
    """The words of NFC text, in order, with their places in it, piece by piece; those of overlong ones end with their beginning.

    A step of the regular expression lets no other thread work, and a text may have millions of characters.
    """
    start = 0
    while start < len(text):
        end = min(start + _AT_ONCE, len(text))
        found = list(_WORD.finditer(text, start, end))
        if end < len(text) and found and found[-1].end() == end:  # it may be longer
            end = found.pop().start()
        yield found
        start = end


def word_at(text: str, start: int) -> re.Match[str]:
    """The word that begins there, as ``places`` has it."""
    found = _WORD.match(text, start)
    assert found is not None
    return found


surface = str.lower
"""The form under which a word is kept in the surface field."""


def is_stop_word(word: str) -> bool:
    """Whether the word, with its diacritics, is a function word."""
    return word.lower() in STOP_WORDS


def is_function_word(word: str) -> bool:
    """Whether a word of a text is left out of the lemma field: a capital letter may name something ("wariant A")."""
    return is_stop_word(word) and not (len(word) == 1 and word.isupper())


_WITH_DIACRITICS = {"a": "ą", "c": "ć", "e": "ę", "l": "ł", "n": "ń", "o": "ó", "s": "ś", "z": "żź"}
_MOST_DIACRITICS = 4
_MOST_SPELLINGS = 250


def spellings(word: str) -> Iterator[str]:
    """What a lower-case word typed without diacritics may have been, fewest added first; at most some hundreds."""
    places_of = [i for i, letter in enumerate(word) if letter in _WITH_DIACRITICS]
    chosen = (c for count in range(1, _MOST_DIACRITICS + 1) for c in combinations(places_of, count))
    made = (
        "".join(letters)
        for places_chosen in chosen
        for letters in product(
            *(_WITH_DIACRITICS[letter] if i in places_chosen else letter for i, letter in enumerate(word))
        )
    )
    return islice(made, _MOST_SPELLINGS)


_ALPHABET = {letter: place for place, letter in enumerate(" 0123456789aąbcćdeęfghijklłmnńoópqrsśtuvwxyzźż")}


def alphabetical(text: str) -> tuple[tuple[int, ...], str]:
    """The key that sorts as a Polish dictionary does: ą after a, ł after l, foreign letters with those they look like."""
    return tuple(_ALPHABET[letter] for letter in _letters(text)), text


def initial(text: str) -> str:
    """The letter that a text stands under in an alphabetical list; "" where it has none."""
    return next((letter.upper() for letter in _letters(text) if letter.strip()), "")


def _letters(text: str) -> Iterator[str]:
    for letter in normalise(text).lower():
        if letter in _ALPHABET:
            yield letter
        else:
            yield from (plain for plain in fold(letter).lower() if plain in _ALPHABET)


class Asked(NamedTuple):
    """The terms of a word that somebody asks for: those that it may well mean, and those less likely."""

    likely: tuple[str, ...]
    others: tuple[str, ...]


class Agreement(NamedTuple):
    """Number, case and gender of all that a word may be as a noun, and as an adjective or participle."""

    noun: frozenset[tuple[str, ...]]
    adjective: frozenset[tuple[str, ...]]


class Naming(NamedTuple):
    """What a word in the nominative may be in a name: a given or a family name, a common noun, the holder of an office …."""

    given: bool = False
    family: bool = False
    noun: bool = False
    office: bool = False
    adjective: bool = False
    place: bool = False


class Analyzer:
    """Word → terms, with the dictionary loaded once and the answers cached, since texts repeat their words."""

    _fold = staticmethod(fold)

    def __init__(self) -> None:
        self._morfeusz = morfeusz2.Morfeusz(generate=False)
        # Its own object: the wrapper asks for five things of every reading, of which we need two, and takes five times as long.
        self._dictionary = self._morfeusz._morfeusz_obj.this  # noqa: SLF001
        self._names = self._morfeusz._morfeusz_obj.getIdResolver()  # noqa: SLF001
        self._tags: dict[int, str] = {}
        """Those of Morfeusz's tags that were met, by their numbers."""
        self._stem = Stemmer.Stemmer("polish", 0).stemWord
        self.terms = Kept(self.terms_worked_out, limits.KEPT_TERMS_BYTES).__getitem__
        """Cached: the terms of a word as written, never empty."""
        self.lemmas = Kept(self._lemmas, limits.KEPT_LEMMAS_BYTES).__getitem__
        """Cached: the dictionary's lemmas of a word, empty for a word that it does not know."""
        self.known = Kept(self._known, limits.KEPT_KNOWN_BYTES).__getitem__
        """Cached: whether the dictionary has the word in any letter case."""

        self.asked = lru_cache(limits.KEPT_ASKED)(self._asked)
        """Cached: the terms of a word of a query."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text may give other terms."""
        return (
            f"polish-{ANALYZER_VERSION} morfeusz2-{version('morfeusz2')} {self._morfeusz.dict_id()} "
            f"PyStemmer-{version('PyStemmer')}"
        )

    def _asked(self, word: str) -> Asked:
        """The terms of a word of a query, where names are often typed in small letters: "radom" asks for Radom.

        A name in its base form that is no base form of another word was meant: "radom" is the dative of "rady" too. Not where
        it is a form that words often have in a question: "radzie" and "sądów" are villages as well.
        """
        terms = self.terms(word)
        lower = word.lower()
        if len(word) <= _LONGEST_SHORT or not word.isalpha():
            return Asked(terms, ())
        named, inflected, common, usual = [], [], [], False
        for start, _, (_, lemma, tag, kinds, _) in self._morfeusz.analyse(lower.capitalize()):
            base = lemma.partition(":")[0]
            if start or tag in ("ign", "sp"):
                continue
            if not base[0].isupper():
                common.append(base.lower() == lower or ":nom" in tag or tag.startswith(_UNINFLECTED))
                usual = usual or (tag.startswith("subst") and not _USUAL_CASES.isdisjoint(re.split("[:.]", tag)))
            elif base.lower() == lower and not _NAMES.isdisjoint(kinds):
                named.append(base)
            elif "nazwa_geograficzna" in kinds:
                inflected.append(base)
        names = self._terms_of(named, lower)
        weaker = self._terms_of(inflected, lower)
        if names and not usual and not any(common):
            return Asked(
                names, tuple(term for term in {**dict.fromkeys(terms), **dict.fromkeys(weaker)} if term not in names)
            )
        likely = tuple(dict.fromkeys((*terms, *names)))
        return Asked(likely, tuple(term for term in weaker if term not in likely))

    def is_name(self, word: str) -> bool:
        """Whether a word is a name and nothing else, as far as the dictionary knows: it has the word in no small letter."""
        return not any(lemma[0].islower() for lemma in self.lemmas(word.lower()))

    def agreement(self, word: str) -> Agreement:
        """What a lower-case word can agree in as a noun, and as what describes one. An unknown word is a noun in any case."""
        nouns: set[tuple[str, ...]] = set()
        adjectives: set[tuple[str, ...]] = set()
        for start, _, (_, _, tag, _, _) in self._readings(word):
            part, *features = tag.split(":")
            if part == "ign":
                return Agreement(_ANY_CASE, frozenset())
            if start == 0 and part in (*_NOUNS, *_ADJECTIVES) and len(features) >= 3:
                values = product(*(feature.split(".") for feature in features[:3]))
                (nouns if part in _NOUNS else adjectives).update(values)
        return Agreement(frozenset(nouns), frozenset(adjectives))

    def parts(self, word: str) -> frozenset[str]:
        """The parts of speech of which a word is a base form: "subst", "adj", "inf", "adv" …; "m1" beside them for a person."""
        found: set[str] = set()
        for lemma, tag in self._tagged(word):
            if lemma.partition(":")[0] == word:
                found.update((tag.partition(":")[0], *(("m1",) if ":m1" in tag else ())))
        return frozenset(found)

    def is_verb(self, word: str) -> bool:
        """Whether a word is a form of a verb and nothing that names or describes: no gerund, no participle, no noun as well."""
        tags = [tag for _, tag in self._tagged(word.lower())]
        return any(tag.startswith(_VERB) for tag in tags) and not any(tag.startswith(_NAMING) for tag in tags)

    def may_be_name(self, word: str) -> bool:
        """Whether a word may be a name: the dictionary has it with a capital letter, or not at all."""
        lemmas = self.lemmas(word.lower().capitalize())
        return not lemmas or any(lemma[0].isupper() for lemma in lemmas)

    def is_given_name(self, word: str) -> bool:
        """Whether the word is a person's given name as it stands, and not in another case."""
        return any(
            "imię" in reading[3] and ":nom" in reading[2] and reading[2].startswith("subst:sg")
            for _, _, reading in self._readings(word.title())
        )

    def naming(self, word: str) -> Naming:
        """What the word may be in a name, read as if written with a capital letter. All is false for one in another case."""
        found = Naming()
        for start, _, (_, _, tag, kinds, _) in self._readings(word[:1].upper() + word[1:]):
            form = tag.split(":")
            if start or len(form) < 3 or "sg" not in form[1] or "nom" not in form[2]:
                continue
            common = "nazwa_pospolita" in kinds
            found = Naming(
                given=found.given or ("imię" in kinds and form[0] == "subst" and form[1] == "sg"),
                family=found.family or "nazwisko" in kinds,
                noun=found.noun or common,
                office=found.office or (common and form[1:] == ["sg", "nom", "m1"]),
                adjective=found.adjective or form[0] == "adj",
                place=found.place or "nazwa_geograficzna" in kinds,
            )
        return found

    def _readings(self, word: str) -> Sequence[_Reading]:
        """What the dictionary says of a word. It crashes on very long ones, and takes longer than their length says."""
        found: Sequence[_Reading] = self._morfeusz.analyse(word[: limits.WORD_CHARACTERS])
        return found

    def _tagged(self, word: str) -> Iterator[tuple[str, str]]:
        """Lemma and tag of those of ``_readings`` that begin with the word, in a third of the time."""
        for reading in self._own_readings(word):
            if _morfeusz2.MorphInterpretation_startNode_get(reading) == 0:
                number = _morfeusz2.MorphInterpretation_tagId_get(reading)
                tag = self._tags.get(number)
                if tag is None:
                    tag = self._tags[number] = self._names.getTag(number)
                yield _morfeusz2.MorphInterpretation__lemma_get(reading), tag

    def _lemmas(self, word: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for reading in self._known_readings(word):
            # Only readings that start at the word's first letter: the "em" in "zrobiłem" is not a lemma of the word.
            if _morfeusz2.MorphInterpretation_startNode_get(reading) == 0:
                lemma = _morfeusz2.MorphInterpretation__lemma_get(reading).partition(":")[0]
                if lemma:
                    found[lemma] = None
        return tuple(found)

    def _known_readings(self, word: str) -> Iterator[Any]:
        """Morfeusz's own readings of a word, without those that say that it does not have it."""
        for reading in self._own_readings(word):
            if _morfeusz2.MorphInterpretation_tagId_get(reading) not in _NO_TAGS:
                yield reading

    def _own_readings(self, word: str) -> Iterator[Any]:
        found = _morfeusz2.new_InterpsList()
        _analyse(self._dictionary, word[: limits.WORD_CHARACTERS], found)
        for index in range(_morfeusz2.InterpsList___len__(found)):
            yield _morfeusz2.InterpsList___getitem__(found, index).this

    def _known(self, word: str) -> bool:
        if self._has(word):
            return True
        lower = word.lower()
        return any(self._has(other) for other in (lower, lower.capitalize()) if other != word)

    def _has(self, word: str) -> bool:
        return next(self._known_readings(word), None) is not None

    def terms_worked_out(self, word: str) -> tuple[str, ...]:
        """As ``terms``, not cached: for callers that keep the answers themselves."""
        word = word[: limits.WORD_CHARACTERS]
        lower = word.lower()
        # Morfeusz takes short forms for all kinds of abbreviations, and gives numbers back as they are.
        if len(word) <= _LONGEST_SHORT or word[0].isdigit():
            return (self._fold(lower),)
        lemmas = self.lemmas(word) or self.lemmas(lower)
        if not lemmas:
            return (self._fold(self._stem(lower)) or self._fold(lower),)
        return self._terms_of(lemmas, lower)

    def _terms_of(self, lemmas: Iterable[str], lower: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys([self._fold(self._stemmed(lemma.lower())) or self._fold(lower) for lemma in lemmas]))

    def _stemmed(self, lemma: str) -> str:
        """The stem, or the whole lemma where a very short stem would clash with other words': "poziom" with "poz."."""
        stem: str = self._stem(lemma)
        return lemma if len(stem) < _SHORTEST_STEM and len(lemma) - len(stem) > 1 else stem


def analyzer_files() -> list[str]:
    """The files that hold the dictionary and the stemmer: while these are the same, so is the analyzer's fingerprint.

    To load the dictionary takes longer than to look at them.
    """
    folder = os.path.dirname(morfeusz2.__file__)
    libraries = [os.path.join(folder, name) for name in os.listdir(folder) if name.startswith("libmorfeusz2")]
    return [*sorted(libraries), _morfeusz2.__file__, morfeusz2.__file__, Stemmer.__file__]


@cache
def shared_analyzer() -> Analyzer:
    """The one analyzer of this process: each that is made costs Morfeusz some 10 MB, which it never gives back."""
    return Analyzer()
