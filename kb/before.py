"""The collection as it was before a run: what the index had, what the ledger knows, and which files are missing since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from kb.archive import Ledger
from kb.engine import State, Store, Writer
from kb.errors import IndexMismatch, IndexMissing
from kb.folder import FoundFile
from kb.model import Document, Page


def state_of(store: Store) -> State | None:
    """The index as it is, None where there is none that can be read."""
    try:
        return store.current()
    except (IndexMissing, IndexMismatch):
        return None


class Before:
    """The collection before a run.

    ``files`` are those of the build that is written to, by path: none where that is a new one. ``held`` are the documents that
    ever were, by id. ``open_index`` opens the index, which a run that finds nothing new does without.
    """

    def __init__(self, writer: Writer, ledger: Ledger, open_index: Callable[[], State | None]) -> None:
        self.files = {file.path: file for file in writer.files()}
        self.held = ledger.held()
        self._fresh = writer.fresh
        self._ledger = ledger
        self._open_index = open_index

    @cached_property
    def state(self) -> State | None:
        """The index; None where there was none that can be read."""
        return self._open_index()

    @cached_property
    def in_index(self) -> list[tuple[str, str, str]]:
        """Id, path and version of each document of the index."""
        if self._fresh:
            return [(each.id, each.path, each.version) for each in (self.state.documents() if self.state else ())]
        return [file[:3] for file in self.files.values()]

    @cached_property
    def known(self) -> dict[str, str]:
        """The version of each path in the collection, by the ledger, and by the index where the ledger lags behind."""
        known = {each.path: each.version for each in self.held.values() if not each.removed}
        known.update((path, version) for _, path, version in self.in_index)
        return known

    @cached_property
    def _ids(self) -> dict[str, str]:
        return {path: id for id, path, _ in self.in_index}

    def missing(self, found: Sequence[FoundFile]) -> list[str]:
        """Those of the paths in the collection that were not found."""
        missing = set(self.known).difference(entry.name for entry in found)
        return [path for path in self.known if path in missing] if missing else []

    def document_at(self, path: str) -> tuple[Document, list[Page]] | None:
        """A document that was read, with its pages."""
        document = self.state.document(self._ids[path]) if self.state and path in self._ids else None
        # Records hold nothing that reading the file's description would not give again.
        return (
            (document, list(self.state.pages(document.id))) if self.state and document and not document.unread else None
        )

    def paths_under(self, folder: str) -> list[str]:
        """The paths in a folder."""
        return [path for path in self._ids if folder == "." or path.startswith(f"{folder}/")]

    def read_ledger_again(self) -> None:
        """The ledger was completed: what it lacked is held too."""
        self.held = self._ledger.held()
