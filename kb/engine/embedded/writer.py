"""Writing a Whoosh index of rows: one segment for each commit, its posting lists made of whole arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import chain, compress
from pathlib import Path
from typing import Any

import numpy as np
from whoosh import index
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from kb.engine import AnalysedDocument, IndexedFile, Word
from kb.engine.embedded import sums
from kb.engine.embedded.builds import BuildFile, Builds
from kb.engine.embedded.codec import ArrayCodec, Terms, WordStream
from kb.engine.embedded.segments import open_segments, open_to_write
from kb.engine.embedded.state import EmbeddedState
from kb.errors import KbError
from kb.model import Page
from kb.tuning import Tuning

_SMALL_SEGMENT = 2_000
_MANY_SEGMENTS = 8


def _merge_few(writer: SegmentWriter, segments: list[Any]) -> list[Any]:
    """Merge policy: small segments only once there are many, so that a commit of one document stays quick."""
    small = [s for s in segments if s.doc_count_all() <= _SMALL_SEGMENT]
    if len(small) < _MANY_SEGMENTS:
        return [s for s in segments if s.doc_count_all() > s.deleted_count()]
    for segment in small:
        reader = SegmentReader(writer.storage, writer.schema, segment)
        writer.add_reader(reader)
        reader.close()
    return [s for s in segments if s not in small]


class _Numbers(dict[Word, int]):
    """Each distinct word's number, in order of appearance."""

    def __missing__(self, word: Word) -> int:
        number = self[word] = len(self)
        return number


class EmbeddedWriter:
    """Writes to a build: the live one, or a fresh one with the ``fingerprint`` that it gets."""

    def __init__(self, builds: Builds, build: Path, rows: RowWriter, fingerprint: str = "") -> None:
        self._builds = builds
        self._build = build
        self._fingerprint = fingerprint
        self._added: dict[str, int] = {}
        self.rows = rows

    @property
    def build(self) -> str:
        """The name of the build."""
        return self._build.name

    @property
    def fresh(self) -> bool:
        """Whether the build is new and empty."""
        return bool(self._fingerprint)

    def replaced(self) -> EmbeddedState | None:
        """The state that a fresh build is to replace, or where that is damaged the one before; None where none can be read."""
        for build in reversed(self._builds.finished()):
            # Another schema may have other values in its rows.
            with suppress(KbError, ValueError, TypeError, KeyError, OSError):
                return EmbeddedState((build.name, -1), open_segments(build), 0, Tuning())
        return None

    def files(self) -> list[IndexedFile]:
        """Every file in the index at the start of this write."""
        return self.rows.files()

    def add(self, document: AnalysedDocument, file: IndexedFile) -> None:
        """Add a document, replacing the one of the same id."""
        self.rows.add(document, file)
        self._added[document.document.id] = len(document.pages)

    def remove(self, document: str) -> None:
        """Remove a document."""
        self._added.pop(document, None)
        self.rows.remove(document)

    def commit(self) -> None:
        """Make all changes seen at once. A fresh build is read before it goes live: raises KbError where it is not whole."""
        self.rows.commit()
        if self.fresh:
            expected = len(self._added), sum(self._added.values())
            found = EmbeddedState(("", 0), open_segments(self._build), 0, Tuning()).size
            if found != expected:
                raise KbError(
                    "Nowy indeks jest niepełny, więc działa nadal poprzedni. Uruchom „kb index” ponownie.",
                    [f"dokumenty i strony: zapisano {expected[0]} i {expected[1]}, odczytano {found[0]} i {found[1]}"],
                )
            created = datetime.now(UTC).isoformat(timespec="seconds")
            self._builds.switch(self._build, BuildFile(self._fingerprint, created, *expected))
            self._builds.looked.keep()


class RowWriter:
    """Changes to the index in ``folder``, seen by readers only after ``commit``."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, IndexedFile] = {}
        self._first_rows: dict[str, int] = {}
        base = 0
        for segment in open_segments(folder):
            rows = np.flatnonzero(segment.columns.numbers == 0)
            alive = ~np.isin(rows, segment.deleted)
            files = list(compress(segment.columns.files(), alive.tolist()))
            documents = [file.document for file in files]
            self._files.update(zip(documents, files, strict=True))
            self._first_rows.update(zip(documents, (rows[alive] + base).tolist(), strict=True))
            base += segment.size
        self._next_row = 0
        self._numbers = _Numbers()
        self._body, self._titles, self._headings = WordStream(), WordStream(), WordStream()
        self._folder = folder
        self._opened: SegmentWriter | None = None

    @property
    def _writer(self) -> SegmentWriter:
        # Opened when there is something to write: Whoosh makes files at once, and a run that changes nothing must leave none.
        if self._opened is None:
            self._opened = open_to_write(self._folder).writer(codec=ArrayCodec(), compound=False)
        return self._opened

    def files(self) -> list[IndexedFile]:
        """Every file in the index at the start of this write."""
        return list(self._files.values())

    def add(self, added: AnalysedDocument, file: IndexedFile) -> None:
        """Write a document row and its page rows; rows of the same id from before are deleted. Raises ValueError before that."""
        document = added.document
        day = document.published.toordinal() if document.published else 0
        # All that can fail comes before the first change: half a document would set every later row off by one.
        first = {
            "number": 0,
            "length": 0,
            "record": _json((document.id, len(added.pages), added.facets, day)),
            "name": document.title.encode(),
            "file": _json(file._asdict()),
            "stored": _json(document),
        }
        rows = [
            {
                "number": analysed.page.number,
                "length": len(analysed.words),
                "contents": int(analysed.lists_contents),
                "name": "\n".join(analysed.page.listed_under).encode(),
                "stored": _stored(analysed.page),
            }
            for analysed in added.pages
        ]
        self.remove(document.id)
        self._add_words(self._titles, added.title)
        self._add_row(first)
        for analysed, row in zip(added.pages, rows, strict=True):
            self._add_words(self._body, analysed.words)
            self._add_words(self._headings, analysed.heading)
            self._add_row(row)

    def _add_words(self, stream: WordStream, found: Sequence[Word]) -> None:
        stream.add(self._next_row, list(map(self._numbers.__getitem__, found)))

    def _add_row(self, values: dict[str, object]) -> None:
        # What Whoosh's add_document does, but for looking for terms in each value: ours come with the commit.
        writer = self._writer
        rows = writer.perdocwriter
        rows.start_doc(writer.docnum)
        for name, value in values.items():
            rows.add_column_value(name, writer.schema[name].column_type, value)
        rows.finish_doc()
        writer.docnum += 1
        writer._added = True
        self._next_row += 1

    def remove(self, document: str) -> None:
        """Delete a document's rows of earlier commits."""
        first = self._first_rows.pop(document, None)
        if first is not None:
            for row in range(first, first + self._files[document].pages + 1):
                self._writer.delete_document(row)

    def commit(self) -> None:
        """Write the segment and the new table of contents, in one atomic rename; nothing where nothing was changed."""
        if self._opened is None:
            return
        terms = Terms.of([word.terms for word in self._numbers])
        functions = np.fromiter((word.function for word in self._numbers), bool, len(self._numbers))
        self._opened.fieldwriter.lists = chain(
            self._headings.lists("heading", terms),
            self._body.lists("lemma", terms.without(functions)),
            self._body.lists("surface", Terms.of([(word.surface,) for word in self._numbers])),
            self._titles.lists("title", terms),
        )
        self._opened.commit(mergetype=_merge_few)
        self._opened = None
        sums.forget_all_but_latest(self._folder)

    def cancel(self) -> None:
        """Leave the index as it was at the last commit."""
        if self._opened is not None:
            self._opened.cancel()
            opened = open_to_write(self._folder)
            toc = opened._read_toc()
            index.clean_files(opened.storage, opened.indexname, toc.generation, toc.segments)
            self._opened = None


def _stored(page: Page) -> bytes:
    text, html = page.text.encode(), page.html.encode()
    return _json(_fields(page) | {"text": len(text), "html": len(html)}) + b"\n" + text + html


def _json(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


def _parts(value: object) -> object:
    """What JSON lacks: the fields of our values, and dates as text."""
    return _fields(value) if is_dataclass(value) else str(value)


def _fields(value: Any) -> dict[str, Any]:
    # ``asdict`` would copy them one by one.
    return {one.name: getattr(value, one.name) for one in fields(value)}


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_parts)
