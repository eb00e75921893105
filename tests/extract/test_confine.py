"""A process that reads a stranger's file can do nothing but that, where the kernel offers it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kb.extract import Limits, Sandbox
from kb.extract.confine import Offered, Reach, confine, offered

from .pdfs import make_pdf

_SIGNALS_SINCE = 6
"""The version of Landlock from which on it keeps a process from sending signals to others."""


def _pry(folder: Path) -> dict[str, str]:
    """What a reader that was taken over achieves."""
    file = folder / "plik.md"
    file.write_text("x", encoding="utf-8")
    (folder / "sasiad.txt").write_text("x", encoding="utf-8")
    with Sandbox(Limits(), 1, reader=f"{__package__}.prying:pry") as sandbox:
        [(_, extraction)] = sandbox.extract_all([file])
    return dict(line.split(": ", 1) for line in extraction.message.splitlines())


@pytest.mark.skipif(not offered().landlock, reason="this kernel has no Landlock")
def test_only_its_own_file_can_be_read(tmp_path: Path) -> None:
    """The file and the program's own modules can be read; no other file; nothing can be written, nobody stopped."""
    ended = _pry(tmp_path)
    assert (ended["own file"], ended["module"]) == ("done", "done")
    refused = {"other file", "folder", "neighbour", "write", "new file", "program"}
    if offered().landlock >= _SIGNALS_SINCE:
        refused.add("parent")
    assert {name for name in refused if ended[name] != "refused"} == set()


@pytest.mark.skipif(not offered().seccomp, reason="this kernel has no seccomp filters")
def test_no_network_and_no_programs(tmp_path: Path) -> None:
    """Neither kind of connection can be opened, and no program started."""
    ended = _pry(tmp_path)
    assert {ended[name] for name in ("TCP", "UDP", "program")} == {"refused"}


@pytest.mark.skipif(not offered().privileges, reason="this kernel cannot give up privileges")
def test_what_is_offered_is_what_is_done(tmp_path: Path) -> None:
    """``kb status`` tells what a reading process really gets."""
    reads, sends = os.pipe()
    if (child := os.fork()) == 0:
        os.write(sends, repr(confine([tmp_path / "nie-ma.pdf"], Reach())).encode())
        os._exit(0)
    os.close(sends)
    os.waitpid(child, 0)
    with os.fdopen(reads) as told:
        assert told.read() == repr(offered())


def test_programs_start_where_a_reader_needs_them(tmp_path: Path) -> None:
    """A reader that says so starts programs and writes to its folder, and still reads no other file."""
    code = (
        "import subprocess, sys; from pathlib import Path; from kb.extract.confine import Reach, confine;"
        "folder = Path(sys.argv[1]); confine([], Reach(writes=(folder,), programs=True));"
        "(folder / 'nowy').write_text(subprocess.run(['/bin/echo', 'tak'], capture_output=True, text=True).stdout)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    assert (tmp_path / "nowy").read_text() == "tak\n"


def test_files_are_read_where_the_kernel_offers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On another system nothing is given up, nothing fails, and people are told."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confine([tmp_path], Reach()) == offered() == Offered()
    assert Offered().state == "jądro systemu nie daje ochrony; działają limity czasu i pamięci"


def test_a_document_reached_by_a_link_is_read(tmp_path: Path) -> None:
    """A link in the folder leads to the file that may be read."""
    (tmp_path / "prawdziwy.pdf").write_bytes(make_pdf([["Rada gminy."]]))
    link = tmp_path / "link.pdf"
    link.symlink_to(tmp_path / "prawdziwy.pdf")
    with Sandbox(Limits(), 1) as sandbox:
        [(_, extraction)] = sandbox.extract_all([link])
    assert [page.text for page in extraction.pages] == ["Rada gminy."]
