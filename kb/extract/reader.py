"""One file → its ``Extraction``, by the reader of its format. Reads in this process: hostile files belong in the ``Sandbox``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from kb.extract.clean import Known
from kb.extract.confine import Reach
from kb.extract.outcome import damaged
from kb.extract.wire import FULL_DISK
from kb.limits import Limits
from kb.model import Extraction

Report = Callable[[int, int], None]
"""Told (page, pages) as reading goes on: (0, pages) first, as soon as the number of pages is known."""
Reader = Callable[[Path, Limits, Known, Report], Extraction]
"""What reads the files of a format; ``Format.reader`` is its name. It may raise OSError, RecursionError and MemoryError."""


def load(name: str) -> Reader:
    """The reader called ``module:function``; its module is imported now."""
    module, _, function = name.partition(":")
    return cast("Reader", getattr(import_module(module), function))


def reach_of(path: Path, reader: str) -> Reach:
    """What a reader needs besides its file; the module of one that needs anything says so in a function ``reach``."""
    reach = getattr(import_module(reader.partition(":")[0]), "reach", None) if reader else None
    return cast("Reach", reach(path)) if reach else Reach()


def _nothing(_page: int, _pages: int) -> None:
    return None


def read(path: Path, reader: str, limits: Limits, known: Known, report: Report = _nothing) -> Extraction:
    """The pages of a file. ``reader`` is the name of the one to use, "" for a format that nothing reads.

    A file that cannot be read gives an extraction with a failed status, never an error; ``MemoryError`` and the OSError of a
    full disk pass through.
    """
    if not reader:
        return damaged(f"nieznany rodzaj pliku „{path.suffix.lower()}”")
    try:
        return load(reader)(path, limits, known, report)
    except RecursionError:
        return damaged("zbyt głęboko zagnieżdżona budowa")
    except OSError as error:
        if error.errno in FULL_DISK:
            raise
        return damaged(f"nie udało się go otworzyć ({error.strerror or error})")
