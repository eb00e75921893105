"""The index folder: one writer at a time, readers that see each commit, and a switch that is all or nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from library import Library, environment, found

from kb.disk import lock, write_atomic
from kb.engine.embedded.builds import BuildFile, Builds
from kb.errors import IndexLocked, IndexMismatch, IndexMissing, KbError

HOLD = """\
import sys
from pathlib import Path
from kb.disk import lock
with lock(Path(sys.argv[1])):
    print("mam", flush=True)
    sys.stdin.read()
"""

ASK = """\
import sys
from pathlib import Path
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings
knowledge = KnowledgeBase(Settings(documents=Path(sys.argv[1]), index=Path(sys.argv[2])))
for line in sys.stdin:
    hits = knowledge.search(make_query(line.strip(), per_page=50)).hits
    print(*sorted(hit.document.id for hit in hits), flush=True)
"""


@contextmanager
def process(code: str, *arguments: Path) -> Iterator[subprocess.Popen[str]]:
    """A Python process with the same kb as this one, ended at the end."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def _line(started: subprocess.Popen[str]) -> str:
    assert started.stdout
    return started.stdout.readline().strip()


def _ask(started: subprocess.Popen[str], text: str) -> str:
    assert started.stdin
    started.stdin.write(text + "\n")
    started.stdin.flush()
    return _line(started)


# The lock


def test_a_second_indexer_is_told_who_holds_the_lock(library: Library) -> None:
    """The message names the process at work and its start; the index is left alone."""
    library.markdown("a.md", "Tekst.")
    with process(HOLD, library.index) as holder:
        assert _line(holder) == "mam"
        with pytest.raises(IndexLocked) as caught:
            library.run()
    said = "".join(caught.value.details)
    assert f"proces {holder.pid}," in said
    start = re.search(r"początek (\S+ \S+)", said)
    assert start
    assert datetime.fromisoformat(start[1]).date()
    assert not (library.index / "CURRENT").exists()


def test_a_dead_holders_lock_is_free(library: Library) -> None:
    """The lock of a killed indexer stops nobody, though its name is still in the file."""
    library.markdown("a.md", "Tekst.")
    with process(HOLD, library.index) as holder:
        assert _line(holder) == "mam"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert f"proces {holder.pid}," in (library.index / "lock").read_text(encoding="utf-8")
    assert library.run().documents == 1


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    """A run that ends with an error gives the lock back, and its name is gone."""
    with pytest.raises(ZeroDivisionError), lock(tmp_path):
        raise ZeroDivisionError
    assert (tmp_path / "lock").read_text() == ""
    with lock(tmp_path):
        assert f"proces {os.getpid()}" in (tmp_path / "lock").read_text(encoding="utf-8")


def test_checking_and_searching_need_no_lock(library: Library) -> None:
    """While somebody indexes, others may search and check."""
    library.markdown("a.md", "Tekst o gminie.")
    library.run()
    with lock(library.index):
        assert library.find("gmina") == ["a"]
        assert set(library.check()) == {"a.md"}


# Readers


def test_a_reader_sees_a_commit(library: Library) -> None:
    """A knowledge base that was open before finds what was added, and no longer what was removed."""
    path = library.markdown("a.md", "Tekst o gminie.")
    library.run()
    reader = library.open()
    assert found(reader, "gmina") == ["a"]
    library.markdown("b.md", "Inny tekst o gminie.")
    library.run()
    assert set(found(reader, "gmina")) == {"a", "b"}
    path.unlink()
    library.run()
    assert found(reader, "gmina") == ["b"]
    assert len(reader.documents()) == 1


def test_a_reader_in_another_process_sees_commits_and_switches(library: Library) -> None:
    """A server process needs no restart: not after a commit, a rebuild, nor the removal of old builds."""
    library.markdown("a.md", "Tekst o gminie.")
    library.run()
    with process(ASK, library.documents, library.index) as reader:
        assert _ask(reader, "gmina") == "a"
        library.markdown("b.md", "Inny tekst o gminie.")
        library.run()
        assert _ask(reader, "gmina") == "a b"
        for _ in range(3):
            library.run(rebuild=True)
        assert _ask(reader, "gmina") == "a b"
        (library.documents / "a.md").unlink()
        library.run()
        assert _ask(reader, "gmina") == "b"


def test_a_reader_waits_for_the_first_index(library: Library) -> None:
    """Without an index there is a clear error, and with the first one an answer."""
    reader = library.open()
    with pytest.raises(IndexMissing, match="kb index"):
        found(reader, "gmina")
    library.markdown("a.md", "Tekst o gminie.")
    library.run()
    assert found(reader, "gmina") == ["a"]


def test_a_commit_is_seen_within_the_clocks_step(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two commits so close that the folder's time of change is the same are still two states."""
    library.markdown("a.md", "Tekst o gminie.")
    library.run()
    live = library.builds.live()
    at = live.stat().st_mtime_ns
    monkeypatch.setattr("kb.engine.embedded.builds.time.time_ns", lambda: at)
    reader = library.open()
    assert found(reader, "gmina") == ["a"]
    library.markdown("b.md", "Inny tekst o gminie.")
    library.run()
    os.utime(live, ns=(at, at))
    assert set(found(reader, "gmina")) == {"a", "b"}


def test_many_readers_during_many_commits(library: Library) -> None:
    """Threads that ask all the time while the index changes get whole states and never an error."""
    library.markdown("stały.md", "Tekst o gminie.")
    library.markdown("zmienny.md", "Tekst o gminie numer 0.")
    library.run()
    reader = library.open()
    over = threading.Event()
    seen: set[tuple[str, ...]] = set()
    errors: list[Exception] = []

    def ask() -> None:
        while not over.is_set():
            try:
                seen.add(tuple(sorted(found(reader, "gmina"))))
            except Exception as error:  # noqa: BLE001 - none is expected
                errors.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, 6):
            library.markdown("zmienny.md", f"Tekst o gminie numer {number}.")
            library.run(rebuild=number % 2 == 0)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not errors
    assert seen == {("staly", "zmienny")}


# Many small commits


def test_small_commits_do_not_pile_up(library: Library) -> None:
    """One document a day leaves no piece of the index a day: now and then they are joined, and everything is found as before."""
    seen = []
    for number in range(10):
        library.markdown(f"{number}.md", f"Nowina o gminie, numer {number}.", id=f"nowina-{number}")
        library.run()
        seen.append(library.pieces())
    assert seen[0] == 1
    assert any(later < earlier for earlier, later in pairwise(seen)), seen
    everything = {f"nowina-{number}" for number in range(10)}
    assert set(library.find("gmina")) == library.ids() == everything
    (library.documents / "0.md").unlink()
    library.markdown("1.md", "Nowina o powiecie.", id="nowina-1")
    library.run()
    assert set(library.find("gmina")) == everything - {"nowina-0", "nowina-1"}
    assert library.find("powiat") == ["nowina-1"]


# Builds


def test_no_index_yet(tmp_path: Path) -> None:
    """A missing folder, an empty ``CURRENT`` and one that names nothing all mean: no index."""
    builds = Builds(tmp_path / "index")
    for name in (None, "", "\n", "20200101-000000-000000\n"):
        if name is not None:
            (tmp_path / "index").mkdir(exist_ok=True)
            (tmp_path / "index" / "CURRENT").write_text(name)
        for ask in (builds.live, builds.locate):
            with pytest.raises(IndexMissing, match="kb index"):
                ask()


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"fingerprint": "x"}', '{"inny": 1}'])
def test_an_unreadable_build_json_is_a_mismatch(tmp_path: Path, content: str | None) -> None:
    """What cannot be read is never taken for a good index."""
    if content is not None:
        (tmp_path / "build.json").write_text(content)
    with pytest.raises(IndexMismatch):
        Builds(tmp_path).read(tmp_path)


def test_the_build_before_stays_until_the_next(tmp_path: Path) -> None:
    """After each switch two builds are there: the live one and the one before."""
    builds = Builds(tmp_path)
    made: list[Path] = []
    for number in range(4):
        build = builds.start()
        made.append(build)
        builds.switch(build, BuildFile(fingerprint=str(number), created="teraz"))
        assert builds.live() == build
        assert builds.read(build).fingerprint == str(number)
        assert set((tmp_path / "builds").iterdir()) == set(made[-2:])


def test_an_unfinished_build_is_not_live(tmp_path: Path) -> None:
    """A build that was begun and never switched to is cleaned away, and the live one stays."""
    builds = Builds(tmp_path)
    live = builds.start()
    builds.switch(live, BuildFile(fingerprint="x", created="teraz"))
    left = builds.start()
    (left / "plik").write_text("x")
    assert builds.live() == live
    builds.clean()
    assert list((tmp_path / "builds").iterdir()) == [live]


def test_finished_builds_do_not_pile_up(tmp_path: Path) -> None:
    """Of builds that were finished but never switched to none stays, and of older ones only the last."""
    builds = Builds(tmp_path)
    made = [builds.start() for _ in range(5)]
    builds.switch(made[3], BuildFile(fingerprint="x", created="teraz"))
    for path in made:
        path.mkdir(exist_ok=True)
        (path / "build.json").write_text("{}")
    builds.clean()
    assert set((tmp_path / "builds").iterdir()) == {made[2], made[3]}


def test_an_atomic_write_leaves_the_old_text_on_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails before its last step changes nothing."""
    path = tmp_path / "CURRENT"
    write_atomic(path, "stary")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="space"):
        write_atomic(path, "nowy")
    assert path.read_text() == "stary"


@pytest.mark.usefixtures("_careless_whoosh")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_spoilt_index_is_a_clear_error(library: Library) -> None:
    """A search in an index with its files gone or overwritten says what to run."""
    library.markdown("a.md", "Tekst.")
    library.run()
    library.spoil(b"\x00" * 10, keep="*[.]toc")
    with pytest.raises(KbError, match="Uruchom „kb index”") as caught:
        library.find("tekst")
    assert caught.value.status == 503


def test_rows_of_another_schema_are_not_read(library: Library) -> None:
    """An index of an older program is an error that says what to run, which then helps."""
    library.markdown("a.md", "Tekst o gminie.")
    library.run()
    file = library.builds.live() / "build.json"
    file.write_text(file.read_text().replace("schema-", "schema-0"))
    with pytest.raises(IndexMismatch, match="kb index"):
        library.find("gmina")
    library.run()
    assert library.find("gmina") == ["a"]
