"""Rows of one commit → values: a search each time for what lies anywhere, and what is known of all documents, kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kb.deadline import check, untimed
from kb.engine.opensearch.bitmap import unpacked
from kb.engine.opensearch.commits import Commit, Dead
from kb.engine.opensearch.connection import Connection, Missing
from kb.engine.opensearch.layout import DOCUMENT, FIELDS, WORDS, counted, dead_id
from kb.engine.opensearch.queries import Alive
from kb.errors import IndexDamaged

JSON = dict[str, Any]
Value = TypeVar("Value")
_ROWS = 2_000
"""So many at once: a page of text has some kilobytes."""


class Rows:
    """The rows of one commit."""

    def __init__(self, connection: Connection, commit: Commit) -> None:
        self._connection = connection
        self._build = commit.build
        self._alive = Alive(commit)

    def search(self, bodies: Sequence[JSON]) -> list[JSON]:
        """The answers to searches. Raises IndexDamaged where the index is gone."""
        try:
            return self._connection.search(self._build, bodies)
        except Missing:
            raise gone(self._build) from None

    def each(
        self, row: str, *filters: JSON, source: Sequence[str], sort: Sequence[str] = ("ord",), size: int = _ROWS
    ) -> Iterator[JSON]:
        """All rows of a kind, in order of numbers that are not the same in any two; and the first of these."""
        after: list[Any] | None = None
        query = self._alive.rows(row, *filters)
        while True:
            check()
            body: JSON = {
                "size": size,
                "query": query,
                "sort": [{name: "asc"} for name in sort],
                "_source": list(source),
                "track_total_hits": False,
            }
            if after is not None:
                body["search_after"] = after
            hits = self.search([body])[0]["hits"]["hits"]
            yield from ({**hit["_source"], sort[0]: hit["sort"][0]} for hit in hits)
            if len(hits) < size:
                return
            after = hits[-1]["sort"]

    def dead(self, commits: Iterable[Dead]) -> frozenset[int]:
        """Which documents these commits have removed or replaced, by ``ord``."""
        ids = [dead_id(each.number) for each in commits]
        if not ids:
            return frozenset()
        body = {"size": len(ids), "query": {"ids": {"values": ids}}, "_source": ["dead"], "track_total_hits": False}
        hits = self.search([body])[0]["hits"]["hits"]
        return frozenset().union(*(unpacked(hit["_source"]["dead"]) for hit in hits))


def gone(build: str) -> IndexDamaged:
    """The error of a build that the state names and the cluster lacks."""
    return IndexDamaged(
        "Indeks jest uszkodzony. Uruchom „kb index”: zbuduje go od nowa z tekstów, które już odczytano.",
        [f"w klastrze OpenSearch nie ma indeksu {build}"],
    )


class Followed(Generic[Value]):
    """What was worked out for a commit, brought up to the next ones by what is new in them; for all states of a store.

    ``whole`` makes it of one commit, ``changed`` of a value of an earlier one. The one at hand is that of the newest commit
    that was asked for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Commit, Value] | None = None

    def of(self, commit: Commit, whole: Callable[[], Value], changed: Callable[[Value, Commit], Value]) -> Value:
        """The value for a commit."""
        kept = self._kept
        if kept is not None and _same(kept[0], commit):
            return kept[1]
        with untimed(), self._lock:
            kept = self._kept
            if kept is not None and _same(kept[0], commit):
                return kept[1]
            if kept is None or kept[0].build != commit.build or kept[0].number < commit.forgotten:
                value = whole()
            elif kept[0].number > commit.number:  # a state of before
                return whole()
            else:
                value = changed(kept[1], kept[0])
            self._kept = (commit, value)
            return value


def _same(one: Commit, other: Commit) -> bool:
    return (one.build, one.number) == (other.build, other.number)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What is known of each document: what was sent of it, and the names of its pages."""

    ord: int
    stored: Mapping[str, Any]
    names: Sequence[tuple[int, str]]
    pages: int


def documents_of(
    rows: Rows, commit: Commit, followed: Followed[Mapping[int, DocumentRow]]
) -> Mapping[int, DocumentRow]:
    """All documents of a commit by ``ord``, which is the order in which they were added."""

    def read(*filters: JSON) -> dict[int, DocumentRow]:
        found = rows.each(DOCUMENT, *filters, source=["stored", "names", "words.pages"])
        return {
            own["ord"]: DocumentRow(own["ord"], own["stored"], own["names"], own["words"]["pages"]) for own in found
        }

    def changed(before: Mapping[int, DocumentRow], then: Commit) -> dict[int, DocumentRow]:
        dead = rows.dead(each for each in commit.dead if each.number > then.number)
        kept = {ord: own for ord, own in before.items() if ord not in dead}
        return kept | read({"range": {"born": {"gt": then.number}}})

    return followed.of(commit, read, changed)


def words_of(
    rows: Rows, commit: Commit, followed: Followed[Mapping[str, Mapping[str, int]]]
) -> Mapping[str, Mapping[str, int]]:
    """On how many pages each term stands, by field: the sum of what each commit has changed."""

    def read(*filters: JSON, of: Mapping[str, Mapping[str, int]] | None = None) -> dict[str, dict[str, int]]:
        found = {field: dict((of or {}).get(field, {})) for field in FIELDS}
        for own in rows.each(WORDS, *filters, source=["words"], sort=("born", "number"), size=20):
            for field, text in own["words"].items():
                counts = found[field]
                for term, count in counted(text).items():
                    left = counts.get(term, 0) + count
                    if left:
                        counts[term] = left
                    else:
                        del counts[term]
        return found

    def changed(before: Mapping[str, Mapping[str, int]], then: Commit) -> dict[str, dict[str, int]]:
        return read({"range": {"born": {"gt": then.number}}}, of=before)

    return followed.of(commit, read, changed)
