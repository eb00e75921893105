"""The formats of documents, one row each: all that the house needs to know of a file by its name.

A new format is a reader, which is a module of ``kb.extract``, and a row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kb import limits

SYNONYMS_FILE = "synonyms.yaml"
"""The file of the documents folder that says which words and abbreviations mean the same."""
TEXTS_FOLDER = "_strony"
"""The folder of the documents folder whose Markdown files are texts of the site's own pages, and no documents."""


class Parts(Enum):
    """What a document is divided into."""

    PAGES = "pages"
    """Printed pages, which may have numbers of their own."""
    SECTIONS = "sections"
    """Text under headings."""


class DescribedBy(Enum):
    """Where an editor describes a document."""

    SIDECAR = "sidecar"
    """In ``x.yaml`` beside the file; what the file says of itself is only a guess of the program that wrote it."""
    FRONT_MATTER = "front matter"
    """In the file itself, which the reader gives as ``Extraction.metadata``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of files.

    ``name`` is what people call it, ``media`` what the JSON API does, ``media_type`` how a file is served. ``costly``: reading
    one takes long enough to have a process of its own and to keep what was read. ``inline``: browsers show such a file.
    ``most_bytes``: a larger file is not opened.
    ``reader`` and ``second_reader``, which is tried when the first has crashed, are ``module:function``, as
    ``kb.extract.reader`` loads them: only reading processes import the libraries that they need.
    """

    suffixes: tuple[str, ...]
    name: str
    media: str
    media_type: str
    parts: Parts
    described_by: DescribedBy
    costly: bool
    inline: bool
    reader: str
    second_reader: str = ""
    most_bytes: int = limits.FILE_BYTES

    @property
    def has_pages(self) -> bool:
        """Whether its parts are printed pages, and no sections."""
        return self.parts is Parts.PAGES

    @property
    def has_sidecar(self) -> bool:
        """Whether it is described in a file beside it."""
        return self.described_by is DescribedBy.SIDECAR


PDF = Format(
    suffixes=(".pdf",),
    name="PDF",
    media="pdf",
    media_type="application/pdf",
    parts=Parts.PAGES,
    described_by=DescribedBy.SIDECAR,
    costly=True,
    inline=True,
    reader="kb.extract.pdf:read_pdf",
    second_reader="kb.extract.pdf:read_without_pdfium",
    most_bytes=limits.PDF_BYTES,
)
MARKDOWN = Format(
    suffixes=(".md",),
    name="Markdown",
    media="markdown",
    media_type="text/markdown",
    parts=Parts.SECTIONS,
    described_by=DescribedBy.FRONT_MATTER,
    costly=False,
    inline=False,
    reader="kb.extract.markdown:read_markdown",
)
FORMATS = (PDF, MARKDOWN)
UNKNOWN = Format(
    suffixes=(),
    name="plik",
    media="other",
    media_type="application/octet-stream",
    parts=Parts.SECTIONS,
    described_by=DescribedBy.SIDECAR,
    costly=True,
    inline=False,
    reader="",
)
"""A document of a format that has gone since it was indexed: no file is found by it."""


def format_of(name: str) -> Format:
    """The format of a file by its name or path; UNKNOWN for what is no document."""
    name = name.lower()
    for row in FORMATS:
        if name.endswith(row.suffixes):
            return row
    return UNKNOWN
