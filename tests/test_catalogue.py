"""Metadata: what is right is taken, what is wrong is named with file, key, value and the nearest known one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from library import TAXONOMY, Library

from kb.catalogue import Catalogue, file_inputs, folder_inputs, load_taxonomy, read_yaml
from kb.errors import TaxonomyError
from kb.extract.reader import read
from kb.formats import format_of
from kb.limits import Limits
from kb.model import Document, Extraction, Page, Status

_WITH_COMMA = '  - {slug: lasy, name: "Lasy, łąki i wody"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A documents folder with a taxonomy."""
    (tmp_path / "taxonomy.yaml").write_text(TAXONOMY.replace("kinds:", f"{_WITH_COMMA}kinds:"), encoding="utf-8")
    return tmp_path


def _extraction(metadata: Mapping[str, object], *, html: str = "", heading: str = "") -> Extraction:
    page = Page(number=1, text="Tekst.", heading=heading, html=html)
    return Extraction(status=Status.INDEXED, pages=(page,), metadata=metadata)


def _markdown(folder: Path, **metadata: object) -> tuple[Document, tuple[str, ...]]:
    """The document of ``notatka.md`` with this front matter, and the warnings."""
    extraction = _extraction(metadata, html="<h2>Nagłówek</h2>", heading="Nagłówek")
    return Catalogue(folder).describe(folder / "notatka.md", "notatka.md", "0", extraction)[:2]


def _pdf(folder: Path, sidecar: str | bytes | None, **found: object) -> tuple[Document, tuple[str, ...]]:
    """The document of ``raport.pdf`` with this sidecar and own description, and the warnings."""
    if sidecar is not None:
        (folder / "raport.yaml").write_bytes(sidecar.encode() if isinstance(sidecar, str) else sidecar)
    return Catalogue(folder).describe(folder / "raport.pdf", "raport.pdf", "0", _extraction(found))[:2]


# What is right


def test_every_key(folder: Path) -> None:
    """Each key of the contract reaches the document."""
    document, warnings = _pdf(
        folder,
        "id: raport-glowny\ntitle: Główny raport\nedition: cwd-plus\ntopics: [transport, energia]\nkind: raport\n"
        "published: 2023-06-19\nauthors: [Anna Nowak, Jan Żak]\npublisher: Wydawca\ndescription: Opis.\nlanguage: en\n"
        "source_url: https://example.pl/a b.pdf\nlicence: CC BY 4.0\n".replace("a b", "a%20b"),
    )
    assert warnings == ()
    assert document == Document(
        id="raport-glowny",
        title="Główny raport",
        path="raport.pdf",
        version="0",
        pages=1,
        kind="raport",
        edition="cwd-plus",
        topics=("transport", "energia"),
        published=date(2023, 6, 19),
        authors=("Anna Nowak", "Jan Żak"),
        publisher="Wydawca",
        description="Opis.",
        language="en",
        source_url="https://example.pl/a%20b.pdf",
        licence="CC BY 4.0",
    )


def test_nothing_given(folder: Path) -> None:
    """Without any metadata the file name serves, and nothing is complained of."""
    document, warnings = _pdf(folder, None)
    assert warnings == ()
    assert (document.id, document.title, document.language) == ("raport", "Raport", "pl")
    assert (document.kind, document.edition, document.topics, document.published) == (None, None, (), None)


def test_an_empty_sidecar(folder: Path) -> None:
    """An empty file, or one of comments, or keys without values, says nothing wrong."""
    for content in ("", "# jeszcze nic\n", "title:\nkind: ''\ntopics: []\n"):
        document, warnings = _pdf(folder, content)
        assert (document.title, document.kind, warnings) == ("Raport", None, ())


@pytest.mark.parametrize("end", ["---\n", "---", "...\n\n"])
def test_a_sidecar_between_marks(folder: Path, end: str) -> None:
    """Who writes a description as in Markdown, between two lines of dashes, means the keys between them."""
    document, warnings = _pdf(folder, f"---\ntitle: Plan\nkind: raport\n{end}")
    assert (document.title, document.kind, warnings) == ("Plan", "raport", ())


def test_the_order_of_sources(folder: Path) -> None:
    """The sidecar goes before the PDF's own description, that before the nearer defaults, those before the farther ones."""
    inner = folder / "raporty"
    inner.mkdir()
    (folder / "_defaults.yaml").write_text("publisher: a\nlicence: a\nlanguage: en\nkind: raport\n")
    (inner / "_defaults.yaml").write_text("publisher: b\nlicence: b\nauthors: b\n")
    (inner / "x.yaml").write_text("publisher: d\n")
    catalogue = Catalogue(folder)
    found = {"publisher": "c", "authors": ["c"], "title": "Tytuł z pliku"}
    document, warnings, _ = catalogue.describe(inner / "x.pdf", "raporty/x.pdf", "0", _extraction(found))
    assert warnings == ()
    assert (document.publisher, document.authors, document.licence) == ("d", ("c",), "b")
    assert (document.language, document.kind, document.title) == ("en", "raport", "Tytuł z pliku")


def test_defaults_give_no_id_and_no_title(folder: Path) -> None:
    """A folder's defaults cannot give all its documents one name, however the key is written; who tries is told."""
    (folder / "_defaults.yaml").write_text("Id: wspolny\ntitle: Wspólny\n")
    document, warnings = _pdf(folder, None)
    assert (document.id, document.title) == ("raport", "Raport")
    assert [warning.split(":")[1].strip() for warning in warnings] == ["Id", "title"]


def test_a_slug_in_capitals_is_that_slug(folder: Path) -> None:
    """Capital letters make no other value of the taxonomy."""
    (folder / "taxonomy.yaml").write_text("topics: [{slug: finanse, name: Finanse JST}]\n")
    document, warnings = _pdf(folder, "topics: [Finanse]\n")
    assert (document.topics, warnings) == (("finanse",), ())


def test_a_markdown_title_is_its_first_heading(folder: Path) -> None:
    """Without a title the first heading serves."""
    assert _markdown(folder)[0].title == "Nagłówek"


@pytest.mark.parametrize(
    ("key", "written", "taken"),
    [
        ("published", "2023-06-19", date(2023, 6, 19)),
        ("published", "2023-06-19T10:30:00", date(2023, 6, 19)),
        ("published", "2023-06-19 10:30:00", date(2023, 6, 19)),
        ("topics", "transport, energia", ("transport", "energia")),
        ("topics", "[transport, transport]", ("transport",)),
        ("topics", "[Transport publiczny]", ("transport",)),
        ("topics", "[ENERGIA I KLIMAT]", ("energia",)),
        ("topics", "Lasy, łąki i wody, energia", ("lasy", "energia")),
        ("topics", "energia, lasy,  łąki  i wody", ("energia", "lasy")),
        ("topics", "['Lasy, łąki i wody']", ("lasy",)),
        ("language", "polski", "pl"),
        ("language", "Język ukraiński", "uk"),
        ("language", "pl-PL", "pl-PL"),
        ("authors", "Wiśniewska, Ewa", ("Ewa Wiśniewska",)),
        ("authors", "Wiśniewska, Ewa, Lis, Adam", ("Ewa Wiśniewska", "Adam Lis")),
        ("authors", "Lis, A.", ("A. Lis",)),
        ("authors", "Lis-Nowak, Anna Maria; GUS", ("Anna Maria Lis-Nowak", "GUS")),
        ("authors", "GUS, NIK", ("GUS", "NIK")),
        ("authors", "NIK, Jan Żak", ("NIK", "Jan Żak")),
        ("authors", "Urząd Gminy, Referat Promocji", ("Urząd Gminy", "Referat Promocji")),
        ("authors", '["Wiśniewska, Ewa"]', ("Ewa Wiśniewska",)),
        ("title", '"Ra\u00adport\u200b"', "Raport"),
        ("kind", "Poradnik", "poradnik"),
        ("kind", "aktualność", "aktualnosc"),
        ("edition", "CWD Plus", "cwd-plus"),
        ("edition", "Pilotaz", "pilotaz"),
        ("authors", "[Anna Nowak i Jan Żak, NIK]", ("Anna Nowak", "Jan Żak", "NIK")),
        ("authors", "Anna Nowak, Jan Żak", ("Anna Nowak", "Jan Żak")),
        ("title", "2023", "2023"),
        ("title", "2023-06-19", "2023-06-19"),
        ("title", "1.10", "1.10"),
        ("title", "tak", "tak"),
        ("title", "yes", "yes"),
        ("id", "007", "007"),
        ("title", "'  spacje dookoła '", "spacje dookoła"),
        ("title", "Żo\u0301łw", "Żółw"),
    ],
)
def test_values_as_people_write_them(folder: Path, key: str, written: str, taken: object) -> None:
    """Names for slugs, a text for a list, any letter case, numbers for titles: what is meant is taken, without a warning."""
    document, warnings = _pdf(folder, f"{key}: {written}\n")
    assert (getattr(document, key), warnings) == (taken, ())


@pytest.mark.parametrize(
    ("key", "written", "taken"),
    [
        ("editors", "[Anna Nowak, Jan Żak]", ("Anna Nowak", "Jan Żak")),
        ("place", "Łódź", "Łódź"),
        ("series", "Studia i materiały", "Studia i materiały"),
        ("report_number", "007/2023", "007/2023"),
        ("isbn", "978-83-01-00000-4", "978-83-01-00000-4"),
        ("isbn", "9788301000004", "9788301000004"),
        ("isbn", "ISBN 83-01-00000-7", "83-01-00000-7"),
        ("isbn", "0-8044-2957-x", "0-8044-2957-X"),
        ("issn", "0033-202X", "0033-202X"),
        ("issn", "ISSN 0033202x", "0033-202X"),
        ("doi", "10.1000/182", "10.1000/182"),
        ("doi", "https://doi.org/10.1000/182", "10.1000/182"),
        ("doi", "doi:10.1000/182", "10.1000/182"),
    ],
)
def test_keys_for_citations(folder: Path, key: str, written: str, taken: object) -> None:
    """Numbers that librarians know are taken as people write them, in a sidecar and in front matter alike."""
    for document, warnings in (_pdf(folder, f"{key}: {written}\n"), _markdown(folder, **{key: written.strip("[]")})):
        assert (getattr(document, key), warnings) == (taken, ())


@pytest.mark.parametrize(
    ("sidecar", "said"),
    [
        ("isbn: 978-83-01-00000-2", "cyfra kontrolna ISBN się nie zgadza"),
        ("isbn: 83-01-00000-0", "cyfra kontrolna ISBN się nie zgadza"),
        ("isbn: 12", "ISBN ma 10 albo 13 cyfr"),
        ("issn: 0033-2021", "cyfra kontrolna ISSN się nie zgadza"),
        ("issn: nie ma", "ISSN ma osiem cyfr"),
        ("doi: 182", "DOI zaczyna się od 10."),
        ("authors: [{name: Platon, kind: filozof}]", "kind autora to person (osoba) albo body (instytucja)"),
        ("authors: [{kind: person}]", "autor to tekst albo name i kind"),
        ("editors: [{name: Platon, imię: Jan}]", "autor to tekst albo name i kind"),
    ],
)
def test_a_wrong_number_is_named(folder: Path, sidecar: str, said: str) -> None:
    """A number whose check digit is wrong is left out, and the warning says why."""
    document, (warning,) = _pdf(folder, f"{sidecar}\npublisher: Wydawca\n")
    assert said in warning
    assert (document.publisher, document.isbn, document.issn, document.doi, document.authors) == (
        "Wydawca",
        "",
        "",
        "",
        (),
    )


def test_what_an_author_is(folder: Path) -> None:
    """A name with its kind, beside plain ones, one alone, in Polish words too."""
    document, warnings = _pdf(
        folder,
        "authors:\n  - Jan Żak\n  - {name: Rada Krzysztof, kind: person}\n  - {name: Kantar Public, kind: instytucja}\n"
        "editors: {name: Platon, kind: osoba}\n",
    )
    assert warnings == ()
    assert document.authors == ("Jan Żak", "Rada Krzysztof", "Kantar Public")
    assert (document.editors, document.persons, document.bodies) == (
        ("Platon",),
        ("Rada Krzysztof", "Platon"),
        ("Kantar Public",),
    )


@pytest.mark.parametrize(
    ("alias", "key"), [("date", "published"), ("author", "authors"), ("license", "licence"), ("lang", "language")]
)
def test_other_names_of_keys(folder: Path, alias: str, key: str) -> None:
    """Keys that other systems use are understood."""
    document, warnings = _pdf(folder, f"{alias}: {'de' if key == 'language' else '2023-06-19'}\n")
    assert warnings == ()
    assert getattr(document, key)


# What is wrong


@pytest.mark.parametrize(
    ("sidecar", "said"),
    [
        ("tytul: Raport", ("raport.yaml", "tytul", "Raport", "nieznany klucz", "title")),
        ("topic: transport", ("topic", "transport", "topics")),
        ("wersja: 3", ("wersja", "3", "nieznany klucz")),
        ("edition: cwd-pluss", ("edition", "cwd-pluss", "cwd-plus")),
        ("kind: raprot", ("kind", "raprot", "raport")),
        ("kind: zupełnie-co-innego", ("kind", "zupełnie-co-innego", "nie ma takiej wartości")),
        ("topics: [transprot]", ("topics", "transprot", "transport")),
        ("topics: {transport: 1}", ("topics", "listą")),
        ("topics: [[transport]]", ("topics",)),
        ("published: wczoraj", ("published", "wczoraj", "RRRR-MM-DD")),
        ("published: 2023-13-45", ("published", "2023-13-45", "nie ma takiej daty")),
        ("published: 06/19/2023", ("published", "06/19/2023", "RRRR-MM-DD")),
        ("published: 2023", ("published", "2023", "RRRR-MM-DD")),
        ("published: [2023-06-19]", ("published", "RRRR-MM-DD")),
        ("id: Zła Nazwa", ("id", "Zła Nazwa", "małych liter")),
        ("id: ../../etc", ("id", "../../etc")),
        ("source_url: javascript:alert(1)", ("source_url", "javascript:alert(1)", "https://")),
        ("title: [a, b]", ("title", "tekstem")),
        ("authors: {a: b}", ("authors", "listą")),
        ("title: " + "x" * 6000, ("title", "xxx…", "za długa")),
        ("language: {pl: 1}", ("language", "tekstem")),
        ("language: po polsku", ("language", "po polsku", "kod języka")),
        ("published: 0023-06-19", ("published", "0023-06-19", "RRRR-MM-DD")),
        ("date: 2023-06-19\npublished: 2023-06-20", ("published", "2023-06-20", "przyjęto tę wartość")),
        ("title: Raport\ntitle: Inny raport", ("title", "wiersz 2", "powtórzony")),
        ("title: Plac #7", ("#7", "komentarzem", "cudzysłów")),
        ("topics: [a\nkind: raport", ("topics", "niezamknięty")),
        ("title:Raport", ("title", "zamiast par")),
        ("'': x", ("raport.yaml", "nieznany klucz")),
        ("<<: x", ("raport.yaml", "nieznany klucz")),
    ],
)
def test_a_wrong_value_is_named(folder: Path, sidecar: str, said: tuple[str, ...]) -> None:
    """The warning has what it takes to find and mend the mistake, and the other keys are taken."""
    document, warnings = _pdf(folder, f"{sidecar}\npublisher: Wydawca\n")
    assert len(warnings) == 1
    assert all(part in warnings[0] for part in said), warnings
    assert "raport.yaml" in warnings[0]
    assert document.publisher in ("Wydawca", "")
    if "YAML" not in warnings[0]:
        assert document.publisher == "Wydawca"


def test_every_problem_is_named(folder: Path) -> None:
    """Several mistakes are several warnings, and each wrong topic is one; the right ones stay."""
    document, warnings = _pdf(
        folder,
        "kind: raprot\npublished: 2023-02-30\ntopics: [Transport publiczny, enrgia, transprot]\nstron: 3\ntitle: Dobry\n",
    )
    assert (document.title, document.topics, document.kind, document.published) == ("Dobry", ("transport",), None, None)
    assert len(warnings) == 5
    for said in ("„raprot”", "„2023-02-30”", "„enrgia”", "„transprot”", "stron = „3”"):
        assert sum(said in warning for warning in warnings) == 1
    assert any("enrgia" in warning and "energia" in warning.split("”")[1] for warning in warnings)


@pytest.mark.parametrize(
    "content",
    [
        b"title: [niedomkniete",
        b"- lista\n- zamiast par",
        b"sam tekst",
        b"\xff\xfe\x00",
        b"title: \x00",
        b"%PDF-1.7",
        b"title: !!python/object/apply:os.system ['true']",
        b"a: " + b"[" * 200_000,
        b"- " * 100_000,
        b"x: " + b"y" * 300_000,
    ],
)
def test_an_unreadable_sidecar(folder: Path, content: bytes) -> None:
    """A sidecar that is no YAML mapping is one warning that names it; the document goes by its file's name."""
    document, warnings = _pdf(folder, content)
    assert document.title == "Raport"
    assert len(warnings) == 1
    assert warnings[0].startswith("raport.yaml: ")


@pytest.mark.parametrize("content", ["title: Nabór: etap 2", "title: !Nabór: etap 2", "\ttitle: Nabór"])
def test_a_title_that_yaml_refuses(folder: Path, content: str) -> None:
    """A title with a colon is the document's title all the same, and the warning says how to write it."""
    document, [warning] = _pdf(folder, content)
    assert document.title == content.strip().removeprefix("title: ")
    assert warning.startswith("raport.yaml: ")


def test_the_line_of_a_mistake(folder: Path) -> None:
    """A mistake in YAML is found by its line."""
    _, warnings = _pdf(folder, "title: Raport\nkind: raport\npublisher: a: b\n")
    assert "w wierszu 3" in warnings[0]


def test_a_bomb_of_aliases(folder: Path) -> None:
    """A few lines that stand for gigabytes are refused at once, in sidecars and in the taxonomy."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    bomb = "\n".join(lines)
    _, warnings = _pdf(folder, bomb)
    assert "odsyłacze" in warnings[0]
    (folder / "taxonomy.yaml").write_text(bomb)
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(folder)
    assert "odsyłacze" in caught.value.details[0]


def test_values_that_no_file_can_hold(folder: Path) -> None:
    """Halves of surrogate pairs, which YAML's escapes can write, never reach the index, nor do they stop it."""
    document, warnings = _pdf(
        folder, 'title: "a\\ud800b"\nauthors: ["\\udfff"]\nkind: "\\ud800"\n"\\ud801": x\ntopics: ["\\ud802"]\n'
    )
    for text in (document.title, *document.authors, *warnings):
        assert text.encode()
    assert len(warnings) == 3


def test_a_huge_number(folder: Path) -> None:
    """A number with more digits than Python cares to print is a text like any other."""
    document, warnings = _pdf(folder, f"title: 0x{'f' * 4900}\nedition: {'9' * 5000}\n")
    assert document.title.startswith("0xfff")
    assert len(warnings) == 1


def test_mistakes_in_a_pdfs_own_description_are_nobodys(folder: Path) -> None:
    """What a program once wrote into the PDF is taken where it is right, and left out in silence where it is not."""
    document, warnings = _pdf(folder, None, title="Tytuł", published="kiedyś", producer="Word")
    assert (document.title, document.published, warnings) == ("Tytuł", None, ())


def test_mistakes_in_defaults_are_told(folder: Path) -> None:
    """A wrong value in the defaults is a warning of each document under them, also of the second one."""
    (folder / "_defaults.yaml").write_text("kind: raprot\n")
    catalogue = Catalogue(folder)
    for name in ("a.pdf", "b.pdf"):
        document, warnings, _ = catalogue.describe(folder / name, name, "0", _extraction({}))
        assert document.kind is None
        assert len(warnings) == 1
        assert all(part in warnings[0] for part in ("_defaults.yaml", "kind", "raprot", "raport"))


def test_mistakes_in_front_matter_are_told(folder: Path) -> None:
    """Front matter is checked like a sidecar, and the warning names the file itself."""
    document, warnings = _markdown(folder, title="Tytuł", kind="raprot", published="2023-13-45")
    assert document.title == "Tytuł"
    assert len(warnings) == 2
    assert all(warning.startswith("notatka.md: ") for warning in warnings)


# The taxonomy


def test_the_taxonomy(folder: Path) -> None:
    """Editions, topics and kinds keep the order of the file."""
    taxonomy = load_taxonomy(folder)
    assert [edition.slug for edition in taxonomy.editions] == ["pilotaz", "cwd-plus"]
    assert (taxonomy.editions[0].start, taxonomy.editions[0].end, taxonomy.editions[1].end) == (
        "2020-09",
        "2022-03",
        "",
    )
    assert taxonomy.labels("topic") == {
        "transport": "Transport publiczny",
        "energia": "Energia i klimat",
        "uslugi-spoleczne": "Usługi społeczne",
        "lasy": "Lasy, łąki i wody",
    }
    assert [kind.plural for kind in taxonomy.kinds] == ["Raporty", "Poradniki", "Aktualności", "Wydarzenia"]
    assert taxonomy.labels("year") == {}


@pytest.mark.parametrize("content", [None, "", "# pusto\n", "editions: []\n"])
def test_no_taxonomy(tmp_path: Path, content: str | None) -> None:
    """Without a taxonomy there are the four kinds and nothing else."""
    if content is not None:
        (tmp_path / "taxonomy.yaml").write_text(content)
    taxonomy = load_taxonomy(tmp_path)
    assert [kind.slug for kind in taxonomy.kinds] == ["raport", "poradnik", "aktualnosc", "wydarzenie"]
    assert (taxonomy.editions, taxonomy.topics) == ((), ())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("editions: [", ("taxonomy.yaml", "YAML")),
        ("- a", ("taxonomy.yaml", "klucz: wartość")),
        ("editions: pilotaz", ("editions", "listą")),
        ("tematy: []", ("tematy", "nieznany klucz")),
        ("topics:\n  - {slug: a}", ("topics.0.name", "brak")),
        ("topics:\n  - {name: a}", ("topics.0.slug", "brak")),
        ("topics:\n  - {slug: a, name: A}\n  - {slug: a, name: B}", ("topics", "powtórzony slug: a")),
        ("topics:\n  - {slug: Zły Slug, name: A}", ("topics.0.slug", "małych liter")),
        ("topics:\n  - {slug: ż-transport, name: A}", ("topics.0.slug", "małych liter")),
        ("topics:\n  - {slug: a/b, name: A}", ("topics.0.slug", "małych liter")),
        ("editions:\n  - {slug: ../a, name: A}", ("editions.0.slug", "małych liter")),
        ("editions:\n  - {slug: a, name: A, figures: [{value: 3}]}", ("editions.0.figures.0.label", "brak")),
        ("kinds:\n  - tekst", ("kinds.0",)),
    ],
)
def test_a_broken_taxonomy(tmp_path: Path, content: str, said: tuple[str, ...]) -> None:
    """A taxonomy that cannot be used is an error that says where and why."""
    (tmp_path / "taxonomy.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(tmp_path)
    assert len(caught.value.details) == 1
    assert all(part in caught.value.details[0] for part in said), caught.value.details


def test_a_broken_taxonomy_lists_every_problem(tmp_path: Path) -> None:
    """All problems come at once, each with its place."""
    (tmp_path / "taxonomy.yaml").write_text(
        "editions:\n  - {slug: a}\n  - {slug: B, name: B}\ntopics: {}\nrodzaje: []\n", encoding="utf-8"
    )
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(tmp_path)
    places = {detail.partition(":")[0] for detail in caught.value.details}
    assert places == {"editions.0.name", "editions.1.slug", "topics", "rodzaje"}


def test_a_folder_in_place_of_the_taxonomy(tmp_path: Path) -> None:
    """Something else under the file's name is an error, not an empty taxonomy."""
    (tmp_path / "taxonomy.yaml").mkdir()
    with pytest.raises(TaxonomyError):
        load_taxonomy(tmp_path)


# What metadata depends on


def test_inputs_change_with_each_source(folder: Path) -> None:
    """The hash of a document's metadata changes with taxonomy, defaults and sidecar, and with nothing else."""
    inner = folder / "raporty"
    inner.mkdir()
    path = inner / "x.pdf"
    seen = [file_inputs(folder, path)]
    for name in ("_defaults.yaml", "raporty/_defaults.yaml", "raporty/x.yaml", "taxonomy.yaml"):
        (folder / name).write_text("kind: raport\n")
        seen.append(file_inputs(folder, path))
    assert len(set(seen)) == len(seen)
    for name in ("raporty/y.yaml", "inne.yaml", "synonyms.yaml"):
        (folder / name).write_text("kind: raport\n")
    assert file_inputs(folder, path) == seen[-1]


def test_inputs_tell_one_source_from_another(folder: Path) -> None:
    """The same bytes in another file are other metadata."""
    inner = folder / "raporty"
    inner.mkdir()
    (folder / "_defaults.yaml").write_text("kind: raport\n")
    outer = file_inputs(folder, inner / "x.pdf")
    (folder / "_defaults.yaml").rename(inner / "_defaults.yaml")
    assert file_inputs(folder, inner / "x.pdf") != outer


def test_inputs_from_folder_to_folder(folder: Path) -> None:
    """What is known of a folder spares looking again, and makes no difference."""
    inner = folder / "raporty"
    inner.mkdir()
    (folder / "_defaults.yaml").write_text("kind: raport\n")
    (inner / "_defaults.yaml").write_text("language: en\n")
    (inner / "x.yaml").write_text("title: x\n")
    of_folder = folder_inputs(folder, inner, folder_inputs(folder, folder))
    for name in ("x.pdf", "x.md"):
        assert file_inputs(folder, inner / name, of_folder) == file_inputs(folder, inner / name)
    assert file_inputs(folder, inner / "x.pdf") != file_inputs(folder, inner / "y.md") == of_folder


# One reader for all places


@pytest.mark.parametrize(
    ("key", "written", "taken"),
    [
        ("id", "007", "007"),
        ("title", "yes", "yes"),
        ("title", "1.10", "1.10"),
        ("title", "12:30:00", "12:30:00"),
        ("title", "2023-06-19", "2023-06-19"),
        ("title", "~", "A"),
        ("title", "[a]", "A"),
        ("publisher", "0x1F", "0x1F"),
        ("publisher", "No", "No"),
        ("licence", "4.0", "4.0"),
        ("language", "no", "no"),
        ("authors", "[007, 1e3, off]", ("007", "1e3", "off")),
        ("authors", "2023, on", ("2023", "on")),
        ("topics", "[energia, 2023]", ("energia",)),
        ("published", "2023-06-19", date(2023, 6, 19)),
        ("published", "2023-06-19 10:30:00", date(2023, 6, 19)),
        ("published", "2023-02-30", None),
        ("published", "19.06.2023", date(2023, 6, 19)),
        ("kind", "*raport", None),
        ("kind", "!!binary x", None),
        ("kind", "a: b", None),
        ("kind", "{a: b}", None),
        ("nieznany", "yes", None),
    ],
)
def test_a_key_means_the_same_everywhere(tmp_path: Path, key: str, written: str, taken: object) -> None:
    """Front matter, a sidecar and a folder's defaults give the same document, and the same warning but for the place."""
    outcomes = []
    for place in ("front matter", "sidecar", "defaults"):
        library = Library(tmp_path / place)
        library.write("taxonomy.yaml", TAXONOMY)
        yaml = f"{key}: {written}\n"
        if place == "front matter":
            path = library.write("a.md", f"---\n{yaml}---\nTekst.\n")
        else:
            path = library.pdf("a.pdf", ["Tekst."])
            library.write("a.yaml" if place == "sidecar" else "_defaults.yaml", yaml)
        if place == "defaults" and key in ("id", "title"):
            continue
        extraction = read(path, format_of(path.name).reader, Limits(), lambda _: True)
        document, warnings, _ = Catalogue(library.documents).describe(path, path.name, "0", extraction)
        told = [
            re.sub(r"^(a\.\w+|_defaults\.yaml|Metadane na początku pliku(?: zostały pominięte)?): ", "", warning)
            for warning in (*extraction.warnings, *warnings)
        ]
        # Front matter begins on its file's second line.
        told = [warning.replace("wierszu 2", "wierszu 1").removesuffix(".") for warning in told]
        outcomes.append((replace(document, path="", pages=0), told))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert getattr(outcomes[0][0], key, None) == taken


def test_a_huge_sidecar_is_not_read(folder: Path) -> None:
    """A file with more bytes than there is memory is a warning at once, since its size is looked at first."""
    (folder / "raport.yaml").touch()
    empty = file_inputs(folder, folder / "raport.pdf")
    os.truncate(folder / "raport.yaml", 1 << 40)
    _, warnings = _pdf(folder, None)
    assert warnings == ("raport.yaml: zapis YAML ma ponad 256 kB",)
    assert file_inputs(folder, folder / "raport.pdf") != empty


@pytest.mark.parametrize(
    ("sidecar", "said"),
    [
        ("".join(f"klucz{number}: x\n" for number in range(5_000)), "opis ma 5001 kluczy; sprawdzono pierwsze 100"),
        ("authors: [" + "ab, " * 5_000 + "ac]", "authors"),
        ("authors: " + "Jan Nowak, " * 300 + "Anna Nowak", "wartość jest za długa"),
        ("topics: [" + "temat, " * 5_000 + "inny]", "wartość jest za długa"),
        ("zła: linia: x\n" * 5_000, "dwukropek w wartości"),
    ],
    ids=["keys", "authors", "names", "topics", "mistakes"],
)
def test_a_description_without_end(folder: Path, sidecar: str, said: str) -> None:
    """However much a description holds, the warnings are few and no list is longer than a page can show."""
    (folder / "raport.yaml").write_text("publisher: Gmina\n" + sidecar)
    document, warnings, _ = Catalogue(folder).describe(folder / "raport.pdf", "raport.pdf", "0", _extraction({}))
    assert any(said in warning for warning in warnings)
    assert len(warnings) <= 110
    assert len(document.authors) <= 200
    assert document.publisher == ("" if "linia" in sidecar else "Gmina")


def test_without_a_taxonomy_that_can_be_used(folder: Path) -> None:
    """Values that only the taxonomy could judge are left alone, the others are checked."""
    (folder / "taxonomy.yaml").write_text("- a")
    (folder / "raport.yaml").write_text("kind: raprot\ntopics: [cokolwiek]\npublished: wczoraj\n")
    catalogue = Catalogue(folder, with_taxonomy=False)
    document, warnings, _ = catalogue.describe(folder / "raport.pdf", "raport.pdf", "0", _extraction({}))
    assert (document.kind, document.topics) == ("raprot", ("cokolwiek",))
    assert len(warnings) == 1
    assert "wczoraj" in warnings[0]


def test_read_yaml_of_a_missing_file(tmp_path: Path) -> None:
    """A file that went away in the meantime is a problem told, not an error."""
    values, problem = read_yaml(tmp_path / "x.yaml", tmp_path)
    assert values == {}
    assert problem.startswith("x.yaml: nie można odczytać")


# Files that describe a document under another name


@pytest.mark.parametrize(
    "name", ["raport.yaml", "raport.yml", "raport.pdf.yaml", "raport.pdf.yml", "raport.YAML", "Raport.Yml"]
)
def test_names_of_sidecars(folder: Path, name: str) -> None:
    """However its ending is written, a description is used, and a change of it is seen."""
    before = file_inputs(folder, folder / "raport.pdf")
    (folder / name).write_text("title: Z opisu\n")
    assert file_inputs(folder, folder / "raport.pdf") != before
    document, warnings = _pdf(folder, None)
    assert (document.title, warnings) == ("Z opisu", ())


def test_two_sidecars(folder: Path) -> None:
    """Of two descriptions the one with the usual name is used, and the other is named."""
    (folder / "raport.yml").write_text("title: Drugi\n")
    (folder / "raport.pdf.yaml").write_text("title: Trzeci\n")
    document, warnings = _pdf(folder, "title: Pierwszy\n")
    assert document.title == "Pierwszy"
    assert [warning.partition(":")[0] for warning in warnings] == ["raport.yml", "raport.pdf.yaml"]
    assert all("raport.yaml" in warning for warning in warnings)


def test_a_sidecar_beside_markdown(folder: Path) -> None:
    """A description beside a Markdown file is not read, and a warning says where it belongs; unless it is that of a PDF."""
    (folder / "notatka.yaml").write_text("title: Z opisu\n")
    document, warnings = _markdown(folder, title="Własny")
    assert document.title == "Własny"
    assert warnings == (
        "notatka.yaml: ten opis nie jest używany; przenieś go na początek pliku notatka.md, między wiersze „---”",
    )
    (folder / "notatka.pdf").touch()
    assert _markdown(folder, title="Własny")[1] == ()


# Where things come from


def test_a_day_to_come(folder: Path) -> None:
    """A day of publication that is far off is kept as somebody wrote it, and told."""
    document, warnings = _pdf(folder, "published: 2999-01-01\n")
    assert document.published == date(2999, 1, 1)
    assert len(warnings) == 1
    assert "jeszcze nie nadeszła" in warnings[0]


def test_a_wrong_day_gives_way(folder: Path) -> None:
    """Where a wrong day of publication is replaced by another one, the report says by which."""
    document, warnings = _pdf(folder, "published: 31.02.2020\n", published="2019-03-01")
    assert document.published == date(2019, 3, 1)
    assert len(warnings) == 2
    assert warnings[1] == "raport.pdf: zamiast błędnej daty publikacji przyjęto 2019-03-01 (dzień utworzenia PDF)"


def test_notes_say_what_nobody_gave(folder: Path) -> None:
    """What came from the file's name, from the PDF itself or from the folder's defaults is noted, what was given is not."""
    (folder / "_defaults.yaml").write_text("publisher: Wydawca\nlicence: CC0\nkind: raport\n")
    (folder / "raport.yaml").write_text("kind: poradnik\n")
    found = _extraction({"published": "2019-03-01", "authors": ["Jan Żak"]})
    described = Catalogue(folder).describe(folder / "raport.pdf", "raport.pdf", "0", found)
    assert described.warnings == ()
    assert described.notes == (
        "z nazwy pliku: tytuł",
        "z opisu w samym pliku PDF: autorzy, data publikacji",
        "z _defaults.yaml: licencja, wydawca",
    )
    complete = _extraction({"title": "Tytuł"}, heading="Nagłówek")
    (folder / "_defaults.yaml").unlink()
    assert Catalogue(folder).describe(folder / "x.md", "x.md", "0", complete).notes == ()


# What YAML takes for something else


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-5-3", date(2026, 5, 3)),
        ("20260503", date(2026, 5, 3)),
        ("2026-05-03 12:30:00", date(2026, 5, 3)),
        ("2026-05-03T23:59:00Z", date(2026, 5, 3)),
        ("3.05.2026", date(2026, 5, 3)),
        ("3. 5. 2026 r.", date(2026, 5, 3)),
        ("3 maja 2026", date(2026, 5, 3)),
        ("03 Maja 2026 r.", date(2026, 5, 3)),
        ("3 maja 2026 roku", date(2026, 5, 3)),
        ("03-05-2026", date(2026, 5, 3)),
        ("2026.05.03", date(2026, 5, 3)),
        ("2026/5/3", date(2026, 5, 3)),
        ("3 MAJA 2026 R.", date(2026, 5, 3)),
        ("3 V 2026 r.", date(2026, 5, 3)),
        ("niedziela, 3 maja 2026 r.", date(2026, 5, 3)),
        ("dnia 3.05.2026 r", date(2026, 5, 3)),
        ("„2026-05-03”", date(2026, 5, 3)),
    ],
)
def test_days_as_people_write_them(folder: Path, written: str, day: date) -> None:
    """A day that can be only one day is read, whatever its form."""
    document, warnings = _pdf(folder, f"published: {written}\n")
    assert (document.published, warnings) == (day, ())


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("3 maja 2026 r.", "2026-05-03"),
        ("3 maja 2026 r., godz. 9.30", "2026-05-03T09:30"),
        ("niedziela, 3 maja 2026 o godz. 10:00", "2026-05-03T10:00"),
        ("3.05.2026 12.30", "2026-05-03T12:30"),
        ("2026-05-03T9:05", "2026-05-03T09:05"),
    ],
)
def test_moments_as_people_write_them(folder: Path, written: str, moment: str) -> None:
    """The day of an event is read as the day of publication is, and its time after it."""
    document, warnings = _pdf(folder, f"starts: {written}\n")
    assert (document.starts, warnings) == (moment, ())


@pytest.mark.parametrize("written", ["2026", "2026-05", "05/03/2026", "3 maj 2026", "wczoraj", "1_000", "12:30"])
def test_what_is_no_day(folder: Path, written: str) -> None:
    """A year, a month or a day that might be two is warned of, with what to write."""
    document, [warning] = _pdf(folder, f"published: {written}\n")
    assert document.published is None
    assert f"published = „{written}”" in warning
    assert "RRRR-MM-DD, np. " in warning


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        ("authors: Kowalski, Jan", ("Jan Kowalski",)),
        ("authors: [Kowalski, Jan]", ("Jan Kowalski",)),
        ('authors: ["Kowalski, Jan"]', ("Jan Kowalski",)),
        ("author: Kowalski, J.", ("J. Kowalski",)),
        ("authors:\n- Kowalski, Jan\n- Nowak, Anna", ("Jan Kowalski", "Anna Nowak")),
        ("authors: [Kowalski, Nowak]", ("Kowalski", "Nowak")),
        ('authors: ["Fundacja Las, Łąka i Woda"]', ("Fundacja Las, Łąka i Woda",)),
        ("Authors: Anna Nowak", ("Anna Nowak",)),
        ("authors: [„Jan Nowak”, “Anna Lis”]", ("Jan Nowak", "Anna Lis")),
        ("authors: „Jan Nowak”", ("Jan Nowak",)),
        ("authors: Fundacja „Las”", ("Fundacja „Las”",)),
    ],
)
def test_a_comma_in_a_name(folder: Path, written: str, authors: tuple[str, ...]) -> None:
    """The surname before the comma is one person, also where YAML has made a list of it."""
    document, warnings = _pdf(folder, f"{written}\n")
    assert (document.authors, warnings) == (authors, ())


@pytest.mark.parametrize(
    "written",
    ["Lasy, łąki i wody", "[Lasy, łąki i wody]", '["Lasy, łąki i wody"]', "lasy", "[LASY, ŁĄKI I WODY]"],
)
def test_a_comma_in_a_topic(folder: Path, written: str) -> None:
    """A topic whose name has commas is one topic, also where YAML has made a list of it."""
    document, warnings = _pdf(folder, f"topics: {written}\n")
    assert (document.topics, warnings) == (("lasy",), ())
    assert _pdf(folder, f"topics: [energia, {written.strip('[]')}]\n")[0].topics == ("energia", "lasy")


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1250", "Windows-1250"), ("iso8859-2", "ISO 8859-2"), ("utf-16", "UTF-16"), ("utf-8-sig", "")],
)
@pytest.mark.parametrize(
    "title",
    [
        "Święto źródła",
        "Żłobek w gminie Łąck",
        "Ścieżka wśród pól",
        "Pożar łąk",
        "Ochrona środowiska",
        "Śmieci i ścieki",
    ],
)
def test_descriptions_in_old_encodings(folder: Path, title: str, encoding: str, name: str) -> None:
    """A description in an old encoding is told by what becomes Polish, and its editor is asked to save it anew."""
    document, warnings = _pdf(folder, f"title: {title}\r\nkind: raport\r\n".encode(encoding))
    assert (document.title, document.kind) == (title, "raport")
    assert [f"odczytano go jako {name}." in warning for warning in warnings] == ([True] if name else [])


def test_a_list_is_shown_as_written(folder: Path) -> None:
    """A warning shows a value as YAML has it, not as Python would."""
    assert "title = „[Nabór, {a: b}]”" in _pdf(folder, "title: [Nabór, {a: b}]\n")[1][0]
