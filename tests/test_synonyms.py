"""Abbreviations and synonyms of ``synonyms.yaml``: what they bring, and what is said when the file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.errors import TaxonomyError
from kb.formats import SYNONYMS_FILE
from kb.polish import Analyzer, is_stop_word, shared_analyzer, surface, words
from kb.reading.synonyms import Synonyms

FILE = """\
abbreviations:
  - short: JST
    long: [jednostka samorządu terytorialnego]
    definition: Gmina, powiat albo województwo.
  - short: PES
    long: [podmiot ekonomii społecznej]
  - short: ZRID
    long: zezwolenie na realizację inwestycji drogowej
  - short: DNSH
    long: [nieczynienie znaczących szkód, nie czyń poważnych szkód]
  - {short: NO, long: [narodowa organizacja]}
synonyms:
  - [śmieci, odpady komunalne]
  - [dotacja, dofinansowanie, wsparcie finansowe]
  - [budżet obywatelski, budżet partycypacyjny]
  - [budżet, plan finansowy]
  - [dług, zadłużenie]
"""


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """The real dictionary and stemmer."""
    return shared_analyzer()


@pytest.fixture(scope="module")
def synonyms(analyzer: Analyzer, tmp_path_factory: pytest.TempPathFactory) -> Synonyms:
    """The entries of a real file."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / SYNONYMS_FILE).write_text(FILE, encoding="utf-8")
    return Synonyms.load(folder, analyzer)


@pytest.mark.parametrize(
    ("typed", "taken", "found"),
    [
        ("JST", 1, ["jednostka samorządu terytorialnego"]),
        ("jst", 1, ["jednostka samorządu terytorialnego"]),
        ("jednostka samorządu terytorialnego", 3, ["JST"]),
        ("jednostkami samorządów terytorialnych", 3, ["JST"]),
        ("jednostka samorządu", 0, []),
        ("jednostka terytorialna samorządu", 0, []),
        ("NO", 1, ["narodowa organizacja"]),
        ("śmieciami", 1, ["odpady komunalne"]),
        ("długach", 1, ["zadłużenie"]),
        ("długo", 0, []),
        ("odpadów komunalnych", 2, ["śmieci"]),
        ("odpady medyczne", 0, []),
        ("dotacji", 1, ["dofinansowanie", "wsparcie finansowe"]),
        ("wsparcia finansowego gmin", 2, ["dotacja", "dofinansowanie"]),
        ("budżetu obywatelskiego", 2, ["budżet partycypacyjny"]),  # the longest entry, not that of „budżet"
        ("budżetu gminy", 1, ["plan finansowy"]),
        ("PES gminy", 1, ["podmiot ekonomii społecznej"]),
        ("Pes 5", 0, []),  # a word that begins a sentence
        ("PES 5 GMINY", 0, []),  # all in capitals
        ("JST GMINY", 1, ["jednostka samorządu terytorialnego"]),
        ("psy", 0, []),  # a form of „pies", no abbreviation
        ("gmina", 0, []),
    ],
)
def test_at(synonyms: Synonyms, typed: str, taken: int, found: list[str]) -> None:
    """A word or phrase in any form brings the others of its entry, the longest entry first."""
    length, equivalents = synonyms.at(typed.split(), 0)
    assert (length, [equivalent.text for equivalent in equivalents]) == (taken, found)


@pytest.mark.parametrize("typed", ["zezwolenie realizację inwestycji drogowej", "czyń poważnych szkód"])
def test_function_words_of_an_entry_need_not_be_there(synonyms: Synonyms, typed: str) -> None:
    """A query loses its function words before it is looked up, so an entry does not ask for its own."""
    assert synonyms.at(typed.split(), 0)[0] == len(typed.split())


def test_entry_is_found_in_the_middle_of_a_query(synonyms: Synonyms) -> None:
    """What counts is the word at which one looks."""
    query = ["deklaracja", "za", "odpady", "komunalne"]
    assert [synonyms.at(query, i)[0] for i in range(4)] == [0, 0, 2, 0]


def test_abbreviation_is_looked_for_by_its_own_letters(synonyms: Synonyms) -> None:
    """The equivalent of a long form is the abbreviation as written, no lemma of a word that looks like it."""
    (short,) = synonyms.at(["podmiot", "ekonomii", "społecznej"], 0)[1]
    assert short.steps == (("pes",),)


def test_definitions_are_kept(synonyms: Synonyms) -> None:
    """Abbreviations come in the file's order with what they mean; a single long form needs no list."""
    common = Synonyms.common(shared_analyzer()).abbreviations
    own = [entry.short for entry in synonyms.abbreviations if entry not in common]
    assert own == ["JST", "PES", "ZRID", "DNSH", "NO"]
    assert [entry.short for entry in synonyms.abbreviations[:5]] == own
    assert synonyms.abbreviations[0].definition == "Gmina, powiat albo województwo."
    assert synonyms.abbreviations[2].long == ("zezwolenie na realizację inwestycji drogowej",)


def test_common_abbreviations_need_no_file(analyzer: Analyzer, tmp_path: Path) -> None:
    """What everybody in local government knows comes with the program, each once and each with what it means."""
    common = Synonyms.load(tmp_path, analyzer)
    shorts = [surface(entry.short) for entry in common.abbreviations]
    assert len(shorts) == len(set(shorts))
    assert all(entry.definition.endswith(".") for entry in common.abbreviations)
    assert [found.text for found in common.at(["RIO"], 0)[1]] == ["regionalna izba obrachunkowa"]
    assert [found.text for found in common.at(["regionalnej", "izbie", "obrachunkowej"], 0)[1]] == ["RIO"]


def test_a_folder_may_mean_something_else_by_an_abbreviation(analyzer: Analyzer, tmp_path: Path) -> None:
    """Its own entry takes the place of the program's, however the letters are written."""
    (tmp_path / SYNONYMS_FILE).write_text("abbreviations: [{short: Rio, long: [miasto w Brazylii]}]", encoding="utf-8")
    own = Synonyms.load(tmp_path, analyzer)
    assert [found.text for found in own.at(["RIO"], 0)[1]] == ["miasto w Brazylii"]
    assert own.at(["regionalna", "izba", "obrachunkowa"], 0) == (0, [])


def test_everyday_words_need_no_file(analyzer: Analyzer, tmp_path: Path) -> None:
    """They come with the program, and a folder's own file adds to them."""
    everyday = [found.text for found in Synonyms.load(tmp_path, analyzer).at(["pensje"], 0)[1]]
    assert "wynagrodzenie" in everyday
    (tmp_path / SYNONYMS_FILE).write_text("synonyms: [[pensja, gaża]]", encoding="utf-8")
    assert [found.text for found in Synonyms.load(tmp_path, analyzer).at(["pensje"], 0)[1]] == [*everyday, "gaża"]


def test_an_entry_of_several_words_is_found_by_their_families(analyzer: Analyzer) -> None:
    """Who changes something asks of its change: beside others a word may be another of its family, alone it may not."""
    common = Synonyms.common(analyzer)
    assert "korekta płci" in [found.text for found in common.at(["zmieniają", "płeć"], 0)[1]]
    assert "likwidacja stowarzyszenia" in [found.text for found in common.at(["rozwiązywać", "stowarzyszenie"], 0)[1]]
    assert common.at(["lekcyjny"], 0) == (0, [])


@pytest.mark.parametrize("content", [None, "", "# nic\n", "abbreviations: []\nsynonyms: []\n"])
def test_no_entries(analyzer: Analyzer, tmp_path: Path, content: str | None) -> None:
    """Without a file, or with an empty one, nothing is added to what comes with the program, and nothing fails."""
    if content is not None:
        (tmp_path / SYNONYMS_FILE).write_text(content, encoding="utf-8")
    empty = Synonyms.load(tmp_path, analyzer)
    assert empty.abbreviations == Synonyms.common(analyzer).abbreviations
    assert empty.at(["XYZ"], 0) == (0, [])


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"a: [", ["błąd zapisu YAML w wierszu 1"]),
        (b"- JST\n", ["klucz: wartość"]),
        ("synonyms: [[śmieci, odpady]]".encode("utf-16"), ["UTF-8"]),
        (b"abbreviations: [{short: JST}]", ["abbreviations.0.long: brak wymaganego klucza"]),
        (b"abbreviations: [{short: '', long: []}]", ["abbreviations.0.short", "abbreviations.0.long"]),
        (b"abbreviations: [{short: A, long: b, definiton: c}]", ["abbreviations.0.definiton: nieznany klucz"]),
        (b"skroty: []\n", ["skroty: nieznany klucz"]),
        (b"synonyms: [[sam], para, [a, b]]", ["synonyms.0: lista ma za", "synonyms.1: wartość musi być listą"]),
        (b"synonyms: {a: b}", ["synonyms: wartość musi być listą"]),
    ],
)
def test_a_wrong_file_names_every_problem(
    analyzer: Analyzer, tmp_path: Path, content: bytes, problems: list[str]
) -> None:
    """Each problem is told at once, in Polish, with its place in the file."""
    (tmp_path / SYNONYMS_FILE).write_bytes(content)
    with pytest.raises(TaxonomyError) as raised:
        Synonyms.load(tmp_path, analyzer)
    assert SYNONYMS_FILE in raised.value.message
    assert len(raised.value.details) == len(problems)
    for problem, detail in zip(problems, raised.value.details, strict=True):
        assert problem in detail


def test_a_folder_in_the_files_place(analyzer: Analyzer, tmp_path: Path) -> None:
    """What cannot be read is told, too."""
    (tmp_path / SYNONYMS_FILE).mkdir()
    with pytest.raises(TaxonomyError) as raised:
        Synonyms.load(tmp_path, analyzer)
    assert "nie można odczytać pliku" in raised.value.details[0]


def test_entries_without_a_word_bring_nothing(analyzer: Analyzer, tmp_path: Path) -> None:
    """Punctuation and function words alone in an entry do no harm."""
    (tmp_path / SYNONYMS_FILE).write_text(
        "abbreviations: [{short: '!', long: '…'}, {short: W, long: w}]\nsynonyms: [['-', '?'], [i, oraz]]\n",
        encoding="utf-8",
    )
    entries = Synonyms.load(tmp_path, analyzer)
    assert [e for word in ("i", "oraz", "w", "gmina") for e in entries.at([word], 0)[1] if any(e.steps)] == []


def test_the_projects_own_file_can_be_used(analyzer: Analyzer) -> None:
    """The entries that come with the project are read, and each abbreviation finds its long forms and is found by them."""
    entries = Synonyms.load(Path(__file__).parents[1] / "documents", analyzer)
    assert len(entries.abbreviations) > 50
    for entry in entries.abbreviations:
        assert _found(entries, entry.short) >= set(entry.long), entry.short
        for text in entry.long:
            assert entry.short in _found(entries, text), text


def _found(entries: Synonyms, text: str) -> set[str]:
    query = [word for word in words(text) if not is_stop_word(word)]
    return {equivalent.text for equivalent in entries.at(query, 0)[1]}
