"""``taxonomy.yaml`` → the known editions, topics and kinds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kb.catalogue.fields import Slug, Text, problems
from kb.catalogue.files import read_yaml
from kb.errors import TaxonomyError
from kb.model import DEFAULT_KINDS, Edition, Kind, Taxonomy, Topic

TAXONOMY_FILE = "taxonomy.yaml"
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


class _TopicEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: Slug
    name: Text
    description: Text = ""


class _KindEntry(_TopicEntry):
    plural: Text = ""


class _TaxonomyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    editions: list[_EditionEntry] = []
    topics: list[_TopicEntry] = []
    kinds: list[_KindEntry] = []

    @field_validator("editions", "topics", "kinds")
    @classmethod
    def _unique(cls, entries: list[Any]) -> list[Any]:
        slugs = [entry.slug for entry in entries]
        repeated = sorted({slug for slug in slugs if slugs.count(slug) > 1})
        if repeated:
            raise ValueError(f"powtórzony slug: {', '.join(repeated)}")
        return entries


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
                slug=e.slug,
                name=e.name,
                start=e.start,
                end=e.end,
                description=e.description,
                figures=tuple((figure.value, figure.label) for figure in e.figures),
            )
            for e in file.editions
        ),
        topics=tuple(Topic(slug=t.slug, name=t.name, description=t.description) for t in file.topics),
        kinds=tuple(
            Kind(slug=k.slug, name=k.name, plural=k.plural or k.name, description=k.description) for k in file.kinds
        )
        or DEFAULT_KINDS,
    )
