"""What the recognising process is told to do: a job is a small file, since the sandbox hands out paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter


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


_JOB: TypeAdapter[PageJob | FileJob] = TypeAdapter(PageJob | FileJob)


def save_job(job: PageJob | FileJob, path: Path) -> Path:
    """Write a job to a file."""
    path.write_bytes(_JOB.dump_json(job))
    return path


def load_job(path: Path) -> PageJob | FileJob:
    """The job in a file."""
    return _JOB.validate_json(path.read_bytes())
