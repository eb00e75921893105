"""Polish that was misread is repaired, whatever the encodings; a text that is right, in any language, stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import decoding
from kb.extract import encodings
from kb.polish import shared_analyzer

Known = Callable[[str], bool]

_SAMPLES = Path(__file__).parents[2] / "documents"
_PAIRS = [
    ("cp1250", "cp1252"),
    ("cp1250", "latin-1"),
    ("cp1250", "iso8859-2"),
    ("cp1250", "mac_roman"),
    ("iso8859-2", "cp1252"),
    ("iso8859-2", "cp1250"),
    ("iso8859-2", "mac_roman"),
    ("mac_latin2", "mac_roman"),
    ("mac_latin2", "cp1252"),
    ("utf-8", "cp1250"),
    ("utf-8", "cp1252"),
    ("utf-8", "latin-1"),
    ("utf-8", "iso8859-2"),
    ("utf-8", "mac_roman"),
]
_FOREIGN = [
    "L'œuvre du maître fut présentée à la fête de la forêt. « Où êtes-vous ? », dit-il à sa sœur, qui rêvait déjà des îles.",
    "Der größte Teil der Straße wurde für die Fußgänger gesperrt; die Maßnahme überrascht niemanden, schließlich ist März.",
    "Náš soused píše, že šest lidí přišlo pěšky a my už víme, co to znamená. Můžeš přijít, když umíš česky a máš čas.",
    "¿Qué hacéis mañana, señor Ibáñez? El niño de España cumplió un año; ¡qué sueño tan pequeño! La montaña y la caña.",
    "La città sarà più bella: la metà dei cittadini farà ciò che può. Libertà, verità e pietà. È così, perché serve.",
    "Šiandien mūsų miškas žalias, o ežeras gilus. Išėjo į girią, čia gražu.",
    "Já não há razões: a ação é às três, você não põe as mãos. Avó, avô e irmã.",
    "Ø og æ er bokstaver; være, læse, præsident, søster, båd. Øre for øre blev læst.",
    "A magyar nyelv: őrült tűz, hős, könyv, gyümölcs, árvíztűrő tükörfúrógép.",
    "Їжак і ґанок: українська мова. Жовтень у Львові був теплий, а листопад сніжний.",
    "Na s. 5 zapisano: „¿Por qué?” oraz m³, km², 5 ± 2, ½ i § 5 ¶ 2. Zużycie wody w m³ na osobę¹.",
    "Koncert „Fête de la musique” w Łodzi: zespoły Señor Coconut, Metà i Sarà oraz goście z São Paulo.",
    "Pierwszy rad³ oraz drugi gmin¹ mają przypisy, a reszta tekstu żadnych.",
]


def _misread(text: str, written: str, read: str) -> str:
    """A text as somebody sees it whose program takes one encoding for another."""

    def character(byte: int) -> str:
        try:
            return bytes([byte]).decode(read)
        except UnicodeDecodeError:
            return chr(byte)

    return "".join(map(character, text.encode(written, "ignore")))


def _samples() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(_SAMPLES.rglob("*.md"))]


@pytest.mark.parametrize(("written", "read"), _PAIRS)
def test_misread_samples(written: str, read: str, known: Known) -> None:
    """Of our own texts, read in the wrong way, no word stays wrong."""
    for text in _samples():
        meant = text.encode(written, "ignore").decode(written)
        seen = encodings.repaired_text(_misread(text, written, read), known)
        wrong = set(re.findall(r"\w+", meant)) - set(re.findall(r"\w+", seen))
        assert len(wrong) <= 1, (wrong, text[:60])


def test_right_samples_stay(known: Known) -> None:
    """Our own texts are right, whole and line by line."""
    texts = _samples()
    assert len(texts) > 10
    for text in texts:
        assert encodings.repaired_text(text, known) == text
        assert encodings.repaired_pages(text.split("\n"), known) == text.split("\n")
        assert not encodings.is_gibberish(text, known)


@pytest.mark.parametrize("text", _FOREIGN)
def test_other_languages_stay(text: str, known: Known) -> None:
    """Letters that a misreading would make are at home in other languages, quotations and notes."""
    for right in (text, text.upper(), f"Cytat: {text}\nDalej już po polsku, że źródło jest gdzieś wśród łąk."):
        assert encodings.repaired_text(right, known) == right
    assert not encodings.is_gibberish(f"{text} " * 4, known)


@pytest.mark.parametrize(
    "word",
    ["La metà", "Œuvre", "Forêt", "Señor", "Gmin¹", "Fête w Łodzi", "Cena za m³", "Encyclopædia", "± 5", "¿Qué?"],
)
def test_short_texts_stay(word: str, known: Known) -> None:
    """A title of one or two words is not changed on a suspicion."""
    assert encodings.repaired_text(word, known) == word


@pytest.mark.parametrize(
    ("seen", "meant"),
    [
        ("Bud¿et", "Budżet"),
        ("Œwiêto", "Święto"),
        ("UCHWA£A RADY", "UCHWAŁA RADY"),
        ("ZARZ¥DZENIE", "ZARZĄDZENIE"),
        ("Wiêcej drzew", "Więcej drzew"),
        ("Spó³ka zapłaci", "Spó³ka zapłaci"),
        ("Sieæ ciep³ownicza: 5 m³ wody, ¿³obek i ³¹ka", "Sieć ciepłownicza: 5 m³ wody, żłobek i łąka"),
        ("Nowak-Wróblewska z £ap mieszka w ma³ym mieœcie", "Nowak-Wróblewska z Łap mieszka w małym mieście"),
    ],
)
def test_short_texts(seen: str, meant: str, known: Known) -> None:
    """One word is enough where a sign stands inside it; units stay, and so does a text with Polish letters of its own."""
    assert encodings.repaired_text(seen, known) == meant


def test_two_fonts_on_a_page(known: Known) -> None:
    """A page in two fonts, one of them right: only the lines of the other are repaired."""
    page = "Źródła i łąki, gdzie rośnie „forêt”\nSamorz¹d przeznaczy³ œrodki na ¿³obki w Wo³ominie\nżółw i m³"
    assert encodings.repaired_text(page, known) == (
        "Źródła i łąki, gdzie rośnie „forêt”\nSamorząd przeznaczył środki na żłobki w Wołominie\nżółw i m³"
    )


def test_a_short_page_is_read_like_the_others(known: Known) -> None:
    """What the rest of a document shows helps where a page has a word too few."""
    pages = ["Samorz±d przeznaczy³ ¶rodki na ¿³obki", "Kêpa", "plain"]
    assert encodings.repaired_pages(pages, known) == ["Samorząd przeznaczył środki na żłobki", "Kępa", "plain"]


@given(st.text(st.sampled_from("abcąęłóźż ¹³¿œæêñ±¶¼ÅÄĹ‚›\n\x9c.-")))
def test_any_text(text: str) -> None:
    """Whatever comes in, repair ends, and a second time changes nothing."""
    known = shared_analyzer().known
    once = encodings.repaired_text(text, known)
    assert encodings.repaired_text(once, known) == once


@pytest.mark.parametrize(
    "text",
    [
        "6DPRU]ąG ZRMHZyG]WZD SU]H]QDF]\\á ĞURGNL QD GURJL SRZLDWRZH L *PLQQH RUD] V]NRá\\ ZLHMVNLH ZH ZVL",
        "\ue001\ue002\ue003\ue004 \ue005\ue006\ue007\ue008 " * 12,
        "x¤z¬q b¶w¾t k¼r¦s m³³¿l p¬¬t " * 6,
    ],
)
def test_gibberish(text: str, known: Known) -> None:
    """Text of a font without an encoding is told from every language."""
    assert encodings.is_gibberish(f"{text} {text}", known)


@pytest.mark.parametrize(
    "text",
    [
        "def read(path): return open(path).read_text(encoding='utf-8') if path.is_file() else None; x_y = {a: b}",
        "2019 2020 2021 12 345,67 zł 1 234 567,89 zł 45% 67% A1 B2 C3 tabela wydatków gminy ogółem",
        "https://example.org/a/b?c=d e-mail@example.org www.example.com/x-y-z Załącznik nr 1 do SIWZ BO.271.5.2020.AK",
    ],
)
def test_no_gibberish(text: str, known: Known) -> None:
    """Code, figures and addresses are what they look like."""
    assert not encodings.is_gibberish(f"{text} {text}", known)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1250", "cp1250"),
        ("iso8859-2", "iso8859-2"),
    ],
)
def test_bytes(encoding: str, found: str, known: Known) -> None:
    """The encoding of a file is told by what becomes Polish of it."""
    text = "Gęś i źrebię w świetle księżyca; ścieżka, łąka i wąż."
    assert decoding.decode(text.encode(encoding), known) == (text, found)
