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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from kb.disk import stamp
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
CREATE TABLE IF NOT EXISTS change (
    document TEXT PRIMARY KEY,
    added TEXT NOT NULL,    -- since when it is, or was last, in the collection
    changed TEXT NOT NULL   -- when its file or its description changed last, or when it left
) STRICT;
CREATE INDEX IF NOT EXISTS changes_in_order ON change (changed, document);
"""
_WAIT_SECONDS = 5.0
_CACHE_KB = 64 * 1024
"""Of changes held back until the commit: once there are more, readers would have to wait from then on."""
_NOBODY_READS: dict[str, Any] = {"path": "", "pages": 0, "aliases": ()}
"""What may become another without the document being changed for its readers: a file was moved, or is read otherwise."""
_FIRST_CHANGES = """
INSERT OR IGNORE INTO change
    SELECT d.id, MIN(v.seen), COALESCE(d.removed, MAX(v.since)) FROM document d JOIN version v ON v.document = d.id
    WHERE d.id NOT IN (SELECT document FROM change) GROUP BY d.id
"""
"""For documents that were written down before changes were."""


class Held(NamedTuple):
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


class Change(NamedTuple):
    """When a document came here (last), and when its file or its description changed last; ``removed`` where it has left."""

    id: str
    added: datetime
    changed: datetime
    removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A document as it was described last, for those who keep a copy: ``changed`` is also when it was removed."""

    document: Document
    changed: datetime
    removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which records are asked for: changed at ``start`` or later and before ``end``; of one ``kind``, of one ``edition``."""

    start: datetime | None = None
    end: datetime | None = None
    kind: str = ""
    edition: str = ""


_ALWAYS, _NEVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
_RECORDS = (
    "FROM change c JOIN document d ON d.id = c.document JOIN version v ON v.document = d.id AND v.version = d.version"
    " WHERE c.changed >= ? AND c.changed < ?"
    " AND (?3 = '' OR json_extract(v.described, '$.kind') = ?3)"
    " AND (?4 = '' OR json_extract(v.described, '$.edition') = ?4)"
)


@cache
def _documents() -> TypeAdapter[Document]:
    """Documents as JSON: made when first used, which an unchanged run never does."""
    return TypeAdapter(Document)


def _written(moment: datetime) -> str:
    """A moment as the ledger has it: in UTC, so that texts come in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _values(span: Span) -> tuple[str, str, str, str]:
    return _written(span.start or _ALWAYS), _written(span.end or _NEVER), span.kind, span.edition


def _record(described: str, id: str, changed: str, removed: str) -> Record:
    return Record(
        document=replace(_documents().validate_json(described), id=id),
        changed=datetime.fromisoformat(changed),
        removed=bool(removed),
    )


def _is_described_otherwise(connection: sqlite3.Connection, document: Document) -> bool:
    """Whether a reader would see another description than the one written down for the same version."""
    written = connection.execute(
        "SELECT described FROM version WHERE document = ? AND version = ?", (document.id, document.version)
    ).fetchone()
    if written is None:
        return False
    before = _documents().validate_json(written[0])
    return replace(before, **_NOBODY_READS) != replace(document, **_NOBODY_READS)


def _describe(connection: sqlite3.Connection, document: Document, moment: str) -> None:
    """Write down how a document is described in its present version, and its aliases."""
    connection.execute(
        "INSERT INTO version VALUES (?1, ?2, ?3, ?3, ?4, NULL) ON CONFLICT (document, version) DO UPDATE SET"
        " described = excluded.described, pruned = NULL",
        (document.id, document.version, moment, _documents().dump_json(document).decode()),
    )
    connection.execute("DELETE FROM alias WHERE document = ?", (document.id,))
    connection.executemany(
        "INSERT OR REPLACE INTO alias VALUES (?, ?)", [(alias, document.id) for alias in document.aliases]
    )


def _note_changes(connection: sqlite3.Connection, came: Collection[str], changed: Collection[str], moment: str) -> None:
    """Write down the time of the documents that came, of those that are otherwise now, and of those that have just left."""
    connection.executemany(
        "INSERT INTO change VALUES (?1, ?2, ?2) ON CONFLICT (document) DO UPDATE"
        " SET added = excluded.added, changed = excluded.changed",
        [(id, moment) for id in came],
    )
    connection.executemany("UPDATE change SET changed = ? WHERE document = ?", [(moment, id) for id in changed])
    connection.execute(
        "UPDATE change SET changed = d.removed FROM document d WHERE d.id = document AND d.removed = ?", (moment,)
    )


class _Row(NamedTuple):
    version: str
    removed: str | None


def _row_of(connection: sqlite3.Connection, id: str) -> _Row | None:
    """What is written down of a document."""
    found = connection.execute("SELECT version, removed FROM document WHERE id = ?", (id,)).fetchone()
    return _Row(*found) if found else None


def _is_known(connection: sqlite3.Connection, held: Held) -> bool:
    """Whether the version that a document is to be shown in is written down."""
    question = "SELECT 1 FROM version WHERE document = ? AND version = ?"
    return connection.execute(question, (held.id, held.version)).fetchone() is not None


def _has_first_changes(connection: sqlite3.Connection) -> bool:
    """Whether documents are written down whose changes are not."""
    question = "SELECT (SELECT COUNT(*) FROM change) < (SELECT COUNT(*) FROM document)"
    return bool(connection.execute(question).fetchone()[0])


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
        rows = self._ask("SELECT id, path, version, asked, removed FROM document")
        return {
            id: Held(
                id,
                path,
                version,
                asked,
                datetime.fromisoformat(removed) if removed else None,
                tuple(aliases[id]) if id in aliases else (),
            )
            for id, path, version, asked, removed in rows
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

    @property
    def stamp(self) -> object:
        """Another one after each change of the ledger; None where there is none."""
        return stamp(self._path)

    @property
    def stamps(self) -> object:
        """The same, and whether a change of it was begun that has not ended."""
        return self.stamp, stamp(self._path.with_name(f"{self._path.name}-journal"))

    def changes(self) -> list[Change]:
        """When each document that ever was came and changed, the latest change first."""
        rows = self._ask(
            "SELECT c.document, c.added, c.changed, d.removed IS NOT NULL FROM change c JOIN document d ON d.id = c.document"
            " ORDER BY c.changed DESC, c.document"
        )
        return [
            Change(id, datetime.fromisoformat(added), datetime.fromisoformat(changed), bool(removed))
            for id, added, changed, removed in rows
        ]

    def records(self, span: Span, limit: int, after: tuple[datetime, str] | None = None) -> list[Record]:
        """Documents that ever were, in the order of their changes; ``after`` the time and the id of one, those that follow it.

        Whatever changes between two questions comes later in this order, so that who goes on from the last record misses none.
        """
        time, id = after or (_ALWAYS, "")
        rows = self._ask(
            f"SELECT v.described, c.document, c.changed, d.removed IS NOT NULL {_RECORDS}"  # no value in it
            " AND (c.changed, c.document) > (?, ?) ORDER BY c.changed, c.document LIMIT ?",
            *_values(span), _written(time), id, limit,
        )  # fmt: skip
        return [_record(*row) for row in rows]

    def record_of(self, id: str) -> Record | None:
        """The record of one document that ever was; None of any other."""
        rows = self._ask(
            f"SELECT v.described, c.document, c.changed, d.removed IS NOT NULL {_RECORDS} AND d.id = ?5",
            *_values(Span()), id,
        )  # fmt: skip
        return _record(*rows[0]) if rows else None

    def earliest(self) -> datetime:
        """A time before which nothing changed."""
        rows = self._ask("SELECT MIN(added) FROM change")
        return datetime.fromisoformat(rows[0][0]) if rows and rows[0][0] else datetime.fromtimestamp(0, UTC)

    def count(self, span: Span) -> int:
        """How many records there are."""
        rows = self._ask(f"SELECT COUNT(*) {_RECORDS}", *_values(span))
        return int(rows[0][0]) if rows else 0

    def _versions(self, id: str) -> tuple[Version, ...]:
        rows = self._ask(
            "SELECT described, seen, since, pruned FROM version WHERE document = ? ORDER BY since DESC", id
        )
        return tuple(
            Version(
                document=_documents().validate_json(described),
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

    def _ask(self, question: str, *values: str | int) -> list[tuple[str, ...]]:
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
        self, shown: Mapping[str, Held], described: Iterable[Document], now: datetime, *, left: Iterable[str] = ()
    ) -> bool:
        """Bring the ledger up to date, at once or not at all; whether all that is shown could be written down.

        ``shown``: documents that are in the collection, by id, and ``described`` documents: those that the ledger does not have
        just so. ``left``: the ids of those that are no more there.
        """
        moment = _written(now)
        with self._changing() as connection:
            if _has_first_changes(connection):
                connection.execute(_FIRST_CHANGES)
            before = {id: row for id in shown if (row := _row_of(connection, id))}
            came = {id for id in shown if id not in before or before[id].removed}
            changed: set[str] = set()
            told: set[str] = set()
            for document in described:
                told.add(document.id)
                if document.id not in came and _is_described_otherwise(connection, document):
                    changed.add(document.id)
                _describe(connection, document, moment)
            # A version that nobody has described is left to the next run: every document here has its version.
            asked = len(shown)
            shown = {id: held for id, held in shown.items() if id in told or _is_known(connection, held)}
            connection.executemany(
                "INSERT INTO document VALUES (?, ?, ?, ?, NULL) ON CONFLICT (id) DO UPDATE"
                " SET path = excluded.path, version = excluded.version, asked = excluded.asked, removed = NULL",
                [(id, held.path, held.version, held.asked) for id, held in shown.items()],
            )
            # What is shown again; what is shown for the first time came with its description.
            connection.executemany(
                "UPDATE version SET since = ? WHERE document = ? AND version = ?",
                [
                    (moment, id, held.version)
                    for id, held in shown.items()
                    if id in before and (before[id].version != held.version or before[id].removed)
                ],
            )
            # Killed at the wrong moment, a run may have left an id of before beside the present one.
            connection.executemany(
                "UPDATE document SET removed = ? WHERE path = ? AND id <> ? AND removed IS NULL",
                [(moment, held.path, id) for id, held in shown.items()],
            )
            connection.executemany(
                "UPDATE document SET removed = ? WHERE id = ? AND removed IS NULL", [(moment, id) for id in left]
            )
            came &= shown.keys()
            changed |= {id for id, held in shown.items() if id not in came and before[id].version != held.version}
            _note_changes(connection, came, changed - came, moment)
        return len(shown) == asked

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
