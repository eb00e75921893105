"""The catalogue: taxonomy, front matter, sidecars and defaults → checked metadata of a document.

Bad metadata never hides a document. Each problem is a warning that names file, key, value and the nearest known one, and the
document goes in without that value. Only a taxonomy that cannot be used at all is an error: it holds for every document.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from kb.errors import TaxonomyError
from kb.model import DEFAULT_KINDS, Document, Edition, Extraction, Kind, Taxonomy, Topic
from kb.polish import fold, normalise

TAXONOMY_FILE = "taxonomy.yaml"
DEFAULTS_FILE = "_defaults.yaml"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ALIASES = {"date": "published", "author": "authors", "license": "licence", "lang": "language"}
"""Keys that other systems use for ours."""
_LONGEST_YAML = 256 * 1024
_DEEPEST_YAML = 20


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
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, (int, float, date)) and not isinstance(value, bool):
        return str(value)
    return value


def _clean(text: str) -> str:
    """NFC without halves of surrogate pairs, which an escape can write and no file can hold."""
    return normalise(text.encode("utf-8", "replace").decode())


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

    slug: Annotated[str, Field(pattern=f"^{_SLUG.pattern}$")]
    name: _Text
    start: _Text = Field("", alias="from")
    end: _Text = Field("", alias="to")
    description: _Text = ""
    figures: list[Figure] = []


class _TopicEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    slug: Annotated[str, Field(pattern=f"^{_SLUG.pattern}$")]
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
    if not os.path.lexists(path):
        return Taxonomy()
    raw, problem = read_yaml(path, documents)
    if problem:
        raise TaxonomyError(
            f"Nie da się użyć pliku {TAXONOMY_FILE}. Popraw go i uruchom polecenie ponownie.", [problem]
        )
    try:
        file = _TaxonomyFile.model_validate(raw)
    except ValidationError as error:
        raise TaxonomyError(
            f"Nie da się użyć pliku {TAXONOMY_FILE}. Popraw go i uruchom polecenie ponownie.",
            [f"{'.'.join(str(part) for part in one['loc'])}: {said(one)}" for one in error.errors()],
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
        or DEFAULT_KINDS,
    )


class _Loader(yaml.SafeLoader):
    """Safe YAML in which every plain value is text: one impossible date must not spoil a whole file, nor 007 become 7."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _contents(path: Path, root: Path) -> bytes:
    """A file's bytes. Raises OSError, also for a link out of ``root`` and for what is no file: a pipe would be waited for."""
    at = os.lstat(path)
    if stat.S_ISLNK(at.st_mode):
        try:
            if root.resolve() not in path.resolve().parents:
                raise OSError(0, "dowiązanie prowadzi poza folder z dokumentami; skopiuj tu sam plik")
        except RuntimeError:
            raise OSError(0, "błędne dowiązanie") from None
        at = os.stat(path)
    if not stat.S_ISREG(at.st_mode):
        raise OSError(0, "to nie jest zwykły plik")
    return path.read_bytes()


def _sidecar(path: Path) -> Path:
    """The sidecar of a PDF, also when its name is in another normal form, as after a copy from a Mac."""
    own = path.with_suffix(".yaml")
    if own.name.isascii() or os.path.lexists(own):
        return own
    others = (own.with_name(unicodedata.normalize(form, own.name)) for form in ("NFC", "NFD"))
    return next((other for other in others if os.path.lexists(other)), own)


def read_yaml(path: Path, root: Path) -> tuple[dict[str, Any], str]:
    """A YAML mapping and "", or an empty one and what is wrong with the file, in Polish. ``root``: the documents folder."""
    try:
        data = _contents(path, root)
        if len(data) > _LONGEST_YAML:
            return {}, f"{path.name}: plik ma ponad {_LONGEST_YAML // 1024} kB"
        text = data.decode("utf-8-sig")
        # An alias repeated can make gigabytes of a few lines, and deep nesting hours; metadata never needs either.
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                return {}, f"{path.name}: odsyłacze YAML (*nazwa) nie są obsługiwane"
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST_YAML:
                return {}, f"{path.name}: zapis jest zagnieżdżony głębiej niż {_DEEPEST_YAML} razy"
        raw = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, simpler than yaml's own
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


def said(error: Any) -> str:
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
        "too_long": "wartość jest za długa",
        "too_short": "lista ma za mało pozycji",
        "string_pattern_mismatch": "slug może mieć małe litery bez ogonków, cyfry i łączniki",
    }.get(kind, message.removeprefix("Value error, "))


class Catalogue:
    """The metadata of one documents folder."""

    def __init__(self, documents: Path) -> None:
        """Read the taxonomy. Raises TaxonomyError."""
        self._root = documents
        self.taxonomy = load_taxonomy(documents)
        self._defaults: dict[Path, tuple[dict[str, Any], tuple[str, ...]]] = {}

    def inputs(self, path: Path, of_folder: str = "") -> str:
        """A hash of all that metadata of the file depends on besides its own bytes: sidecar, defaults, taxonomy.

        ``of_folder``: the ``folder_inputs`` of its folder, where they are known.
        """
        of_folder = of_folder or self.folder_inputs(path.parent)
        return self._joined(of_folder, _sidecar(path)) if path.suffix.lower() == ".pdf" else of_folder

    def folder_inputs(self, folder: Path, of_parent: str = "") -> str:
        """A hash of what the metadata of every file in a folder depends on: defaults, taxonomy.

        ``of_parent``: the same of the folder that it is in, where it is known.
        """
        if folder == self._root:
            of_parent = self._joined("", self._root / TAXONOMY_FILE)
        return self._joined(of_parent or self.folder_inputs(folder.parent), folder / DEFAULTS_FILE)

    def _joined(self, before: str, file: Path) -> str:
        """The hash of what went before and a file's bytes; one that cannot be read is as one without bytes."""
        digest = hashlib.sha256(before.encode())
        with suppress(OSError):
            digest.update(_contents(file, self._root))
        return digest.hexdigest()

    def describe(self, path: Path, name: str, version: str, extraction: Extraction) -> tuple[Document, tuple[str, ...]]:
        """The document of a file that was read, and the warnings about its metadata.

        ``name`` is the path relative to the documents folder as shown to people.
        """
        warnings: list[str] = []
        if path.suffix.lower() == ".pdf":
            sidecar = _sidecar(path)
            own, problem = read_yaml(sidecar, self._root) if os.path.lexists(sidecar) else ({}, "")
            if problem:
                warnings.append(problem)
            given = self._checked(own, sidecar.name, warnings)
            # What a program once wrote into the PDF is a guess: what is wrong with it is nobody's fault, so no warning.
            found = self._checked(extraction.metadata, "", [])
        else:
            given, found = self._checked(extraction.metadata, path.name, warnings), {}
        defaults, told = self._folder_defaults(path.parent)
        warnings += told
        merged = defaults | found | given
        return (
            Document(
                id=str(merged.get("id") or slug(PurePosixPath(name).with_suffix("").as_posix())),
                title=str(merged.get("title") or _title_of(extraction) or _readable(PurePosixPath(name).stem)),
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

    def _folder_defaults(self, folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The defaults that hold in a folder, and the warnings about them; read once for all its files."""
        known = self._defaults.get(folder)
        if known is not None:
            return known
        above, told = ({}, ()) if folder == self._root else self._folder_defaults(folder.parent)
        warnings = list(told)
        file = folder / DEFAULTS_FILE
        raw, problem = read_yaml(file, self._root) if os.path.lexists(file) else ({}, "")
        if problem:
            warnings.append(problem)
        own = self._checked({k: v for k, v in raw.items() if k not in ("id", "title")}, file.name, warnings)
        self._defaults[folder] = above | own, tuple(warnings)
        return self._defaults[folder]

    def _checked(self, raw: Mapping[str, object], file: str, warnings: list[str]) -> dict[str, Any]:
        """The valid keys of raw metadata; a warning for each of the others."""
        given = {_clean(key): value for key, value in raw.items() if value is not None and value != ""}
        values = {_ALIASES.get(key, key): value for key, value in given.items()}
        if "topics" in values:
            values["topics"] = self._known_topics(_as_list(values["topics"]), file, warnings)
        while True:
            try:
                return _Metadata.model_validate(values, context=self.taxonomy).model_dump(exclude_none=True)
            except ValidationError as error:
                bad: dict[str, Any] = {}
                for one in error.errors():
                    bad.setdefault(str(one["loc"][0]), one)
                for key, one in bad.items():
                    hint = _nearest(key, _Metadata.model_fields) if one["type"] == "extra_forbidden" else ""
                    warnings.append(_warning(file, key, values.pop(key), said(one) + hint))

    def _known_topics(self, listed: object, file: str, warnings: list[str]) -> object:
        """The known ones of a list, with a warning for each of the others; anything else as it is."""
        if not isinstance(listed, list):
            return listed
        labels = self.taxonomy.labels("topic")
        known = []
        for item in listed:
            try:
                known.append(_check(_clean(str(item)), labels))
            except ValueError as error:
                warnings.append(_warning(file, "topics", item, str(error)))
        return known


def _warning(file: str, key: str, value: object, problem: str) -> str:
    shown = str(value) if len(str(value)) <= 80 else str(value)[:80] + "…"
    return _clean(f"{file}: {key} = „{shown}”: {problem}")


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
