"""Host names and the headers that protect: the site answers under its own names, and says no other of itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from kb import gate, settings
from kb.web import create_app

from .conftest import serving


@pytest.fixture(scope="module")
def nameless(config: settings.Settings) -> Iterator[httpx.Client]:
    """A server without a public address."""
    given = config.model_copy(update={"public_url": "", "hosts": "Baza.Urzad.example, 10.0.0.7"})
    with serving(create_app(given)) as client:
        yield client


def asking(client: httpx.Client, path: str, host: str) -> httpx.Response:
    """The answer to a request for a host name."""
    return client.get(path, headers={"Host": host})


@pytest.mark.parametrize(
    "host",
    [
        "zly.example",
        "zly.example:8000",
        "localhost.zly.example",
        "localhost@zly.example",
        "zly.example@localhost",
        "localhost/zly",
        "[::1]zly.example",
        "127.0.0.1:port",
        '"><script>',
        "x" * 5000,
    ],
)
@pytest.mark.parametrize("path", ["/", "/szukaj.atom", "/sitemap.xml", "/api/v1/search", "/static/style.css"])
def test_other_hosts_are_refused(client: httpx.Client, nameless: httpx.Client, host: str, path: str) -> None:
    """A name that is not the site's is a short 400 in Polish, in which it leads nowhere, and nobody keeps the answer."""
    for server in (client, nameless):
        refused = asking(server, path, host)
        assert refused.status_code == 400
        assert "nie obsługuje nazwy" in refused.text
        assert f"//{host}" not in refused.text
        assert "<script>" not in refused.text or refused.headers["content-type"] == "application/json"
        assert len(refused.content) < 6000
        assert refused.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:81", "127.0.0.1", "[::1]:8000", "baza.urzad.example", "10.0.0.7:1"]
)
def test_own_hosts_are_served(nameless: httpx.Client, host: str) -> None:
    """This machine's names and those that are set are answered, in any letter case and at any port."""
    assert asking(nameless, "/", host).status_code == 200


def test_supervisors_may_ask_under_any_name(client: httpx.Client) -> None:
    """Whoever watches the service asks by an address of the inner network."""
    assert asking(client, "/healthz", "10.9.8.7:8000").status_code == 200
    assert asking(client, "/readyz", "10.9.8.7:8000").status_code == 200


@pytest.mark.parametrize(
    "path", ["/szukaj.atom", "/sitemap.xml", "/robots.txt", "/api/v1/documents/poradnik-zit/citation", "/"]
)
def test_the_public_address_is_what_the_site_says(client: httpx.Client, path: str) -> None:
    """With a public address nothing of the request's host stands in feeds, site map, citations and pages."""
    got = asking(client, path, "localhost:4321")
    assert "https://baza.example.pl/" in got.text
    assert "localhost" not in got.text


@pytest.mark.parametrize("path", ["/szukaj.atom", "/sitemap.xml"])
def test_what_holds_the_requests_host_is_not_kept(client: httpx.Client, nameless: httpx.Client, path: str) -> None:
    """Caches on the way may keep feeds and site map only where their addresses do not come from a request."""
    assert client.get(path).headers["cache-control"].startswith("public")
    got = asking(nameless, path, "baza.urzad.example")
    assert got.headers["cache-control"] == "no-cache"
    assert "http://baza.urzad.example/" in got.text


def test_which_hosts_are_known() -> None:
    """Loopback always, the address listened on unless it is all of them, the public name, and those that are set."""

    def hosts(**given: str) -> set[str]:
        return set(gate.hosts_of(settings.Settings(**given))) - set(gate.LOOPBACK)  # type: ignore[arg-type]

    assert hosts() == set()
    assert hosts(host="0.0.0.0") == set()
    assert hosts(host="::") == set()
    assert hosts(host="10.1.2.3") == {"10.1.2.3"}
    assert hosts(host="fd00::1") == {"[fd00::1]"}
    assert hosts(public_url="https://Baza.example.pl:8443/x") == {"baza.example.pl"}
    assert hosts(hosts="A.example, ,b.example") == {"a.example", "b.example"}


@pytest.mark.parametrize(
    "path",
    ["/", "/szukaj?q=zit", "/api/v1/search?q=zit", "/pliki/poradnik-zit", "/static/style.css", "/nie", "/readyz"],
)
def test_headers_that_protect(client: httpx.Client, nameless: httpx.Client, path: str) -> None:
    """Every answer keeps other sites out; browsers are told to stay with HTTPS only where the site has it; no server is named."""
    got = client.get(path)
    assert got.headers["cross-origin-opener-policy"] == "same-origin"
    assert got.headers["cross-origin-resource-policy"] == "same-origin"
    assert got.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in nameless.get(path).headers
    assert "server" not in got.headers


def test_a_pdf_has_an_origin_of_its_own(client: httpx.Client) -> None:
    """An original is shown in a sandbox that may run and fetch nothing of the site's."""
    policy = client.get("/pliki/poradnik-zit").headers["content-security-policy"].split("; ")
    assert policy[0].split()[0] == "sandbox"
    assert "allow-same-origin" not in policy[0]
    assert {"default-src 'none'", "form-action 'none'", "frame-ancestors 'none'"} <= set(policy)
