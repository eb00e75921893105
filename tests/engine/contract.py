"""What any engine must do, as tests: an engine joins by a class that says how its store is opened.

Whatever was committed and whatever is asked, an engine answers as ``plain.PlainStore``, which is the protocol's docstring
written out; small examples say what that means; and the rules of writing hold. For the plain engine itself the comparison is
trivially true.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library import environment

from engine.plain import PlainStore
from kb import model
from kb.engine import (
    AnalysedDocument,
    Concept,
    Explains,
    Field,
    Form,
    Heading,
    IndexedFile,
    Locates,
    Near,
    Request,
    State,
    Store,
    standing,
)
from kb.engine.analysis import Analysis
from kb.errors import IndexLocked, IndexMissing
from kb.facets import FACETS
from kb.model import Document, Page, Status
from kb.polish import shared_analyzer, surface, words
from kb.tuning import Tuning

ANALYSIS = Analysis(shared_analyzer())
SCORE = 1e-4
VOCABULARY = ["gmina", "gminy", "Gminą", "powiat", "wójt", "lata", "rok", "uchwała", "w", "i", "2023", "……… 7"]
"""Few words, so that they meet: inflected forms, two lemmas of one form, function words, a number, a line of contents."""
TUNINGS = [Tuning(), Tuning(title=0, k1=0.4, b=0.1), Tuning(heading=0, contents_page=0), Tuning(title=3, heading=2)]
Given = tuple[AnalysedDocument, IndexedFile]
Open = Callable[[Path, Tuning], Store]
AskedElsewhere = Callable[[], list[str]]


class Index:
    """A store that is written to."""

    def __init__(self, open: Open, folder: Path, tuning: Tuning) -> None:
        self.folder = folder
        self.store = open(folder, tuning)

    @property
    def state(self) -> State:
        """The newest state."""
        return self.store.current()

    def commit(self, *added: Given, removed: Sequence[str] = (), rebuild: bool = False, made_with: str = "1") -> str:
        """One commit; the name of the build that it went to."""
        with self.store.writer(f"{self.store.format} {made_with}", rebuild=rebuild) as writer:
            for id in removed:
                writer.remove(id)
            for document, file in added:
                writer.add(document, file)
            writer.commit()
            return writer.build

    def fail_to_commit(self, added: Given, *, rebuild: bool) -> None:
        """Begin to write, and have an accident."""
        with self.store.writer(f"{self.store.format} 1", rebuild=rebuild) as writer:
            writer.add(*added)
            raise ZeroDivisionError

    def ids(self, *concepts: Concept, **rest: object) -> list[str]:
        """Ids of what is found."""
        return ids(self.state, *concepts, **rest)

    def scores(self, *concepts: Concept) -> dict[str, float]:
        """The score of each document that is found."""
        return {match.document.id: match.score for match in self.state.match(Request(concepts=concepts)).documents}


def ids(state: State, *concepts: Concept, **rest: object) -> list[str]:
    """Ids of what is found in a state."""
    return [match.document.id for match in state.match(Request(concepts=concepts, **rest)).documents]


def ids_of_documents(state: State) -> list[str]:
    """Ids of all that is there."""
    return sorted(document.id for document in state.documents())


def document(
    id: str, *texts: str, title: str = "Tytuł", headings: Sequence[str] = (), words: int = 0, **rest: object
) -> Given:
    """A document with pages of these texts."""
    pages = [
        Page(number=n, text=text, heading=headings[n - 1] if n <= len(headings) else "")
        for n, text in enumerate(texts, 1)
    ]
    described = Document(id=id, title=title, path=f"{id}.md", version="", pages=len(pages), **rest)
    return analysed(described, pages, words)


def analysed(described: Document, pages: Sequence[Page], words: int = 0) -> Given:
    """A document with its pages, and what is to be remembered of its file."""
    file = IndexedFile(
        document=described.id, path=described.path, version="", metadata="", pages=len(pages), words=words
    )
    return ANALYSIS.of_document(described, pages), file


def lemma(*typed: str, weight: float = 1.0) -> Form:
    """Words side by side, each in any form."""
    return Form(field="lemma", steps=tuple(shared_analyzer().terms(word) for word in typed), weight=weight)


def exact(*typed: str, weight: float = 1.0) -> Form:
    """Words just as written."""
    return Form(field="surface", steps=tuple((surface(word),) for word in typed), weight=weight)


def concept(*forms: Form, **rest: object) -> Concept:
    """A concept that may stand in any of the forms."""
    return Concept(label="", forms=forms, **rest)


def word(typed: str, **rest: object) -> Concept:
    """A word in any form."""
    return concept(lemma(typed), **rest)


# What may be in a collection, and what may be asked

TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=8).map(" ".join)
PUBLISHED = st.sampled_from([None, date(2022, 5, 1), date(2023, 1, 1), date(2023, 6, 19)])


@st.composite
def documents(draw: st.DrawFn, id: str) -> Given:
    """A document of a few short pages."""
    return document(
        id,
        *draw(st.lists(TEXTS, min_size=1, max_size=3)),
        title=draw(TEXTS),
        headings=draw(st.lists(TEXTS, max_size=4)),
        edition=draw(st.sampled_from([None, "pilotaz", "cwd-plus"])),
        kind=draw(st.sampled_from([None, "raport", "poradnik"])),
        topics=tuple(draw(st.lists(st.sampled_from(["transport", "energia", "woda"]), unique=True, max_size=2))),
        published=draw(PUBLISHED),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[Given], list[str], bool]]:
    """Up to four commits: documents added or replaced, ids removed, whether all begins anew."""
    names = ["a", "b", "c", "d", "e"]
    made = []
    for _ in range(draw(st.integers(1, 4))):
        added = draw(st.lists(st.sampled_from(names), unique=True, max_size=3))
        removed = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
        made.append(([draw(documents(id)) for id in added], removed, draw(st.integers(0, 5)) == 5))
    return made


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """One word or a phrase with gaps and alternatives, in either field."""
    field = draw(st.sampled_from(["lemma", "surface"]))
    terms_of = shared_analyzer().terms if field == "lemma" else (lambda typed: (surface(typed),))
    known = {term for typed in words(" ".join(VOCABULARY)) for term in terms_of(typed)}
    step = st.lists(st.sampled_from([*sorted(known), "nigdzie"]), max_size=2, unique=True).map(tuple)
    steps = draw(st.lists(step, min_size=1, max_size=3))
    return Form(field=field, steps=tuple(steps), weight=draw(st.sampled_from([1.0, 0.7, 0.2])))


@st.composite
def concepts(draw: st.DrawFn) -> Concept:
    """Any concept."""
    flags = draw(st.sampled_from([{}, {}, {}, {"required": True}, {"excluded": True}, {"bonus": True}]))
    found = draw(st.lists(forms(), min_size=1, max_size=3))
    return concept(*found, worth=draw(st.sampled_from([1.0, 1.0, 0.5, 2.0, 0.0])), **flags)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request."""
    values = {
        "edition": ["pilotaz", "cwd-plus", "brak"],
        "topic": ["transport", "energia"],
        "kind": ["raport"],
        "year": ["2022", "2023"],
    }
    near = st.builds(
        Near, st.sampled_from("abcdx"), st.integers(0, 4), st.sampled_from([0.0, 0.4, 1.3]), joins=st.booleans()
    )
    return Request(
        near=tuple(draw(st.lists(near, max_size=4, unique_by=lambda own: own[:2]))),
        near_least=draw(st.sampled_from([0.0, 0.7, 20.0])),
        concepts=tuple(draw(st.lists(concepts(), max_size=4))),
        filters={
            name: frozenset(draw(st.lists(st.sampled_from(own), max_size=2)))
            for name, own in values.items()
            if draw(st.booleans())
        },
        sort=draw(st.sampled_from(["relevance", "relevance", "newest", "oldest"])),
        order=tuple(draw(st.one_of(st.just([]), st.lists(st.sampled_from("abcdx"), max_size=3, unique=True)))),
        offset=draw(st.integers(0, 2)),
        limit=draw(st.integers(0, 4)),
        pages_per_document=draw(st.integers(0, 3)),
        floor=draw(st.sampled_from([0.0, 0.0, 0.5, 1.0, 1.5, 2.5])),
        facets=draw(st.sampled_from([tuple(FACETS), tuple(FACETS), ("topic", "nieznany"), ()])),
    )


def check(state: State, oracle: State, request: Request) -> None:
    """A state answers as the oracle does, as a whole and slice by slice."""
    whole = replace(request, offset=0, limit=1_000, pages_per_document=1_000)
    expected, matches = oracle.match(whole), state.match(whole)
    assert (matches.total, matches.total_pages) == (expected.total, expected.total_pages)
    assert matches.joined == expected.joined == len(matches.documents) - matches.total
    assert matches.facets == expected.facets
    by_id = {match.document.id: match for match in expected.documents}
    for got, at_this_place in zip(matches.documents, expected.documents, strict=True):
        own = by_id[got.document.id]
        assert got.document == own.document
        # Documents may change places only where rounding makes their scores equal.
        assert got.score == pytest.approx(at_this_place.score, rel=SCORE)
        assert got.score == pytest.approx(own.score, rel=SCORE) == got.pages[0].score
        if request.order:
            named = [id in request.order and id for id in (got.document.id, at_this_place.document.id)]
            assert named[0] == named[1]
        elif request.sort != "relevance":
            assert own.document.published == at_this_place.document.published
        assert got.matching_pages == own.matching_pages == sum(not page.joined for page in got.pages)
        assert {page.number: (pytest.approx(score, rel=SCORE), joined) for page, score, joined in own.pages} == {
            page.number: (score, joined) for page, score, joined in got.pages
        }
        scores = [page.score for page in got.pages]
        assert scores == sorted(scores, reverse=True)

    sliced = state.match(request)
    kept = matches.documents[request.offset : request.offset + request.limit]
    assert list(sliced.documents) == [replace(d, pages=d.pages[: request.pages_per_document]) for d in kept]
    assert (sliced.total, sliced.total_pages, sliced.facets) == (matches.total, matches.total_pages, matches.facets)


def check_content(state: State, oracle: State) -> None:
    """A state holds what the oracle does."""
    assert state.size == oracle.size
    assert state.lexicon() == oracle.lexicon()
    assert list(state.documents()) == list(oracle.documents())
    assert sorted(state.headings()) == sorted(oracle.headings())
    for own in oracle.documents():
        assert state.document(own.id) == own
        assert list(state.pages(own.id)) == list(oracle.pages(own.id))


def check_parts(state: State, request: Request) -> None:
    """What is told of each page that matches adds up to its score."""
    assert isinstance(state, Explains)
    if not any(concept.asked for concept in request.concepts):
        return  # each document matches, by nothing that stands in it
    # What meaning adds is no part of the words' score.
    whole = replace(request, offset=0, limit=1_000, pages_per_document=1_000, near=())
    for match in state.match(whole).documents:
        for page, score, _ in match.pages:
            parts = state.explain(request.concepts, match.document.id, page.number)
            assert sum(part.score for part in parts if part.counted) == pytest.approx(score, rel=SCORE)


def check_places(state: State, documents: Sequence[AnalysedDocument]) -> None:
    """Of each page the words that have a term are told, counted as they were given; of a page that is not there none.

    Pages that were just found are asked for, too.
    """
    assert isinstance(state, Locates)
    pages = [(own.document.id, page.page.number, page.words) for own in documents for page in own.pages]
    asked: dict[Field, set[str]] = {
        "lemma": {term for _, _, words in pages for word in words[::3] for term in word.terms} | {"brak"},
        "surface": {word.surface for _, _, words in pages for word in words[1::5]},
    }
    wanted = [
        [
            number
            for number, word in enumerate(words)
            if word.surface in asked["surface"] or (not word.function and not asked["lemma"].isdisjoint(word.terms))
        ]
        for _, _, words in pages
    ]
    places = [(id, number) for id, number, _ in pages]
    for _ in range(2):
        located = state.locate(asked, [*places, ("brak", 1), *places[:1]])
        assert list(map(list, located)) == [*wanted, [], *wanted[:1]]
        state.match(Request(concepts=(concept(Form(field="lemma", steps=(tuple(asked["lemma"]),))),)))


MANY = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.differing_executors,  # each engine's class runs these tests, which is what they are for
    ],
)


class EngineContract(ABC):
    """What any engine must do."""

    @abstractmethod
    def open(self, folder: Path, tuning: Tuning) -> Store:
        """The engine's store for an index in or of this folder."""

    @abstractmethod
    def elsewhere(self, folder: Path) -> AbstractContextManager[AskedElsewhere]:
        """A reader with a store of its own, opened once, as far from the writer as the engine allows: in another process.

        An engine that lives in one process answers with another thread. It tells the ids of all documents, in order.
        """

    @pytest.fixture
    def index(self, tmp_path: Path) -> Index:
        """An index before its first build."""
        return Index(self.open, tmp_path / "index", Tuning())

    @contextmanager
    def index_and_oracle(self, tuning: Tuning) -> Iterator[tuple[Index, Index]]:
        """An index of the engine and one of the plain engine, in a folder of their own."""
        with tempfile.TemporaryDirectory() as folder:
            yield Index(self.open, Path(folder, "index"), tuning), Index(PlainStore, Path(folder, "plain"), tuning)

    # Any history, any request

    @given(histories(), st.lists(requests(), min_size=1, max_size=8), st.sampled_from(TUNINGS))
    @settings(MANY, max_examples=80)
    def test_it_answers_as_the_rules_say(
        self, history: list[tuple[list[Given], list[str], bool]], asked: list[Request], tuning: Tuning
    ) -> None:
        """Scores, order, totals, pages, facets and frequencies are the rules' after any commits, for any request.

        A state of before goes on answering as it did.
        """
        with self.index_and_oracle(tuning) as (index, oracle):
            states = []
            for added, removed, rebuild in history:
                for one in (index, oracle):
                    one.commit(*added, removed=removed, rebuild=rebuild)
                states.append((index.state, oracle.state))
            for state, expected in states:
                check(state, expected, asked[0])
            for request in asked[1:]:
                check(index.state, oracle.state, request)
            assert index.state.totals(asked) == [index.state.match(request).total for request in asked]
            wanted = [one for request in asked for one in request.concepts]
            assert index.state.frequencies(wanted) == oracle.state.frequencies(wanted)

    @given(histories())
    @settings(MANY, max_examples=40)
    def test_it_holds_what_was_committed(self, history: list[tuple[list[Given], list[str], bool]]) -> None:
        """Sizes, documents in their order, pages, headings and words are those of the documents that are there.

        Words that only removed or replaced documents had are gone, the others count their pages; old states keep theirs.
        """
        with self.index_and_oracle(Tuning()) as (index, oracle):
            states = []
            for added, removed, rebuild in history:
                for one in (index, oracle):
                    one.commit(*added, removed=removed, rebuild=rebuild)
                states.append((index.state, oracle.state))
            for state, expected in states:
                check_content(state, expected)

    # What is found

    def test_rare_words_and_short_pages_count_more(self, index: Index) -> None:
        """Of two words the rarer one decides, of two pages with a word the shorter one comes first."""
        index.commit(
            document("rare", "statut powiat powiat"),
            document("common", "gmina powiat powiat"),
            document("long", "gmina " + "powiat " * 40),
            *(document(f"other{i}", "gmina wójt rok") for i in range(6)),
        )
        assert index.ids(word("statut"), word("gmina"))[0] == "rare"
        assert index.ids(word("gmina"))[-1] == "long"

    def test_of_a_concepts_forms_the_best_counts_and_fields_add_up(self, index: Index) -> None:
        """A lighter form of the same field adds nothing; the typed form beside its lemma does."""
        index.commit(document("a", "gmina wójt"), document("b", "gminy wójt"), document("c", "rok"))
        alone = index.scores(concept(lemma("gmina")))
        assert index.scores(concept(lemma("gmina"), lemma("wójt", weight=0.1))) == pytest.approx(alone, rel=SCORE)
        typed = index.scores(concept(lemma("gmina"), exact("gmina", weight=0.2)))
        assert typed["a"] > alone["a"]
        assert typed["b"] == pytest.approx(alone["b"], rel=SCORE)

    def test_a_function_word_is_in_the_text_and_not_among_lemmas(self, index: Index) -> None:
        """A function word is found as written alone; in titles also as a lemma."""
        index.commit(document("a", "tekst w gminie"), document("b", "tekst", title="Co w gminie"))
        assert index.ids(concept(exact("w"))) == ["a"]
        assert index.ids(word("w")) == ["b"]

    def test_phrase_stands_on_one_page(self, index: Index) -> None:
        """A phrase is found where its words stand side by side in order: not apart, turned round or over two pages."""
        index.commit(
            document("yes", "plan rada gminy uchwala"),
            document("apart", "rada miasta i gminy"),
            document("turned", "gminy rada"),
            document("over", "to jest rada", "gminy obok"),
            document("inflected", "radą gminy"),
        )
        assert index.ids(concept(exact("rada", "gminy"), required=True)) == ["yes"]
        assert sorted(index.ids(concept(lemma("rada", "gmina")))) == ["inflected", "yes"]

    def test_gap_in_a_phrase_is_any_one_word_of_the_page(self, index: Index) -> None:
        """An empty step needs a word, also a function word: a phrase that begins with one does not begin on the page before."""
        index.commit(document("a", "nie czyń"), document("b", "tekst", "czyń szkody"), document("c", "czyń"))
        assert index.ids(concept(Form(field="lemma", steps=((), *lemma("czyń").steps)))) == ["a"]
        gap = Form(field="surface", steps=(("nie",), (), ()))
        assert index.ids(concept(gap)) == ["a"]
        assert index.ids(concept(Form(field="surface", steps=((), ())))) == []

    def test_title_alone_finds_the_first_page(self, index: Index) -> None:
        """A word of the title finds the document's first page, and adds to the pages that match otherwise."""
        index.commit(
            document("a", "tekst", "wójt", title="Strategia"), document("b", "tekst", "wójt", title="Inny tytuł")
        )
        alone = index.state.match(Request(concepts=(word("strategia"),)))
        assert [(match.document.id, [page.number for page, *_ in match.pages]) for match in alone.documents] == [
            ("a", [1])
        ]
        both = index.state.match(Request(concepts=(word("strategia"), word("wójt"))))
        assert both.documents[0].document.id == "a"
        assert 2 in [page.number for page, *_ in both.documents[0].pages]

    def test_heading_adds_to_its_own_page(self, index: Index) -> None:
        """A word of a heading lifts the page that it stands over, and finds none by itself but the first."""
        index.commit(
            document("a", "wójt", "wójt", "rok", headings=["", "Budżet", "Budżet"]), document("b", "rok", "rok")
        )
        match = index.state.match(Request(concepts=(word("budżet"), word("wójt")))).documents[0]
        assert [page.number for page, *_ in match.pages] == [2, 1]
        assert index.ids(word("budżet")) == []

    def test_a_bonus_of_title_or_heading_alone_is_none(self, index: Index) -> None:
        """A bonus counts where it stands in the text, there with title and heading; alone it finds nothing."""
        index.commit(
            document("title", "powiat", title="Rada gminy"),
            document("text", "powiat rada gminy", title="Rada gminy"),
            document("none", "powiat"),
            document("only", "rada gminy"),
        )
        scores = index.scores(word("powiat"), concept(lemma("rada", "gminy"), bonus=True))
        assert set(scores) == {"title", "text", "none"}
        assert scores["title"] == pytest.approx(scores["none"], rel=SCORE)
        assert scores["text"] > scores["none"]

    def test_required_and_excluded(self, index: Index) -> None:
        """What is required must be there, in the title at least; a page with what is excluded is none."""
        index.commit(
            document("text", "gmina powiat"),
            document("title", "gmina", title="Powiat"),
            document("neither", "gmina"),
            document("pages", "gmina powiat", "gmina"),
        )
        assert sorted(index.ids(word("gmina"), word("powiat", required=True))) == ["pages", "text", "title"]
        assert sorted(index.ids(word("gmina"), word("powiat", excluded=True))) == ["neither", "pages", "title"]
        found = index.state.match(Request(concepts=(word("gmina"), word("powiat", excluded=True))))
        assert {
            page.number for match in found.documents if match.document.id == "pages" for page, *_ in match.pages
        } == {2}

    def test_floor_asks_for_the_worth_of_the_concepts(self, index: Index) -> None:
        """A page needs concepts that together are worth the floor; just the floor is enough."""
        index.commit(document("a", "gmina powiat"), document("b", "gmina"), document("c", "powiat"))
        asked = word("gmina", worth=1.0), word("powiat", worth=2.0)
        found = {floor: sorted(index.ids(*asked, floor=floor)) for floor in (0.0, 1.0, 1.5, 2.0, 3.0, 3.5)}
        assert found == {
            0.0: ["a", "b", "c"],
            1.0: ["a", "b", "c"],
            1.5: ["a", "c"],
            2.0: ["a", "c"],
            3.0: ["a"],
            3.5: [],
        }

    def test_floor_of_many_concepts(self, index: Index) -> None:
        """However many ways there are to be worth enough: a page has some of them, and none of what is worth less."""
        words = ["gmina", "powiat", "rada", "wójt", "strategia", "energia", "transport", "most"]
        index.commit(*(document(f"d{count}", " ".join(words[-count:])) for count in range(1, 9)))
        asked = [word(text, worth=1.0 + number / 16) for number, text in enumerate(words)]
        for count in range(1, 9):
            floor = sum(concept.worth for concept in asked[-count:])
            for wanted, least in ((floor, count), (floor + 0.01, count + 1)):
                found = sorted(index.ids(*asked, floor=wanted))
                assert found == [f"d{number}" for number in range(least, 9)]

    def test_excluded_and_bonus_concepts_are_worth_nothing(self, index: Index) -> None:
        """Only what is asked for counts against the floor."""
        index.commit(document("a", "gmina powiat"))
        assert index.ids(word("gmina"), word("powiat", bonus=True), floor=1.5) == []
        assert index.ids(word("gmina"), word("rok", excluded=True), floor=1.0) == ["a"]

    def test_near_pages_are_raised_and_join(self, index: Index) -> None:
        """A near page rises by a share of the best score; one without the words joins, and is not counted."""
        index.commit(
            document("best", "gmina gmina", kind="raport"),
            document("raised", "gmina wójt rok lata", kind="raport"),
            document("joined", "powiat", kind="raport"),
            document("other", "rok", kind="poradnik"),
        )
        asked = Request(concepts=(word("gmina"),))
        plain = {match.document.id: match.score for match in index.state.match(asked).documents}
        near = (Near("raised", 1, 0.9), Near("joined", 1, 0.5, joins=True), Near("other", 1, 0.5), Near("gone", 1, 9))
        matches = index.state.match(replace(asked, near=near))
        assert [match.document.id for match in matches.documents] == ["raised", "best", "joined"]
        scores = [plain["raised"] + 0.9 * plain["best"], plain["best"], 0.5 * plain["best"]]
        assert [match.score for match in matches.documents] == pytest.approx(scores)
        assert [(match.matching_pages, match.pages[0].joined) for match in matches.documents] == [
            (1, False),
            (1, False),
            (0, True),
        ]
        assert (matches.total, matches.total_pages, matches.joined) == (2, 2, 1)
        assert matches.facets["kind"] == {"raport": 2}
        filtered = replace(asked, near=near, filters={"kind": frozenset({"poradnik"})})
        assert index.state.match(filtered).documents == ()
        for strict in (word("wójt", required=True), word("powiat", excluded=True)):
            found = index.state.match(replace(asked, concepts=(word("gmina"), strict), near=near))
            assert found.joined == 0
        assert index.state.match(Request(concepts=(), near=near, limit=0)).joined == 0
        least = index.state.match(replace(asked, near=near, near_least=2 * plain["best"]))
        assert least.documents[0].score == pytest.approx(plain["raised"] + 0.9 * 2 * plain["best"])

    def test_a_page_of_contents_counts_less(self, index: Index) -> None:
        """A page that lists contents comes after one that speaks of the same."""
        index.commit(document("contents", "gmina ……… 7 gmina ……… 9"), document("text", "gmina 7 gmina 9"))
        scores = index.scores(word("gmina"))
        assert scores["contents"] == pytest.approx(Tuning().contents_page * scores["text"], rel=SCORE)

    def test_a_page_with_a_score_of_nothing_is_no_match(self, index: Index) -> None:
        """With no weight for pages of contents they are found by nothing, and count nowhere."""
        index.commit(document("a", "gmina ……… 7 powiat", "gmina 7 powiat"), document("b", "gmina ……… 7 powiat"))
        state = self.open(index.folder, Tuning(contents_page=0)).current()
        for request in (
            Request(concepts=(word("gmina"),)),
            Request(concepts=(word("gmina", worth=1.0), word("powiat", worth=1.0)), floor=2.0),
        ):
            found = state.match(request)
            assert (found.total, found.total_pages) == (1, 1)
            assert found.documents[0].matching_pages == 1
        assert state.match(Request(concepts=())).total == 0
        assert state.match(Request(concepts=())).total_pages == 0

    def test_title_counts_beside_what_is_worth_nothing(self, index: Index) -> None:
        """A word that is asked for lets the title count on any page, whatever its worth."""
        index.commit(document("a", "rok", "gmina", title="Strategia"))
        found = index.state.match(Request(concepts=(word("gmina", worth=0.0), word("strategia", worth=1.0)), floor=1.0))
        assert [sorted(page.number for page, *_ in match.pages) for match in found.documents] == [[1, 2]]

    def test_nothing_asked_finds_every_document(self, index: Index) -> None:
        """Without words each document is found by its first page, but for what is excluded there."""
        index.commit(document("a", "gmina", "powiat"), document("b", "wójt"))
        found = index.state.match(Request(concepts=())).documents
        assert sorted((m.document.id, m.score, [page.number for page, *_ in m.pages]) for m in found) == [
            ("a", 1, [1]),
            ("b", 1, [1]),
        ]
        assert index.ids(word("gmina", excluded=True)) == ["b"]
        assert sorted(index.ids(word("powiat", excluded=True))) == ["a", "b"]

    # Filters, facets, order, slices

    def test_filters_and_facets(self, index: Index) -> None:
        """Within a facet any value is enough, over facets all are needed; counts leave the facet's own filter out."""
        index.commit(
            document("a", "gmina", kind="raport", topics=("woda", "energia")),
            document("b", "gmina", kind="poradnik", topics=("woda",)),
            document("c", "gmina", kind="poradnik"),
            document("d", "rok", kind="raport", topics=("woda",)),
        )
        filters = {"kind": frozenset({"poradnik"}), "topic": frozenset({"woda", "energia"})}
        matches = index.state.match(Request(concepts=(word("gmina"),), filters=filters))
        assert [match.document.id for match in matches.documents] == ["b"]
        assert (matches.total, matches.total_pages) == (1, 1)
        assert matches.facets == {
            "edition": {},
            "topic": {"woda": 1},
            "kind": {"raport": 1, "poradnik": 1},
            "year": {},
        }
        assert sorted(index.ids(word("gmina"), filters={"kind": frozenset()})) == ["a", "b", "c"]
        assert index.ids(word("gmina"), filters={"kind": frozenset({"nie ma"})}) == []
        assert index.state.match(Request(concepts=(), facets=("year",))).facets == {"year": {}}

    def test_a_second_page_counts(self, index: Index) -> None:
        """A document with two good pages goes before one with a single page that is a little better, or as good."""
        index.commit(
            document("better", "gmina gmina gmina powiat", "powiat"),
            document("as good", "gmina gmina powiat powiat", "powiat"),
            document("both", "gmina gmina powiat powiat", "gmina gmina powiat powiat"),
        )
        both, better, as_good = index.state.match(Request(concepts=(word("gmina"),), limit=10)).documents
        assert [match.document.id for match in (both, better, as_good)] == ["both", "better", "as good"]
        assert better.score > both.score == both.pages[1].score == as_good.score

    def test_order_of_time(self, index: Index) -> None:
        """By date, newest or oldest first, without a date last in both; those of one day by relevance."""
        index.commit(
            document("undated", "gmina gmina"),
            document("less", "gmina powiat", published=date(2022, 5, 1)),
            document("more", "gmina gmina", published=date(2022, 5, 1)),
            document("new", "gmina powiat", published=date(2023, 1, 1)),
        )
        assert index.ids(word("gmina"), sort="newest") == ["new", "more", "less", "undated"]
        assert index.ids(word("gmina"), sort="oldest") == ["more", "less", "new", "undated"]
        assert [own.id for own in index.state.documents()] == ["new", "less", "more", "undated"]

    def test_given_order(self, index: Index) -> None:
        """In the order of the ids given; what is not named comes last, by relevance, and names of others mean nothing."""
        index.commit(
            document("less", "gmina powiat"),
            document("more", "gmina gmina"),
            document("first", "gmina powiat"),
            document("second", "gmina gmina gmina"),
            document("other", "powiat"),
        )
        assert index.ids(word("gmina"), order=("nobody", "first", "other", "second")) == [
            "first",
            "second",
            "more",
            "less",
        ]
        assert index.ids(word("gmina"), order=("first",), sort="oldest", limit=1) == ["first"]

    def test_equals_stand_in_one_order(self, index: Index) -> None:
        """Pages and documents with the same score come in the same order in each search and on each page of results."""
        old, new = date(2020, 1, 1), date(2024, 1, 1)
        days = dict(zip("cabdfe", (None, old, new, None, new, old), strict=True))
        equals = [document(id, "gmina", "gmina", "gmina", "gmina", published=day) for id, day in days.items()]
        expected = sorted(days, key=lambda name: standing(name, day.toordinal() if (day := days[name]) else 0))
        request = Request(concepts=(word("gmina"),), limit=10)
        index.commit(*equals)
        found = index.state.match(request)
        assert [match.document.id for match in found.documents] == expected
        assert [page.number for page, *_ in found.documents[0].pages] == [1, 2, 3]
        slices = [index.state.match(replace(request, offset=at, limit=2)).documents for at in (0, 2, 4, 6)]
        assert [match.document.id for slice in slices for match in slice] == expected
        for one in equals[::-1]:
            index.commit(one)
        assert index.ids(word("gmina")) == expected
        assert index.ids(word("gmina"), sort="newest")[:4] == expected[:4]

    def test_slices(self, index: Index) -> None:
        """A slice has its documents and pages, and the totals of the whole."""
        index.commit(*(document(id, *["gmina"] * 4) for id in "abc"))
        first, second, third = sorted("abc", key=lambda name: standing(name, 0))
        for offset, limit, pages, expected in (
            (0, 2, 1, first + second),
            (2, 2, 0, third),
            (0, 0, 3, ""),
            (9, 5, 3, ""),
        ):
            found = index.state.match(
                Request(concepts=(word("gmina"),), offset=offset, limit=limit, pages_per_document=pages)
            )
            assert "".join(match.document.id for match in found.documents) == expected
            assert all(len(match.pages) == pages and match.matching_pages == 4 for match in found.documents)
            assert (found.total, found.total_pages) == (3, 12)

    def test_totals_and_frequencies_come_in_the_order_of_the_questions(self, index: Index) -> None:
        """One call answers many questions, also none."""
        index.commit(document("a", "gmina gmina", "gmina wójt"), document("b", "wójt", title="Gmina"))
        asked = [word("wójt"), word("nigdzie"), word("gmina"), concept(lemma("gmina"), lemma("wójt"))]
        assert index.state.frequencies(asked) == [2, 0, 2, 3]
        assert index.state.totals([Request(concepts=(one,)) for one in asked]) == [2, 0, 2, 2]
        assert list(index.state.frequencies([])) == list(index.state.totals([])) == []

    # What is there

    def test_an_empty_index_answers(self, index: Index) -> None:
        """Before the first document each question has an empty answer."""
        index.commit()
        state = index.state
        matches = state.match(Request(concepts=(word("gmina"),)))
        assert (matches.documents, matches.total, matches.total_pages) == ((), 0, 0)
        assert matches.facets == {"edition": {}, "topic": {}, "kind": {}, "year": {}}
        assert state.match(Request(concepts=())).total == 0
        assert state.frequencies([word("gmina")]) == [0]
        assert state.size == (0, 0)
        assert state.document("brak") is None
        assert state.page("brak", 1) is None
        assert list(state.pages("brak")) == list(state.documents()) == list(state.headings()) == []
        assert list(state.sample(5)) == []
        assert state.lexicon() == {}

    def test_pages_come_back_as_they_went_in(self, index: Index) -> None:
        """A page keeps its text, label, heading and marks; numbers out of range have none."""
        page = Page(
            number=1,
            text="Żółć\nłódź",
            label="iv",
            heading="Wstęp",
            anchor="wstep",
            html="<p>ź</p>",
            continuation="dalej.",
            headings=(model.Heading(text="Wstęp"), model.Heading(text="1 Cel", level=2, start=5)),
            notes_at=5,
        )
        own = Document(
            id="a",
            title="Tytuł „z cudzysłowem”",
            path="katalog/a.md",
            version="0f",
            pages=1,
            kind="raport",
            edition="pilotaz",
            topics=("transport",),
            published=date(2023, 6, 19),
            authors=("Anna Żak",),
            publisher="Wydawca",
            description="Opis.",
            language="pl",
            source_url="https://example.org/",
            licence="CC BY 4.0",
        )
        index.commit(analysed(own, [page]))
        state = index.state
        assert state.page("a", 1) == page
        assert list(state.pages("a")) == [page]
        assert [state.page("a", number) for number in (-1, 0, 2, 10**9)] == [None] * 4
        assert state.document("a") == own
        match = state.match(Request(concepts=(word("dalej"),))).documents[0]
        assert (match.document, match.pages[0].page) == (own, page)

    def test_document_without_text_or_only_function_words_is_kept(self, index: Index) -> None:
        """Pages with nothing to look for are no error, alone in a commit or among others."""
        index.commit(document("empty", "", title=""))
        assert index.ids() == ["empty"]
        index.commit(document("w", "w i z", title="O nas"))
        assert sorted(index.ids()) == ["empty", "w"]
        assert index.ids(concept(exact("w"))) == ["w"]
        assert index.state.lexicon() == {"w": 1, "i": 1, "z": 1}

    def test_a_record_comes_back_as_one(self, index: Index) -> None:
        """A document whose text could not be read keeps the reason, and is found by its title where its page is empty."""
        index.commit(document("record", "", title="Statut", unread=Status.NO_TEXT), document("other", "gmina"))
        assert index.ids(word("statut")) == ["record"]
        found = index.state.document("record")
        assert found is not None
        assert found.unread is Status.NO_TEXT

    def test_headings_are_titles_and_headings(self, index: Index) -> None:
        """Each title as page 0, each page's heading where there is one."""
        index.commit(document("a", "x", "y", "z", title="Raport", headings=["Wstęp", "", "Koniec"]))
        assert sorted(index.state.headings()) == [
            Heading("a", 0, "Raport"),
            Heading("a", 1, "Wstęp"),
            Heading("a", 3, "Koniec"),
        ]

    def test_every_heading_of_a_page_is_one(self, index: Index) -> None:
        """A page with headings of its own is listed under each of them, and no more under the one that it began with."""
        headings = (model.Heading(text="1 Cel"), model.Heading(text="1.1 Skutek", level=2, start=4))
        page = Page(number=1, text="x", heading="Wstęp", headings=headings)
        own = Document(id="a", title="Raport", path="a.md", version="", pages=1)
        index.commit(analysed(own, [page]))
        assert sorted(index.state.headings()) == [
            Heading("a", 0, "Raport"),
            Heading("a", 1, "1 Cel"),
            Heading("a", 1, "1.1 Skutek"),
        ]

    @pytest.mark.parametrize("count", [1, 2, 3, 7, 12, 100])
    def test_sample_is_taken_over_the_collection(self, index: Index, count: int) -> None:
        """At most so many different pages, all of them where there are no more."""
        index.commit(*(document(id, *(f"{id} {n}" for n in range(4))) for id in "abc"))
        found = [page.text for page in index.state.sample(count)]
        everything = {f"{id} {n}" for id in "abc" for n in range(4)}
        assert 0 < len(found) == len(set(found)) <= count
        assert everything.issuperset(found)
        assert count < 12 or everything == set(found)

    # Writing

    def test_before_the_first_build_there_is_no_index(self, index: Index) -> None:
        """Reading says that there is none, also while the first is written."""
        for _ in range(2):
            with pytest.raises(IndexMissing, match="kb index"):
                index.store.current()
            with pytest.raises(IndexMissing, match="kb index"):
                index.store.live()
            with index.store.writer(f"{index.store.format} 1") as writer:
                assert writer.fresh
                assert writer.replaced() is None
                assert list(writer.files()) == []
                writer.add(*document("a", "gmina"))
        index.commit(document("b", "gmina"))
        assert index.ids() == ["b"]

    def test_nothing_is_seen_before_the_commit_and_everything_after(self, index: Index) -> None:
        """Adding, replacing and removing are one step for readers; a state of before stays as it was."""
        index.commit(document("gone", "gmina"), document("changed", "gmina rok"))
        before = index.state
        with index.store.writer(f"{index.store.format} 1") as writer:
            assert not writer.fresh
            writer.remove("gone")
            writer.add(*document("changed", "powiat"))
            writer.add(*document("new", "gmina"))
            assert ids_of_documents(index.state) == ["changed", "gone"]
            assert index.state.key == before.key
            writer.commit()
            assert ids_of_documents(index.state) == ["changed", "new"]
        after = index.state
        assert after.key != before.key
        assert (ids(after, word("gmina")), ids(after, word("powiat"))) == (["new"], ["changed"])
        assert sorted(ids(before, word("gmina"))) == ["changed", "gone"]
        assert before.lexicon() == {"gmina": 2, "rok": 1}
        page = before.page("gone", 1)
        assert page is not None
        assert page.text == "gmina"

    def test_what_is_not_committed_has_not_happened(self, index: Index) -> None:
        """Leaving without a commit, in peace or with an error, changes nothing."""
        index.commit(document("a", "gmina"))
        key, files = index.state.key, [document("a", "gmina")[1]]
        for rebuild in (False, True):
            with index.store.writer(f"{index.store.format} 1", rebuild=rebuild) as writer:
                writer.remove("a")
                writer.add(*document("b", "gmina"))
            with pytest.raises(ZeroDivisionError):
                index.fail_to_commit(document("b", "gmina"), rebuild=rebuild)
        assert (index.state.key, index.ids()) == (key, ["a"])
        with index.store.writer(f"{index.store.format} 1") as writer:
            assert list(writer.files()) == files
            writer.add(*document("b", "gmina"))
            writer.commit()
        assert sorted(index.ids()) == ["a", "b"]

    def test_removing_what_is_not_there_is_no_error(self, index: Index) -> None:
        """Before anything was added, and beside others."""
        index.commit(removed=["a"])
        index.commit(document("a", "gmina"), removed=["b"])
        index.commit(removed=["b"])
        assert index.ids() == ["a"]
        index.commit(removed=["a"])
        assert index.ids() == []
        index.commit(removed=["a"])
        assert index.state.size == (0, 0)

    def test_a_document_may_be_removed_and_added_again(self, index: Index) -> None:
        """In one write, and in the next one."""
        index.commit(document("a", "gmina"))
        index.commit(document("a", "powiat"), removed=["a"])
        assert (index.ids(word("gmina")), index.ids(word("powiat"))) == ([], ["a"])
        index.commit(removed=["a"])
        index.commit(document("a", "rok"))
        assert index.ids(word("rok")) == ["a"]
        assert index.state.lexicon() == {"rok": 1}

    def test_one_writes_at_a_time(self, index: Index) -> None:
        """A second writer is refused and told who holds the right to write; afterwards, also after an error, it may."""
        other = Index(self.open, index.folder, Tuning())
        with index.store.writer(f"{index.store.format} 1") as writer:
            for store in (index.store, other.store):
                with pytest.raises(IndexLocked) as refused, store.writer(f"{store.format} 1"):
                    pass
                assert str(os.getpid()) in "".join(refused.value.details)
            writer.add(*document("a", "gmina"))
            writer.commit()
        with pytest.raises(ZeroDivisionError), index.store.writer(f"{index.store.format} 1"):
            raise ZeroDivisionError
        other.commit(document("b", "gmina"))
        assert ids_of_documents(index.state) == ["a", "b"]

    @pytest.mark.parametrize(("rebuild", "made_with"), [(True, "1"), (False, "2")])
    def test_a_fresh_build_replaces_the_live_one(self, index: Index, rebuild: bool, made_with: str) -> None:
        """When told so, or with another fingerprint: readers have the old build until the commit, then only the new one."""
        name = index.commit(document("a", "gmina"), document("b", "gmina"))
        with index.store.writer(f"{index.store.format} {made_with}", rebuild=rebuild) as writer:
            assert writer.fresh
            assert writer.build != name
            assert list(writer.files()) == []
            old = writer.replaced()
            assert old is not None
            assert ids_of_documents(old) == ["a", "b"]
            assert [page.text for page in old.pages("a")] == ["gmina"]
            writer.add(*document("c", "gmina"))
            assert ids_of_documents(index.state) == ["a", "b"]
            assert index.store.live().name == name
            writer.commit()
            assert index.store.live().name == writer.build
        assert index.ids(word("gmina")) == ["c"]
        assert index.store.live().fingerprint == f"{index.store.format} {made_with}"
        assert index.commit(document("d", "gmina"), made_with=made_with) == index.store.live().name != name
        assert sorted(index.ids()) == ["c", "d"]

    def test_live_tells_of_the_build(self, index: Index) -> None:
        """Its name, its fingerprint, and the counts of its first commit; the state's own size is that of now."""
        name = index.commit(document("a", "gmina", "rok"), document("b", "rok"))
        index.commit(document("c", "gmina"))
        live = index.store.live()
        assert (live.name, live.fingerprint) == (name, f"{index.store.format} 1")
        assert (live.documents, live.pages) == (2, 3)
        assert index.state.size == (3, 4)
        assert live.bytes > 0
        assert live.created

    def test_files_are_remembered_as_given(self, index: Index) -> None:
        """What the indexer said of a file comes back with the next write, that of removed documents does not."""
        added, _ = document("a", "gmina ź")
        remembered = IndexedFile(
            document="a",
            path="katalog/Żółty plik.md",
            version="0f" * 32,
            metadata="1e" * 32,
            pages=1,
            words=2,
            warnings=("„cudzysłów”", "drugie"),
        )
        index.commit((added, remembered), document("b", "rok"))
        index.commit(document("c", "rok", words=7), removed=["b"])
        with index.store.writer(f"{index.store.format} 1") as writer:
            assert sorted(writer.files(), key=lambda file: file.document) == [
                remembered,
                document("c", "rok", words=7)[1],
            ]
            writer.remove("a")
            assert len(writer.files()) == 2

    def test_the_key_is_that_of_the_content(self, index: Index) -> None:
        """Equal as long as nothing is committed, for each store of the index; another after each commit."""
        other = Index(self.open, index.folder, Tuning())
        keys = []
        for number in range(3):
            index.commit(document("a", f"gmina {number}"))
            assert index.state.key == index.state.key == other.state.key
            keys.append(index.state.key)
        index.commit(document("a", "gmina 2"), rebuild=True)
        keys.append(index.state.key)
        assert len(set(keys)) == 4

    # Readers

    def test_a_reader_elsewhere_sees_commits(self, index: Index) -> None:
        """A store that was opened before anything was there sees each commit and each new build, and needs no reopening."""
        with self.elsewhere(index.folder) as asked:
            assert asked() == ["nie ma indeksu"]
            index.commit(document("a", "gmina"))
            assert asked() == ["a"]
            index.commit(document("b", "gmina"))
            assert asked() == ["a", "b"]
            index.commit(document("c", "gmina"), rebuild=True)
            assert asked() == ["c"]
            index.commit(removed=["c"])
            assert asked() == []

    def test_a_state_may_be_asked_from_many_threads(self, index: Index) -> None:
        """Threads that ask one state at once, before anything was asked of it, get what one alone gets."""
        index.commit(*(document(f"d{n}", "gmina " * n, "wójt rok") for n in range(1, 20)))
        alone = Index(self.open, index.folder, Tuning()).state
        request = Request(concepts=(word("gmina"), word("wójt")), limit=50)
        expected = alone.match(request), alone.lexicon(), alone.documents()
        state, start = index.state, threading.Barrier(4)
        found: list[object] = []

        def ask() -> None:
            start.wait()
            found.append((state.match(request), state.lexicon(), state.documents()))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 4

    def test_a_tuning_given_at_opening_changes_scores(self, index: Index) -> None:
        """Without a weight for titles a title finds nothing; the same index with another store still does."""
        index.commit(
            document("a", "tekst", title="Strategia"),
            document("b", "powiat tekst " + "rok " * 9),
            document("c", "powiat rok tekst", title="Strategia"),
        )

        def scores(typed: str, **weights: float) -> dict[str, float]:
            return Index(self.open, index.folder, Tuning(**weights)).scores(word(typed))

        assert set(scores("strategia")) == {"a", "c"}
        assert scores("strategia", title=0) == {}
        assert scores("strategia", title=1.0) == pytest.approx(
            {id: 2 * score for id, score in scores("strategia").items()}, rel=SCORE
        )
        both = Request(concepts=(word("tekst", worth=1.0), word("strategia", worth=2.0)), floor=3.0)
        needed = Request(concepts=(word("tekst"), word("strategia", required=True)))
        for request in (both, needed):
            assert self.open(index.folder, Tuning()).current().match(request).total_pages == 2
            assert self.open(index.folder, Tuning(title=0)).current().match(request).total_pages == 0
        even = scores("powiat", b=0)
        assert even["b"] == pytest.approx(even["c"], rel=SCORE)
        assert scores("powiat")["b"] < scores("powiat")["c"]


@contextmanager
def in_a_thread(store: Store) -> Iterator[AskedElsewhere]:
    """A reader for engines that live in one process: the store is asked from another thread each time."""

    def asked() -> list[str]:
        said: list[str] = []

        def ask() -> None:
            try:
                said.extend(ids_of_documents(store.current()))
            except IndexMissing:
                said.append("nie ma indeksu")

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return said

    yield asked


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


@contextmanager
def in_a_process(**variables: str) -> Iterator[AskedElsewhere]:
    """A reader in another process, as a server is beside the indexer, with these settings in its environment."""
    with subprocess.Popen(
        [sys.executable, "-c", READER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(**variables),
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
