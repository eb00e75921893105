"""Which pages of a PDF are scans, and such a page cut out of it. With ``pdf``, ``page`` and others a user of pypdfium2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from kb.extract.clean import has_text

_DRAWN_PATHS = 50
_STAMP_WORDS = 60
_STAMP_SHARE = 0.012
"""Stamps, signatures and lines added by a scanner are small: a title over a cover picture takes more of the page."""
_SMALL_PRINT = 0.018
"""The height of ordinary type, as a share of the page's longer side: titles on covers and slides are larger."""
_MUCH_SMALL_PRINT = 0.06
_THUMBNAIL = 64
_PAPER = 200
"""How bright at least half of a scanned sheet is, of 255; a photograph is not."""
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
    """Whether the text is small beside the picture: a line or two, or the small print of seals and signatures on a sheet."""
    with closing(page.get_textpage()) as text:
        boxes = [text.get_rect(index) for index in range(text.count_rects())]
    share = _share(page, iter(boxes))
    if share <= _STAMP_SHARE:
        return True
    tallest = max(min(abs(right - left), abs(top - bottom)) for left, bottom, right, top in boxes)
    is_small = share <= _MUCH_SMALL_PRINT and tallest <= _SMALL_PRINT * max(page.get_size())
    return is_small and _is_printed_over(page) and _is_paper(page)


def _is_printed_over(page: pdfium.PdfPage) -> bool:
    """Whether the text lies visibly over the picture: under it, or without ink, it is what was recognised of a scan before."""
    kinds = (pdfium_raw.FPDF_PAGEOBJ_IMAGE, pdfium_raw.FPDF_PAGEOBJ_TEXT)
    over = False
    for item in page.get_objects(filter=kinds, max_depth=_DEPTH):
        if item.type == pdfium_raw.FPDF_PAGEOBJ_IMAGE:
            over = True
        elif not over or pdfium_raw.FPDFTextObj_GetTextRenderMode(item.raw) == pdfium_raw.FPDF_TEXTRENDERMODE_INVISIBLE:
            return False
    return True


def _is_paper(page: pdfium.PdfPage) -> bool:
    """Whether most of the page is bright, as a sheet on a scanner is."""
    try:
        with closing(page.render(scale=_THUMBNAIL / max(page.get_size()), grayscale=True)) as drawn:
            return float(np.median(drawn.to_numpy())) >= _PAPER
    except pdfium.PdfiumError:  # what cannot be drawn is read as the text that it has
        return False


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
