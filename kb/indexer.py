"""Documents → index: what changed, reading in parallel, one commit, and a report of what became of every file.

A run compares each file's bytes and metadata with what the index remembers, reads only what changed, and commits once. What it
reads is a copy in the archive, so that the bytes kept there are those whose text is shown. When
the schema, the analyzer or a library changed, everything goes into a new build aside, which becomes the live one only when
it is whole. A file that fails keeps its last good version in the index; one that has none and is described becomes a record,
a document that is found by its description alone.

Where everything is as the last run has left it, that run's report is repeated (``unchanged``), and nothing else is loaded.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kb.archive import Archive
from kb.engine import Store, open_store
from kb.errors import DocumentsError, TaxonomyError, TextsError
from kb.extract import EXTRACTOR_VERSION, Sandbox
from kb.formats import SYNONYMS_FILE, TEXTS_FOLDER
from kb.listing import Listing, own_folders
from kb.model import Status
from kb.polish import Analyzer, shared_analyzer
from kb.report import FileReport, Report
from kb.settings import Settings
from kb.unchanged import LastReport

if TYPE_CHECKING:
    from kb.catalogue import Catalogue
    from kb.extractions import OnProgress
    from kb.folder import FoundFile, Hashes


def fingerprint(store: Store, analyzer: Analyzer) -> str:
    """Changes when an index made before would have to be made anew."""
    return f"{store.format} extractor-{EXTRACTOR_VERSION} {analyzer.fingerprint}"


def run(
    settings: Settings,
    *,
    rebuild: bool = False,
    allow_removals: bool = False,
    on_progress: OnProgress | None = None,
    store: Store | None = None,
    now: datetime | None = None,
    sandbox: Sandbox | None = None,
) -> Report:
    """Bring the index, and the archive of all versions, up to date with the documents folder. ``now``: the time of the run.

    ``sandbox``: reading processes that have been started already.

    Raises DocumentsError, TaxonomyError, IndexLocked, and TooManyRemovals unless ``allow_removals``. A file that fails is a row
    of the report.
    """
    started = time.monotonic()
    root = _documents(settings)
    listing = Listing(root, own_folders(settings))
    store = store or open_store(settings)
    archive = Archive(settings.store.absolute())
    last = LastReport(settings, listing, store, archive)
    if not rebuild and (repeated := last.repeated()):
        return replace(repeated, seconds=round(time.monotonic() - started, 3))

    from kb.before import state_of
    from kb.catalogue import Catalogue
    from kb.extractions import Extractions
    from kb.folder import Hashes, find
    from kb.one_run import Run
    from kb.plan import check_removals

    catalogue = Catalogue(root)
    given, now = now, now or datetime.now(UTC)
    first = not settings.hashes.exists()
    with archive.writing() as incoming:
        # Before the index is opened: that takes as long as the start of reading processes, which can be at the same time.
        hashes = Hashes(settings.hashes)
        found, others = find(listing, hashes)
        sandbox = sandbox or _reading_what_changed(settings, found, hashes)
        with (
            closing(sandbox) if sandbox else nullcontext(),
            store.writer(fingerprint(store, shared_analyzer()), rebuild=rebuild) as writer,
        ):
            settings.index.mkdir(parents=True, exist_ok=True)  # an engine may live elsewhere
            job = Run(
                catalogue,
                writer,
                Extractions(settings, on_progress, incoming, hashes, sandbox),
                archive,
                open_before=writer.replaced if writer.fresh else partial(state_of, store),
                incoming=incoming,
            )
            missing = job.before.missing(found)
            if not allow_removals:
                check_removals(job.before.known, missing, found, root, archive.folder if first else None)
            job.complete_ledger(found, now)
            job.process(found, others, missing)
            job.reports += _unusable(root)
            incoming.keep(file.version for file in job.documents.values())
            writer.commit()
            # A change has the time at which it can be seen, so that nobody who asked before that takes it for old.
            job.record(store, given or datetime.now(UTC))
            hashes.save()
            job.extractions.prune({entry.version for entry in found if entry.version})
            report = job.report(started)
            if job.settled:
                last.keep(report, job.recognised)
    return report


def check(settings: Settings, on_progress: OnProgress | None = None, catalogue: Catalogue | None = None) -> Report:
    """Read everything and report, changing nothing: ``seconds`` and counts as if it had been indexed.

    ``catalogue``: to check metadata with, in place of one with the folder's taxonomy.
    """
    from kb.catalogue import Catalogue
    from kb.extractions import Extractions
    from kb.folder import Hashes, find
    from kb.one_run import NothingWritten, Run

    started = time.monotonic()
    root = _documents(settings)
    catalogue = catalogue or Catalogue(root)
    archive = Archive(settings.store.absolute())
    job = Run(catalogue, NothingWritten(), Extractions(settings, on_progress), archive)
    found, others = find(Listing(root, own_folders(settings)), Hashes(settings.hashes))
    job.process(found, others, job.before.missing(found))
    return job.report(started)


def _unusable(root: Path) -> Iterator[FileReport]:
    """Rows for files that describe no document and cannot be used: the site goes on without them and tells no editor."""
    if os.path.lexists(root / SYNONYMS_FILE):
        from kb.reading import synonyms

        try:
            synonyms.check(root)
        except TaxonomyError as error:
            message = "nie da się go użyć; do czasu poprawki jego skróty i synonimy nie działają"
            yield FileReport(SYNONYMS_FILE, Status.SKIPPED, message=message, warnings=tuple(error.details))
    if (root / TEXTS_FOLDER).is_dir():
        from kb import texts

        try:
            texts.check(root)
        except TextsError as error:
            message = "nie da się użyć tych tekstów; do czasu poprawki tych stron nie ma albo pokazują poprzednią treść"
            yield FileReport(TEXTS_FOLDER, Status.SKIPPED, message=message, warnings=tuple(error.details))


def _reading_what_changed(settings: Settings, found: Sequence[FoundFile], hashes: Hashes) -> Sandbox | None:
    """Reading processes that are starting, for the files that are others than at the last run; None where none is."""
    changed = [entry.format for entry in found if entry.name in hashes.changed] if hashes.changed else []
    if not changed:
        return None
    sandbox = Sandbox(settings.limits, min(settings.jobs, len(changed)), formats=dict.fromkeys(changed))
    sandbox.start()
    return sandbox


def _documents(settings: Settings) -> Path:
    root = settings.documents.absolute()
    if not root.is_dir():
        raise DocumentsError(
            f"Nie ma folderu z dokumentami: {settings.documents}. Podaj właściwy w opcji --documents albo w KB_DOCUMENTS."
        )
    return root
