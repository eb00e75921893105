"""The report of the last run is repeated where nothing has changed, and nowhere else."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from library import TAXONOMY, Library, environment

from kb.archive import Archive
from kb.disk import lock
from kb.engine import open_store
from kb.errors import IndexLocked
from kb.report import Report
from kb.unchanged import LastReport


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute later than it is: no file was changed a moment ago."""
    real = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: real() + 60_000_000_000)


@pytest.fixture
def repeated(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each run repeated the report of the one before."""
    told: list[bool] = []
    real = LastReport.repeated

    def repeat(self: LastReport) -> Report | None:
        found = real(self)
        told.append(found is not None)
        return found

    monkeypatch.setattr(LastReport, "repeated", repeat)
    return told


def _collection(library: Library) -> None:
    library.write("taxonomy.yaml", TAXONOMY)
    library.markdown("a.md", "# Drogi\n\nRemont drogi.", kind="raport")
    library.markdown("rok/b.md", "Most na rzece.", id="most")
    library.markdown("rok/c.md", "Szkoła.", aliases=["dawna-szkola"])
    library.pdf("rok/d.pdf", ["Boisko przy szkole."], title="Boisko")
    library.write("notatki.txt", "Notatki.")


def _sidecar(library: Library) -> None:
    library.sidecar("rok/d.pdf", title="Nowe boisko", topics=["transport"])


def _link(library: Library) -> None:
    (library.documents / "link.md").unlink(missing_ok=True)
    (library.documents / "link.md").symlink_to(library.write(".ukryty", "Treść za dowiązaniem."))


def _spoil(library: Library) -> None:
    path = next(library.builds.live().glob("*.trm"))
    content = path.read_bytes()
    path.unlink()  # never in place: who has the file open must not see it
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _lose(library: Library, kind: str) -> None:
    next((library.root / "store" / kind).rglob("*.*")).unlink()


CHANGES: tuple[dict[str, Callable[[Library], object]], ...] = (
    {"new": lambda library: library.markdown("rok/e.md", "Park.")},
    {"changed": lambda library: library.markdown("a.md", "# Drogi\n\nBudowa drogi.", kind="raport")},
    {"touched": lambda library: os.utime(library.documents / "a.md")},
    {"written again": lambda library: library.write("rok/c.md", (library.documents / "rok/c.md").read_bytes())},
    {"removed": lambda library: (library.documents / "rok/b.md").unlink()},
    {
        "moved": lambda library: (library.documents / "rok").rename(library.documents / "lata"),
        "moved back": lambda library: (library.documents / "lata").rename(library.documents / "rok"),
    },
    {"described": _sidecar},
    {"defaults": lambda library: library.write("_defaults.yaml", "publisher: Gmina\n")},
    {"taxonomy": lambda library: library.write("taxonomy.yaml", TAXONOMY.replace("Raporty", "Sprawozdania"))},
    {"twice": lambda library: library.write("kopia.md", (library.documents / "a.md").read_bytes())},
    {"an id that is taken": lambda library: library.markdown("g.md", "Inny most.", id="a")},
    {
        "damaged": lambda library: library.write("zepsuty.pdf", b"%PDF-1.7 nic"),
        "mended": lambda library: (library.documents / "zepsuty.pdf").unlink(),
    },
    {"another file": lambda library: library.write("arkusz.xlsx", b"x")},
    {
        "a link": _link,
        "behind the link": lambda library: library.write(".ukryty", "Inna treść za dowiązaniem."),
    },
    {
        "synonyms broken": lambda library: library.write("synonyms.yaml", "synonimy: []"),
        "synonyms mended": lambda library: library.write("synonyms.yaml", "synonyms: []"),
    },
    {
        "a text of the site broken": lambda library: library.write("_strony/kontakt.md", "---\ntytul: A\n---\n"),
        "a text of the site mended": lambda library: library.write("_strony/kontakt.md", "---\ntitle: A\n---\n"),
    },
    {"a text lost": lambda library: _lose(library, "texts")},
    {"a file lost": lambda library: _lose(library, "files")},
    {"the ledger lost": lambda library: (library.root / "store/ledger.sqlite").unlink()},
    {"the index spoilt": _spoil},
    {"the hashes lost": lambda library: (library.index / "files.json").unlink()},
    {"what was looked at lost": lambda library: (library.index / "looked.json").unlink(missing_ok=True)},
)
"""What may become of a folder, of the index and of the archive; of each group in this order."""


def _outcome(library: Library, report: Report) -> object:
    """What a run leads to, but for times and for the names of builds."""
    state = open_store(library.settings()).current()
    pages = [(document, list(state.pages(document.id))) for document in state.documents()]
    archive = Archive(library.root / "store")
    held = {id: each._replace(removed=None) for id, each in archive.ledger.held().items()}
    return (
        replace(report, seconds=0, build=""),
        pages,
        held,
        {kept.path.relative_to(archive.folder) for kept in archive.files()},
    )


def test_a_repeated_report_is_what_a_run_would_say(library: Library, repeated: list[bool], tmp_path: Path) -> None:
    """Whatever changes, a run does not repeat its report; where nothing does, it says what it would say without one."""
    _collection(library)
    _outcome(library, library.run())
    groups = list(CHANGES)
    random.Random(1).shuffle(groups)
    for name, change in [each for group in groups for each in group.items()]:
        before = _outcome(library, library.run())
        if repeated[-1]:
            (library.index / "report.json").unlink()
            assert _outcome(library, library.run()) == before, name
        change(library)
        for kept in ("index", "store"):
            shutil.copytree(library.root / kept, tmp_path / "before" / kept)
        found = _outcome(library, library.run())
        assert not repeated[-1], name
        for kept in ("index", "store"):
            shutil.rmtree(library.root / kept)
            (tmp_path / "before" / kept).rename(library.root / kept)
        (library.index / "report.json").unlink(missing_ok=True)
        assert _outcome(library, library.run()) == found, name
    assert any(repeated)


def test_a_file_changed_a_moment_ago(library: Library, repeated: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file may change again within a step of the clock, its size and times tell nothing."""
    path = library.markdown("a.md", "Tekst.")
    monkeypatch.setattr("time.time_ns", lambda: path.stat().st_ctime_ns + 1_000_000_000)
    library.run()
    library.run()
    assert repeated == [False, False]


def test_another_run_at_work(library: Library, repeated: list[bool]) -> None:
    """Nothing is repeated while somebody else writes: the run is refused, as any other."""
    _collection(library)
    library.run()
    with lock(library.index), pytest.raises(IndexLocked):
        library.run()
    assert repeated == [False, False]


def test_a_spoilt_report(library: Library, repeated: list[bool]) -> None:
    """A report that is not what was written is as good as none."""
    _collection(library)
    found = library.run()
    path = library.index / "report.json"
    path.write_bytes(path.read_bytes().replace(b"raport", b"Raport").replace(b"a.md", b"z.md"))
    assert {file.path for file in library.run().files} == {file.path for file in found.files}
    assert repeated == [False, False]
    library.run()
    assert repeated == [False, False, True]


def test_an_unchanged_run_loads_little(library: Library) -> None:
    """Neither engine nor dictionary nor the readers are loaded to see that nothing has changed."""
    _collection(library)
    library.run()
    program = """
import sys, time
now = time.time_ns
time.time_ns = lambda: now() + 60_000_000_000
from pathlib import Path
from kb import indexer
from kb.settings import Settings
report = indexer.run(Settings(documents=Path(sys.argv[1]), index=Path(sys.argv[2])))
assert {file.status.value for file in report.files} == {"unchanged", "skipped"}
heavy = {"numpy", "whoosh", "yaml", "kb.one_run", "kb.catalogue"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program, library.documents, library.index], check=True, env=environment())
