"""How well PDFs are read, by figures that anyone can repeat: this project beside PDFium, pypdf and poppler.

    python benchmarks/extraction.py [FOLDER] [--sources FOLDER] [--name NAME] [--write FILE]

Without options: the PDFs of ``documents/``, and what their Typst sources say of headings and footnotes. For another folder give
``--name`` too, the tables' place in the file: ``--write docs/extraction.md`` puts them between ``<!-- NAME -->`` and
``<!-- /NAME -->`` there. poppler is left out where its program ``pdftotext`` is not installed. Nothing is recognised (OCR):
pages without text are empty for all readers alike. What each figure means is said in ``docs/extraction.md``.
"""

from __future__ import annotations

import argparse
import logging
import re
import resource
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pypdf
import pypdfium2 as pdfium
from relevance import write

from kb.extract.pdf import read_pdf
from kb.limits import Limits
from kb.model import Extraction
from kb.polish import Analyzer, normalise, shared_analyzer

ROOT = Path(__file__).parents[1]
OURS = "**Baza wiedzy**"

Pages = list[str]

_WORD = re.compile(r"[^\W\d_]{3,}")
_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")
_LEAST_PART = 3
_SOFT = re.compile("[\x02\xad\ufffe](?:\r?\n)?")
_LINE_END_HYPHEN = re.compile(r"(?<=[^\W\d_])-[ \t]*\r?\n[ \t]*(?=[^\W\d_A-ZĄĆĘŁŃÓŚŹŻ])")
_APART = re.compile(r"[^\w-]*\s[^\w-]*")
_MOST_LINES = 5
_PLAIN = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,4}|[IVXLC]{1,6})[.)]?\s+")
_FOOTNOTE = "#footnote["
_HEADING = re.compile(r"^=+ (.+)$|#wstep-czesc\[([^\]]+)\]", re.MULTILINE)
_MARKUP = re.compile(r"#\w+|[*_\\~]")


# ---------------------------------------------------------------- readers


def ours(path: Path) -> Pages:
    """As the indexer reads, but in this process and without recognition of scans."""
    return [page.text for page in extraction(path).pages]


def extraction(path: Path) -> Extraction:
    """All that the project reads out of a PDF."""
    return read_pdf(path, Limits(), shared_analyzer().known, lambda _page, _pages: None)


def raw_pdfium(path: Path) -> Pages:
    """PDFium's own order and line ends."""
    pages = []
    with pdfium.PdfDocument(path) as document:
        for number in range(len(document)):
            page = document[number]
            pages.append(page.get_textpage().get_text_bounded())
    return [_whole_words(page) for page in pages]


def raw_pypdf(path: Path) -> Pages:
    """What pypdf gives."""
    return [_whole_words(page.extract_text()) for page in pypdf.PdfReader(path).pages]


def raw_poppler(path: Path) -> Pages:
    """What the program ``pdftotext`` gives."""
    command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return [_whole_words(page) for page in output.decode("utf-8", "replace").split("\f")[:-1]]


def _whole_words(text: str) -> str:
    """Lines' ends after hyphens joined by the simplest rule: else every broken word would count against a reader."""
    return _LINE_END_HYPHEN.sub("", _SOFT.sub("", text))


READERS: Mapping[str, Callable[[Path], Pages]] = {
    OURS: ours,
    "PDFium": raw_pdfium,
    "pypdf": raw_pypdf,
    "pdftotext": raw_poppler,
}


def _seconds() -> float:
    """Processor time of this process and of those that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


# ---------------------------------------------------------------- what is measured


@dataclass
class Reading:
    """What one reader made of a folder: the pages of each file it could open, and the time that it took.

    Addresses of sites and of electronic post are left out: their words are written together by those who made them up.
    """

    files: dict[Path, Pages] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def pages(self) -> Iterator[tuple[tuple[Path, int], str]]:
        """Every page with its file and number."""
        for path, texts in self.files.items():
            for number, text in enumerate(texts):
                yield (path, number), text


@dataclass(frozen=True)
class Figures:
    """One line of the table."""

    words: int
    unknown: int
    lost: tuple[str, ...]
    headings: int
    outline: int
    pages: int
    seconds: float

    def row(self, name: str) -> str:
        """The line itself."""
        unknown = 1000 * self.unknown / max(1, self.words)
        headings = f"{self.headings} of {self.outline}" if self.outline else "–"
        speed = self.pages / self.seconds
        return f"| {name} | {self.words:,} | {unknown:.2f} | {len(self.lost)} | {headings} | {speed:.0f} |"


def read_all(files: Sequence[Path], read: Callable[[Path], Pages]) -> Reading:
    """The folder by one reader; a file that it cannot read has no pages."""
    reading = Reading()
    for path in files:
        start = _seconds()
        try:
            pages = read(path)
        except Exception as error:  # noqa: BLE001  # whatever a reader dies of, the file is unread
            print(f"unread: {path.name}: {type(error).__name__}")
            pages = []
        reading.seconds += _seconds() - start
        reading.files[path] = [_ADDRESS.sub(" ", normalise(page)) for page in pages]
    return reading


def figures(readings: Mapping[str, Reading], files: Sequence[Path], analyzer: Analyzer) -> dict[str, Figures]:
    """All readers' lines: they are judged by one another, and so are measured together."""
    places: dict[str, set[tuple[Path, int]]] = defaultdict(set)
    apart: dict[tuple[Path, int], set[tuple[str, str]]] = defaultdict(set)
    for reading in readings.values():
        for place, text in reading.pages:
            for word in _words(text):
                places[word].add(place)
            apart[place] |= set(_neighbours(text))
    outline = {path: list(_outline(path)) for path in files}
    result = {}
    for name, reading in readings.items():
        words, unknown, found = 0, 0, 0
        lost: list[str] = []
        for place, text in reading.pages:
            for word in _words(text):
                words += 1
                if analyzer.known(word):
                    continue
                unknown += len(places[word]) == 1
                parts = _lost_break(word, analyzer, apart[place])
                if parts:
                    lost.append(parts)
            path, number = place
            titles = [title for page, title in outline[path] if page == number]
            found += sum(_stands_alone(title, text) for title in titles)
        result[name] = Figures(
            words=words,
            unknown=unknown,
            lost=tuple(lost),
            headings=found,
            outline=sum(map(len, outline.values())),
            pages=sum(map(len, reading.files.values())),
            seconds=reading.seconds,
        )
    return result


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _neighbours(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of words with white space, and no hyphen, between them."""
    for one, next_one in pairwise(_WORD.finditer(text)):
        if _APART.fullmatch(text, one.end(), next_one.start()):
            yield one[0].lower(), next_one[0].lower()


def _lost_break(word: str, analyzer: Analyzer, apart: set[tuple[str, str]]) -> str:
    """The two words that a reader has apart on the same page and that are one here; empty for none."""
    for cut in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
        left, right = word[:cut], word[cut:]
        if (left, right) in apart and analyzer.known(left) and analyzer.known(right):
            return f"{left}|{right}"
    return ""


def _outline(path: Path) -> Iterator[tuple[int, str]]:
    """The page and title of each entry of a file's outline."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError:
        return
    with document:
        for entry in document.get_toc():
            target = entry.get_dest()
            page = target.get_index() if target else None
            if page is not None and _plain(entry.get_title()):
                yield page, entry.get_title()


def _stands_alone(title: str, text: str) -> bool:
    """Whether one line, or up to five that follow one another, say the title and nothing else."""
    wanted = {_plain(title), _plain(_NUMBER.sub("", title))} - {""}
    lines = [line for line in text.splitlines() if line.strip()]
    for first in range(len(lines)):
        for last in range(first + 1, first + _MOST_LINES + 1):
            said = " ".join(lines[first:last])
            if _plain(said) in wanted or _plain(_NUMBER.sub("", said)) in wanted:
                return True
    return False


def _plain(text: str) -> str:
    return _PLAIN.sub("", normalise(text).casefold())


# ---------------------------------------------------------------- our own sources


@dataclass(frozen=True)
class Footnote:
    """Where a source has a footnote: the words before and after its number."""

    before: str
    after: str


def headings_of_source(source: str) -> list[str]:
    """Titles of all headings in the markup, and of the bibliography, which the template writes."""
    titles = [_MARKUP.sub(" ", match[1] or match[2]).strip() for match in _HEADING.finditer(source)]
    guide = "#show: poradnik" in source
    return titles + (["Podstawa prawna i literatura" if guide else "Bibliografia"] * ("#bibliografia-" in source))


def footnotes_of_source(source: str) -> Iterator[Footnote]:
    """Every footnote whose sentence goes on after it, or that ends its sentence."""
    at = source.find(_FOOTNOTE)
    while at >= 0:
        end, depth = at + len(_FOOTNOTE), 1
        while depth:
            depth += {"[": 1, "]": -1}.get(source[end], 0)
            end += 1
        before = re.search(r"[^\W\d_]+\W*$", source[max(0, at - 60) : at])
        after = re.match(r"\W*[^\W\d_]+", source[end : end + 60].partition("\n")[0])
        if before:
            yield Footnote(_plain(before[0]), _plain(after[0]) if after else "")
        at = source.find(_FOOTNOTE, end)


def own(folder: Path, documents: Path, readings: Mapping[str, Reading]) -> list[str]:
    """Headings of the sources in the documents' contents, and footnote numbers that stand inside sentences."""
    numbers = dict.fromkeys(readings, 0)
    wanted = found = notes = 0
    scanned: list[str] = []
    for source in sorted(folder.glob("*-*.typ")):
        kind, _, name = source.stem.partition("-")
        path = documents / {"poradnik": "poradniki", "raport": "raporty"}[kind] / f"{name}.pdf"
        text = source.read_text(encoding="utf-8")
        read = extraction(path)
        if read.scans:
            scanned.append(path.name)
            continue
        contents = [heading.text for page in read.pages for heading in page.headings]
        said = [{_plain(title), _plain(_NUMBER.sub("", title))} for title in contents]
        for title in headings_of_source(text):
            wanted += 1
            one = next((titles for titles in said if _plain(title) in titles), None)
            if one is None:
                print(f"not in the contents of {path.name}: {title}")
                continue
            said.remove(one)
            found += 1
        for note in footnotes_of_source(text):
            notes += 1
            for reader, reading in readings.items():
                numbers[reader] += any(_is_inside(note, page) for page in reading.files[path])
    without = f" ({', '.join(scanned)}, a scan, has none)" if scanned else ""
    return [
        f"Headings of the sources in our documents' contents: {found} of {wanted}{without}. Footnote numbers inside sentences, "
        f"of {notes}: " + ", ".join(f"{name} {count}" for name, count in numbers.items()) + ".",
    ]


def _is_inside(note: Footnote, page: str) -> bool:
    """Whether a page has the number between, or right behind, the words that the footnote stands between."""
    after = rf"\W*{note.after}" if note.after else r"\W*(?:\n|$)"
    return re.search(rf"\b{note.before}[^\w\s…]*\s?\d{{1,3}}{after}", page, re.IGNORECASE) is not None


# ---------------------------------------------------------------- running


def main() -> None:
    """Measure one folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "documents")
    parser.add_argument("--sources", type=Path, help="Typst sources of the folder's PDFs")
    parser.add_argument("--name", default="own", help="the tables' place in the file")
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--show", action="store_true", help="print each lost break")
    given = parser.parse_args()
    if given.sources is None and given.folder == ROOT / "documents":
        given.sources = ROOT / "sources"
    logging.disable(logging.ERROR)
    files = sorted(given.folder.rglob("*.pdf"))
    analyzer = shared_analyzer()
    analyzer.known("słowo")
    readers = {name: read for name, read in READERS.items() if read is not raw_poppler or shutil.which("pdftotext")}
    readings = {name: read_all(files, read) for name, read in readers.items()}
    measured = figures(readings, files, analyzer)
    pages = max(one.pages for one in measured.values())
    head = ["reader", "words", "unknown per 1,000", "lost breaks", "headings of the outline", "pages a second"]
    lines = [
        f"{len(files)} PDFs, {pages} pages.",
        "",
        f"| {' | '.join(head)} |",
        "|---" + "|--:" * (len(head) - 1) + "|",
    ]
    lines += [one.row(name) for name, one in measured.items()]
    if given.sources:
        lines += ["", *own(given.sources, given.folder, readings)]
    print("\n".join(lines))
    if given.show:
        for name, one in measured.items():
            print(name, *one.lost)
    if given.write:
        write(given.write, given.name, lines)


if __name__ == "__main__":
    main()
