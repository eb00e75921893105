"""One file → its ``Extraction``, by the reader of its format. Reads in this process: hostile files belong in the ``Sandbox``."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from kb.extract.clean import Known
from kb.extract.outcome import damaged
from kb.limits import Limits
from kb.messages import fault
from kb.model import Extraction

Report = Callable[[int, int], None]
"""Told (page, pages) as reading goes on: (0, pages) first, as soon as the number of pages is known."""
Reader = Callable[[Path, Limits, Known, Report], Extraction]
"""What reads the files of a format; ``Format.reader`` is its name. It may raise OSError, RecursionError and MemoryError."""


def load(name: str) -> Reader:
    """The reader called ``module:function``; its module is imported now."""
    module, _, function = name.partition(":")
    return cast("Reader", getattr(import_module(module), function))


def _nothing(_page: int, _pages: int) -> None:
    return None


def read(path: Path, reader: str, limits: Limits, known: Known, report: Report = _nothing) -> Extraction:
    """The pages of a file. ``reader`` is the name of the one to use, "" for a format that nothing reads.

    A file that cannot be read gives an extraction with a failed status, never an error; ``MemoryError`` passes through.
    """
    if not reader:
        return damaged(f"nieznany rodzaj pliku „{path.suffix.lower()}”")
    try:
        return load(reader)(path, limits, known, report)
    except RecursionError:
        return damaged("zbyt głęboko zagnieżdżona budowa")
    except OSError as error:
        return damaged(f"nie udało się go otworzyć ({fault(error)})")
