"""The keys that describe a document: what each may hold, and a warning for each that holds something else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from kb.catalogue.fields import SLUG, Text, Texts, as_list, clean, in_polish, nearest
from kb.model import Taxonomy
from kb.polish import fold

ALIASES = {"date": "published", "author": "authors", "license": "licence", "lang": "language"}
"""Keys that other systems use for ours."""


def _as_date(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(value).date() if isinstance(value, str) else _no_date()
    except ValueError:
        return _no_date()


def _no_date() -> object:
    raise ValueError("data musi mieć postać RRRR-MM-DD") from None


class Metadata(BaseModel):
    """The keys of front matter and sidecars. The validation context holds the taxonomy, None for one that cannot be used."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: Text | None = None
    title: Text | None = Field(None, min_length=1)
    edition: Text | None = None
    topics: Texts | None = None
    kind: Text | None = None
    published: Annotated[date, BeforeValidator(_as_date)] | None = None
    authors: Texts | None = None
    publisher: Text | None = None
    description: Text | None = None
    language: Text | None = None
    source_url: Text | None = None
    licence: Text | None = None

    @field_validator("id")
    @classmethod
    def _slug(cls, value: str | None) -> str | None:
        if value is not None and not SLUG.fullmatch(value):
            raise ValueError("identyfikator może mieć małe litery bez ogonków, cyfry i łączniki")
        return value

    @field_validator("source_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value and not re.match(r"https?://\S+$", value):
            raise ValueError("adres musi zaczynać się od https:// albo http://")
        return value

    @field_validator("edition", "kind")
    @classmethod
    def _known(cls, value: str | None, info: ValidationInfo) -> str | None:
        taxonomy: Taxonomy | None = info.context  # pydantic types any context as Any
        if value is None or taxonomy is None:
            return value
        return _slug_of(value, taxonomy.labels(info.field_name or ""))


def checked(raw: Mapping[str, object], taxonomy: Taxonomy | None, file: str, warnings: list[str]) -> dict[str, Any]:
    """The valid keys of raw metadata; a warning that names ``file`` for each of the others."""
    given = {clean(key): value for key, value in raw.items() if value is not None and value != ""}
    values = {ALIASES.get(key, key): value for key, value in given.items()}
    if "topics" in values and taxonomy is not None:
        values["topics"] = _known_topics(as_list(values["topics"]), taxonomy, file, warnings)
    while True:
        try:
            return Metadata.model_validate(values, context=taxonomy).model_dump(exclude_none=True)
        except ValidationError as error:
            wrong: dict[str, Any] = {}
            for found in error.errors():
                wrong.setdefault(str(found["loc"][0]), found)
            for key, found in wrong.items():
                hint = nearest(key, Metadata.model_fields) if found["type"] == "extra_forbidden" else ""
                warnings.append(_warning(file, key, values.pop(key), in_polish(found) + hint))


def _known_topics(listed: object, taxonomy: Taxonomy, file: str, warnings: list[str]) -> object:
    """The known ones of a list, with a warning for each of the others; anything else as it is."""
    if not isinstance(listed, list):
        return listed
    labels = taxonomy.labels("topic")
    known = []
    for item in listed:
        try:
            known.append(_slug_of(clean(str(item)), labels))
        except ValueError as error:
            warnings.append(_warning(file, "topics", item, str(error)))
    return known


def _slug_of(value: str, labels: Mapping[str, str]) -> str:
    """The value where it is a slug, or the slug whose name it is; ValueError that names the nearest."""
    if value in labels:
        return value
    by_name = {fold(name).lower(): slug for slug, name in labels.items()}
    if fold(value).lower() in by_name:
        return by_name[fold(value).lower()]
    raise ValueError("nie ma takiej wartości w taxonomy.yaml" + nearest(value, labels))


def _warning(file: str, key: str, value: object, problem: str) -> str:
    shown = str(value) if len(str(value)) <= 80 else str(value)[:80] + "…"
    return clean(f"{file}: {key} = „{shown}”: {problem}")
