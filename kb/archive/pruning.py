"""How much is kept, and what of it may go: only on purpose, and its addresses say that it was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kb.archive.files import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How much is kept: the contract of ``kb store --json``. ``old`` versions are no more shown, ``removed`` documents gone."""

    documents: int
    removed: int
    versions: int
    old: int
    pruned: int
    bytes: int
    old_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OldVersion:
    """A version that is no more shown, of one document."""

    document: str
    version: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What goes: versions of documents, and ``bytes``, some of which may have been left by a pruning that was killed."""

    versions: tuple[OldVersion, ...]
    bytes: int


def measure(archive: Archive) -> Measure:
    """How much is kept."""
    every = archive.ledger.every()
    held = archive.ledger.held().values()
    shown = {version for _, version, _, _, is_shown in every if is_shown}
    sizes = _sizes(archive)
    kept = [(version, is_shown) for _, version, _, pruned, is_shown in every if not pruned]
    return Measure(
        documents=len(held),
        removed=sum(each.removed is not None for each in held),
        versions=len(kept),
        old=sum(not is_shown for _, is_shown in kept),
        pruned=len(every) - len(kept),
        bytes=sum(sizes.values()),
        old_bytes=sum(size for version, size in sizes.items() if version not in shown),
    )


def choose(archive: Archive, *, days: int = 0, removed: bool = False, now: datetime | None = None) -> Chosen:
    """The old versions that were replaced at least so many days ago; with ``removed`` also those of documents that have left."""
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    held = archive.ledger.held()
    every = archive.ledger.every()
    # Of each document the versions follow one another: one was replaced when the next was shown.
    replaced = {
        (document, version): following[2] if following[0] == document else None
        for (document, version, *_), following in zip(every, [*every[1:], ("", "", None, None, False)], strict=True)
    }
    chosen = []
    for document, version, since, pruned, shown in every:
        left = held[document].removed
        ended = replaced[document, version] or left
        if not pruned and not shown and ended and ended <= before and (removed or not left):
            chosen.append(OldVersion(document=document, version=version, since=since))
    return Chosen(versions=tuple(chosen), bytes=sum(_going(archive, chosen).values()))


def remove(archive: Archive, chosen: Chosen) -> Chosen:
    """Remove what was chosen; what went. Raises IndexLocked where somebody else writes.

    The ledger is told first: whoever is killed after that leaves files that the next pruning finds.
    """
    with archive.writing():
        shown = {(document, version) for document, version, _, _, is_shown in archive.ledger.every() if is_shown}
        going = tuple(each for each in chosen.versions if (each.document, each.version) not in shown)
        wanted = _going(archive, going)
        archive.ledger.prune([(each.document, each.version) for each in going], datetime.now(UTC))
        return Chosen(versions=going, bytes=archive.forget(wanted))


def _going(archive: Archive, chosen: Sequence[OldVersion]) -> dict[str, int]:
    """The sizes of what no other version needs, by hash; what the ledger does not know stays."""
    going = {(each.document, each.version) for each in chosen}
    wanted: set[str] = set()
    needed: set[str] = set()
    for document, version, _, pruned, _ in archive.ledger.every():
        (wanted if pruned or (document, version) in going else needed).add(version)
    return {version: size for version, size in _sizes(archive).items() if version in wanted - needed}


def _sizes(archive: Archive) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for kept in archive.files():
        sizes[kept.version] = sizes.get(kept.version, 0) + kept.size
    return sizes
