"""What ``kb store``, ``kb backup`` and ``kb restore`` print: how much is kept, what goes, what comes back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from kb import messages
from kb.addresses import short_version
from kb.console import Console
from kb.terminal.base import MOST_LISTED, open_console, print_json

if TYPE_CHECKING:
    # Types alone: a command must not load what another needs.
    from kb.archive.pruning import Chosen, Measure
    from kb.backup import Backup


def print_archive(measure: Measure, folder: Path, as_json: bool) -> None:
    """How much is kept of all versions."""
    if as_json:
        print_json({"folder": str(folder), **asdict(measure)})
        return
    console = open_console()
    console.print(Text(f"Wersje dokumentów: {folder}", overflow="fold"))
    was = messages.counted(measure.removed, "usunięty", "usunięte", "usuniętych")
    old = f", w tym dawne wersje {messages.file_size(measure.old_bytes)}" if measure.old_bytes else ""
    rows = (
        ("Dokumenty", f"{messages.grouped(measure.documents)}, w tym {was}"),
        (
            "Wersje",
            f"{messages.grouped(measure.versions)}, w tym {messages.counted(measure.old, 'dawna', 'dawne', 'dawnych')}",
        ),
        ("Rozmiar", messages.file_size(measure.bytes) + old),
        ("Usunięto", messages.counted(measure.pruned, "wersję", "wersje", "wersji") if measure.pruned else ""),
    )
    for name, value in rows:
        if value:
            console.print(f"  {name:<11}{value}")
    if not measure.versions:
        console.print("Archiwum jest puste: zapełnia je kb index.")


def print_pruning(chosen: Chosen) -> None:
    """What is to be removed."""
    console = open_console()
    if not chosen.versions and not chosen.bytes:
        console.print("Nie ma czego usunąć.")
        return
    for version in chosen.versions[:MOST_LISTED]:
        line = f"  {version.document}  {short_version(version.version)}  z {messages.date_of(version.since)}"
        console.print(Text(line, overflow="fold"))
    if len(chosen.versions) > MOST_LISTED:
        console.print(f"  … i {messages.counted(len(chosen.versions) - MOST_LISTED, 'inna', 'inne', 'innych')}")
    count = messages.counted(len(chosen.versions), "wersja", "wersje", "wersji")
    console.print(f"Do usunięcia: {count}, {messages.file_size(chosen.bytes)}.")


def confirmed(question: str) -> bool:
    """Whether the person says yes."""
    return Console().input(f"{question} [tak/nie] ").strip().lower() in ("tak", "t")


def print_pruned(chosen: Chosen, as_json: bool) -> None:
    """What was removed."""
    if as_json:
        went = [asdict(version) | {"since": version.since.isoformat()} for version in chosen.versions]
        print_json({"versions": went, "bytes": chosen.bytes})
    elif chosen.versions or chosen.bytes:
        count = messages.counted(len(chosen.versions), "wersję", "wersje", "wersji")
        open_console().print(f"Usunięto {count}, {messages.file_size(chosen.bytes)}. Ich adresy mówią, że tu były.")


def print_backup(backup: Backup, as_json: bool) -> None:
    """What was put into a backup, and what is no file and was not."""
    if as_json:
        print_json(asdict(backup))
        return
    console = open_console()
    console.print(Text(f"Kopia: {backup.file}, {messages.file_size(backup.bytes)}", overflow="fold"))
    console.print(_of_backup(backup))
    for path in backup.skipped:
        console.print(Text(f"  pominięto (nie jest zwykłym plikiem w tym folderze): {path}", overflow="fold"))


def print_restored(backup: Backup, as_json: bool) -> None:
    """What was restored, where that is now which was there before, and what to do next."""
    if as_json:
        print_json(asdict(backup))
        return
    console = open_console()
    made = messages.moment(datetime.fromisoformat(backup.created))
    console.print(Text(f"Przywrócono kopię z {made}: {_of_backup(backup)}", overflow="fold"))
    for folder in backup.moved:
        console.print(Text(f"  to, co było przedtem, jest w: {folder}", overflow="fold"))
    console.print("Teraz uruchom „kb index”.")


def _of_backup(backup: Backup) -> str:
    files = messages.counted(backup.documents, "plik", "pliki", "plików")
    versions = messages.counted(backup.versions, "wersja", "wersje", "wersji")
    return f"{files} z folderu dokumentów, {versions} dokumentów ({messages.seconds(backup.seconds)})."
