"""A file that was read → its document: whatever describes it, in order of precedence."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from kb.catalogue.files import DEFAULTS_FILE, read_yaml, sidecar_of
from kb.catalogue.metadata import checked
from kb.catalogue.taxonomy import load_taxonomy
from kb.formats import Format, format_of
from kb.model import Document, Extraction
from kb.polish import normalise
from kb.slugs import slug


class Catalogue:
    """The metadata of one documents folder."""

    def __init__(self, documents: Path, *, with_taxonomy: bool = True) -> None:
        """Read the taxonomy. Raises TaxonomyError.

        Without it, as when it cannot be used, editions, topics and kinds are left unchecked.
        """
        self._root = documents
        self._taxonomy = load_taxonomy(documents) if with_taxonomy else None
        self._defaults: dict[Path, tuple[dict[str, Any], tuple[str, ...]]] = {}

    def describe(self, path: Path, name: str, version: str, extraction: Extraction) -> tuple[Document, tuple[str, ...]]:
        """The document of a file that was read, and the warnings about its metadata.

        ``name`` is the path relative to the documents folder as shown to people.
        """
        warnings: list[str] = []
        file_format = format_of(path.name)
        if file_format.has_sidecar:
            given = self._in_file(sidecar_of(path), warnings)
            # What a program once wrote into the file is a guess: what is wrong with it is nobody's fault, so no warning.
            guessed = checked(extraction.metadata, self._taxonomy, "", [])
        else:
            given, guessed = checked(extraction.metadata, self._taxonomy, path.name, warnings), {}
        defaults, of_defaults = self._folder_defaults(path.parent)
        warnings += of_defaults
        merged = defaults | guessed | given
        return (
            Document(
                id=str(merged.get("id") or slug(PurePosixPath(name).with_suffix("").as_posix())),
                title=str(
                    merged.get("title")
                    or _first_heading(extraction, file_format)
                    or _readable(PurePosixPath(name).stem)
                ),
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
        above, warnings_above = ({}, ()) if folder == self._root else self._folder_defaults(folder.parent)
        warnings = list(warnings_above)
        values = self._in_file(folder / DEFAULTS_FILE, warnings, without=("id", "title"))
        self._defaults[folder] = above | values, tuple(warnings)
        return self._defaults[folder]

    def _in_file(self, file: Path, warnings: list[str], without: tuple[str, ...] = ()) -> dict[str, Any]:
        """The valid keys of a YAML file, none where there is no file."""
        if not os.path.lexists(file):
            return {}
        raw, problem = read_yaml(file, self._root)
        if problem:
            warnings.append(problem)
        given = {key: value for key, value in raw.items() if key not in without}
        return checked(given, self._taxonomy, file.name, warnings)


def _readable(stem: str) -> str:
    text = re.sub(r"[\s_-]+", " ", normalise(stem)).strip()
    return text[:1].upper() + text[1:] if text else stem


def _first_heading(extraction: Extraction, file_format: Format) -> str:
    # The first heading of a text in sections; that of printed pages may be any chapter, so the file name serves better.
    return extraction.pages[0].heading if extraction.pages and not file_format.has_pages else ""
