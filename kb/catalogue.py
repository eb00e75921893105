"""The catalogue: taxonomy, front matter, sidecars and defaults → checked metadata of a document.

Bad metadata never hides a document. Each problem is a warning that names file, key, value and the nearest known one, and the
document goes in without that value. Only a taxonomy that cannot be used at all is an error: it holds for every document.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from kb.errors import TaxonomyError
from kb.model import Document, Edition, Extraction, Kind, Topic
from kb.polish import fold, normalise

TAXONOMY_FILE = "taxonomy.yaml"
DEFAULTS_FILE = "_defaults.yaml"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ALIASES = {"date": "published", "author": "authors", "license": "licence", "lang": "language"}
"""Keys that other systems use for ours."""
_LONGEST_YAML = 256 * 1024
_DEFAULT_KINDS = (
    Kind(slug="raport", name="Raport", plural="Raporty"),
    Kind(slug="poradnik", name="Poradnik", plural="Poradniki"),
    Kind(slug="aktualnosc", name="Aktualność", plural="Aktualności"),
    Kind(slug="wydarzenie", name="Wydarzenie", plural="Wydarzenia"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """The known editions, topics and kinds, in the order in which people should see them."""

    editions: tuple[Edition, ...] = ()
    topics: tuple[Topic, ...] = ()
    kinds: tuple[Kind, ...] = _DEFAULT_KINDS

    def labels(self, facet: str) -> dict[str, str]:
        """Slug → name of a facet's values; empty for a facet without a list, as the year."""
        values: Mapping[str, Sequence[Edition | Topic | Kind]]
        values = {"edition": self.editions, "topic": self.topics, "kind": self.kinds}
        return {value.slug: value.name for value in values.get(facet, ())}


def _as_list(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _as_date(value: object) -> object:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).date()
        except ValueError:
            raise ValueError("data musi mieć postać RRRR-MM-DD") from None
    if not isinstance(value, date):
        raise ValueError("data musi mieć postać RRRR-MM-DD")  # noqa: TRY004  # pydantic takes ValueErrors
    return value


def _as_text(value: object) -> object:
    if isinstance(value, (int, float, date)) and not isinstance(value, bool):
        return str(value)
    return value


_Text = Annotated[str, BeforeValidator(_as_text), Field(max_length=5_000)]
_Texts = Annotated[tuple[_Text, ...], BeforeValidator(_as_list)]


class _Metadata(BaseModel):
    """The keys of front matter and sidecars. The validation context holds the taxonomy."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: _Text | None = None
    title: _Text | None = Field(None, min_length=1)
    edition: _Text | None = None
    topics: _Texts | None = None
    kind: _Text | None = None
    published: Annotated[date, BeforeValidator(_as_date)] | None = None
    authors: _Texts | None = None
    publisher: _Text | None = None
    description: _Text | None = None
    language: _Text | None = None
    source_url: _Text | None = None
    licence: _Text | None = None

    @field_validator("id")
    @classmethod
    def _slug(cls, value: str | None) -> str | None:
        if value is not None and not _SLUG.fullmatch(value):
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
        return value if value is None else _check(value, _labels(info, info.field_name or ""))

    @field_validator("topics")
    @classmethod
    def _known_topics(cls, values: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        return values if values is None else tuple(_check(value, _labels(info, "topic")) for value in values)


def _labels(info: ValidationInfo, facet: str) -> dict[str, str]:
    taxonomy: Taxonomy = info.context  # type: ignore[assignment]  # pydantic types any context as optional
    return taxonomy.labels(facet)


def _check(value: str, labels: Mapping[str, str]) -> str:
    """The value, or the slug whose name it is; ValueError that names the nearest."""
    if value in labels:
        return value
    by_name = {fold(name).lower(): slug for slug, name in labels.items()}
    if fold(value).lower() in by_name:
        return by_name[fold(value).lower()]
    raise ValueError("nie ma takiej wartości w taxonomy.yaml" + _nearest(value, labels))


def _nearest(value: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(fold(str(value)).lower(), list(known), 1, 0.5)
    return f"; najbliższa znana: {near[0]}" if near else ""


class _EditionEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    class Figure(BaseModel):
        model_config = ConfigDict(extra="forbid")
        value: _Text
        label: _Text

    slug: Annotated[str, Field(pattern=_SLUG.pattern + "$")]
    name: _Text
    start: _Text = Field("", alias="from")
    end: _Text = Field("", alias="to")
    description: _Text = ""
    figures: list[Figure] = []


class _TopicEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: Annotated[str, Field(pattern=_SLUG.pattern + "$")]
    name: _Text
    description: _Text = ""


class _KindEntry(_TopicEntry):
    plural: _Text = ""


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
    if not path.exists():
        return Taxonomy()
    raw, problem = read_yaml(path)
    if problem:
        raise TaxonomyError(
            f"Nie da się użyć pliku {TAXONOMY_FILE}. Popraw go i uruchom polecenie ponownie.", [problem]
        )
    try:
        file = _TaxonomyFile.model_validate(raw)
    except ValidationError as error:
        raise TaxonomyError(
            f"Nie da się użyć pliku {TAXONOMY_FILE}. Popraw go i uruchom polecenie ponownie.",
            [f"{'.'.join(str(part) for part in one['loc'])}: {_said(one)}" for one in error.errors()],
        ) from None
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
        or _DEFAULT_KINDS,
    )


def read_yaml(path: Path) -> tuple[dict[str, Any], str]:
    """A YAML mapping and "", or an empty one and what is wrong with the file, in Polish."""
    try:
        data = path.read_bytes()
        if len(data) > _LONGEST_YAML:
            return {}, f"{path.name}: plik ma ponad {_LONGEST_YAML // 1024} kB"
        text = data.decode("utf-8-sig")
        # An alias repeated can make gigabytes of a few lines, and metadata never needs one.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            return {}, f"{path.name}: odsyłacze YAML (*nazwa) nie są obsługiwane"
        raw = yaml.safe_load(text)
    except UnicodeDecodeError:
        return {}, f"{path.name}: plik nie jest zapisany w kodowaniu UTF-8"
    except OSError as error:
        return {}, f"{path.name}: nie można odczytać pliku ({error.strerror})"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" w wierszu {mark.line + 1}" if mark else ""
        return {}, f"{path.name}: błąd zapisu YAML{where}"
    if raw is None:
        return {}, ""
    if not isinstance(raw, dict):
        return {}, f"{path.name}: zamiast par „klucz: wartość” jest coś innego"
    return {str(key): value for key, value in raw.items()}, ""


def _said(error: Any) -> str:
    """A pydantic error in Polish."""
    kind, message = str(error["type"]), str(error["msg"])
    return {
        "missing": "brak wymaganego klucza",
        "extra_forbidden": "nieznany klucz",
        "string_type": "wartość musi być tekstem",
        "tuple_type": "wartość musi być listą",
        "list_type": "wartość musi być listą",
        "string_too_short": "wartość jest pusta",
        "string_too_long": "wartość jest za długa",
        "string_pattern_mismatch": "slug może mieć małe litery bez ogonków, cyfry i łączniki",
    }.get(kind, message.removeprefix("Value error, "))


class Catalogue:
    """The metadata of one documents folder."""

    def __init__(self, documents: Path) -> None:
        """Read the taxonomy. Raises TaxonomyError."""
        self._root = documents
        self.taxonomy = load_taxonomy(documents)
        self._defaults: dict[Path, tuple[dict[str, Any], tuple[str, ...], bytes]] = {}

    def inputs(self, path: Path) -> str:
        """A hash of all that metadata of the file depends on besides its own bytes: sidecar, defaults, taxonomy."""
        digest = hashlib.sha256(_bytes(self._root / TAXONOMY_FILE))
        for folder in self._folders(path):
            digest.update(b"\0" + _bytes(folder / DEFAULTS_FILE))
        if path.suffix.lower() == ".pdf":
            digest.update(b"\1" + _bytes(path.with_suffix(".yaml")))
        return digest.hexdigest()

    def describe(self, path: Path, name: str, version: str, extraction: Extraction) -> tuple[Document, tuple[str, ...]]:
        """The document of a file that was read, and the warnings about its metadata.

        ``name`` is the path relative to the documents folder as shown to people.
        """
        warnings: list[str] = []
        if path.suffix.lower() == ".pdf":
            sidecar = path.with_suffix(".yaml")
            own, problem = read_yaml(sidecar) if sidecar.exists() else ({}, "")
            if problem:
                warnings.append(problem)
            given = self._checked(own, sidecar.name, warnings)
            # What a program once wrote into the PDF is a guess: what is wrong with it is nobody's fault, so no warning.
            found = self._checked(extraction.metadata, "", [])
        else:
            given, found = self._checked(extraction.metadata, path.name, warnings), {}
        defaults = self._folder_defaults(path, warnings)
        merged = defaults | found | given
        return (
            Document(
                id=str(merged.get("id") or slug(PurePosixPath(name).with_suffix("").as_posix())),
                title=str(merged.get("title") or _title_of(extraction) or _readable(path.stem)),
                path=name,
                version=version,
                pages=len(extraction.pages),
                kind=merged.get("kind"),
                edition=merged.get("edition"),
                topics=tuple(dict.fromkeys(merged.get("topics") or ())),
                published=merged.get("published"),
                authors=tuple(merged.get("authors") or ()),
                publisher=merged.get("publisher") or "",
                description=merged.get("description") or "",
                language=merged.get("language") or "pl",
                source_url=merged.get("source_url") or "",
                licence=merged.get("licence") or "",
            ),
            tuple(warnings),
        )

    def _folders(self, path: Path) -> list[Path]:
        """From the documents folder down to the file's own."""
        inner = [folder for folder in path.parents if folder == self._root or self._root in folder.parents]
        return inner[::-1]

    def _folder_defaults(self, path: Path, warnings: list[str]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for folder in self._folders(path):
            file = folder / DEFAULTS_FILE
            if file.exists():
                raw, problem = read_yaml(file)
                if problem:
                    warnings.append(problem)
                merged |= self._checked({k: v for k, v in raw.items() if k not in ("id", "title")}, file.name, warnings)
        return merged

    def _checked(self, raw: Mapping[str, object], file: str, warnings: list[str]) -> dict[str, Any]:
        """The valid keys of raw metadata; a warning for each of the others."""
        values = {_ALIASES.get(key, key): value for key, value in raw.items() if value is not None and value != ""}
        values = {k: normalise(v) if isinstance(v, str) else v for k, v in values.items()}
        while True:
            try:
                return _Metadata.model_validate(values, context=self.taxonomy).model_dump(exclude_none=True)
            except ValidationError as error:
                bad: dict[str, Any] = {}
                for one in error.errors():
                    bad.setdefault(str(one["loc"][0]), one)
                for key, one in bad.items():
                    value = values.pop(key)
                    if key == "topics":
                        kept = self._known_topics(value)
                        if kept:
                            values[key] = kept
                    hint = _nearest(key, _Metadata.model_fields) if one["type"] == "extra_forbidden" else ""
                    shown = str(value) if len(str(value)) <= 80 else str(value)[:80] + "…"
                    warnings.append(f"{file}: {key} = „{shown}”: {_said(one)}{hint}")

    def _known_topics(self, value: object) -> Sequence[str]:
        listed = _as_list(value)
        labels = self.taxonomy.labels("topic")
        return [item for item in listed if isinstance(item, str) and item in labels] if isinstance(listed, list) else []


def slug(text: str) -> str:
    """ASCII letters, digits and hyphens: ``Łódź 2023/Raport`` → ``lodz-2023-raport``; never empty."""
    made = re.sub(r"[^a-z0-9]+", "-", fold(normalise(text)).lower()).strip("-")
    return made or "dokument-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _readable(stem: str) -> str:
    text = re.sub(r"[\s_-]+", " ", normalise(stem)).strip()
    return text[:1].upper() + text[1:] if text else stem


def _title_of(extraction: Extraction) -> str:
    # A Markdown file's first heading; a PDF's first heading may be any chapter, so its file name serves better.
    return extraction.pages[0].heading if extraction.pages and extraction.pages[0].html else ""


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
