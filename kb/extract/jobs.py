"""What the processes that recognise and draw pages are told to do: a job is a small file, since the sandbox hands out paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from kb.extract.confine import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """Recognise the text of one page of a file, and leave it as a PDF of one page in ``result``.

    ``seconds`` are for each step, ``megapixels`` the most that Tesseract gets; ``rotate``: find out which way is up.
    """

    file: Path
    page: int
    result: Path
    seconds: float
    megapixels: float
    rotate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileJob:
    """Read a file with recognised pages, by page number, in place of its own."""

    file: Path
    pages: dict[int, Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureJob:
    """Draw one page of a file ``width`` pixels wide, and leave the picture in ``result``.

    ``recognised`` is the PDF of one page in which its text was recognised, turned as it is read; None for a page of text.
    ``megapixels``: the most that is drawn.
    """

    file: Path
    page: int
    result: Path
    width: int
    megapixels: float
    recognised: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapJob:
    """Find where the words of ``text`` stand on a page of a file, and leave its ``PageMap`` in ``result``."""

    file: Path
    page: int
    result: Path
    text: str
    recognised: Path | None = None


Job = PageJob | FileJob | PictureJob | MapJob
_JOB: TypeAdapter[Job] = TypeAdapter(Job)


def save_job(job: Job, path: Path) -> Path:
    """Write a job to a file."""
    path.write_bytes(_JOB.dump_json(job))
    return path


def load_job(path: Path) -> Job:
    """The job in a file."""
    return _JOB.validate_json(path.read_bytes())


def reach(path: Path) -> Reach:
    """What the job in a file needs: the document, pages recognised before, a folder for its result, and some Tesseract."""
    job = load_job(path)
    match job:
        case PageJob():
            return Reach((job.file,), (job.result.parent,), programs=True)
        case FileJob():
            return Reach((job.file, *job.pages.values()))
    return Reach((job.file, *([job.recognised] if job.recognised else [])), (job.result.parent,))
