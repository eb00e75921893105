"""Files opened without a wait, files that survive a crash, and the lock that lets one process write."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from kb.errors import IndexLocked

_SYNCS = 16
_KNOWN_FILES = 1_000
"""Whose hashes are remembered: every page of a document asks for that of its file."""


def open_file(path: str | Path, *, follow: bool = True) -> BinaryIO:
    """A regular file to be read. Raises OSError, also for anything else that has the name: a pipe would be waited for.

    Unless ``follow``, a link is something else, too: whoever made it may not be allowed to read where it leads.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(0, "to nie jest zwykły plik")


def stamp(path: Path | str) -> object:
    """Another value when a file has changed; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def version_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal: read once as long as the file is the same. Raises OSError."""
    return _version_of(path, stamp(path))


@lru_cache(maxsize=_KNOWN_FILES)
def _version_of(path: Path, _: object) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sealed(content: bytes) -> bytes:
    """The content behind its digest, so that ``unsealed`` knows whether it is still what was written."""
    return digest(content) + b" " + content


def unsealed(data: bytes) -> bytes:
    """The content of a sealed file. Raises ValueError where a disk or a hand has changed it."""
    written, _, content = data.partition(b" ")
    if written != digest(content):
        raise ValueError
    return content


def digest(content: bytes) -> bytes:
    """What tells a content from what a fault makes of it, in hexadecimal."""
    # Against chance, not malice: half the length of what names versions is plenty.
    return hashlib.blake2b(content, digest_size=16).hexdigest().encode()


def write_atomic(path: Path, text: str) -> None:
    """Write a file so that every reader sees the old or the new text, also after a crash."""
    write_bytes_atomic(path, text.encode())


def write_bytes_atomic(path: Path, content: bytes) -> None:
    """The same for any content."""
    temporary = path.with_name(path.name + ".tmp")
    with writing_to(temporary) as file:
        file.write(content)
    os.replace(temporary, path)


@contextmanager
def writing_to(path: Path, *, sync: bool = True) -> Generator[BinaryIO, None, None]:
    """A new file, on the disk when the context ends; where anything goes wrong, nothing is left of it.

    Without ``sync`` the disk has it after ``sync_all``. An OSError of the disk names the file.
    """
    try:
        with path.open("wb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


def sync_all(paths: Iterable[Path]) -> None:
    """Wait until the disk has all these files: many at once, since it then writes them in one go. Raises OSError."""
    everything = list(paths)
    # To hand over each file alone would cost more than most disks need for it.
    shares = [share for start in range(_SYNCS) if (share := everything[start::_SYNCS])]
    with ThreadPoolExecutor(_SYNCS) as threads:
        for _ in threads.map(_sync, shares):
            pass


def _sync(paths: Sequence[Path]) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            error.filename = str(path)
            raise
        finally:
            os.close(descriptor)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the only right to write in a folder. Raises IndexLocked that names the holder.

    The kernel frees a dead holder's lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise IndexLocked(
                "Inne indeksowanie właśnie trwa. Poczekaj, aż się skończy, i spróbuj ponownie.",
                [file.read().strip() or "nie wiadomo, który proces trzyma blokadę"],
            ) from None
        file.truncate(0)
        with suppress(OSError):  # on a full disk the lock holds without its note
            note = f"proces {os.getpid()}, początek {datetime.now().isoformat(' ', 'seconds')}\n"
            os.write(file.fileno(), note.encode())
        try:
            yield
        finally:
            file.truncate(0)
