"""The report of the last run, for the next one to repeat where everything is as that run has left it.

Most runs over a large collection find nothing to do. Each of them would make some objects for every file in the folder, in the
index and in the archive, only to find them equal. Here what they would look at is put into one digest: whether it is the same
takes a tenth of the time, and needs neither the engine nor a dictionary. The rest is the indexer's: whatever is in doubt goes
its long way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from kb import extract, polish
from kb.archive import Archive
from kb.disk import digest, sealed, stamp, unsealed, write_bytes_atomic
from kb.engine import HasStamp, Store
from kb.errors import IndexLocked
from kb.listing import Listing
from kb.model import Status
from kb.report import FileReport, Report
from kb.settings import Settings


class LastReport:
    """The report kept in ``index/report.json``, with the digest of all that it came from."""

    def __init__(self, settings: Settings, listing: Listing, store: Store, archive: Archive) -> None:
        self._settings = settings
        self._listing = listing
        self._store = store
        self._archive = archive
        self._path = settings.index / "report.json"

    def repeated(self) -> Report | None:
        """What a run would report now; None where it may have something to do."""
        if not isinstance(self._store, HasStamp) or not self._path.is_file():
            return None
        # Whatever is wrong here is told by the run that follows.
        with suppress(OSError, ValueError, TypeError, IndexLocked), self._store.alone(), self._archive.writing():
            seen, _, kept = unsealed(self._path.read_bytes()).partition(b"\n")
            if any(before != now for before, now in zip(json.loads(seen), self._seen(), strict=True)):
                return None
            recognised, build, documents, pages, rows = json.loads(kept)
            if not self._would_recognise(recognised):
                files = tuple(_row(*row) for row in rows)
                return Report(build=build, seconds=0.0, documents=documents, pages=pages, files=files)
        return None

    def keep(self, report: Report, recognised: Collection[str]) -> None:
        """Keep a report after which there is nothing to do. ``recognised``: with what its scans were read, "" for nothing.

        Only under the locks of the index and the archive. Nothing is lost when that fails.
        """
        seen: list[str] = []
        for part in self._seen():
            if not part:
                return
            seen.append(part)
        rows = [
            (row.path, _NEXT.get(row.status, row.status), *row[2:7])
            for row in report.files
            if row.status is not Status.REMOVED
        ]
        values = (sorted(recognised), report.build, report.documents, report.pages, rows)
        content = f"{json.dumps(seen)}\n{json.dumps(values, separators=(',', ':'))}".encode()
        with suppress(OSError):
            write_bytes_atomic(self._path, sealed(content))

    def _seen(self) -> Iterator[str]:
        """A text for each of the things that a run looks at; "" where one may be another without being seen to be."""
        yield self._listing.digest
        yield self._store.stamp() if isinstance(self._store, HasStamp) else ""
        yield f"{self._store.format}\n{_program()}"
        yield repr([os.fsencode(folder.absolute()) for folder in (self._settings.index, self._settings.store)])
        yield repr(stamp(self._settings.hashes))
        yield self._archive.stamp()

    def _would_recognise(self, recognised: Collection[str]) -> bool:
        """Whether scans would be read otherwise now than they were."""
        if not recognised:
            return False
        from kb.extract.recognition import find_recogniser

        now = find_recogniser(self._settings.ocr_limits, wanted=self._settings.ocr == "auto")
        return now.ready and any(key != now.key for key in recognised)


_HERE = Path(__file__).parent
_STATUSES = {status.value: status for status in Status}
_NEXT = {Status.INDEXED: Status.UNCHANGED}
"""What becomes of a file in the run after that in which it had this status, where nothing changes."""


def _row(
    path: str, status: str, pages: int, words: int, message: str, warnings: list[str], notes: list[str]
) -> FileReport:
    return FileReport(path, _STATUSES[status], pages, words, message, tuple(warnings), tuple(notes))


def _program() -> str:
    """Another text for another version of this program or of its dictionary."""
    modules = [
        os.path.join(folder, name) for folder, _, names in os.walk(_HERE) for name in names if name.endswith(".py")
    ]
    stamps = "\n".join(f"{path} {stamp(path)}" for path in (*modules, *polish.analyzer_files()))
    stamps += f"\n{extract.EXTRACTOR_VERSION} {polish.ANALYZER_VERSION}"
    return digest(stamps.encode(errors="surrogateescape")).decode()
