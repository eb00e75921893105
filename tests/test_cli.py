"""The command line: its contract of options, exit codes and JSON, and a Polish sentence for everything that goes wrong."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from library import TAXONOMY, Library, environment, tree
from typer.testing import CliRunner

from kb.cli import app
from kb.disk import lock
from kb.errors import KbError
from kb.extract import Sandbox
from kb.extract.confine import offered
from kb.messages import moment
from kb.model import Status

ENGLISH = ("Usage", "Invalid", "Missing", "No such", "Error", "Traceback", "expected", "should be", "must be")
COMMANDS = ("index", "serve", "search", "check", "status", "evaluate")


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, what it printed, what it said on standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as a value."""
        return json.loads(self.out)


def kb(*arguments: str | Path, **variables: str) -> Ran:
    """Run a command in this process, as wide as needed for its sentences to stay whole."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "300", **variables})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def process(*arguments: str | Path, **variables: str) -> Ran:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "kb", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env=environment(COLUMNS="300", **variables),
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def on_terminal(*arguments: str | Path) -> str:
    """What a command shows on a terminal of 80 columns, without colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    variables = {key: value for key, value in environment(TERM="dumb").items() if key not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [sys.executable, "-m", "kb", *map(str, arguments)],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        env=variables,
    ):
        os.close(slave)
        shown = b""
        # The terminal's end is an error where the last writer has gone.
        with contextlib.suppress(OSError):
            while part := os.read(master, 65_536):
                shown += part
        os.close(master)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()).replace("\r\n", "\n")


def _places(library: Library) -> tuple[str, str]:
    return (f"--documents={library.documents}", f"--index={library.index}")


def _is_polite(ran: Ran, *said: str) -> bool:
    """Whether a failed command says these things in Polish on standard error, and nothing on standard output."""
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("Błąd: ")
    for word in ENGLISH:
        assert word not in ran.err
    for part in said:
        assert part in ran.err
    return True


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """An indexed collection that tests only read."""
    library = Library(tmp_path_factory.mktemp("shelf"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.write("synonyms.yaml", "abbreviations:\n  - {short: JST, long: jednostka samorządu terytorialnego}\n")
    library.pdf(
        "mosty.pdf",
        ["Remont mostu na rzece.", "Drugi wiersz."],
        ["Most <b>i</b> wiadukt."],
        title="Mosty [w] gminie",
        kind="raport",
        edition="cwd-plus",
        topics=["transport"],
        published="2023-06-19",
    )
    library.markdown("szkola.md", "# Szkoła\n\nMost do przyszłości.", kind="aktualnosc", published="2024-01-02")
    library.markdown("energia.md", "# Energia\n\nEnergia z wiatru.", topics=["energia"])
    assert library.run().failed == 0
    return library


# kb index


def test_index_reports_every_file(library: Library) -> None:
    """``kb index --json`` prints the contract's object: a row for every file, exit code 1 when some failed."""
    library.pdf("a.pdf", ["Rada gminy."], ["Uchwała."], kind="raprot")
    library.pdf("b.pdf", ["Rada gminy."], ["Uchwała."])
    library.pdf("skan.pdf", None)
    library.write("zly.pdf", "<html></html>")
    library.markdown("c.md", "Tekst.")
    ran = kb("index", *_places(library), "--json")
    assert ran.code == 1
    report = ran.json
    assert list(report) == ["build", "seconds", "documents", "pages", "files"]
    assert report["build"] == library.builds.live().name
    assert isinstance(report["seconds"], float)
    assert (report["documents"], report["pages"]) == (2, 3)
    assert [list(row) for row in report["files"]] == [
        ["path", "status", "pages", "words", "message", "warnings", "notes", "change"]
    ] * len(report["files"])
    rows = {row["path"]: row for row in report["files"]}
    assert {path: row["status"] for path, row in rows.items()} == {
        "a.pdf": "indexed",
        "b.pdf": "duplicate",
        "c.md": "indexed",
        "skan.pdf": "no_text",
        "zly.pdf": "damaged",
    }
    assert (rows["a.pdf"]["pages"], rows["a.pdf"]["words"], rows["a.pdf"]["message"]) == (2, 3, "")
    assert len(rows["a.pdf"]["warnings"]) == 1
    assert rows["b.pdf"]["message"]

    (library.documents / "zly.pdf").unlink()
    (library.documents / "skan.pdf").unlink()
    (library.documents / "b.pdf").unlink()
    (library.documents / "c.md").unlink()
    ran = kb("index", *_places(library), "--json")
    assert ran.code == 0
    assert {row["path"]: row["status"] for row in ran.json["files"]} == {"a.pdf": "unchanged", "c.md": "removed"}


def test_defaults_are_told_once(library: Library) -> None:
    """What many documents have from their folder stands below the table; beside a file only what is its own."""
    library.write("_defaults.yaml", "publisher: Urząd\nlicence: CC0\n")
    for name in ("a", "b"):
        library.write(f"{name}.md", f"# Plan {name}\n\nTreść.\n")
    library.write("c.md", "---\nlicence: CC BY\n---\n# Plan c\n\nTreść.\n")
    said = kb("index", *_places(library)).out
    assert said.count("_defaults.yaml") == 1
    assert "Z _defaults.yaml: wydawca (3 pliki); licencja (2 pliki)" in said


def test_statuses_are_the_contracts() -> None:
    """The statuses that programs may meet are those written down."""
    assert {status.value for status in Status} == set(
        "indexed unchanged removed no_text encrypted damaged timeout too_large duplicate skipped".split()  # noqa: SIM905
    )


def test_index_for_people(library: Library) -> None:
    """The table names each file with its state and reason, the failed ones first, and ends with the counts."""
    library.pdf("raport [nowy].pdf", ["Rada gminy."], kind="raprot")
    library.write("zly.pdf", "<html></html>")
    ran = kb("index", *_places(library), "--jobs", "1")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert "Stan" in lines[0]
    assert "Plik" in lines[0]
    assert "zly.pdf" in lines[1]
    assert "nie do odczytania" in lines[1]
    assert "strona internetowa" in lines[1]
    assert "raport [nowy].pdf" in ran.out
    assert "„raprot”" in ran.out
    assert "zindeksowane: 1" in ran.out
    assert "nie do odczytania: 1" in ran.out
    assert "Indeks: 1 dokument, 1 strona" in ran.out
    assert "1 plik nie został zindeksowany, 1 ma ostrzeżenia: patrz początek tabeli." in ran.out
    again = kb("index", *_places(library))
    assert "bez zmian: 1" in again.out
    assert "1 plik nie został zindeksowany, 1 ma ostrzeżenia" in again.out
    assert "raport [nowy].pdf" in again.out  # its warning stays until it is mended


def test_a_line_for_each_file_in_a_pipe(library: Library) -> None:
    """In a pipe each file is one line of five cells between tabs, however long its path and whatever is said of it."""
    name = f"{'bardzo długi folder ' * 4}/{'z plikiem ' * 15}.md".replace(" .", ".")
    library.markdown(name, "Tekst.", kind="raprot", edition="nie ma", topics=["ani tego"])
    library.write("Raport.docx", "")
    lines = [line.split("\t") for line in kb("index", *_places(library), COLUMNS="80").out.splitlines() if "\t" in line]
    assert [len(cells) for cells in lines] == [5, 5, 5]
    assert [cells[:2] for cells in lines] == [["Stan", "Plik"], ["nowy", name], ["pominięty", "Raport.docx"]]
    assert [word in lines[1][4] for word in ("raprot", "nie ma", "ani tego")] == [True] * 3


def test_a_table_on_a_terminal(library: Library) -> None:
    """On a terminal of 80 columns a path stands whole in its line, and words below it are never broken."""
    name = f"{'bardzo-dlugi-folder-' * 4}/plik.md"
    library.markdown(name, "Tekst.", kind="raprot")
    library.markdown("krótki.md", "Tekst drugi.")
    ran = on_terminal("index", *_places(library))
    lines = ran.splitlines()
    assert any(line.endswith(name) for line in lines)
    assert any(line.startswith("nowy") and "krótki.md  1 strona, 2 słowa" in line for line in lines)
    assert [line for line in lines if len(line) > 80 and name not in line] == []
    assert "raport" in ran
    assert "taxonomy.yaml" in ran


def test_skipped_files_do_not_bury_the_others(library: Library) -> None:
    """On a terminal only some of the files of other formats are listed; in a pipe all are."""
    for number in range(25):
        library.write(f"{number}.docx", "")
    assert "… i 5 innych pominiętych" in on_terminal("index", *_places(library))
    assert kb("index", *_places(library)).out.count(".docx") == 25


def test_most_documents_missing(library: Library) -> None:
    """A folder that is suddenly empty stops the command, which says which folder and how to go on."""
    library.markdown("a.md", "Tekst.").rename(library.documents / "b.md")
    assert kb("index", *_places(library)).code == 0
    (library.documents / "b.md").unlink()
    assert _is_polite(kb("index", *_places(library)), str(library.documents), "jest pusty", "--allow-removals")
    ran = kb("index", *_places(library), "--allow-removals")
    assert ran.code == 0
    assert "usunięte: 1" in ran.out


def test_index_of_an_empty_folder(library: Library) -> None:
    """An empty folder is no failure, and it is said."""
    ran = kb("index", *_places(library))
    assert ran.code == 0
    assert "jest pusty" in ran.out


def test_index_rebuild(library: Library) -> None:
    """``--rebuild`` makes another build of the same documents."""
    library.markdown("a.md", "Tekst.")
    first = kb("index", *_places(library), "--json").json
    second = kb("index", *_places(library), "--json", "--rebuild").json
    assert first["build"] != second["build"]
    assert second["files"][0]["status"] == "indexed"


def test_an_unchanged_folder_starts_no_reading_process(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading processes are started at once for a first run; a later one, with nothing to read, does without them."""

    def refuse(_sandbox: Sandbox) -> None:
        raise KbError("Nie ma procesów czytających.")

    library.markdown("a.md", "Tekst.")
    monkeypatch.setattr(Sandbox, "start", refuse)
    assert kb("index", *_places(library)).code == 2
    monkeypatch.undo()
    assert kb("index", *_places(library)).code == 0
    monkeypatch.setattr(Sandbox, "start", refuse)
    assert kb("index", *_places(library)).code == 0
    library.markdown("b.md", "Inny tekst.")
    assert kb("index", *_places(library)).code == 2


def test_index_by_environment(library: Library) -> None:
    """``KB_DOCUMENTS`` and ``KB_INDEX`` say the same as the options, and options go before them."""
    library.markdown("a.md", "Tekst.")
    there = {"KB_DOCUMENTS": str(library.documents), "KB_INDEX": str(library.index)}
    assert kb("index", "--json", **there).json["documents"] == 1
    other = library.root / "inny"
    assert kb("index", "--json", "--index", other, **there).code == 0
    assert (other / "CURRENT").exists()


def test_index_while_another_runs(library: Library) -> None:
    """The second indexer is told who is at work."""
    library.markdown("a.md", "Tekst.")
    with lock(library.index):
        assert _is_polite(kb("index", *_places(library)), f"proces {os.getpid()}", "początek")


def test_index_with_a_broken_taxonomy(library: Library) -> None:
    """Every problem is listed, and the index stays."""
    library.markdown("a.md", "Tekst.")
    assert kb("index", *_places(library)).code == 0
    before = tree(library.index)
    library.write("taxonomy.yaml", "topics: nie\nrodzaje: []\n")
    assert _is_polite(kb("index", *_places(library)), "taxonomy.yaml", "topics", "rodzaje")
    assert tree(library.index) == before


# kb check


def test_check_changes_nothing(library: Library) -> None:
    """``kb check`` says what would happen, and leaves documents and index as they are."""
    library.pdf("a.pdf", ["Rada gminy."], kind="raprot")
    library.markdown("b.md", "Tekst.")
    ran = kb("check", *_places(library))
    assert ran.code == 0
    assert "„raprot”" in ran.out
    assert "W dokumentach: 2 dokumenty, 2 strony" in ran.out
    assert not library.index.exists()
    assert kb("index", *_places(library)).code == 0
    library.markdown("c.md", "Nowy.")
    before = tree(library.root)
    ran = kb("check", *_places(library), "--json")
    assert ran.code == 0
    assert ran.json["documents"] == 3
    assert [row["path"] for row in ran.json["files"]] == ["a.pdf", "b.md", "c.md"]
    assert tree(library.root) == before


def test_check_strict(library: Library) -> None:
    """``--strict`` makes warnings a failure, and nothing else."""
    path = library.markdown("a.md", "Tekst.", kind="raport")
    assert kb("check", *_places(library), "--strict").code == 0
    path.write_text("---\nkind: raprot\n---\nTekst.\n", encoding="utf-8")
    assert kb("check", *_places(library)).code == 0
    ran = kb("check", *_places(library), "--strict")
    assert ran.code == 1
    assert "„raprot”" in ran.out


def test_check_of_bad_files(library: Library) -> None:
    """A file that cannot be read fails the check."""
    library.write("a.pdf", b"")
    ran = kb("check", *_places(library))
    assert ran.code == 1
    assert "a.pdf" in ran.out


def test_check_of_synonyms(library: Library) -> None:
    """Mistakes in ``synonyms.yaml`` are found too, every one of them."""
    library.write("synonyms.yaml", "abbreviations:\n  - {short: JST}\nsynonimy: []\n")
    ran = kb("check", *_places(library))
    assert ran.code == 2
    for said in ("synonyms.yaml", "abbreviations.0.long", "synonimy"):
        assert said in ran.err


def test_check_names_every_problem_at_once(library: Library) -> None:
    """A bad taxonomy hides neither the mistakes of ``synonyms.yaml`` nor those of documents, and is still a failure."""
    library.write("taxonomy.yaml", "topics: nie\nrodzaje: []\n")
    library.write("synonyms.yaml", "synonimy: []\n")
    library.markdown("a.md", "Tekst.", kind="raprot", published="wczoraj")
    library.write("b.pdf", b"")
    before = tree(library.root)
    ran = kb("check", *_places(library))
    assert ran.code == 2
    for part in ("„wczoraj”", "b.pdf", "zero bajtów"):
        assert part in ran.out
    assert "raprot" not in ran.out  # nobody knows which kinds there are
    for part in ("taxonomy.yaml", "topics", "rodzaje", "synonyms.yaml", "synonimy"):
        assert part in ran.err
    assert tree(library.root) == before


# kb search


def test_search_json(shelf: Library) -> None:
    """``kb search --json`` prints the same object as the API."""
    ran = kb("search", "mosty", *_places(shelf), "--json")
    assert ran.code == 0
    answer = ran.json
    assert {"query", "total", "total_pages", "page", "per_page", "suggestion", "took_ms", "hits", "facets"} <= set(
        answer
    )
    assert answer["query"]["text"] == "mosty"
    assert {"text", "read_as", "repaired"} <= set(answer["query"])
    assert (answer["total"], answer["page"], answer["per_page"]) == (2, 1, 10)
    hit = next(hit for hit in answer["hits"] if hit["id"] == "mosty")
    assert {key: hit[key] for key in ("title", "kind", "edition", "topics", "published", "url", "matching_pages")} == {
        "title": "Mosty [w] gminie",
        "kind": "raport",
        "edition": "cwd-plus",
        "topics": ["transport"],
        "published": "2023-06-19",
        "url": "/dokumenty/mosty",
        "matching_pages": 2,
    }
    page = next(page for page in hit["pages"] if page["number"] == 2)
    assert {"number", "label", "url", "score", "snippet"} <= set(page)
    assert page["url"] == "/dokumenty/mosty/strony/2"
    assert page["snippet"] == "<mark>Most</mark> &lt;b&gt;i&lt;/b&gt; wiadukt."
    assert set(answer["facets"]) == {"edition", "topic", "kind", "year"}
    assert answer["facets"]["kind"][0] == {"value": "raport", "label": "Raport", "count": 1, "selected": False}


def test_search_for_people(shelf: Library) -> None:
    """Documents, pages and snippets in plain text: no markup of any kind, square brackets as written."""
    ran = kb("search", "mosty", *_places(shelf))
    assert ran.code == 0
    assert "2 dokumenty, 3 pasujące strony" in ran.out
    assert "Mosty [w] gminie" in ran.out
    assert "/dokumenty/mosty" in ran.out
    assert "Most <b>i</b> wiadukt." in ran.out
    assert "<mark>" not in ran.out


def test_search_with_filters(shelf: Library) -> None:
    """Filters may be given several times: OR within one, AND across."""

    def ids(*options: str) -> list[str]:
        return sorted(hit["id"] for hit in kb("search", "most", *_places(shelf), "--json", *options).json["hits"])

    assert ids() == ["mosty", "szkola"]
    assert ids("--kind", "raport") == ["mosty"]
    assert ids("--kind", "raport", "--kind", "aktualnosc") == ["mosty", "szkola"]
    assert ids("--kind", "raport", "--year", "2024") == []
    assert ids("--topic", "transport", "--edition", "cwd-plus", "--year", "2023") == ["mosty"]
    assert len(ids("--limit", "1")) == 1


def test_search_with_unknown_values(shelf: Library) -> None:
    """Unknown values of filters are told all at once, with the nearest known ones."""
    ran = kb("search", "most", *_places(shelf), "--edition", "cwd-pluss", "--topic", "transprot", "--year", "dawno")
    assert _is_polite(ran, "cwd-pluss", "transprot", "dawno")
    for near in ("cwd-plus", "transport"):
        assert near in ran.err.replace("cwd-pluss", "").replace("transprot", "")


@pytest.mark.parametrize(
    "text", ["", "   ", "???", "„", '"most', "most AND (", "x" * 3000, "\x00", "[red]most[/red]", "%00", "Ł" * 50, "-"]
)
def test_nothing_typed_is_an_error(shelf: Library, text: str) -> None:
    """Whatever the text, the search answers, for people and for programs."""
    assert kb("search", *_places(shelf), "--", text).code == 0
    ran = kb("search", *_places(shelf), "--json", "--", text)
    assert ran.code == 0
    assert ran.json["hits"] is not None


def test_a_search_without_results(shelf: Library) -> None:
    """Nothing found is no failure, and it is said."""
    ran = kb("search", "hipopotam", *_places(shelf))
    assert ran.code == 0
    assert "Niczego nie znaleziono" in ran.out


def test_explained_scores(shelf: Library) -> None:
    """``--explain`` names the words, fields and weights that made the best page's score."""
    ran = kb("search", "remont mostu", *_places(shelf), "--explain")
    assert ran.code == 0
    for said in ("Słowo", "Pole", "Waga", "Ocena", "remont"):
        assert said in ran.out


# kb status


def test_status(shelf: Library) -> None:
    """What is in the index, for people and for programs."""
    ran = kb("status", *_places(shelf), "--json")
    assert ran.code == 0
    status = ran.json
    assert status["build"] == shelf.builds.live().name
    assert (status["documents"], status["pages"], status["current"]) == (3, 4, True)
    assert status["bytes"] > 0
    assert status["ocr"] == "wyłączone (KB_OCR=off)"
    assert status["reading"] == offered().state
    ran = kb("status", *_places(shelf))
    assert ran.code == 0
    assert "(OCR): wyłączone" in ran.out
    assert f"Odczyt plików: {offered().state}" in ran.out
    assert "3 dokumenty, 4 strony" in ran.out


def test_status_compares_with_the_folder(library: Library) -> None:
    """The index is up to date only if a run would change nothing; else the files that differ are named, some of many."""
    for name in ("a", "b", "c"):
        library.markdown(f"{name}.md", f"Tekst {name}.")
    library.pdf("d.pdf", ["Most."], title="Most")
    library.write("zly.pdf", "<html></html>")
    library.run()
    assert "Stan: aktualny" in kb("status", *_places(library)).out
    path = library.documents / "a.md"
    at = path.stat()
    library.markdown("a.md", "Tekst z.")
    os.utime(path, ns=(at.st_atime_ns, at.st_mtime_ns))
    library.sidecar("d.pdf", title="Wiadukt")
    (library.documents / "b.md").unlink()
    for number in range(7):
        library.markdown(f"nowy-{number}.md", f"Nowy {number}.")
    before = tree(library.root)
    ran = kb("status", *_places(library))
    assert tree(library.root) == before
    assert "1 plik zmieniono od ostatniego indeksowania: a.md\n" in ran.out
    assert "1 plikowi zmieniono opis od ostatniego indeksowania: d.pdf\n" in ran.out
    assert "1 plik usunięto od ostatniego indeksowania: b.md\n" in ran.out
    assert "7 plików dodano od ostatniego indeksowania: nowy-0.md, " in ran.out
    assert "nowy-4.md i 2 inne\n" in ran.out
    assert "nieaktualny" in ran.out
    status = kb("status", *_places(library), "--json").json
    assert (status["up_to_date"], status["pending"]["changed"], len(status["pending"]["new"])) == (False, ["a.md"], 7)
    library.run()
    assert kb("status", *_places(library), "--json").json["up_to_date"] is True
    (library.index / "files.json").unlink()
    assert kb("status", *_places(library), "--json").json["pending"]["new"] == ["zly.pdf"]


def test_status_of_a_damaged_index(library: Library) -> None:
    """What is spoilt is named while the build before is served, and how it is mended; a folder that is gone is told, too."""
    library.markdown("a.md", "Tekst.")
    library.run()
    library.run(rebuild=True)
    [terms] = library.builds.live().glob("*.trm")
    content = bytearray(terms.read_bytes())
    content[len(content) // 2] ^= 255
    terms.unlink()
    terms.write_bytes(content)
    ran = kb("status", *_places(library))
    assert f"uszkodzony plik: {terms.name}" in ran.out
    assert "nieaktualny" in ran.out
    assert "kb index" in ran.out
    library.run()
    assert "Stan: aktualny" in kb("status", *_places(library)).out
    library.documents.rename(library.root / "gdzie indziej")
    ran = kb("status", *_places(library))
    assert f"Nie ma folderu z dokumentami: {library.documents}" in ran.out
    assert "Stan: aktualny" not in ran.out


def test_status_tells_local_time(shelf: Library) -> None:
    """The time of the build is that of this machine, in Polish."""
    created = datetime.fromisoformat(kb("status", *_places(shelf), "--json").json["created"])
    assert f"Zbudowany: {moment(created)}\n" in kb("status", *_places(shelf)).out


def test_status_of_an_old_index(library: Library) -> None:
    """An index of another version says so, and what to run."""
    library.markdown("a.md", "Tekst.")
    library.run()
    path = library.builds.live() / "build.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "inny"}))
    assert kb("status", *_places(library), "--json").json["current"] is False
    assert "kb index" in kb("status", *_places(library)).out


# kb evaluate


def _questions(folder: Path, *questions: dict[str, object]) -> Path:
    path = folder / "pytania.jsonl"
    path.write_text("\n".join(json.dumps(question) for question in questions) + "\n", encoding="utf-8")
    return path


def test_evaluate(shelf: Library, tmp_path: Path) -> None:
    """The measures are those of the contract, over document ids."""
    questions = _questions(
        tmp_path,
        {"query": "energia wiatru", "plain": "energia wiatru", "typo": "enregia wiatru", "relevant": ["energia"]},
        {"query": "remont mostów", "plain": "remont mostow", "typo": "remnot mostów", "relevant": ["mosty"]},
        {"query": "hipopotam", "plain": "hipopotam", "typo": "hipopotm", "relevant": ["mosty"]},
        {"query": "wiadukt", "plain": "wiadukt", "typo": "wiadkut", "relevant": ["nie-ma", "mosty"]},
    )
    for field in ("query", "plain", "typo"):
        ran = kb("evaluate", questions, *_places(shelf), "--field", field, "--json")
        assert ran.code == 0
        assert ran.json == {"mrr@10": 0.75, "recall@10": 0.75, "recall@1": 0.75, "questions": 4}
    ran = kb("evaluate", questions, *_places(shelf))
    assert "0.75" in ran.out
    assert "bez odpowiedzi: hipopotam" in ran.out


def test_evaluate_with_judged_pages(shelf: Library, tmp_path: Path) -> None:
    """Where pages were judged, the share of right ones is told too."""
    questions = _questions(
        tmp_path,
        {"query": "wiadukt", "relevant": ["mosty"], "pages": {"mosty": [2]}},
        {"query": "remont", "relevant": ["mosty"], "pages": {"mosty": [2]}},
    )
    assert kb("evaluate", questions, *_places(shelf), "--json").json["right_page"] == 0.5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "nie ma żadnego pytania"),
        (b"{", "wiersz 1"),
        (b'\n{"query": "a"}', "wiersz 2"),
        (b"[]", "wiersz 1"),
        (b'{"query": "a", "relevant": null}', "wiersz 1"),
        (b'{"query": 7, "relevant": ["a"]}', "wiersz 1"),
        (b'{"query": "a", "relevant": "mosty"}', "wiersz 1"),
        (b"\xff\xfe", "Nie można odczytać"),
        (None, "Nie można odczytać"),
    ],
)
def test_evaluate_bad_questions(shelf: Library, tmp_path: Path, content: bytes | None, said: str) -> None:
    """A file that holds no questions is named with the line that is wrong."""
    path = tmp_path / "pytania.jsonl"
    if content is not None:
        path.write_bytes(content)
    assert _is_polite(kb("evaluate", path, *_places(shelf)), said, "pytania.jsonl")


def test_evaluate_an_unknown_field(shelf: Library, tmp_path: Path) -> None:
    """An unknown spelling is told with the known ones."""
    path = _questions(tmp_path, {"query": "a", "relevant": ["b"]})
    assert _is_polite(
        kb("evaluate", path, *_places(shelf), "--field", "zapytanie"), "zapytanie", "query", "plain", "typo"
    )


# kb serve


def test_serve_during_the_first_build(library: Library) -> None:
    """While somebody else builds the first index the server answers 503, and then serves without a restart."""
    library.markdown("a.md", "# Gmina\n\nTekst o gminie.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kb", "serve", *_places(library), "--port", str(port)]
    with ExitStack() as stack:
        building = stack.enter_context(ExitStack())
        building.enter_context(lock(library.index))
        server = stack.enter_context(
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                env=environment(COLUMNS="300"),
            )
        )
        stack.callback(server.send_signal, signal.SIGINT)
        assert server.stdout
        said = server.stdout.readline()
        assert "właśnie buduje indeks" in said
        assert f"http://127.0.0.1:{port}/" in server.stdout.readline()
        with pytest.raises(urllib.error.HTTPError) as refused:
            _get(f"http://127.0.0.1:{port}/readyz")
        assert refused.value.code == 503
        building.close()
        library.run()
        assert _get(f"http://127.0.0.1:{port}/api/v1/search?q=gminy")["total"] == 1


def test_serve_indexes_first_and_answers(library: Library) -> None:
    """Without an index ``kb serve`` makes one, prints the address, answers under it, and ends when told to."""
    library.markdown("a.md", "# Gmina\n\nTekst o gminie.")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kb", "serve", *_places(library), "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", env=environment(COLUMNS="300")
    ) as server:
        try:
            assert server.stdout
            said = server.stdout.readline()
            while said and f"http://127.0.0.1:{port}/" not in said:
                said = server.stdout.readline()
            assert said, "it ended without an address"
            assert _get(f"http://127.0.0.1:{port}/api/v1/search?q=gminy")["total"] == 1
            assert library.ids() == {"a"}
        finally:
            server.send_signal(signal.SIGINT)
            server.stdout.close()
            server.wait(60)


# What goes wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nic"], "Nie ma polecenia „nic”"),
        (["serch", "most"], "„search”"),
        (["--nic"], "--nic"),
        (["index", "--nic"], "--nic"),
        (["index", "--document", "x"], "--documents"),
        (["index", "--jobs", "0"], "--jobs"),
        (["index", "--jobs", "dwa"], "--jobs"),
        (["index", "--documents"], "--documents"),
        (["index", "zbedne"], "zbedne"),
        (["search"], "SŁOWA"),
        (["search", "wkład", "własny"], "ujmij w cudzysłów"),
        (["search", "most", "na", "rzece"], "na rzece"),
        (["search", "most", "--limit", "0"], "--limit"),
        (["search", "most", "--limit", "51"], "--limit"),
        (["serve", "--port", "osiem"], "--port"),
        (["serve", "--port", "99999"], "KB_PORT"),
        (["serve", "--workers", "0"], "--workers"),
        (["evaluate"], "PLIK"),
        (["index", "--documents", "/nie/ma"], "/nie/ma"),
        (["check", "--documents", "/nie/ma"], "/nie/ma"),
        (["serve", "--documents", "/nie/ma", "--index", "/nie/ma"], "/nie/ma"),
        (["search", "x", "--index", "/nie/ma"], "kb index"),
        (["status", "--index", "/nie/ma"], "kb index"),
    ],
)
def test_wrong_usage(arguments: Sequence[str], said: str) -> None:
    """Wrong usage ends with code 2 and a Polish sentence that says what is wrong."""
    assert _is_polite(kb(*arguments), said)


def test_no_command_shows_help() -> None:
    """Without a command the commands are listed."""
    ran = kb()
    assert ran.code == 2
    for command in COMMANDS:
        assert command in ran.out + ran.err


def test_a_port_that_is_taken(shelf: Library) -> None:
    """A port that another program uses is told in Polish, with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = kb("serve", *_places(shelf), "--host", "127.0.0.1", "--port", port)
    assert _is_polite(ran, f"127.0.0.1:{port} (używa go już inny program)", "--port")


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("nie.ma.takiego.invalid", ("nie.ma.takiego.invalid", "--host")),
        ("http://127.0.0.1", ("http://127.0.0.1", "--host")),
        ("203.0.113.1", ("ten komputer nie ma takiego adresu", "--host")),
        ("", ("KB_HOST", "pusta")),
    ],
)
def test_an_address_that_is_none(shelf: Library, host: str, said: tuple[str, str]) -> None:
    """An address that this machine does not have, or nobody, is told in Polish, and that it is the address."""
    assert _is_polite(kb("serve", *_places(shelf), "--host", host, "--port", "0"), *said)


def test_an_ipv6_address(shelf: Library) -> None:
    """The server can be reached by IPv6, where the machine has it: only a port that is taken is refused."""
    with socket.socket(socket.AF_INET6) as taken:
        try:
            taken.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no IPv6 on this machine")
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = kb("serve", *_places(shelf), "--host", "::1", "--port", port)
    assert _is_polite(ran, f"::1:{port} (używa go już inny program)", "--port")


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str) -> None:
    """Every command has help, with the options that all have."""
    ran = kb(command, "--help")
    assert ran.code == 0
    assert "--documents" in ran.out
    assert "--index" in ran.out
    assert ran.out.startswith("Użycie: ")
    assert not re.search(r"Usage|Options|Commands|Show this|\bexit\b|\bTEXT\b", ran.out)


@pytest.mark.parametrize("command", [["index"], ["check"], ["status"], ["search", "x"], ["serve"]])
def test_an_unknown_setting(shelf: Library, command: Sequence[str]) -> None:
    """A misspelt variable stops every command, naming the one that was meant."""
    assert _is_polite(kb(*command, *_places(shelf), KB_DOKUMENTS="x"), "KB_DOKUMENTS", "„KB_DOCUMENTS”?")


@pytest.mark.parametrize("place", ["file", "under-a-file"])
def test_an_index_that_cannot_be_written(library: Library, place: str) -> None:
    """Where no index can be, that is said."""
    library.markdown("a.md", "Tekst.")
    file = library.root / "plik"
    file.write_text("x")
    index = file if place == "file" else file / "index"
    assert _is_polite(kb("index", "--documents", library.documents, "--index", index), str(file))
    assert _is_polite(kb("search", "x", "--documents", library.documents, "--index", index), "Nie ma jeszcze indeksu")


def test_a_full_disk(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space left is a sentence, not a traceback, and the index stays as it was."""
    library.markdown("a.md", "Tekst.")
    library.run()
    before = library.toc()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    library.pdf("b.pdf", ["Nowy."])
    assert _is_polite(kb("index", *_places(library)), "Brak miejsca na dysku")
    assert library.toc() == before
    assert library.ids() == {"a"}


@pytest.mark.usefixtures("_careless_whoosh")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_spoilt_index(library: Library) -> None:
    """An index that cannot be read is told with what to run; ``kb index`` mends it."""
    library.markdown("a.md", "Tekst.")
    library.run()
    library.spoil(b"?")
    for command in (["search", "tekst"], ["status"]):
        assert _is_polite(kb(*command, *_places(library)), "kb index")
    assert kb("index", *_places(library)).code == 0
    assert kb("search", "tekst", *_places(library), "--json").json["total"] == 1


def test_no_traceback_in_a_process_of_its_own(library: Library) -> None:
    """What is true in this process is true of the program: codes, sentences, JSON as UTF-8, also in a bare environment."""
    library.markdown("żółw.md", "Gęślą jaźń – ‘x’ 🐢.")
    ran = process("index", *_places(library), "--json", LC_ALL="C", PYTHONIOENCODING="")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["files"][0]["path"] == "żółw.md"
    ran = process("search", "gesla", *_places(library), LC_ALL="C", PYTHONIOENCODING="")
    assert ran.code == 0
    assert "Gęślą jaźń" in ran.out
    assert _is_polite(process("index", "--nic"), "--nic")
    assert _is_polite(process("status", "--index", "/nie/ma"), "kb index")
    assert _is_polite(process("index", *_places(library), KB_DOKUMENTS="x"), "„KB_DOCUMENTS”?")


def _get(url: str) -> Any:
    """An answer of a server that has said its address and may not listen yet."""
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
