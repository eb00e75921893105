"""The YAML files of a documents folder: found beside a document, and read within limits and never from outside the folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from kb.decoding import NAMES, decode
from kb.disk import open_file
from kb.formats import UNKNOWN, format_of
from kb.messages import fault
from kb.polish import normalise, shared_analyzer
from kb.yaml_text import MOST_BYTES, TOO_LONG, Refused, Value, read_keys, read_mapping

DEFAULTS_FILE = "_defaults.yaml"
_LAST_MARK = re.compile(r"\n(?:---|\.\.\.)\s*\Z")
"""What ends a description that somebody wrote between two lines of dashes, as in Markdown."""


class Beside:
    """The YAML files of one folder, by the documents that their names say they describe."""

    def __init__(self, names: Iterable[str]) -> None:
        self._files: dict[str, list[str]] = {}
        self._names = tuple(names)
        self._described: set[str] | None = None
        self.has_any = False
        """Whether there is any."""
        for name in self._names:
            stem, dot, suffix = name.rpartition(".")
            if dot and suffix.lower() in ("yaml", "yml"):
                self._files.setdefault(_same(stem), []).append(name)
                self.has_any = True

    @classmethod
    def of(cls, folder: Path) -> Beside:
        """Those of a folder on disk, none of one that cannot be listed."""
        try:
            return cls(os.listdir(folder))
        except OSError:
            return cls(())

    def sidecars(self, name: str) -> list[str]:
        """The names of all files that describe a document, the one to be used first: ``x.yaml``, or what comes near to it."""
        if not self._files:
            return []
        stem = name.rpartition(".")[0]
        found = [*self._files.get(_same(stem), ()), *self._files.get(_same(name), ())]
        return sorted(found, key=lambda file: (file != f"{stem}.yaml", len(file), file))

    def is_used(self, name: str) -> bool:
        """Whether a document beside it has the name that this YAML file says it describes."""
        if self._described is None:
            documents = [each for each in self._names if format_of(each) is not UNKNOWN]
            self._described = {_same(part) for each in documents for part in (each, each.rpartition(".")[0])}
        return _same(name.rpartition(".")[0]) in self._described


def _same(stem: str) -> str:
    """What names have in common that people take for the same: Macs write letters in another form, Windows any case."""
    return normalise(stem).casefold()


def contents(path: Path, root: Path) -> bytes:
    """A file's bytes. Raises Refused for too many of them, which are never read, whatever size the file was said to have.

    Raises OSError, also for a link out of ``root`` and for anything but a regular file.
    """
    details = os.lstat(path)
    if stat.S_ISLNK(details.st_mode):
        try:
            if root.resolve() not in path.resolve().parents:
                raise OSError(0, "dowiązanie prowadzi poza folder z dokumentami; skopiuj tu sam plik")
        except RuntimeError:
            raise OSError(0, "błędne dowiązanie") from None
        details = os.stat(path)
    if not stat.S_ISREG(details.st_mode):
        raise OSError(0, "to nie jest zwykły plik")
    if details.st_size > MOST_BYTES:
        raise Refused(TOO_LONG)
    with open_file(path) as file:
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise Refused(TOO_LONG)
    return found


def read_yaml(path: Path, root: Path) -> tuple[dict[str, Value], str]:
    """A YAML mapping and "", or an empty one and what is wrong with the file, in Polish. ``root``: the documents folder."""
    values, problems = _read(path, root, lambda text: (read_mapping(text), []))
    return values, next(iter(problems), "")


def read_sidecar(path: Path, root: Path) -> tuple[dict[str, Value], list[str]]:
    """The keys of a YAML mapping that can be read, and what is wrong with the others, in Polish."""
    return _read(path, root, lambda text: read_keys(_LAST_MARK.sub("\n", text)), any_encoding=True)


def _read(
    path: Path,
    root: Path,
    read: Callable[[str], tuple[dict[str, Value], list[str]]],
    *,
    any_encoding: bool = False,
) -> tuple[dict[str, Value], list[str]]:
    try:
        data = contents(path, root)
        decoded = decode(data, shared_analyzer().known) if any_encoding else (data.decode("utf-8-sig"), "utf-8")
        if decoded is None:
            return {}, [f"{path.name}: to nie jest plik tekstowy"]
        text, encoding = decoded
        values, problems = read(text)
        if encoding != "utf-8":
            problems.append(f"plik nie jest zapisany w UTF-8; odczytano go jako {NAMES[encoding]}. Zapisz go w UTF-8")
        return values, [f"{path.name}: {problem}" for problem in problems]
    except UnicodeDecodeError:
        problem = "plik nie jest zapisany w kodowaniu UTF-8"
    except OSError as error:
        problem = f"nie można odczytać pliku ({fault(error)})"
    except Refused as error:
        problem = str(error)
    return {}, [f"{path.name}: {problem}"]
