"""Text recognition in scanned pages, by OCRmyPDF and Tesseract: the only user of ocrmypdf and pikepdf, which are optional.

Runs in the sandbox's children. ``kb.extract.recognition`` starts it and gives it work, each piece in a file: a ``PageJob``
makes of a scanned page a PDF with invisible text, a ``FileJob`` reads a document with such pages in place of its own. So there is
one way from a PDF to text, whoever has written that text.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar

import ocrmypdf
import pikepdf
from ocrmypdf import OcrEngine, hookimpl
from ocrmypdf.builtin_plugins.tesseract_ocr import TesseractOcrEngine
from PIL.Image import DecompressionBombError

from kb.extract import outcome
from kb.extract.clean import Known
from kb.extract.jobs import FileJob, PageJob, load_job, reach
from kb.extract.pdf import read_pdf
from kb.extract.reader import Report
from kb.extract.scans import cut_out, title_of
from kb.limits import Limits
from kb.model import Extraction, Status

_CONFIDENCE = re.compile(r"x_wconf (\d+)[^>]*>(?:<[^>]+>)*\s*\w")
_DOUBTFUL = 60.0
"""Pages of print are read with some 90; what lies on its side gives less than 50."""
_DOT = b"\x00"


class _Engine(TesseractOcrEngine):
    """Tesseract, with an ear for how sure it is of each word."""

    heard: ClassVar[list[int]] = []

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        TesseractOcrEngine.generate_hocr(input_file, output_hocr, output_text, options)  # type: ignore[no-untyped-call]
        _Engine.heard += [int(found) for found in _CONFIDENCE.findall(output_hocr.read_text(encoding="utf-8"))]


@hookimpl
def get_ocr_engine(options: Any) -> OcrEngine:
    """Have OCRmyPDF use the engine above: this module is its plugin."""
    del options
    return _Engine()


__all__ = ["reach", "work"]


def work(path: Path, limits: Limits, known: Known, report: Report) -> Extraction:
    """Do the job that a file describes; a reader, so that the sandbox can run it."""
    job = load_job(path)
    match job:
        case PageJob():
            # What a killed process leaves behind is in a folder that goes with the sandbox.
            tempfile.tempdir = str(job.result.parent)
            return _recognise(job)
        case FileJob():
            return _read(job, limits, known, report)
    raise TypeError(f"no job of recognition: {type(job).__name__}")


def _recognise(job: PageJob) -> Extraction:
    scan = job.result.with_suffix(".scan.pdf")
    cut_out(job.file, job.page, scan)
    os.environ["OMP_THREAD_LIMIT"] = "1"  # as many pages at once as there are jobs, each on one core
    try:
        found, confidence = _try(scan, job, rotate=False)
        # Finding out which way is up takes as long as reading: it is done for pages that make no sense as they are.
        if job.rotate and (confidence or 0) < _DOUBTFUL:
            turned, turned_confidence = _try(scan, job, rotate=True)
            if (turned_confidence or 0) > (confidence or 0):
                found, confidence = turned, turned_confidence
    except DecompressionBombError:
        return outcome.too_large("obraz ma zbyt wiele pikseli")
    _keep_text(found, job.result, confidence)
    return Extraction(status=Status.INDEXED)


def _try(scan: Path, job: PageJob, *, rotate: bool) -> tuple[Path, float | None]:
    """The page with its text recognised, turned upright first or not; and how sure Tesseract is of its words, if it found any."""
    found = scan.with_suffix(f".{rotate}.pdf")
    _Engine.heard.clear()
    ocrmypdf.ocr(
        scan,
        found,
        plugins=[__name__],
        language=["pol"],
        mode="redo",  # leaves text that is there: a stamp is read better than recognised
        rotate_pages=rotate,
        rotate_pages_threshold=0 if rotate else None,  # any sign is followed: whether it was right shows in the words
        output_type="pdf",
        rasterizer="pypdfium",
        optimize=0,
        jobs=1,
        use_threads=True,
        progress_bar=False,
        max_ocr_image_mpixels=job.megapixels,
        tesseract_timeout=job.seconds,
        tesseract_non_ocr_timeout=job.seconds,
    )
    return found, fmean(_Engine.heard) if _Engine.heard else None


def _keep_text(found: Path, target: Path, confidence: float | None) -> None:
    """Write the recognised page without its picture, which nobody needs twice, and with the confidence as its title."""
    with pikepdf.open(found) as pdf:
        for picture in _pictures(pdf):
            picture.write(_DOT)
            picture.Width, picture.Height, picture.BitsPerComponent = 1, 1, 8
            picture.ColorSpace = pikepdf.Name.DeviceGray
            for key in ("/SMask", "/Mask", "/Decode", "/ImageMask"):
                if key in picture:
                    del picture[key]
        pdf.docinfo["/Title"] = "" if confidence is None else f"{confidence:.1f}"
        pdf.save(target)


def _pictures(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image":
            yield item


def _read(job: FileJob, limits: Limits, known: Known, report: Report) -> Extraction:
    extraction = read_pdf(job.file, limits, known, report, job.pages)
    confidence = {number: title_of(single) for number, single in job.pages.items()}
    pages = [
        replace(page, ocr=True, confidence=float(confidence[page.number]) if confidence[page.number] else None)
        if page.number in confidence
        else page
        for page in extraction.pages
    ]
    return replace(extraction, pages=tuple(pages))
