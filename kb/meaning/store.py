"""Vectors on disk, by the hash of the text that each was made of: nothing is encoded twice, not even for a new build.

One file a model, of records that are only ever added at its end: 16 bytes of the text's hash, a CRC of the rest of the
record, a float32 scale, and the vector in 8-bit numbers. A record that was cut short or spoilt by a crash is left out by every
reader; the next writer cuts off what is no whole record. Eight bits take a quarter of the memory, make comparing faster, and
rank the same (docs/relevance.md).
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.disk import lock, write_bytes_atomic
from kb.errors import IndexLocked
from kb.meaning.encoder import Encoder, Vectors
from kb.meaning.passages import DIGEST_BYTES

_FILE = "vectors"
_LARGEST = 127


class Rows(NamedTuple):
    """Vectors in 8 bits: a vector is its row of ``numbers`` times its scale."""

    numbers: NDArray[np.int8]
    scales: Vectors


def packed(vectors: Vectors) -> Rows:
    """Vectors in 8 bits."""
    scales = np.abs(vectors).max(axis=1, initial=0) / _LARGEST
    safe = np.where(scales > 0, scales, 1)[:, None]
    return Rows(np.rint(vectors / safe).astype(np.int8), scales.astype(np.float32))


class VectorStore:
    """The vectors of one model. Read by many at once; ``writing`` lets one process add to them."""

    def __init__(self, index: Path, name: str, dimensions: int) -> None:
        self.folder = index / "meaning" / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('.-')}-{dimensions}"
        self._path = self.folder / _FILE
        self._record = np.dtype(
            [("digest", f"V{DIGEST_BYTES}"), ("check", "<u4"), ("scale", "<f4"), ("numbers", "i1", (dimensions,))]
        )

    @property
    def stamp(self) -> tuple[int, int]:
        """Equal as long as the file is the same."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_ino, found.st_size)

    def digests(self) -> dict[bytes, int]:
        """The hash of each text that there is a vector of, with its record."""
        records = self._records()
        return {records["digest"][at].tobytes(): int(at) for at in np.flatnonzero(self._sound(records))}

    def rows(self, digests: Sequence[bytes]) -> tuple[Rows, NDArray[np.bool_]]:
        """The vectors of texts, and for which texts there is one; the others' rows are zero."""
        records = self._records()
        sound = np.flatnonzero(self._sound(records))
        places = {records["digest"][at].tobytes(): at for at in sound}
        at = np.array([places.get(digest, -1) for digest in digests], dtype=np.int64)
        known = at >= 0
        numbers = np.zeros((len(digests), *self._record["numbers"].shape), np.int8)
        scales = np.zeros(len(digests), np.float32)
        numbers[known] = records["numbers"][at[known]]
        scales[known] = records["scale"][at[known]]
        return Rows(numbers, scales), known

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the only right to write. Raises IndexLocked where another process has it."""
        with lock(self.folder):
            self._mend()
            yield

    @property
    def busy(self) -> bool:
        """Whether somebody is writing."""
        try:
            with lock(self.folder):
                return False
        except IndexLocked:
            return True

    def add(self, digests: Sequence[bytes], vectors: Vectors) -> None:
        """Add vectors at the end; once this returns, they survive a crash. Only within ``writing``."""
        records = np.zeros(len(digests), self._record)
        rows = packed(vectors)
        records["digest"] = np.frombuffer(b"".join(digests), f"V{DIGEST_BYTES}")
        records["scale"], records["numbers"] = rows.scales, rows.numbers
        records["check"] = _checks(records)
        with self._path.open("ab") as file:
            file.write(records.tobytes())
            file.flush()
            os.fsync(file.fileno())

    def prune(self, wanted: Collection[bytes]) -> int:
        """Forget the vectors of all other texts, and say of how many. Only within ``writing``; readers keep what they have."""
        records = self._records()
        kept = [at for digest, at in self.digests().items() if digest in wanted]
        gone = len(records) - len(kept)
        if gone:
            self._replace(records[kept])
        return gone

    def _mend(self) -> None:
        """Cut off what a crash left unfinished: what is added next must begin where a record may begin."""
        if self.stamp[1] % self._record.itemsize:
            os.truncate(self._path, self.stamp[1] // self._record.itemsize * self._record.itemsize)

    def _replace(self, records: NDArray[np.void]) -> None:
        write_bytes_atomic(self._path, records.tobytes())

    def _records(self) -> NDArray[np.void]:
        """All whole records, mapped into memory."""
        count = self.stamp[1] // self._record.itemsize
        if not count:
            return np.zeros(0, self._record)
        return np.memmap(self._path, self._record, "r", shape=(count,))

    @staticmethod
    def _sound(records: NDArray[np.void]) -> NDArray[np.bool_]:
        sound: NDArray[np.bool_] = records["check"] == _checks(records)
        return sound


def _checks(records: NDArray[np.void]) -> NDArray[np.uint32]:
    """The CRC of each record's scale and numbers."""
    skipped = records.dtype.fields["scale"][1] if records.dtype.fields else 0
    size = records.dtype.itemsize
    data = memoryview(records.tobytes())
    # A record of zeros, which a crash may leave, has a check of zero too: one is added.
    checks = [zlib.crc32(data[at + skipped : at + size], 1) for at in range(0, len(records) * size, size)]
    return np.array(checks, np.uint32)


def store_of(index: Path, encoder: Encoder) -> VectorStore:
    """The vectors of a model in an index."""
    return VectorStore(index, encoder.name, encoder.dimensions)
