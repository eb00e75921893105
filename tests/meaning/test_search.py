"""What meaning adds to a search, and what it leaves alone."""

from __future__ import annotations

import pytest
from library import Library
from web.conftest import serving, spaced

from kb.meaning import making
from kb.model import Query, Results
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings
from kb.web import create_app
from meaning.server import Server


@pytest.fixture
def settings(shelf: Library, server: Server) -> Settings:
    """Settings with the server, after all vectors are made."""
    settings = shelf.settings(meaning=server.address)
    coverage = making.wait(settings)
    assert coverage == making.Coverage(32, 32)
    return settings


def search(settings: Settings, text: str, **rest: object) -> Results:
    """A search in a new reader."""
    return KnowledgeBase(settings).search(make_query(text, **rest))


def ids(results: Results) -> list[str]:
    """Ids of the documents listed."""
    return [hit.document.id for hit in results.hits]


def test_a_page_without_the_words_joins_and_is_told_apart(settings: Settings) -> None:
    """What means the same is listed beside what has the words, is marked, and is in no count."""
    results = search(settings, "zadłużenie bruku")
    assert "kredyt" in ids(results)
    joined = {hit.document.id for hit in results.hits if any(page.by_meaning for page in hit.pages)}
    assert joined == {"kredyt"}
    assert (results.total, results.by_meaning, results.listed) == (3, 1, 4)
    assert sum(value.count for value in results.facets["kind"]) == 0
    hit = next(hit for hit in results.hits if hit.document.id == "kredyt")
    assert hit.matching_pages == 0


def test_meaning_alone_answers(settings: Settings) -> None:
    """Where no page has the words, what means the same is listed, and looser searches are offered too."""
    results = search(settings, "zadłużanie")
    assert (ids(results), results.total, results.total_pages) == (["kredyt"], 0, 0)


def test_the_query_is_encoded_as_it_was_read(settings: Settings, server: Server) -> None:
    """A typing error is repaired before the query is encoded."""
    search(settings, "autobsu bruku")
    assert server.asked[-1]["input"] == ["autobus bruku"]


def test_the_encoder_is_ready_before_the_first_question(settings: Settings, server: Server) -> None:
    """A server loads its weights when it starts; one whose encoder does not answer starts all the same."""
    server.asked.clear()
    KnowledgeBase(settings).prepare()
    assert len(server.asked) == 1
    server.status = 500
    KnowledgeBase(settings).prepare()
    assert search(settings, "bruk").total == 3


@pytest.mark.parametrize("text", ["„zadłużenie”", "„sprawach zadłużenia”", "-bruk", ""])
def test_strict_queries_stay_strict(settings: Settings, server: Server, text: str) -> None:
    """A query of quotations or exclusions alone is not even encoded."""
    server.asked.clear()
    assert search(settings, text).by_meaning == 0
    assert server.asked == []


def test_exclusions_exact_words_and_filters_hold_for_what_joins(settings: Settings) -> None:
    """A page with an excluded word, without an exact one, or of another kind does not join."""
    assert search(settings, "zadłużenie bruku -kredyt").by_meaning == 0
    assert search(settings, "zadłużenie +„bruku”").by_meaning == 0
    knowledge = KnowledgeBase(settings)
    for kind, listed in (("poradnik", ["kredyt"]), ("raport", [])):
        query = Query(
            text="zadłużenie",
            clauses=make_query("zadłużenie").clauses,
            filters={"kind": (kind,)},
        )
        assert ids(knowledge.search(query)) == listed


def test_order_of_time_is_that_of_words(settings: Settings) -> None:
    """Sorted by date, nothing joins."""
    assert search(settings, "zadłużenie bruku", sort="newest").by_meaning == 0


def test_all_that_is_listed_is_reached_page_by_page(settings: Settings) -> None:
    """Pages of results hold what has the words and what joined, each once."""
    seen = [id for page in range(1, 3) for id in ids(search(settings, "zadłużenie bruku", page=page, per_page=2))]
    assert len(seen) == len(set(seen)) == 4


def test_off_leaves_everything_as_it_was(settings: Settings, shelf: Library, server: Server) -> None:
    """With meaning off the vectors are not looked at, and nothing is asked of the server."""
    server.asked.clear()
    results = search(shelf.settings(meaning="off"), "zadłużenie bruku")
    assert (results.by_meaning, results.listed, server.asked) == (0, 3, [])
    assert making.wait(shelf.settings(meaning="off")) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, None),
        (401, None),
        (200, b"not json"),
        (200, b'{"data": []}'),
        (200, b'{"data": [{"index": 0, "embedding": ["x"]}]}'),
    ],
)
def test_a_failing_server_never_breaks_a_search(
    settings: Settings, server: Server, status: int, body: bytes | None
) -> None:
    """Whatever the server answers, the words do; and it is left in peace for a while."""
    server.status, server.body = status, body
    knowledge = KnowledgeBase(settings)
    server.asked.clear()
    for _ in range(2):
        assert knowledge.search(make_query("zadłużenie bruku")).listed == 3
    assert len(server.asked) == 1


def test_people_and_programs_are_told(settings: Settings) -> None:
    """The site, the API and their counts say what is there by meaning alone."""
    with serving(create_app(settings)) as client:
        found = client.get("/api/v1/search", params={"q": "zadłużanie"}).json()
        page = spaced(client.get("/szukaj", params={"q": "zadłużanie"}))
    assert (found["total"], found["by_meaning"]) == (0, 1)
    assert found["hits"][0]["pages"][0]["by_meaning"] is True
    assert "podobne znaczenie" in page
    assert "Tych słów nie ma w dokumentach; 1 dokument o podobnym znaczeniu" in page
