"""Vectors on disk: found by the hash of their text, added one batch after the other, sound after any crash."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import IndexLocked
from kb.meaning.store import VectorStore
from meaning.server import vectors

DIMENSIONS = 3


def digest(text: str) -> bytes:
    """A hash of the right length."""
    return text.encode().ljust(16, b".")


def opened(folder: Path) -> VectorStore:
    """The store of a folder."""
    return VectorStore(folder, "próbny model/1", DIMENSIONS)


def filled(folder: Path, *texts: str) -> VectorStore:
    """A store with a vector for each text, written one by one."""
    store = opened(folder)
    with store.writing():
        for number, text in enumerate(texts, 1):
            store.add([digest(text)], vectors([1, -number, 0.5]))
    return store


def test_vectors_come_back_by_hash_of_their_text(tmp_path: Path) -> None:
    """Any process finds a vector again, to the precision of eight bits; what is not there is said."""
    filled(tmp_path, "a", "b")
    rows, known = opened(tmp_path).rows([digest("b"), digest("nic"), digest("a")])
    assert known.tolist() == [True, False, True]
    assert rows.numbers * rows.scales[:, None] == pytest.approx(
        np.array([[1, -2, 0.5], [0, 0, 0], [1, -1, 0.5]]), abs=0.01
    )


@given(st.integers(0, 200))
def test_a_file_cut_anywhere_loses_only_its_last_records(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    """After a kill in the middle of writing, whole records are read, and the next writer adds behind them."""
    folder = tmp_path_factory.mktemp("cut")
    store = filled(folder, "a", "b", "c")
    path = store.folder / "vectors"
    size = path.stat().st_size // 3
    os.truncate(path, min(length, path.stat().st_size))
    whole = min(length // size, 3)
    assert set(store.digests()) == {digest(text) for text in "abc"[:whole]}
    with store.writing():
        store.add([digest("d")], vectors([0, 1, 0]))
    assert set(opened(folder).digests()) == {digest(text) for text in [*"abc"[:whole], "d"]}


@pytest.mark.parametrize("at", [0, 17, 21, 26])
def test_a_spoilt_record_is_left_out(tmp_path: Path, at: int) -> None:
    """A vector that a failing disk changed is not used, and neither are zeros in a record's place."""
    store = filled(tmp_path, "a", "b")
    path = store.folder / "vectors"
    content = bytearray(path.read_bytes())
    size = len(content) // 2
    if at:
        content[at] ^= 1
    else:
        content[:size] = bytes(size)
    path.write_bytes(content)
    assert set(store.digests()) == {digest("b")}


def test_what_is_gone_is_forgotten_and_readers_keep_what_they_have(tmp_path: Path) -> None:
    """Pruning writes a new file: vectors that were read before stay as they are."""
    store = filled(tmp_path, "a", "b", "c")
    before, _ = store.rows([digest("a")])
    with store.writing():
        assert store.prune({digest("b")}) == 2
        assert store.prune({digest("b")}) == 0
    assert set(store.digests()) == {digest("b")}
    assert before.numbers.any()


def test_one_writes_at_a_time(tmp_path: Path) -> None:
    """A second writer is told, and anybody may ask."""
    store = opened(tmp_path)
    with store.writing():
        assert opened(tmp_path).busy
        with pytest.raises(IndexLocked), opened(tmp_path).writing():
            raise AssertionError
    assert not store.busy
