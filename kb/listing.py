"""What lies in the documents folder, by names and by what the system says of each file: nothing is opened for it."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from array import array
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from kb import limits
from kb.formats import TEXTS_FOLDER
from kb.settings import Settings

RACY_NANOSECONDS = 2_000_000_000
"""A file changed this shortly before it was looked at may have changed again within the clock's step: look again."""
_ALL_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_FOLDERS_OF_SYSTEMS = {"$recycle.bin", "#recycle", "@recycle", "@eadir", "system volume information", "lost+found"}
"""Folders of Windows and of network disks: what is in them was thrown away, or is no person's."""


class Entry(NamedTuple):
    """A name in a folder. ``folder``: it is one, or a ``link`` that leads to one.

    ``details`` are those of the file, of a link those of what it leads to; None of a folder, and where the system says nothing.
    """

    name: str
    path: str
    link: bool
    folder: bool
    details: os.stat_result | None


class Listing:
    """Everything in the documents folder and in the folders below it that are looked at, by the folder's path.

    None of the folders ``leave_out``, nor hidden ones; nothing in what this program keeps for another collection. A folder that
    cannot be listed has the error. The site's own texts are listed, since a run says what is wrong with them.
    """

    def __init__(self, root: Path, leave_out: Collection[Path] = ()) -> None:
        self.root = root
        self.folders: dict[str, Sequence[Entry] | OSError] = {}
        self._began = time.time_ns()
        self._left_out = {str(folder) for folder in leave_out}
        waiting = [(str(root), 0)]
        while waiting:
            folder, depth = waiting.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = self.folders[folder] = [_entry(each) for each in listing]
            except OSError as error:
                self.folders[folder] = error
                continue
            if depth and _is_of_this_program(entries):
                self.folders[folder] = []
            elif depth < limits.FOLDERS_DEEP:
                waiting += [
                    (entry.path, depth + 1)
                    for entry in entries
                    if entry.folder and not entry.link and not self.passes_over(entry)
                ]

    def passes_over(self, entry: Entry, *, at_top: bool = False) -> bool:
        """Whether no documents are looked for in it: left out, hidden, a folder of systems, at the top the site's own texts."""
        return (
            entry.path in self._left_out
            or entry.name.startswith(".")
            or entry.name.casefold() in _FOLDERS_OF_SYSTEMS
            or (at_top and entry.name == TEXTS_FOLDER)
        )

    @cached_property
    def digest(self) -> str:
        """Another text whenever a name, a file's bytes, its times or its rights are others than before.

        "" where that cannot be told: something could not be looked at, or was changed a moment ago.
        """
        digest = hashlib.blake2b(f"{self.root.resolve()}\0".encode(errors="surrogateescape"))
        newest = 0
        for folder, entries in self.folders.items():
            if isinstance(entries, OSError):
                return ""
            numbers = array("Q")
            names = [folder]
            for name, path, link, is_folder, details in entries:
                names.append(name)
                if link:
                    names.append(os.path.realpath(path))
                if details is None:
                    if not is_folder:
                        return ""
                    numbers.append(link)
                    continue
                changed, created = details.st_mtime_ns, details.st_ctime_ns
                newest = max(newest, changed, created)
                if not is_readable(path, details) or min(changed, created) < 0:
                    return ""
                numbers.extend((details.st_mode, details.st_size, changed, created, details.st_ino))
            digest.update("\0".join(names).encode(errors="surrogateescape") + b"\0\0")
            digest.update(numbers.tobytes())
        return digest.hexdigest() if self._began - newest > RACY_NANOSECONDS else ""


def _is_of_this_program(entries: Sequence[Entry]) -> bool:
    """Whether a folder is an index or an archive, of another collection or from before: its files are nobody's to tidy up."""
    names = {entry.name for entry in entries}
    return names >= {"CURRENT", "builds"} or names >= {"ledger.sqlite", "lock"}


def own_folders(settings: Settings) -> tuple[Path, Path]:
    """What this program keeps, which may lie among the documents."""
    return settings.store.absolute(), settings.index.absolute()


def _entry(found: os.DirEntry[str]) -> Entry:
    link = found.is_symlink()
    try:
        if found.is_dir():
            return Entry(found.name, found.path, link, True, None)
        return Entry(found.name, found.path, link, False, found.stat())
    except OSError:  # a link that leads nowhere, a file that has just gone
        return Entry(found.name, found.path, link, False, None)


def is_readable(path: str, details: os.stat_result) -> bool:
    """Whether this process may read a file; what all may read is not asked about."""
    return details.st_mode & _ALL_READ == _ALL_READ or os.access(path, os.R_OK)
