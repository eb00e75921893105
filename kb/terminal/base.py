"""What any command prints: errors, lines for programs, where the server is."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.markup import escape

from kb.console import Console, harmless, json_text

MOST_LISTED = 20
"""Rows of a list that goes on."""


def open_console(*, stderr: bool = False) -> Console:
    """Standard output or error: on a terminal lines end between words, in a pipe where a sentence does."""
    console = Console(stderr=stderr, highlight=False)
    console.soft_wrap = not console.is_terminal
    return console


def print_error(message: str, details: Sequence[str] = ()) -> None:
    """What went wrong, on standard error."""
    console = open_console(stderr=True)
    console.print(f"[red]Błąd:[/red] {escape(message)}")
    for detail in details:
        console.print(f"  • {escape(detail)}")


def print_interrupted() -> None:
    """That the person stopped the command."""
    open_console(stderr=True).print("Przerwano. Indeks jest taki, jak przed tym poleceniem.")


def print_waiting() -> None:
    """That the server has no index yet, which somebody else is building."""
    open_console().print(
        "Inne polecenie właśnie buduje indeks. Do tego czasu serwis odpowiada, że jeszcze go nie ma (503)."
    )


def print_address(host: str, port: int) -> None:
    """Where the server is."""
    open_console().print(f"Baza wiedzy: http://{host}:{port}/  (Ctrl+C kończy)")


def print_tabbed(cells: Sequence[str]) -> None:
    """A line of cells between tabs, for ``cut`` and ``awk``."""
    sys.stdout.write("\t".join(harmless(" ".join(cell.split())) for cell in cells) + "\n")


def print_json(value: object) -> None:
    """A value for programs."""
    sys.stdout.write(json_text(value) + "\n")
