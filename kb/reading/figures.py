"""Dates, school years, amounts, units of acts and numbered or counted things: in figures, in words and in short.

For each run of words of a query that is one of them, the other ways in which it may be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kb.messages import MONTH_NUMBERS, MONTHS
from kb.polish import fold

Way = tuple[int, int, tuple[str, ...]]
"""Of a run of words its start, its end, and the words that it may also be written as."""

_MONTHS = {fold(name): number for name, number in MONTH_NUMBERS.items()}
_LAST_DAY = 31
_DAY_OR_MONTH = re.compile(r"\d\d?")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_MULTIPLES = {
    "tys": (re.compile(r"tys|tysiac(?:a|e|om)?|tysiecy"), 3),
    "mln": (re.compile(r"mln|milion(?:a|y|ow)?"), 6),
    "mld": (re.compile(r"mld|miliard(?:a|y|ow)?"), 9),
}
"""Multiples in short: any form of theirs without diacritics, and how many zeros they stand for."""
_MOST_BEFORE = 4
_MOST_DECIMALS = 2
_LONGEST_NUMBER = 12
_UNITS = {
    "art": ("artykuł", re.compile(r"art|artykul(?:u|e|ow|owi|em|y)?")),
    "ust": ("ustęp", re.compile(r"ust|ustep(?:u|ie|ow|owi|em|y)?")),
    "pkt": ("punkt", re.compile(r"pkt|punk(?:t|tu|cie|tow|towi|tem|ty)")),
    "§": ("paragraf", re.compile(r"§|par|paragraf(?:u|ie|ow|owi|em|y)?")),
}
"""Units of an act in short: their names, and any form of those without diacritics."""
_ONES = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMAN = [tens * "x" + ones for tens in range(4) for ones in _ONES]
"""How the numbers up to 39 are written of chapters, classes and centuries; nothing for 0."""
_NUMERALS = {
    2: "dwa dwie dwóch dwu",
    3: "trzy trzech",
    4: "cztery czterech",
    5: "pięć pięciu",
    6: "sześć sześciu",
    7: "siedem siedmiu",
    8: "osiem ośmiu",
    9: "dziewięć dziewięciu",
    10: "dziesięć dziesięciu",
    11: "jedenaście jedenastu",
    12: "dwanaście dwunastu",
    13: "trzynaście trzynastu",
    14: "czternaście czternastu",
    15: "piętnaście piętnastu",
    20: "dwadzieścia dwudziestu",
    30: "trzydzieści trzydziestu",
    60: "sześćdziesiąt sześćdziesięciu",
    90: "dziewięćdziesiąt dziewięćdziesięciu",
}
"""Numbers of days, years or people that texts often have in words; the base form first."""
_NUMBERS = {
    **{roman: number for number, roman in enumerate(_ROMAN) if number},
    **{fold(form): number for number, forms in _NUMERALS.items() for form in forms.split()},
}


def other_ways(words: Sequence[str]) -> Iterator[Way]:
    """For runs of lower-case words, ``words[start:end]``, the words that they may also be written as."""
    plain = [fold(word) for word in words]
    for start in range(len(words)):
        yield from _date(plain, start)
        yield from _unit(plain, start)
        yield from _school_year(plain, start)
        if plain[start].isdecimal() and not (start and plain[start - 1].isdecimal()):
            yield from _amount(plain, start)


def _date(words: Sequence[str], start: int) -> Iterator[Way]:
    """A day in figures and with its month's name: "2024-02-01", "01.02.2024" and "1 lutego 2024" are one."""
    run = tuple(words[start : start + 3])
    if len(run) < 3:
        return
    day, month, year = run if _YEAR.fullmatch(run[2]) else reversed(run)
    number = int(month) if _DAY_OR_MONTH.fullmatch(month) else _MONTHS.get(month, 0)
    if not _YEAR.fullmatch(year) or not _DAY_OR_MONTH.fullmatch(day):
        return
    if not (1 <= number <= len(MONTHS) and 1 <= int(day) <= _LAST_DAY):
        return
    short, long, of_year = str(int(day)), f"{int(day):02}", f"{number:02}"
    ways = (
        (short, MONTHS[number - 1], year),
        (year, of_year, long),
        (long, of_year, year),
        (short, of_year, year),
        (short, str(number), year),
    )
    yield from ((start, start + 3, way) for way in dict.fromkeys(ways) if tuple(map(fold, way)) != run)


def _unit(words: Sequence[str], start: int) -> Iterator[Way]:
    """A unit of an act with its number, in short and by its name: "art. 6", "artykuł 6"."""
    word, number = words[start], words[start + 1] if start + 1 < len(words) else ""
    if not number[:1].isdecimal():
        return
    for short, (name, any_form) in _UNITS.items():
        if any_form.fullmatch(word):
            yield from ((start, start + 2, (way, number)) for way in (short, name) if fold(way) != word)


def _school_year(words: Sequence[str], start: int) -> Iterator[Way]:
    """Two years one after the other: "2023/2024" is "2023/24"."""
    first, second = words[start : start + 2] if start + 1 < len(words) else ("", "")
    if _YEAR.fullmatch(first):
        following = str(int(first) + 1)
        if second in (following, following[2:]):
            yield start, start + 2, (first, following[2:] if second == following else following)


def numbered(words: Sequence[str]) -> Iterator[Way]:
    """A small number beside a lower-case word in other figures or in a word: "rozdział IV", "czternaście dni"."""
    for start in range(len(words) - 1):
        yield from _beside_number(words, start)


def _beside_number(words: Sequence[str], start: int) -> Iterator[Way]:
    pair = words[start : start + 2]
    numbers = [_small_number(fold(word)) for word in pair]
    if bool(numbers[0]) == bool(numbers[1]):
        return
    at = 0 if numbers[0] else 1
    word, number = pair[1 - at], numbers[at]
    outside = words[start + 2 : start + 3] if at else words[max(start - 1, 0) : start]
    if not word.isalpha() or any(_is_measure(fold(each)) or each.isdecimal() for each in (word, *outside)):
        return
    roman = _ROMAN[number] if number < len(_ROMAN) else ""
    for way in (str(number), roman, _NUMERALS.get(number, "").partition(" ")[0]):
        if way and fold(way) != fold(pair[at]):
            yield start, start + 2, (way, word) if at == 0 else (word, way)


def _is_measure(word: str) -> bool:
    """Whether a number beside a word is nearly always in figures: "5 mln", "art. 5"."""
    forms = (*(any_form for any_form, _ in _MULTIPLES.values()), *(any_form for _, any_form in _UNITS.values()))
    return any(any_form.fullmatch(word) for any_form in forms)


def _small_number(word: str) -> int:
    """The number that is written so, without diacritics; 0 for none."""
    return int(word) if _DAY_OR_MONTH.fullmatch(word) else _NUMBERS.get(word, 0)


def _amount(words: Sequence[str], start: int) -> Iterator[Way]:
    """An amount in figures and with its multiple: "1,5 mln" and "1 500 000", "30 tys." and "30000"."""
    end = start
    while end < len(words) and words[end].isdecimal():
        end += 1
    number = words[start:end]
    following = words[end] if end < len(words) else ""
    for any_form, zeros in _MULTIPLES.values():
        if any_form.fullmatch(following):
            decimals = "".join(number[1:])
            if len(number[0]) <= _MOST_BEFORE and len(number) <= 2 and len(decimals) <= min(zeros, _MOST_DECIMALS):
                whole = (number[0] + decimals.ljust(zeros, "0")).lstrip("0")
                if whole:
                    yield from ((start, end + 1, way) for way in (_in_thousands(whole), (whole,)))
            return
    in_thousands = len(number) > 1 and len(number[0]) <= 3 and all(len(part) == 3 for part in number[1:])
    whole = "".join(number)
    if not (in_thousands or (len(number) == 1 and not _YEAR.fullmatch(whole))) or len(whole) > _LONGEST_NUMBER:
        return
    for short, (_, zeros) in _MULTIPLES.items():
        before, after = whole[:-zeros].lstrip("0"), whole[-zeros:].rstrip("0")
        if before and len(before) <= _MOST_BEFORE and len(after) <= (_MOST_DECIMALS if short != "tys" else 0):
            yield start, end, (before, *([after] if after else []), short)


def _in_thousands(digits: str) -> tuple[str, ...]:
    first = len(digits) % 3
    return tuple(part for part in (digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))) if part)
