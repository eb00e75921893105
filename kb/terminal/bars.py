"""How far a command is, shown on a terminal while it works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kb.console import Console
from kb.terminal.base import open_console

if TYPE_CHECKING:
    # Types alone: a command must not load what another needs, and who writes into a file needs no bar.
    from rich import progress

    from kb.backup import OnFile
    from kb.extractions import OnProgress, Progress
    from kb.meaning.making import OnCoverage


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
    console = open_console(stderr=True)
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
    console = open_console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    bar = _bar(console)
    with bar:
        task = bar.add_task("Znaczenie stron", total=None)
        yield lambda coverage: bar.update(task, total=coverage.pages, completed=coverage.done)


@contextmanager
def files_bar(what: str, quiet: bool) -> Iterator[OnFile | None]:
    """A bar with how many files are done, on a terminal only."""
    console = open_console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    bar = _bar(console)
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, total=total or None, completed=done)
