"""Which page has which passages, as of one state of the index: kept in a file, so that a search need not read every page."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.disk import stamp, write_bytes_atomic
from kb.engine import State
from kb.meaning.passages import DIGEST_BYTES, passages

FILE = "pages.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The passages of all pages, in order: of ``documents[owners[i]]``, page ``numbers[i]``, with the hash ``digests[i]``."""

    key: str
    pages: int
    documents: tuple[str, ...]
    owners: NDArray[np.int32]
    numbers: NDArray[np.int32]
    digests: tuple[bytes, ...]

    @property
    def starts(self) -> NDArray[np.intp]:
        """Where each page's passages begin."""
        if not len(self.owners):
            return np.zeros(0, np.intp)
        new = (np.diff(self.owners, prepend=-1) != 0) | (np.diff(self.numbers, prepend=-1) != 0)
        return np.flatnonzero(new)

    def only(self, chosen: NDArray[np.bool_]) -> Places:
        """Some of the passages."""
        digests = tuple(digest for digest, kept in zip(self.digests, chosen.tolist(), strict=True) if kept)
        return Places(self.key, self.pages, self.documents, self.owners[chosen], self.numbers[chosen], digests)

    def done(self, known: NDArray[np.bool_]) -> int:
        """How many pages have all their vectors, those without words among them."""
        starts = self.starts
        wanted = int(np.count_nonzero(~np.logical_and.reduceat(known, starts))) if len(starts) else 0
        return self.pages - wanted

    def save(self, folder: Path) -> None:
        """Write the file, all at once."""
        described = json.dumps({"key": self.key, "pages": self.pages, "documents": self.documents})
        content = io.BytesIO()
        np.savez(
            content,
            described=np.frombuffer(described.encode(), np.uint8),
            owners=self.owners,
            numbers=self.numbers,
            digests=np.frombuffer(b"".join(self.digests), np.uint8),
        )
        write_bytes_atomic(folder / FILE, content.getvalue())


def load(folder: Path) -> Places | None:
    """What was saved; None where there is nothing that can be read."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as saved:
            described = json.loads(saved["described"].tobytes())
            joined = saved["digests"].tobytes()
            digests = tuple(joined[at : at + DIGEST_BYTES] for at in range(0, len(joined), DIGEST_BYTES))
            return Places(
                described["key"],
                described["pages"],
                tuple(described["documents"]),
                saved["owners"],
                saved["numbers"],
                digests,
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def stamp_of(folder: Path) -> object:
    """Equal as long as nothing was saved."""
    return stamp(folder / FILE)


def survey(state: State) -> tuple[Places, dict[bytes, str]]:
    """The passages of a state, newest documents first, and the text of each hash."""
    documents = state.documents()
    owners: list[int] = []
    numbers: list[int] = []
    digests: list[bytes] = []
    texts: dict[bytes, str] = {}
    for owner, document in enumerate(documents):
        for page in state.pages(document.id):
            for passage in passages(document.title, page):
                owners.append(owner)
                numbers.append(page.number)
                digests.append(passage.digest)
                texts[passage.digest] = passage.text
    places = Places(
        key_of(state.key),
        state.size.pages,
        tuple(document.id for document in documents),
        np.array(owners, np.int32),
        np.array(numbers, np.int32),
        tuple(digests),
    )
    return places, texts


def key_of(key: Hashable) -> str:
    """A state's key, as it is written down."""
    return repr(key)
