"""Writing a Whoosh index of rows: one segment for each commit, its posting lists made of whole arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from whoosh import index
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from kb.engine import AnalysedDocument, IndexedFile, Word
from kb.engine.embedded import sums
from kb.engine.embedded.codec import ArrayCodec, WordStream
from kb.engine.embedded.segments import open_segments, open_to_write
from kb.model import Page

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


class RowWriter:
    """Changes to the index in ``folder``, seen by readers only after ``commit``."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, IndexedFile] = {}
        self._rows: dict[str, range] = {}
        base = 0
        for segment in open_segments(folder):
            rows = np.flatnonzero(segment.columns.numbers == 0)
            alive = ~np.isin(rows, segment.deleted)
            for row, file, kept in zip(rows.tolist(), segment.columns.files(), alive.tolist(), strict=True):
                if kept:
                    self._files[file.document] = file
                    self._rows[file.document] = range(base + row, base + row + file.pages + 1)
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
            "file": _json(asdict(file)),
            "stored": json.dumps(asdict(document), ensure_ascii=False, default=str).encode(),
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
        self._writer.add_document(**values)
        self._next_row += 1

    def remove(self, document: str) -> None:
        """Delete a document's rows of earlier commits."""
        for row in self._rows.pop(document, ()):
            self._writer.delete_document(row)

    def commit(self) -> None:
        """Write the segment and the new table of contents, in one atomic rename; nothing where nothing was changed."""
        if self._opened is None:
            return
        terms = [word.terms for word in self._numbers]
        content = [() if word.function else word.terms for word in self._numbers]
        self._opened.fieldwriter.lists = chain(
            self._headings.lists("heading", terms),
            self._body.lists("lemma", content),
            self._body.lists("surface", [(word.surface,) for word in self._numbers]),
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
    return _json(asdict(page) | {"text": len(text), "html": len(html)}) + b"\n" + text + html


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
