"""What the command line prints: results, reports and errors as text for a person, or with ``as_json`` for programs."""

from __future__ import annotations

import html
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kb import messages
from kb.console import Console, harmless, json_text
from kb.model import Hit, Reading, Results, Status
from kb.polish import fold

if TYPE_CHECKING:
    # Types alone: "kb search" must not load what "kb index" needs, and who writes into a file needs no bar.
    from rich import progress

    from kb.archive.pruning import Chosen, Measure
    from kb.backup import Backup, OnFile
    from kb.engine import Condition, Contribution
    from kb.meaning.making import Coverage, OnCoverage
    from kb.pending import Pending
    from kb.quality import Quality
    from kb.readings import OnProgress, Progress
    from kb.report import FileReport, Report

_COLOURS = {Status.INDEXED: "green", Status.UNCHANGED: "dim", Status.REMOVED: "cyan"}
_FIELD_NAMES = {"lemma": "tekst", "surface": "dokładna forma", "title": "tytuł", "heading": "nagłówek"}
_ROUNDED = 0.01
"""Scores are shown with three digits, and the engine's sums have seven."""
_MARKED = re.compile(r"<mark>([^<]*+)</mark>")
_MOST_MISSED = 20
_MOST_LISTED = 20
CHECKED = "W dokumentach"
"""The place of a report of files that were read and not indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """What is in the index: the contract of ``kb status --json``. ``current``: made by this version of the program.

    ``up_to_date``: it is current, sound, and has the documents ``folder`` as it is now; ``pending`` are the files that
    differ, None where the folder is not there. ``damaged`` says which files are spoilt.
    ``ocr`` says in Polish whether the text of scans is recognised on this machine.
    ``reading`` says in Polish what the kernel keeps from the processes that read files.
    ``meaning``: how many pages can be found by meaning; None where that is off.
    ``cluster``: how the machines of the engine are; None where it is on this one.
    """

    build: str
    created: str
    documents: int
    pages: int
    bytes: int
    current: bool
    ocr: str
    reading: str
    meaning: Coverage | None
    up_to_date: bool
    damaged: tuple[str, ...] = ()
    pending: Pending | None = None
    folder: str = ""
    cluster: Condition | None = None


# Any command


def _console(*, stderr: bool = False) -> Console:
    """Standard output or error: on a terminal lines end between words, in a pipe where a sentence does."""
    console = Console(stderr=stderr, highlight=False)
    console.soft_wrap = not console.is_terminal
    return console


def print_error(message: str, details: Sequence[str] = ()) -> None:
    """What went wrong, on standard error."""
    console = _console(stderr=True)
    console.print(f"[red]Błąd:[/red] {escape(message)}")
    for detail in details:
        console.print(f"  • {escape(detail)}")


def print_interrupted() -> None:
    """That the person stopped the command."""
    _console(stderr=True).print("Przerwano. Indeks jest taki, jak przed tym poleceniem.")


def print_waiting() -> None:
    """That the server has no index yet, which somebody else is building."""
    _console().print(
        "Inne polecenie właśnie buduje indeks. Do tego czasu serwis odpowiada, że jeszcze go nie ma (503)."
    )


def print_address(host: str, port: int) -> None:
    """Where the server is."""
    name = f"[{host}]" if ":" in host else host
    _console().print(f"Baza wiedzy: http://{escape(name)}:{port}/  (Ctrl+C kończy)")


# kb index, kb check


def _bar(console: Console, *more: progress.ProgressColumn) -> progress.Progress:
    """A bar with what is done, of how much, and the time left, and further columns."""
    from rich import progress

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        *more,
        console=console,
        transient=True,
    )


@contextmanager
def progress_bar(quiet: bool) -> Iterator[OnProgress | None]:
    """A bar with file, pages and time left, on a terminal only."""
    console = _console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich import progress

    with _bar(console, progress.TextColumn("{task.fields[file]}", markup=False)) as bar:
        task = bar.add_task("Czytanie", total=None, file="")

        def show(step: Progress) -> None:
            pages = f" – strona {step.page} z {step.pages}" if step.pages else ""
            bar.update(task, total=step.total, completed=step.done, file=f"{step.path}{pages}")

        yield show


@contextmanager
def meaning_bar(quiet: bool) -> Iterator[OnCoverage | None]:
    """A bar with the pages that can be found by meaning and the time left, on a terminal only."""
    console = _console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    bar = _bar(console)
    with bar:
        task = bar.add_task("Znaczenie stron", total=None)
        yield lambda coverage: bar.update(task, total=coverage.pages, completed=coverage.done)


def print_coverage(coverage: Coverage) -> None:
    """How many pages can be found by meaning."""
    _console().print(f"Znaczenie: {coverage.done} z {_of_pages(coverage.pages)}.")


def print_sound(as_json: bool) -> None:
    """That every file of the index is what was written; for programs the exit code says it."""
    if not as_json:
        _console().print("Indeks: wszystkie pliki są zgodne z sumami kontrolnymi.")


def print_report(report: Report, place: str, as_json: bool = False) -> None:
    """What became of every file, the failed ones first, and how much there is now. ``place`` says where."""
    if as_json:
        files = [file._asdict() for file in report.files]
        _print_json(asdict(replace(report, files=())) | {"files": files})
        return
    console = _console()
    listed = [file for file in report.files if file.status is not Status.UNCHANGED or file.warnings]
    listed.sort(key=lambda file: (_urgency(file), file.path))
    skipped = [file for file in listed if file.status is Status.SKIPPED]
    cut = skipped[_MOST_LISTED:] if console.is_terminal else []
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
        _print_tabbed(("Stan", "Plik", "Stron", "Słów", "Uwagi"))
        for file in files:
            notes = " ".join(_sentence(note) for note in (*_remarks(file), *_own_notes(file)))
            _print_tabbed((_state(file, place), file.path, str(file.pages or "–"), str(file.words or "–"), notes))
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


def _print_tabbed(cells: Sequence[str]) -> None:
    """A line of cells between tabs, for ``cut`` and ``awk``."""
    sys.stdout.write("\t".join(harmless(" ".join(cell.split())) for cell in cells) + "\n")


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


# kb store


def print_archive(measure: Measure, folder: Path, as_json: bool = False) -> None:
    """How much is kept of all versions."""
    if as_json:
        _print_json({"folder": str(folder), **asdict(measure)})
        return
    console = _console()
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


def print_pruning(chosen: Chosen, staying: int = 0) -> None:
    """What is to be removed. ``staying``: how many versions of removed documents could go too."""
    console = _console()
    if staying:
        console.print(f"Wersje usuniętych dokumentów zostają: {staying}. Żeby usunąć i te, dodaj --removed.")
    if not chosen.versions and not chosen.bytes:
        console.print("Nie ma czego usunąć.")
        return
    for version in chosen.versions[:_MOST_LISTED]:
        line = (
            f"  {version.document}  {version.version[:12]}  z {messages.long_date(version.since.astimezone().date())}"
        )
        console.print(Text(line, overflow="fold"))
    if len(chosen.versions) > _MOST_LISTED:
        console.print(f"  … i {messages.counted(len(chosen.versions) - _MOST_LISTED, 'inna', 'inne', 'innych')}")
    count = messages.counted(len(chosen.versions), "wersja", "wersje", "wersji")
    console.print(f"Do usunięcia: {count}, {messages.file_size(chosen.bytes)}.")


def confirmed(question: str) -> bool:
    """Whether the person says yes."""
    return Console().input(f"{question} [tak/nie] ").strip().lower() in ("tak", "t")


def print_pruned(chosen: Chosen, as_json: bool = False) -> None:
    """What was removed."""
    if as_json:
        went = [asdict(version) | {"since": version.since.isoformat()} for version in chosen.versions]
        _print_json({"versions": went, "bytes": chosen.bytes})
    elif chosen.versions or chosen.bytes:
        count = messages.counted(len(chosen.versions), "wersję", "wersje", "wersji")
        _console().print(f"Usunięto {count}, {messages.file_size(chosen.bytes)}. Ich adresy mówią, że tu były.")


# kb backup, kb restore


@contextmanager
def files_bar(what: str, quiet: bool) -> Iterator[OnFile | None]:
    """A bar with how many files are done, on a terminal only."""
    console = _console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    bar = _bar(console)
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, total=total or None, completed=done)


def print_backup(backup: Backup, as_json: bool = False) -> None:
    """What was put into a backup, and what is no file and was not."""
    if as_json:
        _print_json(asdict(backup))
        return
    console = _console()
    console.print(Text(f"Kopia: {backup.file}, {messages.file_size(backup.bytes)}", overflow="fold"))
    console.print(_of_backup(backup))
    for path in backup.skipped:
        console.print(Text(f"  pominięto (nie jest zwykłym plikiem w tym folderze): {path}", overflow="fold"))


def print_restored(backup: Backup, as_json: bool = False) -> None:
    """What was restored, where that is now which was there before, and what to do next."""
    if as_json:
        _print_json(asdict(backup))
        return
    console = _console()
    made = messages.moment(datetime.fromisoformat(backup.created))
    console.print(Text(f"Przywrócono kopię z {made}: {_of_backup(backup)}", overflow="fold"))
    for folder in backup.moved:
        console.print(Text(f"  to, co było przedtem, jest w: {folder}", overflow="fold"))
    console.print("Teraz uruchom „kb index”.")


def _of_backup(backup: Backup) -> str:
    files = messages.counted(backup.documents, "plik", "pliki", "plików")
    versions = messages.counted(backup.versions, "wersja", "wersje", "wersji")
    return f"{files} z folderu dokumentów, {versions} dokumentów ({messages.seconds(backup.seconds)})."


# kb search


def print_results(results: Results, as_json: bool = False) -> None:
    """How the query was read, and the documents found, their pages with snippets. The JSON is that of the API."""
    if as_json:
        from kb.api.responses import search_response

        _print_json(search_response(results).model_dump(mode="json", by_alias=True))
        return
    console = _console()
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
    console = _console()
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
        _print_tabbed((*names, "Liczy się"))
        for words, figures, counted in rows:
            _print_tabbed((*words, *figures, "tak" if counted else "nie"))
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


# kb status


def print_state(state: IndexState, as_json: bool = False) -> None:
    """What is in the index, and whether it should be built anew."""
    if as_json:
        _print_json(asdict(state))
        return
    console = _console()
    size = messages.file_size(state.bytes)
    contents = f"{messages.documents(state.documents)}, {messages.pages(state.pages)}, {size}"
    console.print(f"Indeks {state.build}: {contents}")
    console.print(f"Zbudowany: {messages.moment(datetime.fromisoformat(state.created))}")
    if state.cluster:
        _print_cluster(console, state.cluster)
    console.print(f"Rozpoznawanie tekstu skanów (OCR): {state.ocr}", markup=False)
    console.print(f"Odczyt plików: {state.reading}", markup=False)
    if state.meaning:
        console.print(f"Znaczenie: {state.meaning.done} z {_of_pages(state.meaning.pages)}")
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


def _print_freshness(console: Console, state: IndexState) -> None:
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


def _of_pages(number: int) -> str:
    """„z 1 strony”, „z 344 stron”."""
    return f"{messages.grouped(number)} {'strony' if number == 1 else 'stron'}"


# kb evaluate


def print_quality(quality: Quality, spelling: str, as_json: bool = False) -> None:
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
        _print_json(figures)
        return
    console = _console()
    for name, value in figures.items():
        console.print(f"{name:>10}  {value}")
    missed = [answered.question for answered in quality.answered if not answered.rank]
    for question in missed[:_MOST_MISSED]:
        console.print(f"  bez odpowiedzi: {escape(getattr(question, spelling))}")


def _print_json(value: object) -> None:
    sys.stdout.write(json_text(value) + "\n")
