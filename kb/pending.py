"""What has changed in the documents folder since it was last indexed."""

from __future__ import annotations

from dataclasses import dataclass

from kb.engine import State
from kb.folder import FoundFile, Hashes, find, gone
from kb.listing import Listing, own_folders
from kb.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Paths of files that are ``new``, ``changed`` in their bytes, ``described`` otherwise than before, and ``removed``."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many files that are."""
        return len(self.new) + len(self.changed) + len(self.described) + len(self.removed)


def pending(settings: Settings, state: State | None) -> Pending:
    """What the next run would find. Only files whose size, times or inode are others than before are hashed.

    ``state``: the index, which knows the files where nothing else remembers them; None where it cannot be read.
    """
    hashes = Hashes(settings.hashes)
    last: dict[str, tuple[str, str | None]] = {
        document.path: (document.version, None) for document in (state.documents() if state else ())
    }
    last |= hashes.last()
    found = find(Listing(settings.documents.absolute(), own_folders(settings)), hashes).documents
    readable = [entry for entry in found if not entry.problem]
    return Pending(
        new=tuple(entry.name for entry in readable if entry.name not in last),
        changed=tuple(entry.name for entry in readable if entry.name in last and last[entry.name][0] != entry.version),
        described=tuple(
            entry.name for entry in readable if entry.name in last and _is_described(entry, *last[entry.name])
        ),
        removed=tuple(sorted(gone(last, found))),
    )


def _is_described(entry: FoundFile, version: str, metadata: str | None) -> bool:
    return entry.version == version and metadata is not None and entry.metadata != metadata
