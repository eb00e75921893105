"""Which pages of a PDF are scans, and such a page cut out of it. With ``pdf``, ``page`` and others a user of pypdfium2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from kb.extract.clean import has_text

_DRAWN_PATHS = 50
_STAMP_WORDS = 60
_STAMP_SHARE = 0.012
"""Stamps, signatures and lines added by a scanner are small: a title over a cover picture takes more of the page."""
_FULL_PAGE = 0.8
_DEPTH = 3


def is_scan(page: pdfium.PdfPage, found: str) -> bool:
    """Whether a page, of which ``found`` is the text, shows text that only recognition can read.

    It shows a picture or letters turned into curves and has no text, or one picture fills it and its text is a mere stamp.
    """
    if not has_text(found):
        return _is_drawn(page)
    return (
        len(found.split(maxsplit=_STAMP_WORDS)) <= _STAMP_WORDS
        and _picture_share(page) >= _FULL_PAGE
        and _is_stamp(page)
    )


def _is_drawn(page: pdfium.PdfPage) -> bool:
    return any(
        item.type == pdfium_raw.FPDF_PAGEOBJ_IMAGE or count > _DRAWN_PATHS
        for count, item in enumerate(page.get_objects(max_depth=_DEPTH), 1)
    )


def _is_stamp(page: pdfium.PdfPage) -> bool:
    with closing(page.get_textpage()) as text:
        return _share(page, (text.get_rect(index) for index in range(text.count_rects()))) <= _STAMP_SHARE


def _picture_share(page: pdfium.PdfPage) -> float:
    pictures = page.get_objects(filter=[pdfium_raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEPTH)
    return _share(page, (_on_page(picture).get_bounds() for picture in pictures))


def _on_page(item: pdfium.PdfObject) -> pdfium.PdfObject:
    """The object itself, or the form around it: what stands in a form has the form's coordinates."""
    while item.container:
        item = item.container
    return item


def _share(page: pdfium.PdfPage, boxes: Iterator[tuple[float, float, float, float]]) -> float:
    """How much of the page the boxes take; where they overlap they count twice."""
    left, bottom, right, top = page.get_bbox()
    area: float = sum(
        max(0.0, min(c, right) - max(a, left)) * max(0.0, min(d, top) - max(b, bottom)) for a, b, c, d in boxes
    )
    return area / max(1.0, float((right - left) * (top - bottom)))


def cut_out(path: Path, number: int, target: Path) -> None:
    """Write one page of a PDF as a PDF of its own; one that opens without a password has none then."""
    with closing(pdfium.PdfDocument(path)) as document, closing(pdfium.PdfDocument.new()) as single:
        single.import_pages(document, [number - 1])
        single.save(target)


def title_of(path: Path) -> str:
    """The title in a PDF's description."""
    with closing(pdfium.PdfDocument(path)) as document:
        return str(document.get_metadata_value("Title"))
