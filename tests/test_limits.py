"""Limits: however much is asked for, the work that follows is counted and bounded, and people are told what was left out."""

from __future__ import annotations

import string
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, cast

import pytest
from library import TAXONOMY, Library
from starlette.datastructures import QueryParams

from kb import limits
from kb.cache import Cache
from kb.catalogue import load_taxonomy
from kb.deadline import Deadline, within
from kb.engine import Concept, Form, Request
from kb.engine.embedded import EmbeddedStore
from kb.engine.embedded.codec import Place
from kb.engine.embedded.segments import KeptLists
from kb.errors import BadRequest
from kb.model import Taxonomy
from kb.polish import Analyzer, Kept, fold, shared_analyzer
from kb.reading.params import read_query
from kb.reading.query import make_query, parse
from kb.reading.vocabulary import Vocabulary
from kb.search import KnowledgeBase

UNKNOWN = ["".join(letters) for letters in product("bcdfghkl", "aeiou", "mnprst", ["wzwzwz"])][:110]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A small collection."""
    made = Library(tmp_path_factory.mktemp("limits"))
    made.write("taxonomy.yaml", TAXONOMY)
    made.markdown("a.md", "Gmina planuje transport publiczny.", id="a", kind="raport", published="2023-01-02")
    made.markdown("b.md", "Powiat planuje energię.", id="b", kind="raport", published="2024-01-02")
    made.run()
    return made


class Watched:
    """A state of the index that counts what it is asked."""

    def __init__(self, state: Any, counts: Counter[str]) -> None:
        self._state = state
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        """Everything else as the state has it."""
        return getattr(self._state, name)

    def match(self, request: Request) -> Any:
        """Count one search and its concepts."""
        self._counts["searches"] += 1
        self._counts["most concepts"] = max(self._counts["most concepts"], len(request.concepts))
        return self._state.match(request)

    def totals(self, requests: Sequence[Request]) -> Any:
        """Count the searches."""
        self._counts["searches"] += len(requests)
        return self._state.totals(requests)


class WatchedStore:
    """A store that gives watched states."""

    def __init__(self, store: EmbeddedStore, counts: Counter[str]) -> None:
        self._store = store
        self._counts = counts

    def __getattr__(self, name: str) -> Any:
        """Everything else as the store has it."""
        return getattr(self._store, name)

    def current(self) -> Watched:
        """The state, watched."""
        return Watched(self._store.current(), self._counts)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often words were compared with the vocabulary and varied for the dictionary."""
    made: Counter[str] = Counter()
    near, varied = Vocabulary.near, Vocabulary.one_edit_away

    def counted_near(self: Vocabulary, word: str) -> list[str]:
        made["vocabulary"] += 1
        return near(self, word)

    def counted_varied(word: str) -> Iterator[str]:
        made["dictionary"] += 1
        return varied(word)

    monkeypatch.setattr(Vocabulary, "near", counted_near)
    monkeypatch.setattr(Vocabulary, "one_edit_away", staticmethod(counted_varied))
    return made


@pytest.mark.parametrize(
    "text",
    [
        " ".join(UNKNOWN),
        " ".join(f"„{word}”" for word in UNKNOWN[:70]),
        " ".join(f"„{first} {second}”" for first, second in zip(UNKNOWN[::2], UNKNOWN[1::2], strict=True)),
        "gmina " + " ".join(f"-{word}" for word in UNKNOWN[:90]),
        " ".join(f"w{letter}" for letter in string.ascii_lowercase * 10),
        "„" + " ".join(UNKNOWN) + "”",
        "w " * 500,
        "-".join(UNKNOWN),
    ],
)
def test_the_work_for_a_query_is_bounded(library: Library, counts: Counter[str], text: str) -> None:
    """However many words, phrases and exclusions, so many searches, concepts and repairs are made and no more."""
    settings = library.settings()
    knowledge = KnowledgeBase(settings)
    watched = KnowledgeBase(settings, store=WatchedStore(knowledge.store, counts))  # type: ignore[arg-type]
    results = watched.search(make_query(text, {"kind": ["raport"], "year": ["2023"]}))
    assert counts["searches"] <= 1 + limits.RELAXATIONS
    assert counts["most concepts"] <= 2 * limits.QUERY_WORDS_IN_ALL
    assert counts["vocabulary"] <= limits.VOCABULARY_REPAIRS
    assert counts["dictionary"] <= limits.DICTIONARY_REPAIRS
    assert sum(len(clause.words) for clause in results.query.clauses) <= limits.QUERY_WORDS_IN_ALL


def test_work_grows_no_further_with_the_query(library: Library) -> None:
    """Ten times the words cost no more steps than the limit of words does."""

    def steps(words: Sequence[str]) -> int:
        taken = 0

        def clock() -> float:
            nonlocal taken
            taken += 1
            return 0.0

        knowledge = library.open()
        knowledge.search(make_query("gmina"))
        with within(Deadline(1, clock)):
            knowledge.search(make_query(" ".join(words)))
        return taken

    assert steps(UNKNOWN) <= steps(UNKNOWN[: limits.QUERY_WORDS]) + 5


def test_words_beyond_the_limit_are_left_out() -> None:
    """The first words are read; the query says just what was read, so that links from its page ask the same."""
    typed = ["i", *UNKNOWN[:20], "na", *UNKNOWN[20:]]
    query = make_query(" ".join(typed))
    assert [clause.words[0] for clause in query.clauses] == typed[: limits.QUERY_WORDS + 2]
    assert query.clauses == parse(query.text)
    short = " ".join(UNKNOWN[: limits.QUERY_WORDS])
    assert make_query(short).text == short


def test_half_an_exclusion_is_none() -> None:
    """A phrase is cut where the words end; an exclusion that does not fit whole is left out, for half of it excludes more."""
    start = " ".join(UNKNOWN[: limits.QUERY_WORDS - 1])
    assert make_query(f"{start} „powiat gmina miasto”").clauses[-1].words == ("powiat",)
    assert make_query(f"{start} -„powiat gmina miasto”").clauses[-1].words == (UNKNOWN[limits.QUERY_WORDS - 2],)


@pytest.fixture(scope="module")
def taxonomy(library: Library) -> Taxonomy:
    """The taxonomy of the collection."""
    return load_taxonomy(library.documents)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ([("q", "a" * 1001)], "q: wartość może mieć najwyżej 1000 znaków, a ma 1001."),
        ([("q", " ".join(UNKNOWN))], "q: można podać najwyżej 32 słowa (64 razem z takimi jak „i” czy „na”)."),
        ([("year", str(year)) for year in range(1990, 2020)], "year: można podać najwyżej 20 różnych wartości."),
        ([("kind", "x" * 201)], "kind: wartość może mieć najwyżej 200 znaków, a ma 201."),
        ([("page", "9" * 50_000)], "page: wartość może mieć najwyżej 200 znaków, a ma 50\N{NO-BREAK SPACE}000."),
        ([("year", "0000")], "year = „0000”: rok musi być liczbą od 1500 do 2099."),
        ([("year", "2100")], "year = „2100”: rok musi być liczbą od 1500 do 2099."),
        ([(f"x{i}", "1") for i in range(5000)], "parametry: można podać najwyżej 100, podano 5000."),
    ],
)
def test_too_much_is_told(taxonomy: Taxonomy, parameters: list[tuple[str, str]], said: str) -> None:
    """Of a program's request that asks for too much the message names parameter and limit."""
    parsed = read_query(QueryParams(parameters), taxonomy)
    assert said in [problem.message for problem in parsed.problems]
    assert len(parsed.problems) <= limits.PARAMETERS + 1
    assert sum(map(len, parsed.query.filters.values())) <= limits.FACET_VALUES
    if parameters[0][0] == "q":  # no text is an error: its beginning is searched for
        assert parsed.strict() == parsed.query
    else:
        with pytest.raises(BadRequest):
            parsed.strict()


def test_ordinary_requests_are_within_the_limits(taxonomy: Taxonomy) -> None:
    """A long question with every filter is no problem."""
    given = [("q", "Jakie są źródła dofinansowania partnerstw gmin i powiatów w ramach ZIT na lata 2021–2027?")]
    given += [("year", str(year)) for year in range(2010, 2030)] + [("kind", "raport"), ("topic", "energia")]
    assert read_query(QueryParams(given), taxonomy).problems == ()


# What is kept


def _size(kept: Kept[Any]) -> int:
    total = sys.getsizeof(kept)
    for word, answer in kept.items():
        total += sys.getsizeof(word) + sys.getsizeof(answer)
        if isinstance(answer, tuple):
            total += sum(map(sys.getsizeof, answer))
    return total


@pytest.mark.parametrize(
    "answer", [lambda word: word + "ó", lambda word: (word, word[:3])], ids=["a string", "some terms"]
)
def test_kept_words_are_bounded_in_bytes(answer: Callable[[str], Any]) -> None:
    """However many words of whatever length, what is kept takes no more bytes than it may."""
    kept: Kept[Any] = Kept(answer, 100_000)
    for number in range(20_000):
        word = f"{number}ż" * (1 + number % 12)
        assert kept[word] == answer(word)
        assert kept.bytes <= 100_000
        if number % 500 == 0:
            assert _size(kept) <= 100_000
    assert kept


def test_long_words_are_not_kept() -> None:
    """A word longer than any real one is answered anew each time."""
    kept: Kept[str] = Kept(str.upper, 10_000_000)
    for number in range(1000):
        assert kept[f"ż{number}" * 20_000].startswith("Ż")
    assert not kept
    assert kept.bytes == 0


def test_the_analyzer_keeps_no_long_words() -> None:
    """Of texts of 60 kB neither folding nor terms nor lemmas keep more than a word's longest beginning."""
    analyzer: Analyzer = shared_analyzer()
    caches = [analyzer.terms.__self__, analyzer.lemmas.__self__, fold.__globals__["_folds"]]  # type: ignore[attr-defined]
    for number in range(20):
        text = f"ż{number}x" * 15_000
        fold(text)
        analyzer.terms(text[:2000])
        analyzer.known(text[:2000])
    assert all(len(word) <= limits.WORD_CHARACTERS for kept in caches for word in kept)


def test_suggestions_keep_no_texts(library: Library) -> None:
    """Of texts of 60 kB the beginning alone is looked at, and nothing of them is kept."""
    knowledge = library.open()
    suggester_words = "transport " * 6000
    assert knowledge.suggest(suggester_words) == knowledge.suggest(suggester_words[: limits.SUGGESTED_FOR_CHARACTERS])


def test_words_that_stand_nowhere_fill_no_cache(library: Library) -> None:
    """The engine counts also the names under which it keeps what it found, for there may be nothing else."""
    state = KnowledgeBase(library.settings(cache_mb=1)).store.current()
    scorer = state._scorer  # type: ignore[attr-defined]
    for number in range(3000):
        form = Form(field="lemma", steps=((f"słowo{number}" * 10,),) * 3)
        state.frequencies([Concept(label="x", forms=(form,))])
    for cache in (scorer._scored, scorer._counts):
        kept = cache._values
        real = sum(sys.getsizeof(term) for forms in kept for form in forms for step in form.steps for term in step)
        assert 0 < real < cache.bytes <= cache.most_bytes <= 1024 * 1024
    places = KeptLists(200_000)
    for number in range(1000):
        for term in (f"{number}" * 1000, f"{number}"):
            places.place(("segment", "lemma", term), lambda: Place(0, 1, 1, 0))
    kept = cast("dict[tuple[str, str, str], object]", places._places._values)
    assert 0 < sum(sys.getsizeof(place) + sys.getsizeof(key[-1]) + 400 for key, place in kept.items()) <= 100_000
    assert all(len(term) <= limits.WORD_CHARACTERS for _, _, term in kept)


def test_a_cache_keeps_the_latest_in_so_many_bytes() -> None:
    """What was asked for longest ago goes first, a value that is put again counts once, and one too large is not kept."""
    cache: Cache[str] = Cache(100)
    for key in "abc":
        cache.put(key, key.upper(), 30)
    assert cache.get("a") == "A"
    cache.put("a", "AA", 40)
    assert (cache.bytes, cache.get("b")) == (100, "B")
    cache.put("d", "D", 30)
    assert [cache.get(key) for key in "abcd"] == ["AA", "B", None, "D"]
    cache.put("e", "E", 101)
    assert cache.get("e") is None
    assert cache.bytes == 100
