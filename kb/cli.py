"""The command line: ``kb index · serve · search · check · status · store · backup · restore · evaluate``.

Exit codes: 0 done, 1 some documents failed (the rest are indexed), 2 wrong usage or nothing could be done.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from kb import messages
from kb.errors import IndexLocked, IndexMissing, KbError, SettingsError, TaxonomyError
from kb.facets import FACETS
from kb.settings import Settings, load
from kb.terminal.bars import files_bar, meaning_bar, progress_bar
from kb.terminal.base import print_address, print_error, print_interrupted, print_waiting
from kb.terminal.kept import confirmed, print_archive, print_backup, print_pruned, print_pruning, print_restored
from kb.terminal.report import CHECKED, print_coverage, print_report, print_sound
from kb.terminal.results import print_contributions, print_quality, print_results
from kb.terminal.status import print_status
from kb.usage import Command, Commands

if TYPE_CHECKING:
    from kb.extract import Sandbox

_OBJECTS_BETWEEN_COLLECTIONS = 500_000
"""More than an unchanged run over twenty thousand files makes."""
_FROM_SETTINGS = "-"
"""What stands for the folder where ``--index`` has none: that of the settings."""


class _Check(Command):
    """``kb check``: its ``--index`` may stand without a folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a lone ``--index`` a value that says so."""
        given: list[str] = []
        for argument, following in pairwise([*args, "-"]):
            lone = argument == "--index" and following.startswith("-")
            given += [argument, _FROM_SETTINGS] if lone else [argument]
        return super().parse_args(ctx, given)


app = typer.Typer(
    name="kb",
    cls=Commands,
    help="Baza wiedzy: indeksowanie dokumentów, wyszukiwanie i serwer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Documents = Annotated[
    Path | None, typer.Option("--documents", metavar="FOLDER", help="Folder z dokumentami (KB_DOCUMENTS).")
]
Index = Annotated[Path | None, typer.Option("--index", metavar="FOLDER", help="Folder indeksu (KB_INDEX).")]
AsJson = Annotated[bool, typer.Option("--json", help="Wynik jako JSON, dla programów.")]


def _filter(facet: str) -> Any:
    """The option of a filter, as the table of facets describes it."""
    return typer.Option(help=f"{FACETS[facet].legend}; można podać kilka razy.")


P = ParamSpec("P")


def report_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Print every expected error on standard error and end with its exit code; nobody sees a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KbError as error:
            print_error(error.message, error.details)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = messages.fault(error)
            reason = reason[:1].upper() + reason[1:]
            print_error(f"{reason}: {error.filename}." if error.filename else f"{reason}.")
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            print_interrupted()
            raise typer.Exit(2) from None

    return run


@contextmanager
def _few_collections() -> Iterator[None]:
    """What a run makes for each file stays to its end: to look through it for cycles again and again takes a tenth of the run."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        yield
    finally:
        gc.freeze()  # nor is it looked through when the command ends
        gc.set_threshold(*before)


@contextmanager
def _reading_at_once(settings: Settings) -> Iterator[Sandbox | None]:
    """Reading processes that load their libraries while this one loads its own: for a first run, which has all files to read.

    Whether a later run has any to read is known only when the folder has been looked through; then they are started.
    """
    if settings.hashes.exists() or not settings.documents.is_dir():
        yield None
        return
    from kb.extract import Sandbox

    with closing(Sandbox(settings.limits, settings.jobs)) as sandbox:
        sandbox.start()
        yield sandbox


@app.command(cls=Command)
@report_errors
def index(
    documents: Documents = None,
    index: Index = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Zbuduj indeks od nowa, obok działającego.")] = False,
    allow_removals: Annotated[
        bool,
        typer.Option("--allow-removals", help="Usuń z bazy dokumenty, których plików już nie ma, choćby większość."),
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, metavar="LICZBA", help="Ile plików czytać naraz.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Poczekaj też na znaczenie stron; bez tego robi je działający serwer.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Zindeksuj dokumenty: tylko to, co się zmieniło."""
    # As in ``serve``; to start such threads takes longer than a run has use for them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    settings = load(documents=documents, index=index, jobs=jobs)
    with _few_collections(), _reading_at_once(settings) as sandbox:
        from kb import indexer

        with progress_bar(as_json) as show:
            report = indexer.run(
                settings, rebuild=rebuild, allow_removals=allow_removals, on_progress=show, sandbox=sandbox
            )
        print_report(report, "Indeks", as_json)
    if wait:
        from kb.meaning import making

        with meaning_bar(as_json) as show_coverage:
            coverage = making.wait(settings, show_coverage)
        if coverage and not as_json:
            print_coverage(coverage)
    raise typer.Exit(1 if report.failed else 0)


@app.command(cls=_Check)
@report_errors
def check(
    documents: Documents = None,
    index: Annotated[
        Path | None,
        typer.Option("--index", metavar="FOLDER", help="Sprawdź też pliki indeksu; folder można pominąć (KB_INDEX)."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Ostrzeżenia o metadanych też są błędem.")] = False,
    as_json: AsJson = False,
) -> None:
    """Przeczytaj wszystkie dokumenty i sprawdź metadane, niczego nie zmieniając."""
    from kb import indexer
    from kb.catalogue import Catalogue
    from kb.engine import open_store

    lone = index == Path(_FROM_SETTINGS)
    settings = load(documents=documents, index=None if lone else index)
    root = settings.documents.absolute()
    unusable: list[KbError] = []
    try:
        catalogue = Catalogue(root)
    except TaxonomyError as error:
        unusable.append(error)
        catalogue = Catalogue(root, with_taxonomy=False)
    with progress_bar(as_json) as show:
        report = indexer.check(settings, show, catalogue)
    print_report(report, CHECKED, as_json)
    unusable += _unusable_files(root)
    if index:
        try:
            open_store(settings).verify()
        except IndexMissing as error:
            if lone:
                unusable.append(error)
        except KbError as error:
            unusable.append(error)
        else:
            print_sound(as_json)
    for problem in unusable:
        print_error(problem.message, problem.details)
    if unusable:
        raise typer.Exit(KbError.exit_code)
    raise typer.Exit(1 if report.failed or (strict and any(file.warnings for file in report.files)) else 0)


def _unusable_files(root: Path) -> Iterator[KbError]:
    """What is wrong with the files of the documents folder that describe no document, but for the taxonomy."""
    from kb import texts
    from kb.polish import shared_analyzer
    from kb.reading.synonyms import Synonyms

    for look in (lambda: Synonyms.load(root, shared_analyzer()), lambda: texts.check(root)):
        try:
            look()
        except TaxonomyError as error:
            yield error


@app.command(cls=Command)
@report_errors
def serve(
    documents: Documents = None,
    index: Index = None,
    host: Annotated[str | None, typer.Option("--host", help="Adres, pod którym serwer przyjmuje połączenia.")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="LICZBA", help="Port.")] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="LICZBA", help="Liczba procesów serwera.")
    ] = None,
) -> None:
    """Uruchom serwer; gdy nie ma indeksu, najpierw go zbuduj."""
    # Before NumPy is loaded: requests share the cores already, and threads of BLAS would wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import uvicorn

    from kb import indexer
    from kb.engine import open_store
    from kb.gate import SERVER

    settings = load(documents=documents, index=index, host=host, port=port, workers=workers)
    try:
        open_store(settings).live()
    except IndexMissing:
        try:
            with _reading_at_once(settings) as sandbox, progress_bar(False) as show:
                report = indexer.run(settings, on_progress=show, sandbox=sandbox)
            print_report(report, "Indeks", as_json=False)
        except IndexLocked:
            # Somebody is building it right now: readers are told so until it is there.
            print_waiting()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Nie można użyć adresu {settings.host}:{settings.port} ({messages.fault(error)}). Podaj inny port: --port."
            ) from None
    # Server processes are started anew and read their settings from the environment.
    os.environ |= {"KB_DOCUMENTS": str(settings.documents), "KB_INDEX": str(settings.index), "KB_HOST": settings.host}
    os.environ["KB_STORE"] = str(settings.store)
    print_address(settings.host, settings.port)
    uvicorn.run(
        "kb.web:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers if settings.workers > 1 else None,
        log_level="warning",
        **SERVER,
    )


@app.command(cls=Command)
@report_errors
def search(
    text: Annotated[str, typer.Argument(metavar="SŁOWA", help="Szukane słowa.")],
    documents: Documents = None,
    index: Index = None,
    edition: Annotated[list[str] | None, _filter("edition")] = None,
    topic: Annotated[list[str] | None, _filter("topic")] = None,
    kind: Annotated[list[str] | None, _filter("kind")] = None,
    year: Annotated[list[str] | None, _filter("year")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, metavar="LICZBA", help="Ile dokumentów.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Pokaż, z czego wynika ocena pierwszej strony.")] = False,
    as_json: AsJson = False,
) -> None:
    """Szukaj w indeksie."""
    from starlette.datastructures import QueryParams

    from kb.reading.params import read_query
    from kb.search import KnowledgeBase

    knowledge = KnowledgeBase(load(documents=documents, index=index))
    filters = {"edition": edition, "topic": topic, "kind": kind, "year": year}
    parameters = [("q", text), ("per_page", str(limit))]
    parameters += [(name, value) for name, values in filters.items() for value in values or ()]
    results = knowledge.search(read_query(QueryParams(parameters), knowledge.taxonomy).strict())
    print_results(results, as_json)
    if explain and results.hits:
        best = results.hits[0]
        parts = knowledge.explain(results.query, best.document.id, best.pages[0].number if best.pages else 1)
        if parts is None:
            print_error("Ten silnik wyszukiwania nie umie powiedzieć, z czego wynika ocena.")
        else:
            print_contributions(parts, best)


@app.command(cls=Command)
@report_errors
def status(documents: Documents = None, index: Index = None, as_json: AsJson = False) -> None:
    """Pokaż, co jest w indeksie i czy jest aktualny."""
    from kb.index_status import index_status

    print_status(index_status(load(documents=documents, index=index)), as_json)


@app.command(cls=Command)
@report_errors
def store(
    documents: Documents = None,
    index: Index = None,
    prune: Annotated[bool, typer.Option("--prune", help="Usuń dawne wersje: pliki i teksty.")] = False,
    days: Annotated[
        int | None,
        typer.Option("--days", min=0, metavar="LICZBA", help="Z --prune: tylko zastąpione co najmniej tyle dni temu."),
    ] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Z --prune: także wersje usuniętych dokumentów.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Z --prune: nie pytaj.")] = False,
    as_json: AsJson = False,
) -> None:
    """Pokaż, ile zajmują zachowane wersje dokumentów; usuń dawne."""
    from kb.archive import Archive
    from kb.archive.pruning import choose, measure, remove
    from kb.errors import BadRequest

    if not prune and (days is not None or removed or yes):
        raise BadRequest("Opcje --days, --removed i --yes działają tylko razem z --prune.")
    archive = Archive(load(documents=documents, index=index).store.absolute())
    if not prune:
        print_archive(measure(archive), archive.folder, as_json)
        return
    chosen = choose(archive, days=days or 0, removed=removed)
    if not as_json:
        print_pruning(chosen)
    if chosen.versions and not yes:
        if as_json or not sys.stdin.isatty():
            raise BadRequest("Niczego nie usunięto. Żeby usunąć bez pytania, dodaj --yes.")
        if not confirmed("Usunąć je na zawsze?"):
            raise typer.Exit(2)
    print_pruned(remove(archive, chosen), as_json)


@app.command(cls=Command)
@report_errors
def backup(
    file: Annotated[Path, typer.Argument(metavar="PLIK", help="Plik kopii, np. kopia.tar.gz.")],
    documents: Documents = None,
    index: Index = None,
    as_json: AsJson = False,
) -> None:
    """Zrób kopię wszystkiego, czego nie da się odtworzyć: dokumentów i ich wersji."""
    from kb import backup

    settings = load(documents=documents, index=index)
    with files_bar("Kopiowanie", as_json) as show:
        made = backup.make(settings, file, show)
    print_backup(made, as_json)


@app.command(cls=Command)
@report_errors
def restore(
    file: Annotated[Path, typer.Argument(metavar="PLIK", help="Plik kopii zrobionej przez „kb backup”.")],
    documents: Documents = None,
    index: Index = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Przywróć, choć w folderach coś jest; odłóż to na bok.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Przywróć dokumenty i ich wersje z kopii."""
    from kb import backup

    settings = load(documents=documents, index=index)
    with files_bar("Przywracanie", as_json) as show:
        restored = backup.restore(settings, file, replace=replace, on_file=show)
    print_restored(restored, as_json)


@app.command(cls=Command)
@report_errors
def evaluate(
    queries: Annotated[Path, typer.Argument(metavar="PLIK", help="Plik JSONL z pytaniami i właściwymi dokumentami.")],
    documents: Documents = None,
    index: Index = None,
    field: Annotated[str, typer.Option(help="Pisownia pytań: query, plain albo typo.")] = "query",
    as_json: AsJson = False,
) -> None:
    """Zmierz jakość wyszukiwania na pytaniach z oceną trafności."""
    from kb.errors import BadRequest
    from kb.quality import FIELDS, load_questions
    from kb.quality import evaluate as measure
    from kb.search import KnowledgeBase

    if field not in FIELDS:
        raise BadRequest(f"--field: nie ma pisowni „{field}”. Do wyboru: {', '.join(FIELDS)}.")
    questions = load_questions(queries)
    quality = measure(KnowledgeBase(load(documents=documents, index=index)), questions, field)
    print_quality(quality, field, as_json)
