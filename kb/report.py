"""What a run of the indexer says: what became of each file, and how much there is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kb.model import Status


class FileReport(NamedTuple):
    """What became of one file. ``path`` is relative to the documents folder; ``warnings`` are about its metadata or text.

    ``notes`` say what was taken from elsewhere, left out or repaired, which nobody needs to mend. ``change`` tells of a file
    that was read what it is beside the collection before: new, changed, described (its description alone is another), moved,
    "" for none of these.
    """

    path: str
    status: Status
    pages: int = 0
    words: int = 0
    message: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of all files: the contract of ``kb index --json``. ``documents`` and ``pages`` are those in the index."""

    build: str
    seconds: float
    documents: int
    pages: int
    files: tuple[FileReport, ...]

    @property
    def failed(self) -> int:
        """How many files somebody should look at."""
        return sum(file.status.failed for file in self.files)
