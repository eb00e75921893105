"""Scans are told from other pages, and their text is recognised: page by page, within limits, and once."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from library import Library

from kb import indexer
from kb.extract import Limits, recognition, wire
from kb.extract.reader import read
from kb.extract.recognition import Recogniser, find_recogniser, unread
from kb.formats import PDF
from kb.limits import OcrLimits
from kb.model import Document, Extraction, Page, Status
from kb.polish import shared_analyzer
from kb.search import KnowledgeBase

from .pdfs import make_pdf
from .scans import Picture, drawn, needs_ocr, scan

LINES = [  # no letters that the standard font lacks
    "Regulamin w sprawie gospodarki odpadami",
    "Rada gminy uchwala regulamin odbioru odpadów",
    "komunalnych. Harmonogram na rok podaje rada gminy",
    "wraz z terminem i stawkami od gospodarstwa.",
]
STAMP = "Id: 7C1A9F22-0B1D. Podpisany. Strona 1"


@pytest.fixture(scope="module")
def picture() -> Picture:
    """A page of text as a picture."""
    return drawn(LINES)


def _scans(tmp_path: Path, data: bytes) -> Extraction:
    path = tmp_path / "plik.pdf"
    path.write_bytes(data)
    return read(path, PDF.reader, Limits(), shared_analyzer().known)


# Which pages are scans


def test_stamped_page_is_a_scan(tmp_path: Path, picture: Picture) -> None:
    """A line of stamp over a picture of the whole page does not make the page one of text."""
    extraction = _scans(tmp_path, scan((picture, STAMP), (picture, "")))
    assert extraction.status is Status.NO_TEXT
    assert extraction.scans == (1, 2)


SIGNED = """\
Dziennik urzedowy wojewodztwa, poz. 1234, Warszawa, dnia 12 maja 2024 r.
Za zgodnosc z oryginalem: Anna Nowak, sekretarz gminy, dnia 13 maja 2024 r.
Dokument podpisany elektronicznie. Podpisal: Jan Lis, burmistrz gminy Dobra
Data: 12.05.2024 12:11:10 +02:00, sygnatariusz: kwalifikowany certyfikat"""


def test_small_print_of_signatures_over_a_sheet(tmp_path: Path, picture: Picture) -> None:
    """Heads, seals and signatures of several lines do not make a scanned sheet one of text; over a photograph they are text."""
    assert _scans(tmp_path, scan((picture, SIGNED))).scans == (1,)
    photograph = (picture[0], picture[1], bytes(len(picture[2])))
    assert _scans(tmp_path, scan((photograph, SIGNED))).scans == ()


def test_text_without_ink_is_recognised_already(tmp_path: Path, picture: Picture) -> None:
    """A few lines that an earlier recognition has put under the picture are the text of the page."""
    found = _scans(tmp_path, scan((picture, SIGNED), before=b"3 Tr"))
    assert (found.status, found.scans) == (Status.INDEXED, ())


def test_page_of_text_is_no_scan(tmp_path: Path, picture: Picture) -> None:
    """Text over a picture of the whole page, as an earlier recognition leaves it, is text; so is a line on a bare page."""
    extraction = _scans(tmp_path, scan((picture, "\n".join(["Rada gminy uchwala regulamin"] * 40)), (None, STAMP)))
    assert extraction.status is Status.INDEXED
    assert extraction.scans == ()


# What is said where nothing recognises


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (Recogniser(off=True), "KB_OCR=off"),
        (Recogniser(missing="zainstaluj pakiety systemowe tesseract-ocr i tesseract-ocr-pol"), "tesseract-ocr-pol"),
    ],
)
def test_unread_scans(found: Recogniser, advice: str) -> None:
    """A scan stays without text and a partly scanned file gets a warning; both say what to do."""
    scanned = Extraction(status=Status.NO_TEXT, message="Plik nie zawiera tekstu: wygląda na skan.", scans=(1,))
    assert advice in unread(scanned, found).message
    partly = Extraction(status=Status.INDEXED, scans=(2, 3, 7))
    [warning] = unread(partly, found).warnings
    assert "2–3, 7." in warning
    assert advice in warning


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a machine without Tesseract the packages to install are named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    recognition._find.cache_clear()
    try:
        found = find_recogniser(OcrLimits())
    finally:
        recognition._find.cache_clear()
    assert not found.ready
    assert "apt install tesseract-ocr tesseract-ocr-pol" in found.advice


def test_pages_cross_the_wire() -> None:
    """That a page was recognised, and how surely, arrives with it."""
    sent = Extraction(status=Status.INDEXED, pages=(Page(number=1, text="a", ocr=True, confidence=91.5),), scans=(2,))
    assert wire.decode(wire.encode(sent)) == sent


# Recognition


@pytest.fixture
def scanning(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A collection whose scans are recognised."""
    monkeypatch.setenv("KB_OCR", "auto")
    return library


def _pages(library: Library) -> list[Page]:
    state = KnowledgeBase(library.settings()).state
    [document] = list[Document](state.documents())
    return list(state.pages(document.id))


@needs_ocr
def test_scanned_pages_alone_are_recognised(scanning: Library, picture: Picture) -> None:
    """Of a mixed file the scanned pages are recognised, their stamp is kept as it stands, and the report says so."""
    scanning.write("uchwala.pdf", scan((None, "To jest zwykla strona."), (picture, STAMP), (picture, "")))
    [row] = scanning.run().files
    assert row.status is Status.INDEXED
    assert row.notes[-1].startswith("tekst rozpoznany (OCR): s. 2–3, średnia pewność ")
    assert row.warnings == ()
    pages = _pages(scanning)
    assert [page.ocr for page in pages] == [False, True, True]
    assert pages[0].confidence is None
    assert all(page.confidence and page.confidence > 80 for page in pages[1:])
    assert all("regulamin odbioru odpadów" in page.text for page in pages[1:])
    assert STAMP in pages[1].text


@needs_ocr
def test_turned_page(scanning: Library) -> None:
    """A page that was scanned upside down is read."""
    width, height, pixels = drawn(LINES * 5)
    scanning.write("uchwala.pdf", scan(((width, height, pixels[::-1]), "")))
    assert scanning.run().failed == 0
    assert "regulamin odbioru odpadów" in _pages(scanning)[0].text


@needs_ocr
def test_nothing_is_recognised_twice(scanning: Library, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the next run nor a rebuild recognises anew, nor does another version of the readers."""
    scanning.write("uchwala.pdf", scan((picture, "")))
    scanning.run()
    kept = {path: path.stat().st_mtime_ns for path in scanning.index.glob("extracted/*/*.pdf")}
    assert len(kept) == 1
    assert [row.status for row in scanning.run().files] == [Status.UNCHANGED]
    assert [row.status for row in scanning.run(rebuild=True).files] == [Status.INDEXED]
    for module in ("indexer", "extractions"):
        monkeypatch.setattr(f"kb.{module}.EXTRACTOR_VERSION", "nowa")
    [row] = scanning.run().files
    assert row.notes[-1].startswith("tekst rozpoznany (OCR): s. 1, ")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@needs_ocr
def test_recognition_that_came_later(library: Library, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were indexed with unread scans are read again once recognition is there, and stay when it goes."""
    library.write("uchwala.pdf", scan((None, "To jest zwykla strona."), (picture, "")))
    [row] = library.run().files
    assert row.status is Status.INDEXED
    assert "KB_OCR=off" in row.warnings[0]
    assert [row.status for row in library.run().files] == [Status.UNCHANGED]
    monkeypatch.setenv("KB_OCR", "auto")
    [row] = library.run().files
    assert row.notes[-1].startswith("tekst rozpoznany (OCR): s. 2, ")
    assert row.warnings == ()
    monkeypatch.setenv("KB_OCR", "off")
    assert [row.status for row in library.run().files] == [Status.UNCHANGED]
    assert _pages(library)[1].ocr


@needs_ocr
def test_progress_is_told_by_pages(scanning: Library, picture: Picture) -> None:
    """The caller hears of each page as it is done."""
    scanning.write("uchwala.pdf", scan((picture, ""), (picture, "")))
    told = []
    indexer.run(scanning.settings(), on_progress=lambda step: told.append((step.page, step.pages)))
    assert told[-4:] == [(0, 2), (1, 2), (2, 2), (0, 0)]


@needs_ocr
def test_encrypted_scan(scanning: Library, picture: Picture, tmp_path: Path) -> None:
    """A scan that opens without a password although it is encrypted is recognised."""
    pypdf = pytest.importorskip("pypdf")
    (tmp_path / "skan.pdf").write_bytes(scan((picture, "")))
    writer = pypdf.PdfWriter(clone_from=tmp_path / "skan.pdf")
    writer.encrypt("", "wlasciciel", algorithm="RC4-128")
    scanning.documents.mkdir(exist_ok=True)
    writer.write(scanning.documents / "skan.pdf")
    assert [row.status for row in scanning.run().files] == [Status.INDEXED]
    assert "odbioru odpadów" in _pages(scanning)[0].text


@needs_ocr
def test_empty_picture(scanning: Library) -> None:
    """A scan without words has no text, and the message says that it was looked at."""
    scanning.write("skan.pdf", scan(((200, 280, b"\xff" * 200 * 280), "")))
    [row] = scanning.run().files
    assert row.status is Status.NO_TEXT
    assert "nie znalazło w nim słów" in row.message


def _giant() -> bytes:
    """A white picture of 625 megapixels, packed into few bytes."""
    side = 25_000
    packer = zlib.compressobj(1)
    block = b"\xff" * side * 100
    data = b"".join([*(packer.compress(block) for _ in range(side // 100)), packer.flush()])
    pdf = scan(((1, 1, b"\xff"), ""))
    small = zlib.compress(b"\xff", 6)
    pdf = pdf.replace(b"/Width 1 /Height 1", b"/Width %d /Height %d" % (side, side))
    return pdf.replace(
        b"/Length %d >>\nstream\n%s\nendstream" % (len(small), small),
        b"/Length %d >>\nstream\n%s\nendstream" % (len(data), data),
    )


@needs_ocr
def test_giant_picture(scanning: Library) -> None:
    """A picture of enormous size is that file's row, its good pages and its neighbours are read."""
    scanning.write("olbrzym.pdf", _giant())
    scanning.write("dobry.pdf", make_pdf([["Rada gminy."]]))
    good, bad = scanning.run(extract_memory_mb=512).files
    assert good.status is Status.INDEXED
    assert bad.status is Status.NO_TEXT
    assert "Nie udało się rozpoznać tekstu (OCR): s. 1 (" in bad.message


@needs_ocr
def test_slow_page(scanning: Library, picture: Picture) -> None:
    """A page that takes longer than it may is given up, and Tesseract with it."""
    scanning.write("skan.pdf", scan((picture, "")))
    [row] = scanning.run(ocr_seconds=0.01).files
    assert row.status is Status.NO_TEXT
    assert "trwało zbyt długo" in row.message
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and _runs_for(int(pid))]


def _runs_for(pid: int) -> bool:
    """Whether a process is a Tesseract that works on a page of this very process."""
    try:
        return b"tesseract" in Path(f"/proc/{pid}/cmdline").read_bytes() and os.getsid(pid) == os.getsid(0)
    except OSError:
        return False


@needs_ocr
def test_too_many_pages(scanning: Library, picture: Picture) -> None:
    """Pages beyond the limit are left out with a warning."""
    scanning.write("skan.pdf", scan((picture, ""), (picture, "")))
    [row] = scanning.run(ocr_pages=1).files
    assert row.status is Status.INDEXED
    assert "s. 2 (przekroczony limit stron)" in row.warnings[0]


@needs_ocr
def test_cut_out_has_no_picture(scanning: Library, picture: Picture) -> None:
    """What is kept of a recognised page is its text, not its picture."""
    scanning.write("skan.pdf", scan((picture, "")))
    scanning.run()
    [kept] = scanning.index.glob("extracted/*/*.pdf")
    with pdfium.PdfDocument(kept) as document:
        sizes = [
            item.get_px_size() for item in document[0].get_objects(max_depth=3) if isinstance(item, pdfium.PdfImage)
        ]
    assert sizes == [(1, 1)]


def test_a_kept_page_that_is_spoilt_is_recognised_again(tmp_path: Path) -> None:
    """A kept page counts only with the digest of just its bytes: not one changed, cut short, without a digest, or gone."""
    made, kept = tmp_path / "made.pdf", tmp_path / "1.pdf"
    made.write_bytes(make_pdf([["Rada gminy."]]))
    assert recognition._take(made, kept)
    assert recognition._is_whole(kept)
    content = kept.read_bytes()
    for spoilt in (content[:200] + b"?" + content[201:], content[:-40], made.read_bytes(), b""):
        kept.write_bytes(spoilt)
        assert not recognition._is_whole(kept)
    kept.unlink()
    assert not recognition._is_whole(kept)


def test_a_link_is_no_recognised_page(tmp_path: Path) -> None:
    """A child that a file has taken over may leave a link to a secret, or a folder: neither is taken, nothing ends."""
    secret, made, kept = tmp_path / "secret.pdf", tmp_path / "made.pdf", tmp_path / "1.pdf"
    secret.write_bytes(b"secret")
    made.symlink_to(secret)
    assert not recognition._take(made, kept)
    made.unlink()
    made.mkdir()
    assert not recognition._take(made, kept)
    assert not kept.exists()
