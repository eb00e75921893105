"""The table of facets: what it says of a document, and that everything that filters or counts goes by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import typer
from starlette.datastructures import QueryParams

from kb.api import routes
from kb.cli import app
from kb.engine import Request
from kb.errors import BadRequest
from kb.facets import FACETS, values_of
from kb.model import DEFAULT_KINDS, Document, Edition, Taxonomy, Topic
from kb.reading.params import SEARCH_PARAMETERS, read_query

DOCUMENT = Document(
    id="a",
    title="A",
    path="a.md",
    version="",
    pages=1,
    kind="raport",
    edition="pilotaz",
    topics=("transport", "finanse"),
    published=date(2023, 6, 19),
)
TAXONOMY = Taxonomy(
    editions=(Edition(slug="pilotaz", name="Pilotaż"),),
    topics=(Topic(slug="transport", name="Transport"),),
    kinds=DEFAULT_KINDS,
)


def test_values_of_a_document() -> None:
    """Each facet takes its values from the document; what is not known is no value."""
    assert values_of(DOCUMENT) == {
        "edition": ("pilotaz",),
        "topic": ("transport", "finanse"),
        "kind": ("raport",),
        "year": ("2023",),
    }
    bare = replace(DOCUMENT, kind=None, edition=None, topics=(), published=None)
    assert values_of(bare) == dict.fromkeys(FACETS, ())


def test_the_command_line_has_every_facet() -> None:
    """``kb search`` has an option of each facet, which may be given several times, with the table's word in its help."""
    options = {param.name: param for param in typer.main.get_command(app).commands["search"].params}
    own = {"text", "documents", "index", "limit", "explain", "as_json"}
    assert [name for name in options if name not in own] == list(FACETS)
    for name, facet in FACETS.items():
        assert options[name].opts == [f"--{name}"]
        assert options[name].multiple
        assert options[name].help.startswith(f"{facet.legend};")


def test_the_api_describes_every_facet() -> None:
    """The parameters of a search are described for OpenAPI as the table says, those of facets as lists."""
    (route,) = [route for route in routes.router.routes if route.name == "search"]
    described = {parameter["name"]: parameter for parameter in route.openapi_extra["parameters"]}
    assert tuple(described) == SEARCH_PARAMETERS
    for name, parameter in described.items():
        assert (parameter["schema"]["type"] == "array") == (name in FACETS)
    for name, facet in FACETS.items():
        assert described[name]["description"] == facet.description
        assert described[name].get("example", []) == [facet.example] * bool(facet.example)


def test_the_engine_counts_every_facet() -> None:
    """A request that names no facets is for all of them."""
    assert Request(concepts=()).facets == tuple(FACETS)


@pytest.mark.parametrize("name", FACETS)
def test_every_facet_is_checked(name: str) -> None:
    """A value that no document can have is refused in the facet's own words; a document's own is not."""
    with pytest.raises(BadRequest) as refused:
        read_query(QueryParams({name: "!"}), TAXONOMY).strict()
    assert refused.value.details == (f"{name} = „!”: {FACETS[name].unknown}.",)
    for value in values_of(DOCUMENT)[name][:1]:
        assert read_query(QueryParams({name: value}), TAXONOMY).strict().filters == {name: (value,)}
