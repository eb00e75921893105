"""What need not be sent: compressed answers, and none for who has the answer already."""

from __future__ import annotations

import gzip

import httpx
import pytest

from kb.web import SECURITY_HEADERS

TEXTS = (
    "/",
    "/szukaj?q=gmina",
    "/dokumenty/transport-w-gminie",
    "/szukaj.atom",
    "/api/v1/documents",
    "/sitemap.xml",
    "/sledz",
)


def _raw(client: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize("path", [*TEXTS, "/static/style.css", "/static/icon.svg"])
def test_texts_are_compressed(client: httpx.Client, path: str) -> None:
    """Who takes gzip gets less, of the same content; caches are told that there are two forms."""
    plain, body = _raw(client, path, **{"Accept-Encoding": "identity"})
    packed, less = _raw(client, path, **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    if path == "/static/icon.svg":  # as small as a packet
        assert len(less) <= len(body) < 1_000
        return
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert len(less) < len(body) * 0.6
    assert gzip.decompress(less) == body or "took_ms" in body.decode()


def test_a_pdf_is_not_compressed_again(client: httpx.Client) -> None:
    """A PDF is sent as it is, whole and in parts."""
    whole, body = _raw(client, "/pliki/poradnik-zit", **{"Accept-Encoding": "gzip"})
    assert "content-encoding" not in whole.headers
    assert int(whole.headers["content-length"]) == len(body)
    part, some = _raw(client, "/pliki/poradnik-zit", **{"Accept-Encoding": "gzip", "Range": "bytes=0-99"})
    assert (part.status_code, some) == (206, body[:100])


@pytest.mark.parametrize("path", [path for path in TEXTS if path != "/szukaj?q=gmina"])
def test_who_has_it_is_told_so(client: httpx.Client, path: str) -> None:
    """With the validator of the answer nothing is sent but its headers, compressed or not; with another one everything."""
    first = client.get(path)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    for encoding in ("gzip", "identity"):
        again = client.get(path, headers={"If-None-Match": f'"inny", {tag}', "Accept-Encoding": encoding})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert "content-length" not in again.headers
        assert SECURITY_HEADERS.items() <= {name.title(): value for name, value in again.headers.items()}.items()
    other = client.get(path, headers={"If-None-Match": 'W/"inny"'})
    assert (other.status_code, other.content) == (200, first.content)
    assert client.head(path).headers["etag"] == tag


@pytest.mark.parametrize("path", ["/pliki/poradnik-zit", "/pliki/transport-w-gminie"])
def test_a_file_is_not_sent_again(client: httpx.Client, path: str) -> None:
    """A PDF of many megabytes that the browser has is not sent each time that it is looked at."""
    first = client.get(path)
    for given in (first.headers["etag"], f'"inny", {first.headers["etag"]}', "*"):
        again = client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert "content-length" not in again.headers
    other = client.get(path, headers={"If-None-Match": '"inny"'})
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("asked", ["bytes=abc", "bytes=5-2", "items=0-5", "bytes=", "bytes=-", "abc", "bytes=0-3,x"])
def test_a_range_without_sense_asks_for_the_whole_file(client: httpx.Client, asked: str) -> None:
    """As RFC 9110 has it; a range beyond the file's end is refused."""
    whole = client.get("/pliki/poradnik-zit").content
    answer = client.get("/pliki/poradnik-zit", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, whole)
    for right, part in (("bytes=0-3", whole[:4]), ("bytes=-5", whole[-5:]), ("Bytes = 4-", whole[4:])):
        assert client.get("/pliki/poradnik-zit", headers={"Range": right}).content == part
    assert client.get("/pliki/poradnik-zit", headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


def test_errors_have_no_validator(client: httpx.Client) -> None:
    """An error may be over in a moment."""
    assert "etag" not in client.get("/dokumenty/nie-ma").headers


def test_static_files_stay_for_good(client: httpx.Client) -> None:
    """An address that changes with its file is kept for a year; a compressed file has a weak validator."""
    answer = client.get("/static/style.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"].startswith("W/")
    again = client.get("/static/style.css", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
