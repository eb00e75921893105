"""The engine over a cluster is an engine; and what only a cluster can suffer. All of it on real nodes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest
from cluster import nodes
from library import environment

from engine.contract import AskedElsewhere, EngineContract, Index
from kb.engine.opensearch import OpenSearchStore
from kb.settings import Settings
from kb.tuning import Tuning

if lacking := nodes.lacking():
    pytest.skip(lacking, allow_module_level=True)

READER = """\
import sys
from kb.engine import open_store
from kb.errors import IndexMissing
from kb.settings import load
store = open_store(load())
for line in sys.stdin:
    try:
        print(*sorted(document.id for document in store.current().documents()), sep=",", flush=True)
    except IndexMissing:
        print("nie ma indeksu", flush=True)
"""


class Place:
    """The cluster of this file, and the name in it of each index folder of the tests."""

    def __init__(self, cluster: nodes.Cluster) -> None:
        self.cluster = cluster
        self.names: dict[Path, str] = {}
        self._free: list[str] = []
        self._given = 0

    def settings(self, folder: Path, **given: object) -> Settings:
        """Settings for an index in the cluster, in the name of a folder."""
        if folder not in self.names:
            self._given += not self._free
            self.names[folder] = self._free.pop() if self._free else f"t{self._given}"
        prefix = self.names[folder]
        urls = ",".join(self.cluster.urls)
        chosen = {"engine": "opensearch", "opensearch_url": urls, "opensearch_prefix": prefix, "index": folder}
        return Settings(**chosen | given)  # type: ignore[arg-type]

    def store(self, folder: Path, tuning: Tuning | None = None, **given: object) -> OpenSearchStore:
        """The store of that index."""
        return OpenSearchStore(self.settings(folder, **given), tuning or Tuning())

    def clear(self, folder: Path) -> None:
        """Remove what an index has in the cluster, and let the next test have its name: making an index takes longest."""
        name = self.names.pop(folder)
        self._free.append(name)
        builds = [own["index"] for own in self.cluster.ask(f"/_cat/indices/{name}-build-*?format=json&h=index")]
        if builds:
            self.cluster.ask(f"/{','.join(builds)}", method="DELETE")
        for id in ("state", "lock"):
            with suppress(HTTPError):
                self.cluster.ask(f"/{name}-state/_doc/{id}", method="DELETE")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """Two nodes, or what somebody has started already."""
    cluster = nodes.Cluster()
    try:
        yield Place(cluster)
    finally:
        cluster.close()


class TestOpenSearch(EngineContract):
    """All that any engine must do."""

    place: Place

    @pytest.fixture(autouse=True)
    def _place(self, place: Place, tmp_path: Path) -> Iterator[None]:
        type(self).place = place
        yield
        if tmp_path / "index" in place.names:
            place.clear(tmp_path / "index")

    def open(self, folder: Path, tuning: Tuning) -> OpenSearchStore:
        """A store of its own index in the cluster."""
        return self.place.store(folder, tuning)

    @contextmanager
    def index_and_oracle(self, tuning: Tuning) -> Iterator[tuple[Index, Index]]:
        """The same, and removed at once: the examples are many."""
        with super().index_and_oracle(tuning) as (index, oracle):
            try:
                yield index, oracle
            finally:
                self.place.clear(index.folder)

    @contextmanager
    def elsewhere(self, folder: Path) -> Iterator[AskedElsewhere]:
        """Another process, as a server is beside the indexer."""
        settings = self.place.settings(folder)
        own = {
            "KB_ENGINE": "opensearch",
            "KB_OPENSEARCH_URL": settings.opensearch_url,
            "KB_OPENSEARCH_PREFIX": settings.opensearch_prefix,
        }
        with subprocess.Popen(
            [sys.executable, "-c", READER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment() | own,
        ) as process:
            assert process.stdin
            assert process.stdout
            asking, said = process.stdin, process.stdout

            def asked() -> list[str]:
                asking.write("?\n")
                asking.flush()
                return [id for id in said.readline().strip().split(",") if id]

            try:
                yield asked
            finally:
                process.kill()
