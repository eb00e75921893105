"""What is said about a file that gave no pages: one function for each outcome, so that the wording is in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from kb.messages import counted
from kb.model import Extraction, Status

_MOST_NAMED = 8


class Taken(NamedTuple):
    """A head, a foot or a watermark that was taken out: what it says, on which pages (positions)."""

    text: str
    foot: bool
    pages: tuple[int, ...]
    watermark: bool = False


def damaged(
    what: str, advice: str = "Otwórz go i zapisz ponownie jako PDF albo pobierz jeszcze raz ze źródła."
) -> Extraction:
    """The file cannot be read; ``what`` finishes the sentence „Plik jest uszkodzony: …”."""
    return Extraction(status=Status.DAMAGED, message=f"Plik jest uszkodzony: {what}. {advice}".strip())


def too_large(what: str, metadata: Mapping[str, object] | None = None) -> Extraction:
    """The file goes over a limit; ``what`` finishes the sentence „Plik jest za duży: …”."""
    return Extraction(
        status=Status.TOO_LARGE,
        metadata=metadata or {},
        message=f"Plik jest za duży: {what}. Podziel go na mniejsze albo zapisz ponownie jako zwykły PDF.",
    )


def of_error(error: Exception) -> Extraction:
    """A surprise of ours or of a library: the file's failure, whatever it was, and not the run's."""
    match error:
        case MemoryError():
            return too_large("wymaga zbyt wiele pamięci")
        case RecursionError():
            return damaged("zbyt głęboko zagnieżdżona budowa")
    return damaged(f"nieoczekiwany błąd {type(error).__name__}: {error}"[:300])


def changed() -> Extraction:
    """The file was written to, replaced or removed while it was read, so nobody knows what was read of it."""
    return Extraction(
        status=Status.DAMAGED, message="Plik zmienił się lub zniknął w trakcie czytania. Uruchom indeksowanie ponownie."
    )


def timed_out(seconds: float) -> Extraction:
    """Reading took longer than ``seconds``."""
    return Extraction(
        status=Status.TIMEOUT,
        message=f"Czytanie pliku przerwano po {seconds:.0f} s. Otwórz go i zapisz ponownie jako PDF albo podziel na mniejsze.",
    )


def encrypted() -> Extraction:
    """The file opens with a password only."""
    return Extraction(
        status=Status.ENCRYPTED,
        message="Plik jest zabezpieczony hasłem. Zapisz go bez hasła i umieść ponownie w folderze dokumentów.",
    )


def no_text(message: str, extraction: Extraction) -> Extraction:
    """There is nothing to index; what ``extraction`` has is kept for the report."""
    return replace(extraction, status=Status.NO_TEXT, message=message)


def unreadable(start: bytes) -> Extraction:
    """A file named ``.pdf`` that no reader can open; ``start`` are its first bytes."""
    lower = start.lower()
    if b"%pdf-" in lower:
        return damaged("nie da się odczytać jego budowy")
    advice = "Pobierz jeszcze raz sam dokument i sprawdź, czy się otwiera."
    if b"<html" in lower or b"<!doctype" in lower:
        return damaged("to strona internetowa zapisana pod nazwą .pdf", advice)
    return damaged("to nie jest dokument PDF", advice)


def taken_out(taken: Sequence[Taken]) -> tuple[str, ...]:
    """What is said of running heads that are no part of the text; page numbers in one sentence."""
    named = [one for one in taken if one.text]
    numbers = sorted({page + 1 for one in taken if not one.text for page in one.pages})
    notes = []
    for one in named[:_MOST_NAMED]:
        what = "powtarzającą się stopkę strony" if one.foot else "powtarzający się nagłówek strony"
        if one.watermark:
            what = "znak wodny"
        notes.append(f"Usunięto {what}: „{one.text}” (s. {ranges([page + 1 for page in one.pages])}).")
    if len(named) > _MOST_NAMED:
        rest = counted(len(named) - _MOST_NAMED, "inny", "inne", "innych")
        notes.append(f"Usunięto też {rest} z powtarzających się nagłówków i stopek.")
    if numbers:
        notes.append(f"Usunięto numery stron i znaki drukarni (s. {ranges(numbers)}).")
    return tuple(notes)


def ranges(numbers: Sequence[int]) -> str:
    """``[3, 5, 6, 7]`` → ``3, 5–7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
