"""The site over another engine, and over one that cannot be reached."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NoReturn

import httpx
import pytest
from engine.plain import PlainStore
from typer.testing import CliRunner

from kb import indexer, settings
from kb.cli import app
from kb.engine import BuildInfo, State, Writer
from kb.errors import EngineUnavailable
from kb.tuning import Tuning
from kb.web import create_app

from .conftest import TODAY, serving

MESSAGE = "Wyszukiwarka chwilowo nie odpowiada. Spróbuj ponownie za chwilę."


@dataclass
class UnreachableStore:
    """A store that is there or not, as an engine over a network is."""

    store: PlainStore
    reached: bool = False
    format: str = "plain-1"

    def current(self) -> State:
        """The state, where the engine is reached. Raises EngineUnavailable."""
        return self.store.current() if self.reached else self._fail()

    def live(self) -> BuildInfo:
        """The build, where the engine is reached. Raises EngineUnavailable."""
        return self.store.live() if self.reached else self._fail()

    def writer(self, fingerprint: str, *, rebuild: bool = False) -> AbstractContextManager[Writer]:
        """The writer, where the engine is reached. Raises EngineUnavailable."""
        return self.store.writer(fingerprint, rebuild=rebuild) if self.reached else self._fail()

    def _fail(self) -> NoReturn:
        raise EngineUnavailable(MESSAGE, ["silnik.example.org:5432"])


@pytest.fixture(scope="module")
def store(config: settings.Settings) -> UnreachableStore:
    """The site's documents in another engine."""
    plain = PlainStore(config.index, Tuning())
    indexer.run(config, store=plain)
    return UnreachableStore(plain)


@pytest.fixture
def client(config: settings.Settings, store: UnreachableStore) -> Iterator[httpx.Client]:
    """A client of an application that was started while the engine could not be reached."""
    store.reached = False
    with serving(create_app(config, lambda: TODAY, store=store)) as made:
        yield made


@pytest.mark.parametrize("url", ["/szukaj?q=gmina", "/dokumenty/poradnik-zit"])
def test_pages_say_that_the_engine_is_away(client: httpx.Client, url: str) -> None:
    """A page in Polish with the status that tells machines to come back later, and when."""
    page = client.get(url)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "30"
    assert MESSAGE in page.text
    assert "Serwis jest chwilowo niedostępny" in page.text


@pytest.mark.parametrize("url", ["/api/v1/search?q=gmina", "/api/v1/documents", "/readyz"])
def test_the_api_says_that_the_engine_is_away(client: httpx.Client, url: str) -> None:
    """The same as JSON, with a code of its own: the index may well be there."""
    answer = client.get(url)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.json()["error"]["code"] == "engine_unavailable"
    assert answer.json()["error"]["message"] == MESSAGE


def test_the_site_answers_again_when_the_engine_is_back(client: httpx.Client, store: UnreachableStore) -> None:
    """Nothing of the failure is kept, and pages over another engine are pages."""
    assert client.get("/api/v1/search?q=gmina").status_code == 503
    store.reached = True
    found = client.get("/api/v1/search?q=przewozy").json()
    assert [hit["id"] for hit in found["hits"]][:1] == ["transport-w-gminie"]
    for url in ("/", "/szukaj?q=gmina", "/dokumenty/poradnik-zit", "/dokumenty/poradnik-zit/strony/1", "/readyz"):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize("command", [("index",), ("search", "gmina"), ("status",)])
def test_the_command_line_says_that_the_engine_is_away(
    config: settings.Settings, store: UnreachableStore, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Each command ends with code 2 and the sentence on standard error; ``serve`` does not take it for a missing index."""
    store.reached = False
    for place in (
        "kb.engine.open_store",
        "kb.search.open_store",
        "kb.indexer.open_store",
        "kb.index_status.open_store",
    ):
        monkeypatch.setattr(place, lambda *_: store)
    places = [f"--documents={config.documents}", f"--index={config.index}"]
    for arguments in ([*command, *places], ["serve", *places]):
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
        assert result.exit_code == 2
        assert result.stdout == ""
        assert MESSAGE in result.stderr
        assert "silnik.example.org:5432" in result.stderr


def test_the_command_line_says_that_an_engine_does_not_explain(
    config: settings.Settings, store: UnreachableStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results come; where their scores come from is not known."""
    store.reached = True
    monkeypatch.setattr("kb.search.open_store", lambda *_: store)
    places = [f"--documents={config.documents}", f"--index={config.index}"]
    result = CliRunner().invoke(app, ["search", "przewozy", "--explain", *places], env={"COLUMNS": "300"})
    assert result.exit_code == 0
    assert "transport" in result.stdout.lower()
    assert "nie umie powiedzieć" in result.stderr
