"""Results for the command line: as JSON, the same as the API's, and as text for a terminal."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kb import messages
from kb.api.responses import search_response
from kb.citation import locator
from kb.engine import Contribution
from kb.model import Hit, Results

_FIELD_NAMES = {"lemma": "tekst", "surface": "dokładna forma", "title": "tytuł", "heading": "nagłówek"}
_MARKED = re.compile(r"<mark>(.*?)</mark>")


def results_json(results: Results) -> dict[str, Any]:
    """The contract of ``GET /api/v1/search`` as plain values."""
    return search_response(results).model_dump(mode="json", by_alias=True)


def print_results(results: Results, console: Console) -> None:
    """Results as a person reads them: how the query was read, documents, their pages with snippets."""
    reading = results.reading
    for phrase in reading.loosened:
        console.print(
            f"frazy „{phrase}” nie ma w żadnym dokumencie – szukano jej słów osobno", style="yellow", markup=False
        )
    for change in reading.repaired:
        console.print(f"„{change.before}” poprawiono na „{change.after}”", style="yellow", markup=False)
    for change in reading.expanded:
        console.print(f"„{change.before}” – szukano też: {change.after}", style="dim", markup=False)
    if reading.dropped:
        console.print(f"pominięto: {', '.join(reading.dropped)}", style="dim", markup=False)
    if not results.total:
        console.print("Niczego nie znaleziono.")
        for relaxation in results.relaxations:
            console.print(f"  {relaxation.label}: {messages.documents(relaxation.total)}", markup=False)
        return
    pages = messages.counted(results.total_pages, "pasująca strona", "pasujące strony", "pasujących stron")
    console.print(f"{messages.documents(results.total)}, {pages}")
    for number, hit in enumerate(results.hits, 1):
        console.print()
        console.print(Text.assemble(f"{number}. ", (hit.document.title, "bold"), f"  {hit.url}"))
        for page in hit.pages:
            where = locator(hit.document, page)
            heading = f" · {page.heading}" if hit.document.format.has_pages and page.heading else ""
            console.print(Text.assemble("   ", (where, "cyan"), heading))
            console.print(_snippet(page.snippet))


def print_contributions(parts: Sequence[Contribution], hit: Hit, console: Console) -> None:
    """What made the score of a hit's best page: score = weight · idf · saturated frequency, the best form of each field."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("Słowo", "Pole", "Formy podstawowe", "Wystąpień", "idf", "Waga", "Ocena"):
        table.add_column(name, justify="right" if name in ("Wystąpień", "idf", "Waga", "Ocena") else "left")
    for part in parts:
        figures = (str(part.frequency), f"{part.idf:.2f}", f"{part.weight:.2f}", f"{part.score:.3f}")
        cells = (part.concept, _FIELD_NAMES[part.field], part.terms, *figures)
        table.add_row(*(Text(cell) for cell in cells), style="" if part.counted else "dim")
    console.print()
    console.print(
        f"Ocena strony {hit.pages[0].number} dokumentu „{hit.document.title}”: {hit.pages[0].score}", markup=False
    )
    console.print(table)
    console.print("Z każdego pola liczy się najlepsza forma słowa, pola się dodają; wiersze przygaszone się nie liczą.")


def _snippet(snippet: str) -> Text:
    """A snippet's HTML as terminal text, its marks in bold."""
    text = Text("   ")
    for i, part in enumerate(_MARKED.split(snippet)):
        text.append(html.unescape(part), style="bold" if i % 2 else "")
    return text
