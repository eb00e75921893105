"""What ``kb search`` and ``kb evaluate`` print: what was found, why, and how well."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kb import messages
from kb.console import Console
from kb.model import Hit, Reading, Results
from kb.polish import fold
from kb.terminal.base import open_console, print_json, print_tabbed

if TYPE_CHECKING:
    # Types alone: a command must not load what another needs.
    from kb.engine import Contribution
    from kb.quality import Quality

_FIELD_NAMES = {"lemma": "tekst", "surface": "dokładna forma", "title": "tytuł", "heading": "nagłówek"}
_ROUNDED = 0.01
"""Scores are shown with three digits, and the engine's sums have seven."""
_MARKED = re.compile(r"<mark>([^<]*+)</mark>")
_MOST_MISSED = 20


def print_results(results: Results, as_json: bool) -> None:
    """How the query was read, and the documents found, their pages with snippets. The JSON is that of the API."""
    if as_json:
        from kb.api.responses import search_response

        print_json(search_response(results).model_dump(mode="json", by_alias=True))
        return
    console = open_console()
    _print_reading(console, results.reading)
    if not results.listed:
        console.print("Niczego nie znaleziono.")
        for relaxation in results.relaxations:
            console.print(f"  {relaxation.label}: {messages.documents(relaxation.total)}", markup=False)
        return
    pages = messages.counted(results.total_pages, "pasująca strona", "pasujące strony", "pasujących stron")
    similar = f"; o podobnym znaczeniu: {results.by_meaning}" if results.by_meaning else ""
    console.print(f"{messages.documents(results.total)}, {pages}{similar}")
    for number, hit in enumerate(results.hits, 1):
        _print_hit(console, number, hit)


def _print_hit(console: Console, number: int, hit: Hit) -> None:
    from kb.citing import locator  # other commands print no hits

    console.print()
    console.print(Text.assemble(f"{number}. ", (hit.document.title, "bold"), f"  {hit.url}"))
    if hit.document.unread:
        console.print(Text.assemble("   ", (messages.unread(hit.document), "cyan")))
        if hit.document.description:
            _print_indented(console, Text(hit.document.description))
    for page in hit.pages:
        where = locator(hit.document, page)
        heading = f" · {page.heading}" if hit.document.format.has_pages and page.heading else ""
        meaning = Text(" (podobne znaczenie)" if page.by_meaning else "", "dim")
        console.print(Text.assemble("   ", (where, "cyan"), heading, meaning))
        _print_indented(console, _snippet(page.snippet))


def _print_indented(console: Console, text: Text) -> None:
    """A text below its title, on a terminal with all its lines set in."""
    console.print(Padding(text, (0, 0, 0, 3), expand=False) if console.is_terminal else Text("   ") + text)


def _print_reading(console: Console, reading: Reading) -> None:
    """What was done to the query."""
    for phrase in reading.loosened:
        console.print(
            f"frazy „{phrase}” nie ma w żadnym dokumencie – szukano jej słów osobno", style="yellow", markup=False
        )
    for word in reading.absent:
        console.print(f"„{word}” nie występuje w zbiorze", style="yellow", markup=False)
    for change in reading.repaired:
        read = "odczytano jako" if fold(change.before) == fold(change.after) else "poprawiono na"
        console.print(f"„{change.before}” {read} „{change.after}”", style="yellow", markup=False)
    for change in reading.expanded:
        console.print(f"„{change.before}” – szukano też: {change.after}", style="dim", markup=False)
    if reading.dropped:
        console.print(f"pominięto: {', '.join(reading.dropped)}", style="dim", markup=False)


def print_contributions(parts: Sequence[Contribution], hit: Hit) -> None:
    """What made the score of a hit's best page: score = weight · idf · saturated frequency, the best form of each field."""
    console = open_console()
    names = ("Słowo", "Pole", "Formy podstawowe", "Wystąpień", "idf", "Waga", "Ocena")
    rows = [
        (
            (part.concept, _FIELD_NAMES[part.field], part.terms),
            (str(part.frequency), f"{part.idf:.2f}", f"{part.weight:.2f}", f"{part.score:.3f}"),
            part.counted,
        )
        for part in parts
    ]
    console.print()
    what = f"strony {hit.pages[0].number} dokumentu" if hit.pages else "opisu dokumentu"
    console.print(f"Ocena {what} „{hit.document.title}”: {hit.score}", markup=False)
    if console.is_terminal:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in names:
            table.add_column(name, justify="right" if name in ("Wystąpień", "idf", "Waga", "Ocena") else "left")
        for words, figures, counted in rows:
            table.add_row(*(Text(cell) for cell in (*words, *figures)), style="" if counted else "dim")
        console.print(table)
    else:
        print_tabbed((*names, "Liczy się"))
        for words, figures, counted in rows:
            print_tabbed((*words, *figures, "tak" if counted else "nie"))
    console.print("Z każdego pola liczy się najlepsza forma słowa, pola się dodają; wiersze przygaszone się nie liczą.")
    rest = hit.score - sum(part.score for part in parts if part.counted)
    if rest > _ROUNDED:
        console.print(f"Resztę ({rest:.3f}) dodało podobne znaczenie.")


def _snippet(snippet: str) -> Text:
    """A snippet's HTML as terminal text, its marks in bold."""
    text = Text()
    for i, part in enumerate(_MARKED.split(snippet)):
        text.append(html.unescape(part), style="bold" if i % 2 else "")
    return text


def print_quality(quality: Quality, spelling: str, as_json: bool) -> None:
    """The figures, and the first questions that were not answered, in the spelling in which they were asked."""
    figures: dict[str, float | int] = {
        "mrr@10": round(quality.mrr, 4),
        "recall@10": round(quality.recall, 4),
        "recall@1": round(quality.first, 4),
        "questions": quality.questions,
    }
    if quality.right_page is not None:
        figures["right_page"] = round(quality.right_page, 4)
    if as_json:
        print_json(figures)
        return
    console = open_console()
    for name, value in figures.items():
        console.print(f"{name:>10}  {value}")
    missed = [answered.question for answered in quality.answered if not answered.rank]
    for question in missed[:_MOST_MISSED]:
        console.print(f"  bez odpowiedzi: {escape(getattr(question, spelling))}")
