"""One run over the files of a documents folder: what is done about each, written and reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from operator import attrgetter
from pathlib import Path

from kb.archive import Archive, Held, Incoming
from kb.archive.ids import Name
from kb.before import Before, state_of
from kb.catalogue import Asked, Catalogue, id_of_path
from kb.engine import AnalysedDocument, IndexedFile, State, Store, Writer
from kb.engine.analysis import Analysis, TooMuchText
from kb.extract import frontmatter, outcome
from kb.extractions import Extractions, Progress
from kb.folder import FoundFile
from kb.model import Document, Extraction, Status
from kb.plan import Plan, make_plan, refusals
from kb.polish import shared_analyzer
from kb.report import FileReport, Report

_AT_HAND = 1_000
"""Documents that are kept in memory until the ledger has them, of those that a run writes."""


class NothingWritten:
    """The writer of ``check``: an empty index that stays empty."""

    build = ""
    fresh = False

    def replaced(self) -> None:
        """Nothing is replaced."""

    def files(self) -> list[IndexedFile]:
        """No file is known, so that all are read."""
        return []

    def add(self, document: AnalysedDocument, file: IndexedFile) -> None:
        """Write nothing."""

    def remove(self, document: str) -> None:
        """Write nothing."""

    def commit(self) -> None:
        """Write nothing."""


class Run:
    """One run over the files found. ``incoming``: where copies go that are read, None for a check, which keeps nothing.

    ``open_before`` opens the index as it was before the run, which a run that finds nothing new does without.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        writer: Writer,
        extractions: Extractions,
        archive: Archive,
        *,
        open_before: Callable[[], State | None] = lambda: None,
        incoming: Incoming | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.writer = writer
        self.extractions = extractions
        self.archive = archive
        self.incoming = incoming
        self.before = Before(writer, archive.ledger, open_before)
        self.plan = Plan(names={})
        self.reports: list[FileReport] = []
        self.documents: dict[str, IndexedFile] = {}
        """The files that are in the index at the end, by the id of their documents."""
        self.written: dict[str, Document | None] = {}
        """The documents that were written, by id: the first of them, None for the rest."""
        self._moved: Collection[str] = ()
        """The versions of files that are no more where they were."""
        self._left_over = False
        """Whether something could not be completed, so that the next run has to look."""

    @cached_property
    def _analysis(self) -> Analysis:
        return Analysis(shared_analyzer())

    def report(self, started: float) -> Report:
        """What became of all files."""
        self.reports.sort(key=attrgetter("path"))
        return Report(
            build=self.writer.build,
            seconds=round(time.monotonic() - started, 3),
            documents=len(self.documents),
            pages=sum(file.pages for file in self.documents.values()),
            files=tuple(self.reports),
        )

    @property
    def settled(self) -> bool:
        """Whether the next run would find nothing to do, were nothing to come in between.

        What failed is tried again, and so is whatever this run could not complete. Who shares bytes or an id with another may
        have become somebody else's by what this run has changed.
        """
        idle = not (self.written or self.plan.to_read or self.plan.leaving)
        lasting = (Status.INDEXED, Status.UNCHANGED, Status.REMOVED, Status.SKIPPED, *([Status.DUPLICATE] * idle))
        return (
            not self._left_over
            and all(row.status in lasting for row in self.reports)
            and not any(file.unread for file in self.documents.values())
        )

    @property
    def recognised(self) -> set[str]:
        """What has recognised the scans of the documents in the index, by its key; "" where nothing could."""
        return {file.recognition for file in self.documents.values() if file.recognition is not None}

    def complete_ledger(self, found: list[FoundFile], now: datetime) -> None:
        """Write down the versions that the index has and the ledger lacks: it is new, or the last run was stopped in between.

        Where the index is an older one than the ledger, since the one before was damaged, nothing is lacking.
        """
        held = self.before.held.get
        lagging = [
            each for each in self.before.in_index if (known := held(each[0])) is None or known.version != each[2]
        ]
        if not lagging:
            return
        self._left_over = True  # whether all of it could be written down, the next run sees
        written = self.archive.ledger.known()
        entries = {entry.name: entry for entry in found}
        missing: dict[str, Held] = {}
        for id, path, version in lagging:
            if (id, version) not in written:
                entry = entries.get(path)
                asked = self._ask(entry).id if entry and entry.version == version else ""
                missing[id] = Held(
                    id=id, path=path, version=version, asked=asked or ("" if id == id_of_path(path) else id)
                )
        state = self.before.state if missing else None
        if state is None or self.incoming is None:
            return
        for id, each in missing.items():
            if self.archive.pages(each.version) is None:
                self._add_text(id, each.version)
        self.incoming.keep(each.version for each in missing.values())
        described = (document for id in missing if (document := state.document(id)))
        self.archive.ledger.record(missing, described, now)
        self.before.read_ledger_again()

    def _add_text(self, id: str, version: str) -> None:
        """Bring the text of a document into the archive as the index had it before this run; a record has none."""
        document = self.before.state.document(id) if self.before.state else None
        if self.before.state and self.incoming and document and not document.unread:
            pages = tuple(self.before.state.pages(id))
            self.incoming.add_text(version, Extraction(status=Status.INDEXED, pages=pages))

    def record(self, store: Store, now: datetime) -> None:
        """Write into the ledger what the index has after the commit."""
        names = self.plan.names
        # To open the index for a few documents would take longer than all else that is done for them.
        rest = [id for id, document in self.written.items() if document is None]
        state = state_of(store) if rest else None
        shown: dict[str, Held] = {}
        settled = {old.document for _, old in self.plan.settled}
        for id in [id for id in self.documents if id not in settled]:
            file = self.documents[id]
            held, asked = self.before.held.get(id), names[file.path].asked
            if held is None or held[1:5] != (file.path, file.version, asked, None):
                shown[id] = Held(id=id, path=file.path, version=file.version, asked=asked)
        left = [id for id in self.before.held if id not in self.documents and not self.before.held[id].removed]
        at_hand = filter(None, self.written.values())
        described = chain(at_hand, (document for id in rest if state and (document := state.document(id))))
        if not self.archive.ledger.record(shown, described, now, left=left):
            self._left_over = True

    def process(self, found: list[FoundFile], others: Sequence[FoundFile], missing: Collection[str]) -> None:
        """Decide, read, write; fills ``reports`` and ``documents``.

        ``others`` are files that are not read, ``missing`` paths of the collection that were not found.
        """
        self._moved = {self.before.known[path] for path in missing}
        plan = self.plan = make_plan(self.before.files, found, missing, self.before.held, self._again, self._ask)
        self.documents = {file.document: file for file in self.before.files.values()}
        for file in plan.leaving:
            self._drop(file)
        if plan.gone:
            self._report_gone(plan.gone, found)
        for entry, owner in plan.twice:
            self._report(
                entry,
                Status.DUPLICATE,
                message=f"ten sam plik co {owner}; usuń jeden z nich" if owner else entry.problem,
            )
        for entry in others:
            self._report(entry, Status.SKIPPED, message=entry.problem)
        for entry in plan.failing:
            self._report_failure(entry, entry.status, entry.problem)
        if self.incoming:
            self._keep_unchanged([*plan.settled, *plan.unchanged])
        self.reports += [
            FileReport(entry.name, Status.UNCHANGED, old.pages, old.words, "", old.warnings, old.notes)
            for entry, old in plan.settled
        ]
        for entry, old in plan.unchanged:
            self._report_indexed(entry, old, Status.UNCHANGED)
        for done, (entry, extraction) in enumerate(self.extractions.of(plan.to_read), 1):
            self._take(entry, extraction, self.before.files.get(entry.name))
            self.extractions.tell(Progress(done=done, total=len(plan.to_read), path=entry.name))

    def _report_gone(self, gone: Sequence[IndexedFile], found: Sequence[FoundFile]) -> None:
        """Rows for files that are no more there; of those that were moved, where they are now."""
        new = [entry for entry in found if entry.version and entry.name not in self.before.known]
        there = {entry.version: entry.name for entry in new}
        for file in gone:
            now = there.get(file.version, "")
            message = f"ten plik jest teraz w {now}" if now else ""
            self.reports.append(FileReport(file.path, Status.REMOVED, file.pages, file.words, message))

    def _keep_unchanged(self, unchanged: Sequence[tuple[FoundFile, IndexedFile]]) -> None:
        """Have the archive keep what it has lost of documents that are not read again."""
        versions = {entry.version for entry, _ in unchanged}
        files, texts = self.archive.lacking("files", versions), self.archive.lacking("texts", versions)
        for entry, file in unchanged if files or texts else ():
            if entry.version in files:
                self._left_over = True
                self.extractions.source(entry)
            if entry.version in texts and not file.unread:
                self._left_over = True
                self._add_text(file.document, entry.version)

    def _ask(self, entry: FoundFile) -> Asked:
        try:
            own = {} if entry.format.has_sidecar else frontmatter.of_file(entry.path)
            return self.catalogue.asked(Path(entry.path), own)
        except Exception:  # noqa: BLE001 - whatever it is, it will be this file's row when it is described
            return Asked()

    def _drop(self, file: IndexedFile | None) -> None:
        if file and self.documents.get(file.document) == file:
            del self.documents[file.document]
            self.writer.remove(file.document)

    def _again(self, file: IndexedFile) -> bool:
        """Whether a file in the index is only a record, or has scans that would be read otherwise now."""
        if file.unread:
            return True
        if file.recognition is None:
            return False
        recogniser = self.extractions.recogniser
        return recogniser.ready and file.recognition != recogniser.key

    def _take(self, entry: FoundFile, extraction: Extraction, old: IndexedFile | None) -> None:
        """Write a file that was read, or say why not."""
        if extraction.status is not Status.INDEXED:
            self._take_unread(entry, extraction, old)
            return
        try:
            document, warnings, notes = self._described(entry, extraction)
            analysed = self._analysis.of_document(document, extraction.pages)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this file's failure and not the run's
            self._report_surprise(entry, error, extraction.warnings)
            return
        warnings += tuple(extraction.warnings)
        notes += tuple(extraction.notes)
        try:
            file = self._write(analysed, extraction, entry, warnings, notes)
        except ValueError as error:
            self._report_surprise(entry, error, warnings)
            return
        if old and old.document != file.document:
            self._drop(old)
        self._report_indexed(entry, file, Status.INDEXED)

    def _described(self, entry: FoundFile, extraction: Extraction) -> tuple[Document, tuple[str, ...], tuple[str, ...]]:
        """The document of a file, under the id that it has got, with warnings and notes."""
        document, warnings, notes = self.catalogue.describe(Path(entry.path), entry.name, entry.version, extraction)
        name = self._name(entry)
        return replace(document, id=name.id, aliases=name.aliases), (*warnings, *refusals(name)), notes

    def _name(self, entry: FoundFile) -> Name:
        return self.plan.names[entry.name]

    def _report_indexed(self, entry: FoundFile, file: IndexedFile, status: Status) -> None:
        """A row for what is in the index. To have another id than was asked for is a failure that somebody should mend."""
        name = self._name(entry)
        taken = _id_taken(name) if name.holder else ""
        self._report(
            entry,
            Status.DUPLICATE if taken else status,
            file.pages,
            file.words,
            message=taken,
            warnings=file.warnings,
            notes=file.notes,
        )

    def _take_unread(self, entry: FoundFile, extraction: Extraction, old: IndexedFile | None) -> None:
        """Keep the last good version of a file whose text cannot be read; where there is none, make a record of it."""
        status, message, warnings = extraction.status, extraction.message, extraction.warnings
        path = Path(entry.path)
        if (old and not old.unread) or self.before.document_at(entry.name):
            self._report_failure(entry, status, message, warnings)
            return
        if not self.catalogue.is_described(path, extraction):
            self._drop(old)
            self._report(entry, status, message=message, warnings=warnings)
            return
        name = self._name(entry)
        try:
            document, of_metadata, notes = self._described(entry, extraction)
            document = replace(document, unread=status)
            record = replace(extraction, pages=(self.catalogue.page_of_record(document),))
            analysed = self._analysis.of_document(document, record.pages)
        except Exception as error:  # noqa: BLE001 - as in _take
            self._report_surprise(entry, error, warnings)
            return
        warnings = (*of_metadata, *warnings, *([_id_taken(name)] if name.holder else []))
        notes += tuple(extraction.notes)
        # What has not changed is not written again, so that a run over the same files leaves the index alone.
        same = old and (old.document, old.version, old.metadata, old.unread) == (
            name.id,
            entry.version,
            entry.metadata,
            status,
        )
        if not same:
            self._write(analysed, record, entry, warnings, notes)
        if old and old.document != name.id:
            self._drop(old)
        message = f"{message.rstrip('.')}. Opis dokumentu jest w bazie; treść nie jest przeszukiwana."
        self._report(entry, status, message=message, warnings=warnings, notes=notes)

    def _write(
        self,
        analysed: AnalysedDocument,
        extraction: Extraction,
        entry: FoundFile,
        warnings: tuple[str, ...],
        notes: tuple[str, ...],
    ) -> IndexedFile:
        pages = extraction.pages
        scanned = bool(extraction.scans) or any(page.ocr for page in pages)
        file = IndexedFile(
            document=analysed.document.id,
            path=entry.name,
            version=entry.version,
            metadata=entry.metadata,
            pages=len(pages),
            words=analysed.words,
            warnings=warnings,
            notes=notes,
            recognition=self.extractions.recogniser.key if scanned else None,
            unread=analysed.document.unread or "",
        )
        self.writer.add(analysed, file)
        if self.incoming and not file.unread:
            self.incoming.add_text(entry.version, extraction)
        self._remember(file, analysed.document)
        return file

    def _remember(self, file: IndexedFile, document: Document) -> None:
        self.documents[file.document] = file
        self.written[file.document] = document if len(self.written) < _AT_HAND else None

    def _report_surprise(self, entry: FoundFile, error: Exception, warnings: tuple[str, ...]) -> None:
        """Say of a file that was read what went wrong with it in this process."""
        failed = outcome.too_large(str(error)) if isinstance(error, TooMuchText) else outcome.of_error(error)
        self._report_failure(entry, failed.status, failed.message, warnings)

    def _report_failure(self, entry: FoundFile, status: Status, message: str, warnings: tuple[str, ...] = ()) -> None:
        for path in self.before.paths_under(entry.name) if entry.closed and self.writer.fresh else ():
            self._last_good(path)
        if self._last_good(entry.name):
            message = f"{message.rstrip('.')}. W indeksie zostaje poprzednia wersja."
        self._report(entry, status, message=message, warnings=warnings)

    def _last_good(self, path: str) -> IndexedFile | None:
        """The last good version of a file that fails now: in the index as it is, or written anew; None where there is none.

        What is written anew has no hash of metadata: the next run looks again.
        """
        name, old = self.plan.names.get(path), self.before.files.get(path)
        if old and self.documents.get(old.document) == old:
            return old
        found = self.before.document_at(path)
        if name is None or found is None:
            return None
        document, pages = replace(found[0], id=name.id, aliases=name.aliases), found[1]
        try:
            analysed = self._analysis.of_document(document, pages)
        except TooMuchText:  # an older version knew no such limit
            return None
        file = IndexedFile(
            document=document.id,
            path=path,
            version=document.version,
            metadata="",
            pages=len(pages),
            words=analysed.words,
        )
        self.writer.add(analysed, file)
        self._remember(file, document)
        return file

    def _report(
        self,
        entry: FoundFile,
        status: Status,
        pages: int = 0,
        words: int = 0,
        message: str = "",
        warnings: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        self.reports.append(
            FileReport(
                path=entry.name,
                status=status,
                pages=pages,
                words=words,
                message=message,
                warnings=warnings,
                notes=notes,
                change=self._change(entry) if status is Status.INDEXED else "",
            )
        )

    def _change(self, entry: FoundFile) -> str:
        """What a file that was read is beside the collection before."""
        known, before = self.before.known.get(entry.name), self.before.files.get(entry.name)
        if known is None:
            return "moved" if entry.version in self._moved else "new"
        if known != entry.version:
            return "changed"
        return "described" if before and before.metadata != entry.metadata else ""


def _id_taken(name: Name) -> str:
    return (
        f"identyfikator „{name.asked}” ma już {name.holder}; ten dokument jest w bazie jako „{name.id}”."
        " Nadaj mu inny (klucz id)"
    )
