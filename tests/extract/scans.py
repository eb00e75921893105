"""Scans made for tests: text drawn as a picture, in a PDF with or without a line of real text over it."""

from __future__ import annotations

import io
import shutil
import subprocess
import zlib
from importlib.util import find_spec

import pypdfium2 as pdfium
import pytest

from .pdfs import make_pdf


def _missing() -> str:
    if find_spec("ocrmypdf") is None:
        return "the extra [ocr] is not installed"
    if shutil.which("tesseract") is None:
        return "Tesseract is not installed"
    languages = subprocess.run(["tesseract", "--list-langs"], capture_output=True, check=False, text=True)
    return "" if "pol" in languages.stdout.split() else "Tesseract's Polish data is not installed"


needs_ocr = pytest.mark.skipif(bool(_missing()), reason=_missing())
"""For tests that recognise text."""

Picture = tuple[int, int, bytes]
"""Width, height, grey pixels."""


def drawn(lines: list[str]) -> Picture:
    """A page of lines as a picture, as a scanner would make it."""
    with pdfium.PdfDocument(make_pdf([lines])) as document:
        bitmap = document[0].render(scale=150 / 72, grayscale=True)
        return bitmap.width, bitmap.height, bytes(bitmap.to_numpy().tobytes())


def scan(*pages: tuple[Picture | None, str], before: bytes = b"") -> bytes:
    """A PDF whose pages have a picture over the whole page, and lines of text at the bottom ("" for none).

    ``before`` are operators that hold for the text.
    """
    objects: list[bytes] = []
    kids = []
    for picture, text in pages:
        resources, content = b"/Font << /F1 3 0 R >>", b""
        number = 4 + len(objects)
        if picture:
            width, height, pixels = picture
            data = zlib.compress(pixels, 6)
            objects.append(
                b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
                b"/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (width, height, len(data), data)
            )
            resources += b" /XObject << /Im %d 0 R >>" % number
            content += b"q 595 0 0 842 0 0 cm /Im Do Q "
            number += 1
        if text:
            shown = b" ".join(b"(%s) Tj T*" % line.encode() for line in text.splitlines())
            content += b"BT %s /F1 8 Tf 10 TL 60 %d Td %s ET" % (before, 10 + 10 * len(text.splitlines()), shown)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << %s >> /Contents %d 0 R >>"
            % (resources, number)
        )
        kids.append(number + 1)
    head = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    file = io.BytesIO()
    file.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(head + objects, 1):
        places.append(file.tell())
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = file.tell()
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    file.writelines(b"%010d 00000 n \n" % place for place in places)
    file.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))
    return file.getvalue()
