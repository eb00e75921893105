"""What stands outside the text stream of a PDF's pages: values of form fields, comments, and the names of attached files.

With ``pdf`` the only user of pypdfium2: the objects of that library go from there to here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import pypdfium2 as pdfium
from pypdfium2 import raw

from kb.extract.clean import characters, has_text

_MOST_READ = 2_000
_MOST_LOOKED_AT = 20_000
"""Fields and comments of one file: read, and looked at (links are among them)."""
_LONGEST = 5_000
_MOST_NAMES = 10
_LONGEST_NAME = 80
_MOST_OPTIONS = 500
_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13
_SAME_LINE = 4
"""Points by which fields of one line may differ in height."""

_COMMENTS = frozenset(
    {
        raw.FPDF_ANNOT_TEXT,
        raw.FPDF_ANNOT_FREETEXT,
        raw.FPDF_ANNOT_LINE,
        raw.FPDF_ANNOT_SQUARE,
        raw.FPDF_ANNOT_CIRCLE,
        raw.FPDF_ANNOT_POLYGON,
        raw.FPDF_ANNOT_POLYLINE,
        raw.FPDF_ANNOT_HIGHLIGHT,
        raw.FPDF_ANNOT_UNDERLINE,
        raw.FPDF_ANNOT_SQUIGGLY,
        raw.FPDF_ANNOT_STRIKEOUT,
        raw.FPDF_ANNOT_STAMP,
        raw.FPDF_ANNOT_CARET,
        raw.FPDF_ANNOT_INK,
        raw.FPDF_ANNOT_FILEATTACHMENT,
    }
)
"""Annotations whose contents somebody wrote to be read; a pop-up only repeats those of another."""


class Extras:
    """Reads what stands outside the stream, page by page. Made before any page of the document is loaded."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document = document
        self._attached: dict[str, None] = {}
        self._read = self._looked_at = self._fields = 0
        self._left_out = False
        # A form that PDFium cannot make sense of has no values to read; the pages' text is read all the same.
        with suppress(pdfium.PdfiumError):
            document.init_forms()

    def of_page(self, page: pdfium.PdfPage, text: str) -> str:
        """The page's form values and comments, a marked line for each, from top to bottom; "" where there is none.

        ``text`` is what the page says itself: a comment that only repeats some of it is left out.
        """
        said = ""
        found: list[tuple[int, float, str]] = []
        for annotation, kind in self._annotations(page):
            said = said or " ".join(text.split())
            line = self._line(annotation, kind, said)
            if not line:
                continue
            if self._read == _MOST_READ:
                self._left_out = True
                break
            self._read += 1
            place = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(annotation, place)
            found.append((round(-place.top / _SAME_LINE), place.left, line))
        return "\n".join(dict.fromkeys(line for _, _, line in sorted(found)))

    def warnings(self) -> Iterator[str]:
        """What of the file is not read, once all its pages have been."""
        with suppress(pdfium.PdfiumError):
            for index in range(min(self._document.count_attachments(), _MOST_LOOKED_AT)):
                self._attach(self._document.get_attachment(index))
        if self._attached:
            names = list(self._attached)
            rest = f" i jeszcze {len(names) - _MOST_NAMES}" if len(names) > _MOST_NAMES else ""
            yield (
                f"Plik ma załączniki, których treść nie jest czytana: {', '.join(names[:_MOST_NAMES])}{rest}. "
                "Jeśli mają być w bazie, umieść je w niej jako osobne pliki."
            )
        form = self._document.get_formtype()
        if form == raw.FORMTYPE_XFA_FULL or (form == raw.FORMTYPE_XFA_FOREGROUND and not self._fields):
            yield (
                "Plik jest formularzem XFA, którego pola i treść nie są czytane. "
                "Otwórz go w programie Adobe i wydrukuj do zwykłego pliku PDF."
            )
        if self._left_out:
            yield f"Plik ma bardzo dużo pól formularza i adnotacji; odczytano tylko pierwszych {self._read}."

    def _annotations(self, page: pdfium.PdfPage) -> Iterator[tuple[raw.FPDF_ANNOTATION, int]]:
        """The page's annotations that a reader can see, with their kinds."""
        for index in range(max(0, raw.FPDFPage_GetAnnotCount(page))):
            if self._looked_at == _MOST_LOOKED_AT:
                self._left_out = True
                return
            self._looked_at += 1
            with _annotation(page, index) as annotation:
                if annotation and not raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
                    yield annotation, raw.FPDFAnnot_GetSubtype(annotation)

    def _line(self, annotation: raw.FPDF_ANNOTATION, kind: int, said: str) -> str:
        if kind == raw.FPDF_ANNOT_WIDGET:
            return self._field(annotation)
        if kind not in _COMMENTS:
            return ""
        if kind == raw.FPDF_ANNOT_FILEATTACHMENT and (file := raw.FPDFAnnot_GetFileAttachment(annotation)):
            self._attach(pdfium.PdfAttachment(file, self._document))
        comment = _string(partial(raw.FPDFAnnot_GetStringValue, annotation, b"Contents"))
        # Some programs put the words that were highlighted into the comment on them.
        return f"[adnotacja] {comment}" if has_text(comment) and comment not in said else ""

    def _field(self, annotation: raw.FPDF_ANNOTATION) -> str:
        """A text or choice field that is filled in; a password is nobody's to read."""
        form = self._document.formenv
        if form is None:
            return ""
        self._fields += 1
        kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
        if kind == raw.FPDF_FORMFIELD_TEXTFIELD:
            if raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
                return ""
            value = ""
        elif kind in (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
            value = ", ".join(_chosen(form, annotation))
        else:
            return ""
        value = value or _string(partial(raw.FPDFAnnot_GetFormFieldValue, form, annotation))
        if not value:
            return ""
        name = _string(partial(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation))
        name = name or _string(partial(raw.FPDFAnnot_GetFormFieldName, form, annotation))
        return f"[pole formularza] {name}: {value}" if name else f"[pole formularza] {value}"

    def _attach(self, file: pdfium.PdfAttachment) -> None:
        name = " ".join(characters(file.get_name()).split())
        if name:
            self._attached[name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"] = None


@contextmanager
def _annotation(page: pdfium.PdfPage, index: int) -> Iterator[raw.FPDF_ANNOTATION | None]:
    annotation = raw.FPDFPage_GetAnnot(page, index)
    try:
        yield annotation
    finally:
        if annotation:
            raw.FPDFPage_CloseAnnot(annotation)


def _chosen(form: pdfium.PdfFormEnv, annotation: raw.FPDF_ANNOTATION) -> Iterator[str]:
    """The options that are selected, as people see them."""
    for index in range(min(raw.FPDFAnnot_GetOptionCount(form, annotation), _MOST_OPTIONS)):
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, index):
            yield _string(partial(raw.FPDFAnnot_GetOptionLabel, form, annotation, index))


def _string(read: Callable[[object, int], int]) -> str:
    """A string of PDFium on one line. ``read`` fills a buffer with UTF-16 and says how many bytes it takes."""
    size = read(None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    text = buffer.raw[: 2 * _LONGEST].decode("utf-16-le", "replace")
    return " ".join(characters(text.partition("\0")[0]).split())
