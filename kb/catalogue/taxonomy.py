"""``taxonomy.yaml`` → the known editions, topics and kinds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from kb.catalogue.fields import Slug, Text, Texts, nearest, problems
from kb.catalogue.files import read_yaml
from kb.errors import TaxonomyError
from kb.model import DEFAULT_KINDS, Advice, Edition, Effect, Kind, Partner, Taxonomy, Topic

TAXONOMY_FILE = "taxonomy.yaml"
_FORMS = 3
_FAILED = f"Nie da się użyć pliku {TAXONOMY_FILE}. Popraw go i uruchom polecenie ponownie."


class _EditionEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    class Figure(BaseModel):
        model_config = ConfigDict(extra="forbid")
        value: Text
        label: Text

    slug: Slug
    name: Text
    start: Text = Field("", alias="from")
    end: Text = Field("", alias="to")
    description: Text = ""
    figures: list[Figure] = []
    document: Text = ""


class _TopicEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: Slug
    name: Text
    description: Text = ""


class _KindEntry(_TopicEntry):
    plural: Text = ""


class _AdviceEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Text
    description: Text = ""
    topics: Texts = ()


class _EffectEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Text = ""
    forms: Texts = ()
    edition: Text = ""
    figure: Text = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.kind and len(self.forms) == _FORMS and not self.edition and not self.figure:
            return self
        if self.edition and self.figure and not self.kind and not self.forms:
            return self
        raise ValueError(
            "podaj kind i forms, np. {kind: raport, forms: [raport, raporty, raportów]},"
            " albo edition i figure, np. {edition: pilotaz, figure: partnerstw}"
        )


class _PartnerEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Text
    role: Text = ""
    url: Text = ""

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("adres musi zaczynać się od https:// albo http://")
        return value


class _TaxonomyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    editions: list[_EditionEntry] = []
    topics: list[_TopicEntry] = []
    kinds: list[_KindEntry] = []
    event_types: list[_KindEntry] = []
    advice: list[_AdviceEntry] = []
    effects: list[_EffectEntry] = []
    partners: list[_PartnerEntry] = []
    examples: list[Text] = []

    @field_validator("editions", "topics", "kinds", "event_types")
    @classmethod
    def _unique(cls, entries: list[Any]) -> list[Any]:
        slugs = [entry.slug for entry in entries]
        repeated = sorted({slug for slug in slugs if slugs.count(slug) > 1})
        if repeated:
            raise ValueError(f"powtórzony slug: {', '.join(repeated)}")
        return entries

    @model_validator(mode="after")
    def _known(self) -> Self:
        """What names another entry names one that is there; an effect's figure stands in its edition, once."""
        _all_known("advice", (slug for entry in self.advice for slug in entry.topics), self.topics)
        _all_known("effects", (entry.edition for entry in self.effects if entry.edition), self.editions)
        _all_known("effects", (entry.kind for entry in self.effects if entry.kind), self.kinds or DEFAULT_KINDS)
        figures = {(e.slug, figure.label) for e in self.editions for figure in e.figures}
        for entry in self.effects:
            if entry.edition and (entry.edition, entry.figure) not in figures:
                labels = [label for slug, label in figures if slug == entry.edition]
                raise ValueError(
                    f"effects: edycja {entry.edition} nie ma liczby „{entry.figure}”" + nearest(entry.figure, labels)
                )
        return self


def _all_known(key: str, slugs: Iterable[str], entries: Iterable[_EditionEntry | _TopicEntry | Kind]) -> None:
    known = [entry.slug for entry in entries]
    for slug in slugs:
        if slug not in known:
            raise ValueError(f"{key}: nie ma wartości „{slug}”{nearest(slug, known)}")


def load_taxonomy(documents: Path) -> Taxonomy:
    """The taxonomy of a documents folder, empty but for the kinds where there is no file.

    Raises TaxonomyError that lists every problem of the file.
    """
    path = documents / TAXONOMY_FILE
    if not os.path.lexists(path):
        return Taxonomy()
    raw, problem = read_yaml(path, documents)
    if problem:
        raise TaxonomyError(_FAILED, [problem])
    try:
        file = _TaxonomyFile.model_validate(raw)
    except ValidationError as error:
        raise TaxonomyError(_FAILED, problems(error)) from None
    return Taxonomy(
        editions=tuple(
            Edition(
                **entry.model_dump(exclude={"figures"}),
                figures=tuple((figure.value, figure.label) for figure in entry.figures),
            )
            for entry in file.editions
        ),
        topics=tuple(Topic(**entry.model_dump()) for entry in file.topics),
        kinds=_kinds(file.kinds) or DEFAULT_KINDS,
        event_types=_kinds(file.event_types),
        advice=tuple(Advice(**entry.model_dump()) for entry in file.advice),
        effects=tuple(_effect(entry, file) for entry in file.effects),
        partners=tuple(Partner(**entry.model_dump()) for entry in file.partners),
        examples=tuple(file.examples),
    )


def _kinds(entries: Iterable[_KindEntry]) -> tuple[Kind, ...]:
    return tuple(Kind(slug=k.slug, name=k.name, plural=k.plural or k.name, description=k.description) for k in entries)


def _effect(entry: _EffectEntry, file: _TaxonomyFile) -> Effect:
    if entry.kind:
        return Effect(kind=entry.kind, forms=entry.forms)
    figures = {figure.label: figure.value for e in file.editions if e.slug == entry.edition for figure in e.figures}
    return Effect(edition=entry.edition, value=figures[entry.figure], label=entry.figure)
