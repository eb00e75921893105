"""The way to a cluster: requests that go on to another node, answers that are whole, and errors that say what to do.

Nothing else imports ``opensearchpy``. Passwords stay in the client: no message and no log line has them.
"""

from __future__ import annotations

import logging
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import opensearchpy
from opensearchpy import exceptions

from kb import deadline
from kb.errors import EngineUnavailable, KbError, SettingsError
from kb.settings import Settings

JSON = dict[str, Any]
Answer = TypeVar("Answer")

_SECONDS = 60.0
"""For one request of nobody who waits: the indexer, the command line."""
_LEAST_SECONDS = 0.05
_MORE_TRIES = 2
"""Once each node has failed: a cluster that loses one needs a moment."""
_LAST_SECONDS = 0.3
"""With less time left nothing is tried again: a reader is told what is wrong, not that the question was too long."""
_PAUSE_SECONDS = 0.1
PATIENCE = 300.0
"""Seconds for a cluster that has lost a node to mend itself: the work of hours may hang on it."""
_BUSY = {429, 502, 503, 504}
_LOST_NODE = ("Node not connected", "node_disconnected", "node_closed")
_CLAUSES = ("too_many_clauses", "maxClauseCount", "too_many_nested_clauses")
_NO_ROOM = ("flood-stage", "read-only", "disk usage exceeded", "disk watermark")

logging.getLogger("opensearch").setLevel(logging.CRITICAL)  # it logs each try; what came of them is told by the error


class VersionConflict(Exception):
    """Somebody else has written a document since it was read."""


class Missing(Exception):
    """No such index or document."""


class Connection:
    """A client of the cluster's nodes. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        self.urls = [url.strip().rstrip("/") for url in settings.opensearch_url.split(",") if url.strip()]
        password = settings.opensearch_password.get_secret_value()
        if settings.opensearch_password_file is not None:
            password = _read(str(settings.opensearch_password_file), "KB_OPENSEARCH_PASSWORD_FILE").strip()
        self._client = opensearchpy.OpenSearch(
            hosts=self.urls,
            headers=_signed(settings.opensearch_user, password) if settings.opensearch_user else None,
            ssl_context=_ssl_context(settings) if any(url.startswith("https://") for url in self.urls) else None,
            max_retries=0,  # tried again below, where it is known how long somebody waits
            retry_on_timeout=True,  # a node that hangs is left alone for a while
            pool_maxsize=16,
        )

    def get(self, index: str, id: str) -> JSON:
        """A document as it is now, refreshed or not. Raises Missing."""
        return self._tried(lambda seconds: self._client.get(index=index, id=id, params={"request_timeout": seconds}))

    def put(self, index: str, id: str, body: JSON, at: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write a document where it is still as it was ``at``; the new place. Raises VersionConflict."""

        def write(seconds: float) -> JSON:
            params = {"request_timeout": seconds, **at}
            found: JSON = self._client.index(index=index, id=id, body=body, params=params)
            return found

        try:
            return place_of(self._tried(write, patience=PATIENCE))
        except VersionConflict:
            # A request whose answer was lost may have been heard, and this is the second one.
            found = self.get(index, id)
            if found["_source"] == body:
                return place_of(found)
            raise

    def delete(self, index: str, id: str, at: Mapping[str, Any]) -> None:
        """Remove a document where it is still as it was ``at``; one that is gone, or another's, is no error."""
        with suppress(Missing, VersionConflict):
            self._tried(
                lambda seconds: self._client.delete(index=index, id=id, params={"request_timeout": seconds, **at})
            )

    def search(self, index: str, bodies: Sequence[JSON]) -> list[JSON]:
        """The answers to searches, each of all shards: one that lacks any is an error. Raises Missing."""
        if not bodies:
            return []

        def ask(seconds: float) -> list[JSON]:
            # Of its own copies of the shards a node asks itself: so no third node has to be well.
            head: JSON = {"allow_partial_search_results": False, "preference": "_local"}
            if deadline.left() is not None:  # what nobody waits for any more is not worked on
                head["cancel_after_time_interval"] = f"{max(int(1000 * seconds), 1)}ms"
            lines = [line for body in bodies for line in (head, body)]
            params: JSON = {"request_timeout": seconds}
            found = self._client.msearch(index=index, body=lines, params=params)["responses"]
            for each in found:
                if each.get("status") == 404:
                    raise Missing(str(each["error"]))
                if "error" in each:
                    raise exceptions.TransportError(each.get("status", 500), str(each["error"]), each["error"])
                if (
                    each["timed_out"]
                    or each["_shards"]["failed"]
                    or each["_shards"]["successful"] < each["_shards"]["total"]
                ):
                    raise exceptions.TransportError(503, "partial results", each["_shards"])
            return list(found)

        return self._tried(ask)

    def bulk(self, index: str, lines: bytes) -> None:
        """Send actions and their rows; sent twice they do the same. Raises KbError where a row is refused."""

        def send(seconds: float) -> None:
            # Of rows that are taken nothing need be told.
            params = {"request_timeout": seconds, "filter_path": "errors,items.*.error,items.*.status"}
            found = self._client.bulk(index=index, body=lines, params=params)
            if found["errors"]:
                results = [result for item in found["items"] for result in item.values() if "error" in result]
                first = max(results, key=lambda result: result["status"] in _BUSY)
                raise exceptions.TransportError(first["status"], first["error"]["type"], first["error"])

        self._tried(send, patience=PATIENCE)

    def health(self, index: str) -> JSON:
        """How the cluster is, and the shards of an index."""
        found: JSON = self.call(lambda client, params: client.cluster.health(index=index, params=params))
        return found

    def call(self, ask: Callable[[opensearchpy.OpenSearch, JSON], Answer], patience: float = 0.0) -> Answer:
        """Any other request: ``ask`` gets the client and the parameters that limit its time."""
        return self._tried(lambda seconds: ask(self._client, {"request_timeout": seconds}), patience)

    def _tried(self, ask: Callable[[float], Answer], patience: float = 0.0) -> Answer:
        """Ask each node, and some again; with ``patience`` for so many seconds. A request has no more time than it has left."""
        end = time.monotonic() + (patience or _SECONDS)
        tries = len(self.urls) + _MORE_TRIES
        attempt = 0
        while True:
            deadline.check()
            attempt += 1
            left = deadline.left()
            seconds = _SECONDS if left is None else max(_LEAST_SECONDS, left / 2 if attempt < len(self.urls) else left)
            try:
                return ask(seconds)
            except exceptions.NotFoundError as error:
                raise Missing(str(error)) from None
            except exceptions.ConflictError:
                raise VersionConflict from None
            except exceptions.OpenSearchException as error:
                left = deadline.left()
                if left is not None and left < _LAST_SECONDS:
                    if isinstance(error, exceptions.ConnectionTimeout):
                        deadline.check()
                    raise self._said(error) from None
                # A cluster that answers is about to mend itself: then a reader's time is spent on waiting for it.
                mending = bool(patience) or (left is not None and not isinstance(error, exceptions.ConnectionError))
                if not _passing(error) or time.monotonic() >= end or (attempt >= tries and not mending):
                    raise self._said(error) from None
                if attempt >= len(self.urls):
                    time.sleep(_PAUSE_SECONDS)

    def _said(self, error: exceptions.OpenSearchException) -> KbError:
        """What an administrator is told."""
        where = ", ".join(self.urls)
        if isinstance(error, exceptions.SSLError) or "certificate" in str(error).lower():
            return EngineUnavailable(
                "Połączenie z klastrem OpenSearch nie jest bezpieczne: certyfikaty się nie zgadzają. Sprawdź "
                "KB_OPENSEARCH_CA, a gdy klaster wymaga certyfikatu klienta, także KB_OPENSEARCH_CERT.",
                [where, _reason(error)],
            )
        if isinstance(error, exceptions.ConnectionError):
            return EngineUnavailable(
                "Klaster OpenSearch nie odpowiada. Sprawdź, czy działa i czy KB_OPENSEARCH_URL podaje jego adres.",
                [where, _reason(error)],
            )
        if isinstance(error, exceptions.TransportError):
            return self._refused(error)
        return EngineUnavailable("Klaster OpenSearch odpowiada inaczej, niż powinien.", [where, _reason(error)])

    def _refused(self, error: exceptions.TransportError) -> KbError:
        details = [", ".join(self.urls), _reason(error)]
        if _says(error, _NO_ROOM):
            return EngineUnavailable(
                "Klaster OpenSearch nie przyjmuje zapisów: na dysku kończy się miejsce albo indeks jest tylko do odczytu. "
                "Zwolnij miejsce na węzłach; blokadę zdejmuje "
                '„PUT <indeks>/_settings {"index.blocks.read_only_allow_delete": null}”.',
                details,
            )
        if _says(error, _CLAUSES):
            return EngineUnavailable(
                "Pytanie jest dłuższe, niż pozwala klaster OpenSearch. Podnieś w nim ustawienie "
                "indices.query.bool.max_clause_count, na przykład do 16384.",
                details,
            )
        if error.status_code == 401:
            return EngineUnavailable(
                "Klaster OpenSearch nie przyjmuje nazwy użytkownika albo hasła. Sprawdź KB_OPENSEARCH_USER "
                "i KB_OPENSEARCH_PASSWORD.",
                details,
            )
        if error.status_code == 403:
            return EngineUnavailable(
                "Użytkownik z KB_OPENSEARCH_USER nie ma w klastrze OpenSearch potrzebnych uprawnień.", details
            )
        if error.status_code == 429:
            return EngineUnavailable("Klaster OpenSearch ma za dużo pracy naraz albo za mało pamięci.", details)
        if error.status_code in _BUSY:
            return EngineUnavailable(
                "Klaster OpenSearch działa tylko częściowo: nie ma wszystkich fragmentów indeksu albo węzła, który nim "
                "kieruje. Sprawdź jego węzły; pokazuje je „kb status”.",
                [*details, *self._health()],
            )
        return EngineUnavailable("Klaster OpenSearch nie przyjął zapytania.", details)

    def _health(self) -> list[str]:
        """What the cluster says of itself, where it does."""
        try:
            found = self._client.cluster.health(params={"request_timeout": 2, "cluster_manager_timeout": "1s"})
        except exceptions.OpenSearchException:
            return ["nie wiadomo, które węzły działają"]
        lacking = found["initializing_shards"] + found["unassigned_shards"]
        said = f"stan klastra: {found['status']}, węzły: {found['number_of_nodes']}"
        return [f"{said}, działające fragmenty: {found['active_shards']}, brakujące: {lacking}"]


def _passing(error: exceptions.OpenSearchException) -> bool:
    """Whether another node, or the same one a moment later, may answer."""
    if isinstance(error, exceptions.ConnectionError):
        return not isinstance(error, exceptions.SSLError)
    if not isinstance(error, exceptions.TransportError):
        return False
    # A full disk says 429 too, and does not get better by being asked.
    return _says(error, _LOST_NODE) or (error.status_code in _BUSY and not _says(error, _NO_ROOM))


def _says(error: exceptions.TransportError, signs: Collection[str]) -> bool:
    text = f"{error.error} {error.info}"
    return any(sign in text for sign in signs)


def _reason(error: exceptions.OpenSearchException) -> str:
    """The server's own words, on one line, not too many of them."""
    said = str(error)
    if isinstance(error, exceptions.TransportError):
        said = f"{error.status_code} {_cause(error.info) or error.error}"
    return " ".join(said.split())[:300]


def _cause(info: object) -> object:
    """The innermost cause that the server names."""
    while isinstance(info, dict) and (inner := info.get("root_cause") or info.get("error") or info.get("reason")):
        info = inner[0] if isinstance(inner, list) else inner
    return info


def _signed(user: str, password: str) -> dict[str, str]:
    # The library's own way would refuse a password with Polish letters.
    return {"authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def place_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Which version of a document this is, for a write that must not come upon another."""
    return {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.opensearch_ca)
        if settings.opensearch_cert is not None:
            context.load_cert_chain(settings.opensearch_cert)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            "Nie da się odczytać certyfikatów do połączenia z klastrem OpenSearch. Sprawdź KB_OPENSEARCH_CA "
            "i KB_OPENSEARCH_CERT.",
            [str(error)],
        ) from None
    return context


def _read(path: str, name: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise SettingsError(f"Nie da się odczytać pliku z ustawienia {name}.", [str(error)]) from None
