"""Writing to the cluster: rows are sent on the way, seen by nobody; one document at the end says that they count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from kb.engine import AnalysedDocument, IndexedFile
from kb.engine.opensearch.commits import Commit, Commits, Dead, Lease, Replaced, lost
from kb.engine.opensearch.connection import PATIENCE, Connection
from kb.engine.opensearch.layout import (
    DOCUMENT,
    FIELDS,
    FILES,
    PAGE,
    Tokens,
    line_of,
    row_of_dead,
    rows_of,
    rows_of_words,
    terms_of,
)
from kb.engine.opensearch.reading import Rows
from kb.engine.opensearch.state import OpenSearchState
from kb.errors import KbError
from kb.tuning import Tuning

JSON = dict[str, Any]
_LISTS = 8
"""So many lists of removed documents at most are kept apart."""
_DOCUMENTS_AT_ONCE = 500
_PAGES_AT_ONCE = 500
_BYTES_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class _Known:
    """A document of the build before this write."""

    ord: int
    file: IndexedFile
    pages: int
    words: int


class OpenSearchWriter:
    """Writes to a build: the live one, or a fresh one with the ``fingerprint`` that it gets."""

    def __init__(
        self,
        connection: Connection,
        commits: Commits,
        lease: Lease,
        before: Commit,
        at: Mapping[str, Any],
        build: str,
        fingerprint: str,
    ) -> None:
        self._connection, self._commits, self._lease = connection, commits, lease
        self._before, self.at, self._build, self._fingerprint = before, at, build, fingerprint
        self._start = before if not fingerprint else Commit(epoch=before.epoch, build=build)
        self._born = before.epoch
        self._rows = Rows(connection, self._start)
        self._known = {} if fingerprint else self._read_known()
        self._files = [own.file for own in self._known.values()]
        self._values = {value: number for number, value in enumerate(self._start.values)}
        self._next = self._start.next
        self._dead: list[_Known] = []
        self._changes: dict[str, Counter[str]] = {field: Counter() for field in FIELDS}
        self._tokens = Tokens()
        self._added: dict[str, tuple[int, int]] = {}
        self._lines: list[bytes] = []
        self._waiting = 0
        self._rows_sent = 0
        self._held: list[bytes] = []
        self._held_bytes = 0
        # While the cluster takes some rows, the next ones are made.
        self._sender = ThreadPoolExecutor(1, "rows")
        self._sending: Future[None] | None = None
        self.sent = False
        self.committed = False

    @property
    def build(self) -> str:
        """The name of the build: that of its index."""
        return self._build

    @property
    def fresh(self) -> bool:
        """Whether the build is new and empty."""
        return bool(self._fingerprint)

    def replaced(self) -> OpenSearchState | None:
        """The state that a fresh build is to replace; None where none can be read."""
        if not self._before.build:
            return None
        state = OpenSearchState(self._connection, self._before, Tuning())
        try:
            state.documents()  # another schema may have other values in its rows
        except (KbError, ValueError, TypeError, KeyError):
            return None
        return state

    def files(self) -> list[IndexedFile]:
        """Every file in the index at the start of this write."""
        return list(self._files)

    def _read_known(self) -> dict[str, _Known]:
        found = {}
        for own in self._rows.each(DOCUMENT, source=["file", "words.pages", "words.count"]):
            file = FILES.validate_python(own["file"])
            found[file.document] = _Known(own["ord"], file, own["words"]["pages"], own["words"]["count"])
        return found

    def add(self, document: AnalysedDocument, file: IndexedFile) -> None:
        """Send a document, in place of the one of the same id. Raises ValueError before anything is sent of it."""
        values = [(name, value) for name, own in document.facets.items() for value in own]
        numbers = [self._values.setdefault(value, len(self._values)) for value in values]
        rows = rows_of(document, file, self._next, self._born, numbers, self._tokens)
        id = document.document.id
        lines = [line_of(name, row, id) for name, row in rows]
        self.remove(id)
        self._next += 1
        self._added[id] = (len(document.pages), document.words)
        for _, row in rows:
            for field, terms in terms_of(row):
                self._changes[field].update(terms)
        *pages, own = lines
        for line in pages:
            self._put(line)
        # Rows that come together are read together: those of all documents are wanted at once, those of all pages never.
        self._held.append(own)
        self._held_bytes += len(own)
        if self._held_bytes >= _BYTES_AT_ONCE:
            self._put_held()

    def _put_held(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        for line in held:
            self._put(line)

    def _put(self, line: bytes) -> None:
        self._lines.append(line)
        self._waiting += len(line)
        if self._waiting >= _BYTES_AT_ONCE:
            self._begin_to_send()

    def _begin_to_send(self) -> None:
        if self._lines:
            self._lease.check()
            self._wait()
            self.sent = True
            self._rows_sent += len(self._lines)
            self._sending = self._sender.submit(self._connection.bulk, self._build, b"".join(self._lines))
            self._lines, self._waiting = [], 0

    def _wait(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.result()

    def send(self) -> None:
        """Send all that was added so far, and wait until the cluster has it. Raises what goes wrong with it."""
        self._put_held()
        self._begin_to_send()
        self._wait()

    def close(self) -> None:
        """Send nothing more."""
        self._sender.shutdown()

    def remove(self, document: str) -> None:
        """Have a document of earlier commits count no more."""
        known = self._known.pop(document, None)
        if known is not None:
            self._dead.append(known)

    def commit(self) -> None:
        """Make all changes seen at once, by one write; nothing where nothing was changed.

        Raises KbError where the cluster does not have what was sent, IndexLocked where another writer has taken over.
        """
        if not self.fresh and not self._added and not self._dead:
            return
        self._count_dead()
        for name, row in rows_of_words(self._changes, self._born):
            self._put(line_of(name, row))
        dead = self._listed_dead()
        self.send()
        if self.sent:
            self._refresh()
            if self._commits.read()[1] != self.at:
                raise lost()
            self._check_sent()
        self._lease.check()
        self.at = self._commits.write(replace(self._made(), dead=dead), self.at)
        self.committed = True

    def _listed_dead(self) -> tuple[Dead, ...]:
        """Send the list of what this commit removes or replaces; what is to be said of it, and of earlier ones.

        Each list costs every query something, however short: where there are many, the newest becomes longer.
        """
        before, ords = self._start.dead, {own.ord for own in self._dead}
        if not ords:
            return before
        if len(before) >= _LISTS:
            ords |= self._rows.dead(before[-1:])
            before = before[:-1]
        name, row = row_of_dead(ords, self._born)
        self._put(line_of(name, row))
        return (*before, Dead(at=time.time(), number=self._born))

    def _made(self) -> Commit:
        start, now = self._start, time.time()
        gone = [(own.pages, own.words) for own in self._dead]
        made = replace(
            start,
            epoch=self._before.epoch,
            written=self._build,
            number=self._born,
            documents=start.documents + len(self._added) - len(gone),
            pages=start.pages + sum(pages for pages, _ in self._added.values()) - sum(pages for pages, _ in gone),
            words=start.words + sum(words for _, words in self._added.values()) - sum(words for _, words in gone),
            next=self._next,
            values=tuple(self._values),
        )
        if self.fresh:
            before = self._before
            made = replace(
                made,
                fingerprint=self._fingerprint,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                first=(made.documents, made.pages),
                replaced=(*before.replaced, Replaced(build=before.build, at=now)) if before.build else (),
            )
        return made

    def _count_dead(self) -> None:
        """Take what stands on removed pages out of the numbers of pages."""
        ords = [own.ord for own in self._dead]
        for start in range(0, len(ords), _DOCUMENTS_AT_ONCE):
            those = {"terms": {"ord": ords[start : start + _DOCUMENTS_AT_ONCE]}}
            for row in self._rows.each(
                PAGE, those, source=["row", *FIELDS], sort=("ord", "number"), size=_PAGES_AT_ONCE
            ):
                for field, terms in terms_of(row):
                    self._changes[field].subtract(terms)

    def _refresh(self) -> None:
        """Have every copy of every shard see what was sent: one that does not would give other answers."""
        end = time.monotonic() + PATIENCE
        while True:
            found = self._connection.call(
                lambda client, params: client.indices.refresh(index=self._build, params=params), patience=PATIENCE
            )
            if not found["_shards"]["failed"]:
                return
            if time.monotonic() >= end:
                raise KbError(
                    "Klaster OpenSearch nie odświeżył wszystkich kopii indeksu, więc działa nadal poprzedni stan. "
                    "Sprawdź węzły klastra i uruchom „kb index” ponownie.",
                    [str(found["_shards"])],
                )
            time.sleep(1)

    def _check_sent(self) -> None:
        """Compare what was sent with what is there. Raises KbError."""
        body = {"size": 0, "track_total_hits": True, "query": {"term": {"born": self._born}}}
        found = self._rows.search([body])[0]["hits"]["total"]["value"]
        if found != self._rows_sent:
            raise KbError(
                "Nowy indeks jest niepełny, więc działa nadal poprzedni. Uruchom „kb index” ponownie.",
                [f"wysłano wierszy {self._rows_sent}, a w klastrze jest ich {found}"],
            )
