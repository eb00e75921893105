"""Pictures and maps of pages by real child processes: what is kept, within which bound, and what hostile files do not do."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from extract.pdfs import endless_pdf, make_pdf
from library import Library, age

from kb import limits
from kb.errors import Overloaded
from kb.extract.jobs import PictureJob
from kb.limits import PictureLimits
from kb.pictures import WIDTHS, Pictures, PrintedPage, _Kept

SMALL, LARGE = WIDTHS
PATIENCE = 60.0


@contextmanager
def _at_work(library: Library, most: PictureLimits | None = None, **settings: object) -> Iterator[Pictures]:
    made = Pictures(library.settings(**settings), most)
    try:
        yield made
    finally:
        made.close()


def _page(path: Path, number: int = 1) -> PrintedPage:
    return PrintedPage(file=path, version=hashlib.sha256(path.read_bytes()).hexdigest(), number=number)


def _kept(library: Library) -> list[Path]:
    return sorted((library.index / "pictures").glob("*"))


def test_a_page_is_drawn_once(library: Library) -> None:
    """A picture is a JPEG, kept as it is for the next reader; the folder may be deleted at any time."""
    page = _page(library.pdf("a.pdf", ["Rada gminy"]))
    with _at_work(library) as pictures:
        assert pictures.kept_picture(page, SMALL) is None
        made = pictures.picture(page, SMALL).result(PATIENCE)
        assert made.startswith(b"\xff\xd8")
        assert pictures.kept_picture(page, SMALL) == made
        assert pictures.kept_picture(page, LARGE) is None
        shutil.rmtree(library.index / "pictures")
        assert pictures.kept_picture(page, SMALL) is None
        assert pictures.picture(page, SMALL).result(PATIENCE) == made


def test_a_map_is_made_once(library: Library) -> None:
    """The places of a page's words are kept by its text; another text has another map."""
    page = _page(library.pdf("a.pdf", ["Rada gminy"]))
    with _at_work(library) as pictures:
        found = pictures.map(page, "Rada gminy", PATIENCE)
        assert found is not None
        assert [("Rada gminy")[word.start : word.end] for word in found.words] == ["Rada", "gminy"]
        assert pictures.map(page, "Rada gminy", 0.0) == found
        other = pictures.map(page, "gminy", PATIENCE)
        assert other is not None
        assert len(other.words) == 1
    assert len(_kept(library)) == 2


def test_a_map_that_is_late_is_done_without(library: Library) -> None:
    """Nobody waits longer than they said for a map; it is there for whoever comes next."""
    page = _page(library.pdf("a.pdf", ["Rada gminy"]))
    with _at_work(library) as pictures:
        assert pictures.map(page, "Rada", 0.0) is None
        assert pictures.map(page, "Rada", PATIENCE) is not None


@pytest.mark.parametrize(
    ("file", "most"),
    [
        (endless_pdf("Rada gminy"), PictureLimits(seconds=0.2)),
        (make_pdf([["Rada gminy"]]), PictureLimits(file_bytes=100)),
        (make_pdf([["Rada gminy"]]), PictureLimits(address_space_bytes=1)),
    ],
    ids=["time", "bytes", "memory"],
)
def test_what_goes_over_a_limit_has_no_picture(library: Library, file: bytes, most: PictureLimits) -> None:
    """Nothing comes of such a page, which is remembered for a while; then it is tried again."""
    page = _page(library.write("a.pdf", file))
    with _at_work(library, most) as pictures:
        assert pictures.picture(page, LARGE).result(PATIENCE) == b""
        assert pictures.kept_picture(page, LARGE) == b""
        (kept,) = _kept(library)
        age(kept, 4_000)
        assert pictures.kept_picture(page, LARGE) is None


def test_a_broken_file_has_neither(library: Library) -> None:
    """What PDFium cannot open has no picture and no map, and the next page is drawn as ever."""
    broken = _page(library.write("a.pdf", b"%PDF-1.7\nbroken"))
    good = _page(library.pdf("b.pdf", ["Rada gminy"]))
    with _at_work(library) as pictures:
        assert pictures.picture(broken, SMALL).result(PATIENCE) == b""
        assert pictures.map(broken, "Rada", PATIENCE) is None
        assert pictures.picture(good, SMALL).result(PATIENCE)
        assert pictures.picture(_page(good.file, number=2), SMALL).result(PATIENCE) == b""


def test_another_file_is_not_drawn_under_the_old_name(library: Library) -> None:
    """A file that has changed since it was indexed is not shown as the page that was; nothing of it is kept."""
    path = library.pdf("a.pdf", ["Rada gminy"])
    page = _page(path)
    path.write_bytes(make_pdf([["Coś innego"]]))
    with _at_work(library) as pictures:
        assert pictures.picture(page, SMALL).result(PATIENCE) == b""
        assert _kept(library) == []
        path.unlink()
        assert pictures.picture(page, SMALL).result(PATIENCE) == b""


def test_a_link_in_place_of_a_picture_is_not_followed(library: Library) -> None:
    """What a process leaves that has read a stranger's file may lead to what that must not read: it counts as nothing."""
    page = _page(library.pdf("a.pdf", ["Rada gminy"]))

    def job(result: Path) -> PictureJob:
        return PictureJob(file=page.file, page=1, result=result, width=SMALL, megapixels=8.0)

    def linked(result: Path) -> PictureJob:
        result.symlink_to(result.with_name("cel"))
        return job(result)

    with _at_work(library) as pictures:
        drawer = pictures._drawer()
        drawn = drawer.run(job)
        assert drawn.startswith(b"\xff\xd8")
        assert drawer.run(linked) == b""
        assert (drawer._folder / "cel").read_bytes() == drawn  # it was drawn, through the link


def test_a_killed_process_is_replaced(library: Library) -> None:
    """When somebody kills the drawing processes, the page after the next is drawn by new ones."""
    path = library.pdf("a.pdf", ["Rada"], ["gminy"], ["uchwala"], ["plan"])
    with _at_work(library) as pictures:
        assert pictures.picture(_page(path), SMALL).result(PATIENCE)
        for process in _children(os.getpid()):
            os.killpg(process, signal.SIGKILL)
        made = b""
        for number in (2, 3, 4):
            future = pictures.picture(_page(path, number), SMALL)
            future.exception(PATIENCE)
            made = made or (b"" if future.exception() else future.result())
        assert made.startswith(b"\xff\xd8")


def _children(parent: int) -> list[int]:
    """Processes that this one has started and that lead a session of their own, as the drawing ones do."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and int(fields[3]) == int(entry.name):
            found.append(int(entry.name))
    return found


def test_those_who_wait_are_counted(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many pages may wait to be drawn, the next one is refused; the same page waits once, however many ask for it."""
    monkeypatch.setattr(limits, "WAITING_DRAWINGS", 1)
    path = library.pdf("a.pdf", *[["Rada"]] * 5)
    with _at_work(library) as pictures:
        waiting = [pictures.picture(_page(path, number), SMALL) for number in (1, 2, 3)]
        assert pictures.picture(_page(path, 3), SMALL) is waiting[2]
        with pytest.raises(Overloaded):
            pictures.picture(_page(path, 4), SMALL)
        assert all(future.result(PATIENCE) for future in waiting)
        assert pictures.picture(_page(path, 4), SMALL).result(PATIENCE)


def test_the_folder_is_bounded(tmp_path: Path) -> None:
    """What nobody has asked for longest goes first; what was asked for lately stays."""
    kept = _Kept(tmp_path / "pictures", 1_000)
    for number in range(9):
        kept.put(f"{number}", b"x" * 100)
        age(tmp_path / "pictures" / f"{number}", 90_000 - number)
    assert kept.get("0") == b"x" * 100
    for number in range(9, 12):
        kept.put(f"{number}", b"x" * 100)
    assert kept.get("1") is None
    assert kept.get("0") is not None
    assert kept.get("11") is not None
    assert sum(path.stat().st_size for path in (tmp_path / "pictures").iterdir()) <= 1_000


def test_a_folder_that_cannot_be_written_is_done_without(library: Library) -> None:
    """Where nothing can be kept, or nothing may be, every picture is drawn anew."""
    page = _page(library.pdf("a.pdf", ["Rada gminy"]))
    library.index.mkdir()
    (library.index / "pictures").write_text("no folder")
    with _at_work(library) as pictures:
        assert pictures.picture(page, SMALL).result(PATIENCE)
        assert pictures.kept_picture(page, SMALL) is None
    (library.index / "pictures").unlink()
    with _at_work(library, pictures_mb=0) as pictures:
        assert pictures.picture(page, SMALL).result(PATIENCE)
        assert _kept(library) == []
