"""Versions on the site and in the API: an address that was given once answers for ever, and says what is there now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from extract.pdfs import make_pdf
from library import TAXONOMY, Library

from kb import indexer
from kb.addresses import version_address
from kb.archive import Archive
from kb.archive.pruning import choose, remove
from kb.errors import ArchiveUnavailable
from kb.web import create_app
from web.conftest import serving, spaced

BRIDGE = "Most na rzece Pilicy wymaga remontu, a powiat ma na to środki z funduszu drogowego."
SCHOOL = "Szkoła w Przedborzu dostanie nową salę gimnastyczną i boisko o sztucznej nawierzchni."
BUSES = "Autobusy do gmin powiatu kursują co godzinę, a w niedziele co dwie godziny."
START = datetime(2026, 5, 12, 10, tzinfo=UTC)


class Site:
    """A served collection with a history: versions by number from 0, and whoever asks."""

    def __init__(self, library: Library, client: httpx.Client) -> None:
        self.library = library
        self.client = client

    def run(self, days: int) -> None:
        """Index so many days after the start."""
        indexer.run(self.library.settings(), now=START + timedelta(days=days))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A report in two versions whose pages changed places, a removed scan of news, a document with a new id."""
    library = Library(tmp_path_factory.mktemp("versions"))
    library.write("taxonomy.yaml", TAXONOMY)
    with serving(create_app(library.settings())) as client:
        made = Site(library, client)
        library.pdf("raport.pdf", [BRIDGE], [SCHOOL], [BUSES], title="Raport o powiecie", published="2026-05-01")
        library.markdown("nowina.md", "# Nabór\n\nNabór wniosków.\n\n## Terminy\n\nDo maja.", title="Nabór wniosków")
        library.markdown("zasady.md", "Zasady naboru.", id="stare-zasady", title="Zasady")
        library.markdown("stale.md", "Bez zmian.", title="Stałe")
        made.run(0)
        library.pdf("raport.pdf", ["Zupełnie nowa przedmowa."], [SCHOOL], [BRIDGE], title="Raport o powiecie")
        (library.documents / "nowina.md").unlink()
        library.markdown("zasady.md", "Zasady naboru.", id="zasady", aliases=["stare-zasady"], title="Zasady")
        made.run(20)
        yield made


def _versions(site: Site, id: str = "raport") -> list[dict[str, object]]:
    answer = site.client.get(f"/api/v1/documents/{id}/versions")
    assert answer.status_code == 200
    found: list[dict[str, object]] = answer.json()["versions"]
    return found


def _old(site: Site) -> str:
    return str(_versions(site)[1]["version"])


def test_the_present_page_says_that_it_changed(site: Site) -> None:
    """The document's page has the day of the change and leads to each version; one that never changed has no such day."""
    html = site.client.get("/dokumenty/raport").text
    assert "zmieniono 1 czerwca 2026 r." in html
    for version in _versions(site):
        assert f'href="/dokumenty/raport/wersje/{version["version"]}"' in html
    assert "zmieniono" not in site.client.get("/dokumenty/stale").text


def test_an_old_page_says_where_it_went(site: Site) -> None:
    """Its text stands at its address, with the way to the same text of now; it is not for search engines."""
    answer = site.client.get(f"/dokumenty/raport/wersje/{_old(site)}/strony/1")
    assert answer.status_code == 200
    assert "Most na rzece Pilicy" in answer.text
    assert "Istnieje nowsza wersja tego dokumentu." in answer.text
    assert 'Ta sama treść jest w obecnej wersji: <a href="/dokumenty/raport/strony/3">' in spaced(answer)
    assert '<meta name="robots" content="noindex">' in answer.text
    assert '/dokumenty/raport/strony/3">\n' in answer.text.partition('rel="canonical"')[2][:120]
    gone = site.client.get(f"/dokumenty/raport/wersje/{_old(site)}/strony/3")
    assert "Treści tej strony nie ma już w obecnej wersji." in spaced(gone)


def test_the_present_version_has_an_address_of_its_own(site: Site) -> None:
    """The version to cite answers with the present text, whose canonical address is the document's."""
    version = str(_versions(site)[0]["version"])
    answer = site.client.get(f"/dokumenty/raport/wersje/{version}/strony/2")
    assert "To jest obecna wersja dokumentu." in answer.text
    assert "Szkoła w Przedborzu" in answer.text
    assert "noindex" not in answer.text
    whole = site.client.get(f"/dokumenty/raport/wersje/{version}")
    assert f'href="/dokumenty/raport/wersje/{version}/strony/3"' in whole.text


def test_files_of_versions(site: Site) -> None:
    """Each version's file is the one that was there, and a damaged replacement is not served under the old text."""
    old = site.client.get(f"/pliki/raport/wersje/{_old(site)}")
    assert old.content == make_pdf([[BRIDGE], [SCHOOL], [BUSES]])
    assert old.headers["content-disposition"].startswith('inline; filename="raport.pdf"')
    good = site.client.get("/pliki/raport").content
    file = site.library.documents / "raport.pdf"
    present = file.read_bytes()
    file.write_bytes(b"%PDF-1.7 urwany")
    site.run(21)
    assert site.client.get("/pliki/raport").content == good == present
    file.write_bytes(present)
    site.run(22)


def test_a_removed_document(site: Site) -> None:
    """Its address says what it was and when it left, with the way to its versions, which can be read; so does the API."""
    for url in ("/dokumenty/nowina", "/dokumenty/nowina/strony/1", "/pliki/nowina", "/cytowania/nowina?format=ris"):
        answer = site.client.get(url)
        assert answer.status_code == 410
        assert "Nabór wniosków" in answer.text
        assert "usunięto z bazy 1 czerwca 2026 r." in spaced(answer)
    (version,) = _versions(site, "nowina")
    page = site.client.get(str(version["url"]))
    assert page.status_code == 200
    assert "Do maja." in page.text
    assert "To jedna z jego zachowanych wersji." in spaced(page)
    assert site.client.get(str(version["file_url"])).status_code == 200
    answer = site.client.get("/api/v1/documents/nowina")
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "gone")
    assert site.client.get("/dokumenty/nigdy-nie-bylo").status_code == 404


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/dokumenty/stare-zasady?q=nab%C3%B3r", "/dokumenty/zasady?q=nab%C3%B3r"),
        ("/dokumenty/stare-zasady/strony/1", "/dokumenty/zasady/strony/1"),
        ("/pliki/stare-zasady", "/pliki/zasady"),
        ("/cytowania/stare-zasady?format=ris", "/cytowania/zasady?format=ris"),
        ("/api/v1/documents/stare-zasady", "/api/v1/documents/zasady"),
        ("/api/v1/documents/stare-zasady/pages/1", "/api/v1/documents/zasady/pages/1"),
    ],
)
def test_an_old_id_leads_to_the_new_one(site: Site, old: str, new: str) -> None:
    """Every address under an alias is moved for good."""
    answer = site.client.get(old, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, new)
    assert site.client.get(old).status_code == 200


def test_a_version_under_an_old_id(site: Site) -> None:
    """A version that was cited under an id of before is found there, through the new one."""
    first = _versions(site, "zasady")[-1]
    address = version_address("stare-zasady", str(first["version"]), 1)
    assert "Zasady naboru." in site.client.get(address).text


def test_the_api_of_versions(site: Site) -> None:
    """Documents and pages name their version and its address; a version answers with its own text and addresses."""
    document = site.client.get("/api/v1/documents/raport").json()
    present, old = _versions(site)
    assert (document["version"], document["version_url"]) == (present["version"], present["url"])
    page = site.client.get("/api/v1/documents/raport/pages/2").json()
    assert page["version_url"] == f"{present['url']}/strony/2"
    assert (present["current"], old["current"]) == (True, False)
    version = site.client.get(f"/api/v1/documents/raport/versions/{old['version']}").json()
    assert (version["current"], version["current_url"], version["page_count"]) == (False, "/dokumenty/raport", 3)
    assert version["pages"][0]["url"] == f"{old['url']}/strony/1"
    page = site.client.get(f"/api/v1/documents/raport/versions/{old['version']}/pages/1").json()
    assert (page["text"], page["current_url"]) == (BRIDGE, "/dokumenty/raport/strony/3")
    assert (page["previous"], page["next"]) == (None, f"{old['url']}/strony/2")


@pytest.mark.parametrize(
    "path",
    [
        "wersje/0123456789ab",
        "wersje/zzz",
        "wersje/%",
        "wersje/0",
        "wersje/{v}/strony/4",
        "wersje/{v}/strony/x",
        "wersje/",
    ],
)
def test_versions_that_never_were(site: Site, path: str) -> None:
    """An address of no version is a 404 in words."""
    answer = site.client.get(f"/dokumenty/raport/{path.format(v=_old(site))}")
    assert answer.status_code == 404
    assert "Nie znaleziono strony" in answer.text


def test_a_pruned_version_says_so(site: Site) -> None:
    """Removed on purpose, a version's addresses say that it was here, on the site and in the API."""
    library, old = site.library, _old(site)
    archive = Archive(library.settings().store)
    remove(archive, choose(archive))
    for url in (
        f"/dokumenty/raport/wersje/{old}",
        f"/dokumenty/raport/wersje/{old}/strony/1",
        f"/pliki/raport/wersje/{old}",
    ):
        answer = site.client.get(url)
        assert answer.status_code == 410
        assert "była w bazie; usunięto ją" in spaced(answer)
    assert site.client.get(f"/api/v1/documents/raport/versions/{old}").json()["error"]["code"] == "gone"
    assert "usunięta" in site.client.get("/dokumenty/raport").text
    assert site.client.get("/dokumenty/raport").status_code == 200


def test_a_spoilt_ledger(tmp_path: Path) -> None:
    """While the ledger cannot be read, documents and their present versions are there; old ones are for now unavailable."""
    library = Library(tmp_path)
    library.write("taxonomy.yaml", TAXONOMY)
    library.markdown("a.md", "Tekst pierwszy.")
    library.run()
    old = library.document("a").version
    library.markdown("a.md", "Tekst drugi.")
    library.run()
    ledger = library.settings().store / "ledger.sqlite"
    ledger.write_bytes(b"x" * 5000)
    with serving(create_app(library.settings())) as client:
        for url in ("/dokumenty/a", "/pliki/a", client.get("/api/v1/documents/a").json()["version_url"]):
            assert client.get(url).status_code == 200
        assert client.get(version_address("a", old)).status_code == 503
        assert client.get("/dokumenty/nie-ma").status_code == 404
    with pytest.raises(ArchiveUnavailable, match="Przywróć"):
        library.run()


def test_aliases_in_a_circle(tmp_path: Path) -> None:
    """Two documents that were each other's alias and have left send nobody in a circle."""
    library = Library(tmp_path)
    library.write("taxonomy.yaml", TAXONOMY)
    for id, alias in (("x", "y"), ("y", "x")):
        library.markdown("a.md", f"Tekst {id}.", id=id, aliases=[alias])
        library.run()
    (library.documents / "a.md").unlink()
    library.run(allow_removals=True)
    with serving(create_app(library.settings())) as client:
        assert [client.get(f"/dokumenty/{id}").status_code for id in "xy"] == [410, 410]


def test_without_an_archive(tmp_path: Path) -> None:
    """An index from before the archive is served as it is; its file only while it is the one whose text is shown."""
    library = Library(tmp_path)
    library.write("taxonomy.yaml", TAXONOMY)
    path = library.markdown("a.md", "Tekst.", title="Dokument")
    library.run()
    settings = library.settings(store=tmp_path / "nie-ma")
    with serving(create_app(settings)) as client:
        assert client.get("/dokumenty/a").status_code == 200
        version = client.get("/api/v1/documents/a").json()["version_url"]
        assert "To jest obecna wersja" in client.get(version).text
        assert client.get("/pliki/a").content == path.read_bytes()
        library.markdown("a.md", "Inny.", title="Dokument")
        assert client.get("/pliki/a").status_code == 404


def test_a_long_text_says_that_it_is_cut(tmp_path: Path) -> None:
    """A version or an edition whose text is too long to be shown at once says that this is only its beginning."""
    library = Library(tmp_path)
    library.write("taxonomy.yaml", TAXONOMY.replace('to: "2022-03"}', 'to: "2022-03", document: a}'))
    library.markdown("a.md", "Bardzo długi tekst. " * 15_000, title="Długi")
    library.run()
    with serving(create_app(library.settings())) as client:
        version = client.get("/api/v1/documents/a").json()["version_url"]
        for address in (version, "/edycje/pilotaz"):
            assert "To tylko początek bardzo długiego tekstu." in spaced(client.get(address))
