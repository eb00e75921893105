"""What documents can be filtered and counted by: one table, from which parameters, pages, API and command line take theirs.

A new facet is one row here; where the taxonomy names its values, ``Taxonomy.labels`` has to know it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kb.limits import FIRST_YEAR, LAST_YEAR
from kb.model import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A property of documents. ``name`` is that of its parameter, its command line option and its key in JSON.

    ``legend`` heads its values on a page, ``genitive`` follows "bez filtra", ``unknown`` says what is wrong with a value,
    ``description`` explains the parameter and ``example`` is a value for it. ``pattern`` is what a value looks like; without
    one, the values are those that the taxonomy lists.
    """

    name: str
    legend: str
    genitive: str
    unknown: str
    description: str
    values: Callable[[Document], tuple[str, ...]]
    pattern: str = ""
    example: str = ""


_TABLE = (
    Facet(
        name="edition",
        legend="Edycja",
        genitive="edycji",
        unknown="nie ma takiej edycji",
        description="Slug edycji; można powtarzać (wystarczy jedna z podanych).",
        values=lambda document: _optional(document.edition),
    ),
    Facet(
        name="topic",
        legend="Temat",
        genitive="tematu",
        unknown="nie ma takiego tematu",
        description="Slug tematu; można powtarzać (wystarczy jeden z podanych).",
        values=lambda document: document.topics,
    ),
    Facet(
        name="kind",
        legend="Rodzaj",
        genitive="rodzaju",
        unknown="nie ma takiego rodzaju dokumentów",
        description="Rodzaj: raport, poradnik, aktualnosc, wydarzenie; można powtarzać.",
        values=lambda document: _optional(document.kind),
        example="raport",
    ),
    Facet(
        name="year",
        legend="Rok",
        genitive="roku",
        unknown=f"rok musi być liczbą od {FIRST_YEAR} do {LAST_YEAR}",
        description="Rok publikacji, cztery cyfry; można powtarzać.",
        values=lambda document: _optional(document.year),
        pattern="1[5-9][0-9]{2}|20[0-9]{2}",
        example="2023",
    ),
)
FACETS: Mapping[str, Facet] = {facet.name: facet for facet in _TABLE}
"""The facets by name, in the order in which people see them."""


def values_of(document: Document) -> dict[str, tuple[str, ...]]:
    """A document's values of every facet."""
    return {name: facet.values(document) for name, facet in FACETS.items()}


def _optional(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()
