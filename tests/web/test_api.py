"""The JSON contract, checked on a real index."""

import json
import re

import anyio
import anyio.to_thread
import httpx
import pytest

from kb.citing import STYLES
from kb.settings import Settings
from kb.web import create_app


def test_search_contract(client: httpx.Client) -> None:
    """Every key of the contract is there, with values of its shape."""
    body = client.get("/api/v1/search?q=dofinansowanei+zit&per_page=5").json()
    assert body["query"]["text"] == "dofinansowanei zit"
    assert body["query"]["read_as"] == "dofinansowanie zit"
    assert {"from": "dofinansowanei", "to": "dofinansowanie"}.items() <= body["query"]["repaired"][0].items()
    assert {"total", "total_pages", "page", "per_page", "suggestion", "took_ms", "hits", "facets"} <= set(body)
    assert (body["page"], body["per_page"]) == (1, 5)
    hit = next(hit for hit in body["hits"] if hit["id"] == "poradnik-zit")
    assert hit["kind"] == "poradnik"
    assert hit["edition"] == "cwd-plus"
    assert hit["topics"] == ["finanse"]
    assert hit["published"] == "2024-02-20"
    assert hit["url"] == "/dokumenty/poradnik-zit"
    assert hit["matching_pages"] >= len(hit["pages"]) == 3
    page = hit["pages"][0]
    assert page["url"] == f"/dokumenty/poradnik-zit/strony/{page['number']}"
    assert "<mark>" in page["snippet"]
    assert set(re.findall(r"<[^>]*>", page["snippet"])) <= {"<mark>", "</mark>"}
    assert set(body["facets"]) == {"edition", "topic", "kind", "year"}
    assert {"value": "cwd-plus", "label": "CWD Plus", "count": 1, "selected": False} in body["facets"]["edition"]


def test_filters_or_within_and_across(client: httpx.Client) -> None:
    """Values of one filter widen, filters narrow; a facet is counted without its own filter."""
    both = client.get("/api/v1/search?edition=pilotaz&edition=cwd-plus").json()
    assert {hit["id"] for hit in both["hits"]} == {"transport-w-gminie", "poradnik-zit"}
    one = client.get("/api/v1/search?edition=pilotaz&edition=cwd-plus&kind=poradnik").json()
    assert [hit["id"] for hit in one["hits"]] == ["poradnik-zit"]
    assert {v["value"]: (v["count"], v["selected"]) for v in one["facets"]["kind"]} == {
        "poradnik": (1, True),
        "aktualnosc": (1, False),
    }


def test_all_problems_come_back_at_once(client: httpx.Client) -> None:
    """Unknown names and wrong values are one 422 that lists every one of them."""
    answer = client.get(
        "/api/v1/search?q=a&q=b&edition=pilotaj&topic=x&year=23&sort=best&page=zero&per_page=51&kimd=raport"
    )
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "bad_request"
    assert [detail.split(" ")[0].rstrip(":") for detail in error["details"]] == [
        "kimd", "q", "edition", "topic", "year", "sort", "per_page", "page",
    ]  # fmt: skip
    assert error["details"][0] == "kimd: nie ma takiego parametru. Może chodziło o „kind”?"
    assert error["details"][2] == "edition = „pilotaj”: nie ma takiej edycji. Może chodziło o „pilotaz”?"


@pytest.mark.parametrize("page", ["0", "-1", "1.5", "9999999999", "abc", "٣"])
def test_wrong_page_numbers(client: httpx.Client, page: str) -> None:
    """A page that is no positive whole number is a 422, for the API and for people."""
    assert client.get("/api/v1/search", params={"page": page}).status_code == 422
    assert client.get("/szukaj", params={"page": page}).status_code == 422
    assert client.get("/api/v1/documents/poradnik-zit/citation", params={"page": page}).status_code in (404, 422)


def test_offset_limit(client: httpx.Client) -> None:
    """Nobody pages past ten thousand documents; within that an empty page is no error."""
    assert client.get("/api/v1/search?page=1002").status_code == 422
    body = client.get("/api/v1/search?page=1001").json()
    assert (body["hits"], body["total"]) == ([], 17)


def test_documents(client: httpx.Client) -> None:
    """The list of documents has full descriptions, the same filters and pages."""
    body = client.get("/api/v1/documents?kind=aktualnosc&sort=newest&per_page=2&page=2").json()
    assert (body["total"], body["page"], body["per_page"]) == (13, 2, 2)
    one = client.get("/api/v1/documents?kind=poradnik").json()["documents"][0]
    assert one["authors"] == ["Jan Kowalski", "Zespół Bazy wiedzy"]
    assert (one["media"], one["file_url"]) == ("pdf", "/pliki/poradnik-zit")
    assert client.get("/api/v1/documents?q=x").status_code == 422


def test_document_and_its_pages(client: httpx.Client) -> None:
    """A document lists its pages; each has its text and neighbours."""
    body = client.get("/api/v1/documents/poradnik-zit").json()
    assert [page["number"] for page in body["pages"]] == list(range(1, body["page_count"] + 1))
    assert body["pages"][2] == {
        "number": 3,
        "label": "1",
        "heading": "1 Instrumenty terytorialne w pięć minut",
        "headings": [
            {"text": "1 Instrumenty terytorialne w pięć minut", "level": 1, "start": 0},
            {
                "text": "2 Słownik obszarów: MOF, OSI, OZTM",
                "level": 1,
                "start": body["pages"][2]["headings"][1]["start"],
            },
        ],
        "anchor": None,
        "url": "/dokumenty/poradnik-zit/strony/3",
    }
    page = client.get("/api/v1/documents/poradnik-zit/pages/3").json()
    assert all(page["text"][one["start"] :].startswith(one["text"]) for one in page["headings"])
    first = client.get("/api/v1/documents/transport-w-gminie/pages/2").json()
    assert (first["document"], first["anchor"]) == ("transport-w-gminie", "wklad-wlasny-gminy")
    assert first["previous"] == "/dokumenty/transport-w-gminie/strony/1"
    assert "<h2" in first["html"]
    assert first["text"].startswith("Wkład własny gminy")


@pytest.mark.parametrize("style", STYLES)
def test_citation(client: httpx.Client, style: str) -> None:
    """Each format cites the document as of its version; the place in it is told, and the page's address in that version."""
    body = client.get(f"/api/v1/documents/poradnik-zit/citation?page=8&format={style}").json()
    place = body["url"].removeprefix("https://baza.example.pl")
    assert re.fullmatch("/dokumenty/poradnik-zit/wersje/[0-9a-f]{12}/strony/8", place)
    assert (body["format"], body["locator"]) == (style, "s. 6")
    if style != "apa-in-text":
        assert place.removesuffix("/strony/8") in body["citation"]


def test_citation_of_a_section(client: httpx.Client) -> None:
    """A section is cited by its own address in this version."""
    for page in (1, 2, 3):
        body = client.get(f"/api/v1/documents/transport-w-gminie/citation?page={page}").json()
        assert re.search(f"/dokumenty/transport-w-gminie/wersje/[0-9a-f]{{12}}/strony/{page}$", body["url"])
        assert body["citation"].endswith(body["url"])


def test_citation_with_a_quotation(client: httpx.Client) -> None:
    """A sentence goes along with the entry, in Polish quotation marks; too long a one is refused."""
    address = "/api/v1/documents/poradnik-zit/citation?page=8&format=apa-in-text"
    body = client.get(address, params={"page": 8, "format": "apa-in-text", "quote": "To jest „cytat”,\nzdanie"}).json()
    assert body["citation"] == "„To jest «cytat», zdanie” (Kowalski & Zespół Bazy wiedzy, 2024, s. 6)"
    answer = client.get(address + "&quote=" + "x" * 2001)
    assert (answer.status_code, answer.json()["error"]["details"]) == (
        422,
        ["quote: wartość może mieć najwyżej 2000 znaków."],
    )


@pytest.mark.parametrize("style", STYLES)
def test_citations_of_a_whole_list(client: httpx.Client, style: str) -> None:
    """Every document of a list has its entry, in the order of the results, on the site as in the API."""
    listed = client.get("/api/v1/documents?per_page=50").json()
    body = client.get(f"/api/v1/citations?format={style}").json()
    assert (body["format"], body["total"], body["exported"]) == (style, listed["total"], listed["total"])
    titles = [document["title"] for document in listed["documents"]]
    if style == "csl-json":
        assert [item["title"] for item in json.loads(body["citations"])] == titles
    file = client.get(f"/cytowania?format={style}")
    assert (file.status_code, file.text) == (200, body["citations"])
    assert file.headers["content-disposition"].startswith('attachment; filename="cytowania.')
    some = client.get("/api/v1/citations?q=wkład&kind=aktualnosc&format=ris").json()
    assert (some["exported"], some["citations"].count("TY  - ELEC")) == (1, 1)


def test_citations_of_a_list_and_problems(client: httpx.Client) -> None:
    """BibTeX unless said; unknown formats, filters and parameters are refused together; a list of nothing is empty."""
    assert client.get("/api/v1/citations").json()["format"] == "bibtex"
    answer = client.get("/api/v1/citations?format=mla&kind=byle&page=2")
    assert (answer.status_code, len(answer.json()["error"]["details"])) == (422, 3)
    assert client.get("/cytowania?format=mla").status_code == 422
    assert client.get("/api/v1/citations?q=brakującesłowo&format=bibtex").json()["citations"] == ""


def test_a_list_of_citations_has_a_limit(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more entries than the limit says, and how many there are in all."""
    monkeypatch.setattr("kb.api.routes.EXPORTED_RECORDS", 1)
    body = client.get("/api/v1/citations?format=ris").json()
    assert body["exported"] == body["citations"].count("ER  - ") == 1
    assert body["total"] > 1


def test_citation_defaults_and_problems(client: httpx.Client) -> None:
    """ISO 690 of the whole document by default; unknown formats and parameters are refused together."""
    assert client.get("/api/v1/documents/poradnik-zit/citation").json()["format"] == "iso690"
    answer = client.get("/api/v1/documents/poradnik-zit/citation?format=mla&strona=2&page=x")
    assert len(answer.json()["error"]["details"]) == 3


def test_editions_and_topics(client: httpx.Client) -> None:
    """The taxonomy with numbers of documents."""
    editions = client.get("/api/v1/editions").json()["editions"]
    assert editions[0] == {
        "slug": "pilotaz",
        "name": "Pilotaż CWD",
        "from": "2020-09",
        "to": "2022-03",
        "description": "Pierwsza edycja.\n\nDrugi akapit.",
        "figures": [{"value": "38", "label": "partnerstw"}],
        "documents": 1,
        "url": "/edycje/pilotaz",
    }
    topics = client.get("/api/v1/topics").json()["topics"]
    assert {topic["slug"]: topic["documents"] for topic in topics} == {"transport": 1, "finanse": 2}


def test_suggest(client: httpx.Client) -> None:
    """Suggestions have one shape; nothing typed brings none."""
    assert client.get("/api/v1/suggest?q=").json() == {"suggestions": []}
    suggestions = client.get("/api/v1/suggest?q=zit").json()["suggestions"]
    assert suggestions[0] == {
        "text": "ZIT",
        "kind": "abbreviation",
        "detail": "zintegrowane inwestycje terytorialne",
        "url": None,
    }
    assert {
        "kind": "title",
        "text": "ZIT i IIT w praktyce",
        "detail": "",
        "url": "/dokumenty/poradnik-zit",
    } in suggestions
    for suggestion in suggestions:
        assert set(suggestion) == {"text", "kind", "detail", "url"}
    assert len(client.get("/api/v1/suggest?q=zit&limit=1").json()["suggestions"]) == 1
    assert client.get("/api/v1/suggest?q=z&limit=99").status_code == 422


def test_health(client: httpx.Client, empty_client: httpx.Client) -> None:
    """Alive is not ready: without an index one says ok, the other 503."""
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").json()["documents"] == 17
    assert empty_client.get("/healthz").status_code == 200
    assert empty_client.get("/readyz").status_code == 503


def test_health_waits_for_nobody(config: Settings) -> None:
    """Alive is said while every handler is busy with something else."""

    async def ask() -> int:
        threads = anyio.to_thread.current_default_thread_limiter()
        for _ in range(int(threads.total_tokens)):
            await threads.acquire_on_behalf_of(object())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(config)), base_url="http://localhost"
        ) as asking:
            with anyio.fail_after(30):
                return (await asking.get("/healthz")).status_code

    assert anyio.run(ask) == 200


def test_schema_describes_everything(client: httpx.Client) -> None:
    """OpenAPI lists the addresses of the contract, each with summary, description and described parameters."""
    schema = client.get("/api/v1/openapi.json").json()
    assert set(schema["paths"]) == {
        "/healthz",
        "/readyz",
        "/api/v1/search",
        "/api/v1/documents",
        "/api/v1/documents/{id}",
        "/api/v1/documents/{id}/pages/{number}",
        "/api/v1/documents/{id}/versions",
        "/api/v1/documents/{id}/versions/{version}",
        "/api/v1/documents/{id}/versions/{version}/pages/{number}",
        "/api/v1/documents/{id}/citation",
        "/api/v1/citations",
        "/api/v1/quote",
        "/api/v1/suggest",
        "/api/v1/editions",
        "/api/v1/topics",
    }
    for methods in schema["paths"].values():
        operation = methods["get"]
        assert operation["summary"]
        assert operation["description"]
        assert all(parameter.get("description") for parameter in operation.get("parameters", ()))
    of_search = {each["name"]: each["schema"] for each in schema["paths"]["/api/v1/search"]["get"]["parameters"]}
    assert of_search["sort"]["enum"] == ["relevance", "newest", "oldest"]
    assert of_search["page"]["minimum"] == 1
    assert (of_search["per_page"]["minimum"], of_search["per_page"]["maximum"]) == (1, 50)
    assert schema["components"]["schemas"]["WordChange"]["properties"].keys() >= {"from", "to"}
