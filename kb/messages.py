"""Polish text that Python makes: forms after numerals, dates, names of statuses."""

from __future__ import annotations

import errno
import itertools
import re
from collections.abc import Sequence
from datetime import date, datetime

from kb.model import Document, Status

SITE_NAME = "Baza wiedzy CWD"
MONTHS = ("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia").split()  # noqa: SIM905
MONTH_NUMBERS = {name: n for n, name in enumerate(MONTHS, 1)} | {
    name: n for n, name in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"), 1)
}
"""The number of a month by its name in the genitive, and in Roman figures, in small letters."""

STATUS_NAMES = {
    Status.INDEXED: "zindeksowany",
    Status.UNCHANGED: "bez zmian",
    Status.REMOVED: "usunięty",
    Status.NO_TEXT: "bez tekstu",
    Status.ENCRYPTED: "zaszyfrowany",
    Status.DAMAGED: "nie do odczytania",
    Status.TIMEOUT: "przekroczony czas",
    Status.TOO_LARGE: "za duży",
    Status.DUPLICATE: "powtórzony",
    Status.SKIPPED: "pominięty",
}
STATUS_COUNTS = {
    Status.INDEXED: "zindeksowane",
    Status.UNCHANGED: "bez zmian",
    Status.REMOVED: "usunięte",
    Status.NO_TEXT: "bez tekstu",
    Status.ENCRYPTED: "zaszyfrowane",
    Status.DAMAGED: "nie do odczytania",
    Status.TIMEOUT: "przekroczony czas",
    Status.TOO_LARGE: "za duże",
    Status.DUPLICATE: "powtórzone",
    Status.SKIPPED: "pominięte",
}
"""What the files of a state are called where they are counted."""
CHANGE_NAMES = {"new": "nowy", "changed": "zmieniony", "described": "zmieniony opis", "moved": "przeniesiony"}


_UNREAD = {
    Status.NO_TEXT: "skan bez rozpoznanego tekstu",
    Status.ENCRYPTED: "plik zabezpieczony hasłem",
    Status.DAMAGED: "plik uszkodzony",
    Status.TIMEOUT: "bez przeszukiwania treści",
    Status.TOO_LARGE: "bez przeszukiwania treści",
}


def unread(document: Document) -> str:
    """What a document is whose text could not be read, in a few words for a list; "" for any other."""
    if document.unread is Status.NO_TEXT and not document.format.has_pages:
        return "bez treści"
    return _UNREAD[document.unread] if document.unread else ""


_FAULTS = {
    errno.ENOENT: "nie ma takiego pliku lub folderu",
    errno.ENOSPC: "brak miejsca na dysku",
    errno.EDQUOT: "przekroczony przydział miejsca na dysku",
    errno.EACCES: "brak uprawnień do pliku lub folderu",
    errno.EPERM: "brak uprawnień do pliku lub folderu",
    errno.EROFS: "dysk jest tylko do odczytu",
    errno.EEXIST: "w miejscu folderu jest plik",
    errno.ENOTDIR: "w miejscu folderu jest plik",
    errno.EISDIR: "w miejscu pliku jest folder",
    errno.ELOOP: "dowiązanie prowadzi do samego siebie",
    errno.ENAMETOOLONG: "nazwa lub ścieżka jest za długa",
    errno.EIO: "błąd odczytu lub zapisu na dysku",
    errno.ESTALE: "udział sieciowy przestał być dostępny",
    errno.EMFILE: "za dużo otwartych plików",
    errno.ENFILE: "za dużo otwartych plików",
    errno.ENOMEM: "brak pamięci",
    errno.EADDRINUSE: "używa go już inny program",
    errno.EADDRNOTAVAIL: "ten komputer nie ma takiego adresu",
}


def fault(error: OSError) -> str:
    """What the system could not do, in Polish."""
    return _FAULTS.get(error.errno or 0) or error.strerror or str(error)


_QUOTATION = re.compile(r"[„”“\"«»]")


def quoted(text: str) -> str:
    """A text in quotation marks: its own turn into « », and one that is nothing but a quotation gets no second pair.

    >>> quoted("dotacja „Czyste Powietrze”"), quoted('"Czyste Powietrze"')
    ('„dotacja «Czyste Powietrze»”', '„Czyste Powietrze”')
    """
    inside = text.strip()
    marks = _QUOTATION.findall(inside)
    if len(marks) == 2 and _QUOTATION.match(inside) and _QUOTATION.match(inside[-1]):
        return f"„{inside[1:-1].strip()}”"
    marks_left = itertools.cycle("«»")
    return f"„{_QUOTATION.sub(lambda _: next(marks_left), inside)}”"


_ONE_LETTER = re.compile(r"(?<![^\s(„«–>])([aiouwz])[ \n]+(?=\S|\Z)", re.IGNORECASE)


def tied(text: str) -> str:
    """A text whose one-letter words do not end a line: a space that does not break follows them."""
    return _ONE_LETTER.sub("\\1\N{NO-BREAK SPACE}", text)


def plural(number: int, one: str, few: str, many: str) -> str:
    """The form of a noun after a numeral: 1 wynik, 2 wyniki, 5 wyników, 12 wyników, 22 wyniki."""
    if number == 1:
        return one
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return few
    return many


def grouped(number: int) -> str:
    """A number with its thousands set apart (10 239); four digits stay together (1239)."""
    return str(number) if number < 10_000 else f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def counted(number: int, one: str, few: str, many: str) -> str:
    """The numeral with its noun."""
    return f"{grouped(number)} {plural(number, one, few, many)}"


def documents(number: int) -> str:
    """5 dokumentów."""
    return counted(number, "dokument", "dokumenty", "dokumentów")


def pages(number: int) -> str:
    """5 stron."""
    return counted(number, "strona", "strony", "stron")


def of_pages(number: int) -> str:
    """1 strony, 344 stron: what is said after "z"."""
    return f"{grouped(number)} {'strony' if number == 1 else 'stron'}"


def words(number: int) -> str:
    """5 słów."""
    return counted(number, "słowo", "słowa", "słów")


def long_date(day: date) -> str:
    """19 czerwca 2023 r."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year} r."


def date_of(time: datetime) -> str:
    """25 listopada 2026 r., in the time of this machine."""
    return long_date(time.astimezone().date())


def moment(time: datetime) -> str:
    """25 listopada 2026 r., 18:46, in the time of this machine."""
    return f"{date_of(time)}, {time.astimezone():%H:%M}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """a.pdf, b.pdf i 3 inne: some by name, the others by number."""
    rest = len(names) - most
    if rest <= 0:
        return ", ".join(names)
    return f"{', '.join(names[:most])} i {counted(rest, 'inny', 'inne', 'innych')}"


def when(document: Document) -> str:
    """The days of an event, with its hours where they are known: „10–11 maja 2023 r.”, „21 maja 2023 r., godz. 10.00–15.00”."""
    first, last = document.first_day, document.last_day
    if first is None or last is None:
        return ""
    begins, ends = _hour(document.starts), _hour(document.ends)
    if first == last:
        hours = "–".join(filter(None, [begins, ends]))
        return long_date(first) + (f", godz.\N{NO-BREAK SPACE}{hours}" if hours else "")
    if begins or ends:
        return " – ".join(
            long_date(day) + (f", godz. {hour}" if hour else "") for day, hour in ((first, begins), (last, ends))
        )
    if first.year != last.year:
        return f"{long_date(first)} – {long_date(last)}"
    if first.month != last.month:
        return f"{first.day} {MONTHS[first.month - 1]} – {long_date(last)}"
    return f"{first.day}–{long_date(last)}"


def _hour(moment: str) -> str:
    _, _, at = moment.partition("T")
    return at.replace(":", ".").removeprefix("0") if at else ""


def seconds(value: float) -> str:
    """3,4 s."""
    return f"{value:.1f}".replace(".", ",") + " s"


def file_size(number: int) -> str:
    """812 kB, 3,4 MB, 12 MB, 1,5 GB: at least 1 kB, with a decimal below ten of the larger units."""
    size, unit = max(number / 1000, 1.0), "kB"
    for larger in ("MB", "GB", "TB"):
        if round(size) < 1000:
            break
        size, unit = size / 1000, larger
    decimals = 1 if unit != "kB" and size < 9.95 else 0
    return f"{size:.{decimals}f} {unit}".replace(".", ",")
