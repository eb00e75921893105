"""The documents folder: which files are there, with hashes of their bytes and of all that their metadata depends on.

Nothing is opened but to take a file's hash, and nothing whose size is over the limit. What cannot be read is found all the
same, with the reason, so that no file vanishes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from kb import limits
from kb.catalogue import DEFAULTS_FILE, TAXONOMY_FILE, Beside, file_inputs, folder_inputs
from kb.disk import open_file, sealed, unsealed, write_bytes_atomic
from kb.formats import SYNONYMS_FILE, UNKNOWN, Format, format_of
from kb.listing import RACY_NANOSECONDS, Entry, Listing, is_readable
from kb.messages import fault
from kb.model import Status
from kb.polish import normalise

_BLOCK = 1024 * 1024
_AT_TOP = (TAXONOMY_FILE, SYNONYMS_FILE)
_OF_SYSTEMS = ("thumbs.db", "desktop.ini")
"""Files that systems put into every folder; hidden ones and those that Office locks files with are never listed either."""
_SAVE_AS_PDF = "zapisz jako PDF"
_ADVICE = (
    (("txt", "text", "markdown", "mdown", "mkd"), "zmień rozszerzenie nazwy na .md"),
    (
        ("jpg", "jpeg", "png", "tif", "tiff", "gif", "bmp", "webp", "heic"),
        f"{_SAVE_AS_PDF} (tekst skanów jest rozpoznawany)",
    ),
    (("zip", "7z", "rar", "gz", "tar", "tgz"), "wypakuj z niego dokumenty"),
    (("doc", "docx", "odt", "rtf", "xls", "xlsx", "ods", "ppt", "pptx", "odp", "html", "htm", "epub"), _SAVE_AS_PDF),
)
"""What to do with files of other formats, by the ends of their names."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


@dataclass(slots=True)
class FoundFile:
    """A file under the documents folder: ``name`` is its path as shown, ``problem`` why it cannot be read at all.

    ``closed``: a folder that cannot be listed, so that nobody knows what is in it. Paths are text: a run over a hundred
    thousand unchanged files would spend more time on making ``Path`` objects than on asking the system about the files.
    """

    path: str
    name: str
    problem: str = ""
    details: os.stat_result | None = None
    metadata: str = ""
    status: Status = Status.DAMAGED
    closed: bool = False
    version: str = ""
    beside: Beside | None = None
    format: Format = UNKNOWN
    """By its name."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.details.st_size if self.details else 0


class Found(NamedTuple):
    """What is in the documents folder: files that could be documents, with their hashes, and others that people put there."""

    documents: list[FoundFile]
    others: list[FoundFile]


def find(listing: Listing, hashes: Hashes) -> Found:
    """Every file that was listed, by name. Of the others ``problem`` says why they are not read."""
    root = listing.root
    everything = list(_walk(listing))
    # By name, then by path: one key after the other, since texts are compared much faster than pairs of them.
    everything.sort(key=attrgetter("path"))
    everything.sort(key=attrgetter("name"))
    found = [entry for entry in everything if entry.status is not Status.SKIPPED]
    before = ""
    for entry in found:
        if entry.name == before:
            entry.problem = (
                "drugi plik o nazwie, która wygląda tak samo (inny zapis tych samych liter); zmień jedną z nich"
            )
            entry.status = Status.DUPLICATE
        elif not entry.problem:
            _hash(root, entry, hashes)
        before = entry.name
    return Found(found, [entry for entry in everything if entry.status is Status.SKIPPED])


def gone(paths: Collection[str], found: Sequence[FoundFile]) -> list[str]:
    """Those of the paths that are no more there; nobody knows that of what lies in a folder that cannot be listed."""
    missing = set(paths)
    if missing:
        missing.difference_update(entry.name for entry in found)
    if not missing:
        return []
    closed = tuple("" if entry.name == "." else f"{entry.name}/" for entry in found if entry.closed)
    return [path for path in paths if path in missing and not path.startswith(closed)]


def _walk(listing: Listing) -> Iterator[FoundFile]:
    root = listing.root
    waiting = [(str(root), "", folder_inputs(root, root), 0)]
    while waiting:
        folder, prefix, inputs, depth = waiting.pop()
        entries = listing.folders[folder]
        if isinstance(entries, OSError):
            problem = f"nie można otworzyć folderu ({_reason(entries)})"
            yield FoundFile(folder, prefix.removesuffix("/") or ".", problem, closed=True)
            continue
        beside = Beside(entry.name for entry in entries)
        for entry in entries:
            if listing.passes_over(entry, at_top=not prefix):
                continue
            name = prefix + shown(entry.name)
            if not entry.folder:
                if found := _found(root, entry, name, inputs, beside):
                    yield found
            elif entry.link:
                yield FoundFile(entry.path, name, "dowiązanie do folderu nie jest czytane; skopiuj tu same pliki")
            else:
                if format_of(entry.name) is not UNKNOWN:
                    yield FoundFile(
                        entry.path, name, "to jest folder, a nie plik; zmień jego nazwę (pliki w nim są czytane)"
                    )
                if depth == limits.FOLDERS_DEEP:
                    problem = f"foldery są czytane najwyżej {depth} poziomy w głąb, a ten leży niżej; przenieś go wyżej"
                    yield FoundFile(entry.path, name, problem, closed=True)
                    continue
                waiting.append((entry.path, f"{name}/", folder_inputs(root, Path(entry.path), inputs), depth + 1))


def _found(root: Path, entry: Entry, name: str, inputs: str, beside: Beside) -> FoundFile | None:
    """The file, None for one that is no document and that no person put there."""
    file_format = format_of(entry.name)
    if file_format is not UNKNOWN:
        return _file(root, entry, name, inputs, beside, file_format)
    problem = _why_skipped(entry.name, beside, at_top="/" not in name)
    return FoundFile(entry.path, name, problem, status=Status.SKIPPED) if problem else None


def _why_skipped(name: str, beside: Beside, *, at_top: bool) -> str:
    """What to do with a file that is not read; "" where no person put it there, or it is read as something else."""
    stem, _, suffix = name.casefold().rpartition(".")
    if name.startswith("~") or name.casefold() in _OF_SYSTEMS:
        return ""
    if suffix in ("yaml", "yml"):
        return _why_unused(name, stem, beside, at_top=at_top)
    if suffix == "txt" and stem.endswith((".yaml", ".yml", ".md")):  # Windows hides the last ending
        return "tego formatu nie czytamy; usuń z nazwy końcowe .txt"
    for suffixes, advice in _ADVICE:
        if suffix in suffixes:
            return f"tego formatu nie czytamy; {advice}"
    return f"tego formatu nie czytamy; {_SAVE_AS_PDF} albo przenieś w inne miejsce"


def _why_unused(name: str, stem: str, beside: Beside, *, at_top: bool) -> str:
    special = f"{stem}.yaml"
    if special == DEFAULTS_FILE or special in _AT_TOP:
        if name != special:
            return f"ten plik nie jest czytany; nazwij go {special}"
        if special in _AT_TOP and not at_top:
            return "ten plik jest czytany tylko w głównym folderze z dokumentami; przenieś go tam"
        return ""
    if beside.is_used(name):
        return ""
    return (
        "opis, do którego nie ma dokumentu; nazwij go tak jak plik PDF, który opisuje (np. raport.yaml przy raport.pdf)"
    )


def _file(root: Path, entry: Entry, name: str, inputs: str, beside: Beside, file_format: Format) -> FoundFile:
    """A file by its looks only: nothing is opened."""
    try:
        if entry.link and root.resolve() not in Path(entry.path).resolve().parents:
            problem = "dowiązanie prowadzi poza folder z dokumentami i nie jest czytane; skopiuj tu sam plik"
            return FoundFile(entry.path, name, problem, format=file_format)
        details = entry.details or os.stat(entry.path)
    except (OSError, RuntimeError) as error:
        return FoundFile(entry.path, name, _cannot_open(error), format=file_format)
    found = FoundFile(entry.path, name, details=details, metadata=inputs, format=file_format, beside=beside)
    if not stat.S_ISREG(details.st_mode):
        found.problem = "to nie jest zwykły plik"
    elif details.st_size > found.format.most_bytes:
        _refuse(found)
    return found


def _refuse(found: FoundFile) -> None:
    found.status = Status.TOO_LARGE
    found.problem = (
        f"Plik jest za duży: ma ponad {found.format.most_bytes // 1024**2} MB, a tyle najwięcej może mieć plik"
        f" {found.format.name}. Podziel go na mniejsze."
    )


def _cannot_open(error: Exception) -> str:
    advice = "sprawdź uprawnienia"
    if isinstance(error, FileNotFoundError):
        advice = "jeżeli to dowiązanie, skopiuj tu sam plik"
    return f"nie można otworzyć pliku ({_reason(error)}); {advice}"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return "ścieżka jest za długa; skróć nazwy folderów"
    return fault(error) if isinstance(error, OSError) else "błędne dowiązanie"


def shown(name: str) -> str:
    """A file's name as people see it, with marks for what is no UTF-8 or no letter or sign; the path itself stays as it is."""
    if name.isascii():
        return name if name.isprintable() else _CONTROL.sub("\ufffd", name)
    return _CONTROL.sub("\ufffd", normalise(os.fsencode(name).decode("utf-8", "replace")))


def _hash(root: Path, entry: FoundFile, hashes: Hashes) -> None:
    assert entry.details is not None
    try:
        kept = hashes.of(entry.path, entry.name, entry.details, entry.format.most_bytes)
        entry.version = kept[_VERSION]
        if entry.beside is None or entry.beside.has_any:
            entry.metadata = file_inputs(root, entry.path, entry.metadata, entry.beside)
        hashes.remember(entry.name, kept, entry.metadata)
    except _TooLarge:
        _refuse(entry)
    except OSError as error:
        entry.problem = _cannot_open(error)


class _TooLarge(Exception):
    """A file has grown over its limit since its size was asked for."""


class _Hashed(NamedTuple):
    """What ``Hashes`` keeps of a file: ``metadata`` is the hash of all else that its metadata depend on."""

    size: int
    changed: int
    taken: int
    version: str
    created: int
    inode: int
    metadata: str


_VERSION, _METADATA = map(_Hashed._fields.index, ("version", "metadata"))
_Kept = Sequence[Any]
"""The same as JSON has it, a list: nearly all of them are only compared with the file's details, and written again."""


class Hashes:
    """SHA-256 of files, remembered so that an unchanged collection is not read at each run.

    A file is the same by its size, its times and its inode: who restores the time of change of another file cannot restore
    the time of that (ctime).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._old: dict[str, _Kept] = {}
        self._new: dict[str, _Kept] = {}
        self.changed: set[str] = set()
        """The names of files whose bytes, or what describes them, are others than at the last run."""
        with suppress(OSError, ValueError, TypeError, AttributeError):
            remembered: dict[str, _Kept] = from_json(unsealed(path.read_bytes()))
            if {*map(len, remembered.values())} <= {len(_Hashed._fields)}:
                self._old = remembered

    def of(self, path: str, name: str, details: os.stat_result, most_bytes: int) -> _Kept:
        """What is to be kept of a file with these ``details``; it is hashed where it is another. Raises OSError, _TooLarge."""
        known = self._old.get(name)
        if known:
            size, changed, taken, _, created, inode, _ = known
            if (
                (size, changed, created, inode)
                == (details.st_size, details.st_mtime_ns, details.st_ctime_ns, details.st_ino)
                # Not hashed so soon after its last change that it may have changed again.
                and taken - max(changed, created) > RACY_NANOSECONDS
                # Re-hash an unreadable file so that the run reports it; what all may read is not asked about.
                and is_readable(path, details)
            ):
                return known
        now = time.time_ns()
        digest = _sha256(path, most_bytes)
        return _Hashed(details.st_size, details.st_mtime_ns, now, digest, details.st_ctime_ns, details.st_ino, "")

    def remember(self, name: str, kept: _Kept, metadata: str) -> None:
        """Keep the hashes of a file for the next run."""
        if kept[_METADATA] != metadata:
            kept = _Hashed._make((*kept[:_METADATA], metadata))
        self._new[name] = kept
        if isinstance(kept, _Hashed):
            old = self._old.get(name)
            if old is None or (old[_VERSION], old[_METADATA]) != (kept.version, metadata):
                self.changed.add(name)

    def last(self) -> dict[str, tuple[str, str]]:
        """The hashes of each file's bytes and metadata, as of the last run."""
        return {name: (known[_VERSION], known[_METADATA]) for name, known in self._old.items()}

    def forget(self, name: str) -> None:
        """Have a file hashed again at the next run: what is remembered of it is not so."""
        self._new.pop(name, None)

    def save(self) -> None:
        """Keep them for the next run; nothing is lost when that fails."""
        if self._new != self._old:
            write_bytes_atomic(self._path, sealed(to_json(self._new)))


def _sha256(path: str, most_bytes: int) -> str:
    digest = hashlib.sha256()
    read = 0
    with open_file(path) as file:
        while block := file.read(_BLOCK):
            read += len(block)
            if read > most_bytes:
                raise _TooLarge
            digest.update(block)
    return digest.hexdigest()
