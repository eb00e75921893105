"""Where words stand on a page: real PDFs, read and drawn by PDFium, and the boxes compared with the ink."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest

from kb.extract.jobs import MapJob, PictureJob, save_job
from kb.extract.lines import PlacedLine
from kb.extract.page import read_placed
from kb.extract.picture import work
from kb.extract.places import placed_words
from kb.extract.reader import read
from kb.extract.wire import decode_map
from kb.limits import Limits
from kb.model import Box, PageMap, Status
from kb.polish import shared_analyzer

from .pdfs import at, drawn_pdf, make_pdf, shown
from .scans import drawn, needs_ocr, scan

WIDTH, HEIGHT = 595.0, 842.0


def _places(data: bytes, text: str) -> dict[str, tuple[Box, ...]]:
    """The words of a text that stand on the only page of a PDF, each once, with their boxes."""
    with pdfium.PdfDocument(data) as document:
        lines, placed = read_placed(document[0], shared_analyzer().known)
        words = placed_words(text, placed, lines.width, lines.height)
        return {text[word.start : word.end]: word.boxes for word in words}


def _read(data: bytes, path: Path) -> str:
    path.write_bytes(data)
    return read(path, "kb.extract.pdf:read_pdf", Limits(), shared_analyzer().known).pages[0].text


@pytest.mark.parametrize(
    ("page", "content"),
    [
        ("/MediaBox [0 0 595 842]", at(100, 700, "gmina", size=20)),
        ("/MediaBox [0 0 595 842] /Rotate 90", at(100, 700, "gmina", size=20)),
        ("/MediaBox [0 0 595 842] /Rotate 180", at(100, 700, "gmina", size=20)),
        ("/MediaBox [0 0 595 842] /Rotate 270", at(100, 700, "gmina", size=20)),
        ("/MediaBox [0 0 595 842] /CropBox [50 400 500 800]", at(100, 700, "gmina", size=20)),
        ("/MediaBox [-100 -50 495 792] /CropBox [0 0 400 700] /Rotate 90", at(100, 500, "gmina", size=20)),
        ("/MediaBox [0 0 842 595]", at(100, 300, "gmina", size=20)),
        ("/MediaBox [0 0 595 842]", f"BT /F1 20 Tf 0 1 -1 0 300 400 Tm {shown('gmina')} Tj ET"),
        ("/MediaBox [0 0 595 842]", f"BT /F1 20 Tf -1 0 0 -1 300 400 Tm {shown('gmina')} Tj ET"),
    ],
    ids=[
        "upright",
        "90",
        "180",
        "270",
        "cropped",
        "cropped, moved and turned",
        "landscape",
        "turned text",
        "upside down",
    ],
)
def test_a_box_lies_over_the_ink(page: str, content: str) -> None:
    """However a page is turned or cropped, the box of its only word holds all its ink, and little else."""
    data = drawn_pdf(content, page=page)
    (box,) = _places(data, "gmina")["gmina"]
    with pdfium.PdfDocument(data) as document:
        picture = document[0].render(scale=2, grayscale=True).to_numpy()
    rows, columns = np.nonzero(picture < 128)
    height, width = picture.shape
    assert box.left * width - 2 <= columns.min()
    assert columns.max() <= (box.left + box.width) * width + 2
    assert box.top * height - 2 <= rows.min()
    assert rows.max() <= (box.top + box.height) * height + 2
    ink = (columns.max() - columns.min()) * (rows.max() - rows.min())
    assert box.width * width * box.height * height < 4 * ink


def test_a_broken_word_is_on_both_lines(tmp_path: Path) -> None:
    """A word with a hyphen at the line's end is one word of the text, and has a box on either line."""
    data = make_pdf([["Rada gminy przyjmuje zagospoda-", "rowanie terenu i plan."]])
    text = _read(data, tmp_path / "a.pdf")
    assert "zagospodarowanie" in text
    first, second = _places(data, text)["zagospodarowanie"]
    assert first.left > second.left
    assert first.top < second.top


def test_every_word_of_a_real_page_has_a_place() -> None:
    """Columns, tables, footnotes, words in other type: on a sample report nothing that is read is without its place."""
    path = Path(__file__).parents[2] / "documents" / "raporty" / "uslugi-spoleczne.pdf"
    pages = read(path, "kb.extract.pdf:read_pdf", Limits(), shared_analyzer().known).pages
    with pdfium.PdfDocument(path) as document:
        for page in pages[:10]:
            lines, placed = read_placed(document[page.number - 1], shared_analyzer().known)
            words = list(placed_words(page.text, placed, lines.width, lines.height))
            missing = set(range(len(page.text))) - {at for word in words for at in range(word.start, word.end)}
            assert not [page.text[at] for at in missing if page.text[at].isalnum()], page.number


def test_moved_and_repaired_words_are_found() -> None:
    """A part that the text has elsewhere, and a word with other letters between two that agree, have their places."""
    data = make_pdf([["1 Przypis o budzecie.", "Rada uchwala plan gminy."]])
    places = _places(data, "Rada uchwała plan gminy.\n1 Przypis o budzecie.")
    assert places.keys() == {"Rada", "uchwała", "plan", "gminy", "1", "Przypis", "o", "budzecie"}
    assert places["Przypis"][0].top < places["Rada"][0].top


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            at(60, 722, "Z", size=40) + at(104, 742, "agospodarowanie terenu") + at(104, 728, "i plan"),
            "Zagospodarowanie",
        ),
        (at(60, 700, "Zobacz") + at(152, 700, "i zapisz") + at(95, 700, "stronę gminy"), "stronę"),
        (at(60, 700, "Zobacz") + at(152, 700, "zapisz") + at(95, 700, "stronę gminy"), "zapisz"),
        (at(60, 700, "Gmina") + at(300, 700, "Powiat") + at(60, 680, "Rada") + at(300, 680, "Zarząd"), "Zarząd"),
        (at(60, 700, "•") + at(80, 700, "Gmina"), "Gmina"),
    ],
    ids=["large initial", "drawn late", "before what is drawn late", "table", "item"],
)
def test_what_is_put_together_keeps_its_places(content: str, text: str) -> None:
    """However a line is made of its pieces, each word is where it is drawn: all of it and nothing else stands in its boxes."""
    whole = drawn_pdf(content)
    with pdfium.PdfDocument(whole) as document:
        lines, placed = read_placed(document[0], lambda word: word == "Zagospodarowanie")
        (word,) = placed_words(text, placed, lines.width, lines.height)
        inside = ""
        for box in word.boxes:
            left, top, width, height = (side * scale for side, scale in zip(box, (595, 842, 595, 842), strict=True))
            bounds = (left + 1, 842 - top - height + 1, left + width - 1, 842 - top - 1)
            inside += document[0].get_textpage().get_text_bounded(*bounds).strip()
    assert inside == text


def test_what_is_not_drawn_has_no_place() -> None:
    """A word that the page does not show is left out; the others keep their own places."""
    places = _places(make_pdf([["Rada gminy"]]), "Rada nadzwyczajna gminy i jeszcze komentarz")
    assert places.keys() == {"Rada", "gminy"}


def test_lines_without_places_are_passed_over() -> None:
    """A line whose letters and boxes do not agree places nothing, and troubles no other line."""
    good = PlacedLine("dwa", np.array([[10.0, 10.0, 20.0, 20.0]] * 3))
    bad = PlacedLine("jeden", np.zeros((2, 4)))
    (word,) = placed_words("jeden dwa", [bad, good], WIDTH, HEIGHT)
    assert (word.start, word.end) == (6, 9)


def _work(job: MapJob | PictureJob, folder: Path) -> Status:
    path = save_job(job, folder / "job.json")
    return work(path, Limits(), shared_analyzer().known, lambda _page, _pages: None).status


def _map(path: Path, text: str, folder: Path, recognised: Path | None = None) -> PageMap:
    job = MapJob(file=path, page=1, result=folder / "map", text=text, recognised=recognised)
    assert _work(job, folder) is Status.INDEXED
    return decode_map(job.result.read_bytes())


@needs_ocr
@pytest.mark.parametrize("turned", [0, 1], ids=["upright", "on its side"])
def test_recognised_pages_are_placed(tmp_path: Path, turned: int) -> None:
    """The words of a scan have their places on its picture, which is shown the way up that it was read."""
    from kb.extract.recognition import find_recogniser, recognition
    from kb.limits import OcrLimits

    width, height, pixels = drawn(
        [
            "Rada gminy uchwala regulamin odbioru odpadów",
            "komunalnych na terenie gminy, a mieszkańcy",
            "głosują nad budżetem.",
        ]
        * 6
    )
    ink = np.frombuffer(pixels, np.uint8).reshape(height, width)
    sideways = np.rot90(ink, turned)
    path = tmp_path / "a.pdf"
    path.write_bytes(scan(((sideways.shape[1], sideways.shape[0], sideways.tobytes()), "")))
    first = read(path, "kb.extract.pdf:read_pdf", Limits(), shared_analyzer().known)
    recogniser = find_recogniser(OcrLimits())
    with recognition(recogniser, OcrLimits(), 1) as at_work:
        text = at_work.read(path, first, tmp_path / "kept", lambda _done, _all: None).pages[0].text
    recognised = tmp_path / "kept" / "1.pdf"
    found = _map(path, text, tmp_path, recognised)
    picture = PictureJob(file=path, page=1, result=tmp_path / "picture", width=800, megapixels=8, recognised=recognised)
    assert _work(picture, tmp_path) is Status.INDEXED
    from PIL import Image

    with Image.open(picture.result) as image:
        shown_picture = np.asarray(image.convert("L"))
    assert abs(shown_picture.shape[0] / shown_picture.shape[1] - found.height / found.width) < 0.01
    dark = shown_picture < 128
    covered = np.zeros_like(dark)
    for word in found.words:
        for box in word.boxes:
            top, bottom = (int(share * dark.shape[0]) for share in (box.top - 0.004, box.top + box.height + 0.004))
            left, right = (int(share * dark.shape[1]) for share in (box.left - 0.004, box.left + box.width + 0.004))
            covered[max(0, top) : bottom, max(0, left) : right] = True
    assert len(found.words) > 60
    assert (dark & covered).sum() > 0.9 * dark.sum()


def test_a_page_that_cannot_be_opened_is_a_failure(tmp_path: Path) -> None:
    """Neither a map nor a picture of what is no PDF, and no surprise either."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing")
    assert _work(MapJob(file=path, page=1, result=tmp_path / "map", text="a"), tmp_path) is Status.DAMAGED
    picture = PictureJob(file=path, page=1, result=tmp_path / "picture", width=800, megapixels=8)
    assert _work(picture, tmp_path) is Status.DAMAGED


def test_a_picture_has_its_width_and_no_more_pixels_than_it_may(tmp_path: Path) -> None:
    """A usual page is as wide as asked; a page like a ribbon has as many pixels as are allowed."""
    from PIL import Image

    for box, size in (("0 0 595 842", (800, 1132)), ("0 0 10 14400", (26, 37947))):
        path = tmp_path / "a.pdf"
        path.write_bytes(drawn_pdf(at(1, 1, "a"), page=f"/MediaBox [{box}]"))
        picture = PictureJob(file=path, page=1, result=tmp_path / "picture", width=800, megapixels=1)
        assert _work(picture, tmp_path) is Status.INDEXED
        with Image.open(picture.result) as image:
            assert image.format == "JPEG"
            assert abs(image.width - size[0]) <= 1
            assert abs(image.height - size[1]) <= 150
