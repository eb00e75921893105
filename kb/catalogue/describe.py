"""A file that was read → its document: whatever describes it, in order of precedence."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from kb.catalogue.files import DEFAULTS_FILE, Beside, read_sidecar
from kb.catalogue.metadata import ALIASES, KEY_NAMES, checked
from kb.catalogue.taxonomy import load_taxonomy
from kb.formats import FORMATS, Format, format_of
from kb.model import Document, Extraction, Page
from kb.polish import alphabetical, normalise
from kb.slugs import slug

OF_DEFAULTS = f"z {DEFAULTS_FILE}: "
"""How the note begins that tells what a document has from the defaults of its folders."""


_MADE = ("id", "title", "topics", "authors", "editors", "aliases")
"""Keys whose values are not taken as they are."""


class Described(NamedTuple):
    """A document, what is wrong with its metadata, and where those come from that nobody gave for it."""

    document: Document
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


class Asked(NamedTuple):
    """The id that a file's metadata ask for, "" for none, and the aliases."""

    id: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class _Given:
    """Valid keys from one place, and the keys there that were wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    wrong: frozenset[str] = frozenset()


class Catalogue:
    """The metadata of one documents folder."""

    def __init__(self, documents: Path, *, with_taxonomy: bool = True) -> None:
        """Read the taxonomy. Raises TaxonomyError.

        Without it, as when it cannot be used, editions, topics and kinds are left unchecked.
        """
        self._root = documents
        self._taxonomy = load_taxonomy(documents) if with_taxonomy else None
        self._defaults: dict[Path, tuple[dict[str, Any], tuple[str, ...]]] = {}
        self._beside: dict[Path, Beside] = {}

    def describe(self, path: Path, name: str, version: str, extraction: Extraction) -> Described:
        """The document of a file that was read. ``name`` is the path relative to the documents folder as shown to people."""
        warnings: list[str] = []
        file_format = format_of(path.name)
        guessed: dict[str, Any] = {}
        if file_format.has_sidecar:
            given = self._in_sidecar(path, warnings)
            # What a program once wrote into the file is a guess: what is wrong with it is nobody's fault, so no warning.
            guessed = checked(extraction.metadata, self._taxonomy, "", [])
        else:
            given = self._checked(extraction.metadata, path.name, warnings)
            warnings += self._strays(path)
        defaults, of_defaults = self._folder_defaults(path.parent)
        warnings += of_defaults
        merged = defaults | guessed | given.values
        if "published" in given.wrong and "published" in merged:
            source = "dzień utworzenia PDF" if "published" in guessed else f"z {DEFAULTS_FILE}"
            warnings.append(f"{path.name}: zamiast błędnej daty publikacji przyjęto {merged['published']} ({source})")
        heading = _first_heading(extraction, file_format)
        document = Document(
            id=str(merged.get("id") or id_of_path(name)),
            title=str(merged.get("title") or heading or _readable(PurePosixPath(name).stem)),
            path=name,
            version=version,
            pages=len(extraction.pages),
            topics=tuple(dict.fromkeys(merged.get("topics") or ())),
            authors=_names(merged, "authors"),
            editors=_names(merged, "editors"),
            bodies=_said_to_be("body", merged),
            persons=_said_to_be("person", merged),
            aliases=tuple(dict.fromkeys(merged.get("aliases") or ())),
            **{key: value for key, value in merged.items() if value and key not in _MADE},
        )
        notes = [
            _note("z nazwy pliku", () if merged.get("title") or heading else ("title",)),
            _note(f"z opisu w samym pliku {file_format.name}", guessed.keys() - given.values.keys()),
            _note(OF_DEFAULTS.removesuffix(": "), defaults.keys() - guessed.keys() - given.values.keys()),
        ]
        return Described(document, tuple(warnings), tuple(filter(None, notes)))

    def asked(self, path: Path, front_matter: Mapping[str, object]) -> Asked:
        """The id and aliases that a file's metadata ask for; ``front_matter``: its own, where that is what describes it."""
        if format_of(path.name).has_sidecar:
            values = self._in_sidecar(path, []).values
        else:
            values = checked(front_matter, self._taxonomy, "", [])
        return Asked(values.get("id") or "", tuple(dict.fromkeys(values.get("aliases") or ())))

    def is_described(self, path: Path, extraction: Extraction) -> bool:
        """Whether more is known of a file than its name: an editor describes it, or the file itself says its title."""
        own = checked(extraction.metadata, self._taxonomy, "", [])
        given = self._in_sidecar(path, []).values if format_of(path.name).has_sidecar else own
        return bool(given) or "title" in own

    def page_of_record(self, document: Document) -> Page:
        """The page by which a document without a readable text is found: all that is said about it besides its title."""
        topics = self._taxonomy.labels("topic") if self._taxonomy else {}
        names = [topics.get(topic, topic) for topic in document.topics]
        said = [document.description, *names, *document.authors, document.publisher]
        return Page(number=1, text="\n".join(line for line in said if line))

    def _folder_defaults(self, folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The defaults that hold in a folder, and the warnings about them; read once for all its files."""
        known = self._defaults.get(folder)
        if known is not None:
            return known
        above, warnings_above = ({}, ()) if folder == self._root else self._folder_defaults(folder.parent)
        warnings = list(warnings_above)
        values = self._in_file(
            folder / DEFAULTS_FILE, warnings, without=("id", "title", "isbn", "doi", "report_number", "aliases")
        ).values
        self._defaults[folder] = above | values, tuple(warnings)
        return self._defaults[folder]

    def _in_sidecar(self, path: Path, warnings: list[str]) -> _Given:
        """The valid keys of the file that describes a document; a warning names any others that would."""
        names = self._names_beside(path)
        warnings += [f"{name}: ten opis nie jest używany, bo jest już {names[0]}; zostaw jeden" for name in names[1:]]
        return self._in_file(path.with_name(names[0]), warnings) if names else _Given()

    def _strays(self, path: Path) -> list[str]:
        """Warnings about files beside a document that look like its description, but are not read."""
        return [
            f"{name}: ten opis nie jest używany; przenieś go na początek pliku {path.name}, między wiersze „---”"
            for name in self._names_beside(path)
            if not self._is_of_another(path, name)
        ]

    def _is_of_another(self, path: Path, sidecar: str) -> bool:
        stem = Path(sidecar).stem
        return any(
            os.path.lexists(path.with_name(f"{stem}{suffix}"))
            for row in FORMATS
            if row.has_sidecar
            for suffix in row.suffixes
        )

    def _names_beside(self, path: Path) -> list[str]:
        if path.parent not in self._beside:
            self._beside[path.parent] = Beside.of(path.parent)
        return self._beside[path.parent].sidecars(path.name)

    def _in_file(self, file: Path, warnings: list[str], without: tuple[str, ...] = ()) -> _Given:
        """The valid keys of a YAML file, none where there is no file."""
        if not os.path.lexists(file):
            return _Given()
        raw, problems = read_sidecar(file, self._root)
        warnings += problems
        kept = {key: value for key, value in raw.items() if key.strip().lower() not in without}
        warnings += [
            f"{file.name}: {key}: ten klucz tu nie działa, bo każdy dokument ma własny"
            for key in raw
            if key not in kept
        ]
        return self._checked(kept, file.name, warnings)

    def _checked(self, raw: Mapping[str, object], name: str, warnings: list[str]) -> _Given:
        values = checked(raw, self._taxonomy, name, warnings)
        keys = {ALIASES.get(key, key) for key, value in raw.items() if value}
        return _Given(values, frozenset(keys - values.keys()))


def _names(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(name for name, _ in values.get(key) or ())


def _said_to_be(kind: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Authors and editors of whom somebody said that they are persons, or bodies."""
    named = [*(values.get("authors") or ()), *(values.get("editors") or ())]
    return tuple(dict.fromkeys(name for name, said in named if said == kind))


def id_of_path(name: str) -> str:
    """The id that is made of a file's path, as shown, where its metadata give none."""
    # No Path: this is asked of every file in each run, and making one takes longer than all the rest.
    start = name.rfind("/") + 1
    dot = name.rfind(".")
    return slug(name[:dot] if start < dot < len(name) - 1 else name)


def _note(source: str, keys: Iterable[str]) -> str:
    """That these keys come from a place that nobody wrote for this document alone; "" without any."""
    named = sorted((KEY_NAMES[key] for key in keys), key=alphabetical)
    return f"{source}: {', '.join(named)}" if named else ""


def _readable(stem: str) -> str:
    text = re.sub(r"[\s_-]+", " ", normalise(stem)).strip()
    return text[:1].upper() + text[1:] if text else stem


def _first_heading(extraction: Extraction, file_format: Format) -> str:
    # The first heading of a text in sections; that of printed pages may be any chapter, so the file name serves better.
    return extraction.pages[0].heading if extraction.pages and not file_format.has_pages else ""
