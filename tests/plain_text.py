"""A reader of plain text, as a new format would bring it: a line that begins with „== ” starts a section."""

from __future__ import annotations

from pathlib import Path

from kb.extract.clean import Known
from kb.extract.reader import Report
from kb.formats import DescribedBy, Format, Parts
from kb.limits import Limits
from kb.model import Extraction, Heading, Page, Status


def read_text(path: Path, _limits: Limits, _known: Known, report: Report) -> Extraction:
    """The sections of a file in UTF-8, without markup; its first line, where it says so, is taken for a title."""
    start, *sections = path.read_text(encoding="utf-8").split("\n== ")
    pages = [Page(number=1, text=start.strip())]
    for number, section in enumerate(sections, 2):
        heading = section.partition("\n")[0].strip()
        pages.append(Page(number=number, text=section.strip(), heading=heading, headings=(Heading(text=heading),)))
    report(0, len(pages))
    return Extraction(
        status=Status.INDEXED, pages=tuple(pages), metadata={"publisher": "Edytor tekstu", "kind": "memo"}
    )


PLAIN_TEXT = Format(
    suffixes=(".txt", ".text"),
    name="tekst",
    media="text",
    media_type="text/plain",
    parts=Parts.SECTIONS,
    described_by=DescribedBy.SIDECAR,
    costly=False,
    inline=True,
    reader="plain_text:read_text",
)
