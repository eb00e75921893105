"""The glossary: abbreviations that the search knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kb.addresses import GLOSSARY
from kb.pages.base import BasePage, search_link
from kb.polish import alphabetical, initial
from kb.reading.synonyms import Abbreviation


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryPage(BasePage):
    """``/slownik``."""

    template: ClassVar[str] = "glossary.html"
    letters: tuple[tuple[str, tuple[GlossaryEntry, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryEntry:
    """An abbreviation."""

    short: str
    long: str
    others: str
    definition: str
    url: str


def glossary_page(abbreviations: Sequence[Abbreviation]) -> GlossaryPage:
    """All abbreviations by first letter."""
    letters: dict[str, list[GlossaryEntry]] = {}
    for entry in sorted(abbreviations, key=lambda entry: alphabetical(entry.short)):
        letters.setdefault(initial(entry.short), []).append(
            GlossaryEntry(
                short=entry.short,
                long=entry.long[0],
                others=", ".join(entry.long[1:]),
                definition=entry.definition,
                url=search_link(entry.short),
            )
        )
    return GlossaryPage(
        title="Słownik skrótów",
        canonical=GLOSSARY,
        letters=tuple((letter, tuple(entries)) for letter, entries in letters.items()),
    )
