"""A real application over a real index of a few small documents, made once."""

import shutil
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from kb import indexer, settings
from kb.gate import SERVER
from kb.web import create_app

from .browser import Browser, chromium

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 22)

TAXONOMY = """
editions:
  - {slug: pilotaz, name: Pilotaż CWD, from: "2020-09", to: "2022-03", description: "Pierwsza edycja.\\n\\nDrugi akapit.",
     figures: [{value: "38", label: partnerstw}]}
  - {slug: cwd-plus, name: CWD Plus, from: "2022-05"}
topics:
  - {slug: transport, name: Transport i mobilność, description: Dojazdy i przewozy.}
  - {slug: finanse, name: Finanse JST}
kinds:
  - {slug: raport, name: Raport, plural: Raporty}
  - {slug: poradnik, name: Poradnik, plural: Poradniki}
  - {slug: aktualnosc, name: Aktualność, plural: Aktualności}
  - {slug: wydarzenie, name: Wydarzenie, plural: Wydarzenia}
"""
SYNONYMS = """
abbreviations:
  - {short: ZIT, long: [zintegrowane inwestycje terytorialne], definition: Sposób współpracy miast i gmin.}
  - {short: PKS, long: [przedsiębiorstwo komunikacji samochodowej, przewoźnik]}
"""
GUIDE = """
id: poradnik-zit
title: ZIT i IIT w praktyce
kind: poradnik
edition: cwd-plus
topics: [finanse]
published: 2024-02-20
authors: [Jan Kowalski, Zespół Bazy wiedzy]
publisher: Wydawnictwo Próbne
description: Poradnik o instrumentach terytorialnych.
licence: CC BY 4.0
source_url: https://example.org/zit
"""
TRANSPORT = """---
id: transport-w-gminie
title: "Transport & <b>dojazdy</b>"
kind: aktualnosc
edition: pilotaz
topics: [transport, finanse]
published: 2023-06-19
description: Jak gmina organizuje przewozy.
---

Wstęp o przewozach <script>alert(1)</script> w gminie.

## Wkład własny gminy

Wkład *własny* gminy wynosi 15%[^1]. Zobacz [poradnik](../poradniki/zit.pdf), [brak](nie-ma.md), [sieć](https://example.org/),
[niżej](#umowa) i ![mapa powiatu](mapa.png).

[^1]: Przypis o wkładzie.

## Umowa

| Pozycja | Kwota |
|---|---|
| autobus | 1200 |
"""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    """Settings of an index made of documents written here and one real PDF."""
    folder = tmp_path_factory.mktemp("site")
    documents = folder / "documents"
    _write(documents / "taxonomy.yaml", TAXONOMY)
    _write(documents / "synonyms.yaml", SYNONYMS)
    _write(documents / "poradniki" / "zit.yaml", GUIDE)
    shutil.copy(ROOT / "documents" / "poradniki" / "zit-iit.pdf", documents / "poradniki" / "zit.pdf")
    _write(documents / "teksty" / "transport.md", TRANSPORT)
    for number in range(1, 13):
        _write(
            documents / "teksty" / f"nowina-{number:02}.md",
            f"---\nid: nowina-{number}\ntitle: Nowina {number}\nkind: aktualnosc\npublished: 20{10 + number}-01-02\n---\n"
            f"Nowina o naborze numer {number}.\n",
        )
    _write(
        documents / "teksty" / "bez-daty.md",
        "---\nid: bez-daty\ntitle: Bez daty\nkind: wydarzenie\n---\nForum w Krakowie.\n",
    )
    _write(documents / "teksty" / "znikajacy.md", "---\nid: znikajacy\ntitle: Znikający\n---\nPlik, który zniknie.\n")
    _write(documents / unicodedata.normalize("NFD", "Żółta łódź 1.md"), "---\nid: zolta-lodz\n---\nO żółtej łodzi.\n")
    made = settings.load(
        documents=documents,
        index=folder / "index",
        jobs=2,
        contact="redakcja@example.org",
        public_url="https://baza.example.pl/",
    )
    report = indexer.run(made)
    assert not report.failed, report
    (documents / "teksty" / "znikajacy.md").unlink()
    return made


@contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of the application, which a real server runs on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", **SERVER))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()


def spaced(answer: httpx.Response) -> str:
    """The text of an answer with plain spaces: pages tie one-letter words to the next one."""
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="session")
def client(config: settings.Settings) -> Iterator[httpx.Client]:
    """A client of the application over the index."""
    with serving(create_app(config, lambda: TODAY)) as made:
        yield made


@pytest.fixture(scope="session")
def empty_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the application before anything was indexed."""
    folder = tmp_path_factory.mktemp("empty")
    with serving(create_app(settings.load(documents=folder, index=folder / "index"))) as made:
        yield made


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser, where there is one."""
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    made = Browser(program, tmp_path_factory.mktemp("chromium"))
    yield made
    made.close()
