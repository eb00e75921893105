"""The checksums of a commit: written before it can be seen, compared before it is read.

``_MAIN_<n>.sums`` beside Whoosh's table of contents ``_MAIN_<n>.toc``: the size in bytes and the CRC-32 of that table and of
every file of the segments that were there, by name, behind a digest of that list. A disk, a copy cut short or a stray hand
changes a file by chance, not on purpose, so a CRC is enough: 200 MB take some 0.2 s.
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from kb.disk import sealed, unsealed, write_bytes_atomic
from kb.errors import IndexDamaged

TOC = re.compile(r"_MAIN_(\d+)\.toc")
_SEGMENT = re.compile(r"(MAIN_[0-9a-z]+)\.[A-Za-z0-9_.]+")
_BLOCK_BYTES = 1024 * 1024
_MOST_KNOWN = 10_000

Sum = tuple[int, int]
Sums = dict[str, Sum]

_sound: set[tuple[int, int, int, Sum]] = set()
"""Files that this process has compared already: device, inode, time of change, sum. No program can put that time back."""
_RECALLED_SECONDS = 24 * 60 * 60
_BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Another text after each start of the machine; what lay in memory then may have got to the disk or not."""


def write(folder: Path, toc: str, temporary: str) -> None:
    """Keep the sums of a commit that is about to be seen; its table of contents still has the name ``temporary``."""
    before = _latest(folder)
    # A segment never changes, so its sums are those of the commit that wrote it.
    sums = {
        path.name: before.get(path.name) or _sum_of(path)
        for path in sorted(folder.iterdir())
        if _SEGMENT.fullmatch(path.name)
    }
    sums[toc] = _sum_of(folder / temporary)
    write_bytes_atomic(_path(folder, toc), sealed(json.dumps(sums).encode()))


def check_toc(folder: Path, toc: str) -> Sums:
    """The sums of a commit, its table of contents compared. Raises IndexDamaged, FileNotFoundError where it is gone."""
    path = _path(folder, toc)
    try:
        text = _unsealed(path.read_bytes())
    except FileNotFoundError:
        if (folder / toc).exists():
            raise damaged(path.name) from None
        raise
    except ValueError:
        raise damaged(path.name) from None
    sums = {name: (size, crc) for name, (size, crc) in json.loads(text).items()}
    _compare(folder / toc, sums)
    return sums


def _unsealed(data: bytes) -> bytes:
    """The list behind its digest. Raises ValueError where it is not as it was written."""
    own, _, text = data.partition(b" ")
    # Builds of before had a CRC here: one that is to be replaced may still have to say what was in it.
    return text if own == b"%08x" % zlib.crc32(text) else unsealed(data)


class Looked:
    """What the writer has compared, kept in a file for its next run: to read a large index whole takes longer than the run.

    It holds for a day, and until the machine starts anew: then everything is compared again. Whoever finds damage forgets it.
    Readers compare everything themselves.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._since = 0.0
        self._known: set[tuple[int, int, int, Sum]] = set()

    def recall(self) -> None:
        """Take files that are as they were when they were compared for sound."""
        self._read()
        _sound.update(self._known)

    def _read(self) -> None:
        self._known = set()
        with suppress(OSError, ValueError, TypeError):
            boot, self._since, files = json.loads(unsealed(self._path.read_bytes()))
            if boot == _boot() and 0 <= time.time() - self._since < _RECALLED_SECONDS:
                self._known = {(device, inode, changed, (size, crc)) for device, inode, changed, (size, crc) in files}

    def covers(self, files: Iterable[tuple[str, os.stat_result]]) -> bool:
        """Whether the writer may still take each of these files that has a checksum for sound."""
        self._read()
        known = {(device, inode, changed, size) for device, inode, changed, (size, _) in self._known}
        return all(
            (found.st_dev, found.st_ino, found.st_ctime_ns, found.st_size) in known
            for name, found in files
            if TOC.fullmatch(name) or _SEGMENT.fullmatch(name)
        )

    def keep(self) -> None:
        """Remember what has been compared by now; nothing is lost when that fails."""
        if _sound == self._known or not _boot():
            return
        content = [_boot(), self._since if self._known else time.time(), sorted(_sound)]
        with suppress(OSError):
            write_bytes_atomic(self._path, sealed(json.dumps(content).encode()))

    def forget(self) -> None:
        """Have the writer compare everything."""
        with suppress(OSError):
            self._path.unlink()


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def check_segments(folder: Path, sums: Sums, segments: set[str]) -> None:
    """Compare every file of these segments. Raises IndexDamaged, FileNotFoundError."""
    found = {name for name in sums if (match := _SEGMENT.fullmatch(name)) and match[1] in segments}
    for name in sorted(found):
        _compare(folder / name, sums)


def forget_all_but_latest(folder: Path) -> None:
    """Remove the sums of earlier commits."""
    kept = _path(folder, f"_MAIN_{max(_generations(folder), default=0)}.toc").name
    for path in folder.glob("_MAIN_*.sums"):
        if path.name != kept:
            path.unlink(missing_ok=True)


def damaged(*names: str) -> IndexDamaged:
    """The error that names the files."""
    return IndexDamaged(
        "Indeks jest uszkodzony. Uruchom „kb index”: zbuduje go od nowa z tekstów, które już odczytano.",
        [f"uszkodzony plik: {name}" for name in names],
    )


def _compare(path: Path, sums: Sums) -> None:
    wanted = sums.get(path.name)
    found = path.stat()
    if wanted is None or found.st_size != wanted[0]:
        raise damaged(path.name)
    known = (found.st_dev, found.st_ino, found.st_ctime_ns, wanted)
    if known in _sound:
        return
    if _sum_of(path) != wanted:
        raise damaged(path.name)
    if len(_sound) >= _MOST_KNOWN:
        _sound.clear()
    _sound.add(known)


def _sum_of(path: Path) -> Sum:
    size = crc = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            size += len(block)
            crc = zlib.crc32(block, crc)
    return size, crc


def _latest(folder: Path) -> Sums:
    latest = max(_generations(folder), default=None)
    if latest is None:
        return {}
    try:
        return check_toc(folder, f"_MAIN_{latest}.toc")
    except (IndexDamaged, OSError):
        return {}


def _generations(folder: Path) -> Iterator[int]:
    return (int(match[1]) for name in os.listdir(folder) if (match := TOC.fullmatch(name)))


def _path(folder: Path, toc: str) -> Path:
    return folder / f"{toc.removesuffix('.toc')}.sums"
