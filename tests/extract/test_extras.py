"""Form values and comments are read with a page; what hangs on the file and is not read is told by name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

from kb.extract.reader import read
from kb.formats import PDF
from kb.limits import Limits
from kb.model import Extraction, Page, Status

from .pdfs import make_pdf

TEXT = ["Wniosek o dofinansowanie budowy świetlicy.", "Nazwa zadania:"]


class Form:
    """A PDF that gets annotations on its first page, and whatever else a test hangs on it."""

    def __init__(self, *pages: list[str] | None) -> None:
        self.writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf(pages or [TEXT])))
        self.page = self.writer.pages[0]
        self.page[NameObject("/Annots")] = ArrayObject()
        self.form = DictionaryObject({NameObject("/Fields"): ArrayObject()})
        self.writer.root_object[NameObject("/AcroForm")] = self.form

    def annotation(self, kind: str, at: tuple[int, int] = (60, 600), **values: PdfObject) -> DictionaryObject:
        """An annotation whose lower left corner is ``at``; the keys of ``values`` are the PDF's own."""
        x, y = at
        made = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject(f"/{kind}"),
                NameObject("/Rect"): ArrayObject(map(FloatObject, (x, y, x + 100, y + 12))),
                **{NameObject(f"/{key}"): value for key, value in values.items()},
            }
        )
        self.page["/Annots"].append(self.writer._add_object(made))
        return made

    def comment(self, text: str, kind: str = "Text", at: tuple[int, int] = (60, 600), flags: int = 0) -> None:
        """A comment."""
        self.annotation(kind, at, Contents=TextStringObject(text), F=NumberObject(flags))

    def field(self, name: str, kind: str = "Tx", at: tuple[int, int] = (60, 600), **values: PdfObject) -> None:
        """A field with its widget."""
        field = self.annotation("Widget", at, FT=NameObject(f"/{kind}"), T=TextStringObject(name), **values)
        self.form["/Fields"].append(field.indirect_reference)

    def read(self, folder: Path) -> Extraction:
        """What is read of the file."""
        path = folder / "plik.pdf"
        self.writer.write(path)
        return read(path, PDF.reader, Limits(), lambda _word: True)

    def lines(self, folder: Path) -> list[str]:
        """The lines after the text of the first page."""
        return self.read(folder).pages[0].outside.splitlines()


def _options(options: Mapping[str, str]) -> ArrayObject:
    return ArrayObject(ArrayObject(map(TextStringObject, pair)) for pair in options.items())


def test_values_and_comments_follow_the_text(tmp_path: Path) -> None:
    """Fields by their names for people and comments stand at the page's end, marked, from top to bottom and left to right."""
    form = Form()
    form.comment("Brakuje kosztorysu.", "FreeText", (60, 500))
    form.field("pole2", at=(300, 700), V=TextStringObject("487 300 zł"), TU=TextStringObject("Kwota"))
    form.field("zadanie", at=(60, 701), V=TextStringObject("amfiteatr\nKormoran"))
    page = form.read(tmp_path).pages[0]
    assert page.text.startswith(TEXT[0])
    assert page.text.endswith(
        "Nazwa zadania:\n[pole formularza] zadanie: amfiteatr Kormoran\n"
        "[pole formularza] Kwota: 487 300 zł\n[adnotacja] Brakuje kosztorysu."
    )


def test_choices(tmp_path: Path) -> None:
    """Of a choice its options are read as people see them; without a list of options, its value."""
    options = _options({"a": "Wniosek złożony", "b": "Wniosek odrzucony", "c": "Wniosek wycofany"})
    form = Form()
    form.field("stan", "Ch", (60, 700), V=TextStringObject("b"), Opt=options, Ff=NumberObject(1 << 17))
    form.field(
        "kilka", "Ch", (60, 600), V=ArrayObject(map(TextStringObject, "ac")), Opt=options, Ff=NumberObject(1 << 21)
    )
    form.field("wpisane", "Ch", (60, 500), V=TextStringObject("inny"), Ff=NumberObject(3 << 17))
    assert form.lines(tmp_path) == [
        "[pole formularza] stan: Wniosek odrzucony",
        "[pole formularza] kilka: Wniosek złożony, Wniosek wycofany",
        "[pole formularza] wpisane: inny",
    ]


def test_what_nobody_wrote_to_be_read(tmp_path: Path) -> None:
    """Empty fields, buttons, passwords, links, pop-ups, hidden things and repeated words are left out."""
    form = Form()
    form.field("puste")
    form.field("zgoda", "Btn", V=NameObject("/Tak"))
    form.field("haslo", V=TextStringObject("sekret"), Ff=NumberObject(1 << 13))
    form.field("ukryte", V=TextStringObject("ukryte"), F=NumberObject(2))
    form.comment("ukryta", flags=2)
    form.comment("poza ekranem", flags=32)
    form.comment("dymek", "Popup")
    form.comment("odnośnik", "Link")
    form.comment("budowy świetlicy", "Highlight")
    form.comment("…")
    assert form.lines(tmp_path) == []
    form.comment("Uwaga.")
    form.comment("Uwaga.")
    assert form.lines(tmp_path) == ["[adnotacja] Uwaga."]


def test_a_page_of_nothing_else(tmp_path: Path) -> None:
    """A form whose page has no other text is a document; a scan with a comment is one that says which pages are pictures."""
    form = Form([])
    form.field("zadanie", V=TextStringObject("amfiteatr"))
    extraction = form.read(tmp_path)
    assert (extraction.status, extraction.pages[0].text) == (Status.INDEXED, "[pole formularza] zadanie: amfiteatr")
    scan = Form(None, None)
    scan.comment("Wpłynęło 12 marca.")
    extraction = scan.read(tmp_path)
    assert extraction.status is Status.INDEXED
    assert extraction.scans == (1, 2)


def test_a_sentence_runs_on_past_the_fields(tmp_path: Path) -> None:
    """The rest of a sentence on the next page follows the page's running text, and not its comments."""
    form = Form(["Druga strona wspomina o"], ["rozwoju gminy."])
    form.comment("Uwaga.")
    page = form.read(tmp_path).pages[0]
    assert page.text == "Druga strona wspomina o\n[adnotacja] Uwaga."
    assert page.whole_text == "Druga strona wspomina o rozwoju gminy.\n[adnotacja] Uwaga."
    assert Page(number=1, text="[adnotacja] a", outside="[adnotacja] a").whole_text == "[adnotacja] a"


def test_attachments(tmp_path: Path) -> None:
    """Attached files are named, those of the document and those of a page; of many the first ten."""
    form = Form()
    form.writer.add_attachment("umowa.docx", b"PK")
    file = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Filespec"),
            NameObject("/F"): TextStringObject("mapa.dwg"),
            NameObject("/UF"): TextStringObject("mapa gminy.dwg"),
        }
    )
    form.annotation("FileAttachment", FS=form.writer._add_object(file), Contents=TextStringObject("Mapa."))
    extraction = form.read(tmp_path)
    assert "[adnotacja] Mapa." in extraction.pages[0].text
    (warning,) = extraction.warnings
    assert warning.startswith("Plik ma załączniki, których treść nie jest czytana: mapa gminy.dwg, umowa.docx. ")
    for number in range(20):
        form.writer.add_attachment(f"{number:02}-{'x' * 100}.txt", b"")
    (warning,) = form.read(tmp_path).warnings
    assert "i jeszcze 12." in warning
    assert len(warning) < 1_200


@pytest.mark.parametrize(
    ("rendered", "fields", "told"), [(True, True, True), (False, False, True), (False, True, False)]
)
def test_xfa(tmp_path: Path, rendered: bool, fields: bool, told: bool) -> None:
    """A form that is drawn by Adobe alone, or has no fields that others know, is told; one with ordinary fields is read."""
    form = Form()
    form.form[NameObject("/XFA")] = TextStringObject("<xdp/>")
    form.writer.root_object[NameObject("/NeedsRendering")] = BooleanObject(rendered)
    if fields:
        form.field("zadanie", V=TextStringObject("amfiteatr"))
    extraction = form.read(tmp_path)
    assert any("formularzem XFA" in warning for warning in extraction.warnings) is told
    assert ("amfiteatr" in extraction.pages[0].text) is fields


def test_what_an_unreadable_file_holds(tmp_path: Path) -> None:
    """A portfolio without text of its own still says which files are in it."""
    form = Form(None)
    form.writer.add_attachment("raport.pdf", b"%PDF")
    extraction = form.read(tmp_path)
    assert extraction.status is Status.NO_TEXT
    assert "raport.pdf" in extraction.warnings[0]


def test_many(tmp_path: Path) -> None:
    """Of endless comments some are read, and the report says so; the text is there."""
    form = Form()
    for number in range(2_100):
        form.comment(f"Uwaga {number}", at=(60, 10_000 - 5 * number))
    extraction = form.read(tmp_path)
    assert len(extraction.pages[0].outside.splitlines()) == 2_000
    assert extraction.warnings == ("Plik ma bardzo dużo pól formularza i adnotacji; odczytano tylko pierwsze 2000.",)


def test_a_form_that_makes_no_sense(tmp_path: Path) -> None:
    """Fields that are each other's children, values of the wrong kind: the text is read."""
    form = Form()
    form.field("petla", V=NumberObject(7))
    field = form.form["/Fields"][0]
    field.get_object()[NameObject("/Kids")] = ArrayObject([field])
    field.get_object()[NameObject("/Parent")] = field
    form.annotation("Text", Contents=NumberObject(7))
    form.page["/Annots"].append(NumberObject(5))
    extraction = form.read(tmp_path)
    assert extraction.status is Status.INDEXED
    assert extraction.pages[0].text.startswith(TEXT[0])
