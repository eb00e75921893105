"""An index whose files were changed by chance: refused, the build before served, and built anew by the next run."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
from library import Library
from typer.testing import CliRunner

from kb.cli import app
from kb.disk import sealed, unsealed
from kb.engine import open_store
from kb.engine.embedded import sums
from kb.errors import IndexDamaged, IndexMissing
from kb.model import Results
from kb.reading.query import make_query
from kb.search import KnowledgeBase

WORDS = "gmina powiat województwo budżet uchwała żłobek transport ścieki woda droga".split()  # noqa: SIM905


@pytest.fixture
def shelf(library: Library) -> Library:
    """Two builds of a few documents, the second with two commits."""
    for number in range(6):
        library.markdown(
            f"d{number}.md", f"# {WORDS[number]}\n\n{' '.join(WORDS[number:])}.", title=f"Uchwała {number}"
        )
    library.run()
    library.run(rebuild=True)
    library.markdown("nowy.md", "Rondo i kładka.", title="Nowy")
    library.run()
    return library


def live(library: Library) -> Path:
    """The folder of the live build."""
    name = (library.index / "CURRENT").read_text(encoding="utf-8").strip()
    return library.index / "builds" / name


def answers(library: Library) -> list[list[tuple[str, int]]]:
    """What a new reader answers: for each word the documents with their pages that match."""
    knowledge = KnowledgeBase(library.settings())
    found: list[Results] = [knowledge.search(make_query(word, per_page=50)) for word in [*WORDS, "rondo", ""]]
    return [[(hit.document.id, hit.matching_pages) for hit in results.hits] for results in found]


def flip(path: Path) -> None:
    """Change one byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    """Lose the second half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def grow(path: Path) -> None:
    """Have something behind the end."""
    path.write_bytes(path.read_bytes() + b"\0")


def blank(path: Path) -> None:
    """Only zeros, as a crash of the machine leaves them."""
    path.write_bytes(b"\0" * path.stat().st_size)


SPOILS: list[Callable[[Path], None]] = [flip, cut, grow, blank, Path.unlink]


def test_every_file_of_a_build_is_compared(shelf: Library) -> None:
    """Whichever file of the live build is spoilt, and however: it is refused by name."""
    build = live(shelf)
    # A lock is empty; what build.json says is read apart.
    names = sorted(path.name for path in build.iterdir() if path.stat().st_size and path.name != "build.json")
    assert len(names) > 10
    for name, spoil in zip(names, cycle(SPOILS), strict=False):
        whole = (build / name).read_bytes()
        spoil(build / name)
        with pytest.raises(IndexDamaged) as told:
            open_store(shelf.settings()).verify()
        (detail,) = told.value.details
        assert (".toc" if name.endswith(".toc") else name) in detail
        (build / name).write_bytes(whole)
    open_store(shelf.settings()).verify()


@pytest.mark.parametrize("spoil", SPOILS)
def test_the_build_before_is_served_until_the_next_run(shelf: Library, spoil: Callable[[Path], None]) -> None:
    """Readers get the build before, and the next run mends the index without anybody's hand."""
    whole = answers(shelf)
    spoil(max(live(shelf).iterdir(), key=lambda path: path.stat().st_size))
    assert answers(shelf) == [[hit for hit in hits if hit[0] != "nowy"] for hits in whole]
    shelf.run()
    assert answers(shelf) == whole


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"../..", b"20261125-101010-000000", None])
def test_a_spoilt_pointer_needs_no_hand(shelf: Library, content: bytes | None) -> None:
    """Where CURRENT says nothing of use, the newest finished build is served, and the next run writes it anew."""
    whole = answers(shelf)
    pointer = shelf.index / "CURRENT"
    pointer.unlink()
    if content is not None:
        pointer.write_bytes(content)
    assert answers(shelf) == whole
    shelf.run()
    assert answers(shelf) == whole
    open_store(shelf.settings()).verify()


def test_without_a_build_before_the_damage_is_told(library: Library) -> None:
    """The only build is damaged: readers are told so, and the next run mends it."""
    library.markdown("a.md", "Gmina.")
    library.run()
    toc = next(live(library).glob("*.toc"))
    flip(toc)
    knowledge = KnowledgeBase(library.settings())
    for _ in range(2):
        with pytest.raises(IndexDamaged, match="kb index"):
            knowledge.search(make_query("gmina"))
    library.run()
    assert knowledge.search(make_query("gmina")).total == 1


def test_a_bad_commit_leaves_a_running_reader_where_it_is(shelf: Library) -> None:
    """A server goes on with the state that it has, and takes the repaired one by itself."""
    knowledge = KnowledgeBase(shelf.settings())
    assert knowledge.search(make_query("rondo")).total == 1
    shelf.markdown("jeszcze.md", "Rondo drugie.")
    shelf.run()
    for path in live(shelf).glob("*.sums"):
        flip(path)
    assert knowledge.search(make_query("rondo")).total == 1
    shelf.run()
    assert knowledge.search(make_query("rondo")).total == 2


def test_sums_of_before_still_hold(shelf: Library) -> None:
    """A build whose list of sums has a CRC in place of a digest can be read, and one that is spoilt cannot."""
    path = next(live(shelf).glob("*.sums"))
    text = unsealed(path.read_bytes())
    path.write_bytes(b"%08x %s" % (zlib.crc32(text), text))
    open_store(shelf.settings()).verify()
    path.write_bytes(b"%08x %s" % (zlib.crc32(text) ^ 1, text))
    with pytest.raises(IndexDamaged):
        open_store(shelf.settings()).verify()


def test_what_was_compared_once_is_not_read_again(shelf: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit has only its own files read: the segments of before were compared already."""
    open_store(shelf.settings()).verify()
    read: list[str] = []
    whole = sums._sum_of
    monkeypatch.setattr(sums, "_sum_of", lambda path: read.append(path.name) or whole(path))
    open_store(shelf.settings()).verify()
    assert read == []


def test_the_command_looks_through_the_index(shelf: Library) -> None:
    """``kb check --index`` with or without a folder says whether the index is whole."""
    environment = {"KB_DOCUMENTS": str(shelf.documents), "KB_INDEX": str(shelf.index)}

    def check(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["check", *arguments], env=environment)
        return done.exit_code, done.output

    for arguments in (["--index"], ["--index", str(shelf.index)], ["--index", "--strict"]):
        code, said = check(*arguments)
        assert (code, "zgodne z sumami kontrolnymi" in said) == (0, True), said
    toc = next(live(shelf).glob("*.toc"))
    flip(toc)
    for arguments in (["--index"], ["--index", str(shelf.index)]):
        code, said = check(*arguments)
        assert code == 2
        assert toc.name in said
        assert "kb index" in said
    assert check()[0] == 0
    shutil.rmtree(shelf.index)
    assert check("--index")[0] == 2
    assert check("--index", str(shelf.index))[0] == 0
    with pytest.raises(IndexMissing):
        open_store(shelf.settings()).verify()


def test_the_writer_compares_what_was_not_compared_before(shelf: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run reads no file of the index for its checksum; after a day, or a start of the machine, it reads all."""
    summed: list[str] = []
    sum_of = sums._sum_of

    def spy(path: Path) -> tuple[int, int]:
        summed.append(path.name)
        return sum_of(path)

    monkeypatch.setattr(sums, "_sum_of", spy)
    (shelf.index / "looked.json").unlink()
    sums._sound.clear()
    shelf.run()
    everything = set(summed)
    for at, boot, expected in (
        (100.0, "a", everything),
        (200.0, "a", set()),
        (90_000.0, "a", everything),
        (90_100.0, "b", everything),
    ):
        monkeypatch.setattr(sums, "_boot", lambda boot=boot: boot)
        monkeypatch.setattr(sums.time, "time", lambda at=at: at)
        summed.clear()
        sums._sound.clear()
        shelf.run()
        assert set(summed) == expected, at


def test_damage_that_a_reader_finds_is_seen_by_the_writer(shelf: Library) -> None:
    """A disk may spoil a file without a change of its times: whoever reads it finds that, and the next run builds anew."""
    expected = answers(shelf)
    shelf.run()
    spoilt = next(live(shelf).glob("*.pst"))
    flip(spoilt)
    looked = shelf.index / "looked.json"
    boot, since, files = json.loads(unsealed(looked.read_bytes()))
    now = spoilt.stat()
    files = [[*row[:2], now.st_ctime_ns if row[1] == now.st_ino else row[2], row[3]] for row in files]
    looked.write_bytes(sealed(json.dumps([boot, since, files]).encode()))
    sums._sound.clear()
    build = shelf.run().build
    assert build == live(shelf).name
    sums._sound.clear()
    with pytest.raises(IndexDamaged):
        open_store(shelf.settings()).verify()
    sums._sound.clear()
    assert shelf.run().build != build
    assert answers(shelf) == expected
