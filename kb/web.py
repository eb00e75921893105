"""The web application: ``create_app`` puts pages, API, static files and what stands around every answer together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import date

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb import addresses, limits, messages
from kb.api import routes as api
from kb.archive import Archive
from kb.console import harmless
from kb.engine import Store
from kb.error_answers import answer_to_error
from kb.errors import KbError, Overloaded, UnknownHost
from kb.freshness import COMPRESSED_FROM_BYTES, COMPRESSION_LEVEL, NOT_COMPRESSED, Unchanged
from kb.gate import Gate, check_address, hosts_of
from kb.meaning.making import Background
from kb.memory import keep_tidy
from kb.oai import routes as oai
from kb.pages import file_routes
from kb.pages import routes as pages
from kb.pictures import Pictures
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings, load
from kb.site import Directory, EventList, Pulse, Site
from kb.templating import STATIC, STYLE_HASH, load_templates
from kb.texts import SiteTexts
from kb.versions import Versions

_LOG = logging.getLogger(__name__)
_POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' '{STYLE_HASH}'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ALWAYS_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
_PDF_POLICY = (
    "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; object-src 'self'; "
    "style-src 'unsafe-inline'; img-src 'self' data: blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Browsers show a PDF within a page of their own making, which gets this policy: an origin of its own, nothing fetched, only
that page's styles. Chromium and Firefox show a PDF also in a sandbox without scripts, Safari does not."""
_NOBODY: Scope = {"headers": [(b"host", b"localhost")]}
"""A request of which nothing may come into the answer."""
_TURN_SECONDS = 0.0005
"""Searches release the GIL on reads and NumPy calls; with Python's switch interval of 5 ms each would wait that long to get
it back."""


def create_app(
    settings: Settings | None = None,
    today: Callable[[], date] = date.today,
    clock: Callable[[], float] = time.monotonic,
    store: Store | None = None,
) -> FastAPI:
    """The application over the index of ``settings``, by default those of the environment.

    It starts without an index and answers 503 until there is one. ``today`` is the calendar, for dates of access; ``clock``
    counts the seconds that a request takes; ``store`` is the index, where it is opened already.
    """
    settings = settings or load()
    knowledge = KnowledgeBase(settings, store=store)
    gate = Gate(settings.request_seconds, clock)
    archive = Archive(settings.store.absolute())
    pictures = Pictures(settings)
    site = Site(
        settings=settings,
        knowledge=knowledge,
        directory=Directory(knowledge, archive.ledger),
        events=EventList(knowledge),
        templates=load_templates(settings),
        gate=gate,
        pulse=Pulse(knowledge),
        pictures=pictures,
        today=today,
        versions=Versions(knowledge, archive),
        archive=archive,
        texts=SiteTexts(settings.documents.absolute()),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = limits.HANDLERS + limits.FILE_READS
        sys.setswitchinterval(_TURN_SECONDS)
        await run_in_threadpool(_warm_up, knowledge)
        # It takes a second or two of a large collection; answers need not wait for it.
        threading.Thread(target=_prepare, args=(knowledge, pictures), daemon=True).start()
        tidy = asyncio.create_task(keep_tidy(lambda: gate.answered))
        with Background(settings, lambda: knowledge.state), contextlib.closing(pictures):
            yield
        tidy.cancel()

    app = FastAPI(
        title=f"{messages.SITE_NAME} – API",
        description="Wyszukiwanie i czytanie dokumentów Centrum Wsparcia Doradczego. Wszystkie odpowiedzi to JSON.",
        version="1",
        lifespan=lifespan,
        # FastAPI's own documentation pages load scripts from another host; ours is a page of the site.
        docs_url=None,
        redoc_url=None,
        openapi_url=addresses.API_SCHEMA,
    )
    app.state.site = site
    app.include_router(api.health)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.include_router(file_routes.router)
    app.include_router(oai.router)
    app.mount(addresses.STATIC, StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Unchanged)
    # Pages hold no secrets and nobody logs in, so that there is nothing that the size of a compressed answer could tell (BREACH).
    app.add_middleware(
        GZipMiddleware,
        minimum_size=COMPRESSED_FROM_BYTES,
        compresslevel=COMPRESSION_LEVEL,
        exclude_content_types=NOT_COMPRESSED,
    )
    app.add_middleware(_Frame, settings=settings, gate=gate)
    app.add_exception_handler(KbError, answer_to_error)
    app.add_exception_handler(HTTPException, answer_to_error)
    app.add_exception_handler(RequestValidationError, answer_to_error)
    return app


def _warm_up(knowledge: KnowledgeBase) -> None:
    """Open the index and the dictionary before the first reader comes; without an index there is nothing to open."""
    with contextlib.suppress(KbError):
        knowledge.search(make_query("samorząd"))


def _prepare(knowledge: KnowledgeBase, pictures: Pictures) -> None:
    with contextlib.suppress(KbError):
        knowledge.prepare()
    pictures.warm_up()
    # Everything long-lived exists: freeze it, so that full collections, which stop every thread for 0.1 s, skip it.
    gc.freeze()


class _Frame:
    """Around every answer: who may come in, security headers, a default for caching, HEAD answered as GET without the body.

    An unexpected exception ends here, in the log; if it reached the server, the reader's connection would be cut as well.
    """

    def __init__(self, app: ASGIApp, settings: Settings, gate: Gate) -> None:
        self._app = app
        self._gate = gate
        self._hosts = hosts_of(settings)
        self._refusals: dict[str, Response] = {}
        always_https = settings.public_url.startswith("https:")
        self._headers = SECURITY_HEADERS | (_ALWAYS_HTTPS if always_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        started = False

        async def framed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._set_headers(MutableHeaders(scope=message), scope["path"])
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"} if head else scope
        try:
            await self._answer(inner, receive, framed)
        except Exception as error:
            if started:
                raise
            if not isinstance(error, KbError):
                _LOG.exception("%s %s", scope["method"], harmless(scope["path"]))
            await self._failed(inner, error)(inner, receive, framed)

    def _failed(self, scope: Scope, error: Exception) -> Response:
        if isinstance(error, UnknownHost):  # its name must not come into the page
            return answer_to_error(Request({**scope, **_NOBODY}), error)
        if not isinstance(error, Overloaded):
            return answer_to_error(Request(scope), error)
        # Made once: whoever is refused must not take time from those who are answered.
        start = addresses.API if addresses.is_for_programs(scope["path"]) else addresses.START
        if start not in self._refusals:
            self._refusals[start] = answer_to_error(
                Request({**scope, **_NOBODY, "path": start, "query_string": b""}), error
            )
        return self._refusals[start]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if addresses.is_for_supervisors(scope["path"]):
            await self._app(scope, receive, send)
            return
        check_address(scope, self._hosts)
        if addresses.is_static(scope["path"]) or addresses.is_picture(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await self._gate.run(self._app, scope, receive, send)

    def _set_headers(self, headers: MutableHeaders, path: str) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if headers.get("content-type", "").startswith("application/pdf"):
            headers["Content-Security-Policy"] = _PDF_POLICY
        if addresses.is_static(path):
            # Addresses of static files change with their content.
            headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
        headers.setdefault("Cache-Control", "no-cache")
        tag = headers.get("etag", "")
        if "content-encoding" in headers and tag and not tag.startswith("W/"):
            headers["ETag"] = f"W/{tag}"  # other bytes than those that the validator was made of
