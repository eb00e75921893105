"""The keys that describe a document: what each may hold, and a warning for each that holds something else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from kb import limits
from kb.catalogue import identifiers
from kb.catalogue.dates import as_date, as_moment
from kb.catalogue.fields import SLUG, Names, Text, Texts, clean, in_polish, nearest
from kb.catalogue.identifiers import Identifier
from kb.model import Taxonomy
from kb.polish import fold

ALIASES = {"date": "published", "author": "authors", "editor": "editors", "license": "licence", "lang": "language"}
"""Keys that other systems use for ours."""
KEY_NAMES = {
    "id": "identyfikator",
    "title": "tytuł",
    "edition": "edycja",
    "topics": "tematy",
    "kind": "rodzaj",
    "published": "data publikacji",
    "authors": "autorzy",
    "publisher": "wydawca",
    "description": "opis",
    "language": "język",
    "source_url": "adres oryginału",
    "licence": "licencja",
    "editors": "redaktorzy",
    "place": "miejsce wydania",
    "series": "seria",
    "report_number": "numer raportu",
    "isbn": "ISBN",
    "issn": "ISSN",
    "doi": "DOI",
    "aliases": "dawne identyfikatory",
    "event_type": "rodzaj wydarzenia",
    "venue": "miejsce wydarzenia",
    "starts": "początek wydarzenia",
    "ends": "koniec wydarzenia",
}
"""What the keys are called in a report."""
_LONGEST_SHOWN = 80
_LANGUAGES = {
    name: code
    for code, names in {
        "pl": "polski polish",
        "en": "angielski english",
        "de": "niemiecki german deutsch",
        "fr": "francuski french français",
        "uk": "ukraiński ukrainian",
        "cs": "czeski czech",
        "sk": "słowacki slovak",
        "lt": "litewski lithuanian",
        "es": "hiszpański spanish",
        "it": "włoski italian",
        "ru": "rosyjski russian",
        "be": "białoruski belarusian",
    }.items()
    for name in names.split()
}
"""Names that people write for the code."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE)


class Metadata(BaseModel):
    """The keys of front matter and sidecars. The validation context holds the taxonomy, None for one that cannot be used."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: Text | None = None
    title: Text | None = Field(None, min_length=1)
    edition: Text | None = None
    topics: Texts | None = None
    kind: Text | None = None
    published: Annotated[date, BeforeValidator(as_date)] | None = None
    authors: Names | None = None
    publisher: Text | None = None
    description: Text | None = None
    language: Text | None = None
    source_url: Text | None = None
    licence: Text | None = None
    editors: Names | None = None
    place: Text | None = None
    series: Text | None = None
    report_number: Identifier | None = None
    isbn: Annotated[Identifier, AfterValidator(identifiers.isbn)] | None = None
    issn: Annotated[Identifier, AfterValidator(identifiers.issn)] | None = None
    doi: Annotated[Identifier, AfterValidator(identifiers.doi)] | None = None
    aliases: Texts | None = None
    event_type: Text | None = None
    venue: Text | None = None
    starts: Annotated[str, BeforeValidator(as_moment)] | None = None
    ends: Annotated[str, BeforeValidator(as_moment)] | None = None

    @field_validator("aliases")
    @classmethod
    def _slugs(cls, values: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if not all(map(SLUG.fullmatch, values or ())):
            raise ValueError("dawny identyfikator może się składać tylko z małych liter bez ogonków, cyfr i łączników")
        return values

    @field_validator("id")
    @classmethod
    def _slug(cls, value: str | None) -> str | None:
        if value is not None and not SLUG.fullmatch(value):
            raise ValueError("identyfikator może się składać tylko z małych liter bez ogonków, cyfr i łączników")
        return value

    @field_validator("language")
    @classmethod
    def _code(cls, value: str | None) -> str | None:
        if not value:
            return value
        code = _LANGUAGES.get(value.lower().removeprefix("język "), value)
        if not _LANGUAGE.fullmatch(code):
            raise ValueError("kod języka ma dwie lub trzy litery, np. pl")
        return code

    @field_validator("source_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value and not re.match(r"https?://\S+$", value):
            raise ValueError("adres musi zaczynać się od https:// albo http://")
        return value

    @field_validator("edition", "kind", "event_type")
    @classmethod
    def _known(cls, value: str | None, info: ValidationInfo) -> str | None:
        taxonomy: Taxonomy | None = info.context  # pydantic types any context as Any
        if value is None or taxonomy is None:
            return value
        return _slug_of(value, taxonomy.labels(info.field_name or ""))


def _given(raw: Mapping[str, object], file: str, warnings: list[str]) -> dict[str, object]:
    """The keys that have a value, so many of them as a description may have."""
    given = {clean(key).strip(): value for key, value in raw.items() if value is not None and value != ""}
    if len(given) > limits.DESCRIPTION_KEYS:
        warnings.append(f"{file}: opis ma {len(given)} kluczy; sprawdzono pierwsze {limits.DESCRIPTION_KEYS}")
        given = dict(islice(given.items(), limits.DESCRIPTION_KEYS))
    return given


def checked(raw: Mapping[str, object], taxonomy: Taxonomy | None, file: str, warnings: list[str]) -> dict[str, Any]:
    """The valid keys of raw metadata; a warning that names ``file`` for each of the others."""
    given = _given(raw, file, warnings)
    values: dict[str, object] = {}
    for key, value in given.items():
        small = key.lower()
        name = ALIASES.get(small, small if small in Metadata.model_fields else key)
        if name in values:
            warnings.append(_warning(file, key, value, f"to samo co {name}, a podano oba; przyjęto tę wartość"))
        values[name] = value
    if "topics" in values and taxonomy is not None:
        values["topics"] = _known_topics(_as_topics(values["topics"], taxonomy), taxonomy, file, warnings)
    while True:
        try:
            found = Metadata.model_validate(values, context=taxonomy).model_dump(exclude_none=True)
        except ValidationError as error:
            wrong: dict[str, Any] = {}
            for problem in error.errors():
                wrong.setdefault(str(problem["loc"][0]), problem)
            for key, problem in wrong.items():
                hint = nearest(key, Metadata.model_fields) if problem["type"] == "extra_forbidden" else ""
                warnings.append(_warning(file, key, values.pop(key), in_polish(problem) + hint))
        else:
            published = found.get("published")
            if published and published > date.today() + timedelta(days=1):  # noqa: DTZ011 - in other zones it may be tomorrow
                warnings.append(_warning(file, "published", published, "ta data jeszcze nie nadeszła; sprawdź ją"))
            _check_end(found, file, warnings)
            return found


def _check_end(found: dict[str, Any], file: str, warnings: list[str]) -> None:
    """Leave out an end that is before its beginning, or has none."""
    starts, ends = found.get("starts"), found.get("ends")
    if ends and (not starts or ends[: len(starts)] < starts[: len(ends)]):
        problem = "koniec jest wcześniejszy niż początek (starts)" if starts else "podaj też początek (starts)"
        warnings.append(_warning(file, "ends", found.pop("ends"), problem))


def _as_topics(value: object, taxonomy: Taxonomy) -> object:
    """A text with commas as a list, names from the taxonomy that have commas themselves in one piece; anything else as it is.

    A list is looked through in the same way: without quotation marks YAML takes such a name for several.
    """
    if not isinstance(value, str | list) or (
        isinstance(value, list) and not all(isinstance(each, str) for each in value)
    ):
        return value
    names = {_folded(label) for label in (*taxonomy.labels("topic"), *taxonomy.labels("topic").values())}
    longest = max((name.count(",") for name in names), default=0) + 1
    parts = [part.strip() for part in (value.split(",") if isinstance(value, str) else value)]
    result: list[str] = []
    start = 0
    while start < len(parts):
        ends = range(min(start + longest, len(parts)), start, -1)
        end = next((end for end in ends if _folded(", ".join(parts[start:end])) in names), start + 1)
        result.append(", ".join(parts[start:end]))
        start = end
    return result


def _folded(text: str) -> str:
    return " ".join(fold(clean(text)).lower().split())


def _known_topics(listed: object, taxonomy: Taxonomy, file: str, warnings: list[str]) -> object:
    """The known ones of a list, with a warning for each of the others; anything else as it is."""
    if not isinstance(listed, list) or len(listed) > limits.LISTED_VALUES:
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
    if _folded(value) in labels:
        return _folded(value)
    by_name = {_folded(name): slug for slug, name in labels.items()}
    if _folded(value) in by_name:
        return by_name[_folded(value)]
    raise ValueError("nie ma takiej wartości w taxonomy.yaml" + nearest(value, labels))


def _shown(value: object) -> str:
    """A value as it would stand in YAML."""
    match value:
        case list() | tuple():
            return f"[{', '.join(map(_shown, islice(value, _LONGEST_SHOWN)))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {_shown(item)}' for key, item in islice(value.items(), _LONGEST_SHOWN))}}}"
        case None:
            return ""
    return str(value)


def _warning(file: str, key: str, value: object, problem: str) -> str:
    text = _shown(value)
    shown = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    return clean(f"{file}: {key} = „{shown}”: {problem}")
