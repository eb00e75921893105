"""Bodies and persons told apart by rule: words for these lists were taken from no list that the rule knows."""

from __future__ import annotations

import pytest

from kb.authors import split_names
from kb.citing.names import Author, author

BODIES = """
Najwyższa Izba Kontroli | Regionalna Izba Obrachunkowa | Trybunał Konstytucyjny | Sąd Najwyższy | Rzecznik Praw Obywatelskich
Kancelaria Sejmu | Wojewoda Mazowiecki | Marszałek Województwa Mazowieckiego | Prezydent Miasta Łodzi | Lokalna Grupa Działania
Ministerstwo Funduszy i Polityki Regionalnej | Urząd Miasta Krakowa | Urząd m.st. Warszawy | Uniwersytet Warszawski
Uniwersytet im. Adama Mickiewicza w Poznaniu | Fundacja im. Stefana Batorego | Szpital im. Jana Pawła II | Kowalski i Wspólnicy
Kowalski i Wspólnicy sp. z o.o. | Orlen S.A. | PKN Orlen | NIK | GUS | Główny Urząd Statystyczny | Związek Miast Polskich
Stowarzyszenie Klon/Jawor | Szkoła Podstawowa nr 5 | Miasto Łódź | Gmina Lublin | Gmina Nowy Targ | Województwo Śląskie
Zielona Góra | European Commission | OECD | World Bank | United Nations | Komisja Europejska | Instytut Adama Mickiewicza
Adam Mickiewicz University | Amnesty International | World Health Organization | Friedrich Ebert Stiftung
Konrad-Adenauer-Stiftung | Deutsche Bank | Alior Bank | Bank Millennium | Santander Bank Polska | Polski Instytut Ekonomiczny
Zespół Bazy wiedzy | Rada Ministrów | Minister Finansów | Starosta Powiatu Poznańskiego | Burmistrz Zakopanego
Fundacja Fundusz Współpracy | CWD | CWD Plus | redakcja | Fundacja Rodziny Kowalskich | Dom Kultury | Teatr Wielki
Szkoła Główna Handlowa | Council of Europe | Greenpeace Polska | Ernst & Young | Uniwersytet SWPS | Liceum A. Asnyka
Wydawnictwo Znak | Hotel Maria | Kancelaria Radcy Prawnego Anna Nowak | Jan Kowalski Consulting | Jan Kowalski sp. j.
Bundesministerium der Finanzen | Universidad de Salamanca | Banco de España | Fundacja „Nasza Ziemia” | Senat RP
Naczelny Sąd Administracyjny | Gmina Miejska Kraków | Fundacja Maria Anna | Google Cloud | Microsoft Corporation
Orange Polska | Deloitte Advisory | Nowa Lewica | Prawo i Sprawiedliwość | Dom Maklerski | PPHU Kowalski | Nowak i Synowie
Ministerstwo Finansów, Departament Podatków | Fundacja Anny Dymnej
Europäische Kommission | Comune di Roma | Wydawnictwo Adam Marszałek | Legia Warszawa | Generalna Dyrekcja Ochrony Środowiska
"""
PERSONS = {
    "Jan Kowalski": ("Kowalski", "Jan"),
    "Kowalski, Jan": ("Kowalski", "Jan"),
    "Nowak Jan": ("Nowak", "Jan"),
    "KOWALSKI Jan": ("Kowalski", "Jan"),
    "JAN KOWALSKI": ("Kowalski", "Jan"),
    "jan kowalski": ("Kowalski", "Jan"),
    "Szkoła, Jan": ("Szkoła", "Jan"),
    "Krzysztof Polski": ("Polski", "Krzysztof"),
    "Jan Mały": ("Mały", "Jan"),
    "Mały Jan": ("Mały", "Jan"),
    "Anna Gołąb": ("Gołąb", "Anna"),
    "Sowa Piotr": ("Sowa", "Piotr"),
    "Anna Rada": ("Rada", "Anna"),
    "Rada, Anna": ("Rada", "Anna"),
    "Maria Zielona": ("Zielona", "Maria"),
    "Urząd, Jan": ("Urząd", "Jan"),
    "Jan Urząd": ("Urząd", "Jan"),
    "Ewa Ministerstwo": ("Ministerstwo", "Ewa"),
    "Wojciech Wójt": ("Wójt", "Wojciech"),
    "Jakub Minister": ("Minister", "Jakub"),
    "Tomasz Bank": ("Bank", "Tomasz"),
    "Wojciech Pan": ("Pan", "Wojciech"),
    "Barbara Polska": ("Polska", "Barbara"),
    "Wójt Jan Kowalski": ("Kowalski", "Jan"),
    "dr hab. Anna Maria Nowak-Wiśniewska": ("Nowak-Wiśniewska", "Anna Maria"),
    "prof. dr hab. inż. J. Kowalski": ("Kowalski", "J."),
    "prof. UW dr hab. Anna Nowak": ("Nowak", "Anna"),
    "Jan Kowalski, prof. UW": ("Kowalski", "Jan"),
    "r.pr. Anna Nowak": ("Nowak", "Anna"),
    "Anna Nowak, radca prawny": ("Nowak", "Anna"),
    "Jan Kowalski, PhD": ("Kowalski", "Jan"),
    "Anna Nowak (red.)": ("Nowak", "Anna"),
    "Kowalski J.": ("Kowalski", "J."),
    "Gołąb, A.": ("Gołąb", "A."),
    "Sz. Nowak": ("Nowak", "Sz."),
    "Wiśniewski Adam J.": ("Wiśniewski", "Adam J."),
    "J. R. R. Tolkien": ("Tolkien", "J. R. R."),
    "Nowak Anna Maria": ("Nowak", "Anna Maria"),
    "Kowalska-Nowak Anna": ("Kowalska-Nowak", "Anna"),
    "Maria Skłodowska-Curie": ("Skłodowska-Curie", "Maria"),
    "Maria Skłodowska Curie": ("Skłodowska Curie", "Maria"),
    "Ludwig van Beethoven": ("van Beethoven", "Ludwig"),
    "Beethoven, Ludwig van": ("Beethoven", "Ludwig van"),
    "Johan van der Berg": ("van der Berg", "Johan"),
    "van der Berg, Johan": ("van der Berg", "Johan"),
    "Leonardo da Vinci": ("da Vinci", "Leonardo"),
    "Jan Kowalski junior": ("Kowalski junior", "Jan"),
    "Ewa Kowalczyk - Nowak": ("Kowalczyk-Nowak", "Ewa"),
    "Charles de Gaulle": ("de Gaulle", "Charles"),
    "Gabriela d'Arc": ("d'Arc", "Gabriela"),
    "Sean O'Connor": ("O'Connor", "Sean"),
    "Jürgen Müller": ("Müller", "Jürgen"),
    "Müller, Jürgen": ("Müller", "Jürgen"),
    "Satya Nadella": ("Nadella", "Satya"),
    "Jan Nowak Jr.": ("Nowak Jr.", "Jan"),
    "Jan „Anoda” Rodowicz": ("Rodowicz", "Jan"),
}


@pytest.mark.parametrize("name", [name.strip() for line in BODIES.strip().splitlines() for name in line.split("|")])
def test_a_body_stays_whole(name: str) -> None:
    """Offices, companies, schools, towns, foreign bodies, and those named after somebody are one piece."""
    assert author(name) == Author(name, body=True)


@pytest.mark.parametrize(("name", "parts"), PERSONS.items())
def test_a_person_has_a_given_name(name: str, parts: tuple[str, str]) -> None:
    """In any order, with degrees or without, whatever else the family name may mean; degrees are no names."""
    assert author(name) == Author(*parts)


@pytest.mark.parametrize(("name", "family"), [("Platon", "Platon"), ("dr Nowak", "Nowak"), ("Kowalski", "Kowalski")])
def test_a_person_with_one_name(name: str, family: str) -> None:
    """One word is a person where it is nothing but a name, or stands after a degree."""
    assert author(name) == Author(family)


def test_what_somebody_said_goes_first() -> None:
    """A kind given in the metadata is never guessed against."""
    assert author("Jan Kowalski", "body") == Author("Jan Kowalski", body=True)
    assert author("Rada Krzysztof", "person") == Author("Krzysztof", "Rada")
    assert author("Rada, Krzysztof", "person") == Author("Rada", "Krzysztof")
    assert author("Xi", "person") == Author("Xi")


@pytest.mark.parametrize(
    ("given", "initials"),
    [
        ("Jan", "J."),
        ("Jan Maria", "J. M."),
        ("Maria-Anna", "M.-A."),
        ("J.K.", "J. K."),
        ("J. K.", "J. K."),
        ("Ludwig van", "L. van"),
    ],
)
def test_initials(given: str, initials: str) -> None:
    """Initials of names and of initials; particles stay."""
    assert Author("Nowak", given).initials == initials


def test_degrees_and_legal_forms_are_no_names() -> None:
    """In a line of authors what follows a comma and is no name stays with the name before."""
    assert split_names("Anna Nowak, prof. UW, Jan Lis") == ["Anna Nowak, prof. UW", "Jan Lis"]
    assert split_names("Nowak sp. z o.o., sp. k.") == ["Nowak sp. z o.o., sp. k."]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("prof. Jan Lis, dr Anna Nowak", ["prof. Jan Lis", "dr Anna Nowak"]),
        ("Wydział Kultury, Sportu i Turystyki", ["Wydział Kultury, Sportu i Turystyki"]),
        (
            "Ministerstwo Edukacji, Nauki i Sportu, Urząd Gminy Dobra",
            ["Ministerstwo Edukacji, Nauki i Sportu", "Urząd Gminy Dobra"],
        ),
        ("Komisja Kultury, Kultury Fizycznej i Zdrowia", ["Komisja Kultury, Kultury Fizycznej i Zdrowia"]),
        ("Urząd Miasta Łodzi, Wody Polskie", ["Urząd Miasta Łodzi", "Wody Polskie"]),
        ("Urząd Miasta Łodzi, Biuro Architekta", ["Urząd Miasta Łodzi", "Biuro Architekta"]),
        ("Jan Lis\nAnna Nowak\n", ["Jan Lis", "Anna Nowak"]),
        ("Opracowanie: Jan Lis, Anna Nowak", ["Jan Lis", "Anna Nowak"]),
        ("Projekt: Gmina Dobra", ["Projekt: Gmina Dobra"]),
    ],
)
def test_what_a_comma_parts(line: str, names: list[str]) -> None:
    """A degree may begin the next person; a body's name goes on in the genitive; a label is no part of a name."""
    assert split_names(line) == names


@pytest.mark.parametrize("name", ["Jan Lis (Urząd Gminy Dobra)", "Jan Lis <jan@example.pl>"])
def test_what_stands_aside(name: str) -> None:
    """What somebody put in brackets after a person's name is no part of it."""
    assert author(name) == Author("Lis", "Jan")
    assert author(name.replace("Jan Lis", "Fundacja Dom")).body


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("J. Lis / A. Nowak", ["J. Lis", "A. Nowak"]),
        ("Anna Nowak i Jan Kowalski", ["Anna Nowak", "Jan Kowalski"]),
        (
            "Ewa Lis, Anna Nowak oraz dr hab. Jan Kowalski-Zając",
            ["Ewa Lis", "Anna Nowak", "dr hab. Jan Kowalski-Zając"],
        ),
        ("J. Lis & A. Nowak", ["J. Lis", "A. Nowak"]),
        ("Jan Lis i Wspólnicy", ["Jan Lis i Wspólnicy"]),
        ("Anna i Jan Lisowie", ["Anna i Jan Lisowie"]),
        ("Ministerstwo Funduszy i Polityki Regionalnej", ["Ministerstwo Funduszy i Polityki Regionalnej"]),
        ("Jan Lis i Urząd Gminy", ["Jan Lis i Urząd Gminy"]),
        ("Fundacja Lis i Syn, Jan Żak", ["Fundacja Lis i Syn", "Jan Żak"]),
    ],
)
def test_two_persons_joined_by_and(line: str, names: list[str]) -> None:
    """They are two; a body, a family or a firm with the word in its name is one."""
    assert split_names(line) == names


@pytest.mark.parametrize("text", ["Opracowanie: " * 3_000 + "Jan Kowalski", "Wydział Kultury" + ", Sportu" * 3_000])
def test_however_long_a_line_of_authors_is(text: str) -> None:
    """Labels or parts of a name without end are one name, not an end of the run."""
    assert split_names(text) == [text]
