"""A text as words that can be compared: a page's text, and a quotation with its left-out parts and added remarks.

Two words are the same word by their **key**: small letters without diacritics, as ``ﬁ`` and soft hyphens are read. What was
written is kept beside it, so that a difference in diacritics or capital letters is still seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain

from kb.errors import BadRequest
from kb.limits import KEPT_FOLDS_BYTES, QUOTE_CHARACTERS, QUOTE_PARTS, QUOTE_WORDS
from kb.messages import counted, grouped
from kb.polish import Kept, fold, normalise

_WORD = re.compile(r"[^\W_]++|[§%‰€$£°+]")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_LIGATURE = re.compile("[ﬀ-ﬆ]")
_SOFT_HYPHEN = re.compile("[\u00ad\u0002][ \t]*+\r?\n\\s*+")
_HYPHEN_AT_END = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011¬][ \t]*+\r?\n\s*+(?=[^\W\d_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LEFT_OUT = re.compile(r"[\[(]\s*+(?:…|\.\s?\.\s?\.)\s*+[\])]")
_REMARK = re.compile(
    r"\[\s*+sic\s*+!?\s*+\]|[\[(]\s*+(?:podkr|wyróż|wytłuszcz|pogrub|kursywa|emfaza|dop\.|przyp\.)[^\[\]()\n]{0,60}[\])]",
    re.IGNORECASE,
)
_CITED = re.compile(
    r"\A((?:„[^„”“]++[”“\"]|“[^“”]++”|\"[^\"]++\"|«[^«»]++»|»[^«»]++«)[\s.,;]*+)([(\[][^()\[\]„”“\"«»]{1,200}+[)\]]|\d{1,3})[\s.]*+\Z"
)
"""A quotation in its marks, and after them where it is from: „…” (Kowalski, 2024, s. 5)."""
_LETTER_CHANGED = re.compile(r"\[([^\W\d_])\](?=[^\W\d_])")
_STRESS = re.compile(r"(?<![\w*])([*_]{1,3})(?=[^\s*_])([^*_\n]{1,300})(?<=[^\s*_])\1(?![\w*])")
_FEWEST_WORDS = 2


class Text:
    """A text with its words: ``keys`` are what they are compared by, ``spans`` where they stand."""

    def __init__(self, text: str, words: Sequence[str]) -> None:
        self.text = text
        self.words = words
        self.keys = list(map(_keys.__getitem__, words))

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def spans(self) -> Sequence[tuple[int, int]]:
        """Where each word begins and ends: of most texts nobody asks."""
        return [match.span() for match in _WORD.finditer(self.text)]

    @cached_property
    def weights(self) -> Sequence[int]:
        """What each word counts for."""
        return list(map(weight, self.keys))

    @cached_property
    def weight(self) -> int:
        """What all words count for together."""
        return sum(self.weights)

    def gap(self, number: int) -> str:
        """What stands between a word and the one before it."""
        return self.text[self.spans[number - 1][1] : self.spans[number][0]] if number else ""

    def between(self, first: int, after: int) -> str:
        """The words from ``first`` to before ``after`` as written; "" for none."""
        return self.text[self.spans[first][0] : self.spans[after - 1][1]] if first < after else ""


@dataclass(frozen=True, slots=True)
class Quotation:
    """What somebody quotes: ``parts`` in order, where „[…]” stood between them, and ``remarks`` put in or after them."""

    text: str
    parts: tuple[Text, ...]
    remarks: tuple[str, ...] = ()

    @property
    def words(self) -> int:
        """How many words all parts have."""
        return sum(map(len, self.parts))


def read(text: str) -> Text:
    """The words of a text that is normalised, as all text of the index is."""
    return Text(text, _WORD.findall(text))


def without_ligatures(text: str) -> str:
    """``ﬁ`` as the two letters that it stands for."""
    return text.translate(_LIGATURES) if _LIGATURE.search(text) else text


def key(word: str) -> str:
    """What a word is compared by."""
    return fold(word.lower())


_keys = Kept(key, KEPT_FOLDS_BYTES)


def quotation(text: str) -> Quotation:
    """What was pasted. Raises BadRequest for too much of it, or for nothing that could be looked for."""
    text = text.strip()
    if len(text) > QUOTE_CHARACTERS:
        raise BadRequest(
            "Ten cytat jest zbyt długi. Sprawdź go w krótszych częściach.",
            [f"Może mieć najwyżej {counted(QUOTE_CHARACTERS, *_CHARACTERS)}, a ma {grouped(len(text))}."],
        )
    # Before invisible characters go: a soft hyphen at a line's end says that the word goes on.
    text = _CONTROL.sub(" ", _HYPHEN_AT_END.sub("", _SOFT_HYPHEN.sub("", text)))
    text = _LETTER_CHANGED.sub(r"\1", without_ligatures(normalise(text)))
    remarks = [match[0] for match in _REMARK.finditer(text)]
    text = _REMARK.sub(" ", text).strip()
    if (cited := _CITED.match(text)) and not _LEFT_OUT.fullmatch(cited[2]):
        text = cited[1]
        remarks.append(cited[2])
    text = " ".join(_STRESS.sub(r"\2", text).split())
    parts = tuple(part for part in map(read, _LEFT_OUT.split(text)) if len(part))
    made = Quotation(text, parts, tuple(remarks))
    problems = []
    if made.words > QUOTE_WORDS:
        problems.append(f"Może mieć najwyżej {counted(QUOTE_WORDS, *_WORDS)}, a ma {grouped(made.words)}.")
    if len(parts) > QUOTE_PARTS:
        problems.append(f"Opuszczeń „[…]” może być najwyżej {QUOTE_PARTS - 1}, a jest {grouped(len(parts) - 1)}.")
    if problems:
        raise BadRequest("Ten cytat jest zbyt długi. Sprawdź go w krótszych częściach.", problems)
    if made.words < _FEWEST_WORDS:
        raise BadRequest("To za mało, żeby sprawdzić cytat.", ["Wpisz co najmniej dwa słowa, najlepiej całe zdanie."])
    return made


def joined(texts: Sequence[str]) -> tuple[Text, list[int]]:
    """Texts one after the other, and the number of the first word of each, with how many words there are at the end."""
    words = list(map(_WORD.findall, texts))
    return Text("\n".join(texts), list(chain.from_iterable(words))), list(accumulate(map(len, words), initial=0))


def weight(key: str) -> int:
    """What a word counts for in a likeness: its letters, so that function words count little; a number as a whole word."""
    return _NUMBER_WEIGHT if key[0].isdigit() else min(len(key), _MOST_WEIGHT)


def weigh(keys: Sequence[str]) -> int:
    """What words count for together."""
    return sum(map(weight, keys))


_CHARACTERS = ("znak", "znaki", "znaków")
_WORDS = ("słowo", "słowa", "słów")
_NUMBER_WEIGHT = 5
_MOST_WEIGHT = 12
