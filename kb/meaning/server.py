"""An encoder at the other end of a line: any server that speaks the embeddings API of OpenAI (``POST …/embeddings``)."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np

from kb.errors import EncoderUnavailable
from kb.meaning.encoder import Vectors, unit

_QUERY_SECONDS = 2.0
"""A reader waits for a query: rather words alone than late."""
_PASSAGES_SECONDS = 120.0
_REST_SECONDS = 30.0
"""After a failure queries are not sent for so long, so that readers do not wait for a server that is down."""
_MOST_BYTES = 64 * 1024 * 1024


class ServerEncoder:
    """A model behind an address such as ``http://127.0.0.1:8080/v1``. Safe to use from many threads."""

    def __init__(self, address: str, model: str = "", key: str = "") -> None:
        address = address.rstrip("/")
        path = urlsplit(address).path
        self._address = (
            address if path.endswith("/embeddings") else f"{address if path else address + '/v1'}/embeddings"
        )
        self._model = model
        self._key = key
        self._tells_kind = True
        self._rests_until = 0.0
        self.name = model or f"model-{urlsplit(address).hostname}"

    @cached_property
    def dimensions(self) -> int:
        """How many numbers a vector has: the server is asked for one, with a query's patience."""
        return int(self.encode_queries(["wymiar"]).shape[1])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """A row for each query."""
        if time.monotonic() < self._rests_until:
            raise EncoderUnavailable("Serwer znaczeń przed chwilą nie odpowiadał.")
        try:
            return self._ask(texts, "query", _QUERY_SECONDS)
        except EncoderUnavailable:
            self._rests_until = time.monotonic() + _REST_SECONDS
            raise

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """A row for each passage."""
        return self._ask(texts, "passage", _PASSAGES_SECONDS)

    def _ask(self, texts: Sequence[str], kind: Literal["query", "passage"], seconds: float) -> Vectors:
        """The vectors of texts. Raises EncoderUnavailable, whatever is wrong."""
        body: dict[str, Any] = {"model": self._model, "input": list(texts)}
        if self._tells_kind:
            body["input_type"] = kind
        try:
            answer = self._post(body, seconds)
        except urllib.error.HTTPError as error:
            if error.code not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY) or not self._tells_kind:
                raise self._unavailable(f"HTTP {error.code}") from None
            # OpenAI's own server takes no key that it does not know; others need it to tell queries from passages.
            self._tells_kind = False
            return self._ask(texts, kind, seconds)
        except (OSError, ValueError) as error:
            raise self._unavailable(str(error) or type(error).__name__) from None
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], np.float32)
        except (KeyError, TypeError, ValueError):
            raise self._unavailable("odpowiedź nie zawiera wektorów") from None
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise self._unavailable("odpowiedź nie zawiera po jednym wektorze dla każdego tekstu")
        return unit(vectors)

    def _post(self, body: dict[str, Any], seconds: float) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._address, json.dumps(body).encode(), headers)  # noqa: S310  # http alone
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310  # settings allow http(s) alone
            return json.loads(answer.read(_MOST_BYTES))

    def _unavailable(self, reason: str) -> EncoderUnavailable:
        return EncoderUnavailable("Serwer znaczeń (KB_MEANING) nie odpowiada jak należy.", [reason])
