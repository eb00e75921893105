"""What counts in the cluster, and who may write: two small documents, each replaced only by who has read it last.

A **commit** is one write of the state document. Before it nothing that was sent is seen, whatever the cluster refreshes; a
writer that was taken for dead and wakes up finds the document changed, and can no longer commit. Each writer has a number of its
own, the epoch, which is that of its commit: rows of one that never committed are void for ever.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kb.engine.opensearch.connection import Connection, Missing, VersionConflict, place_of
from kb.errors import IndexLocked, IndexMismatch, KbError

JSON = dict[str, Any]
_STATE, _LOCK = "state", "lock"
_BEAT_SECONDS = 10.0
LEASE_SECONDS = 60.0
"""A writer that has not been heard of for so long is taken for dead, where nobody can look whether it runs."""
KEPT_SECONDS = 600.0
"""Rows and builds that a commit has replaced stay so long, for readers who began before it: longer than any request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A commit that has removed or replaced documents, by its number, and when: a row of the build lists them."""

    at: float
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A build that another has replaced, and when."""

    build: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What the state document says. ``build`` is the name of the live index, "" before the first.

    ``number``: rows born later do not count, nor those born in ``void`` or whose ``ord`` is listed as ``dead``. Of what died up
    to ``forgotten``, rows are gone. ``first`` are the counts of the build's first commit. ``values`` are those of facets, by
    their numbers in rows. ``next`` is the next document's ``ord``. ``written`` is the build that the writer of this epoch
    writes to.
    """

    epoch: int = 0
    written: str = ""
    build: str = ""
    fingerprint: str = ""
    created: str = ""
    first: tuple[int, int] = (0, 0)
    number: int = 0
    documents: int = 0
    pages: int = 0
    words: int = 0
    next: int = 1
    void: tuple[int, ...] = ()
    dead: tuple[Dead, ...] = ()
    forgotten: int = 0
    values: tuple[tuple[str, str], ...] = ()
    replaced: tuple[Replaced, ...] = ()


_COMMITS = TypeAdapter(Commit)


class Commits:
    """The state document and the lock of one index in the cluster."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self.index = f"{prefix}-state"
        self._last: tuple[JSON, Commit] | None = None

    def read(self) -> tuple[Commit, Mapping[str, Any]]:
        """The state as it is, and which version of the document that was; an empty one before the first."""
        try:
            found = self._connection.get(self.index, _STATE)
        except Missing:
            return Commit(), {"op_type": "create"}
        said, last = found["_source"], self._last
        if last is None or last[0] != said:
            last = self._last = (said, self._validated(said))
        return last[1], place_of(found)

    def _validated(self, said: JSON) -> Commit:
        try:
            return _COMMITS.validate_python(said)
        except ValidationError:
            raise IndexMismatch(
                "Indeks w klastrze OpenSearch zapisała inna wersja programu. Uruchom „kb index” w tej, która go zapisała, "
                "albo wybierz inny KB_OPENSEARCH_PREFIX."
            ) from None

    def write(self, commit: Commit, at: Mapping[str, Any]) -> Mapping[str, Any]:
        """Replace the state that was read ``at``. Raises IndexLocked where somebody else has."""
        try:
            return self._connection.put(self.index, _STATE, _COMMITS.dump_python(commit, mode="json"), at)
        except VersionConflict:
            raise lost() from None

    @contextmanager
    def lock(self) -> Iterator[Lease]:
        """The only right to write. Raises IndexLocked that names the holder."""
        lease = Lease(self._connection, self.index)
        try:
            yield lease
        finally:
            lease.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    host: str
    pid: int
    since: str
    token: str
    heard: float

    @property
    def gone(self) -> bool:
        """Whether the holder is no more: a process of this machine that has ended, or one that has not been heard of."""
        if self.host == socket.gethostname():
            return not _runs(self.pid) or (self.pid == os.getpid() and self.token not in _HELD)
        return time.time() - self.heard > LEASE_SECONDS


_HOLDERS = TypeAdapter(_Holder)
_HELD: set[str] = set()
"""The leases of this process."""


class Lease:
    """The lock, held: a thread says every few seconds that its holder is alive."""

    def __init__(self, connection: Connection, index: str) -> None:
        self._connection, self._index = connection, index
        now = datetime.now().isoformat(" ", "seconds")
        self._own = _Holder(
            host=socket.gethostname(), pid=os.getpid(), since=now, token=os.urandom(8).hex(), heard=time.time()
        )
        self._lost = False
        _HELD.add(self._own.token)
        try:
            self._at = self._taken()
        except BaseException:
            _HELD.discard(self._own.token)
            raise
        self._ending = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True, name="lease")
        self._beating.start()

    def _taken(self) -> Mapping[str, Any]:
        at: Mapping[str, Any] = {"op_type": "create"}
        try:
            found = self._connection.get(self._index, _LOCK)
        except Missing:
            pass
        else:
            holder = _HOLDERS.validate_python(found["_source"])
            if not holder.gone:
                raise _held(holder)
            at = place_of(found)
        try:
            return self._connection.put(self._index, _LOCK, asdict(self._own), at)
        except VersionConflict:
            raise _held(_HOLDERS.validate_python(self._connection.get(self._index, _LOCK)["_source"])) from None

    def _beat(self) -> None:
        while not self._ending.wait(_BEAT_SECONDS):
            try:
                body = asdict(self._own) | {"heard": time.time()}
                self._at = self._connection.put(self._index, _LOCK, body, self._at)
            except VersionConflict:
                self._lost = True
                return
            except KbError:
                continue  # it may be reached again before anybody takes this writer for dead

    def check(self) -> None:
        """Raises IndexLocked where another writer has taken this one for dead."""
        if self._lost:
            raise lost()

    def release(self) -> None:
        """Let others write."""
        self._ending.set()
        self._beating.join()
        _HELD.discard(self._own.token)
        if not self._lost:
            with suppress(KbError):  # else whoever writes next sees that the holder is gone
                self._connection.delete(self._index, _LOCK, self._at)


def lost() -> IndexLocked:
    """The error of a writer that was taken for dead."""
    return IndexLocked(
        "Indeksowanie przejął inny proces, bo ten przez dłuższy czas nie miał połączenia z klastrem. "
        "Nic z niego nie zapisano; uruchom „kb index” ponownie."
    )


def _held(holder: _Holder) -> IndexLocked:
    return IndexLocked(
        "Inne indeksowanie właśnie trwa. Poczekaj, aż się skończy, i spróbuj ponownie.",
        [f"proces {holder.pid} na {holder.host}, początek {holder.since}"],
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
