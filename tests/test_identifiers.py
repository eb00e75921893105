"""Names of letters and digits, numbers, dates and units of acts are found however they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from library import Library, found

from kb.formats import SYNONYMS_FILE
from kb.reading import figures, identifiers
from kb.reading.query import make_query
from kb.search import KnowledgeBase

TEXTS = {
    "pyl": "Stężenie pyłu PM10 przekroczyło normę.",
    "droga": "Droga S 8 zostanie otwarta.",
    "kwota": "Dotacja wyniosła 1 250 000 zł.",
    "razem": "Koszt 3400000 zł bez podatku.",
    "telefon": "Zadzwoń: 22 765 43 21, pokój 21.",
    "nip": "NIP 701-23-45-678.",
    "regulamin": "§ 4 Park jest otwarty. § 5 Psy prowadzi się na smyczy.",
    "liczby": "Zakupiono 5 ławek, 5 koszy, 5 lamp, 5 drzew.",
    "wariant": "Wariantu A broni inwestor. Wariant B jest tańszy.",
    "konto": "Konto: PL61 1090 1014 0000 0712 1981 2874.",
    "ustawa": "Podstawa prawna to Dz. U. z 2023 r. poz. 1440 ze zmianami, o zadaniach gminy.",
    "stara-ustawa": "Dz. U. z 2022 r. poz. 1440.",
    "gaz": "Emisja CO₂ spadła o 2 procent.",
    "zalaczniki": "Załącznik nr 4 zawiera mapę, załącznik nr 3 opis. Formularz do załącznika złóż w urzędzie gminy.",
    "dzien": "Przepis stosuje się od 1 października 2024 r. w każdej gminie.",
    "dzien-w-liczbach": "Termin minął 03.05.2021 r. Nabór trwał od 2.01.2021 r.",
    "dzien-iso": "Wersja z 2022-07-09.",
    "prog": "Ustawy nie stosuje się poniżej 170 000 zł, a od 2 500 000 zł obowiązuje inny tryb.",
    "kredyt": "Kredyt wyniesie 64 tys. zł, a pożyczka 7,5 mln zł.",
    "artykul": "Zgodnie z art. 87 ust. 12 oraz § 66 tej uchwały.",
    "artykul-slownie": "Artykuł 88 i paragraf 67 mówią co innego.",
    "ksiazka": "Numer ISBN 978-83-7963-055-4 nadano książce.",
    "czasopismo": "Numer ISSN 0137-9887 nadano czasopismu.",
    "klasa": "Program nauki w klasie VIII, według podręcznika.",
    "stulecie": "Ulice zabudowano w XIX wieku.",
    "etap": "W etapie 3 powstanie skwer.",
    "termin": "Odwołanie wnosi się w terminie czternastu dni.",
    "dlugi-termin": "Petycję rozpatruje się w ciągu 90 dni.",
    "rok-szkolny": "Arkusz na rok szkolny 2031/2032 zatwierdzono.",
    "krotki-rok": "Arkusz na rok 2033/34 odrzucono.",
    "wspolna": "Gmina miejsko-wiejska obejmuje miasto i wsie.",
    "inny-rok": "Arkusz z 2033 roku, plan na 2033 rok i budżet 2033 roku.",
    "tablica": "Tablica wisi w czytelni.",
    "siec": "Wi-Fi działa w czytelni.",
    "skrzynka": "Pisma przyjmuje się przez eDoręczenia.",
    "portal": "Portal e-zdrowie pokazuje recepty.",
    "warianty": "Wariant pierwszy, wariant drugi, wariant trzeci.",
}


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """A document for each way of writing."""
    library = Library(tmp_path_factory.mktemp("identifiers"))
    for name, text in TEXTS.items():
        library.markdown(f"{name}.md", text, id=name, title="Dokument")
    library.run()
    return library.open()


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("PM 10", "pyl"),
        ("pm10", "pyl"),
        ("S8", "droga"),
        ("1250000 zł", "kwota"),
        ("1.250.000", "kwota"),
        ("3 400 000", "razem"),
        ("227654321", "telefon"),
        ("7012345678", "nip"),
        ("701 234 56 78", "nip"),
        ("PL61109010140000071219812874", "konto"),
        ("61109010140000071219812874", "konto"),
        ("1250000,00 zł", "kwota"),
        ("3 400 000,00", "razem"),
        ("Dz.U.2023.poz.1440", "ustawa"),
        ("CO 2", "gaz"),
        ("załącznik 4", "zalaczniki"),
        ("załącznik 21", "zalaczniki"),
        ("§ 5", "regulamin"),
        ("§5", "regulamin"),
        ("2024-10-01", "dzien"),
        ("01.10.2024", "dzien"),
        ("1.10.2024 r.", "dzien"),
        ("1 X 2024", "dzien"),
        ("1 pazdziernika 2024", "dzien"),
        ("3 maja 2021", "dzien-w-liczbach"),
        ("2 stycznia 2021 r.", "dzien-w-liczbach"),
        ("9 lipca 2022", "dzien-iso"),
        ("170 tys. zł", "prog"),
        ("2,5 mln", "prog"),
        ("2,5 miliona złotych", "prog"),
        ("64 000 zł", "kredyt"),
        ("64000", "kredyt"),
        ("7 500 000", "kredyt"),
        ("artykuł 87", "artykul"),
        ("ustęp 12", "artykul"),
        ("paragraf 66", "artykul"),
        ("par. 66", "artykul"),
        ("art. 88", "artykul-slownie"),
        ("§ 67", "artykul-slownie"),
        ("9788379630554", "ksiazka"),
        ("01379887", "czasopismo"),
        ("klasa 8", "klasa"),
        ("8 klasa", "klasa"),
        ("19 wiek", "stulecie"),
        ("III etap", "etap"),
        ("14 dni", "termin"),
        ("dziewięćdziesiąt dni", "dlugi-termin"),
        ("dziewiecdziesiat dni", "dlugi-termin"),
        ("2031/32", "rok-szkolny"),
        ("2033/2034", "krotki-rok"),
        ("wifi", "siec"),
        ("WiFi", "siec"),
        ("wi-fi", "siec"),
        ("e-doręczenia", "skrzynka"),
        ("e-doreczenia", "skrzynka"),
        ("edoręczeniami", "skrzynka"),
        ("ezdrowie", "portal"),
        ("gmina miejskowiejska", "wspolna"),
        ("eZdrowia", "portal"),
        ("wariant A", "wariant"),
        ("wariant a", "wariant"),
    ],
)
def test_it_is_found_however_written(knowledge: KnowledgeBase, typed: str, first: str) -> None:
    """The document that has it comes first."""
    assert found(knowledge, typed)[:1] == [first]


def test_what_the_collection_has_in_two_parts_is_no_slip(knowledge: KnowledgeBase) -> None:
    """The collection has "Wi-Fi", so nobody is told that "wisi" was meant."""
    results = knowledge.search(make_query("wifi"))
    assert (results.reading.repaired, [hit.document.id for hit in results.hits]) == ((), ["siec"])


def test_a_number_in_words_is_worth_no_more(tmp_path: Path) -> None:
    """That "trzy lata" is rarer than "3" puts it before neither the number as typed nor the rare word."""
    library = Library(tmp_path)
    for number in range(4):
        library.markdown(f"{number}.md", f"Umowa ma 3 załączniki, lata {number} i dalsze.", id=f"typed-{number}")
        library.markdown(f"rada-{number}.md", f"Sprawozdanie z sesji rady {number}.", id=f"rada-{number}")
        library.markdown(f"herb-{number}.md", f"Uchwała w sprawie herbu {number}.", id=f"herb-{number}")
    library.markdown("a.md", "Umowa na odbiór bioodpadów.", id="rare")
    library.markdown("b.md", "Umowa trwa trzy lata, druga umowa trzy lata, a lata biegną.", id="words")
    library.run()
    assert found(library.open(), "umowa na 3 lata bioodpady")[-2:] == ["rare", "words"]


@pytest.mark.parametrize("words", [(), ("gmina",), ("rada", "gminy"), ("12",), ("punkt", "widzenia")])
def test_ordinary_words_are_written_one_way(words: tuple[str, ...]) -> None:
    """Nothing is made of words without digits, nor of a short number."""
    assert [*identifiers.other_ways(words), *figures.other_ways(words), *figures.numbered(words)] == []


@pytest.mark.parametrize(
    "words", [("3", "5", "godziny"), ("5", "mln"), ("art", "5"), ("gmina", "5", "5"), ("40", "osób")]
)
def test_a_part_of_a_number_is_none(words: tuple[str, ...]) -> None:
    """Of "3,5 godziny" nobody writes "pięć godziny"; a number of an amount or of an act's unit stays in figures."""
    assert list(figures.numbered(words)) == []


@pytest.mark.parametrize("typed", ["kpa", "KPA", "k.p.a.", "K. p. a.", "termin według k.p.a."])
def test_an_abbreviation_may_have_full_stops(tmp_path: Path, typed: str) -> None:
    """Either spelling finds the other, and the long form."""
    library = Library(tmp_path)
    library.documents.mkdir(exist_ok=True)
    (library.documents / SYNONYMS_FILE).write_text(
        "abbreviations:\n  - {short: KPA, long: [kodeks postępowania administracyjnego]}\n", encoding="utf-8"
    )
    library.markdown("a.md", "Termin liczy się według k.p.a. od dnia doręczenia.", id="kropki", title="Dokument")
    library.markdown("b.md", "Termin liczy się według KPA od dnia wpływu.", id="litery", title="Dokument")
    library.markdown("c.md", "Termin określa kodeks postępowania administracyjnego.", id="slownie", title="Dokument")
    library.markdown("d.md", "Pies, kot, prawo, a także łąka.", id="nic", title="Dokument")
    library.run()
    assert set(found(library.open(), typed)) == {"kropki", "litery", "slownie"}


def test_a_rare_way_of_writing_is_worth_no_more(tmp_path: Path) -> None:
    """What is written as it was typed is not below the one page that writes half of it in words."""
    library = Library(tmp_path)
    for number in range(8):
        library.markdown(f"{number}.md", f"Zasady z ust. 7 stosuje się do spraw {number}.", id=f"inne-{number}")
    library.markdown("a.md", "Mowa o tym w art. 61 ust. 7 statutu gminy.", id="typed")
    library.markdown("b.md", "Mowa o tym w art. 9, ustęp 7, na stronie 61.", id="rare")
    library.run()
    assert found(library.open(), "art. 61 ust. 7")[0] == "typed"
