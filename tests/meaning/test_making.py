"""Making vectors: nothing twice, what is made is kept whatever happens, one process at a time."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from library import Library, environment

from kb.engine import open_store
from kb.errors import EncoderUnavailable
from kb.meaning import making
from kb.meaning.encoder import open_encoder
from kb.meaning.making import Coverage
from kb.meaning.store import store_of
from kb.settings import Settings
from meaning.server import Server


def coverage(settings: Settings) -> Coverage | None:
    """What there is now."""
    return making.coverage_of(settings, open_store(settings).current())


def passages(server: Server) -> list[str]:
    """The passages that the server was asked for."""
    return [text for asked in server.asked if asked["input_type"] == "passage" for text in asked["input"]]


def test_nothing_is_encoded_twice(shelf: Library, server: Server) -> None:
    """Neither in a second run, nor after a rebuild; of a changed collection what is new, and what is gone is forgotten."""
    settings = shelf.settings(meaning=server.address)
    assert coverage(settings) == Coverage(0, 32)
    assert making.wait(settings) == Coverage(32, 32)
    assert len(passages(server)) == 32
    server.asked.clear()
    shelf.run(rebuild=True)
    assert making.wait(settings) == Coverage(32, 32)
    assert passages(server) == []
    (shelf.documents / "kredyt.md").unlink()
    shelf.markdown("las.md", "Las rośnie.", title="Zieleń")
    shelf.run()
    assert making.wait(settings) == Coverage(32, 32)
    assert passages(server) == ["Zieleń\nLas rośnie."]
    encoder = open_encoder(settings)
    assert encoder
    assert len(store_of(settings.index, encoder).digests()) == 32


def test_a_killed_run_is_taken_up_where_it_was(shelf: Library, server: Server) -> None:
    """Batches that were written before ``kill -9`` are kept, and the lock is free again."""
    settings = shelf.settings(meaning=server.address)
    with making._child(settings, 0) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2)]
        process.kill()
    assert lines == ["0 32\n", "24 32\n"]
    kept = coverage(settings)
    assert kept
    assert kept.done >= 24
    server.asked.clear()
    assert making.wait(settings) == Coverage(32, 32)
    assert len(passages(server)) <= 8


def test_the_child_ends_with_its_parent(shelf: Library, server: Server) -> None:
    """A child whose parent was killed does not go on."""
    settings = shelf.settings(meaning=server.address)
    program = (
        "import sys, os\nfrom kb.meaning import making\nfrom kb.settings import load\n"
        "with making._child(load(), 0) as child:\n"
        "    print(child.pid, flush=True)\n    child.stdout.read()\n    sys.stdin.read()\n"
    )
    folders = {"KB_DOCUMENTS": str(settings.documents), "KB_INDEX": str(settings.index), "KB_MEANING": server.address}
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        env=environment(**folders),
        text=True,
    )
    with parent:
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 60
    while _is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_who_waits_is_told_why_it_fails(shelf: Library, server: Server) -> None:
    """A server that answers with an error is named, and what was there stays."""
    server.status = 503
    with pytest.raises(EncoderUnavailable):
        making.wait(shelf.settings(meaning=server.address))
    assert coverage(shelf.settings(meaning=server.address)) is None


def test_a_key_is_sent_and_a_strict_server_is_understood(shelf: Library, server: Server) -> None:
    """The key goes to the server; one that takes no ``input_type`` is asked without."""
    server.knows_input_type = False
    settings = shelf.settings(meaning=f"{server.address}/v1/", meaning_model="model-1", meaning_key="sekret")
    assert making.wait(settings) == Coverage(32, 32)
    assert set(server.keys) == {"Bearer sekret"}
    assert "sekret" not in repr(settings)
    assert {asked["model"] for asked in server.asked} == {"model-1"}
