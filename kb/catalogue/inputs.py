"""Hashes of all that a document's metadata depends on besides its own bytes, so that a change of it alone is seen."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from kb.catalogue.files import DEFAULTS_FILE, Beside, contents
from kb.catalogue.taxonomy import TAXONOMY_FILE
from kb.polish import normalise
from kb.yaml_text import Refused


def file_inputs(root: Path, path: Path | str, of_folder: str = "", beside: Beside | None = None) -> str:
    """The hash for a file: the files beside it that describe it, and the defaults and taxonomy of its folder.

    ``root``: the documents folder. ``of_folder`` and ``beside``: the ``folder_inputs`` and the YAML files of the file's folder,
    where they are known.
    """
    folder, _, name = str(path).rpartition(os.sep)
    result = of_folder or folder_inputs(root, Path(folder))
    for sidecar in (beside or Beside.of(Path(folder))).sidecars(name):
        result = _joined(f"{result} {normalise(sidecar)}", Path(folder, sidecar), root)
    return result


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
