"""Each step of text repair, specified by a table."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kb.extract import clean
from kb.extract.clean import LINE_END, MARKS, SOFT, SPACED

Known = Callable[[str], bool]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/G50/G69/G73/G6D/G6F", "Pismo"),
        ("/GB3/GF3d\u017a i /G9C/G6E/G69/G65", "łódź i śnie"),
        ("/G84/G46._/G6F/G72/G75/G6D/G94", "„Forum”"),
        ("patrz plik /G50 i dalej", "patrz plik /G50 i dalej"),
        ("\uf050\uf069\uf073\uf06d\uf06f", "Pismo"),
        ("\uf0b7 punkt", "\uf0b7 punkt"),
    ],
)
def test_glyph_names(raw: str, expected: str) -> None:
    """Codes of legacy fonts are read as cp1250, lone ones are left alone."""
    assert clean.glyph_names(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ﬁnanse i konﬂikt, eﬀekt, oﬃcjalny", "finanse i konflikt, effekt, officjalny"),
        ("z\u0307ycie", "życie"),
        ("w\u00a0gminie\u2009i\u202fpowiecie", "w gminie i powiecie"),
        ("gmi\u200bna\ufeff", "gmina"),
        ("gmi\u034fna", "gmina"),
        ("samo\x02rząd", f"samo{SOFT}rząd"),
        ("samo\uffferząd", f"samo{SOFT}rząd"),
        ("a\x00b\x07c\x1bd\x85e", "abcde"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufdd0b\uffffc", "abc"),
        ("\uf0b7 punkt\n\uf0a7\tdrugi", "• punkt\n• drugi"),
        ("znak \uf0e0 strzałki", "znak strzałki"),
        ("raz  \r\n dwa\rtrzy\x0cpięć", "raz\ndwa\ntrzy\npięć"),
        ("  ", ""),
    ],
)
def test_characters(raw: str, expected: str) -> None:
    """Every character can be shown, and text is NFC with single spaces."""
    assert clean.characters(raw) == expected


@given(st.text(st.sampled_from("aŁó .,–„\t\n•")))
@example("a\n\n b")
def test_plain_text_is_cleaned_like_any_other(raw: str) -> None:
    """A character that leaves nothing behind changes nothing, though with it the text is no longer plain."""
    text = clean.characters(raw)
    assert text == clean.characters(f"\u2060{raw}\u2060")


@given(st.text(st.characters()))
def test_characters_always(raw: str) -> None:
    """Whatever comes in, no control character or surrogate comes out, and a second time changes nothing."""
    text = clean.characters(raw)
    assert all(unicodedata.category(c) not in ("Cc", "Cs", "Co") or c == "\n" for c in text)
    assert text == unicodedata.normalize("NFC", text)
    assert clean.characters(text.replace(SOFT, "")) == clean.characters(text).replace(SOFT, "") or SOFT in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (f"samo{SOFT}rząd", "samorząd"),
        (f"Przedsta{SOFT}wie{SOFT}nie", "Przedstawienie"),
        (f"doty{LINE_END}czące", "dotyczące"),
        (f"Krzysz{SPACED}tof", "Krzysztof"),
        (f"Kłon{SOFT}kowska", "Kłonkowska"),
        (f"PRZEDSTA{SOFT}WIENIE", "PRZEDSTAWIENIE"),
        (f"polsko{SOFT}niemiecki", "polsko-niemiecki"),
        (f"polsko{LINE_END}niemiecki", "polsko-niemiecki"),
        (f"dawno{SOFT}niedawno", "dawno-niedawno"),
        (f"biało{SOFT}czerwony", "biało-czerwony"),
        (f"społeczno{SOFT}gospodarczego", "społeczno-gospodarczego"),
        (f"Okła{SOFT}Drewnowicz", "Okła-Drewnowicz"),
        (f"COVID{LINE_END}19", "COVID-19"),
        (f"2016{LINE_END}2020", "2016-2020"),
        (f"ZIT{LINE_END}ów", "ZIT-ów"),
        (f"e{LINE_END}usługi", "e-usługi"),
        (f"wychowawczego{SPACED}profilaktycznego", "wychowawczego - profilaktycznego"),
        (f"biało-czer{SOFT}wony", "biało-czerwony"),
        (f"mało{SOFT}letni", "małoletni"),
        (f"prawo{SOFT}sławny", "prawosławny"),
        (f"homo{LINE_END}czy hetero", "homo- czy hetero"),
        (f"koniec{SOFT}", "koniec"),
    ],
)
def test_hyphens(broken: str, expected: str, known: Known) -> None:
    """Words broken at a line's end are whole again, words written with a hyphen keep it."""
    assert clean.hyphens(broken, known) == expected


@pytest.mark.parametrize("mark", [SOFT, LINE_END])
@pytest.mark.parametrize(
    "word",
    [
        "konserwatorsko-restauratorski",
        "administracyjno-gospodarczej",
        "budowlano-montażowych",
        "techniczno-ekonomicznemu",
        "wodno-melioracyjny",
        "jesienno-zimowym",
        "południowo-zachodniego",
        "niemiecko-polskich",
        "żółto-niebieskie",
        "Opiekuńczo-Lecznicze",
        "OPIEKUŃCZO-LECZNICZY",
        "społeczno-gospodarczo",
        "e-recepta",
        "e-maile",
        "ex-ante",
        "follow-upu",
        "Kędzierzyn-Koźle",
        "PKP-owski",
        "2014-2020",
        "7-dniowy",
        "t-shirt",
    ],
)
def test_compounds_keep_their_hyphen(word: str, mark: str, known: Known) -> None:
    """Adjectives of equal rank, loan words, names and numbers are broken at a hyphen that they have anywhere."""
    left, _, right = word.rpartition("-")
    assert clean.hyphens(left + mark + right, known) == word


@pytest.mark.parametrize("mark", [SOFT, LINE_END])
@pytest.mark.parametrize(
    "word",
    [
        "średnio|terminowy",
        "ogólno|krajowego",
        "nisko|podłogowych",
        "wczesno|szkolnej",
        "zachodnio|pomorskie",
        "rzymsko|katolickiego",
        "jedno|rodzinne",
        "cywilno|prawna",
        "niepełno|letniej",
        "zielono|górskiego",
        "samo|rządowi",
        "samo|chody",
        "równo|wagi",
        "nowo|tworu",
        "od|rolnienie",
        "nie|miecki",
        "wice|marszałek",
        "eks|port",
        "u|chwalono",
        "DŁUGO|TERMINOWY",
        "gospodar|czy",
        "Bydgosz|czy",
        "de|instytucjonalizacji",
    ],
)
def test_broken_words_are_joined(word: str, mark: str, known: Known) -> None:
    """A word whose first part looks like an adjective is one word all the same where the dictionary has it."""
    assert clean.hyphens(word.replace("|", mark), known) == word.replace("|", "")


@pytest.mark.parametrize(
    ("broken", "seen", "expected"),
    [
        (f"trans{SOFT}fuzja", "trans-fuzja", "trans-fuzja"),
        (f"polsko{SOFT}języczny", "polskojęzyczny", "polskojęzyczny"),
    ],
)
def test_hyphens_follow_the_document(broken: str, seen: str, expected: str, known: Known) -> None:
    """A word that the document has unbroken elsewhere decides how it is joined."""
    assert clean.hyphens(broken, known, clean.whole_words([f"oto {seen} i już"])) == expected


@given(st.text(st.sampled_from("aąbc -\n9" + MARKS), max_size=30))
def test_hyphens_leave_no_mark(text: str) -> None:
    """No mark of a line's end is left, and no letter is lost."""
    result = clean.hyphens(text, lambda word: len(word) % 2 == 0)
    assert not set(MARKS) & set(result)
    assert [c for c in result if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize(
    ("raw", "missing", "expected"),
    [
        ("kaŜdy student dąŜy", True, "każdy student dąży"),
        ("KaŜdy śycie", True, "Każdy Życie"),
        ("śaden z nich: śnieg i Ŝycie", True, "Żaden z nich: śnieg i życie"),
        ("kaŜdy student", False, "każdy student"),
        ("Ŝirasi", False, "Ŝirasi"),
        ("bez zmian: życie", False, "bez zmian: życie"),
    ],
)
def test_dotted_z(raw: str, missing: bool, expected: str, known: Known) -> None:
    """Ŝ is read as ż in documents that have no ż of their own, elsewhere only where that makes a word."""
    assert clean.dotted_z(raw, known, missing) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("częściej dyskutowana2, choć", "częściej dyskutowana, choć"),
        ("programu12 i dalej", "programu 12 i dalej"),
        ("poziom CO2 i PM10", "poziom CO2 i PM10"),
        ("format A4, rok 2020", "format A4, rok 2020"),
        ("plik mp3 i h264", "plik mp3 i h264"),
    ],
)
def test_note_marks(raw: str, expected: str, known: Known) -> None:
    """The number of one of the page's footnotes goes, another one is set apart."""
    assert clean.note_marks(raw, known, {"2"}) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Samorz ądu Studentów", "Samorządu Studentów"),
        ("zarządz anie gminą", "zarządzanie gminą"),
        ("Gmi na i Powi at", "Gmina i Powiat"),
        ("pod stawa prawna", "pod stawa prawna"),
        ("dom w lesie", "dom w lesie"),
    ],
)
def test_fragments(raw: str, expected: str, known: Known) -> None:
    """Two halves become a word only where one of them is none."""
    assert clean.fragments(raw, known) == expected


def test_shares(known: Known) -> None:
    """Readable Polish and a font without an encoding are told apart."""
    assert clean.known_share("Gmina ogłasza konkurs na zagospodarowanie rynku.", known) == 1.0
    assert clean.known_share("qxzv wrtz bbnk", known) == 0.0
    assert clean.known_share("", known) == 0.0
    assert clean.garbage_share("\x17\x18 \x01\x03") == 0.8
    assert clean.garbage_share("samo\x02rząd\r\n") == 0.0
