"""The start page and the pages of editions: all they say is data, and what nobody has written leaves no empty part."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest
from library import TAXONOMY, Library

from kb.catalogue import load_taxonomy
from kb.errors import TaxonomyError
from kb.web import create_app

from .conftest import serving, spaced

PROGRAMME = """\
event_types: [{slug: forum, name: Forum, plural: Fora wymiany}, {slug: wizyta, name: Wizyta, plural: Wizyty}]
advice: [{name: Doradztwo próbne, description: Od pomysłu do wniosku., topics: [energia]}]
effects:
  - {edition: pilotaz, figure: gmin w próbie}
  - {kind: poradnik, forms: [poradnik, poradniki, poradników]}
partners: [{name: Fundacja Próbna, role: analizy, url: "https://example.org/"}]
examples: [pompa ciepła]
"""
EDITIONS = TAXONOMY.replace(
    'to: "2022-03"}', 'to: "2022-03", document: o-pilotazu, figures: [{value: "17", label: gmin w próbie}]}'
)


def collection(library: Library, taxonomy: str) -> Library:
    """Three guides, an event and the text of an edition."""
    library.write("taxonomy.yaml", taxonomy)
    for number in range(3):
        library.markdown(f"p{number}.md", "Tekst.", title=f"Poradnik {number}", kind="poradnik", topics=["energia"])
    event = {"kind": "wydarzenie", "starts": "2026-06-20", "venue": "Kielce"}
    library.markdown("forum.md", "Tekst.", title="Forum próbne", **event)
    library.markdown(
        "pilotaz.md",
        "Wstęp o próbie.\n\n## Co dalej\n\nKoniec próby.",
        id="o-pilotazu",
        edition="pilotaz",
        kind="aktualnosc",
    )
    library.run()
    return library


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The site of a programme of which everything is told."""
    library = collection(Library(tmp_path_factory.mktemp("start")), EDITIONS + PROGRAMME)
    with serving(create_app(library.settings(), today=lambda: date(2026, 6, 10))) as opened:
        yield opened


def test_start_page_says_what_the_taxonomy_says(client: httpx.Client) -> None:
    """Search comes first; guides before news; counters count; events have a place; partners have roles."""
    html = spaced(client.get("/"))
    order = ["<h1", 'type="search"', "Co jest w bazie", "Poradniki", "Aktualności</a>", "Najnowsze", "Edycje programu"]
    order += ["Efekty prac", "Doradztwo próbne", "Sieciowanie", "Nadchodzące", "Kielce", "Fundacja Próbna"]
    main = html[html.index("<main") :]
    places = [main.index(text) for text in order]
    assert places == sorted(places)
    assert "<strong>17</strong> gmin w próbie" in html
    assert '<strong>3</strong> <a href="/szukaj?kind=poradnik">poradniki</a>' in html
    assert '<a href="/tematy/energia">Energia i klimat</a>' in html
    assert "<dd>analizy</dd>" in html
    assert "<dt>Wizyty</dt>" in html
    assert '<a href="/szukaj?q=pompa+ciep%C5%82a">pompa ciepła</a>' in html[html.index("Na przykład") :]


def test_what_nobody_wrote_is_left_out(library: Library) -> None:
    """Without the lists in the taxonomy their parts are not there, not even as headings."""
    collection(library, "topics: []\n")
    with serving(create_app(library.settings())) as opened:
        html = spaced(opened.get("/"))
    for text in (
        "Efekty prac",
        "Doradztwo</h2>",
        "Partnerzy",
        "Tematy</h2>",
        "Edycje programu",
        "Rodzaje",
        "Na przykład",
    ):
        assert text not in html
    assert "Poradnik 1" in html


def test_an_edition_and_its_text_are_one_page(client: httpx.Client) -> None:
    """The address of the text leads to the edition, where it is read, marked and cited, and not listed again."""
    answer = client.get("/dokumenty/o-pilotazu?q=koniec")
    assert answer.url.path == "/edycje/pilotaz"
    assert "<mark>Koniec</mark> próby." in spaced(answer)
    assert 'id="cytuj"' in spaced(answer)
    assert "/dokumenty/o-pilotazu/wersje/" in spaced(answer)
    assert "<h2>Aktualności</h2>" not in spaced(answer)
    assert "Nie ma tu jeszcze żadnych dokumentów" not in answer.text
    assert "Nie ma tu jeszcze żadnych dokumentów" in spaced(client.get("/edycje/cwd-plus"))


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("effects: [{kind: raport}]", "effects.0: podaj kind i forms"),
        (
            "effects: [{edition: pilotaz, figure: gmin w probie}]",
            "nie ma liczby „gmin w probie”. Może chodziło o „gmin w próbie”?",
        ),
        ("effects: [{edition: pilotas, figure: x}]", "effects: nie ma wartości „pilotas”. Może chodziło o „pilotaz”?"),
        ("advice: [{name: A, topics: [energie]}]", "advice: nie ma wartości „energie”. Może chodziło o „energia”?"),
        ("partners: [{name: A, url: example.org}]", "adres musi zaczynać się od https://"),
        ("partners: [{role: analizy}]", "partners.0.name: brak wymaganego klucza"),
        ("event_types: [{slug: a, name: A}, {slug: a, name: B}]", "event_types: powtórzony slug: a"),
    ],
)
def test_mistakes_of_editors_are_named(library: Library, wrong: str, problem: str) -> None:
    """What is wrong in the new lists is said in Polish, with the place and the nearest known value."""
    library.write("taxonomy.yaml", EDITIONS + wrong + "\n")
    with pytest.raises(TaxonomyError) as raised:
        load_taxonomy(library.documents)
    assert problem in " ".join(raised.value.details)
