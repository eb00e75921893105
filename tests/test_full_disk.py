"""A disk without room: it is named, no document is blamed, and what was begun does not stand in the way of the next run."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from library import Library
from test_cli import Ran, process

from kb.model import Status


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    folder = tmp_path / "maly-dysk"
    folder.mkdir()
    try:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], capture_output=True, check=False
        ).returncode
    except FileNotFoundError:
        made = 1
    if made:
        pytest.skip("only root can make a small disk, and not everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    path = disk / "pelno"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 1024):
                pass
        except OSError:
            pass
    return path


def index(library: Library, **variables: str) -> Ran:
    """``kb index`` in a process of its own."""
    places = (f"--documents={library.documents}", f"--index={library.index}")
    return process("index", *places, "--jobs", "1", **variables)


def is_told(ran: Ran, folder: Path) -> bool:
    """Whether a command has ended with a sentence that names the folder, and no file is said to be damaged."""
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Błąd: Brak miejsca na dysku: ")
    assert str(folder) in ran.err
    return True


def test_no_room_for_temporary_files(library: Library, small: Path) -> None:
    """A full TMPDIR is no fault of the documents: the run ends and names it, and the next one reads them."""
    text = "Bardzo długi tekst o moście. " * 2000
    library.markdown("dlugi.md", text)
    assert is_told(index(library, TMPDIR=str(small)), small) or text
    library.markdown("dlugi.md", "Krótki tekst.")
    assert index(library, TMPDIR=str(small)).code == 0


@pytest.mark.parametrize("name", ["index", "store"])
def test_no_room_for_the_index(library: Library, small: Path, name: str) -> None:
    """The disk of the index, or of the archive, is named; with room again the same command works, and nothing is left over."""
    (library.root / name).symlink_to(small)
    for number in range(40):
        library.markdown(f"{number}.md", f"Dokument {number}. " + "most rzeka gmina " * number)
    full = fill(small)
    assert is_told(index(library), library.root / name)
    full.unlink()
    (library.root / name).unlink()
    assert index(library).code == 0
    assert set(library.statuses().values()) == {Status.UNCHANGED}


def test_room_again_on_the_same_disk(library: Library, small: Path) -> None:
    """What a run without room has left does not stop the next one on that disk."""
    (library.root / "index").symlink_to(small)
    library.markdown("a.md", "Most.")
    full = fill(small)
    assert is_told(index(library), library.root / "index")
    full.unlink()
    assert index(library).code == 0
    assert not list(small.rglob("*.tmp"))
