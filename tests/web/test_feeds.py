"""Feeds, site map and robots."""

import xml.etree.ElementTree as ET

import httpx

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_feed_of_a_search(client: httpx.Client) -> None:
    """A feed has the newest documents of its search first, each with a lasting id."""
    answer = client.get("/szukaj.atom?q=nowina&kind=aktualnosc&sort=oldest")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    assert feed.findtext(f"{ATOM}title") == "Baza wiedzy CWD: „nowina”"
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles[:2] == ["Nowina 12", "Nowina 11"]
    first = next(feed.iter(f"{ATOM}entry"))
    assert first.findtext(f"{ATOM}id") == "https://baza.example.pl/dokumenty/nowina-12"
    assert first.findtext(f"{ATOM}updated") == "2022-01-02T00:00:00Z"
    assert "<mark>Nowina</mark>" in (first.findtext(f"{ATOM}summary") or "")


def test_feed_without_hits(client: httpx.Client) -> None:
    """A search without hits has a valid, empty feed, with the day it was asked."""
    feed = ET.fromstring(client.get("/szukaj.atom?q=xqzwy").content)
    assert feed.findtext(f"{ATOM}updated") == "2026-11-22T00:00:00Z"
    assert feed.find(f"{ATOM}entry") is None


def test_feed_leaves_out_documents_without_a_date(client: httpx.Client) -> None:
    """A document without a date has no place among the newest, and no day is made up for it; every entry has its own day."""
    html = client.get("/szukaj?q=forum").text
    assert "Bez daty" in html
    alone = ET.fromstring(client.get("/szukaj.atom?q=forum").content)
    assert alone.find(f"{ATOM}entry") is None
    assert alone.findtext(f"{ATOM}updated") == "2026-11-22T00:00:00Z"
    everything = ET.fromstring(client.get("/szukaj.atom").content)
    days = {
        entry.findtext(f"{ATOM}title"): entry.findtext(f"{ATOM}updated") for entry in everything.iter(f"{ATOM}entry")
    }
    assert len(days) == 14
    assert "Bez daty" not in days
    assert days["ZIT i IIT w praktyce"] == "2024-02-20T00:00:00Z" == everything.findtext(f"{ATOM}updated")
    assert days["Nowina 3"] == "2013-01-02T00:00:00Z"


def test_pages_link_to_their_feed(client: httpx.Client) -> None:
    """A results page names the feed of its search, filters included."""
    html = client.get("/szukaj?q=nowina&year=2015&page=1").text
    assert 'type="application/atom+xml" title="Nowe dokumenty" href="/szukaj.atom?q=nowina&amp;year=2015"' in html


def test_sitemap_and_robots(client: httpx.Client) -> None:
    """The site map lists pages and documents with full addresses; robots are sent there, not into searches."""
    root = ET.fromstring(client.get("/sitemap.xml").content)
    found = [url.findtext(f"{SITEMAP}loc") for url in root]
    assert "https://baza.example.pl/dokumenty/poradnik-zit" in found
    assert "https://baza.example.pl/edycje/pilotaz" in found
    robots = client.get("/robots.txt").text
    assert "Disallow: /szukaj\n" in robots
    assert "Sitemap: https://baza.example.pl/sitemap.xml" in robots
