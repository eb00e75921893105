"""Lines in reading order out of characters and their places, each kind of page in a small PDF of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from kb.extract.clean import SOFT
from kb.extract.lines import CELL, RAISED, PageLines, plain_lines
from kb.extract.page import read_lines
from kb.extract.pdf import read_pdf
from kb.limits import Limits
from kb.model import Extraction
from tests.extract.pdfs import at, drawn_pdf, shown

Known = Callable[[str], bool]


def lines_of(data: bytes, known: Known = lambda _word: False) -> PageLines:
    """The lines of a PDF's only page."""
    with pdfium.PdfDocument(data) as document:
        return read_lines(document[0], known)


def texts(content: str, **page: str) -> list[str]:
    """The text of each line of a page with this content."""
    return [line.text for line in lines_of(drawn_pdf(content, **page)).lines]


# ---------------------------------------------------------------- tables


def test_cells_of_a_row_are_apart() -> None:
    """A table drawn cell by cell is read row by row, a cell's lines together, also after a hyphen at a line's end."""
    content = (
        at(60, 730, "Forma wsparcia")
        + at(220, 730, "Gdzie")
        + at(60, 700, "Opieka po hospita-")
        + at(60, 688, "lizacji")
        + at(220, 700, "dzienny dom opieki")
        + at(60, 664, "Rehabilitacja")
        + at(220, 664, "poradnia")
    )
    assert texts(content) == [
        f"Forma wsparcia{CELL}Gdzie",
        f"Opieka po hospita{SOFT}lizacji{CELL}dzienny dom opieki",
        f"Rehabilitacja{CELL}poradnia",
    ]


def test_wrapped_cells_drawn_line_by_line() -> None:
    """Where the rows are clear, the lines of each cell come together although the page was drawn straight across."""
    rows = [
        ("Gmina prowadzi dzienny", "umowa z wykonawcą jest", "wydział spraw"),
        ("dom opieki nad starszymi", "zawarta na trzy lata od", "społecznych"),
    ]
    content = ""
    for top in (700, 660, 620):
        for number, cells in enumerate(rows):
            content += "".join(at(x, top - 12 * number, text) for x, text in zip((60, 220, 380), cells, strict=True))
    row = CELL.join(
        (
            "Gmina prowadzi dzienny dom opieki nad starszymi",
            "umowa z wykonawcą jest zawarta na trzy lata od",
            "wydział spraw społecznych",
        )
    )
    assert texts(content) == [row] * 3


def test_justified_lines_are_no_rows() -> None:
    """Words that are set far apart to fill a line have equal spaces, unlike cells; a number of the item stands before them."""
    wide = "14 Tw"  # 1.7 ems at 10 points, with the space itself
    content = (
        at(60, 700, "gospodarka odpadami komunalnymi gminy", before=wide)
        + at(60, 688, "2.", before="0 Tw")
        + at(78, 688, "Interesariusze otrzymali zaproszenia", before=wide)
        + at(60, 660, "414 828 1242", before=wide)
        + at(60, 640, "Rok", before="0 Tw")
        + at(120, 640, "Gmina")
        + at(200, 640, "Dochody")
    )
    assert texts(content) == [
        "gospodarka odpadami komunalnymi gminy",
        "2. Interesariusze otrzymali zaproszenia",
        f"414{CELL}828{CELL}1242",
        f"Rok{CELL}Gmina{CELL}Dochody",
    ]


def test_numbers_stay_rows() -> None:
    """A table of single lines is no pair of columns, however many rows it has."""
    content = "".join(at(60, 700 - 14 * n, f"Gmina {n}") + at(300, 700 - 14 * n, f"{n}00 zł") for n in range(6))
    assert texts(content) == [f"Gmina {n}{CELL}{n}00 zł" for n in range(6)]


def test_list_markers_belong_to_their_item() -> None:
    """A bullet or a number stands before its text, on one line with it."""
    content = at(60, 700, "•") + at(80, 700, "pierwszy punkt") + at(60, 680, "2.") + at(80, 680, "drugi punkt")
    assert texts(content) == ["• pierwszy punkt", "2. drugi punkt"]


# ---------------------------------------------------------------- columns

_LEFT = [
    "Komisja oceniła sprawozdanie",
    "roczne wójta i pozytywnie",
    "zaopiniowała gospodarkę",
    "odpadami komunalnymi, co",
]
_RIGHT = [
    "Druga szpalta mówi o tym, że",
    "harmonogram wywozu śmieci",
    "zmieni się od stycznia i",
    "obejmie także osiedle",
]


def test_columns_drawn_line_by_line() -> None:
    """Two columns of prose are read one after the other although the page was drawn straight across; a title stays above."""
    content = at(60, 740, "Sprawozdanie z sesji rady gminy, która odbyła się w świetlicy", size=12)
    for number, (left, right) in enumerate(zip(_LEFT, _RIGHT, strict=True)):
        content += at(60, 700 - 14 * number, left) + at(320, 700 - 14 * number, right)
    assert texts(content)[1:] == _LEFT + _RIGHT


def test_columns_drawn_one_by_one() -> None:
    """Columns that were drawn as they are read stay so, each a block of its own."""
    columns = [(60, _LEFT * 2), (320, _RIGHT * 2)]
    content = "".join(at(x, 700 - 14 * n, text) for x, column in columns for n, text in enumerate(column))
    page = lines_of(drawn_pdf(content))
    assert [line.text for line in page.lines] == _LEFT * 2 + _RIGHT * 2
    assert len({line.block for line in page.lines}) == 2


def test_left_column_first() -> None:
    """Where the right column was drawn first, the left one is read first all the same."""
    columns = [(320, _RIGHT * 2), (60, _LEFT * 2)]
    content = "".join(at(x, 700 - 14 * n, text) for x, column in columns for n, text in enumerate(column))
    assert texts(content) == _LEFT * 2 + _RIGHT * 2


def test_head_drawn_last_is_read_first() -> None:
    """What stands above the text is read before it, whenever it was drawn."""
    content = "".join(at(60, 700 - 14 * n, text) for n, text in enumerate(_LEFT)) + at(60, 780, "Głowa strony i tytuł")
    assert texts(content) == ["Głowa strony i tytuł", *_LEFT]


# ---------------------------------------------------------------- directions


@pytest.mark.parametrize(
    ("turn", "matrix"),
    [(0, "1 0 0 1 60 700"), (90, "0 1 -1 0 142 60"), (180, "-1 0 0 -1 535 142"), (270, "0 -1 1 0 453 782")],
)
def test_turned_pages(turn: int, matrix: str) -> None:
    """A page that is turned to be read gives its lines, and their places as the reader sees them."""
    content = f"BT /F1 10 Tf {matrix} Tm 14 TL {shown('przy rzece')} Tj T* {shown('przebudowę drogi')} Tj ET"
    page = lines_of(drawn_pdf(content, page=f"/MediaBox [0 0 595 842] /Rotate {turn}"))
    assert [line.text for line in page.lines] == ["przy rzece", "przebudowę drogi"]
    assert (page.width, page.height) == ((842, 595) if turn % 180 else (595, 842))
    first, second = page.lines
    assert first.left == pytest.approx(60, abs=1)
    assert first.bottom > second.bottom
    assert first.size == pytest.approx(10)


def test_turned_text_on_an_upright_page() -> None:
    """Text read upwards, downwards and upside down is whole, in blocks of its own after the rest."""
    turned = {
        "czytane w górę": "0 1 -1 0 40 100",
        "czytane w dół": "0 -1 1 0 500 700",
        "do góry nogami": "-1 0 0 -1 400 300",
    }
    content = "".join(
        f"BT /F1 10 Tf {matrix} Tm 14 TL {shown(text)} Tj T* (dalej) Tj ET\n" for text, matrix in turned.items()
    )
    page = lines_of(drawn_pdf(content + at(60, 750, "zwykły tekst strony")))
    found = [line.text for line in page.lines]
    assert found[0] == "zwykły tekst strony"
    for text in turned:
        assert found[found.index(text) + 1] == "dalej"
    assert len({line.block for line in page.lines}) == 4


def test_slanted_text_is_one_line() -> None:
    """A stamp across the page is read as it stands."""
    assert "WZÓR UMOWY" in texts(f"BT /F1 40 Tf .7 .7 -.7 .7 100 100 Tm {shown('WZÓR UMOWY')} Tj ET")


def test_letters_that_are_drawn_twice_make_a_word() -> None:
    """Some programs make bold type letter by letter, each with its outline over it: „UUcchhwwaałłaa” is „Uchwała”."""
    drawn, again, x = "", "", 60.0
    for sign in "pan pogodna noga":  # letters of one width
        drawn += at(x, 700, sign)
        again += at(x, 700, sign, font="F2") if sign != " " else ""
        x += 5.56 if sign != " " else 2.78
    assert texts(drawn + again) == ["pan pogodna noga"]


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("tracking", [0.5, 1, 1.5, 2, 3])
def test_letter_spaced_words_are_whole(tracking: float) -> None:
    """However wide the letters are set, words stay whole and apart."""
    content = at(60, 700, "rekultywacja składowiska odpadów", before=f"{tracking} Tc")
    assert texts(content) == ["rekultywacja składowiska odpadów"]


@pytest.mark.parametrize("tracking", [1, 3, 5])
def test_letter_spaced_words_with_figures_are_whole(tracking: int) -> None:
    """„ZARZĄDZENIE Nr 15/2024” is a heading, though half of it are figures; figures alone may be cells."""
    heading = "UCHWAŁA Nr XXV/123/2021"
    assert texts(at(60, 700, heading, before=f"{tracking} Tc")) == [heading]


def test_short_words_are_no_letter_spacing() -> None:
    """Words of one letter in a row stay apart."""
    assert texts(at(60, 700, "że partnerów i – w projekcie i z nim")) == ["że partnerów i – w projekcie i z nim"]


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        ("utrwalanie", "wizerunku", "utrwalanie wizerunku"),
        ("pod", "jazd", "podjazd"),
        ("rekul", "tywacja", "rekultywacja"),
        ("A", "4", "A4"),
    ],
)
def test_narrow_spaces(left: str, right: str, text: str, known: Known) -> None:
    """A gap that is too narrow for a space is one where only the words apart are in the dictionary."""
    content = f"BT /F1 10 Tf 1 0 0 1 60 700 Tm {shown(left)} Tj [-140 {shown(right)}] TJ ET"
    assert lines_of(drawn_pdf(content + at(60, 688, "oraz")), known).text == f"{text}\noraz"


def test_letter_spacing_is_no_narrow_space() -> None:
    """Where all letters are set apart, two words of the dictionary may be the halves of one that it does not have."""
    content = at(60, 700, "Kapitaliki w tekście", before="1.5 Tc")
    page = lines_of(drawn_pdf(content), lambda word: word in ("Kap", "italiki"))
    assert page.text == "Kapitaliki w tekście"


@pytest.mark.parametrize(
    ("letter", "rest", "whole"),
    [("Z", "agospodarowanie terenu", "Zagospodarowanie terenu"), ("W", "ubiegłym roku", "W ubiegłym roku")],
)
def test_large_initials(letter: str, rest: str, whole: str, known: Known) -> None:
    """The large first letter of a paragraph belongs to its word, or is one."""
    content = at(60, 722, letter, size=40) + at(104, 742, rest) + at(104, 728, "i dalszy ciąg zdania")
    assert lines_of(drawn_pdf(content), known).lines[0].text == whole


def test_raised_digits_are_marked() -> None:
    """The number of a footnote never becomes part of a word; a lowered digit does."""
    content = f"BT /F1 10 Tf 60 700 Td {shown('słowo')} Tj /F1 6 Tf 4 Ts (12) Tj 0 Ts /F1 10 Tf ( dalej H) Tj "
    content += "/F1 6 Tf -2 Ts (2) Tj 0 Ts /F1 10 Tf (O) Tj ET"
    assert texts(content) == [f"słowo{RAISED}12{RAISED} dalej H2O"]


def test_words_drawn_late_join_their_line() -> None:
    """A link that was drawn after the paragraph stands in the gap that was left for it."""
    content = at(60, 700, "Zobacz") + at(152, 700, "i zapisz się") + at(95, 700, "stronę gminy")
    assert texts(content) == ["Zobacz stronę gminy i zapisz się"]


def test_size_and_weight() -> None:
    """A line knows its type."""
    page = lines_of(drawn_pdf(at(60, 700, "Tytuł rozdziału", size=16, font="F2") + at(60, 660, "Treść rozdziału")))
    assert [(line.size, line.bold) for line in page.lines] == [(16, True), (10, False)]


# ---------------------------------------------------------------- what is not on the page


def test_text_drawn_twice_is_read_once() -> None:
    """A shadow, or letters drawn twice to look bold, double nothing."""
    assert texts(at(60, 700, "uchwała llama") + at(60.4, 699.8, "uchwała llama")) == ["uchwała llama"]


def test_invisible_text() -> None:
    """Text of a scan's recognition is read, unless the page shows the text there."""
    hidden = at(61, 699, "uchwała radv", before="3 Tr") + at(60, 600, "rozpoznany skan", before="3 Tr")
    assert texts(at(60, 700, "uchwała rady") + hidden) == ["uchwała rady", "rozpoznany skan"]


def test_text_outside_the_page_is_left_out() -> None:
    """What the page's crop box hides is not read."""
    content = at(60, 700, "na stronie") + at(60, 30, "znacznik drukarski")
    assert texts(content, page="/MediaBox [0 0 595 842] /CropBox [0 50 595 842]") == ["na stronie"]


def test_switched_off_layers_are_left_out(tmp_path: Path, known: Known) -> None:
    """A layer that is off when the file is opened is not read, in the page's own content and in forms on the layer."""
    form = at(60, 500, "na odłożonym formularzu")
    data = drawn_pdf(
        at(60, 700, "zawsze")
        + f"/OC /L1 BDC {at(60, 650, 'ukryta')} EMC /OC /L2 BDC {at(60, 600, 'pokazana')} EMC /OC /L1 BDC /X1 Do EMC",
        properties="/Properties << /L1 10 0 R /L2 11 0 R >> /XObject << /X1 12 0 R >>",
        catalog="/OCProperties << /OCGs [10 0 R 11 0 R] /D << /OFF [10 0 R] >> >>",
        objects={
            10: "<< /Type /OCG /Name (Wersja robocza) >>",
            11: "<< /Type /OCG /Name (Druk) >>",
            12: "<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> "
            f"/Length {len(form)} >>\nstream\n{form}\nendstream",
        },
    )
    path = tmp_path / "warstwy.pdf"
    path.write_bytes(data)
    extraction: Extraction = read_pdf(path, Limits(), known, lambda _page, _pages: None)
    assert extraction.pages[0].text.split() == ["zawsze", "pokazana"]


# ---------------------------------------------------------------- odd pages


def test_a_page_of_very_many_characters_is_read_in_its_own_order() -> None:
    """Beyond the limit nothing is laid out, and nothing is lost."""
    rows = "".join(at(10, 830 - 2 * n, "słowo " * 40, size=1.5) for n in range(300))
    assert sum(len(line.text.split()) for line in lines_of(drawn_pdf(rows)).lines) == 300 * 40


@pytest.mark.parametrize("size", ["0", "1e-30", "1e30", "-10"])
def test_sizes_out_of_reason(size: str) -> None:
    """Letters of no size, or of an endless one, do no harm to the rest."""
    content = f"BT /F1 {size} Tf 60 600 Td (abc def) Tj ET\n" + at(60, 700, "zwykły tekst")
    assert "zwykły tekst" in texts(content)


def test_letters_all_over_the_page() -> None:
    """Thousands of letters without any order are all there."""
    chance = random.Random(1)
    content = "".join(at(20 + 550 * chance.random(), 20 + 800 * chance.random(), "xyz", size=4) for _ in range(3000))
    assert sum(text.count("z") for text in texts(content)) > 2900


def test_plain_lines_keep_the_text() -> None:
    """Another reader's text becomes lines without places."""
    page = plain_lines("jeden\r\ndwa\x02trzy\n\n")
    assert page.text == f"jeden\ndwa{SOFT}\ntrzy"
