"""The documentation is tested: what it says of commands, settings, statuses and the API is compared with the program."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from extract.pdfs import make_pdf
from library import Library
from packaging.requirements import Requirement
from typer.testing import CliRunner
from web.conftest import serving

from kb import catalogue, messages, texts
from kb.cli import app
from kb.model import Status
from kb.polish import shared_analyzer
from kb.reading.synonyms import Synonyms
from kb.search import KnowledgeBase
from kb.settings import Settings
from kb.tuning import Tuning
from kb.web import create_app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
EDITORS = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands


def blocks(text: str, language: str) -> list[str]:
    """The fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of the table whose head begins so, code marks taken off."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {head} |"):
            next(lines)
            break
    else:
        raise AssertionError(f"no table {head}")
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
    return found


def code(text: str) -> set[str]:
    """Every word in code, inline or in blocks."""
    return set(re.findall(r"[^\s`]+", " ".join(re.findall(r"`([^`\n]+)`", text) + blocks(text, "sh"))))


# Commands and options


def test_every_command_and_option_is_in_the_readme() -> None:
    """The table of commands has every command with its own options, and no option that is not there."""
    table = {
        row[0].removeprefix("`").split()[1].strip("`"): " ".join(row)
        for row in rows(README, "Polecenie | Co robi | Opcje")
    }
    assert table.keys() == COMMANDS.keys()
    for name, command in COMMANDS.items():
        options = {option for one in command.params for option in one.opts if option.startswith("--")}
        common = {"--documents", "--index", "--help"}
        assert set(re.findall(r"--[a-z-]+", table[name])) == options - common, name
        assert {"--documents", "--index"} <= options


def test_no_other_option_is_mentioned() -> None:
    """Every ``--option`` in the documentation is one of the program or of the benchmark scripts."""
    known = {option for command in COMMANDS.values() for one in command.params for option in one.opts} | {"--help"}
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").glob("*.py"))
    known |= set(re.findall(r'"(--[a-z-]+)"', scripts))
    for page in PAGES:
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page.read_text(encoding="utf-8"))) <= known, page


def test_make_targets_exist() -> None:
    """Every ``make target`` of the documentation is in the Makefile."""
    rules = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)) <= rules, page


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The part of the sample collection that the examples ask for, indexed."""
    made = Library(tmp_path_factory.mktemp("docs"))
    for name in ("taxonomy.yaml", "synonyms.yaml", "_defaults.yaml", "raporty/_defaults.yaml"):
        made.write(name, (ROOT / "documents" / name).read_bytes())
    for stem in ("raporty/finansowanie-projektow", "poradniki/zit-iit", "poradniki/rewitalizacja"):
        for suffix in (".pdf", ".yaml"):
            made.write(stem + suffix, (ROOT / "documents" / (stem + suffix)).read_bytes())
    questions = (ROOT / "tests" / "quality" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    own = [line for line in questions if "raport-finansowanie-projektow" in line]
    place = made.root / "tests" / "quality" / "questions.jsonl"
    place.parent.mkdir(parents=True)
    place.write_text("\n".join(own[:5]), encoding="utf-8")
    assert not made.run().failed
    return made


def documented_commands() -> Iterator[str]:
    """Every ``kb`` command in a block of shell commands."""
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8"), "sh"):
            yield from (line for line in block.splitlines() if re.match(r"(KB_\S+ )*kb ", line))


@pytest.mark.parametrize("line", sorted(set(documented_commands())))
def test_documented_commands_run(line: str, collection: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A documented command ends well; of ``kb serve``, which does not end, the settings are read."""
    monkeypatch.chdir(collection.root)
    words = shlex.split(line)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        monkeypatch.setenv(name, value)
    if words[1] == "serve":
        assert Settings()
        return
    result = CliRunner().invoke(app, words[1:], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    if "--json" in words:
        assert json.loads(result.stdout)
    if words[1] == "search":
        assert "raport-finansowanie-projektow" in result.stdout


# Settings


def test_every_setting_is_described_as_in_the_code() -> None:
    """The table has each setting with its default and its sentence, in the order of the code."""
    made = {"jobs": "liczba procesorów", "store": "store` obok indeksu"}
    expected = []
    for name, field in Settings.model_fields.items():
        default = made.get(name, ("" if field.default is None else str(field.default)) or "pusto")
        expected.append([f"KB_{name.upper()}", default, field.description])
    assert rows(SETTINGS, "Zmienna | Domyślnie | Znaczenie") == expected


def test_no_other_setting_is_mentioned() -> None:
    """A ``KB_`` name in the documentation is a setting or names data for tests."""
    known = {f"KB_{name.upper()}" for name in Settings.model_fields} | {"KB_CORPUS"}
    for page in PAGES:
        assert set(re.findall(r"\bKB_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8"))) <= known, page


# For editors


def test_every_status_is_explained() -> None:
    """The table of statuses has each with the name that the report prints, and what to do."""
    table = rows(README, "Stan | W JSON | Co to znaczy | Co zrobić")
    assert [(row[1], row[0]) for row in table] == [(status.value, messages.STATUS_NAMES[status]) for status in Status]
    assert all(row[3] for row in table)


def test_every_key_of_metadata_is_explained() -> None:
    """The table of keys has exactly the keys that are known, and other names for them are mentioned."""
    assert [row[0] for row in rows(EDITORS, "Klucz | Co podać")] == list(catalogue.metadata.Metadata.model_fields)
    assert set(catalogue.metadata.ALIASES) <= code(EDITORS)


def test_examples_for_editors_are_right(library: Library) -> None:
    """Front matter, sidecar, taxonomy and synonyms of the examples go in without a warning."""
    sidecar, taxonomy, synonyms = blocks(EDITORS, "yaml")
    markdown, declaration = blocks(EDITORS, "markdown")
    for name in (catalogue.TAXONOMY_FILE, catalogue.DEFAULTS_FILE):
        library.write(name, (ROOT / "documents" / name).read_bytes())
    library.write("nabor.md", markdown)
    library.write("raport.pdf", make_pdf([["Gmina ma plan."]]))
    library.write("raport.yaml", sidecar)
    files = library.files()
    assert {path: (file.status, file.warnings) for path, file in files.items()} == {
        "nabor.md": (Status.INDEXED, ()),
        "raport.pdf": (Status.INDEXED, ()),
    }
    assert files["nabor.md"].pages == 2
    library.write(catalogue.TAXONOMY_FILE, taxonomy)
    library.write("synonyms.yaml", synonyms)
    assert [topic.slug for topic in catalogue.load_taxonomy(library.documents).topics] == ["finanse"]
    library.write("_strony/dostepnosc.md", declaration)
    texts.check(library.documents)
    common = Synonyms.common(shared_analyzer()).abbreviations
    loaded = Synonyms.load(library.documents, shared_analyzer()).abbreviations
    assert [one.short for one in loaded if one not in common] == ["ZIT"]


# API


def test_examples_of_the_api_have_the_shown_shape(collection: Library) -> None:
    """Each request of the README is answered with the keys, and the values marked as exact, that are shown."""
    requests, answers = blocks(README, "http"), blocks(README, "json")
    assert len(requests) == len(answers) > 0
    with serving(create_app(collection.settings())) as client:
        for request, shown in zip(requests, answers, strict=True):
            method, address = request.split()
            assert method == "GET"
            assert_same_shape(json.loads(shown), client.get(address).json(), address)


def assert_same_shape(shown: Any, got: Any, place: str) -> None:
    """The same keys all the way down; of lists, where both have something, the first items are compared."""
    if isinstance(shown, dict):
        assert isinstance(got, dict), place
        assert list(shown) == list(got), place
        for key, value in shown.items():
            assert_same_shape(value, got[key], f"{place}.{key}")
    elif isinstance(shown, list):
        assert isinstance(got, list), place
        assert bool(got) or not shown, place
        if shown and isinstance(shown[0], str):
            assert shown == got, place
            return
        for one, other in zip(shown[:1], got[:1], strict=False):
            assert_same_shape(one, other, f"{place}[0]")
    elif isinstance(shown, str) and not shown.startswith("…"):
        assert shown == got, place
    else:
        assert shown is None or isinstance(got, type(shown)), place


# Relevance


def test_ablation_finds_its_parts(monkeypatch: pytest.MonkeyPatch, collection: Library) -> None:
    """Each part that the ablation switches off is another tuning, each other analyzer works, and an index of its own opens."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    script = importlib.import_module("relevance")
    assert Tuning() not in (script.PARTS | script.CHANGES).values()
    for analyzer in script.ANALYZERS.values():
        assert analyzer().terms("samorządowych")
    with script.reindexed(collection.settings(), shared_analyzer()) as store:
        assert store.current().size == KnowledgeBase(collection.settings()).state.size
    text = (ROOT / "docs" / "relevance.md").read_text(encoding="utf-8")
    assert text.count("**none: as it is**") == 2, "run benchmarks/relevance.py for both sets"


# Architecture


def test_layers_are_those_of_the_contract() -> None:
    """The table of modules has the layers of pyproject's contract, in the same order, and every module of the package."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        (contract,) = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]
    table = rows(ARCHITECTURE, "layer | module | which question")
    assert [re.findall(r"\w+", row[0]) for row in table] == layers
    named = [path for row in table for path in re.findall(r"kb/\w+(?:\.py|/)", row[1])]
    package = ROOT / "kb"
    modules = [f"kb/{path.name}" for path in package.glob("*.py") if path.name != "__init__.py"]
    modules += [f"kb/{path.parent.name}/" for path in package.glob("*/__init__.py")]
    assert sorted(named) == sorted(modules)
    assert all(row[2].endswith(("?", ")")) for row in table)


def test_places_to_change_are_there() -> None:
    """Every file of the table of changes exists, holds the names given beside it, and every ``make`` target is one."""
    section = ARCHITECTURE.partition("→ where")[2].partition("\n## ")[0]
    places = [line.split(" | ")[1] for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(places) > 20
    for place in places:
        marked = re.findall(r"`([^`]+)`", place)
        paths = [ROOT / word for word in marked if re.search(r"[/.]", word)]
        assert [path for path in paths if not path.exists()] == []
        text = "\n".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())
        for word in marked:
            if word.isidentifier():
                assert re.search(rf"\b{word}\b", text), word
            elif word.startswith("make "):
                assert f"\n{word.removeprefix('make ')}:" in MAKEFILE, word


def test_what_is_on_disk_is_listed(collection: Library) -> None:
    """Every file and folder of a real index has its row."""
    listed = {row[0].partition("/")[0] for row in rows(ARCHITECTURE, "under `index/` | what it is | if it is lost")}
    # Made where there is an encoder, when somebody looks at a page, and where no file has been changed a moment ago.
    later = {"meaning", "pictures", "report.json"}
    assert listed == {path.name for path in collection.index.iterdir()} | later


# Installing and checking


def test_constraints_pin_every_dependency() -> None:
    """Each dependency, also of the extras, has one exact version, which pyproject allows, and everything is installed by it."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    versions = {name.lower().replace("_", "-"): number for name, number in pinned.items()}
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    wanted = project["dependencies"] + [line for extra in project["optional-dependencies"].values() for line in extra]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(versions[requirement.name.lower()]), requirement
    installs = [line for line in MAKEFILE.splitlines() if "$(INSTALL)" in line and ".venv/constraints" not in line]
    assert len(installs) == 6
    assert all("-c constraints.txt" in line for line in installs)


def test_hooks_check_what_make_checks() -> None:
    """Before a commit the same checks run, in the same order, as ``make test`` runs before the tests."""
    recipe = re.search(r"^test:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe
    *checks, tests = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    assert tests.startswith(".venv/bin/pytest")
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [hook["entry"] for hook in repository["hooks"]] == checks
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}


# All pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link leads to a file of the repository, and where it names a heading, to one that is there."""
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        there = Path(os.path.normpath(page.parent / path)) if path else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings], target


def test_decision_records_are_whole() -> None:
    """Each has its number, its four parts, and its place in the order."""
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, path in enumerate(records, 1):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        parts = re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
        assert parts == ["Context.", "Decision.", "Consequences.", "What would change our mind."], path


def test_terms_have_both_languages() -> None:
    """Every term of the glossary has a label and a meaning, and no term or meaning stands twice."""
    table = rows((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), "Term | Polish label | Meaning")
    assert all(len(row) == 3 and all(row) for row in table)
    assert len({row[0] for row in table}) == len(table)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_nothing_of_a_machine(page: Path) -> None:
    """No path of somebody's machine stands in the documentation."""
    assert not re.search(r"(?<![\w.])/(?:home|root|work|tmp|Users)/", page.read_text(encoding="utf-8"))
