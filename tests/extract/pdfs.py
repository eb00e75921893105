"""Small PDFs written by hand, so that a test shows all that its file has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_GLYPHS = {
    "ą": "aogonek",
    "ć": "cacute",
    "ę": "eogonek",
    "ł": "lslash",
    "ń": "nacute",
    "ó": "oacute",
    "ś": "sacute",
    "ź": "zacute",
    "ż": "zdotaccent",
    "Ł": "Lslash",
    "Ś": "Sacute",
    "Ż": "Zdotaccent",
    "Ź": "Zacute",
    "Ŝ": "Scircumflex",
    "–": "endash",
    "„": "quotedblbase",
    "”": "quotedblright",
    "§": "section",
    "•": "bullet",
}
_FIRST_CODE = 128
_DRAWING = b"0.5 g 72 72 400 600 re f " * 60


def make_pdf(
    pages: Sequence[Sequence[str] | None],
    *,
    labels: str | None = None,
    outline: Sequence[tuple[int, str | bytes]] = (),
    info: Mapping[str, str | bytes] | None = None,
    glyphs: Mapping[str, str] = _GLYPHS,
    first_code: int = _FIRST_CODE,
) -> bytes:
    """A PDF whose pages have these lines; None is a page with a drawing and no text.

    ``labels`` is the content of a ``/Nums`` array; ``outline`` has (page position, title) pairs on one level. Titles and ``info``
    that are bytes stand in the file as they are.
    ``glyphs`` are the characters that the font has by name, from the code ``first_code`` on; the others are WinAnsi.
    """
    objects: dict[int, bytes] = {}
    font, first_page, first_entry = 4, 10, 10 + 2 * len(pages)
    codes = {character: code for code, character in enumerate(glyphs, first_code)}
    differences = " ".join(f"/{name}" for name in glyphs.values())
    objects[font] = (
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding "
        f"/Differences [{first_code} {differences}] >> >>"
    ).encode()
    for position, lines in enumerate(pages):
        number = first_page + 2 * position
        content = _DRAWING if lines is None else _text(lines, codes)
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F1 {font} 0 R >> >> >>"
        ).encode()
        objects[number + 1] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)
    kids = " ".join(f"{first_page + 2 * position} 0 R" for position in range(len(pages)))
    objects[2] = f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode()
    catalog = "/Type /Catalog /Pages 2 0 R"
    if labels:
        catalog += f" /PageLabels << /Nums [{labels}] >>"
    if outline:
        catalog += " /Outlines 3 0 R"
        last = first_entry + len(outline) - 1
        objects[3] = f"<< /Type /Outlines /First {first_entry} 0 R /Last {last} 0 R /Count {len(outline)} >>".encode()
        for index, (position, title) in enumerate(outline):
            number = first_entry + index
            after = f"/Next {number + 1} 0 R" if number < last else ""
            entry = f"<< /Title {_string(title)} /Parent 3 0 R /Dest [{first_page + 2 * position} 0 R /Fit] {after} >>"
            objects[number] = entry.encode()
    objects[1] = f"<< {catalog} >>".encode()
    if info:
        entries = " ".join(f"/{key} {_string(value)}" for key, value in info.items())
        objects[5] = f"<< {entries} >>".encode()
    return _written(objects, has_info=bool(info))


def drawn_pdf(
    content: str,
    *,
    page: str = "/MediaBox [0 0 595 842]",
    properties: str = "",
    catalog: str = "",
    objects: Mapping[int, str] | None = None,
) -> bytes:
    """A PDF of one page with this content; ``shown`` writes its strings. /F1 is Helvetica, /F2 is bold.

    ``page``, ``properties`` (of the page's resources) and ``catalog`` are what those dictionaries have besides; ``objects`` have
    numbers from 10 on.
    """
    differences = " ".join(f"/{name}" for name in _GLYPHS.values())
    encoding = (
        f"/Encoding << /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [{_FIRST_CODE} {differences}] >>"
    )
    data = content.encode("latin-1")
    written = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(),
        2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        3: (
            f"<< /Type /Page /Parent 2 0 R {page} /Contents 6 0 R "
            f"/Resources << /Font << /F1 4 0 R /F2 5 0 R >> {properties} >> >>"
        ).encode(),
        4: f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica {encoding} >>".encode(),
        5: f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold {encoding} >>".encode(),
        6: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data),
        **{number: body.encode() for number, body in (objects or {}).items()},
    }
    return _written(written, has_info=False)


def endless_pdf(text: str) -> bytes:
    """A PDF of one page with this text, which takes minutes to draw."""
    content = "/G gs " + "0 0 595 842 re f\n" * 60_000 + at(60, 700, text)
    return drawn_pdf(content, properties="/ExtGState << /G << /ca 0.5 /BM /Multiply >> >>")


def shown(text: str) -> str:
    """``text`` as a string of a page's content."""
    codes = {character: code for code, character in enumerate(_GLYPHS, _FIRST_CODE)}
    return f"({_encoded(text, codes).decode()})"


def at(x: float, y: float, text: str, *, size: float = 10, font: str = "F1", before: str = "") -> str:
    """One string drawn at a place; ``before`` are operators that hold for it."""
    return f"BT {before} /{font} {size} Tf 1 0 0 1 {x} {y} Tm {shown(text)} Tj ET\n"


def _text(lines: Sequence[str], codes: Mapping[str, int]) -> bytes:
    shown = b" ".join(b"(%s) Tj T*" % _encoded(line, codes) for line in lines)
    return b"BT /F1 11 Tf 14 TL 60 780 Td %s ET" % shown


def _encoded(line: str, codes: Mapping[str, int]) -> bytes:
    encoded = b"".join(bytes([codes[c]]) if c in codes else c.encode("cp1252") for c in line)
    return b"".join(b"\\%03o" % byte for byte in encoded)


def _string(text: str | bytes) -> str:
    return f"<{(text if isinstance(text, bytes) else (chr(0xFEFF) + text).encode('utf-16-be')).hex()}>"


def _written(objects: Mapping[int, bytes], *, has_info: bool) -> bytes:
    data = b"%PDF-1.7\n"
    places: dict[int, int] = {}
    for number, body in sorted(objects.items()):
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size = max(objects) + 1
    table = b"xref\n0 %d\n" % size
    for number in range(size):
        table += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n"
    root = "/Root 1 0 R" + (" /Info 5 0 R" if has_info else "")
    trailer = f"trailer << /Size {size} {root} >>\nstartxref\n{len(data)}\n%%EOF\n"
    return data + table + trailer.encode()
