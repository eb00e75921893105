"""PDF files, made by hand, come out as pages with labels, headings and metadata."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from kb.extract.reader import read
from kb.formats import PDF, UNKNOWN
from kb.limits import Limits
from kb.model import Extraction, Status

from .pdfs import make_pdf

Known = Callable[[str], bool]
Read = Callable[..., Extraction]


@pytest.fixture
def read_bytes(tmp_path: Path, known: Known) -> Read:
    """Read bytes as a PDF file in this process."""

    def run(data: bytes, limits: Limits | None = None, *, second_only: bool = False) -> Extraction:
        path = tmp_path / "plik.pdf"
        path.write_bytes(data)
        reader = PDF.second_reader if second_only else PDF.reader
        return read(path, reader, limits or Limits(), known)

    return run


REPORT = make_pdf(
    [
        ["Zażółć gęślą jaźń – „Łódź”.", "Rada gminy dba o samo-", "rządową wspólnotę."],
        ["Druga strona wspomina o"],
        ["rozwoju gminy."],
    ],
    labels="0 << /S /r >> 2 << /S /D /St 7 /P (A-) >>",
    outline=[(0, "Wstęp"), (2, "Źródła"), (2, "Źródła unijne")],
    info={"Title": "Raport o Łodzi", "Author": "Jan Żak; Anna Łoś", "CreationDate": "D:20230619120000+02'00'"},
)


def test_pages(read_bytes: Read) -> None:
    """Text is in Polish paragraphs, with the end of a sentence from the next page."""
    extraction = read_bytes(REPORT)
    assert extraction.status is Status.INDEXED
    assert [page.number for page in extraction.pages] == [1, 2, 3]
    assert extraction.pages[0].text == "Zażółć gęślą jaźń – „Łódź”. Rada gminy dba o samorządową wspólnotę."
    assert extraction.pages[1].continuation == "rozwoju gminy."
    assert extraction.warnings == ()


def test_what_hangs_on_a_page(read_bytes: Read) -> None:
    """Printed labels, all headings, and the one under which the page begins come with it."""
    pages = read_bytes(REPORT).pages
    assert [page.label for page in pages] == ["i", "ii", "A-7"]
    assert [page.heading for page in pages] == ["Wstęp", "Wstęp", "Źródła"]
    assert [[heading.text for heading in page.headings] for page in pages] == [
        ["Wstęp"],
        [],
        ["Źródła", "Źródła unijne"],
    ]


def test_running_heads_are_told(read_bytes: Read) -> None:
    """What was taken out of a file is a note, and no warning; slides keep their titles."""
    book = [["Raport o gminach", "", f"Zdanie {n * n} o sprawach gminy.", f"Dalej {n * 7}."] for n in range(8)]
    extraction = read_bytes(make_pdf(book))
    assert (extraction.warnings, len(extraction.notes)) == ((), 1)
    assert "„Raport o gminach” (s. 1–8)" in extraction.notes[0]
    assert ["Raport" in page.text for page in extraction.pages] == [True, *[False] * 7]
    titles = ["Wstęp", *["Harmonogram naboru"] * 3, *["Budżet"] * 3, "Koniec"]
    slides = read_bytes(
        make_pdf(
            [[title, f"Punkt {n * n} tego slajdu mówi o tym, co trzeba zrobić."] for n, title in enumerate(titles)]
        )
    )
    assert [page.text.split("\n")[0] for page in slides.pages] == titles


def test_metadata(read_bytes: Read) -> None:
    """The document's own description is passed on."""
    assert read_bytes(REPORT).metadata == {
        "title": "Raport o Łodzi",
        "authors": ["Jan Żak", "Anna Łoś"],
        "published": "2023-06-19",
    }


@pytest.mark.parametrize("encoding", ["cp1250", "utf-8"])
def test_titles_written_as_bytes_of_an_old_encoding(read_bytes: Read, encoding: str) -> None:
    """PDFs read such strings by a code page of their own, in which „Ś” of Windows-1250 is „„” and „ź” is nothing."""
    titles = ["Święto źródła w gminie Łęczna", "Odpowiedź na wniosek", "Zarządzenie o śmieciach – „Plan”"]
    for title in titles:
        outline = [(0, other.encode(encoding)) for other in titles]
        found = read_bytes(make_pdf([["Strona."]], outline=outline, info={"Title": title.encode(encoding)}))
        assert found.metadata["title"] == title
        assert [heading.text for heading in found.pages[0].headings] == titles


@pytest.mark.parametrize("title", ["Économie – l’État", "Straße • „Ziel”", "Uchwała – plan", "Łuk ‹otwarty›"])
def test_titles_in_the_code_page_of_pdfs_stay(read_bytes: Read, title: str) -> None:
    """What is right as it is read is no other encoding, whichever way it is written."""
    assert read_bytes(make_pdf([["Strona."]], info={"Title": title})).metadata["title"] == title


def test_no_labels(read_bytes: Read) -> None:
    """Without printed labels there is none, rather than a guess."""
    assert read_bytes(make_pdf([["Tekst strony."]])).pages[0].label is None


def test_second_reader_alone(read_bytes: Read) -> None:
    """The second reader, pypdf, gives the same words, labels and metadata when PDFium is left out, and says so."""
    first, second = read_bytes(REPORT), read_bytes(REPORT, second_only=True)
    assert [page.text.split() for page in second.pages] == [page.text.split() for page in first.pages]
    assert [page.label for page in second.pages] == ["i", "ii", "A-7"]
    assert second.metadata == first.metadata
    assert "drugim" in second.warnings[0]


def test_scan(read_bytes: Read) -> None:
    """A file of drawings has no text, and its pages wait for recognition."""
    extraction = read_bytes(make_pdf([None, None]))
    assert extraction.status is Status.NO_TEXT
    assert "skan" in extraction.message
    assert extraction.scans == (1, 2)


def test_blank(read_bytes: Read) -> None:
    """Blank pages are not called a scan."""
    extraction = read_bytes(make_pdf([[""], [""]]))
    assert extraction.status is Status.NO_TEXT
    assert "puste" in extraction.message


def test_partly_scanned(read_bytes: Read) -> None:
    """Pages that show something without text wait for recognition, blank ones do not."""
    extraction = read_bytes(make_pdf([["Tekst strony."], None, [""], None, None]))
    assert extraction.status is Status.INDEXED
    assert extraction.scans == (2, 4, 5)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "zero bajtów"),
        (b"<!DOCTYPE html><html>404</html>", "strona internetowa"),
        (b"PK\x03\x04 zip", "to nie jest dokument PDF"),
        (b"%PDF-1.7\n garbage", "budowy"),
    ],
)
def test_no_pdf(read_bytes: Read, data: bytes, said: str) -> None:
    """What is no PDF is damaged, with what it seems to be."""
    extraction = read_bytes(data)
    assert extraction.status is Status.DAMAGED
    assert said in extraction.message


def test_truncated(read_bytes: Read) -> None:
    """A file cut short ends in some status, not in an error."""
    for length in range(20, len(REPORT), 211):
        assert read_bytes(REPORT[:length]).status in (Status.INDEXED, Status.DAMAGED, Status.NO_TEXT)


def test_missing_file(tmp_path: Path, known: Known) -> None:
    """A file that is gone, or of an unknown kind, is a failed status."""
    assert read(tmp_path / "nie-ma.pdf", PDF.reader, Limits(), known).status is Status.DAMAGED
    assert read(tmp_path / "plik.txt", UNKNOWN.reader, Limits(), known).status is Status.DAMAGED


def _encrypted(tmp_path: Path, user: str, algorithm: str) -> bytes:
    source, target = tmp_path / "source.pdf", tmp_path / "target.pdf"
    source.write_bytes(REPORT)
    writer = pypdf.PdfWriter(clone_from=source)
    writer.encrypt(user, "wlasciciel", algorithm=algorithm)
    writer.write(target)
    return target.read_bytes()


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_password(read_bytes: Read, tmp_path: Path, algorithm: str) -> None:
    """A password to open is ENCRYPTED for both readers; one that only restricts printing is no obstacle to either."""
    locked, open_to_all = _encrypted(tmp_path, "tajne", algorithm), _encrypted(tmp_path, "", algorithm)
    for second_only in (False, True):
        assert read_bytes(locked, second_only=second_only).status is Status.ENCRYPTED
        assert "Łódź" in read_bytes(open_to_all, second_only=second_only).pages[0].text


def test_limits(read_bytes: Read) -> None:
    """Too many pages or characters are too large, with the limit in the message."""
    for second_only in (False, True):
        pages = read_bytes(REPORT, Limits(pages=2), second_only=second_only)
        assert pages.status is Status.TOO_LARGE
        assert "3 stron" in pages.message
        assert read_bytes(REPORT, Limits(characters=10), second_only=second_only).status is Status.TOO_LARGE


def test_progress(tmp_path: Path, known: Known) -> None:
    """The number of pages is told before the first one is read."""
    path = tmp_path / "plik.pdf"
    path.write_bytes(REPORT)
    told: list[tuple[int, int]] = []
    read(path, PDF.reader, Limits(), known, lambda page, pages: told.append((page, pages)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_legacy_encoding(read_bytes: Read) -> None:
    """A font whose glyphs are named G4C, GB3 … is read as cp1250 by the second reader where the first sees no letters."""
    text = "Łódzka gmina ogłasza nabór wniosków na rozwój wsi"
    glyphs = {character: f"G{character.encode('cp1250').hex().upper()}" for character in sorted(set(text))}
    assert read_bytes(make_pdf([[text]], glyphs=glyphs, first_code=1)).pages[0].text == text
