"""What every handler needs, held by the application and nowhere else: the knowledge base, lists of it, clock and settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import anyio
import anyio.to_thread
from anyio import CapacityLimiter
from jinja2 import Environment
from starlette.requests import Request

from kb import addresses, limits, messages
from kb.archive import Archive, Change, Ledger
from kb.citing import Source
from kb.engine import Size
from kb.errors import KbError, NotFound, Overloaded
from kb.gate import Gate
from kb.live import KeyedValue
from kb.model import EVENT_KIND, Document, Page
from kb.pictures import Pictures
from kb.reading.params import whole_number
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings
from kb.texts import SiteTexts
from kb.versions import Versions

_E_MAIL = re.compile(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+")
_FIRST_SECONDS = 1.0
"""How long a supervisor waits for the index who is the first to ask."""
_PULSE_SECONDS = 0.02
"""The same for all others: a look takes far less, unless handlers keep the thread from its turn; then it is as it was."""


class Directory:
    """All documents by the paths of their files, newest first.

    Reading every document takes long in a large collection, so the directory is kept as long as the index does not change.
    """

    def __init__(self, knowledge: KnowledgeBase, ledger: Ledger) -> None:
        self._knowledge = knowledge
        self._ledger = ledger
        self._kept: KeyedValue[Mapping[str, str]] = KeyedValue()
        self._latest: KeyedValue[Mapping[str, Change]] = KeyedValue()

    def ids(self) -> Mapping[str, str]:
        """The ids of the documents of the index as it is now, by path."""
        state = self._knowledge.state
        return self._kept.of(state.key, lambda: {document.path: document.id for document in state.documents()})

    def latest(self) -> Mapping[str, Change]:
        """When each document came here and changed here, by id, the last change first; of one moment the newest first.

        A document that was committed a moment ago is not among them until the ledger has it. Raises ArchiveUnavailable.
        """
        key = (self._knowledge.state.key, self._ledger.stamp)
        return self._latest.of(key, self._in_order_of_changes)

    def _in_order_of_changes(self) -> Mapping[str, Change]:
        changes = {change.id: change for change in self._ledger.changes() if not change.removed}
        known = [changes[id] for id in self.ids().values() if id in changes]
        return {change.id: change for change in sorted(known, key=lambda change: change.changed, reverse=True)}

    def url_of_file(self, path: str) -> str | None:
        """Where the document made from a file is on the site; None where there is none."""
        id = self.ids().get(path)
        return addresses.document_url(id) if id else None


class EventList:
    """All events, the latest first; those without any day last. Kept as long as the index does not change."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        self._kept: KeyedValue[tuple[Document, ...]] = KeyedValue()

    def all(self) -> tuple[Document, ...]:
        """The events of the index as it is now."""
        return self._kept.of(self._knowledge.state.key, self._read)

    def _read(self) -> tuple[Document, ...]:
        query = make_query("", {"kind": (EVENT_KIND,)}, sort="newest")
        found, _ = self._knowledge.found(query, limits.EVENTS)
        return tuple(
            sorted(found, key=lambda event: (event.first_day or date.min, event.starts, event.id), reverse=True)
        )


class Pulse:
    """How large the index is, told within a moment also while the server is busy or opens a new state of it."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        # A thread of its own: the others may all be at work.
        self._limiter = CapacityLimiter(1)
        self._latest: Size | KbError | None = None

    async def size(self) -> Size:
        """The size as it is now; where finding out takes long, as it was. Raises Overloaded where it is not known yet."""
        with anyio.move_on_after(_PULSE_SECONDS if self._latest else _FIRST_SECONDS):
            await anyio.to_thread.run_sync(self._look, abandon_on_cancel=True, limiter=self._limiter)
        if self._latest is None:
            raise Overloaded("Serwer dopiero otwiera indeks. Spróbuj ponownie za kilka sekund.")
        if isinstance(self._latest, KbError):
            # Without the traceback of the time before, which would grow with every request.
            raise self._latest.with_traceback(None)
        return self._latest

    def _look(self) -> None:
        """Runs to its end also where nobody waits for it any more: the next one who asks is told."""
        try:
            self._latest = self._knowledge.state.size
        except KbError as error:
            self._latest = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One running site. ``today`` is the clock, for dates of access."""

    settings: Settings
    knowledge: KnowledgeBase
    directory: Directory
    events: EventList
    templates: Environment
    gate: Gate
    pulse: Pulse
    pictures: Pictures
    today: Callable[[], date]
    versions: Versions
    archive: Archive
    texts: SiteTexts

    @property
    def is_harvested(self) -> bool:
        """Whether there is a repository for libraries: OAI-PMH demands the e-mail address of somebody to write to."""
        return bool(_E_MAIL.fullmatch(self.settings.contact))

    def base_url(self, request: Request) -> str:
        """Where the site is for the world, without a slash at the end; else as the request found it."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")

    def caching(self, seconds: int) -> dict[str, str]:
        """The header for an answer that holds ``base_url``: where that comes from the request, nobody may keep the answer."""
        return {"Cache-Control": f"public, max-age={seconds}" if self.settings.public_url else "no-cache"}

    def page(self, document: Document, number: str) -> Page:
        """The page of a document that an address names. Raises NotFound."""
        position = whole_number(number)
        if position is None and not document.unread:
            raise NotFound(f"Nie ma takiej strony. Ten dokument ma strony od 1 do {document.pages}.")
        return self.knowledge.page(document.id, position or 0)

    def source(self, request: Request, document: Document, page: Page | None = None, quote: str = "") -> Source:
        """What is cited: a document or one of its pages, as read today, at the address of just this version."""
        base = self.base_url(request)
        return Source(
            document=document,
            page=page,
            url=base + addresses.version_address(document.id, document.version, page.number if page else None),
            document_url=base + addresses.version_address(document.id, document.version),
            file_url=base + addresses.file_url(document.id),
            quote=quote,
            accessed=self.today(),
            edition=self.knowledge.taxonomy.labels("edition").get(document.edition or "", ""),
            publisher=messages.SITE_NAME,
            subjects=tuple(filter(None, map(self.knowledge.taxonomy.labels("topic").get, document.topics))),
        )

    def counts(self, facet: str) -> dict[str, int]:
        """Documents of the whole collection by a facet's value."""
        everything = self.knowledge.search(make_query("", per_page=1))
        return {value.value: value.count for value in everything.facets[facet]}


def site_of(request: Request) -> Site:
    """The site that a request is for."""
    site: Site = request.app.state.site
    return site
