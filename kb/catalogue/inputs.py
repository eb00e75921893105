"""Hashes of all that a document's metadata depends on besides its own bytes, so that a change of it alone is seen."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from kb.catalogue.files import DEFAULTS_FILE, contents, sidecar_of
from kb.catalogue.taxonomy import TAXONOMY_FILE
from kb.formats import format_of
from kb.yaml_text import Refused


def file_inputs(root: Path, path: Path, of_folder: str = "") -> str:
    """The hash for a file: its sidecar, where it has one, and the defaults and taxonomy of its folder.

    ``root``: the documents folder. ``of_folder``: the ``folder_inputs`` of the file's folder, where they are known.
    """
    of_folder = of_folder or folder_inputs(root, path.parent)
    return _joined(of_folder, sidecar_of(path), root) if format_of(path.name).has_sidecar else of_folder


def folder_inputs(root: Path, folder: Path, of_parent: str = "") -> str:
    """The hash for every file in a folder: its defaults, and those of the folders that it is in, and the taxonomy.

    ``of_parent``: the same of the folder that it is in, where it is known.
    """
    if folder == root:
        of_parent = _joined("", root / TAXONOMY_FILE, root)
    return _joined(of_parent or folder_inputs(root, folder.parent), folder / DEFAULTS_FILE, root)


def _joined(before: str, file: Path, root: Path) -> str:
    """The hash of what went before and a file's bytes; one that cannot be read hashes like an empty file."""
    digest = hashlib.sha256(before.encode())
    with suppress(OSError):
        try:
            digest.update(contents(file, root))
        except Refused as problem:
            digest.update(f"\0{problem}".encode())
    return digest.hexdigest()
