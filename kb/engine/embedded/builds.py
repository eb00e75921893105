"""The builds of the embedded engine: which one is live, how one is made aside and switched.

    index/CURRENT              name of the live build, replaced in one ``os.replace``
    index/builds/<id>/         a Whoosh index
    index/builds/<id>/build.json   what it was made with, when, and its counts then
    index/looked.json          which of its files the writer need not compare with their checksums

Whoosh's files hold pickles: they are read only where ``sums`` says that they are what was written, and the folder is trusted
not to be changed on purpose.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from kb.disk import write_atomic
from kb.engine.embedded.sums import TOC, Looked, damaged
from kb.errors import IndexDamaged, IndexMismatch, IndexMissing

SCHEMA_VERSION = "10"
"""Raise when rows would be written in another way: every index is then rebuilt from the kept extractions."""
_RACY_NANOSECONDS = 100_000_000
"""Longer than the step of a file system's clock."""
_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}\n?")


@dataclass(frozen=True, slots=True)
class BuildFile:
    """What ``build.json`` says of a build: what it was made with, when, and how much its first commit held."""

    fingerprint: str
    created: str
    documents: int = 0
    pages: int = 0


class Builds:
    """The builds of one index folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._current = folder / "CURRENT"
        self.looked = Looked(folder / "looked.json")
        self._seen: tuple[tuple[int, int], tuple[int, int], tuple[Path, tuple[str, int]]] | None = None

    def live(self) -> Path:
        """The folder of the live build. Raises IndexMissing, IndexDamaged where there are builds and none is known to be live."""
        try:
            name = self._current.read_bytes().decode(errors="replace")
        except OSError:
            name = ""
        if _NAME.fullmatch(name) and (path := self.folder / "builds" / name.strip()).is_dir():
            return path
        if self.finished():
            raise damaged(self._current.name)
        raise IndexMissing("Nie ma jeszcze indeksu. Uruchom „kb index”, żeby go zbudować.")

    def finished(self) -> list[Path]:
        """The builds that were finished, oldest first: their names are times."""
        return sorted(path.parent for path in self.folder.glob("builds/*/build.json"))

    def locate(self) -> tuple[Path, tuple[str, int]]:
        """The live build, and its name with the number of its last commit; some microseconds when nothing changed."""
        try:
            switch = os.stat(self._current)
            seen = self._seen
            if seen and seen[0] == (switch.st_ino, switch.st_mtime_ns):
                folder = os.stat(seen[2][0])
                if seen[1] == (folder.st_ino, folder.st_mtime_ns):
                    return seen[2]
            path = self.live()
            folder = os.stat(path)
            generation = max((int(m[1]) for name in os.listdir(path) if (m := TOC.fullmatch(name))), default=-1)
        except (FileNotFoundError, NotADirectoryError):
            path = self.live()  # says what is wrong; what was just switched is there now
            return path, (path.name, -1)
        found = (path, (path.name, generation))
        # A commit within the same step of the clock would leave the folder's time as it is: look again next time.
        if time.time_ns() - folder.st_mtime_ns < _RACY_NANOSECONDS:
            self._seen = None
            return found
        self._seen = ((switch.st_ino, switch.st_mtime_ns), (folder.st_ino, folder.st_mtime_ns), found)
        return found

    def stamp(self) -> str:
        """Another text after every change of the live build's files, and where a build has come or gone.

        "" where there is no live build, or one of its files is not known to be what was written.
        """
        try:
            build = self.live()
        except (IndexMissing, IndexDamaged):
            return ""
        files = sorted((entry.name, entry.stat()) for entry in os.scandir(build))
        if not self.looked.covers(files):
            return ""
        told = [(name, found.st_ino, found.st_size, found.st_ctime_ns) for name, found in files]
        return repr((build.name, told, sorted(os.listdir(self.folder / "builds"))))

    def read(self, build: Path) -> BuildFile:
        """What a build was made with. Raises IndexMismatch where that cannot be read."""
        try:
            return BuildFile(**json.loads((build / "build.json").read_bytes()))
        except (OSError, ValueError, TypeError):
            raise IndexMismatch(
                "Nie wiadomo, z czym zbudowano indeks. Uruchom „kb index”, żeby zbudować go od nowa."
            ) from None

    def start(self) -> Path:
        """An empty folder for a new build."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        path = self.folder / "builds" / stamp
        path.mkdir(parents=True)
        return path

    def switch(self, build: Path, info: BuildFile) -> None:
        """Make a finished build the live one; the one before stays until the next, in case it must be taken back."""
        write_atomic(build / "build.json", json.dumps(asdict(info), indent=1))
        try:
            before: Path | None = self.live()
        except (IndexMissing, IndexDamaged):
            before = None
        write_atomic(self._current, build.name + "\n")
        self._remove_all_but({build, before})

    def clean(self) -> None:
        """Remove what a killed run left: unfinished builds and Whoosh's temporary files. Only under the lock."""
        builds = self.folder / "builds"
        if not builds.is_dir():
            return
        try:
            live: Path | None = self.live()
        except (IndexMissing, IndexDamaged):
            live = None
        # Of the finished builds one before the live one stays; one after it was never switched to.
        before = [path for path in self.finished() if live is None or path.name < live.name]
        self._remove_all_but({live, *before[-1:]})
        for path in builds.glob("*/_MAIN_*.toc.*"):
            path.unlink()
        for path in builds.glob("*/*.tmp"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _remove_all_but(self, kept: set[Path | None]) -> None:
        for path in (self.folder / "builds").iterdir():
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)
