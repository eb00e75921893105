"""OAI-PMH: a harvester that asks the real application gets what the protocol says, and loses no record on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from library import TAXONOMY, Library
from lxml import etree

from kb import indexer, limits
from kb.web import create_app
from web.conftest import serving, spaced

START = datetime(2026, 5, 12, 10, tzinfo=UTC)
OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
RULES = etree.RelaxNG(etree.parse(Path(__file__).with_name("oai-pmh.rng")))
LIST = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
DAYS = (0, 1, 2)


class Harvester:
    """Somebody who asks the repository of a collection, and checks each answer against the rules."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.settings = library.settings(public_url="https://baza.example.pl", contact="redakcja@example.pl")
        self.app = create_app(self.settings)
        self.client: httpx.Client

    def index(self, days: int) -> None:
        """Index so many days after the start."""
        assert not indexer.run(self.settings, now=START + timedelta(days=days)).failed

    def ask(self, **arguments: str) -> etree._Element:
        """An answer that follows the rules; the same by GET and by POST."""
        return self.asked(list(arguments.items()))

    def asked(self, pairs: list[tuple[str, str]]) -> etree._Element:
        """The same with arguments that may be given twice."""
        answer = self.client.get("/oai", params=httpx.QueryParams(pairs))
        posted = self.client.post(
            "/oai",
            content=str(httpx.QueryParams(pairs)),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        found = etree.fromstring(answer.content)
        RULES.assertValid(found)
        same = etree.fromstring(posted.content)
        assert [etree.tostring(each) for each in same[1:]] == [etree.tostring(each) for each in found[1:]]
        return found

    def error(self, *pairs: tuple[str, str], **arguments: str) -> str:
        """The code of the error that an answer has."""
        (error,) = self.asked([*pairs, *arguments.items()]).iter(f"{OAI}error")
        return str(error.get("code"))

    def harvest(self, **arguments: str) -> list[str]:
        """The ids of all records of a list, those deleted with a minus, through all its parts."""
        return list(self.parts(**arguments))

    def parts(self, **arguments: str) -> Iterator[str]:
        """The same one by one."""
        asked = {**LIST, **arguments}
        while True:
            answer = self.ask(**asked)
            for header in answer.iter(f"{OAI}header"):
                name = str(header.findtext(f"{OAI}identifier")).removeprefix("oai:baza.example.pl:")
                yield f"-{name}" if header.get("status") == "deleted" else name
            token = answer.findtext(f".//{OAI}resumptionToken")
            if not token:
                return
            asked = {"verb": asked["verb"], "resumptionToken": token}


@pytest.fixture(scope="module")
def harvester(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harvester]:
    """A collection with three days of history: what came, what was corrected or described otherwise, what left."""
    library = Library(tmp_path_factory.mktemp("oai"))
    library.write("taxonomy.yaml", TAXONOMY)
    made = Harvester(library)
    library.markdown(
        "drogi.md", "Drogi & mosty.", id="drogi", title="Drogi & <mosty>", kind="raport", edition="pilotaz",
        topics=["transport"], authors=["Jan Kowalski"], published="2009-05-01", doi="10.1000/182", licence="CC BY 4.0",
    )  # fmt: skip
    library.markdown("nabor.md", "Nabór.", id="nabor", title="Nabór", kind="aktualnosc")
    library.markdown("szkoly.md", "Szkoły.", id="szkoly", title="Szkoły", kind="raport")
    library.markdown("woda.md", "Woda.", id="woda", title="Woda")
    made.index(DAYS[0])
    library.markdown("szkoly.md", "Szkoły i przedszkola.", id="szkoly", title="Szkoły", kind="raport")
    library.markdown("woda.md", "Woda.", id="woda", title="Woda", topics=["energia"])
    made.index(DAYS[1])
    (library.documents / "nabor.md").unlink()
    made.index(DAYS[2])
    with serving(made.app) as client:
        made.client = client
        yield made


def test_identify(harvester: Harvester) -> None:
    """The repository says who it is, from when its records are, and that it remembers those that have left."""
    found = harvester.ask(verb="Identify").find(f"{OAI}Identify")
    assert {element.tag.removeprefix(OAI): element.text for element in found} == {
        "repositoryName": "Baza wiedzy CWD",
        "baseURL": "https://baza.example.pl/oai",
        "protocolVersion": "2.0",
        "adminEmail": "redakcja@example.pl",
        "earliestDatestamp": "2026-05-12T10:00:00Z",
        "deletedRecord": "persistent",
        "granularity": "YYYY-MM-DDThh:mm:ssZ",
        "compression": "gzip",
    }


def test_formats_and_sets(harvester: Harvester) -> None:
    """There is one format, for each record too, and a set for each kind and each edition."""
    formats = [harvester.ask(verb="ListMetadataFormats"), harvester.ask(**_of("drogi", verb="ListMetadataFormats"))]
    assert [[each.text for each in found.iter(f"{OAI}metadataPrefix")] for found in formats] == [["oai_dc"]] * 2
    sets = harvester.ask(verb="ListSets")
    named = {each.findtext(f"{OAI}setSpec"): each.findtext(f"{OAI}setName") for each in sets.iter(f"{OAI}set")}
    assert (named["kind-raport"], named["edition-cwd-plus"]) == ("Rodzaj: Raport", "Edycja: CWD Plus")
    assert len(named) == 6


def _of(id: str, **arguments: str) -> dict[str, str]:
    return {"identifier": f"oai:baza.example.pl:{id}", **arguments}


def test_a_record(harvester: Harvester) -> None:
    """A record describes the document in Dublin Core, with the address of just the version that is described."""
    record = harvester.ask(**_of("drogi", verb="GetRecord", metadataPrefix="oai_dc")).find(f".//{OAI}record")
    assert [each.text for each in record.iter(f"{OAI}setSpec")] == ["kind-raport", "edition-pilotaz"]
    assert record.findtext(f".//{OAI}datestamp") == "2026-05-12T10:00:00Z"
    described = [(each.tag.removeprefix(DC), each.text) for each in record.iter(f"{DC}*")]
    version = harvester.library.document("drogi").version[:12]
    assert described == [
        ("title", "Drogi & <mosty>"),
        ("creator", "Jan Kowalski"),
        ("subject", "Transport publiczny"),
        ("publisher", "Baza wiedzy CWD"),
        ("date", "2009-05-01"),
        ("type", "Text"),
        ("format", "text/markdown"),
        ("language", "pl"),
        ("rights", "CC BY 4.0"),
        ("identifier", f"https://baza.example.pl/dokumenty/drogi/wersje/{version}"),
        ("identifier", "DOI 10.1000/182"),
    ]


def test_lists_come_in_the_order_of_changes(harvester: Harvester) -> None:
    """All records, those that changed last at the end: a correction, other topics, leaving. Identifiers are the same."""
    assert harvester.harvest() == ["drogi", "szkoly", "woda", "-nabor"]
    assert harvester.harvest(verb="ListIdentifiers") == ["drogi", "szkoly", "woda", "-nabor"]
    deleted = harvester.ask(**_of("nabor", verb="GetRecord", metadataPrefix="oai_dc"))
    assert deleted.find(f".//{OAI}metadata") is None
    assert deleted.findtext(f".//{OAI}datestamp") == "2026-05-14T10:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"from": "2026-05-13"}, ["szkoly", "woda", "-nabor"]),
        ({"until": "2026-05-13"}, ["drogi", "szkoly", "woda"]),
        ({"from": "2026-05-13", "until": "2026-05-13"}, ["szkoly", "woda"]),
        ({"from": "2026-05-13T10:00:00Z", "until": "2026-05-13T10:00:00Z"}, ["szkoly", "woda"]),
        ({"from": "2026-05-13T10:00:01Z"}, ["-nabor"]),
        ({"until": "9999-12-31"}, ["drogi", "szkoly", "woda", "-nabor"]),
        ({"set": "kind-raport"}, ["drogi", "szkoly"]),
        ({"set": "kind-aktualnosc"}, ["-nabor"]),
        ({"set": "edition-pilotaz", "from": "2000-01-01"}, ["drogi"]),
    ],
)
def test_part_of_the_records(harvester: Harvester, arguments: dict[str, str], expected: list[str]) -> None:
    """By day, by second, both ends included, and by set."""
    assert harvester.harvest(**arguments) == expected


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([], "badVerb"),
        ([("verb", "Wszystko")], "badVerb"),
        ([("verb", "Identify"), ("verb", "Identify")], "badVerb"),
        ([("verb", "Identify"), ("set", "kind-raport")], "badArgument"),
        ([("verb", "ListRecords")], "badArgument"),
        ([*LIST.items(), ("metadataPrefix", "oai_dc")], "badArgument"),
        ([*LIST.items(), ("from", "wczoraj")], "badArgument"),
        ([*LIST.items(), ("from", "2026-02-30")], "badArgument"),
        ([*LIST.items(), ("from", "2026-05-13T10:00Z")], "badArgument"),
        ([*LIST.items(), ("from", "2026-05-14"), ("until", "2026-05-13")], "badArgument"),
        ([*LIST.items(), ("from", "2026-05-12"), ("until", "2026-05-13T10:00:00Z")], "badArgument"),
        ([*LIST.items(), ("set", "zły zestaw")], "badArgument"),
        ([*LIST.items(), ("resumptionToken", "x")], "badArgument"),
        ([("verb", "GetRecord"), ("identifier", "oai:baza.example.pl:drogi")], "badArgument"),
        ([("verb", "GetRecord"), ("identifier", "\x00 ą"), ("metadataPrefix", "oai_dc")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "marc21")], "cannotDisseminateFormat"),
        ([*_of("drogi", verb="GetRecord", metadataPrefix="marc21").items()], "cannotDisseminateFormat"),
        ([*_of("nie-ma", verb="GetRecord", metadataPrefix="oai_dc").items()], "idDoesNotExist"),
        ([("verb", "ListMetadataFormats"), ("identifier", "oai:inna.example.pl:drogi")], "idDoesNotExist"),
        ([*LIST.items(), ("set", "kind-poradnik")], "noRecordsMatch"),
        ([*LIST.items(), ("set", "brak")], "noRecordsMatch"),
        ([*LIST.items(), ("from", "2030-01-01")], "noRecordsMatch"),
        ([*LIST.items(), ("until", "2001-01-01")], "noRecordsMatch"),
        ([("verb", "ListRecords"), ("resumptionToken", "nie-stad")], "badResumptionToken"),
        ([("verb", "ListRecords"), ("resumptionToken", "W10")], "badResumptionToken"),
        ([("verb", "ListSets"), ("resumptionToken", "W10")], "badResumptionToken"),
    ],
)
def test_errors_of_the_protocol(harvester: Harvester, pairs: list[tuple[str, str]], code: str) -> None:
    """Each mistake has its code; arguments that are no such are not repeated in the answer."""
    assert harvester.error(*pairs) == code
    repeated = harvester.asked(pairs).find(f"{OAI}request")
    assert bool(repeated.attrib) == (code not in ("badVerb", "badArgument"))


def test_a_list_in_parts_loses_nothing(harvester: Harvester, monkeypatch: pytest.MonkeyPatch) -> None:
    """In small parts, through another process of the server, while documents change and come: nobody is missed."""
    monkeypatch.setattr("kb.oai.answers.OAI_RECORDS", 1)
    first = harvester.ask(**LIST)
    token = first.find(f".//{OAI}resumptionToken")
    assert (token.get("cursor"), token.get("completeListSize")) == ("0", "4")
    assert harvester.harvest() == ["drogi", "szkoly", "woda", "-nabor"]
    assert harvester.error(verb="ListIdentifiers", resumptionToken=token.text) == "badResumptionToken"
    reading = harvester.parts()
    found = [next(reading), next(reading)]
    harvester.library.markdown("woda.md", "Woda czysta.", id="woda", title="Woda", topics=["energia"])
    harvester.library.markdown("zabytki.md", "Zabytki.", id="zabytki", title="Zabytki")
    harvester.index(3)
    with serving(create_app(harvester.settings)) as other:
        before, harvester.client = harvester.client, other
        found += reading
        harvester.client = before
    assert found == ["drogi", "szkoly", "-nabor", "woda", "zabytki"]


def test_a_form_that_is_too_long(harvester: Harvester) -> None:
    """A form longer than any of the protocol is refused, and other addresses take none."""
    body = "verb=" + "a" * limits.BODY_BYTES
    refused = harvester.client.post("/oai", content=body)
    assert refused.status_code == 413
    assert "OAI-PMH nie ma tak długich argumentów" in spaced(refused)
    assert harvester.client.post("/szukaj.atom", content="q=a").status_code == 405


def test_no_repository_without_somebody_to_write_to(library: Library) -> None:
    """The protocol wants an e-mail address; none is made up: without one the address says so, and no page leads there."""
    with serving(create_app(library.settings())) as client:
        for answer in (client.get("/oai?verb=Identify"), client.post("/oai", content="verb=Identify")):
            assert answer.status_code == 404
            assert "KB_CONTACT" in answer.text
            assert "adminEmail" not in answer.text
        assert "/oai" not in client.get("/sledz").text


def test_a_repository_without_anything(library: Library) -> None:
    """Before anything was indexed the repository answers, and says whom to write to."""
    with serving(create_app(library.settings(contact="redakcja@example.pl"))) as client:
        found = etree.fromstring(client.get("/oai?verb=Identify").content)
        RULES.assertValid(found)
        assert found.findtext(f".//{OAI}adminEmail") == "redakcja@example.pl"
        nothing = etree.fromstring(client.get("/oai", params=LIST).content)
        RULES.assertValid(nothing)
        assert nothing.find(f"{OAI}error").get("code") == "noRecordsMatch"
        assert "/oai?verb=Identify" in client.get("/sledz").text
