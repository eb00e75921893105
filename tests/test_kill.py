"""``kill -9`` at any moment of indexing: the index answers, the next run works, no document is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from library import Library, environment, found

from kb.polish import words
from kb.search import KnowledgeBase

PDFS = 12
ARTICLES = 18
COUNT = PDFS + ARTICLES

Moment = Callable[[Path, Path, set[str]], bool]
"""Whether it has come; told the index folder, the build live at the start, and what files the folder had then."""


def _kept(number: int) -> Moment:
    """When the pages of so many PDFs have been read and kept."""
    return lambda index, _, before: len(set(_names(index / "extracted", "*.json")) - before) >= number


def _in_live(pattern: str, size: int = 0) -> Moment:
    """When files like this, of so many bytes together, are new in the live build."""
    return lambda _, live, before: _bytes(path for path in live.glob(pattern) if str(path) not in before) >= size


def _in_new(pattern: str, size: int = 0) -> Moment:
    """When files like this, of so many bytes together, are in a build that is being made aside."""
    return lambda index, live, _: (
        _bytes(path for path in (index / "builds").glob(f"*/{pattern}") if path.parent.name > live.name) >= size
    )


def _bytes(paths: Iterable[Path]) -> int:
    """The size of all these files; -1 when there is none."""
    sizes = [0]
    for path in paths:
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sum(sizes) if len(sizes) > 1 else -1


MOMENTS: dict[str, tuple[bool, Moment]] = {
    "lock": (False, lambda index, _live, _before: (index / "lock").read_text(encoding="utf-8") != ""),
    "first-file-read": (False, _kept(1)),
    "half-of-files-read": (False, _kept(PDFS // 2)),
    "index-opened": (False, _in_live("MAIN_*")),
    "segment-written": (False, _in_live("MAIN_*", 1)),
    "committed": (False, _in_live("*.toc")),
    "build-begun": (True, _in_new("*.toc")),
    "build-segment": (True, _in_new("MAIN_*", 1)),
    "build-finished": (True, _in_new("build.json")),
    "switched": (True, lambda index, live, _: (index / "CURRENT").read_text().strip() != live.name),
}


def _names(folder: Path, pattern: str) -> Iterator[str]:
    return (str(path) for path in folder.glob(pattern))


def _word(version: int) -> str:
    """The word of a version; digits at a word's end would be taken for a footnote's."""
    return "wydanie" + "abcdefghijk"[version]


def _write(library: Library, version: int) -> None:
    """The whole collection in its next version."""
    for number in range(PDFS):
        library.pdf(f"raporty/{number}.pdf", [f"Raport gminy {_word(version)}."], [f"Druga strona {number}."])
    for number in range(ARTICLES):
        library.markdown(f"nowosci/{number}.md", f"# Nowość\n\nWiadomość gminy {_word(version)} numer {number}.")


def _versions(knowledge: KnowledgeBase) -> Counter[str]:
    """How many documents of the index there are in each version, by the text of their first pages."""
    texts = [knowledge.page(document.id, 1).text for document in knowledge.documents()]
    return Counter(word for text in texts for word in words(text) if word.startswith("wydanie"))


def _killed_at(library: Library, moment: Moment, *, rebuild: bool) -> bool:
    """Start indexing, kill it when the moment has come; whether it was still at work."""
    live = library.builds.live()
    before = set(_names(library.index, "**/*"))
    command = [sys.executable, "-m", "kb", "index", "--jobs", "2", *(["--rebuild"] if rebuild else [])]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(KB_DOCUMENTS=str(library.documents), KB_INDEX=str(library.index)),
    ) as process:
        while process.poll() is None and not moment(library.index, live, before):
            time.sleep(0.0005)
        process.kill()
        return process.wait() < 0


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Thirty small documents with a live index."""
    library = Library(tmp_path_factory.mktemp("kill"))
    _write(library, 0)
    assert library.run().documents == COUNT
    return library


@pytest.mark.parametrize("name", MOMENTS)
def test_killed(collection: Library, name: str) -> None:
    """After a kill every document is found in one whole state, and the next run brings the new one."""
    rebuild, moment = MOMENTS[name]
    version = 1 + list(MOMENTS).index(name)
    reader = collection.open()
    assert len(found(reader, "gmina")) == COUNT
    _write(collection, version)

    assert _killed_at(collection, moment, rebuild=rebuild), "the run was over before it could be killed"

    for knowledge in (reader, collection.open()):
        assert len(found(knowledge, "gmina")) == COUNT
        assert _versions(knowledge) in ({_word(version - 1): COUNT}, {_word(version): COUNT})

    report = collection.run()
    assert (report.documents, report.pages, report.failed) == (COUNT, 2 * PDFS + ARTICLES, 0)
    assert len(report.files) == COUNT
    for knowledge in (reader, collection.open()):
        assert len(found(knowledge, _word(version))) == COUNT
        assert _versions(knowledge) == {_word(version): COUNT}
    assert {path.parent.name for path in collection.index.glob("builds/*/build.json")} == {
        path.name for path in (collection.index / "builds").iterdir()
    }
    assert len(list((collection.index / "builds").iterdir())) <= 2
    assert len(list((collection.index / "extracted").iterdir())) == PDFS
