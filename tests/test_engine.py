"""The embedded engine finds, scores and counts what its slow twin does, on any small collection."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kb.engine.embedded.snapshot import EmbeddedEngine
from kb.engine.embedded.store import StoreWriter, create
from twin import TwinEngine, without

from kb.engine import MIN_COVERAGE, Concept, DocumentMatch, Engine, Form, IndexedFile, Request
from kb.model import Document, Page
from kb.polish import Analyzer, surface, words

ANALYZER = Analyzer()
SCORE = 1e-4
VOCABULARY = ["gmina", "gminy", "Gminą", "powiat", "wójt", "lata", "rok", "uchwała", "w", "i", "2023", "……… 7"]
"""Few words, so that they meet: inflected forms, two lemmas of one form, function words, a number, a line of contents."""

Given = tuple[Document, list[Page]]


class Store:
    """A real index in a folder and its twin, written alike."""

    def __init__(self, folder: Path) -> None:
        create(folder)
        self.folder = folder
        self._commits = 0
        self.twin = TwinEngine(ANALYZER)
        self._source = EmbeddedEngine(lambda: (folder, self._commits))

    @property
    def engine(self) -> Engine:
        """The newest state."""
        return self._source.current()

    def commit(self, added: Sequence[Given], removed: Sequence[str] = ()) -> None:
        """One commit to both."""
        writer = StoreWriter(self.folder, ANALYZER)
        for id in removed:
            writer.remove(id)
        for document, pages in added:
            file = IndexedFile(
                document=document.id, path=document.path, version=document.version, metadata="", pages=len(pages)
            )
            writer.add(document, pages, file)
        writer.commit()
        self._commits += 1
        self.twin.commit(added, removed)

    def check(self, request: Request) -> None:
        """The engine's answer is the twin's, as a whole and slice by slice."""
        whole = without(request, offset=0, limit=1_000, pages_per_document=1_000)
        expected = self.twin.match(request)
        matches = self.engine.match(whole)
        assert matches.total == len(expected)
        assert matches.total_pages == sum(len(match.pages) for match in expected)
        assert matches.facets == self.twin.facets(request)

        by_id = {match.document.id: match for match in expected}
        for got, at_this_place in zip(matches.documents, expected, strict=True):
            own = by_id[got.id]
            # Documents may change places only where rounding makes their scores equal.
            assert got.score == pytest.approx(at_this_place.score, rel=SCORE)
            assert got.score == pytest.approx(own.score, rel=SCORE)
            if request.sort != "relevance":
                assert own.document.published == at_this_place.document.published
            assert got.matching_pages == len(got.pages) == len(own.pages)
            assert {number: pytest.approx(score, rel=SCORE) for number, score in own.pages} == dict(got.pages)
            assert [score for _, score in got.pages] == sorted((score for _, score in got.pages), reverse=True)

            self._check_explained(request, got)

        sliced = self.engine.match(request)
        kept = matches.documents[request.offset : request.offset + request.limit]
        assert [(d.id, d.score, d.matching_pages) for d in sliced.documents] == [
            (d.id, d.score, d.matching_pages) for d in kept
        ]
        assert [d.pages for d in sliced.documents] == [d.pages[: request.pages_per_document] for d in kept]
        assert (sliced.total, sliced.total_pages, sliced.facets) == (matches.total, matches.total_pages, matches.facets)

    def _check_explained(self, request: Request, match: DocumentMatch) -> None:
        """The parts of a score that are told make the score."""
        if all(one.excluded or one.bonus for one in request.concepts):
            return  # each document matches, by nothing that stands in it
        for number, score in match.pages:
            parts = self.engine.explain(request.concepts, match.id, number)
            weight = self.twin.page(match.id, number).weight
            assert weight * sum(part.score for part in parts if part.counted) == pytest.approx(score, rel=SCORE)


@contextmanager
def store() -> Iterator[Store]:
    """An empty index and its twin."""
    with tempfile.TemporaryDirectory() as folder:
        yield Store(Path(folder))


def document(id: str, *texts: str, title: str = "Tytuł", headings: Sequence[str] = (), **rest: object) -> Given:
    """A document with pages of these texts."""
    pages = [
        Page(number=n, text=text, heading=headings[n - 1] if n <= len(headings) else "")
        for n, text in enumerate(texts, 1)
    ]
    return Document(id=id, title=title, path=f"{id}.md", version="", pages=len(pages), **rest), pages


def lemma(word: str, weight: float = 1.0) -> Form:
    """A word in any form."""
    return Form(field="lemma", steps=(ANALYZER.terms(word),), weight=weight)


def exact(*typed: str, weight: float = 1.0) -> Form:
    """Words just as written."""
    return Form(field="surface", steps=tuple((surface(word),) for word in typed), weight=weight)


def concept(*forms: Form, **flags: bool) -> Concept:
    """A concept that may stand in any of the forms."""
    return Concept(label="", forms=forms, **flags)


# What may be in a collection, and what may be asked

texts = st.lists(st.sampled_from(VOCABULARY), max_size=8).map(" ".join)


@st.composite
def documents(draw: st.DrawFn, id: str) -> Given:
    """A document of a few short pages."""
    made, pages = document(
        id,
        *draw(st.lists(texts, min_size=1, max_size=3)),
        title=draw(texts),
        headings=draw(st.lists(texts, max_size=4)),
        edition=draw(st.sampled_from([None, "pilotaz", "cwd-plus"])),
        kind=draw(st.sampled_from([None, "raport", "poradnik"])),
        topics=tuple(draw(st.lists(st.sampled_from(["transport", "energia", "woda"]), unique=True, max_size=2))),
        published=draw(st.sampled_from([None, date(2022, 5, 1), date(2023, 1, 1), date(2023, 6, 19)])),
    )
    return made, pages


@st.composite
def commits(draw: st.DrawFn) -> list[tuple[list[Given], list[str]]]:
    """Documents added, replaced and removed in up to four commits."""
    ids = ["a", "b", "c", "d", "e"]
    made = []
    for _ in range(draw(st.integers(1, 4))):
        added = draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))
        removed = draw(st.lists(st.sampled_from(ids), unique=True, max_size=2))
        made.append(([draw(documents(id)) for id in added], [id for id in removed if id not in added]))
    return made


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """One word or a phrase with gaps and alternatives, in either field."""
    name = draw(st.sampled_from(["lemma", "surface"]))
    known = {t for w in words(" ".join(VOCABULARY)) for t in (ANALYZER.terms(w) if name == "lemma" else (surface(w),))}
    terms = [*sorted(known), "nigdzie"]
    step = st.lists(st.sampled_from(terms), max_size=2, unique=True).map(tuple)
    steps = draw(st.lists(step, min_size=1, max_size=3))
    return Form(field=name, steps=tuple(steps), weight=draw(st.sampled_from([1.0, 0.7, 0.2])))


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request."""
    facets = {"edition": ["pilotaz", "cwd-plus", "brak"], "topic": ["transport", "energia"], "kind": ["raport"]}
    flags = [{}, {}, {}, {"required": True}, {"excluded": True}, {"bonus": True}]
    return Request(
        concepts=tuple(
            Concept(
                label="", forms=tuple(draw(st.lists(forms(), min_size=1, max_size=3))), **draw(st.sampled_from(flags))
            )
            for _ in range(draw(st.integers(0, 4)))
        ),
        filters={
            name: frozenset(draw(st.lists(st.sampled_from(values), max_size=2)))
            for name, values in {**facets, "year": ["2022", "2023"]}.items()
            if draw(st.booleans())
        },
        sort=draw(st.sampled_from(["relevance", "relevance", "newest", "oldest"])),
        offset=draw(st.integers(0, 2)),
        limit=draw(st.integers(0, 4)),
        pages_per_document=draw(st.integers(1, 3)),
        min_coverage=draw(st.sampled_from([MIN_COVERAGE, MIN_COVERAGE, 0.0, 0.5])),
    )


@given(commits(), st.lists(requests(), min_size=1, max_size=8))
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_engine_equals_its_twin(history: list[tuple[list[Given], list[str]]], asked: list[Request]) -> None:
    """Scores, order, totals, pages and facets are the twin's after any commits, for any request."""
    with store() as made:
        for added, removed in history:
            made.commit(added, removed)
        for request in asked:
            if not made.twin.near_the_border(request):
                made.check(request)
            for one in request.concepts:
                assert made.engine.frequency(one) == made.twin.frequency(one)


@given(commits())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_vocabulary_is_that_of_the_documents_there(history: list[tuple[list[Given], list[str]]]) -> None:
    """Words that only removed or replaced documents had are gone, the others count their pages."""
    with store() as made:
        for added, removed in history:
            made.commit(added, removed)
        pages = [{term for step in page.surface for term in step} for own in made.twin.documents for page in own.pages]
        assert made.engine.vocabulary() == {word: sum(word in page for page in pages) for word in set().union(*pages)}
        assert made.engine.counts() == (len(made.twin.documents), len(pages))
        ids = [document.id for document in made.engine.documents()]
        assert sorted(ids) == sorted(own.document.id for own in made.twin.documents)


@given(st.lists(documents("x"), min_size=3, max_size=5), requests())
@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_merging_many_segments_changes_nothing(made: list[Given], request: Request) -> None:
    """A dozen of commits, merged on the way, answer as one does."""
    with store() as many, store() as one:
        latest: dict[str, Given] = {}
        for number in range(12):
            own, pages = made[number % len(made)]
            named = (replace(own, id=f"d{number % 11}", title=f"{own.title} {number}"), pages)
            many.commit([named])
            latest.pop(named[0].id, None)
            latest[named[0].id] = named
        assert len(list(many.folder.glob("*.trm"))) < 8  # a file of each segment: without a merge there would be eleven
        one.commit(list(latest.values()))
        assert many.engine.counts() == one.engine.counts()
        assert many.engine.vocabulary() == one.engine.vocabulary()
        if not one.twin.near_the_border(request):
            many.check(request)
            one.check(request)


def test_equals_stand_in_the_order_of_the_index() -> None:
    """Pages and documents with the same score come in the same order in each search and on each page of results."""
    with store() as made:
        made.commit([document(id, "gmina", "gmina", "gmina", "gmina") for id in "cabdfe"])
        request = Request(concepts=(concept(lemma("gmina")),), limit=10)
        assert [match.id for match in made.engine.match(request).documents] == list("cabdfe")
        assert [number for number, _ in made.engine.match(request).documents[0].pages] == [1, 2, 3]
        slices = [made.engine.match(without(request, offset=at, limit=2)).documents for at in (0, 2, 4, 6)]
        assert [match.id for slice in slices for match in slice] == list("cabdfe")


def test_rare_words_and_short_pages_count_more() -> None:
    """Of two words the rarer one decides, of two pages with a word the shorter one comes first."""
    with store() as made:
        made.commit(
            [
                document("rare", "statut powiat powiat"),
                document("common", "gmina powiat powiat"),
                document("long", "gmina " + "powiat " * 40),
                *(document(f"other{i}", "gmina wójt rok") for i in range(6)),
            ]
        )
        both = made.engine.match(Request(concepts=(concept(lemma("statut")), concept(lemma("gmina")))))
        assert both.documents[0].id == "rare"
        one = made.engine.match(Request(concepts=(concept(lemma("gmina")),)))
        assert one.documents[-1].id == "long"


def test_phrase_stands_on_one_page() -> None:
    """A phrase is found where its words stand side by side in order: not apart, turned round or over two pages."""
    with store() as made:
        made.commit(
            [
                document("yes", "plan rada gminy uchwala"),
                document("apart", "rada miasta i gminy"),
                document("turned", "gminy rada"),
                document("over", "to jest rada", "gminy obok"),
                document("inflected", "radą gminy"),
            ]
        )
        found = made.engine.match(Request(concepts=(concept(exact("rada", "gminy"), required=True),)))
        assert [match.id for match in found.documents] == ["yes"]


def test_gap_in_a_phrase_is_any_one_word_of_the_page() -> None:
    """An empty step needs a word: a phrase that begins with one does not begin on the page before."""
    form = Form(field="lemma", steps=((), ANALYZER.terms("czyń")))
    with store() as made:
        made.commit([document("a", "nie czyń"), document("b", "tekst", "czyń szkody"), document("c", "czyń")])
        found = made.engine.match(Request(concepts=(concept(form),)))
        assert [match.id for match in found.documents] == ["a"]


def test_title_alone_finds_the_first_page() -> None:
    """A word of the title finds the document's first page, and adds to the pages that match otherwise."""
    with store() as made:
        made.commit(
            [document("a", "tekst", "wójt", title="Strategia"), document("b", "tekst", "wójt", title="Inny tytuł")]
        )
        alone = made.engine.match(Request(concepts=(concept(lemma("strategia")),)))
        assert [(match.id, [n for n, _ in match.pages]) for match in alone.documents] == [("a", [1])]
        both = made.engine.match(Request(concepts=(concept(lemma("strategia")), concept(lemma("wójt")))))
        assert both.documents[0].id == "a"
        assert 2 in [number for number, _ in both.documents[0].pages]


def test_document_without_text_or_only_function_words_is_kept() -> None:
    """Pages with nothing to look for are no error, alone in a commit or among others."""
    with store() as made:
        made.commit([document("empty", "", title="")])
        made.commit([document("w", "w i z", title="O nas")])
        made.check(Request(concepts=()))
        made.check(Request(concepts=(concept(exact("w")),)))
        assert made.engine.vocabulary() == {"w": 1, "i": 1, "z": 1}


def test_a_bonus_of_title_or_heading_alone_is_none() -> None:
    """A bonus counts where it stands in the text, there with title and heading, and so it is explained."""
    with store() as made:
        made.commit(
            [
                document("title", "powiat", title="Rada gminy"),
                document("text", "powiat rada gminy", title="Rada gminy"),
                document("none", "powiat"),
                document("only", "rada gminy"),
            ]
        )
        bonus = Form(field="lemma", steps=(ANALYZER.terms("rada"), ANALYZER.terms("gminy")))
        request = Request(concepts=(concept(lemma("powiat")), concept(bonus, bonus=True)))
        made.check(request)
        matches = {match.id: match.score for match in made.engine.match(request).documents}
        assert set(matches) == {"title", "text", "none"}
        assert matches["title"] == matches["none"] < matches["text"]


def test_an_empty_index_answers() -> None:
    """Before the first document each question has an empty answer."""
    with store() as made:
        matches = made.engine.match(Request(concepts=(concept(lemma("gmina")),)))
        assert (matches.documents, matches.total, matches.total_pages) == ((), 0, 0)
        assert matches.facets == {"edition": {}, "topic": {}, "kind": {}, "year": {}}
        assert made.engine.frequency(concept(lemma("gmina"))) == 0
        assert made.engine.counts() == (0, 0)
        assert made.engine.document("brak") is None
        assert made.engine.page("brak", 1) is None
        assert list(made.engine.pages("brak")) == []


def test_pages_come_back_as_they_went_in() -> None:
    """A page keeps its text, label, heading and marks; numbers out of range have none."""
    page = Page(
        number=1, text="Żółć\nłódź", label="iv", heading="Wstęp", anchor="wstep", html="<p>ź</p>", continuation="dalej."
    )
    own, _ = document("a", "x", authors=("Anna Żak",), topics=("transport",), published=date(2023, 6, 19))
    with store() as made:
        made.commit([(own, [page])])
        assert made.engine.page("a", 1) == page
        assert list(made.engine.pages("a")) == [page]
        assert [made.engine.page("a", number) for number in (-1, 0, 2, 10**9)] == [None] * 4
        assert made.engine.document("a") == own


def test_small_cache_changes_no_answer() -> None:
    """With memory for hardly any posting list the answers are the same."""
    with store() as made:
        made.commit([document(str(n), "gmina powiat " * n, "wójt rada") for n in range(1, 30)])
        small = EmbeddedEngine(lambda: (made.folder, 1), cache_bytes=1).current()
        request = Request(concepts=(concept(lemma("gmina")), concept(exact("rada"))), limit=50)
        assert small.match(request) == made.engine.match(request) == small.match(request)
