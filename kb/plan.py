"""What is to be done about each file: decided at once, from what was found and what is known, before anything is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb.archive import Held
from kb.archive.ids import Claim, Name, share_out
from kb.catalogue import Asked, id_of_path
from kb.engine import IndexedFile
from kb.errors import TooManyRemovals
from kb.folder import FoundFile, gone
from kb.messages import counted
from kb.model import Status

MOST_REMOVED = 20
"""Documents that may leave at once, however few stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done. Each file that was found is in one list.

    ``leaving`` are documents of the index that are no more, or whose id another file gets; ``gone`` are those among them whose
    file is not there.
    ``twice`` are files with the name of another, or the bytes of one: its path. ``settled`` are unchanged files whose ids are and
    stay the same in the index and in the ledger, ``unchanged`` others of these. ``names`` has all that are in the collection but
    the settled ones.
    """

    names: Mapping[str, Name]
    settled: list[tuple[FoundFile, IndexedFile]] = field(default_factory=list)
    leaving: list[IndexedFile] = field(default_factory=list)
    gone: list[IndexedFile] = field(default_factory=list)
    twice: list[tuple[FoundFile, str]] = field(default_factory=list)
    failing: list[FoundFile] = field(default_factory=list)
    unchanged: list[tuple[FoundFile, IndexedFile]] = field(default_factory=list)
    to_read: list[FoundFile] = field(default_factory=list)


def make_plan(
    before: Mapping[str, IndexedFile],
    found: Sequence[FoundFile],
    missing: Collection[str],
    ledger: Mapping[str, Held],
    again: Callable[[IndexedFile], bool],
    ask: Callable[[FoundFile], Asked],
) -> Plan:
    """The plan. ``before`` are the files of the build that is written to, ``ledger`` the documents that ever were, by id.

    ``missing``: the paths of the collection that were not found. ``again``: whether an unchanged file is to be read all
    the same. ``ask``: what a file's metadata ask for.
    """
    held = {each.path: each for each in ledger.values() if not each.removed}
    owners = _owners(found, held)
    left = set(gone(missing, found))
    claims = [
        _claim(path, held[path].version, held[path], settled=True)
        for path in missing
        if path in held and path not in left
    ]
    settled: list[tuple[FoundFile, IndexedFile]] = []
    paths_of_settled: dict[str, str] = {}
    twice: list[tuple[FoundFile, str]] = []
    failing: list[FoundFile] = []
    same: list[tuple[FoundFile, IndexedFile]] = []
    to_read: list[FoundFile] = []
    for entry in found:
        path, version = entry.name, entry.version
        old, known = before.get(path), held.get(path)
        if entry.status is Status.DUPLICATE:
            twice.append((entry, ""))
        elif entry.problem:
            failing.append(entry)
            if known:
                claims.append(_claim(path, known.version, known, settled=True))
        elif owners.get(version, path) != path:
            twice.append((entry, owners[version]))
        elif old and known and old.version == version and old.metadata == entry.metadata and not again(old):
            # Who did not get the id that it asked for gets it when it is free.
            content = known.asked in ("", known.id)
            if content and not known.aliases and known.id == old.document and known.version == version:
                settled.append((entry, old))
                paths_of_settled[known.id] = path
            else:
                same.append((entry, old))
                claims.append(_claim(path, version, known, settled=content))
        else:
            to_read.append(entry)
            asked = ask(entry)
            claims.append(
                Claim(path=path, version=version, made=id_of_path(path), asked=asked.id, aliases=asked.aliases)
            )
    names = share_out(claims, ledger, paths_of_settled)
    ids = {name.id: path for path, name in names.items()}
    moved = {entry.name: entry for entry, old in same if names[entry.name].id != old.document}
    rest = [file for file in before.values() if file.document not in paths_of_settled]
    return Plan(
        names=names,
        settled=settled,
        leaving=[file for file in rest if file.path not in names or ids.get(file.document, file.path) != file.path],
        gone=[file for file in rest if file.path in left],
        twice=twice,
        failing=failing,
        unchanged=[(entry, old) for entry, old in same if entry.name not in moved],
        to_read=sorted([*to_read, *moved.values()], key=lambda entry: entry.name) if moved else to_read,
    )


def check_removals(
    known: Mapping[str, str],
    missing: Collection[str],
    found: Sequence[FoundFile],
    root: Path,
    archive: Path | None = None,
) -> None:
    """Raise TooManyRemovals where most of the collection would go: a share that is not mounted is an empty folder.

    ``known``: the version of each path in the collection, ``missing`` those that were not found. A file that was only moved
    goes on under its hash. ``archive``: the one that documents are known from, in the first run of an index, None in
    later ones. It may be another collection's, whose index lies beside this one.
    """
    leaving = gone(missing, found)
    if leaving:
        versions = {entry.version for entry in found if entry.version}
        leaving = [path for path in leaving if known[path] not in versions]
    few = 0 if archive else MOST_REMOVED
    if not leaving or (found and (len(leaving) <= few or len(leaving) * 2 <= len(known))):
        return
    documents = counted(len(known), "dokumentu", "dokumentów", "dokumentów")
    lost = counted(len(leaving), "pliku", "plików", "plików")
    lacking = f"nie ma {lost} z {documents} bazy" if found else f"nie ma żadnego z {documents} bazy: jest pusty"
    folders = Counter(path.rpartition("/")[0] for path in leaving)
    most, count = folders.most_common(1)[0]
    details = ["Jeżeli dokumenty leżą na innym dysku albo na udziale sieciowym, sprawdź, czy jest podłączony."]
    if most and found:
        details.insert(0, f"Najwięcej brakuje w podfolderze {most}: {count}.")
    details.append("Jeżeli pliki usunięto celowo, uruchom: kb index --allow-removals")
    if found and archive:
        details.insert(
            0, f"Tę bazę pamięta folder wersji {archive}. Jeżeli zakładasz inną, daj jej własny: ustaw KB_STORE."
        )
    raise TooManyRemovals(f"W folderze {root} {lacking}. Niczego nie zmieniono.", details)


def _owners(found: Sequence[FoundFile], held: Mapping[str, Held]) -> dict[str, str]:
    """Of files with the same bytes the one that is a document: who holds them already, else the first by name; {} without any.

    Files without bytes are no copies of each other: each is told that it is empty.
    """
    readable = [entry for entry in found if entry.version and entry.size and not entry.problem]
    owners: dict[str, str] = {}
    if len({entry.version for entry in readable}) < len(readable):
        for entry in sorted(readable, key=lambda entry: not _holds(entry, held)):
            owners.setdefault(entry.version, entry.name)
    return owners


def _holds(entry: FoundFile, held: Mapping[str, Held]) -> bool:
    return entry.name in held and held[entry.name].version == entry.version


def _claim(path: str, version: str, known: Held, *, settled: bool) -> Claim:
    return Claim(path, version, "" if settled else id_of_path(path), known.asked, known.aliases, settled)


def refusals(name: Name) -> Iterator[str]:
    """What a file did not get of the aliases that it asked for."""
    for alias, holder in name.refused:
        yield f"aliases = „{alias}”: ten identyfikator ma już {holder}; usuń go z jednego z opisów"
