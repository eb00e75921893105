"""What a harvester gets: each verb of the protocol as XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

from kb import xml_text
from kb.archive import Ledger, Record
from kb.citing import Source
from kb.citing.tags import dublin_core
from kb.facets import FACETS
from kb.limits import OAI_RECORDS
from kb.model import Document, Taxonomy
from kb.oai.requests import PREFIX, SETS, OaiError, OaiRequest, RecordList, check_prefix, listing, read, set_name, token
from kb.xml_text import add, moment

_OAI = "http://www.openarchives.org/OAI/2.0/"
_OAI_SCHEMA = "http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_OAI_DC_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_DC = "http://purl.org/dc/elements/1.1/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """What is harvested. ``source`` says how a document is described where it is cited, ``address`` is that of the repository."""

    name: str
    address: str
    contact: str
    ledger: Ledger
    taxonomy: Taxonomy
    source: Callable[[Document], Source]

    def identifier(self, document: Document) -> str:
        """The identifier of a document's records: the same for good, as its id is."""
        return f"{self._start}{quote(document.id)}"

    def id_of(self, identifier: str) -> str:
        """The id in an identifier; "" where it is none of this repository."""
        return unquote(identifier.removeprefix(self._start)) if identifier.startswith(self._start) else ""

    @property
    def _start(self) -> str:
        return f"oai:{urlsplit(self.address).hostname or 'localhost'}:"


def answer(repository: Repository, pairs: Sequence[tuple[str, str]], now: datetime) -> bytes:
    """The answer to a request, which may be what is wrong with it."""
    root = ET.Element(
        "OAI-PMH", {"xmlns": _OAI, "xmlns:xsi": _XSI, "xsi:schemaLocation": f"{_OAI} {_OAI_SCHEMA}"}
    )  # fmt: skip
    add(root, "responseDate", moment(now))
    request = add(root, "request", repository.address)
    try:
        asked = read(pairs)
        request.attrib.update({"verb": asked.verb, **asked.arguments})
        content = ET.Element(asked.verb)
        _VERBS[asked.verb](repository, asked, content)
        root.append(content)
    except OaiError as error:
        if not error.shown:
            request.attrib.clear()
        elif not request.attrib:
            request.attrib.update(dict(pairs))
        add(root, "error", error.message, code=error.code)
    return xml_text.document(root)


def _identify(repository: Repository, _: OaiRequest, content: ET.Element) -> None:
    add(content, "repositoryName", repository.name)
    add(content, "baseURL", repository.address)
    add(content, "protocolVersion", "2.0")
    add(content, "adminEmail", repository.contact)
    add(content, "earliestDatestamp", moment(repository.ledger.earliest()))
    add(content, "deletedRecord", "persistent")
    add(content, "granularity", "YYYY-MM-DDThh:mm:ssZ")
    add(content, "compression", "gzip")


def _list_metadata_formats(repository: Repository, asked: OaiRequest, content: ET.Element) -> None:
    if "identifier" in asked.arguments:
        _record_of(repository, asked)
    described = add(content, "metadataFormat")
    add(described, "metadataPrefix", PREFIX)
    add(described, "schema", _OAI_DC_SCHEMA)
    add(described, "metadataNamespace", _OAI_DC)


def _list_sets(repository: Repository, asked: OaiRequest, content: ET.Element) -> None:
    if "resumptionToken" in asked.arguments:
        raise OaiError("badResumptionToken", "All sets are given at once.")
    for facet in SETS:
        for value, label in repository.taxonomy.labels(facet).items():
            entry = add(content, "set")
            add(entry, "setSpec", set_name(facet, value))
            add(entry, "setName", f"{FACETS[facet].legend}: {label}")
    if not len(content):
        raise OaiError("noSetHierarchy", "There are no sets.")


def _get_record(repository: Repository, asked: OaiRequest, content: ET.Element) -> None:
    check_prefix(asked)
    _add_record(repository, _record_of(repository, asked), content)


def _list_records(repository: Repository, asked: OaiRequest, content: ET.Element) -> None:
    _list(repository, listing(asked), content, _add_record)


def _list_identifiers(repository: Repository, asked: OaiRequest, content: ET.Element) -> None:
    _list(repository, listing(asked), content, _add_header)


_VERBS: dict[str, Callable[[Repository, OaiRequest, ET.Element], None]] = {
    "Identify": _identify,
    "ListMetadataFormats": _list_metadata_formats,
    "ListSets": _list_sets,
    "ListIdentifiers": _list_identifiers,
    "ListRecords": _list_records,
    "GetRecord": _get_record,
}


def _list(
    repository: Repository,
    asked: RecordList,
    content: ET.Element,
    add_one: Callable[[Repository, Record, ET.Element], None],
) -> None:
    records = repository.ledger.records(asked.span, OAI_RECORDS + 1, asked.after)
    given = records[:OAI_RECORDS]
    if not given:
        raise OaiError("noRecordsMatch", "No records match.")
    for record in given:
        add_one(repository, record, content)
    unfinished = len(records) > len(given)
    if asked.after is None and unfinished:
        asked = replace(asked, total=repository.ledger.count(asked.span))
    if asked.after is not None or unfinished:
        last = given[-1]
        rest = asked.resumed_after(last.changed, last.document.id, len(given))
        # Documents that changed on the way come again at the end of the list.
        total = max(asked.total, rest.given + unfinished)
        add(
            content,
            "resumptionToken",
            token(rest) if unfinished else "",
            completeListSize=str(total),
            cursor=str(asked.given),
        )


def _record_of(repository: Repository, asked: OaiRequest) -> Record:
    id = repository.id_of(asked.arguments["identifier"])
    found = repository.ledger.record_of(id) if id else None
    if found is None:
        raise OaiError("idDoesNotExist", "There is no such record.")
    return found


def _add_header(repository: Repository, record: Record, content: ET.Element) -> None:
    document = record.document
    header = add(content, "header", **({"status": "deleted"} if record.removed else {}))
    add(header, "identifier", repository.identifier(document))
    add(header, "datestamp", moment(record.changed))
    for facet, value in zip(SETS, (document.kind, document.edition), strict=True):
        if value:
            add(header, "setSpec", set_name(facet, value))


def _add_record(repository: Repository, record: Record, content: ET.Element) -> None:
    element = add(content, "record")
    _add_header(repository, record, element)
    if record.removed:
        return
    described = ET.SubElement(
        add(element, "metadata"),
        "oai_dc:dc",
        {
            "xmlns:oai_dc": _OAI_DC,
            "xmlns:dc": _DC,
            "xmlns:xsi": _XSI,
            "xsi:schemaLocation": f"{_OAI_DC} {_OAI_DC_SCHEMA}",
        },
    )
    for name, text in dublin_core(repository.source(record.document)):
        add(described, f"dc:{name}", text)
