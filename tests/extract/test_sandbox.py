"""Whatever a file does to the process that reads it, the run goes on and says what became of it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kb.extract import Limits, Sandbox
from kb.extract.sandbox import _BATCH_BYTES, _BATCH_FILES, _batches
from kb.formats import MARKDOWN
from kb.model import Extraction, Status

from .pdfs import make_pdf


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox with the usual limits."""
    with Sandbox(Limits(), jobs=2) as sandbox:
        yield sandbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with sound, odd and hopeless files."""
    (tmp_path / "dobry.pdf").write_bytes(make_pdf([["Rada gminy."], ["Druga strona."]]))
    (tmp_path / "skan.pdf").write_bytes(make_pdf([None]))
    (tmp_path / "zly.pdf").write_bytes(b"%PDF-1.4 nic")
    (tmp_path / "pusty.pdf").write_bytes(b"")
    (tmp_path / "artykul.md").write_text("# Tytuł\n\nTreść.", encoding="utf-8")
    return tmp_path


def _bomb() -> bytes:
    """A page whose content is half a gigabyte of spaces, packed."""
    packer = zlib.compressobj(1)
    content = b"".join([*(packer.compress(b" " * (1 << 24)) for _ in range(32)), packer.flush()])
    pdf = make_pdf([["x"]])
    start = pdf.index(b"<< /Length")
    end = pdf.index(b"endstream", start)
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\n" % (len(content), content)
    return pdf[:start] + stream + pdf[end:]


def _results(sandbox: Sandbox, folder: Path) -> dict[str, Extraction]:
    return {path.name: extraction for path, extraction in sandbox.extract_all(sorted(folder.iterdir()))}


def test_every_file_gets_a_status(sandbox: Sandbox, folder: Path) -> None:
    """Sound files are read, the others are said to be what they are."""
    assert {name: extraction.status for name, extraction in _results(sandbox, folder).items()} == {
        "artykul.md": Status.INDEXED,
        "dobry.pdf": Status.INDEXED,
        "pusty.pdf": Status.DAMAGED,
        "skan.pdf": Status.NO_TEXT,
        "zly.pdf": Status.DAMAGED,
    }


def test_pages_arrive_whole(sandbox: Sandbox, folder: Path) -> None:
    """What the child has read is what the parent yields."""
    pages = _results(sandbox, folder)["dobry.pdf"].pages
    assert [page.text for page in pages] == ["Rada gminy.", "Druga strona."]


def test_progress(sandbox: Sandbox, folder: Path) -> None:
    """The caller hears the number of pages and the last page."""
    told: list[tuple[Path, int, int]] = []
    path = folder / "dobry.pdf"
    list(sandbox.extract_all([path], on_progress=lambda *event: told.append(event)))
    assert told == [(path, 0, 2), (path, 2, 2)]


def test_memory(folder: Path) -> None:
    """A small file that swells to gigabytes is too large, and its neighbours are read."""
    (folder / "bomba.pdf").write_bytes(_bomb())
    with Sandbox(Limits(address_space_bytes=200 << 20), jobs=2) as sandbox:
        results = _results(sandbox, folder)
    assert results["bomba.pdf"].status is Status.TOO_LARGE
    assert "pamięci" in results["bomba.pdf"].message
    assert results["dobry.pdf"].status is Status.INDEXED


def test_time(folder: Path) -> None:
    """A file that takes too long is stopped, and the slot reads the next one."""
    (folder / "a.md").write_text("*a **a " * 30_000, encoding="utf-8")
    with Sandbox(Limits(seconds=0.4), jobs=1) as sandbox:
        results = _results(sandbox, folder)
    assert results["a.md"].status is Status.TIMEOUT
    assert results["dobry.pdf"].status is Status.INDEXED


PATIENCE = 60.0
"""Seconds before something counts as never happening."""
SLOW = "*a **a " * 40_000
"""Markdown that takes the parser many seconds."""


_AT_WORK = 3
"""Generations below a process that reads: its server, the server's keepers, their children at work."""


def _descendants(process: int) -> dict[int, int]:
    """The processes under a process, each with its depth."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    depths = {process: 0}
    grown = True
    while grown:
        new = {
            child: depths[parent] + 1 for child, parent in parents.items() if parent in depths and child not in depths
        }
        depths |= new
        grown = bool(new)
    del depths[process]
    return depths


def _reading_child(process: int) -> int:
    """Wait until a server's keeper has a child at work; its process id."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for child, depth in _descendants(process).items():
            if depth == _AT_WORK:
                return child
    raise AssertionError("no child at work")


def _gone(processes: list[int]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not any(Path(f"/proc/{process}").exists() for process in processes):
            return True
    return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system has no /proc")


@needs_proc
def test_crash(folder: Path) -> None:
    """A reading process that is killed costs its own file only."""
    slow = folder / "a.md"
    slow.write_text(SLOW, encoding="utf-8")
    with Sandbox(Limits(), jobs=1) as sandbox:
        killer = threading.Thread(target=lambda: os.kill(_reading_child(os.getpid()), signal.SIGKILL))
        killer.start()
        results = dict(sandbox.extract_all([slow, folder / "dobry.pdf"]))
        killer.join()
    assert results[slow].status is Status.DAMAGED
    assert "SIGKILL" in results[slow].message
    assert results[folder / "dobry.pdf"].status is Status.INDEXED


@needs_proc
def test_second_try(tmp_path: Path) -> None:
    """A PDF whose first reader dies is read again by the second one, and the report says so."""
    path = tmp_path / "dlugi.pdf"
    path.write_bytes(make_pdf([[f"Wiersz {line} strony {page}." for line in range(12)] for page in range(200)]))
    with Sandbox(Limits(), jobs=1) as sandbox:
        killer = threading.Thread(target=lambda: os.kill(_reading_child(os.getpid()), signal.SIGKILL))
        killer.start()
        [(_, extraction)] = sandbox.extract_all([path])
        killer.join()
    assert extraction.status is Status.INDEXED
    assert len(extraction.pages) == 200
    assert "drugim" in extraction.warnings[0]


# Batches of Markdown


def _articles(folder: Path, number: int = 5) -> list[Path]:
    """So many short articles, each with one more section than the one before."""
    paths = [folder / f"artykul-{n}.md" for n in range(number)]
    for n, path in enumerate(paths):
        path.write_text("Wstęp.\n\n" + "# Część\n\nTreść.\n\n" * n, encoding="utf-8")
    return paths


def test_what_goes_into_a_batch(tmp_path: Path) -> None:
    """Markdown files that follow one another, so many and so much at most; a PDF and a long file are alone."""
    small = [tmp_path / f"{n}.md" for n in range(_BATCH_FILES + 1)]
    half, long = tmp_path / "pol.md", tmp_path / "dlugi.MD"
    pdf, gone = tmp_path / "x.pdf", tmp_path / "nie-ma.md"
    for path in (*small, pdf):
        path.write_bytes(b"x")
    half.write_bytes(b"x" * (_BATCH_BYTES // 2))
    long.write_bytes(b"x" * (_BATCH_BYTES + 1))
    assert list(_batches(iter(small))) == [tuple(small[:-1]), (small[-1],)]
    one, two, *_ = small
    assert list(_batches(iter([one, pdf, two, gone, pdf]))) == [(one,), (pdf,), (two, gone), (pdf,)]
    assert list(_batches(iter([half, half, one, long, two]))) == [(half, half), (one,), (long,), (two,)]
    assert list(_batches(iter([]))) == []


def test_a_batch_is_told_file_by_file(sandbox: Sandbox, folder: Path) -> None:
    """Each file of a batch has its own pages, in the order asked for, and the caller hears of each."""
    paths = _articles(folder)[::-1]
    told: list[tuple[Path, int, int]] = []
    results = list(sandbox.extract_all(paths, on_progress=lambda *event: told.append(event)))
    assert [path for path, _ in results] == paths
    assert [len(extraction.pages) for _, extraction in results] == [5, 4, 3, 2, 1]
    assert told == [(path, 0, pages) for path, pages in zip(paths, [5, 4, 3, 2, 1], strict=True)]


@pytest.mark.parametrize(
    ("limits", "text", "status", "said"),
    [
        (Limits(characters=1_000), "słowo " * 200, Status.TOO_LARGE, "1000 znaków"),
        (Limits(seconds=0.4), "*a **a " * 30_000, Status.TIMEOUT, "przerwano"),
        (Limits(address_space_bytes=24 << 20), "[a](b) " * 30_000, Status.TOO_LARGE, "pamięci"),
        (Limits(), b"\x00\x98", Status.DAMAGED, "nie jest plik tekstowy"),
        (Limits(), None, Status.DAMAGED, "otworzyć"),
    ],
    ids=["characters", "time", "memory", "binary", "missing"],
)
def test_a_bad_file_in_a_batch(
    tmp_path: Path, limits: Limits, text: str | bytes | None, status: Status, said: str
) -> None:
    """A file that goes over a limit is reported alone: those that share its child are read."""
    paths = _articles(tmp_path)
    bad = tmp_path / "zly.md"
    if text is not None:
        bad.write_bytes(text.encode() if isinstance(text, str) else text)
    paths.insert(2, bad)
    with Sandbox(limits, jobs=1) as sandbox:
        assert next(_batches(iter(paths))) == tuple(paths)
        results = list(sandbox.extract_all(paths))
    assert sorted(path for path, _ in results) == sorted(paths)
    extractions = dict(results)
    failed = extractions.pop(bad)
    assert failed.status is status
    assert said in failed.message
    assert {extraction.status for extraction in extractions.values()} == {Status.INDEXED}


@needs_proc
def test_readers_leave_no_trace_of_lost_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory ends inside Rust, a reader that should say where would wait for ever for the memory to say it."""
    monkeypatch.setenv("RUST_BACKTRACE", "1")
    others = _descendants(os.getpid()).keys()
    with Sandbox(Limits(), jobs=1) as sandbox:
        dict(sandbox.extract_all(_articles(tmp_path)))
        readers = _descendants(os.getpid()).keys() - others
        environments = [Path(f"/proc/{reader}/environ").read_bytes().split(b"\0") for reader in readers]
    assert environments
    assert all(b"RUST_BACKTRACE=0" in environment for environment in environments)


@needs_proc
def test_a_batch_that_is_killed(folder: Path) -> None:
    """When the child of a batch is killed from outside, no file is to blame and none is lost."""
    paths = _articles(folder)
    paths[0].write_text("*a **a " * 8_000, encoding="utf-8")
    with Sandbox(Limits(), jobs=1) as sandbox:
        killer = threading.Thread(target=lambda: os.kill(_reading_child(os.getpid()), signal.SIGKILL))
        killer.start()
        events: list[Path] = []
        for path, extraction in sandbox.extract_all(paths, on_progress=lambda path, *_: events.append(path)):
            assert extraction.status is Status.INDEXED
            # Alone each file is told just before it comes; a batch would have told all of them before the first.
            assert events[-1] == path
        killer.join()
    assert events == paths


def test_running_ahead_in_batches(sandbox: Sandbox, folder: Path) -> None:
    """Of endless Markdown only so much is taken as the children have in hand."""
    taken = []

    def paths() -> Iterator[Path]:
        while True:
            taken.append(1)
            yield folder / "artykul.md"

    results = sandbox.extract_all(paths())
    next(results)
    assert len(taken) <= 3 * _BATCH_FILES
    results.close()


def test_an_error_of_the_caller(sandbox: Sandbox, folder: Path) -> None:
    """What ``on_progress`` raises reaches the caller, also an ``OSError``, and the sandbox is good for more."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for paths in ([folder / "dobry.pdf"], _articles(folder)):
        with pytest.raises(OSError, match="space"):
            list(sandbox.extract_all(paths, on_progress=fail))
        assert [extraction.status for _, extraction in sandbox.extract_all(paths)] == [Status.INDEXED] * len(paths)


@needs_proc
def test_stopping_early(folder: Path) -> None:
    """An iterator closed before its end stops what is being read, and the sandbox is good for more."""
    slow = folder / "z.md"
    slow.write_text(SLOW, encoding="utf-8")
    with Sandbox(Limits(), jobs=2) as sandbox:
        results = sandbox.extract_all([slow, folder / "dobry.pdf"])
        assert next(results)[1].status is Status.INDEXED
        _reading_child(os.getpid())
        results.close()
        assert _AT_WORK not in _descendants(os.getpid()).values()
        assert [extraction.status for _, extraction in sandbox.extract_all([folder / "skan.pdf"])] == [Status.NO_TEXT]


def test_running_ahead(sandbox: Sandbox, folder: Path) -> None:
    """Paths are taken only as results are fetched."""
    taken = []

    def paths() -> Iterator[Path]:
        for _ in range(50):
            taken.append(1)
            yield folder / "dobry.pdf"

    results = sandbox.extract_all(paths())
    next(results)
    assert len(taken) <= 3
    assert len(list(results)) == 49


def test_one_run_at_a_time(sandbox: Sandbox, folder: Path) -> None:
    """A second run while one is going on is a mistake of the caller, and is told so."""
    first = sandbox.extract_all([folder / "dobry.pdf"] * 5)
    next(first)
    with pytest.raises(RuntimeError):
        next(sandbox.extract_all([folder / "dobry.pdf"]))
    assert len(list(first)) == 4


def test_wrong_jobs() -> None:
    """No jobs is a mistake of the caller."""
    with pytest.raises(ValueError):
        Sandbox(jobs=0)


SCRIPT = """
import signal, sys
from pathlib import Path
from kb.extract import Limits, Sandbox
# A process started in the background of a shell would ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with Sandbox(Limits(), jobs=2) as sandbox:
        print("ready", flush=True)
        for _ in sandbox.extract_all([Path(name) for name in sys.argv[1:]]):
            pass
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def _script(folder: Path) -> subprocess.Popen[str]:
    files = []
    for name in ("a.md", "b.md"):
        (folder / name).write_text(SLOW, encoding="utf-8")
        files.append(str(folder / name))
    # The same kb as this process has, from wherever.
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "TMPDIR": str(folder),
    }
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


@needs_proc
def test_a_killed_parent_leaves_nobody(folder: Path) -> None:
    """When the parent is killed outright, its server, keepers and children go too."""
    parent = _script(folder)
    _reading_child(parent.pid)
    processes = list(_descendants(parent.pid))
    parent.kill()
    parent.communicate()
    assert len(processes) >= 4
    assert _gone(processes)
    assert list(folder.glob("kb-extract-*")) == []


@needs_proc
def test_interrupt(folder: Path) -> None:
    """Ctrl-C ends everything without a word from the children."""
    parent = _script(folder)
    _reading_child(parent.pid)
    processes = list(_descendants(parent.pid))
    os.killpg(parent.pid, signal.SIGINT)
    out, err = parent.communicate(timeout=PATIENCE)
    assert out.split() == ["ready", "interrupted"]
    assert err == ""
    assert _gone(processes)


def test_lanes_read_at_the_same_time(tmp_path: Path) -> None:
    """Each job of a sandbox may be a sandbox of its own, for a thread of its own; all are alone in what they read."""
    paths = []
    for number in range(2):
        paths.append(tmp_path / f"{number}.md")
        paths[-1].write_text(f"Tekst numer {number}.")
    with Sandbox(jobs=2) as sandbox, ThreadPoolExecutor(2) as threads:
        lanes = sandbox.lanes()
        assert len({id(slot) for lane in lanes for slot in lane._slots}) == len(lanes) == 2
        found = list(threads.map(lambda lane, path: list(lane.extract_all([path])), lanes, paths))
    assert [[extraction.pages[0].text for _, extraction in one] for one in found] == [
        ["Tekst numer 0."],
        ["Tekst numer 1."],
    ]


def test_a_full_disk_is_no_fault_of_a_file(folder: Path) -> None:
    """A child without room for its result ends the run with a line that names the folder; no file is called damaged."""
    with (
        Sandbox(Limits(), jobs=1, reader=f"{__package__}.prying:find_no_room") as full,
        pytest.raises(OSError, match="No space left") as raised,
    ):
        list(full.extract_all([folder / "artykul.md"]))
    assert raised.value.errno == errno.ENOSPC
    assert Path(raised.value.filename).is_absolute()


@needs_proc
def test_processes_that_are_started_before_they_are_needed(folder: Path) -> None:
    """A sandbox reads the same when it has been started before it is entered; one that is never entered leaves nothing."""
    others = _descendants(os.getpid())
    early = Sandbox(Limits(), jobs=2)
    early.start()
    started = _descendants(os.getpid()).keys() - others.keys()
    with early:
        assert started <= _descendants(os.getpid()).keys()
        assert _results(early, folder)["dobry.pdf"].status is Status.INDEXED
    early.close()
    needless = Sandbox(Limits(), jobs=2)
    needless.start()
    started |= _descendants(os.getpid()).keys() - others.keys()
    needless.close()
    assert _gone(sorted(started))


@needs_proc
def test_only_the_readers_of_the_formats_to_come_are_loaded(tmp_path: Path) -> None:
    """Who reads Markdown alone does not wait until PDFium is there."""
    file = tmp_path / "artykul.md"
    file.write_text("Treść.")
    others = _descendants(os.getpid())
    with Sandbox(jobs=1, formats=(MARKDOWN,)) as sandbox:
        own = _descendants(os.getpid()).keys() - others.keys()
        loaded = "".join(Path(f"/proc/{process}/maps").read_text() for process in own)
        assert "morfeusz" in loaded
        assert "pdfium" not in loaded
        assert [extraction.pages[0].text for _, extraction in sandbox.extract_all([file])] == ["Treść."]
