"""What ``kb index`` and ``kb check`` print: what became of every file."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from rich.text import Text

from kb import messages
from kb.console import Console
from kb.model import Status
from kb.terminal.base import MOST_LISTED, open_console, print_json, print_tabbed

if TYPE_CHECKING:
    # Types alone: a command must not load what another needs.
    from kb.meaning.making import Coverage
    from kb.report import FileReport, Report

_COLOURS = {Status.INDEXED: "green", Status.UNCHANGED: "dim", Status.REMOVED: "cyan"}
CHECKED = "W dokumentach"
"""The place of a report of files that were read and not indexed."""


def print_coverage(coverage: Coverage) -> None:
    """How many pages can be found by meaning."""
    open_console().print(f"Znaczenie: {coverage.done} z {messages.of_pages(coverage.pages)}.")


def print_sound(as_json: bool) -> None:
    """That every file of the index is what was written; for programs the exit code says it."""
    if not as_json:
        open_console().print("Indeks: wszystkie pliki są zgodne z sumami kontrolnymi.")


def print_report(report: Report, place: str, as_json: bool) -> None:
    """What became of every file, the failed ones first, and how much there is now. ``place`` says where."""
    if as_json:
        files = [file._asdict() for file in report.files]
        print_json(asdict(replace(report, files=())) | {"files": files})
        return
    console = open_console()
    listed = [file for file in report.files if file.status is not Status.UNCHANGED or file.warnings]
    listed.sort(key=lambda file: (_urgency(file), file.path))
    skipped = [file for file in listed if file.status is Status.SKIPPED]
    cut = skipped[MOST_LISTED:] if console.is_terminal else []
    _print_files(console, listed[: len(listed) - len(cut)], place)
    if cut:
        console.print(f"  … i {messages.counted(len(cut), 'inny pominięty', 'inne pominięte', 'innych pominiętych')}")
    _print_defaults(console, listed)
    counts = Counter(_kind(file, place) for file in report.files)
    console.print(", ".join(f"{kind}: {count}" for kind, count in counts.items()) or "Folder z dokumentami jest pusty.")
    size = f"{messages.documents(report.documents)}, {messages.pages(report.pages)}"
    console.print(f"{place}: {size} ({messages.seconds(report.seconds)}).")
    told = _needing_attention(listed, place)
    if told:
        console.print(f"[yellow]{told}: patrz początek tabeli.[/yellow]")


def _urgency(file: FileReport) -> int:
    """What somebody should mend comes first, then warnings, then what is only to be known."""
    if file.status.failed:
        return 0
    if file.warnings:
        return 1
    return 3 if file.status is Status.SKIPPED else 2


def _is_left_out(file: FileReport) -> bool:
    """Whether the file's present bytes are not in the index; one under another id than it asked for is there."""
    return file.status.failed and not (file.status is Status.DUPLICATE and file.pages)


def _needing_attention(files: Sequence[FileReport], place: str) -> str:
    """„2 pliki nie zostały zindeksowane, 3 mają ostrzeżenia”; "" where all is well."""
    left_out = sum(map(_is_left_out, files))
    warned = sum(bool(file.warnings or file.status.failed) and not _is_left_out(file) for file in files)
    told = []
    if left_out:
        stem = "odczytan" if place == CHECKED else "zindeksowan"
        forms = (f"plik nie został {stem}y", f"pliki nie zostały {stem}e", f"plików nie zostało {stem}ych")
        told.append(messages.counted(left_out, *forms))
    if warned:
        alone = ("plik ma ostrzeżenia", "pliki mają ostrzeżenia", "plików ma ostrzeżenia")
        told.append(messages.counted(warned, *(form.partition(" ")[2] for form in alone) if told else alone))
    return ", ".join(told)


def _kind(file: FileReport, place: str) -> str:
    """What a file is counted as."""
    if file.status is Status.INDEXED and place == CHECKED:
        return "odczytane"
    return messages.STATUS_COUNTS[file.status]


def _state(file: FileReport, place: str) -> str:
    """What became of a file, in a word or two."""
    if file.status is Status.INDEXED:
        done = "odczytany" if place == CHECKED else messages.STATUS_NAMES[file.status]
        return messages.CHANGE_NAMES.get(file.change, done)
    return messages.STATUS_NAMES[file.status]


def _print_files(console: Console, files: Sequence[FileReport], place: str) -> None:
    """A row for each file: for people its path whole, what is said of it below; for programs one line, its cells between tabs."""
    if not files:
        return
    if not console.is_terminal:
        print_tabbed(("Stan", "Plik", "Stron", "Słów", "Uwagi"))
        for file in files:
            notes = " ".join(_sentence(note) for note in (*_remarks(file), *_own_notes(file)))
            print_tabbed((_state(file, place), file.path, str(file.pages or "–"), str(file.words or "–"), notes))
        return
    width = max(len(_state(file, place)) for file in files) + 2
    for file in files:
        colour = "red" if file.status.failed else _COLOURS.get(file.status, "")
        head = Text.assemble((_state(file, place).ljust(width), colour), file.path)
        size = f"  {messages.pages(file.pages)}, {messages.words(file.words)}" if file.words else ""
        below = [(note, "") for note in _remarks(file)] + [(note, "dim") for note in _own_notes(file)]
        if size and head.cell_len + len(size) <= console.width:
            head.append(size, "dim")
        elif size:
            below.insert(0, (size.strip(), "dim"))
        console.print(head, soft_wrap=True)
        for note, style in below:
            for line in textwrap.wrap(note, max(console.width - 4, 20), break_long_words=False, break_on_hyphens=False):
                console.print(Text(f"    {line}", style), soft_wrap=True)


def _sentence(note: str) -> str:
    return note if note.endswith((".", "?", "!")) else f"{note}."


def _print_defaults(console: Console, files: Sequence[FileReport]) -> None:
    """What the files have from the defaults of their folders: once for all, since it is much the same for each."""
    from kb.catalogue.describe import OF_DEFAULTS

    found = [note.removeprefix(OF_DEFAULTS) for file in files for note in file.notes if note.startswith(OF_DEFAULTS)]
    files_of = Counter(key for note in found for key in note.split(", "))
    told = [
        f"{', '.join(sorted(key for key in files_of if files_of[key] == count))}"
        f" ({messages.counted(count, 'plik', 'pliki', 'plików')})"
        for count in sorted(set(files_of.values()), reverse=True)
    ]
    if told:
        console.print(f"[dim]{OF_DEFAULTS.capitalize()}{'; '.join(told)}[/dim]")


def _remarks(file: FileReport) -> list[str]:
    """What somebody should read about a file."""
    return [note for note in (file.message, *file.warnings) if note]


def _own_notes(file: FileReport) -> list[str]:
    """What is good to know about a file, but for its folder's defaults, which are told once for all."""
    from kb.catalogue.describe import OF_DEFAULTS

    return [note for note in file.notes if not note.startswith(OF_DEFAULTS)]
