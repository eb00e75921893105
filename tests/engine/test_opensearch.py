"""The engine over a cluster is an engine; and what only a cluster can suffer. All of it on real nodes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self
from urllib.error import HTTPError

import pytest
from cluster import nodes
from cluster.answers import scores_of, unscored
from cluster.front import certificates, front
from hypothesis import given, settings
from hypothesis import strategies as st
from library import TAXONOMY, Library, environment
from typer.testing import CliRunner

from engine.contract import (
    MANY,
    SCORE,
    TUNINGS,
    AskedElsewhere,
    EngineContract,
    Given,
    Index,
    check,
    check_content,
    check_parts,
    check_places,
    concept,
    document,
    exact,
    histories,
    ids_of_documents,
    in_a_process,
    lemma,
    requests,
    word,
)
from kb import indexer
from kb.cli import app
from kb.deadline import Deadline, within
from kb.engine import Matches, Request
from kb.engine.opensearch import OpenSearchStore
from kb.engine.opensearch.commits import Dead
from kb.engine.opensearch.layout import PAGE, row_of_dead
from kb.engine.opensearch.queries import listed
from kb.errors import EngineUnavailable, IndexDamaged, IndexLocked, IndexMismatch, KbError, TooSlow
from kb.model import Results, Status
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings
from kb.tuning import Tuning

if lacking := nodes.lacking():
    pytest.skip(lacking, allow_module_level=True)

WHERE = ("engine", "opensearch_url", "opensearch_prefix")
"""The settings that name an index in the cluster."""


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

    def variables(self, folder: Path) -> dict[str, str]:
        """Those settings as another process is given them."""
        own = self.settings(folder)
        return {f"KB_{name.upper()}": str(getattr(own, name)) for name in WHERE}

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
    """Two nodes."""
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

    def elsewhere(self, folder: Path) -> AbstractContextManager[AskedElsewhere]:
        """Another process, as a server is beside the indexer."""
        return in_a_process(**self.place.variables(folder))

    # Only this engine

    @given(histories(), st.lists(requests(), min_size=1, max_size=4), st.sampled_from(TUNINGS))
    @settings(MANY, max_examples=8)
    def test_the_parts_of_a_score_make_the_score(
        self, history: list[tuple[list[Given], list[str], bool]], asked: list[Request], tuning: Tuning
    ) -> None:
        """What is told of a page that matches adds up to its score, the factor of contents pages in it."""
        with self.index_and_oracle(tuning) as (index, _):
            for added, removed, rebuild in history:
                index.commit(*added, removed=removed, rebuild=rebuild)
            state = index.state
            for request in asked:
                check_parts(state, request)

    @given(histories())
    @settings(MANY, max_examples=8)
    def test_where_terms_stand_is_known(self, history: list[tuple[list[Given], list[str], bool]]) -> None:
        """Of each page the words that have a term, counted as they were given; of a page that is not there none."""
        with self.index_and_oracle(Tuning()) as (index, oracle):
            for added, removed, rebuild in history:
                for one in (index, oracle):
                    one.commit(*added, removed=removed, rebuild=rebuild)
            there = {own.id for own in oracle.state.documents()}
            latest = {given[0].document.id: given[0] for added, *_ in history for given in added}
            check_places(index.state, [given for id, given in latest.items() if id in there])


# A collection that is searched while something happens to the cluster

ASKED = Request(concepts=(word("gmina"), concept(lemma("rada", "gminy"), exact("wójt"))), limit=50)


@pytest.fixture
def index(place: Place, tmp_path: Path) -> Iterator[Index]:
    """An index with some documents."""
    made = Index(place.store, tmp_path / "index", Tuning())
    made.commit(*(some(number) for number in range(20)))
    yield made
    place.clear(tmp_path / "index")


def some(number: int) -> Given:
    """A document, different by its number."""
    return document(f"d{number:02}", f"gmina {number} " + "rok " * number, "rada gminy, wójt", title=f"Tytuł {number}")


class Searching:
    """Threads that ask over and over, and keep every answer and every error."""

    def __init__(self, index: Index, threads: int = 2) -> None:
        self._index = index
        self._ending = threading.Event()
        self.answers: list[Matches] = []
        self.errors: list[Exception] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]
        self._one_more = threading.Condition()

    def _ask(self) -> None:
        while not self._ending.wait(0.05):  # a node that starts needs the processors, too
            try:
                with within(Deadline(20)):
                    self.answers.append(self._index.state.match(ASKED))
            except Exception as error:  # noqa: BLE001 - whatever it is, a test looks at it
                self.errors.append(error)
            with self._one_more:
                self._one_more.notify_all()

    def go_on(self, answers: int = 12) -> None:
        """Until so many more answers or errors have come."""
        with self._one_more:
            wanted = len(self.answers) + len(self.errors) + answers
            assert self._one_more.wait_for(lambda: len(self.answers) + len(self.errors) >= wanted, timeout=120)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("managing", [False, True])
def test_the_death_of_a_node(place: Place, index: Index, managing: bool) -> None:
    """SIGKILL of a node under search and under indexing: no answer is wrong or partial, and the run is committed.

    While the other node manages the cluster, no question fails. Where it was the manager, of two nodes none can take its
    place: what is not answered then is refused, and the run waits until it is back.
    """
    cluster = place.cluster
    victim = cluster.manager() if managing else 1 - cluster.manager()
    before = ids_of_documents(index.state)
    expected = index.state.match(ASKED)
    back = threading.Thread(target=cluster.restart, args=(victim,))
    with Searching(index) as searching:
        searching.go_on()
        with index.store.writer(f"{index.store.format} 1") as writer:
            writer.add(*some(30))
            writer.send()
            cluster.kill(victim)
            searching.go_on()
            back.start()
            writer.add(*some(31))
            writer.send()
            searching.go_on()
            back.join()
            answers = list(searching.answers)
            writer.commit()
        searching.go_on()
    assert all(answer == expected for answer in answers)
    assert {type(error) for error in searching.errors} <= ({EngineUnavailable, TooSlow} if managing else set())
    assert ids_of_documents(index.state) == [*before, "d30", "d31"]
    assert searching.answers[-1] == index.state.match(ASKED) != expected
    index.store.verify()


def test_a_network_that_hangs_costs_no_answer(place: Place, index: Index) -> None:
    """Of two ways to the cluster one that takes requests and never answers is left; with no other the reader is told in time."""
    expected = index.state.match(ASKED)
    first, second = place.cluster.urls
    with front(first) as (url, server):
        both = place.store(index.folder, opensearch_url=f"{url},{second}")
        alone = place.store(index.folder, opensearch_url=url)
        assert alone.current().match(ASKED) == both.current().match(ASKED) == expected
        server.hangs = True
        for _ in range(4):
            with within(Deadline(4)):
                assert both.current().match(ASKED) == expected
        with pytest.raises((EngineUnavailable, TooSlow)), within(Deadline(0.5)):
            alone.current()
        server.hangs = False
        assert alone.current().match(ASKED) == expected


def test_a_writer_taken_for_dead_writes_nothing(place: Place, index: Index) -> None:
    """One of another machine that has not been heard of for long is taken over; waking up, it cannot commit."""
    cluster, lock = place.cluster, f"/{place.names[index.folder]}-state/_doc/lock"
    other = place.store(index.folder)
    with index.store.writer(f"{index.store.format} 1") as sleeper:
        sleeper.add(*some(40))
        sleeper.send()
        held = cluster.ask(lock)["_source"]
        cluster.ask(lock, method="PUT", body=held | {"host": "inna-maszyna"})
        with pytest.raises(IndexLocked, match="trwa"), other.writer(f"{other.format} 1"):
            pass
        cluster.ask(lock, method="PUT", body=held | {"host": "inna-maszyna", "heard": held["heard"] - 100})
        with other.writer(f"{other.format} 1") as writer:
            writer.add(*some(41))
            writer.commit()
        # What the sleeper still sends counts for nobody, now and after the next runs.
        sleeper.add(*some(42))
        with pytest.raises(IndexLocked, match="przejął"):
            sleeper.commit()
    cluster.ask(f"/{index.state.commit.build}/_refresh", method="POST")
    assert {"d40", "d42"}.isdisjoint(ids_of_documents(index.state))
    index.commit(some(43))
    assert ids_of_documents(index.state)[-2:] == ["d41", "d43"]
    index.store.verify()


KILLED = """\
import os, signal, sys
from pathlib import Path
from engine.test_opensearch import some
from kb.engine import open_store
from kb.settings import load
store = open_store(load())
with store.writer(f"{store.format} 1", rebuild=sys.argv[1] == "rebuild") as writer:
    writer.remove("d00")
    writer.add(*some(50))
    writer.send()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["change", "rebuild"])
def test_a_run_killed_halfway_has_not_happened(place: Place, index: Index, how: str) -> None:
    """SIGKILL of the indexer leaves the index as it was, whatever the cluster refreshes; the next run need not wait."""
    before = ids_of_documents(index.state)
    own = environment(**place.variables(index.folder))
    done = subprocess.run([sys.executable, "-c", KILLED, how], env=own, check=False)
    assert done.returncode == -signal.SIGKILL
    place.cluster.ask(f"/{place.names[index.folder]}-*/_refresh", method="POST")
    assert ids_of_documents(index.state) == before
    assert "d50" not in index.ids(word("gmina"), limit=50)
    index.commit(some(51))
    assert ids_of_documents(index.state) == [*before, "d51"]
    index.store.verify()
    builds = place.cluster.ask(f"/_cat/indices/{place.names[index.folder]}-build-*?format=json")
    assert len(builds) == 1
    # Rows of a build that is gone need not be told apart for ever.
    assert len(index.state.commit.void) == (how == "change")


def test_what_is_no_text_is_refused_before_it_is_sent(index: Index) -> None:
    """A page with half a letter of two code units is an error of its document alone; the one of the same id stays."""
    added, file = some(3)
    broken = replace(added.pages[0], page=replace(added.pages[0].page, text="gmina \ud83d"))
    with index.store.writer(f"{index.store.format} 1") as writer:
        with pytest.raises(ValueError, match=r"surrogates|serializ"):
            writer.add(replace(added, pages=[broken]), file)
        writer.add(*some(70))
        writer.commit()
    assert {"d03", "d70"} <= set(ids_of_documents(index.state))
    index.store.verify()


def test_readers_have_one_build_or_the_other(index: Index) -> None:
    """While everything is built anew beside and switched to, each answer is that of a whole build."""
    before = index.state.match(ASKED)
    with Searching(index) as searching:
        searching.go_on()
        for _ in range(2):
            index.commit(*(some(number) for number in range(15)), rebuild=True)
            searching.go_on()
    after = index.state.match(ASKED)
    assert searching.errors == []
    assert [answer for answer in searching.answers if answer not in (before, after)] == []
    assert {answer.total for answer in searching.answers} == {20, 15}


def test_what_no_reader_can_need_is_removed(place: Place, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that were replaced, and builds before the last one, go with a later run; a state that lived through it is right."""
    reader = place.store(index.folder)
    reader.current().documents(), reader.current().lexicon()
    index.commit(document("d00", "powiat"), removed=["d01"])
    monkeypatch.setattr("kb.engine.opensearch.store.KEPT_SECONDS", 0.0)
    index.commit(document("d02", "powiat"))
    build = index.state.commit.build
    place.cluster.ask(f"/{build}/_refresh", method="POST")
    rows = place.cluster.ask(f"/{build}/_search?q=document:d01&size=0&track_total_hits=true")
    assert rows["hits"]["total"]["value"] == 0
    anew = Index(place.store, index.folder, Tuning())
    check_content(reader.current(), anew.state)
    check(reader.current(), anew.state, ASKED)
    assert ids_of_documents(reader.current()) == [f"d{number:02}" for number in range(20) if number != 1]
    for _ in range(3):
        index.commit(some(1), rebuild=True)
    index.commit(some(2))
    name = place.names[index.folder]
    assert len(place.cluster.ask(f"/_cat/indices/{name}-build-*?format=json")) == 2


def test_there_are_few_lists_of_removed_documents(place: Place, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often documents are replaced, a query has few lists to look at; each state keeps its own documents."""
    monkeypatch.setattr("kb.engine.opensearch.writer._LISTS", 2)
    reader = place.store(index.folder)
    reader.current().documents(), reader.current().lexicon()
    seen = []
    for number in range(7):
        index.commit(document("d00", f"powiat {number}"), removed=[f"d{number + 1:02}"])
        assert len(index.state.commit.dead) <= 2
        seen.append((index.state, ids_of_documents(index.state)))
        if number % 3 == 0:
            assert ids_of_documents(reader.current()) == seen[-1][1]
    for number, (state, ids) in enumerate(seen):
        assert ids_of_documents(state) == ids == ["d00", *(f"d{left:02}" for left in range(number + 2, 20))]
        assert state.match(Request(concepts=(word("powiat"),))).total_pages == 1
    anew = Index(place.store, index.folder, Tuning())
    check_content(reader.current(), anew.state)
    check(reader.current(), anew.state, ASKED)
    index.store.verify()


def test_a_long_list_of_removed_documents(place: Place, index: Index) -> None:
    """The cluster reads a list of thousands as it is meant."""
    build, ords = index.state.commit.build, [500_001, 500_002, 509_998, 509_999, 570_000, 570_001]
    for ord in ords:
        place.cluster.ask(f"/{build}/_doc/{ord}", method="PUT", body={"row": PAGE, "born": 99, "ord": ord})
    removed = {*range(500_000, 510_000, 2), 570_001}
    id, row = row_of_dead(removed, 99)
    place.cluster.ask(f"/{build}/_doc/{id}?refresh=true", method="PUT", body=row)
    found = place.cluster.ask(f"/{build}/_search", method="POST", body={"query": listed(build, Dead(at=0, number=99))})
    assert {int(hit["_id"]) for hit in found["hits"]["hits"]} == removed.intersection(ords)


def test_another_base_is_left_alone(place: Place, index: Index) -> None:
    """What is removed has the whole name of a build: another base may be called by what builds' names begin with."""
    other = f"{place.names[index.folder]}-build-2-state"
    place.cluster.ask(f"/{other}", method="PUT")
    index.commit(some(1))
    assert other in place.cluster.ask(f"/{other}")


# What a cluster may refuse


def refused(store: OpenSearchStore) -> EngineUnavailable:
    """The error of a store that cannot be read."""
    with pytest.raises(EngineUnavailable) as error:
        store.current().match(ASKED)
    return error.value


def test_a_cluster_that_is_away(place: Place, index: Index) -> None:
    """An administrator is told which setting has the address, a reader nothing of the kind."""
    port = nodes.free_ports(1)[0]
    error = refused(place.store(index.folder, opensearch_url=f"http://127.0.0.1:{port}"))
    assert "KB_OPENSEARCH_URL" in error.message
    assert str(port) in error.details[0]
    assert "OpenSearch" not in error.for_readers


def test_a_user_with_a_password_over_tls(place: Place, index: Index, tmp_path: Path) -> None:
    """With the authority's certificate, the user and the password, also from a file, the cluster answers; else it is said why."""
    own = certificates(tmp_path / "certificates")
    others = certificates(tmp_path / "others")
    (tmp_path / "password").write_text("tajne-hasło\n")
    with front(place.cluster.urls[0], password="kb:tajne-hasło", own=own) as (url, _):
        right = {"opensearch_url": url, "opensearch_ca": own.authority, "opensearch_user": "kb"}
        for password in (
            {"opensearch_password": "tajne-hasło"},
            {"opensearch_password_file": tmp_path / "password"},
        ):
            assert place.store(index.folder, **right, **password).current().match(ASKED).total == 20
        wrong = refused(place.store(index.folder, **right, opensearch_password="inne-hasło"))
        assert "KB_OPENSEARCH_PASSWORD" in wrong.message
        assert "inne-hasło" not in f"{wrong.message} {wrong.details}"
        for authority in (others.authority, None):
            given = right | {"opensearch_ca": authority, "opensearch_password": "tajne-hasło"}
            assert "KB_OPENSEARCH_CA" in refused(place.store(index.folder, **given)).message
    assert "tajne" not in repr(place.settings(index.folder, opensearch_password="tajne-hasło"))


def test_a_client_with_a_certificate(place: Place, index: Index, tmp_path: Path) -> None:
    """Where the cluster wants a certificate of who asks, one is sent; without it the connection is refused."""
    own = certificates(tmp_path / "certificates")
    with front(place.cluster.urls[0], own=own, asks_client=True) as (url, _):
        given = {"opensearch_url": url, "opensearch_ca": own.authority}
        assert place.store(index.folder, **given, opensearch_cert=own.client).current().match(ASKED).total == 20
        assert "KB_OPENSEARCH_CERT" in refused(place.store(index.folder, **given)).message
    with pytest.raises(KbError, match="KB_OPENSEARCH_CA"):
        place.store(index.folder, opensearch_url="https://127.0.0.1", opensearch_ca=tmp_path / "brak.pem")


def test_an_index_of_another_schema(place: Place, index: Index) -> None:
    """What another version has written is not read, and is replaced by the next run."""
    index.commit(some(1), rebuild=True)
    path = f"/{place.names[index.folder]}-state/_doc/state"
    state = place.cluster.ask(path)["_source"]
    place.cluster.ask(path, method="PUT", body=state | {"fingerprint": "opensearch-0 1"})
    for read in (index.store.current, index.store.live, index.store.verify):
        with pytest.raises(IndexMismatch, match="kb index"):
            read()
    index.commit(some(2))
    assert ids_of_documents(index.state) == ["d02"]
    place.cluster.ask(path, method="PUT", body={"epoch": "?"})
    with pytest.raises(IndexMismatch, match="KB_OPENSEARCH_PREFIX"):
        index.store.current()


def test_an_index_that_is_gone_or_lacks_rows(place: Place, index: Index) -> None:
    """It is told as damaged, and the next run builds it anew."""
    build = index.state.commit.build
    lost = {"query": {"term": {"document": "d03"}}}
    place.cluster.ask(f"/{build}/_delete_by_query?refresh=true", method="POST", body=lost)
    with pytest.raises(IndexDamaged) as damage:
        index.store.verify()
    assert "20 i 40, a jest 19 i 38" in damage.value.details[0]
    place.cluster.ask(f"/{build}", method="DELETE")
    for read in (index.store.live, index.store.verify, lambda: index.state.match(ASKED)):
        with pytest.raises(IndexDamaged) as damage:
            read()
        assert build in damage.value.details[0]
    index.commit(some(1))
    assert ids_of_documents(index.state) == ["d01"]


def test_a_cluster_that_lacks_a_part_of_the_index(place: Place, index: Index) -> None:
    """Nothing is shown in place of the whole; the error has what the cluster says of itself."""
    build = index.state.commit.build
    place.cluster.ask(f"/{build}", method="DELETE")
    nowhere = {"index": {"number_of_shards": 2, "number_of_replicas": 0, "routing.allocation.require._name": "nikt"}}
    place.cluster.ask(f"/{build}?wait_for_active_shards=0", method="PUT", body={"settings": nowhere})
    with within(Deadline(3)):
        error = refused(index.store)
    assert "kb status" in error.message
    assert "stan klastra: red, węzły: 2" in error.details[-1]
    assert index.store.condition().health == "red"
    assert index.store.condition().lacking == 2


def test_a_cluster_that_takes_no_writes(place: Place, index: Index) -> None:
    """A disk that is nearly full locks indexes against writing: readers read on, the indexer says where to make room."""
    build = index.state.commit.build
    place.cluster.ask(f"/{build}/_settings", method="PUT", body={"index.blocks.read_only_allow_delete": True})
    with pytest.raises(EngineUnavailable, match="miejsce"):
        index.commit(some(60))
    assert index.state.match(ASKED).total == 20
    place.cluster.ask(f"/{build}/_settings", method="PUT", body={"index.blocks.read_only_allow_delete": None})
    index.commit(some(60))
    assert index.state.match(ASKED).total == 21


def test_a_cluster_with_too_many_shards(place: Place, index: Index) -> None:
    """Where it makes no more of them, the indexer has its own words for it, and the state before goes on."""
    limit = "cluster.max_shards_per_node"
    place.cluster.ask("/_cluster/settings", method="PUT", body={"persistent": {limit: 1}})
    try:
        with pytest.raises(EngineUnavailable) as error:
            index.commit(some(60), rebuild=True)
    finally:
        place.cluster.ask("/_cluster/settings", method="PUT", body={"persistent": {limit: None}})
    assert "maximum shards open" in error.value.details[-1]
    assert index.state.match(ASKED).total == 20
    index.commit(some(60))
    assert index.state.match(ASKED).total == 21


def test_a_question_longer_than_the_cluster_allows(place: Place, index: Index) -> None:
    """The setting that limits it is named. Words that stand nowhere make no question longer."""
    limit = "indices.query.bool.max_clause_count"
    index.commit(document("d99", " ".join(f"słowo{number}" for number in range(40))))
    place.cluster.ask("/_cluster/settings", method="PUT", body={"persistent": {limit: 30}})
    try:
        nowhere = Request(concepts=tuple(word(f"nigdzie{number}") for number in range(40)))
        assert index.state.match(nowhere).total == 0
        long = Request(concepts=tuple(word(f"słowo{number}") for number in range(40)))
        with pytest.raises(EngineUnavailable, match=limit):
            index.state.match(long)
    finally:
        place.cluster.ask("/_cluster/settings", method="PUT", body={"persistent": {limit: None}})


def test_the_command_line_over_a_cluster(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``kb index`` fills the cluster, ``kb search`` finds, and ``kb status`` tells of its nodes and shards."""
    library = Library(tmp_path)
    library.markdown("a.md", "Gmina i rada gminy.", title="Statut")
    for name, value in place.variables(tmp_path / "index").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KB_MEANING", "off")
    folders = ["--documents", str(library.documents), "--index", str(tmp_path / "index")]

    def run(*command: str) -> str:
        done = CliRunner().invoke(app, [command[0], *folders, *command[1:]], env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.stdout

    run("index")
    assert "Statut" in run("search", "gminy")
    place.cluster.wait(2, status="green")
    said = run("status")
    assert "Klaster: sprawny; węzły: 2; fragmenty indeksu: 2\n" in said
    assert "Stan: aktualny" in said
    told = json.loads(run("status", "--json"))["cluster"]
    assert (told["health"], told["nodes"], told["shards"], told["lacking"]) == ("green", 2, 2, 0)
    monkeypatch.setenv("KB_OPENSEARCH_URL", f"http://127.0.0.1:{nodes.free_ports(1)[0]}")
    away = CliRunner().invoke(app, ["status", *folders])
    assert away.exit_code == 2
    assert "KB_OPENSEARCH_URL" in away.stderr
    place.clear(tmp_path / "index")


# The whole over it

TEXTS = {
    "Strategia rozwoju transportu": "Gmina wspiera transport publiczny. Autobus co godzinę.\n\n## Budżet\n\nKoszt: 5 mln zł.",
    "Poradnik ZIT": "Zintegrowane inwestycje terytorialne pomagają gminom.\n\n## Kto może\n\nWójt składa wniosek do 30 maja.",
    "Raport o powietrzu": "Jakość powietrza w powiecie poprawia się od 2020 roku. Rada gminy przyjęła uchwałę antysmogową.",
    "Usługi społeczne": "Dzienny dom pomocy w gminie. Opieka nad osobami starszymi i transport do lekarza.",
}
QUESTIONS = (
    "gmina",
    "transport publczny",
    "jakosc powietrza",
    "„rada gminy”",
    "gmina -wójt",
    "kto składa wniosek do zit",
    "nie ma takich slow nigdzie",
    "uchwała rady",
    "",
)


def alike(one: Results, other: Results) -> None:
    """Two results are the same but for the last digits of scores, and the time that they took."""
    for own, others in zip(scores_of(one), scores_of(other), strict=True):
        assert own == pytest.approx(others, rel=SCORE)
    assert unscored(one) == unscored(other)


def test_the_site_finds_the_same(place: Place, tmp_path: Path) -> None:
    """Documents indexed into the cluster are found, repaired, suggested and related as those of the embedded engine."""
    library = Library(tmp_path)
    library.write("taxonomy.yaml", TAXONOMY)
    for number, (title, text) in enumerate(TEXTS.items()):
        kind = "raport" if number % 2 else "poradnik"
        library.markdown(f"{number}.md", f"# {title}\n\n{text}", title=title, kind=kind, topics=["transport"])
    library.pdf("plik.pdf", ["Program ochrony powietrza w gminie"], ["Uchwała rady gminy z 2023 roku"], title="Plik")
    embedded = library.settings(meaning="off", jobs=1)
    own = place.settings(tmp_path / "index")
    cluster = library.settings(meaning="off", jobs=1, **{name: getattr(own, name) for name in WHERE})
    reports = [indexer.run(settings) for settings in (embedded, cluster)]
    assert [report.documents for report in reports] == [len(TEXTS) + 1] * 2
    one, other = (KnowledgeBase(settings) for settings in (embedded, cluster))
    for text in QUESTIONS:
        for filters in ({}, {"kind": ("raport",)}):
            query = make_query(text, filters=filters)
            alike(one.search(query), other.search(query))
        assert one.suggest(text) == other.suggest(text)
    for known in one.documents():
        assert one.related(known.id) == other.related(known.id)
    again = indexer.run(cluster)
    assert {file.status for file in again.files} <= {Status.UNCHANGED, Status.SKIPPED}
    place.clear(tmp_path / "index")
