"""A PDF file → its pages: the only user of pypdf, and with ``extras``, ``glyphs``, ``page`` and ``scans`` of pypdfium2.

PDFium reads nearly everything; pypdf is the second reader, for a page or a file that PDFium cannot read sensibly.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import pypdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from kb.extract import outcome
from kb.extract.clean import (
    Known,
    characters,
    garbage_share,
    glyph_names,
    has_text,
    is_readable,
    known_share,
    shortened,
)
from kb.extract.description import describe
from kb.extract.encodings import is_gibberish, repaired_strings
from kb.extract.extras import Extras
from kb.extract.headings import Entry
from kb.extract.layout import tidy
from kb.extract.lines import PageLines, plain_lines
from kb.extract.page import read_lines
from kb.extract.reader import Report
from kb.extract.scans import is_scan
from kb.limits import Limits
from kb.messages import grouped
from kb.model import Extraction, Page, Status

_T = TypeVar("_T")

_MUCH_GARBAGE = 0.02
_READABLE_SHARE = 0.5
_READABLE_TITLE = 0.4
_FRUITLESS_TRIES = 4
_SECOND_SECONDS = 5.0
_SECOND_SECONDS_PER_PAGE = 0.1
_MOST_ENTRIES = 10_000
_NOTHING: Mapping[int, Path] = {}
_INFO_KEYS = ("Title", "Author", "Subject", "CreationDate")


@dataclass(slots=True)
class _Raw:
    """What a reader got out of a file, before any repair; ``outline`` is in reading order.

    ``outside`` is what stands on a page in form fields and comments; ``unread`` are warnings of what was left out.
    """

    pages: list[PageLines]
    labels: list[str | None] = field(default_factory=list)
    outline: list[Entry] = field(default_factory=list)
    info: Mapping[str, str] = field(default_factory=dict)
    scans: set[int] = field(default_factory=set)
    recognised: frozenset[int] = frozenset()
    failed: set[int] = field(default_factory=set)
    outside: dict[int, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        """Each page's lines, one below the other."""
        return [page.text for page in self.pages]


class _TooLarge(Exception):
    """A limit of ours; the text finishes „Plik jest za duży: …”."""


class _Locked(Exception):
    """The file wants a password."""


class _Late(BaseException):
    """Time given to the second reader is over. No ``Exception``, so that the reader itself does not swallow it."""


def read_pdf(
    path: Path, limits: Limits, known: Known, report: Report, recognised: Mapping[int, Path] = _NOTHING
) -> Extraction:
    """The file's pages in order, empty ones too, so that ``number`` is the position.

    ``report`` is told (page, pages), (0, pages) first. A file without readable pages gives a failed status and a message;
    only ``MemoryError``, ``RecursionError`` and ``OSError`` pass through. ``recognised`` are PDFs of one page, by page number,
    that are read in place of the file's own pages.
    """
    return _read(path, limits, known, report, recognised, second_only=False)


def read_without_pdfium(path: Path, limits: Limits, known: Known, report: Report) -> Extraction:
    """The same by pypdf alone, after PDFium has crashed on the file."""
    return _read(path, limits, known, report, _NOTHING, second_only=True)


def _read(
    path: Path, limits: Limits, known: Known, report: Report, recognised: Mapping[int, Path], *, second_only: bool
) -> Extraction:
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        return outcome.damaged("ma zero bajtów", "Skopiuj go jeszcze raz ze źródła.")
    second: frozenset[int] = frozenset()
    warnings: list[str] = []
    try:
        raw = None if second_only else _read_first(path, limits, known, report, recognised)
        if raw is None:
            raw = _read_second(path, limits, report)
            if raw is not None:
                second = frozenset(range(len(raw.pages)))
                warnings.append("Plik jest częściowo uszkodzony: odczytano go drugim, mniej dokładnym czytnikiem.")
        else:
            second = _improve(path, raw, known)
    except _Locked:
        return outcome.encrypted()
    except _TooLarge as error:
        return outcome.too_large(str(error))
    if raw is None:
        return outcome.unreadable(start)
    return _assemble(raw, known, second, warnings)


def _assemble(raw: _Raw, known: Known, second: frozenset[int], warnings: list[str]) -> Extraction:
    illegible = [n for n, text in enumerate(raw.texts, 1) if garbage_share(glyph_names(text)) > 5 * _MUCH_GARBAGE]
    pages: list[Page] = []
    silent: list[int] = []
    titles = repaired_strings([entry.title for entry in raw.outline], known)
    shown = [shortened(" ".join(characters(title).split())) for title in titles]
    outline = [entry._replace(title=title) for entry, title in zip(raw.outline, shown, strict=True) if title]
    tidied = tidy(raw.pages, known, second, outline)
    heading = ""
    for position, page in enumerate(tidied.pages):
        # The page begins with its own heading, or under the last one of the pages before.
        heading = page.headings[0].text if page.headings and not page.headings[0].start else heading
        label = characters(raw.labels[position] or "") if raw.labels else ""
        outside = raw.outside.get(position, "")
        if not has_text(page.text):
            silent.append(position + 1)
        pages.append(
            Page(
                number=position + 1,
                text=f"{page.text}\n{outside}".strip() if outside else page.text,
                outside=outside,
                label=label or None,
                heading=heading,
                headings=page.headings,
                continuation=page.continuation,
                notes_at=page.notes_at,
            )
        )
        heading = page.headings[-1].text if page.headings else heading
    illegible = [page.number for page in pages if page.number in illegible or is_gibberish(page.text, known)]
    scans = tuple(sorted(position + 1 for position in raw.scans))
    failed = [number for number in silent if number - 1 in raw.failed]
    metadata = describe(raw.info, known)
    # Type sizes of a recognised page are those of its picture.
    sure = 0 not in raw.recognised and 1 not in illegible and is_readable(tidied.title, known, _READABLE_TITLE)
    warnings.extend(raw.unread)
    if all((page.number in scans and not page.outside) or not has_text(page.text) for page in pages):
        if failed and not scans:
            return outcome.damaged("nie da się odczytać żadnej jego strony")
        message = "Plik nie zawiera tekstu: "
        message += "wygląda na skan." if scans else "jego strony są puste. Sprawdź, czy to właściwy plik."
        extraction = Extraction(
            status=Status.NO_TEXT, pages=tuple(pages), metadata=metadata, warnings=tuple(warnings), scans=scans
        )
        return outcome.no_text(message, extraction)
    if failed:
        warnings.append(f"Uszkodzone strony, których nie dało się odczytać: {outcome.ranges(failed)}.")
    if illegible:
        warnings.append(
            f"Strony o nieczytelnym kodowaniu czcionki: {outcome.ranges(illegible)}. Tekst może być niepełny."
        )
    return Extraction(
        status=Status.INDEXED,
        pages=tuple(pages),
        metadata=metadata,
        title=tidied.title if sure else "",
        warnings=tuple(warnings),
        scans=scans,
        notes=outcome.taken_out(tidied.taken),
    )


# ---------------------------------------------------------------- the first reader


def _read_first(
    path: Path, limits: Limits, known: Known, report: Report, recognised: Mapping[int, Path]
) -> _Raw | None:
    """Everything that PDFium finds in the file; None when it cannot open it."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_raw.FPDF_ERR_PASSWORD:
            raise _Locked from error
        return None
    with document:
        return _read_document(path, document, limits, known, report, recognised)


def _read_document(
    path: Path,
    document: pdfium.PdfDocument,
    limits: Limits,
    known: Known,
    report: Report,
    recognised: Mapping[int, Path],
) -> _Raw | None:
    extras = Extras(document)
    count = len(document)
    if count == 0:
        return None
    _check_pages(count, limits)
    report(0, count)
    raw = _Raw([], recognised=frozenset(number - 1 for number in recognised))
    size = 0
    layers = cache(lambda: hidden_layers(path))
    for position in range(count):
        try:
            if position in raw.recognised:
                with pdfium.PdfDocument(recognised[position + 1]) as single:
                    lines = _page_lines(single, 0, _Raw([]), known, lambda layer: layer in layers())
                with closing(document[position]) as page:
                    raw.outside[position] = extras.of_page(page, lines.text)
            else:
                lines = _page_lines(document, position, raw, known, lambda layer: layer in layers(), extras)
        except pdfium.PdfiumError:
            lines = plain_lines("")
            raw.failed.add(position)
        size += sum(len(line.text) + 1 for line in lines.lines) + len(raw.outside.get(position, ""))
        _check_characters(size, limits)
        raw.pages.append(lines)
        report(position + 1, count)
    raw.unread = tuple(extras.warnings())
    raw.labels = [document.get_page_label(position) or None for position in range(count)]
    raw.info = document.get_metadata_dict()
    raw.outline = list(_outline(document))
    return raw


def _page_lines(
    document: pdfium.PdfDocument,
    position: int,
    raw: _Raw,
    known: Known,
    is_hidden: Callable[[str], bool],
    extras: Extras | None = None,
) -> PageLines:
    page = document[position]
    try:
        found = read_lines(page, known, is_hidden)
        text = found.text
        if is_scan(page, text):
            raw.scans.add(position)
        if extras:
            raw.outside[position] = extras.of_page(page, text)
        return found
    finally:
        page.close()


def _outline(document: pdfium.PdfDocument) -> Iterator[Entry]:
    for entry in islice(document.get_toc(), _MOST_ENTRIES):
        target = entry.get_dest()
        page = target.get_index() if target else None
        if target and page is not None:
            left, top = _place(target)
            yield Entry(page, entry.get_title(), entry.level + 1, left, top)


def _place(target: pdfium.PdfDest) -> tuple[float | None, float | None]:
    """Where on its page a destination is, from the bottom left."""
    mode, values = target.get_view()
    if mode == pdfium_raw.PDFDEST_VIEW_XYZ and len(values) > 1:
        return values[0], values[1]
    if mode in (pdfium_raw.PDFDEST_VIEW_FITH, pdfium_raw.PDFDEST_VIEW_FITBH) and values:
        return None, values[0]
    return None, None


def hidden_layers(path: Path) -> frozenset[str]:
    """Names of the layers that are switched off when the file is opened; PDFium draws by them but does not tell them."""
    with suppress(_Locked), _at_most(_SECOND_SECONDS), _second_reader(path) as reader:
        return frozenset() if reader is None else _quietly(lambda: _layers_off(reader)) or frozenset()
    return frozenset()


def _layers_off(reader: pypdf.PdfReader) -> frozenset[str]:
    properties: Any = reader.root_object["/OCProperties"].get_object()
    usual = properties["/D"].get_object()
    layers = {layer.idnum: str(layer.get_object()["/Name"]) for layer in properties["/OCGs"].get_object()}
    off = {layer.idnum for layer in usual.get("/OFF", ())}
    if usual.get("/BaseState") == "/OFF":
        off |= layers.keys() - {layer.idnum for layer in usual.get("/ON", ())}
    shown = {name for number, name in layers.items() if number not in off}
    return frozenset(layers.values()) - shown


def _check_pages(count: int, limits: Limits) -> None:
    if count > limits.pages:
        raise _TooLarge(f"ma {count} stron, a najwięcej może mieć {limits.pages}")


def _check_characters(size: int, limits: Limits) -> None:
    if size > limits.characters:
        raise _TooLarge(f"ma ponad {grouped(limits.characters)} znaków tekstu")


# ---------------------------------------------------------------- the second reader


def _improve(path: Path, raw: _Raw, known: Known) -> frozenset[int]:
    """Replace pages that PDFium read badly by what pypdf makes of them, where that is better; their positions."""
    texts = raw.texts
    doubtful = [position for position, text in enumerate(texts) if _is_doubtful(text, known)]
    # The second reader knows nothing of recognised pages: it would read the stamp beside the picture.
    doubtful = [position for position in doubtful if position not in raw.recognised]
    # A page that PDFium could read and that draws no characters has none for pypdf either, which takes long to say so.
    doubtful = [position for position in doubtful if texts[position].strip() or position in raw.failed]
    if not doubtful:
        return frozenset()
    improved = set()
    fruitless = 0
    seconds = _SECOND_SECONDS + _SECOND_SECONDS_PER_PAGE * len(doubtful)
    with suppress(_Locked), _at_most(seconds), _second_reader(path) as reader:
        for position in doubtful:
            hopeless = fruitless >= _FRUITLESS_TRIES and position not in raw.failed
            if hopeless and garbage_share(texts[position]) < _MUCH_GARBAGE:
                continue  # a document in another language: pypdf sees what PDFium saw
            text = _second_text(reader, position)
            if _score(text, known) > _score(texts[position], known):
                raw.pages[position] = plain_lines(text, raw.pages[position].width, raw.pages[position].height)
                improved.add(position)
            else:
                fruitless += 1
    return frozenset(improved)


def _is_doubtful(text: str, known: Known) -> bool:
    return garbage_share(text) > _MUCH_GARBAGE or not is_readable(text, known, _READABLE_SHARE)


def _score(text: str, known: Known) -> tuple[float, bool]:
    return (known_share(characters(text), known) * (1 - garbage_share(text)), has_text(text))


def _read_second(path: Path, limits: Limits, report: Report) -> _Raw | None:
    """Everything that pypdf finds in a file that PDFium cannot open; None when it fails too."""
    with _second_reader(path) as reader:
        return None if reader is None else _read_slowly(reader, limits, report)


def _read_slowly(reader: pypdf.PdfReader, limits: Limits, report: Report) -> _Raw | None:
    count = _quietly(lambda: len(reader.pages)) or 0
    if count == 0:
        return None
    _check_pages(count, limits)
    report(0, count)
    raw = _Raw([])
    size = 0
    for position in range(count):
        text = _second_text(reader, position)
        size += len(text)
        _check_characters(size, limits)
        raw.pages.append(plain_lines(text))
        report(position + 1, count)
    if not any(map(has_text, raw.texts)):
        return None
    raw.info = _quietly(lambda: _info(reader)) or {}
    if _quietly(lambda: "/PageLabels" in reader.root_object):
        raw.labels = [*(_quietly(lambda: reader.page_labels) or ()), *([None] * count)][:count]
    return raw


@contextmanager
def _second_reader(path: Path) -> Iterator[pypdf.PdfReader | None]:
    """The second reader with the file open, None when it cannot make sense of it. Raises ``_Locked``."""
    with path.open("rb") as file:
        reader = _quietly(lambda: pypdf.PdfReader(file))
        if reader is not None and _quietly(lambda: reader.is_encrypted) and not _quietly(lambda: reader.decrypt("")):
            raise _Locked
        yield reader


def _info(reader: pypdf.PdfReader) -> dict[str, str]:
    found = reader.metadata
    return {key: str(found.get(f"/{key}") or "") for key in _INFO_KEYS} if found else {}


def _second_text(reader: pypdf.PdfReader | None, position: int) -> str:
    if reader is None:
        return ""
    page = _quietly(lambda: reader.pages[position])
    return "" if page is None else glyph_names(_quietly(page.extract_text) or "")


def _quietly(work: Callable[[], _T]) -> _T | None:
    """The second reader's answer, or None: whatever it trips over must not lose what the first has read."""
    try:
        return work()
    except Exception:  # noqa: BLE001 - it trips over hostile files in any way there is
        return None


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Leave the block after ``seconds``: pypdf is pure Python, so a signal gets through. No effect outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_number: int, _frame: FrameType | None) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    # Again and again, in case the first one is raised where Python drops exceptions.
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    except _Late:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
