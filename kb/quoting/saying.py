"""What is said in Polish of a checked quotation: a line for all of it, and one for each way in which it differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kb.messages import counted, grouped, words
from kb.quoting.compare import Difference
from kb.quoting.places import Checked, Finding

Verdict = Literal["verbatim", "differs", "absent"]

_WRITING = {
    Difference.CASE: "wielkość liter",
    Difference.DIACRITICS: "polskie znaki",
    Difference.PUNCTUATION: "interpunkcja",
}
_NOTED = {
    Difference.QUOTES: "Rodzaj cudzysłowów lub myślników jest inny; to nie zmienia treści.",
    Difference.SPACING: "Wyrazy są inaczej podzielone; to nie zmienia treści.",
    Difference.FOOTNOTE: "Różni się tylko numer przypisu.",
}
_STRONG = {
    Difference.NUMBER: "Uwaga: różnią się liczby.",
    Difference.NEGATION: "Uwaga: różni się przeczenie, więc sens może być odwrotny.",
}


def verdict(checked: Checked) -> Verdict:
    """What became of the quotation, in a word."""
    return verdict_of(checked.findings[0]) if checked.findings else "absent"


def verdict_of(finding: Finding) -> Literal["verbatim", "differs"]:
    """The same of one place."""
    return "verbatim" if finding.verbatim else "differs"


def headline(checked: Checked) -> str:
    """What became of the quotation, in a line."""
    if not checked.findings:
        return "Nie znaleziono takiego zdania w zbiorze"
    best = checked.findings[0]
    if not best.verbatim:
        return f"Cytat występuje z różnicami ({extent(best)})"
    places = sum(finding.verbatim for finding in checked.findings)
    if places == 1:
        return "Cytat występuje dosłownie"
    least = "co najmniej " if checked.more else ""
    return f"Cytat występuje dosłownie w {least}{counted(places, 'miejscu', 'miejscach', 'miejscach')}"


def extent(finding: Finding) -> str:
    """How much differs: „2 słowa”, else what of the writing does."""
    if finding.changed:
        return words(finding.changed)
    return ", ".join(name for kind, name in _WRITING.items() if kind in finding.kinds)


def warnings(finding: Finding) -> Iterator[str]:
    """Differences that may turn what is said into something else."""
    for kind, text in _STRONG.items():
        if kind in finding.kinds:
            yield text
    if not all(passage.first for passage in finding.passages):
        yield "Części cytatu nie ma w tym dokumencie."


def remarks(finding: Finding) -> Iterator[str]:
    """Differences that do not touch the words, and what leaves the quotation as it is."""
    writing = [name for kind, name in _WRITING.items() if kind in finding.kinds]
    if writing and finding.changed:
        yield f"Inna jest też pisownia: {', '.join(writing)}."
    for kind, text in _NOTED.items():
        if kind in finding.kinds:
            yield text


def count(checked: Checked) -> str:
    """How many places there are, where not all are told; "" where they are."""
    if checked.more:
        return f"Pokazujemy {grouped(len(checked.findings))} miejsc; jest ich więcej."
    if checked.total > len(checked.findings):
        return f"Pokazujemy {grouped(len(checked.findings))} z {grouped(checked.total)} miejsc."
    return ""
