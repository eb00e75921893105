"""How far a command is, shown on a terminal while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from kb.terminal.base import open_console

if TYPE_CHECKING:
    # Types alone: a command must not load what another needs, and who writes into a file needs no bar.
    from kb.backup import OnFile
    from kb.extractions import OnProgress, Progress
    from kb.meaning.making import OnCoverage


@contextmanager
def _bar(quiet: bool, what: str) -> Iterator[Callable[..., None] | None]:
    """What moves a bar with what is done, of how much, the time left and the file at hand; None but on a terminal."""
    console = open_console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[file]}", markup=False),
    )
    with progress.Progress(*columns, console=console, transient=True) as bar:
        yield partial(bar.update, bar.add_task(what, total=None, file=""))


@contextmanager
def progress_bar(quiet: bool) -> Iterator[OnProgress | None]:
    """A bar with file, pages and time left, on a terminal only."""
    with _bar(quiet, "Czytanie") as move:

        def show(step: Progress) -> None:
            pages = f" – strona {step.page} z {step.pages}" if step.pages else ""
            if move:
                move(total=step.total, completed=step.done, file=f"{step.path}{pages}")

        yield show if move else None


@contextmanager
def meaning_bar(quiet: bool) -> Iterator[OnCoverage | None]:
    """A bar with the pages that can be found by meaning and the time left, on a terminal only."""
    with _bar(quiet, "Znaczenie stron") as move:
        yield (lambda coverage: move(total=coverage.pages, completed=coverage.done)) if move else None


@contextmanager
def files_bar(what: str, quiet: bool) -> Iterator[OnFile | None]:
    """A bar with how many files are done, on a terminal only."""
    with _bar(quiet, what) as move:
        yield (lambda done, total: move(total=total or None, completed=done)) if move else None
