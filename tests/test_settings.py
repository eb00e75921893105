"""Settings: each has a type, a default and a sentence; a misspelt one is never ignored."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kb.engine import open_store
from kb.errors import SettingsError
from kb.settings import Settings, load


def test_defaults_need_nothing() -> None:
    """Without any variable the program runs on the folders beside it, for this machine alone."""
    settings = load()
    assert (settings.documents, settings.index) == (Path("documents"), Path("index"))
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.jobs >= 1


def test_every_setting_is_described() -> None:
    """Each setting has a sentence that ends with a full stop."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_environment_then_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable sets a value, an option goes before it, and an option not given does not count."""
    monkeypatch.setenv("KB_INDEX", "/dane/indeks")
    monkeypatch.setenv("KB_PORT", "9000")
    assert (load().index, load().port) == (Path("/dane/indeks"), 9000)
    settings = load(index=Path("inny"), port=None)
    assert (settings.index, settings.port) == (Path("inny"), 9000)


@pytest.mark.parametrize(
    ("name", "near"),
    [("KB_DOKUMENTS", "KB_DOCUMENTS"), ("KB_INDX", "KB_INDEX"), ("KB_EXTRACT_SECOND", "KB_EXTRACT_SECONDS")],
)
def test_an_unknown_variable_names_the_nearest(monkeypatch: pytest.MonkeyPatch, name: str, near: str) -> None:
    """A misspelt variable is an error that names the one that was meant."""
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError) as caught:
        load()
    assert len(caught.value.details) == 1
    assert name in caught.value.details[0]
    assert f"„{near}”?" in caught.value.details[0]


def test_an_unknown_variable_like_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is near, nothing is guessed."""
    monkeypatch.setenv("KB_QQQQQQQQQQQQ", "1")
    with pytest.raises(SettingsError) as caught:
        load()
    assert caught.value.details == ("KB_QQQQQQQQQQQQ: nie ma takiego ustawienia.",)


def test_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page links to the address, so that it must be one; blanks around it are nobody's mistake."""
    monkeypatch.setenv("KB_CONTACT", " jan.kowalski+baza@ug.gov.łódź.pl ")
    assert load().contact == "jan.kowalski+baza@ug.gov.łódź.pl"
    monkeypatch.setenv("KB_CONTACT", "")
    assert load().contact == ""


def test_variables_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables without the prefix, and those that name data for optional tests, are nobody's mistake."""
    monkeypatch.setenv("KBD_LAYOUT", "pl")
    monkeypatch.setenv("KB_CORPUS", "/dane")
    load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "osiem"),
        ("port", "70000"),
        ("port", "-1"),
        ("workers", "0"),
        ("jobs", "0"),
        ("jobs", ""),
        ("cache_mb", "0"),
        ("request_seconds", "0"),
        ("request_seconds", "inf"),
        ("extract_memory_mb", "1"),
        ("extract_seconds", "0"),
        ("extract_seconds", "nan"),
        ("extract_seconds", "inf"),
        ("extract_seconds_per_page", "inf"),
        ("extract_pages", "0"),
        ("extract_characters", "10"),
        ("documents", ""),
        ("index", ""),
        ("public_url", "baza.example.pl"),
        ("public_url", "//baza.example.pl"),
        ("public_url", "https://"),
        ("public_url", "https://baza.example.pl?a=1"),
        ("contact", "jan"),
        ("contact", "tel. 12 345 67 89"),
        ("contact", "Redakcja <redakcja@example.pl>"),
        ("contact", "mailto:redakcja@example.pl"),
        ("contact", "a@example.pl, b@example.pl"),
        ("contact", "redakcja@localhost"),
    ],
)
def test_a_wrong_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A wrong value is an error that names variable and value."""
    monkeypatch.setenv(f"KB_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert len(caught.value.details) == 1
    assert caught.value.details[0].startswith(f"KB_{name.upper()}: ")
    assert f"„{value}”" in caught.value.details[0]
    assert "Input" not in caught.value.details[0]


def test_what_a_choice_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a few words the message lists all, in Polish."""
    monkeypatch.setenv("KB_ENGINE", "solr")
    with pytest.raises(SettingsError) as caught:
        load()
    assert caught.value.details == ("KB_ENGINE: błędna wartość „solr” (możliwe wartości: embedded, opensearch)",)


def test_every_problem_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown variables and wrong values come together."""
    monkeypatch.setenv("KB_PORT", "osiem")
    monkeypatch.setenv("KB_WORKERS", "0")
    monkeypatch.setenv("KB_INDEKS", "x")
    with pytest.raises(SettingsError) as caught:
        load()
    assert [detail.partition(":")[0] for detail in caught.value.details] == ["KB_INDEKS", "KB_PORT", "KB_WORKERS"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KB_OPENSEARCH_URL", "n1:9200"),
        ("KB_OPENSEARCH_URL", "http://n1:9200,"),
        ("KB_OPENSEARCH_URL", "https://kb:tajne-hasło@n1:9200"),
        ("KB_OPENSEARCH_PREFIX", "Baza"),
        ("KB_OPENSEARCH_PREFIX", "*"),
        ("KB_OPENSEARCH_SHARDS", "0"),
    ],
)
def test_addresses_of_a_cluster(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """What is no address of a node, or no beginning of a name, is told; a password in an address is not repeated."""
    monkeypatch.setenv("KB_OPENSEARCH_URL", "http://n1:9200, https://n2.example.pl:9200/klaster")
    assert load().opensearch_url.count("http") == 2
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert len(caught.value.details) == 1
    assert name in caught.value.details[0]
    assert "tajne" not in caught.value.details[0]


def test_an_engine_whose_package_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package to install."""
    monkeypatch.setitem(sys.modules, "kb.engine.opensearch", None)
    with pytest.raises(SettingsError, match="opensearch-py"):
        open_store(Settings(engine="opensearch"))
