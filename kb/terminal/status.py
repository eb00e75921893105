"""What ``kb status`` prints."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.text import Text

from kb import messages
from kb.console import Console
from kb.terminal.base import open_console, print_json

if TYPE_CHECKING:
    # Types alone: a command must not load what another needs.
    from kb.engine import Condition
    from kb.index_status import IndexStatus


def print_status(state: IndexStatus, as_json: bool) -> None:
    """What is in the index, and whether it should be built anew."""
    if as_json:
        print_json(asdict(state))
        return
    console = open_console()
    size = messages.file_size(state.bytes)
    contents = f"{messages.documents(state.documents)}, {messages.pages(state.pages)}, {size}"
    console.print(f"Indeks {state.build}: {contents}")
    console.print(f"Zbudowany: {messages.moment(datetime.fromisoformat(state.created))}")
    if state.cluster:
        _print_cluster(console, state.cluster)
    console.print(f"Rozpoznawanie tekstu skanów (OCR): {state.ocr}", markup=False)
    console.print(f"Odczyt plików: {state.reading}", markup=False)
    if state.meaning:
        console.print(f"Znaczenie: {state.meaning.done} z {messages.of_pages(state.meaning.pages)}")
    _print_freshness(console, state)


_HEALTH = {
    "green": "sprawny",
    "yellow": "[yellow]działa, ale brakuje kopii zapasowych[/yellow]",
    "red": "[red]brakuje części indeksu[/red]",
}


def _print_cluster(console: Console, cluster: Condition) -> None:
    """How the machines of the engine are."""
    shards = f"fragmenty indeksu: {cluster.shards}" + (f", brakujące: {cluster.lacking}" if cluster.lacking else "")
    console.print(f"Klaster: {_HEALTH.get(cluster.health, escape(cluster.health))}; węzły: {cluster.nodes}; {shards}")
    console.print(f"Odpowiedź klastra: {cluster.answer_ms:.0f} ms; najdłużej czekająca zmiana: {cluster.lag_ms:.0f} ms")


def _print_freshness(console: Console, state: IndexStatus) -> None:
    """Whether the index is what the documents folder holds, and what differs."""
    if state.up_to_date:
        console.print("Stan: aktualny, zgodny z folderem z dokumentami.")
        return
    if state.damaged:
        console.print(f"[red]Indeks jest uszkodzony ({escape(messages.listed(state.damaged))}).[/red]")
    elif not state.current:
        console.print("[yellow]Zbudowała go inna wersja programu.[/yellow]")
    if state.pending is None:
        console.print(Text(f"Nie ma folderu z dokumentami: {state.folder}", "yellow"), soft_wrap=True)
        return
    for paths, forms in (
        (state.pending.new, ("plik dodano", "pliki dodano", "plików dodano")),
        (state.pending.changed, ("plik zmieniono", "pliki zmieniono", "plików zmieniono")),
        (state.pending.described, ("plikowi zmieniono opis", "plikom zmieniono opis", "plikom zmieniono opis")),
        (state.pending.removed, ("plik usunięto", "pliki usunięto", "plików usunięto")),
    ):
        if paths:
            said = f"{messages.counted(len(paths), *forms)} od ostatniego indeksowania: {messages.listed(paths)}"
            console.print(Text(said, "yellow"))
    anew = ": zbuduje indeks od nowa z tekstów, które już odczytano" if state.damaged or not state.current else ""
    console.print(f"Stan: [yellow]nieaktualny[/yellow]. Uruchom „kb index”{anew}.")
