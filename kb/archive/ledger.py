"""The ledger: which file got which id, in which versions a document was, and what became of it. One SQLite file.

SQLite, since it must survive a crash at any moment and a full disk, is asked by every server process, and holds some hundred
thousand documents without a reader having them all in memory.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from kb.errors import ArchiveUnavailable
from kb.model import Document

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    id TEXT PRIMARY KEY,
    path TEXT NOT NULL,     -- of its file, relative to the documents folder
    version TEXT NOT NULL,  -- the one that was shown last
    asked TEXT NOT NULL,    -- the id that its metadata ask for, '' for none
    removed TEXT            -- when it left the collection
) STRICT;
CREATE TABLE IF NOT EXISTS version (
    document TEXT NOT NULL,
    version TEXT NOT NULL,
    seen TEXT NOT NULL,     -- when it was first shown
    since TEXT NOT NULL,    -- since when it is, or was last, the one that is shown
    described TEXT NOT NULL,-- the document as JSON
    pruned TEXT,            -- when its bytes and text were removed on purpose
    PRIMARY KEY (document, version)
) STRICT;
CREATE INDEX IF NOT EXISTS documents_of_version ON version (version);
CREATE INDEX IF NOT EXISTS documents_of_path ON document (path);
CREATE TABLE IF NOT EXISTS alias (alias TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
"""
_WAIT_SECONDS = 5.0
_CACHE_KB = 64 * 1024
"""Of changes held back until the commit: once there are more, readers would have to wait from then on."""
_DOCUMENT = TypeAdapter(Document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A document of the ledger: who holds an id. ``asked`` is the id that its metadata ask for, "" for none."""

    id: str
    path: str
    version: str
    asked: str = ""
    removed: datetime | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a document, with the document as it was described. ``since``: when it was shown (again).

    ``pruned``: when its bytes and text were removed on purpose.
    """

    document: Document
    seen: datetime
    since: datetime
    pruned: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A document that is no more in the collection. ``successor``: the id under which its file, or the same bytes, are now."""

    document: Document
    removed: datetime
    successor: str | None = None


class Ledger:
    """The ledger in a file, which need not be there: then nothing is known. Safe to use from many threads.

    Whatever is asked may raise ArchiveUnavailable.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    # Asking

    def versions(self, document: Document) -> tuple[Version, ...]:
        """All versions of a document, under whichever of its ids, the latest first; each once."""
        found: dict[str, Version] = {}
        ids = (document.id, *document.aliases)
        for version in sorted(
            (version for id in ids for version in self._versions(id)), key=lambda version: version.since, reverse=True
        ):
            found.setdefault(version.document.version, version)
        return tuple(found.values())

    def document_of_alias(self, alias: str) -> str | None:
        """The id of the document that an alias leads to."""
        rows = self._ask("SELECT document FROM alias WHERE alias = ?", alias)
        return str(rows[0][0]) if rows else None

    def passed(self, id: str) -> Passed | None:
        """What a document was that is no more in the collection; None for one that is, or never was."""
        rows = self._ask("SELECT path, version, removed FROM document WHERE id = ? AND removed IS NOT NULL", id)
        versions = self._versions(id) if rows else ()
        if not versions:
            return None
        path, version, removed = rows[0]
        later = self._ask(
            "SELECT id FROM document WHERE removed IS NULL AND (path = ? OR version = ?) ORDER BY path = ? DESC",
            path, version, path,
        )  # fmt: skip
        last = next((each for each in versions if each.document.version == version), versions[0])
        return Passed(
            document=last.document,
            removed=datetime.fromisoformat(removed),
            successor=str(later[0][0]) if later else None,
        )

    def held(self) -> dict[str, Held]:
        """Every document that ever was, by id."""
        aliases: dict[str, list[str]] = {}
        for alias, document in self._ask("SELECT alias, document FROM alias ORDER BY rowid"):
            aliases.setdefault(document, []).append(alias)
        return {
            id: Held(
                id=id,
                path=path,
                version=version,
                asked=asked,
                removed=datetime.fromisoformat(removed) if removed else None,
                aliases=tuple(aliases.get(id, ())),
            )
            for id, path, version, asked, removed in self._ask("SELECT id, path, version, asked, removed FROM document")
        }

    def known(self) -> set[tuple[str, str]]:
        """Each version, as (document, version)."""
        return {(document, version) for document, version in self._ask("SELECT document, version FROM version")}

    def every(self) -> list[tuple[str, str, datetime, datetime | None, bool]]:
        """Each version: document, version, since when it is shown, when it was pruned, whether it is shown now."""
        rows = self._ask(
            "SELECT v.document, v.version, v.since, v.pruned, d.removed IS NULL AND d.version = v.version"
            " FROM version v JOIN document d ON d.id = v.document ORDER BY v.document, v.since"
        )
        return [
            (
                document,
                version,
                datetime.fromisoformat(since),
                datetime.fromisoformat(pruned) if pruned else None,
                bool(shown),
            )
            for document, version, since, pruned, shown in rows
        ]

    def _versions(self, id: str) -> tuple[Version, ...]:
        rows = self._ask(
            "SELECT described, seen, since, pruned FROM version WHERE document = ? ORDER BY since DESC", id
        )
        return tuple(
            Version(
                document=_DOCUMENT.validate_json(described),
                seen=datetime.fromisoformat(seen),
                since=datetime.fromisoformat(since),
                pruned=datetime.fromisoformat(pruned) if pruned else None,
            )
            for described, seen, since, pruned in rows
        )

    def snapshot(self) -> bytes | None:
        """The ledger as of one moment, as the bytes of its file, whoever writes to it meanwhile; None where there is none."""
        if not self._path.is_file():
            return None
        try:
            with closing(self._open("rw")) as connection:
                connection.execute("PRAGMA schema_version")  # takes back what a crash has left half written
                return connection.serialize()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: sqlite3.Error) -> ArchiveUnavailable:
        return ArchiveUnavailable(
            f"Nie można odczytać rejestru wersji: {self._path}. Przywróć ten plik z kopii.", [str(error)]
        )

    def _ask(self, question: str, *values: str) -> list[tuple[str, ...]]:
        """Rows; none where there is no ledger yet."""
        if not self._path.is_file():
            return []
        try:
            # Not read-only: whoever comes first after a crash takes back what was half written.
            with closing(self._open("rw")) as connection:
                return connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            if "no such table" in str(error):  # whoever was to make them was stopped
                return []
            raise self._unavailable(error) from error

    # Writing

    def record(
        self, shown: Mapping[str, Held], described: Iterable[Document], now: datetime, *, whole: bool = True
    ) -> None:
        """Bring the ledger up to date, at once or not at all.

        ``shown``: documents that are in the collection, by id; where it is the ``whole`` of them, others have left.
        ``described``: those that the ledger does not have just so.
        """
        moment = now.isoformat(timespec="seconds")
        with self._changing() as connection:
            before: dict[str, tuple[Any, ...]] = {
                row[0]: row[1:] for row in connection.execute("SELECT id, path, version, asked, removed FROM document")
            }
            connection.executemany(
                "INSERT INTO document VALUES (?, ?, ?, ?, NULL) ON CONFLICT (id) DO UPDATE"
                " SET path = excluded.path, version = excluded.version, asked = excluded.asked, removed = NULL",
                [
                    (id, held.path, held.version, held.asked)
                    for id, held in shown.items()
                    if before.get(id) != (held.path, held.version, held.asked, None)
                ],
            )
            # What is shown again; what is shown for the first time comes below.
            connection.executemany(
                "UPDATE version SET since = ? WHERE document = ? AND version = ?",
                [
                    (moment, id, held.version)
                    for id, held in shown.items()
                    if id in before and (before[id][1], before[id][3]) != (held.version, None)
                ],
            )
            # Killed at the wrong moment, a run may have left an id of before beside the present one.
            connection.executemany(
                "UPDATE document SET removed = ? WHERE path = ? AND id <> ? AND removed IS NULL",
                [(moment, held.path, id) for id, held in shown.items() if not whole],
            )
            for document in described:
                connection.execute(
                    "INSERT INTO version VALUES (?1, ?2, ?3, ?3, ?4, NULL) ON CONFLICT (document, version) DO UPDATE SET"
                    " described = excluded.described, pruned = NULL",
                    (document.id, document.version, moment, _DOCUMENT.dump_json(document).decode()),
                )
                connection.execute("DELETE FROM alias WHERE document = ?", (document.id,))
                connection.executemany(
                    "INSERT OR REPLACE INTO alias VALUES (?, ?)", [(alias, document.id) for alias in document.aliases]
                )
            if whole:
                gone = [(moment, id) for id, row in before.items() if row[3] is None and id not in shown]
                connection.executemany("UPDATE document SET removed = ? WHERE id = ?", gone)

    def prune(self, versions: Collection[tuple[str, str]], now: datetime) -> None:
        """Note that the bytes and text of versions, as (document, version), are removed on purpose."""
        with self._changing() as connection:
            connection.executemany(
                "UPDATE version SET pruned = ? WHERE document = ? AND version = ?",
                [(now.isoformat(timespec="seconds"), document, version) for document, version in versions],
            )

    @contextmanager
    def _changing(self) -> Generator[sqlite3.Connection, None, None]:
        try:
            with closing(self._open("rwc")) as connection:
                connection.executescript(_SCHEMA)
                connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path)) from error
            raise OSError(0, f"nie można zapisać rejestru wersji ({error})", str(self._path)) from error

    def _open(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_WAIT_SECONDS, isolation_level=None
        )
