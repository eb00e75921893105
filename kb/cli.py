"""The command line: ``kb index · serve · search · check · status · evaluate``.

Exit codes: 0 done, 1 some documents failed (the rest are indexed), 2 wrong usage or nothing could be done.
"""

from __future__ import annotations

import difflib
import errno
import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, NoReturn, ParamSpec

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from typer.core import TyperGroup

from kb import messages
from kb.errors import IndexMismatch, IndexMissing, KbError, SettingsError, TaxonomyError
from kb.indexer import FileReport, OnProgress, Report
from kb.indexer import Progress as Step
from kb.model import Status
from kb.settings import load


class _Commands(TyperGroup):
    """The commands; wrong usage is told in Polish."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and end with its exit code."""
        try:
            code = super().main(*args, **kwargs | {"standalone_mode": False})
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            # Typer's own errors, which it may take from Click or from a copy of it: known by their names alone.
            misuse: Any = error
            if type(error).__name__ == "NoArgsIsHelpError":
                misuse.show()
            else:
                context = getattr(error, "ctx", None)
                _complain(_misuse(misuse), [f"Pomoc: {context.command_path} --help"] if context else [])
            code = 2
        sys.exit(code or 0)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, 1)
            hint = f"Czy chodzi o „{near[0]}”?" if near else f"Są: {', '.join(self.commands)}."
            _complain(f"Nie ma polecenia „{args[0]}”. {hint}")
            raise typer.Exit(2)
        return super().resolve_command(ctx, args)


def _misuse(error: Any) -> str:
    """What is wrong with the arguments, in Polish."""
    parameter = getattr(error, "param", None)
    option = next((name for name in getattr(parameter, "opts", ()) if name.startswith("-")), "")
    name = option or str(getattr(parameter, "name", "")).upper()
    match type(error).__name__:
        case "NoSuchOption":
            near = f" Czy chodzi o {error.possibilities[0]}?" if error.possibilities else ""
            return f"Nie ma opcji {error.option_name}.{near}"
        case "MissingParameter":
            return f"Brakuje: {name}."
        case "BadOptionUsage":
            return f"Opcja {error.option_name} wymaga wartości."
        case "BadParameter":
            return f"Niewłaściwa wartość: {name}. Potrzebna jest liczba całkowita w dozwolonym zakresie."
    extra = re.search(r" \((.*)\)$", error.format_message())
    return f"Zbędne: {extra[1]}." if extra else "Niewłaściwe użycie polecenia."


app = typer.Typer(
    name="kb",
    cls=_Commands,
    help="Baza wiedzy: indeksowanie dokumentów, wyszukiwanie i serwer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Documents = Annotated[Path | None, typer.Option("--documents", help="Folder z dokumentami (KB_DOCUMENTS).")]
Index = Annotated[Path | None, typer.Option("--index", help="Folder indeksu (KB_INDEX).")]
AsJson = Annotated[bool, typer.Option("--json", help="Wynik jako JSON, dla programów.")]

_COLOURS = {Status.INDEXED: "green", Status.UNCHANGED: "dim", Status.REMOVED: "cyan"}

_REASONS = {
    errno.ENOSPC: "Brak miejsca na dysku",
    errno.EACCES: "Brak uprawnień do pliku lub folderu",
    errno.EPERM: "Brak uprawnień do pliku lub folderu",
    errno.EROFS: "Dysk jest tylko do odczytu",
    errno.EEXIST: "W miejscu folderu jest plik",
    errno.ENOTDIR: "W miejscu folderu jest plik",
    errno.EISDIR: "W miejscu pliku jest folder",
}

P = ParamSpec("P")


def _fails_politely(command: Callable[P, None]) -> Callable[P, None]:
    """Every error of ours becomes its message on standard error and its exit code; no traceback reaches a person."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KbError as error:
            _complain(error.message, error.details)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
            _complain(f"{reason}: {error.filename}." if error.filename else f"{reason}.")
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            Console(stderr=True).print("Przerwano. Indeks jest taki, jak przed tym poleceniem.")
            raise typer.Exit(2) from None

    return run


def _complain(message: str, details: Sequence[str] = ()) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(f"[red]Błąd:[/red] {escape(message)}")
    for detail in details:
        console.print(f"  • {escape(detail)}")


@app.command()
@_fails_politely
def index(
    documents: Documents = None,
    index: Index = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Zbuduj indeks od nowa, obok działającego.")] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Ile plików czytać naraz.")] = None,
    as_json: AsJson = False,
) -> None:
    """Zindeksuj dokumenty: tylko to, co się zmieniło."""
    from kb import indexer

    with _progress(as_json) as tell:
        report = indexer.run(load(documents=documents, index=index, jobs=jobs), rebuild=rebuild, on_progress=tell)
    _print_report(report, as_json, "Indeks")
    raise typer.Exit(1 if report.failed else 0)


@app.command()
@_fails_politely
def check(
    documents: Documents = None,
    index: Index = None,
    strict: Annotated[bool, typer.Option("--strict", help="Ostrzeżenia o metadanych też są błędem.")] = False,
    as_json: AsJson = False,
) -> None:
    """Przeczytaj wszystkie dokumenty i sprawdź metadane, niczego nie zmieniając."""
    from kb import indexer
    from kb.catalogue import Catalogue
    from kb.polish import Analyzer
    from kb.reading.synonyms import Synonyms

    settings = load(documents=documents, index=index)
    root = settings.documents.absolute()
    unusable: list[TaxonomyError] = []
    try:
        catalogue = Catalogue(root)
    except TaxonomyError as error:
        unusable.append(error)
        catalogue = Catalogue(root, with_taxonomy=False)
    with _progress(as_json) as tell:
        report = indexer.check(settings, tell, catalogue)
    _print_report(report, as_json, "W dokumentach")
    try:
        Synonyms.load(root, Analyzer())
    except TaxonomyError as error:
        unusable.append(error)
    for problem in unusable:
        _complain(problem.message, problem.details)
    if unusable:
        raise typer.Exit(TaxonomyError.exit_code)
    raise typer.Exit(1 if report.failed or (strict and any(file.warnings for file in report.files)) else 0)


@app.command()
@_fails_politely
def serve(
    documents: Documents = None,
    index: Index = None,
    host: Annotated[str | None, typer.Option("--host", help="Adres, pod którym serwer przyjmuje połączenia.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Liczba procesów serwera.")] = None,
) -> None:
    """Uruchom serwer; gdy nie ma indeksu, najpierw go zbuduj."""
    import uvicorn

    from kb import indexer
    from kb.engine.embedded.builds import Builds

    settings = load(documents=documents, index=index, host=host, port=port, workers=workers)
    try:
        Builds(settings.index).live()
    except IndexMissing:
        with _progress(False) as tell:
            _print_report(indexer.run(settings, on_progress=tell), False, "Indeks")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Nie można użyć adresu {settings.host}:{settings.port} ({error.strerror}). Podaj inny port: --port."
            ) from None
    # Server processes are started anew and read their settings from the environment.
    os.environ |= {"KB_DOCUMENTS": str(settings.documents), "KB_INDEX": str(settings.index)}
    Console().print(f"Baza wiedzy: http://{settings.host}:{settings.port}/  (Ctrl+C kończy)", highlight=False)
    uvicorn.run(
        "kb.web:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers if settings.workers > 1 else None,
        log_level="warning",
    )


@app.command()
@_fails_politely
def search(
    text: Annotated[str, typer.Argument(help="Szukane słowa.")],
    documents: Documents = None,
    index: Index = None,
    edition: Annotated[list[str] | None, typer.Option(help="Edycja; można podać kilka razy.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Temat; można podać kilka razy.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Rodzaj; można podać kilka razy.")] = None,
    year: Annotated[list[str] | None, typer.Option(help="Rok; można podać kilka razy.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Ile dokumentów.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Pokaż, z czego wynika ocena pierwszej strony.")] = False,
    as_json: AsJson = False,
) -> None:
    """Szukaj w indeksie."""
    from starlette.datastructures import QueryParams

    from kb.reading.params import read_query
    from kb.search import KnowledgeBase
    from kb.terminal import print_contributions, print_results, results_json

    knowledge = KnowledgeBase(load(documents=documents, index=index))
    filters = {"edition": edition, "topic": topic, "kind": kind, "year": year}
    asked = [("q", text), ("per_page", str(limit))]
    asked += [(name, value) for name, values in filters.items() for value in values or ()]
    results = knowledge.search(read_query(QueryParams(asked), knowledge.taxonomy).strict())
    if as_json:
        _print_json(results_json(results))
    else:
        print_results(results, Console(highlight=False))
    if explain and results.hits:
        best = results.hits[0]
        number = best.pages[0].number
        print_contributions(knowledge.explain(results.query, best.document.id, number), best, Console(highlight=False))


@app.command()
@_fails_politely
def status(documents: Documents = None, index: Index = None, as_json: AsJson = False) -> None:
    """Pokaż, co jest w indeksie."""
    from kb.engine.embedded.builds import Builds
    from kb.indexer import fingerprint
    from kb.search import KnowledgeBase

    settings = load(documents=documents, index=index)
    knowledge = KnowledgeBase(settings)
    builds = Builds(settings.index)
    live = builds.live()
    info = builds.info(live)
    current = info.fingerprint == fingerprint(knowledge.analyzer)
    try:
        count, pages = knowledge.engine.counts()
    except IndexMismatch:
        if current:
            raise
        # Rows that this program cannot read: what was counted when they were written.
        count, pages = info.documents, info.pages
    size = sum(path.stat().st_size for path in live.rglob("*") if path.is_file())
    if as_json:
        _print_json(
            {
                "build": live.name,
                "created": info.created,
                "documents": count,
                "pages": pages,
                "bytes": size,
                "current": current,
            }
        )
        return
    console = Console(highlight=False)
    console.print(
        f"Indeks {live.name}: {messages.documents(count)}, {messages.pages(pages)}, {size / 1e6:.1f} MB".replace(
            ".", ","
        )
    )
    console.print(f"Zbudowany: {info.created}")
    if not current:
        console.print(
            "[yellow]Zbudowała go inna wersja programu. Uruchom „kb index”, żeby zbudować go od nowa.[/yellow]"
        )


@app.command()
@_fails_politely
def evaluate(
    queries: Annotated[Path, typer.Argument(help="Plik JSONL z pytaniami i właściwymi dokumentami.")],
    documents: Documents = None,
    index: Index = None,
    field: Annotated[str, typer.Option(help="Pisownia pytań: query, plain albo typo.")] = "query",
    as_json: AsJson = False,
) -> None:
    """Zmierz jakość wyszukiwania na ocenionych pytaniach."""
    from kb.errors import BadRequest
    from kb.quality import FIELDS, load_questions
    from kb.quality import evaluate as measure
    from kb.search import KnowledgeBase

    if field not in FIELDS:
        raise BadRequest(f"--field: nie ma pisowni „{field}”. Do wyboru: {', '.join(FIELDS)}.")
    questions = load_questions(queries)
    quality = measure(KnowledgeBase(load(documents=documents, index=index)), questions, field)
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
    console = Console(highlight=False)
    for name, value in figures.items():
        console.print(f"{name:>10}  {value}")
    missed = [one.question for one in quality.answered if not one.rank]
    for question in missed[:20]:
        console.print(f"  bez odpowiedzi: {escape(getattr(question, field))}")


def _print_json(value: object) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


@contextmanager
def _progress(quiet: bool) -> Iterator[OnProgress | None]:
    """A bar with file, pages and time left, on a terminal only."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[file]}", markup=False),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("Czytanie", total=None, file="")

        def tell(step: Step) -> None:
            pages = f" – strona {step.page} z {step.pages}" if step.pages else ""
            bar.update(task, total=step.total, completed=step.done, file=f"{step.path}{pages}")

        yield tell


def _print_report(report: Report, as_json: bool, place: str) -> None:
    if as_json:
        _print_json(asdict(report))
        return
    console = Console(highlight=False)
    told = [file for file in report.files if file.status is not Status.UNCHANGED or file.warnings]
    if told:
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column("Stan")
        table.add_column("Plik", overflow="fold")
        table.add_column("Stron", justify="right")
        table.add_column("Słów", justify="right")
        table.add_column("Uwagi", overflow="fold")
        for file in sorted(told, key=lambda file: (not file.status.failed, file.path)):
            table.add_row(*_row(file))
        console.print(table)
    counts = {state: sum(file.status is state for file in report.files) for state in Status}
    summary = ", ".join(f"{messages.STATUS_NAMES[state]}: {count}" for state, count in counts.items() if count)
    console.print(summary or "Folder z dokumentami jest pusty.")
    console.print(
        f"{place}: {messages.documents(report.documents)}, {messages.pages(report.pages)} ({messages.seconds(report.seconds)})."
    )
    if report.failed:
        files = messages.counted(report.failed, "plik wymaga", "pliki wymagają", "plików wymaga")
        console.print(f"[yellow]{files} uwagi: patrz początek tabeli.[/yellow]")


def _row(file: FileReport) -> tuple[str, str, str, str, str]:
    colour = "red" if file.status.failed else _COLOURS.get(file.status, "")
    state = messages.STATUS_NAMES[file.status]
    notes = [note for note in (file.message, *file.warnings) if note]
    return (
        f"[{colour}]{state}[/{colour}]",
        escape(file.path),
        str(file.pages or "–"),
        messages.grouped(file.words) if file.words else "–",
        escape("\n".join(notes)),
    )


if __name__ == "__main__":
    app()
