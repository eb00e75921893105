"""A small server that speaks the embeddings API, with a model of meaning that a test can follow: a list of subjects."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

SUBJECTS = (
    "dług kredyt pożyczk zadłuż",
    "autobus tramwaj dojazd przewoz",
    "opiek senior staru babci",
    "las drzew park ziele",
)
"""Words that begin alike or stand in one line mean the same."""


def meaning(text: str) -> list[float]:
    """A vector: how often each subject is spoken of, and, a little, how long the text is."""
    low = text.lower()
    counts = [float(sum(low.count(stem) for stem in subject.split())) for subject in SUBJECTS]
    return [*counts, 0.2 + 0.001 * (len(text) % 7)]


@dataclass
class Server:
    """What the server was asked, and how it is to fail."""

    address: str = ""
    asked: list[dict[str, object]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    knows_input_type: bool = True

    def answer(self, request: dict[str, object]) -> tuple[int, bytes]:
        """Status and body for a request."""
        self.asked.append(request)
        if self.status != 200 or self.body is not None:
            return self.status, self.body or b"{}"
        if "input_type" in request and not self.knows_input_type:
            return 400, b'{"error": {"message": "Unrecognized request argument: input_type"}}'
        texts = request["input"]
        assert isinstance(texts, Sequence)
        rows = [{"index": at, "embedding": meaning(text)} for at, text in enumerate(texts)]
        return 200, json.dumps({"data": rows[::-1]}).encode()


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            state.keys.append(self.headers["Authorization"])
            status, body = state.answer(json.loads(content)) if self.path == "/v1/embeddings" else (404, b"{}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        state.address = f"http://127.0.0.1:{http.server_port}"
        try:
            yield state
        finally:
            http.shutdown()
            thread.join()


def vectors(*rows: Sequence[float]) -> np.ndarray:
    """Rows as an encoder gives them."""
    return np.array(rows, np.float32)
