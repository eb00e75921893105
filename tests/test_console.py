"""Text of strangers on a terminal: it is shown, whatever it holds and whatever encoding the terminal has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from io import StringIO
from unicodedata import category

import pytest
from library import TAXONOMY, Library, environment
from rich.text import Text

from kb.catalogue.fields import clean
from kb.console import Console

ESCAPES = "\x1b]0;tytuł\x07\x1b[2J\x9b31m\x00\u202e"
"""Sets the terminal's title, clears it, colours it, and turns the direction of writing."""
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""Names of files and both streams in ASCII."""
LOCALES: tuple[Mapping[str, str], ...] = (
    {"LANG": "C"},
    {"LC_ALL": "pl_PL.ISO-8859-2"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "iso8859-2"},
    C_LOCALE,
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """An indexed collection with names and titles that would give orders to a terminal, or are no UTF-8."""
    library = Library(tmp_path_factory.mktemp("hostile"))
    library.write("taxonomy.yaml", TAXONOMY)
    library.write("synonyms.yaml", 'synonyms:\n  - ["gmina", "wspólnota\\e[31m lokalna"]\n')
    library.write(
        "opis.md",
        f'---\ntitle: "Źródła \\e[31m[red]czerwone[/red] \\0 {chr(0x202E)}"\nkind: "\\x9b1m"\n---\n\nGmina.\n',
    )
    library.pdf(f"zły{ESCAPES.replace(chr(0), '')}.pdf", ["Gmina."])
    library.write("zepsuty\x1b[31m[bold].pdf", "nic")
    (library.documents / os.fsdecode(b"latin-\xb6.md")).write_text("Gmina ąę.", encoding="utf-8")
    library.run()
    return library


def run(library: Library, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A command in a process of its own, its output as bytes."""
    places = (f"--documents={library.documents}", f"--index={library.index}")
    command = [sys.executable, "-m", "kb", *arguments, *places]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, env=environment(**variables))


@pytest.mark.parametrize("command", [("index", "--rebuild"), ("check",), ("search", "gmina"), ("status",), ("store",)])
def test_a_terminal_gets_no_orders(hostile: Library, command: tuple[str, ...]) -> None:
    """No control character of a name or a title is written, and Rich's markup in a title is text."""
    done = run(hostile, *command, COLUMNS="200")
    said = (done.stdout + done.stderr).decode()
    assert not [sign for sign in said if sign == chr(0x202E) or (category(sign) == "Cc" and sign not in "\n\t")]
    assert "Traceback" not in said
    if command[0] == "search":
        assert "[red]czerwone[/red]" in said


def test_whatever_reaches_the_console_is_harmless() -> None:
    """Text that was not cleaned when it came in, as a message of the system, is when it is printed; colours of our own stay."""
    written = StringIO()
    Console(file=written, force_terminal=True, width=80).print(Text(f"plik {ESCAPES}", style="bold"))
    said = written.getvalue()
    assert said.startswith("\x1b[1mplik ")
    inside = said.removeprefix("\x1b[1m").partition("\x1b[0m")[0]
    assert not [sign for sign in inside if sign == chr(0x202E) or category(sign) == "Cc"]


@pytest.mark.parametrize("command", ["index", "check", "search", "status"])
def test_json_is_escaped(hostile: Library, command: str) -> None:
    """Nor does JSON have any, and it stays readable."""
    done = run(hostile, command, *(["gmina"] if command == "search" else []), "--json")
    said = done.stdout.decode()
    json.loads(said)
    assert not [sign for sign in said if sign == chr(0x202E) or (category(sign) == "Cc" and sign not in "\n\t")]


@pytest.mark.parametrize("locale", LOCALES, ids=str)
def test_any_locale(hostile: Library, locale: Mapping[str, str]) -> None:
    """Every command answers in every encoding; names of files are what they are, and JSON is JSON."""
    assert (
        b"Traceback"
        not in subprocess.run(
            [sys.executable, "-m", "kb", "--help"], capture_output=True, check=True, env=environment(**locale)
        ).stderr
    )
    for command, code in (("index", 1), ("store", 0), ("serch", 2)):
        done = run(hostile, command, **locale)
        assert b"Traceback" not in done.stderr
        assert done.returncode == code
    files = json.loads(run(hostile, "check", "--json", **locale).stdout)["files"]
    assert any(file["path"].startswith("zły\ufffd") for file in files)
    files = json.loads(run(hostile, "index", "--json", **locale).stdout)["files"]
    assert {file["status"] for file in files} == {"unchanged", "damaged"}


def test_what_an_encoding_lacks_is_written_alike(hostile: Library) -> None:
    """„Źródła – łąka” is readable in ASCII."""
    said = run(hostile, "search", "nieznane", PYTHONIOENCODING="ascii").stdout.decode("ascii")
    assert '"nieznane" nie wystepuje w zbiorze' in said


def test_no_control_character_reaches_the_index(hostile: Library) -> None:
    """Titles and paths are cleaned as they come in, so that no page, feed or answer can have any."""
    documents = [hostile.document(id) for id in hostile.ids()]
    assert documents
    for document in documents:
        assert document.title.isprintable() or "\u202e" in document.title
        assert document.path.isprintable() or "\u202e" in document.path


def test_clean_keeps_lines() -> None:
    """A description may have lines; what is no sign becomes a space."""
    assert clean("a\nb\tc\x00\x01d\x9be\ud800") == "a\nb\tc d e?"
