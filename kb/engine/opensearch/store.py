"""The index in a cluster: opened by its state document, read by many, written by one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kb.engine import BuildInfo, Condition
from kb.engine.opensearch.commits import KEPT_SECONDS, Commit, Commits
from kb.engine.opensearch.connection import Connection, Missing
from kb.engine.opensearch.layout import DOCUMENT, INDEX, MAPPINGS, PAGE, SCHEMA_VERSION, STATE_MAPPINGS
from kb.engine.opensearch.queries import Alive, listed
from kb.engine.opensearch.reading import Rows, gone
from kb.engine.opensearch.state import Kept, OpenSearchState
from kb.engine.opensearch.writer import OpenSearchWriter
from kb.errors import EngineUnavailable, IndexDamaged, IndexMismatch, IndexMissing, KbError
from kb.settings import Settings
from kb.tuning import Tuning

JSON = dict[str, Any]
_LOG = logging.getLogger(__name__)


class OpenSearchStore:
    """An index of a cluster. Before each search its state document is read, whichever process has written it."""

    format = f"opensearch-{SCHEMA_VERSION}"

    def __init__(self, settings: Settings, tuning: Tuning) -> None:
        self._connection = Connection(settings)
        self._prefix = settings.opensearch_prefix
        self._shards = settings.opensearch_shards
        self._commits = Commits(self._connection, self._prefix)
        self._tuning = tuning
        self._kept = Kept()
        self._lock = threading.Lock()
        self._current: OpenSearchState | None = None

    # Reading

    def current(self) -> OpenSearchState:
        """The newest commit. Raises IndexMissing, IndexMismatch, EngineUnavailable."""
        commit = self._live()
        state = self._current
        if state is None or state.key != (commit.build, commit.number):
            with self._lock:
                state = self._current
                if state is None or state.key != (commit.build, commit.number):
                    state = self._current = OpenSearchState(self._connection, commit, self._tuning, self._kept)
        return state

    def _live(self) -> Commit:
        commit, _ = self._commits.read()
        if not commit.build:
            raise IndexMissing("Nie ma jeszcze indeksu. Uruchom „kb index”, żeby go zbudować.")
        if not commit.fingerprint.startswith(f"{self.format} "):
            raise IndexMismatch("Indeks zbudowała inna wersja programu. Uruchom „kb index”, żeby zbudować go od nowa.")
        return commit

    def live(self) -> BuildInfo:
        """The live build. Raises IndexMissing, IndexMismatch, IndexDamaged, EngineUnavailable."""
        commit = self._live()
        try:
            stats = self._connection.call(
                lambda client, params: client.indices.stats(index=commit.build, metric="store", params=params)
            )
        except Missing:
            raise gone(commit.build) from None
        return BuildInfo(
            name=commit.build,
            fingerprint=commit.fingerprint,
            created=commit.created,
            documents=commit.first[0],
            pages=commit.first[1],
            bytes=stats["_all"]["primaries"]["store"]["size_in_bytes"],
        )

    def verify(self) -> None:
        """Count what is there: the cluster compares the bytes of its files with their checksums by itself.

        Raises IndexMissing, IndexMismatch, IndexDamaged, EngineUnavailable.
        """
        commit = self._live()
        alive = Alive(commit)
        bodies = [{"size": 0, "track_total_hits": True, "query": alive.rows(row)} for row in (DOCUMENT, PAGE)]
        answers = Rows(self._connection, commit).search(bodies)
        found = [answer["hits"]["total"]["value"] for answer in answers]
        if found != [commit.documents, commit.pages]:
            expected = f"{commit.documents} i {commit.pages}"
            raise IndexDamaged(
                "Indeks jest uszkodzony. Uruchom „kb index --rebuild”: zbuduje go od nowa z tekstów, które już odczytano.",
                [f"w {commit.build} dokumentów i stron ma być {expected}, a jest {found[0]} i {found[1]}"],
            )

    def condition(self) -> Condition:
        """How the cluster is. Raises EngineUnavailable."""
        began = time.monotonic()
        commit, _ = self._commits.read()
        answered = time.monotonic() - began
        health = self._connection.health(commit.build or self._commits.index)
        shards = health["active_shards"], health["initializing_shards"] + health["unassigned_shards"]
        return Condition(
            health=health["status"],
            nodes=health["number_of_nodes"],
            shards=shards[0],
            lacking=shards[1],
            answer_ms=round(1000 * answered, 1),
            lag_ms=health["task_max_waiting_in_queue_millis"],
        )

    # Writing

    @contextmanager
    def writer(self, fingerprint: str, *, rebuild: bool = False) -> Iterator[OpenSearchWriter]:
        """The only right to write. Raises IndexLocked, EngineUnavailable."""
        self._make(self._commits.index, {"number_of_shards": 1, "auto_expand_replicas": "0-1"}, STATE_MAPPINGS)
        with self._commits.lock() as lease:
            before, at = self._commits.read()
            fresh = rebuild or before.fingerprint != fingerprint or not self._exists(before.build)
            build = before.build
            if fresh:
                build = f"{self._prefix}-build-{datetime.now(UTC).strftime('%Y%m%d-%H%M%S-%f')}"
            # From here on whoever wrote before can no longer commit, and what it still sends has no number that counts.
            began = replace(self._clean(before), epoch=before.epoch + 1, written=build)
            at = self._commits.write(began, at)
            if fresh:
                self._make(build, {"number_of_shards": self._shards, **INDEX}, MAPPINGS)
            writer = OpenSearchWriter(
                self._connection, self._commits, lease, began, at, build, fingerprint if fresh else ""
            )
            try:
                yield writer
            finally:
                writer.close()
                if not writer.committed:
                    self._forget(writer, replace(began, epoch=before.epoch, written=before.written))

    def _forget(self, writer: OpenSearchWriter, before: Commit) -> None:
        """Undo what a run that did not commit has done; what cannot be undone now, the next run removes."""
        try:
            if writer.fresh or not writer.sent:  # its number was never seen where it counts, and another may have it
                self._commits.write(before, writer.at)
            if writer.fresh:
                self._remove(writer.build)
        except (KbError, Missing) as error:
            _LOG.warning("%s", error)

    def _make(self, index: str, settings: JSON, mappings: JSON) -> None:
        if self._exists(index):
            return
        body = {"settings": {"index": settings}, "mappings": mappings}
        try:
            self._connection.call(lambda client, params: client.indices.create(index=index, body=body, params=params))
        except EngineUnavailable:
            if not self._exists(index):  # else somebody was faster, or it was the first try, whose answer was lost
                raise

    def _remove(self, index: str) -> None:
        self._connection.call(
            lambda client, params: client.indices.delete(index=index, params={**params, "ignore_unavailable": "true"})
        )

    def _exists(self, index: str) -> bool:
        if not index:
            return False
        return bool(self._connection.call(lambda client, params: client.indices.exists(index=index, params=params)))

    def _clean(self, before: Commit) -> Commit:
        """Remove what nobody can be reading any more; the state without it."""
        now = time.time()
        replaced = [own for own in before.replaced if now - own.at < KEPT_SECONDS or own == before.replaced[-1]]
        kept = {before.build, *(own.build for own in replaced)}
        found = self._connection.call(
            lambda client, params: client.indices.get(
                index=f"{self._prefix}-build-*", params={**params, "filter_path": "*.settings.index.uuid"}
            )
        )
        for name in sorted(set(found) - kept):
            # What has more in its name is of another base, whose prefix begins like this.
            if name.removeprefix(f"{self._prefix}-build-").replace("-", "").isdigit():
                self._remove(name)
        if not self._exists(before.build):
            return replace(before, replaced=tuple(replaced))
        void = before.void
        if before.epoch not in (before.number, *void) and before.written == before.build:
            # A number that never committed: the run before was stopped halfway, or left without a commit.
            void = (*void, before.epoch)
        old = [own for own in before.dead if now - own.at >= KEPT_SECONDS]
        gone: list[JSON] = [listed(before.build, own) for own in old]
        if void:
            gone.append({"terms": {"born": list(void)}})
        if gone and not self._delete(before.build, {"bool": {"should": gone}}):
            old = []
        return replace(
            before,
            void=void,
            dead=tuple(own for own in before.dead if own not in old),
            forgotten=before.number if old else before.forgotten,
            replaced=tuple(replaced),
        )

    def _delete(self, index: str, query: JSON) -> bool:
        """Remove rows for good, and say whether all are gone: if not, they count for nobody as before, and the next run tries."""
        options = {"conflicts": "proceed", "refresh": "true"}
        try:
            # What a killed run has sent may not be searchable before.
            self._connection.call(lambda client, params: client.indices.refresh(index=index, params=params))
            found: JSON = self._connection.call(
                lambda client, params: client.delete_by_query(
                    index=index, body={"query": query}, params={**params, **options}
                )
            )
        except EngineUnavailable as error:
            _LOG.warning("%s %s", error.message, "; ".join(error.details))
            return False
        return not (found["failures"] or found["timed_out"] or found["version_conflicts"])
