"""A page of a PDF → a picture of it, and a map of its words. Runs in the sandbox's children, for ``kb.pictures``.

The words are read off the page by the very code that reads its text, so the marks on a picture and those in the text beside it
are the same. A page whose text was recognised is read from its recognised copy, and shown the way up that this was read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import sqrt
from pathlib import Path

import pypdfium2 as pdfium

from kb.extract import outcome
from kb.extract.clean import Known
from kb.extract.jobs import MapJob, PictureJob, load_job, reach
from kb.extract.page import read_placed
from kb.extract.pdf import hidden_layers
from kb.extract.places import placed_words
from kb.extract.reader import Report
from kb.extract.wire import encode_map
from kb.limits import Limits
from kb.model import Extraction, PageMap, Status

_QUALITY = 86
_NICE = 5
"""Whoever searches goes before whoever looks at a picture."""
_LEAST_POINTS = 1.0
"""A page may be as thin as a hair: it is drawn as if it were at least so wide and high."""


__all__ = ["reach", "work"]


def work(path: Path, limits: Limits, known: Known, report: Report) -> Extraction:
    """Do the job that a file describes; a reader, so that the sandbox can run it."""
    del limits, report
    os.nice(_NICE)
    job = load_job(path)
    try:
        match job:
            case PictureJob():
                _draw(job)
            case MapJob():
                _map(job, known)
            case _:
                raise TypeError(f"no job of drawing: {type(job).__name__}")
    except pdfium.PdfiumError:
        return outcome.damaged("nie da się narysować jego strony")
    return Extraction(status=Status.INDEXED)


@contextmanager
def _page(path: Path, number: int, *, forms: bool = False) -> Iterator[pdfium.PdfPage]:
    with pdfium.PdfDocument(path) as document:
        if forms:
            document.init_forms()
        page = document[number - 1]
        try:
            yield page
        finally:
            page.close()


def _draw(job: PictureJob) -> None:
    with _page(job.file, job.page, forms=True) as page:
        if job.recognised:
            with _page(job.recognised, 1) as upright:
                page.set_rotation(upright.get_rotation())
        width, height = (max(side, _LEAST_POINTS) for side in page.get_size())
        scale = min(job.width / width, sqrt(job.megapixels * 1e6 / (width * height)))
        picture = page.render(scale=scale, rev_byteorder=True).to_pil()
        # Colours of small letters are kept as sharp as the letters.
        picture.convert("RGB").save(job.result, "JPEG", quality=_QUALITY, subsampling=0)


def _map(job: MapJob, known: Known) -> None:
    layers = cache(lambda: hidden_layers(job.file))
    number = 1 if job.recognised else job.page
    with _page(job.recognised or job.file, number) as page:
        lines, placed = read_placed(page, known, lambda layer: layer in layers())
        width, height = max(lines.width, _LEAST_POINTS), max(lines.height, _LEAST_POINTS)
        words = tuple(placed_words(job.text, placed, width, height))
    job.result.write_bytes(encode_map(PageMap(width=width, height=height, words=words)))
