"""Searching over another engine, and how often it is asked: each call may be a way over a network."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from engine.plain import PlainStore
from library import TAXONOMY, Library

from kb import indexer
from kb.engine import Explains, Store, open_store
from kb.model import Results
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.tuning import Tuning

MOST_CALLS = 6
MOST_CALLS_FOR_RELATED = 10


class CountedState:
    """A state that counts what is asked of it; its key and size cost nothing, they come with the state."""

    def __init__(self, state: Any, calls: Counter[str]) -> None:
        self._state = state
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._state, name)
        if not callable(value):
            return value

        def asked(*given: Any) -> Any:
            self._calls[name] += 1
            return value(*given)

        return asked


class CountedStore:
    """A store whose states count what is asked of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def current(self) -> CountedState:
        """The newest state."""
        return CountedState(self._store.current(), self.calls)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A small collection with synonyms, in both engines."""
    library = Library(tmp_path_factory.mktemp("calls"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.write(
        "synonyms.yaml",
        "abbreviations:\n  - {short: WPF, long: [wieloletnia prognoza finansowa]}\nsynonyms: [[śmieci, odpady]]\n",
    )
    for number, (name, text) in enumerate(TEXTS.items()):
        library.markdown(
            f"{name}.md",
            text,
            id=name,
            title=f"{name.capitalize()} w gminie",
            kind=("raport", "poradnik", "aktualnosc")[number % 3],
            edition=("pilotaz", "cwd-plus")[number % 2],
            topics=[("transport", "energia")[number % 2]],
            published=date(2020 + number % 4, 1 + number, 2),
        )
    library.markdown("bez-daty.md", "Statut gminy bez daty.", id="bez-daty", title="Bez daty")
    library.run()
    return library


TEXTS = {
    "transport": "Autobusy kursują co dzień po powiecie.\n\n## Rozkład jazdy\n\nTransport publiczny w gminach i powiatach.",
    "energia": "Gmina oszczędza prąd i energię.\n\n## Wiatr\n\nEnergia z wiatru jest tania. Klimat się zmienia.",
    "finanse": "WPF i zadłużenie gminy Łódź.\n\n## Prognoza\n\nWieloletnia prognoza finansowa powiatu na dziesięć lat.",
    "odpady": "Odpady komunalne odbiera spółka miejska.\n\n## Las\n\nŚmieci leżą w lesie przy drodze do szkoły.",
    "uchwaly": "Rada gminy uchwala statut.\n\n## Rada\n\nGminy mają rady, a rady gminy swoje komisje i przewodniczących.",
    "partnerstwa": "Partnerstwo gmin i powiatów.\n\n## Umowa\n\nŹródła dofinansowania partnerstw są różne. Wkład własny 15%.",
    "szkoly": "Szkoły prowadzi gmina.\n\n## Dowóz\n\nDowóz dzieci do szkół autobusem opłaca gmina, gdy droga jest daleka.",
    "drogi": "Remont mostu i drogi powiatowej trwał dwa lata.\n\n## Most\n\nMost na rzece łączy dwa powiaty.",
}

SEARCHES = [
    "",
    "gmina",
    "gminie powiatu",
    "rada gminy",
    "„rada gminy”",
    "„rady gminy” komisje",
    "„gminy rada”",
    "„nie ma takiej frazy” statut",
    "„gminy rada” „most na lesie”",
    "zrodla dofinasowania",
    "partnerstow gmin",
    "WPF",
    "wieloletnia prognoza finansowa",
    "śmieci w lesie",
    "lodz zadluzenie",
    "gmina -powiat",
    "gmina -„rada gminy”",
    "-gmina",
    "most na rzece",
    "w i na",
    "dowóz dzieci do szkół",
    "autobusem do szkoly",
    "ile wynosi wkład własny",
    "co uchwala rada gminy",
    "kto odbiera odpady komunalne",
    "abrakadabra hokuspokusy czarymary",
    "abrakadabra „hokuspokus czary” -gmina",
    "Honorii Szczebrzeszynie krzesłm stołowmi lampąm zegarrem",
    "„krzesłm stołowmi” „lampąm zegarrem” -statut",
    "żadnym twoim abrakadabra czarymary",
    "„żadnym krzesłm” zegarrem twym -„stołowmi”",
    "klimatyczny powiatowy gminny",
    "energetyczny transportowy",
    "daleka droga tania energia",
]
FILTERS: list[dict[str, tuple[str, ...]]] = [
    {},
    {"kind": ("raport",)},
    {"edition": ("pilotaz",), "topic": ("transport",)},
    {"kind": ("wydarzenie",), "year": ("1999",)},
]


@pytest.fixture(scope="module")
def embedded(shelf: Library) -> KnowledgeBase:
    """The collection over the embedded engine."""
    return shelf.open()


@pytest.fixture(scope="module")
def plain(shelf: Library) -> KnowledgeBase:
    """The same documents over the plain engine, put there by the indexer."""
    store = PlainStore(shelf.index, Tuning())
    indexer.run(shelf.settings(), store=store)
    return KnowledgeBase(shelf.settings(), store=store)


def alike(results: Results) -> object:
    """What must be the same whichever engine found it; scores but for the last digits."""
    rounded = [
        replace(
            hit,
            score=pytest.approx(hit.score, abs=2e-3),
            pages=tuple(replace(page, score=pytest.approx(page.score, abs=2e-3)) for page in hit.pages),
        )
        for hit in results.hits
    ]
    answer = results.answer and replace(results.answer, page=replace(results.answer.page, score=0))
    return rounded, replace(results, hits=(), took_ms=0, answer=answer)


@pytest.mark.parametrize("text", SEARCHES)
def test_a_search_is_the_same_over_any_engine(embedded: KnowledgeBase, plain: KnowledgeBase, text: str) -> None:
    """Reading, hits in their order, snippets, answer, facets and relaxations need nothing but the protocol."""
    for filters in FILTERS:
        query = make_query(text, filters)
        assert alike(plain.search(query)) == alike(embedded.search(query))


@pytest.mark.parametrize("text", SEARCHES)
def test_a_search_asks_the_engine_a_few_times(shelf: Library, text: str) -> None:
    """However much is typed and whatever is found, an engine is asked at most six times; for the words of all once."""
    store = CountedStore(open_store(shelf.settings()))
    knowledge = KnowledgeBase(shelf.settings(), store=store)
    knowledge.search(make_query("gmina"))
    assert store.calls.pop("lexicon") == 1
    for filters in FILTERS:
        store.calls.clear()
        knowledge.search(make_query(text, filters))
        assert store.calls["lexicon"] == 0
        assert store.calls.total() <= MOST_CALLS, store.calls


def test_related_documents_ask_the_engine_a_few_times(shelf: Library) -> None:
    """Words of a whole document are asked about together."""
    store = CountedStore(open_store(shelf.settings()))
    knowledge = KnowledgeBase(shelf.settings(), store=store)
    for id in TEXTS:
        store.calls.clear()
        assert knowledge.related(id)
        assert store.calls.total() <= MOST_CALLS_FOR_RELATED, store.calls


def test_documents_are_the_same_over_any_engine(embedded: KnowledgeBase, plain: KnowledgeBase) -> None:
    """Documents, pages, related documents and suggestions too."""
    assert list(plain.documents()) == list(embedded.documents())
    for id in TEXTS:
        assert list(plain.pages(id)) == list(embedded.pages(id))
        assert plain.related(id) == embedded.related(id)
    for typed in ("gmi", "rada", "wielol", "most na"):
        assert plain.suggest(typed) == embedded.suggest(typed)


def test_an_engine_need_not_explain(embedded: KnowledgeBase, plain: KnowledgeBase) -> None:
    """One that explains says what makes a score, another has nothing to say."""
    assert isinstance(embedded.state, Explains)
    assert embedded.explain(make_query("gmina"), "energia", 1)
    assert not isinstance(plain.state, Explains)
    assert plain.explain(make_query("gmina"), "energia", 1) is None


def test_the_indexer_needs_no_engine_of_its_own(tmp_path: Path) -> None:
    """Over another engine too a run reads what changed alone, removes what is gone, and rebuilds when told so."""
    library = Library(tmp_path)
    library.write("taxonomy.yaml", TAXONOMY)
    gone = library.markdown("a.md", "Tekst o gminie.", id="a")
    library.markdown("b.md", "Tekst o powiecie.", id="b")
    store = PlainStore(library.index, Tuning())

    def statuses(**how: bool) -> dict[str, str]:
        return {file.path: file.status for file in indexer.run(library.settings(), store=store, **how).files}

    assert statuses() == {"a.md": "indexed", "b.md": "indexed"}
    gone.unlink()
    library.markdown("c.md", "Nowy tekst.", id="c")
    assert statuses() == {"a.md": "removed", "b.md": "unchanged", "c.md": "indexed"}
    name = store.live().name
    assert statuses(rebuild=True) == {"b.md": "indexed", "c.md": "indexed"}
    assert store.live().name != name
    assert [document.id for document in store.current().documents()] == ["b", "c"]
