"""A small collection on disk with its index: real files, the real indexer, the real search."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from extract.pdfs import make_pdf

from kb import indexer
from kb.engine.embedded.builds import Builds
from kb.model import Document, Status
from kb.reading.query import make_query
from kb.report import FileReport, Report
from kb.search import KnowledgeBase
from kb.settings import Settings

TAXONOMY = """\
editions:
  - {slug: pilotaz, name: Pilotaż, from: "2020-09", to: "2022-03"}
  - {slug: cwd-plus, name: CWD Plus, from: "2022-05"}
topics:
  - {slug: transport, name: Transport publiczny}
  - {slug: energia, name: Energia i klimat}
  - {slug: uslugi-spoleczne, name: Usługi społeczne}
kinds:
  - {slug: raport, name: Raport, plural: Raporty}
  - {slug: poradnik, name: Poradnik, plural: Poradniki}
  - {slug: aktualnosc, name: Aktualność, plural: Aktualności}
  - {slug: wydarzenie, name: Wydarzenie, plural: Wydarzenia}
"""


@dataclass(frozen=True)
class Library:
    """``documents`` and ``index`` folders under ``root``, and what one does with them."""

    root: Path
    limits: Mapping[str, object] = field(default_factory=dict)

    @property
    def documents(self) -> Path:
        """The documents folder."""
        return self.root / "documents"

    @property
    def index(self) -> Path:
        """The index folder."""
        return self.root / "index"

    @property
    def builds(self) -> Builds:
        """The builds of the index."""
        return Builds(self.index)

    def settings(self, **given: object) -> Settings:
        """Settings for these folders."""
        chosen = {"documents": self.documents, "index": self.index, "jobs": 2, **self.limits, **given}
        return Settings(**chosen)  # type: ignore[arg-type]

    # Files

    def write(self, name: str, content: str | bytes) -> Path:
        """Any file under the documents folder."""
        path = self.documents / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def markdown(self, name: str, text: str, **metadata: object) -> Path:
        """A Markdown file with front matter."""
        return self.write(name, f"---\n{_yaml(metadata)}---\n\n{text}\n" if metadata else f"{text}\n")

    def pdf(self, name: str, *pages: Sequence[str] | None, **metadata: object) -> Path:
        """A PDF whose pages have these lines (None: a picture), with a sidecar when there is metadata."""
        if metadata:
            self.sidecar(name, **metadata)
        return self.write(name, make_pdf(pages))

    def sidecar(self, name: str, **metadata: object) -> Path:
        """The sidecar of a PDF."""
        return self.write(str(Path(name).with_suffix(".yaml")), _yaml(metadata))

    # Running

    def run(self, *, rebuild: bool = False, allow_removals: bool = False, **settings: object) -> Report:
        """Index."""
        return indexer.run(self.settings(**settings), rebuild=rebuild, allow_removals=allow_removals)

    def files(self, *, allow_removals: bool = False, **settings: object) -> dict[str, FileReport]:
        """Index; the report's rows by path."""
        return by_path(self.run(allow_removals=allow_removals, **settings))

    def statuses(self, *, allow_removals: bool = False, **settings: object) -> dict[str, Status]:
        """Index; what became of each file."""
        return {path: file.status for path, file in self.files(allow_removals=allow_removals, **settings).items()}

    def check(self) -> dict[str, FileReport]:
        """Check only; the report's rows by path."""
        return by_path(indexer.check(self.settings()))

    # Asking

    def open(self) -> KnowledgeBase:
        """The knowledge base over the index."""
        return KnowledgeBase(self.settings())

    def find(self, text: str) -> list[str]:
        """Ids of the documents found by a query, in a new reader."""
        return found(self.open(), text)

    def document(self, id: str) -> Document:
        """A document's metadata as indexed."""
        return self.open().document(id)

    def ids(self) -> set[str]:
        """Ids of all documents in the index."""
        return {document.id for document in self.open().documents()}

    def spoil(self, content: bytes | None, keep: str = "build.json") -> None:
        """Put other content into the files of the live build (None: remove them), all but those named like ``keep``."""
        for path in self.builds.live().iterdir():
            if not path.match(keep):
                path.unlink()  # never in place: who has the file open must not see it
                if content is not None:
                    path.write_bytes(content)

    def pieces(self) -> int:
        """How many pieces the live build is made of: Whoosh's segments, of which each has one file of terms."""
        return len(list(self.builds.live().glob("*.trm")))

    def toc(self) -> set[str]:
        """Names of Whoosh's tables of contents in the live build: one for each commit, the last kept."""
        return {path.name for path in self.builds.live().glob("*.toc")}


def by_path(report: Report) -> dict[str, FileReport]:
    """The rows by path, each path once."""
    paths = [file.path for file in report.files]
    assert len(paths) == len(set(paths)), paths
    return {file.path: file for file in report.files}


def found(knowledge: KnowledgeBase, text: str) -> list[str]:
    """Ids of the documents found, best first."""
    return [hit.document.id for hit in knowledge.search(make_query(text, per_page=50)).hits]


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything in a folder: kind and permissions, time of change, content."""
    seen: dict[str, tuple[int, int, bytes]] = {}
    for path in sorted(folder.rglob("*")):
        at = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        seen[str(path.relative_to(folder))] = (at.st_mode, at.st_mtime_ns, content)
    return seen


def age(path: Path, seconds: int = 3600) -> None:
    """Make a file look as if it had been changed long ago."""
    at = path.stat()
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns - seconds * 1_000_000_000))


def _yaml(metadata: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(metadata), allow_unicode=True, sort_keys=False)


def environment(**more: str) -> dict[str, str]:
    """The environment of a Python process that has the same kb as this one."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), **more}
