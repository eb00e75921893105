"""The embedded engine is an engine; and what only it does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import (
    MANY,
    TUNINGS,
    AskedElsewhere,
    EngineContract,
    Given,
    Index,
    analysed,
    check,
    check_content,
    check_parts,
    check_places,
    concept,
    document,
    documents,
    exact,
    histories,
    in_a_process,
    requests,
    word,
)
from kb.engine import Explains, Request
from kb.engine.embedded import EmbeddedStore
from kb.engine.embedded.segments import KeptLists
from kb.settings import Settings
from kb.tuning import Tuning


class TestEmbedded(EngineContract):
    """All that any engine must do."""

    def open(self, folder: Path, tuning: Tuning) -> EmbeddedStore:
        """A store of an index folder."""
        return EmbeddedStore(Settings(index=folder), tuning)

    def elsewhere(self, folder: Path) -> AbstractContextManager[AskedElsewhere]:
        """Another process, as a server is beside the indexer."""
        return in_a_process(KB_INDEX=str(folder))

    # Only this engine

    @given(histories(), st.lists(requests(), min_size=1, max_size=4), st.sampled_from(TUNINGS))
    @settings(MANY, max_examples=40)
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

    def test_what_is_not_there_has_no_explanation(self, index: Index) -> None:
        """Of a document or page that the index lacks there is nothing to tell."""
        index.commit(document("a", "gmina"), document("b", "gmina"))
        state = index.state
        assert isinstance(state, Explains)
        asked = [("brak", 1), ("a", 0), ("a", 2), ("a", -1), ("b", 2)]
        assert [list(state.explain([word("gmina")], *page)) for page in asked] == [[]] * 5
        assert len(state.explain([word("gmina")], "b", 1)) == 1

    @given(histories())
    @settings(MANY, max_examples=40)
    def test_where_terms_stand_is_known(self, history: list[tuple[list[Given], list[str], bool]]) -> None:
        """Of each page the words that have a term, counted as they were given; of a page that is not there none."""
        with self.index_and_oracle(Tuning()) as (index, _):
            latest: dict[str, Given] = {}
            for added, removed, rebuild in history:
                index.commit(*added, removed=removed, rebuild=rebuild)
                latest = {} if rebuild else {id: given for id, given in latest.items() if id not in removed}
                latest |= {given[0].document.id: given for given in added}
            check_places(index.state, [given for given, _ in latest.values()])

    def test_a_small_cache_changes_no_answer(self, index: Index) -> None:
        """With memory for hardly any posting list the answers are the same, the first time and again."""
        index.commit(*(document(str(n), "gmina powiat " * n, "wójt rada") for n in range(1, 30)))
        store = EmbeddedStore(Settings(index=index.folder), Tuning())
        store._kept, store._cache_bytes = KeptLists(1), 1
        small = store.current()
        request = Request(concepts=(word("gmina"), concept(exact("rada"))), limit=50)
        assert small.match(request) == index.state.match(request) == small.match(request)

    def test_what_is_kept_of_a_question_changes_no_answer(self, index: Index) -> None:
        """The next page, another filter and another order of a question find what a newly opened index finds."""
        index.commit(
            *(document(str(n), "gmina " * n, "powiat gmina", kind=("raport", None)[n % 2]) for n in range(1, 30))
        )
        concepts = (word("gmina"), word("powiat"))
        asked = [
            Request(concepts=concepts, limit=5),
            Request(concepts=concepts, limit=5, offset=5, floor=1.5),
            Request(concepts=concepts, limit=5, filters={"kind": frozenset(["raport"])}),
            Request(concepts=concepts, limit=5, sort="oldest", order=("7", "3")),
            Request(concepts=concepts, limit=0),
            Request(concepts=(concepts[0], word("powiat", excluded=True)), limit=5),
        ]
        kept = index.state
        for request in asked * 2:
            assert kept.match(request) == EmbeddedStore(Settings(index=index.folder), Tuning()).current().match(request)

    def test_lists_of_a_segment_are_kept_over_a_commit(self, index: Index) -> None:
        """What a commit leaves as it was is not read again."""
        index.commit(document("a", "gmina"))
        before = index.state
        before.frequencies([word("gmina")])
        kept = before.rows.segments[0]._kept
        index.commit(document("b", "gmina"))
        after = index.state
        first, same = before.rows.segments[0], after.rows.segments[0]
        assert first.columns is same.columns
        assert same._kept is kept
        assert kept.place((same.id, "lemma", "gmin"), lambda: None) is not None
        assert kept.lists.get((same.id, "lemma", "gmin")) is not None

    @given(st.lists(documents("x"), min_size=3, max_size=5), requests())
    @settings(MANY, max_examples=10)
    def test_merging_many_segments_changes_nothing(self, made: list[Given], request: Request) -> None:
        """A dozen of commits, merged on the way, answer as one does."""
        with self.index_and_oracle(Tuning()) as (many, oracle):
            latest: dict[str, Given] = {}
            for number in range(12):
                own, _ = made[number % len(made)]
                named = replace(own.document, id=f"d{number % 7}", title=f"{own.document.title} {number}")
                given = analysed(named, [page.page for page in own.pages])
                many.commit(given)
                latest.pop(named.id, None)
                latest[named.id] = given
            oracle.commit(*latest.values())
            assert len(many.state.rows.segments) < 8
            check_content(many.state, oracle.state)
            check(many.state, oracle.state, request)
