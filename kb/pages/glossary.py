"""The glossary: abbreviations that the search knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kb import messages
from kb.addresses import GLOSSARY
from kb.pages.base import BasePage, search_link
from kb.polish import alphabetical, fold, initial
from kb.reading.synonyms import Abbreviation

FILTER = "skrot"
"""The parameter for what an entry should have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryPage(BasePage):
    """``/slownik``; ``found`` says how many entries have what was ``wanted``, ``search`` looks for it in the documents."""

    template: ClassVar[str] = "glossary.html"
    filter: str
    wanted: str
    found: str
    search: str
    letters: tuple[tuple[str, tuple[GlossaryEntry, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GlossaryEntry:
    """An abbreviation."""

    short: str
    long: str
    others: str
    definition: str
    url: str


def glossary_page(abbreviations: Sequence[Abbreviation], wanted: str) -> GlossaryPage:
    """All abbreviations by first letter; of these the ones that have what is ``wanted``, in short or at length."""
    letters: dict[str, list[GlossaryEntry]] = {}
    shown = [entry for entry in abbreviations if not wanted or _has(entry, wanted)]
    for entry in sorted(shown, key=lambda entry: alphabetical(entry.short)):
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
        title=f"Słownik skrótów: {wanted}" if wanted else "Słownik skrótów",
        canonical=GLOSSARY,
        indexed=not wanted,
        filter=FILTER,
        wanted=wanted,
        found=messages.counted(len(shown), "skrót", "skróty", "skrótów") if wanted else "",
        search=search_link(wanted) if wanted else "",
        letters=tuple((letter, tuple(entries)) for letter, entries in letters.items()),
    )


def _has(entry: Abbreviation, wanted: str) -> bool:
    text = fold(" ".join([entry.short, *entry.long, entry.definition])).lower()
    return all(word in text for word in fold(wanted).lower().split())
