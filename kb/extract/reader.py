"""One file → its ``Extraction``, by the file's kind. Reads in this process: hostile files belong in the ``Sandbox``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kb.extract.limits import Limits
from kb.extract.markdown import read_markdown
from kb.extract.outcome import damaged
from kb.extract.pdf import read_pdf
from kb.model import Extraction

Report = Callable[[int, int], None]
"""Told (page, pages) as reading goes on: (0, pages) first, as soon as the number of pages is known."""


def _nothing(_page: int, _pages: int) -> None:
    return None


def read(
    path: Path,
    limits: Limits,
    known: Callable[[str], bool],
    report: Report = _nothing,
    *,
    second_only: bool = False,
) -> Extraction:
    """The pages of a ``.pdf`` or ``.md`` file.

    ``known`` says whether a word is in the dictionary. ``second_only`` leaves PDFium out, after it has crashed on the file.
    A file that cannot be read gives an extraction with a failed status, never an error; ``MemoryError`` passes through.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".pdf":
            return read_pdf(path, limits, known, report, second_only=second_only)
        if suffix == ".md":
            extraction = read_markdown(path, limits)
            report(0, len(extraction.pages))
            return extraction
    except RecursionError:
        return damaged("zbyt głęboko zagnieżdżona budowa")
    except OSError as error:
        return damaged(f"nie udało się go otworzyć ({error.strerror or error})")
    return damaged(f"nieznany rodzaj pliku „{suffix}”")
