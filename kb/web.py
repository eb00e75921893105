"""The web application: ``create_app`` puts pages, API, static files, error handling and headers together."""

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
from http import HTTPStatus

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb import addresses, limits
from kb.api import routes as api
from kb.archive import Archive
from kb.console import harmless
from kb.engine import Store
from kb.errors import BadRequest, Gone, KbError, NotFound, Overloaded, UnknownHost
from kb.freshness import COMPRESSED_FROM_BYTES, COMPRESSION_LEVEL, NOT_COMPRESSED, Unchanged
from kb.gate import Gate, check_address, hosts_of
from kb.meaning.making import Background
from kb.memory import keep_tidy
from kb.oai import routes as oai
from kb.pages import routes as pages
from kb.pages.base import respond
from kb.pages.errors import error_page
from kb.pages.versions import removed_page
from kb.pictures import Pictures
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings, load
from kb.site import NAME, STATIC, STYLE_HASH, Directory, EventList, Pulse, Site, load_templates, site_of
from kb.texts import SiteTexts
from kb.versions import Versions, said

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
_BROKEN = "Po naszej stronie wystąpił błąd. Spróbuj ponownie za chwilę."
_HTTP_MESSAGES = {
    404: "Pod tym adresem nic nie ma. Adres mógł zostać źle przepisany albo strona została usunięta.",
    405: "Ten adres służy tylko do czytania (metoda GET).",
}


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
    versions, directory = Versions(knowledge, archive), Directory(knowledge, archive.ledger)
    events, texts = EventList(knowledge), SiteTexts(settings.documents.absolute())
    templates, pictures, pulse = load_templates(settings), Pictures(settings), Pulse(knowledge)
    site = Site(
        settings, knowledge, directory, events, templates, gate, pulse, pictures, today, versions, archive, texts
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
        title=f"{NAME} – API",
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
    app.add_exception_handler(KbError, _on_error)
    app.add_exception_handler(HTTPException, _on_error)
    app.add_exception_handler(RequestValidationError, _on_error)
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


def _on_error(request: Request, error: Exception) -> Response:
    """Any error as JSON for programs, as a page for people. Of an unexpected error nothing is shown."""
    if isinstance(error, NotFound) and addresses.document_of(request.url.path):
        with contextlib.suppress(KbError):
            left = _where_it_went(request)
            if left:
                return left
    if isinstance(error, KbError):
        status, code, message, details = error.status, error.code, error.message, _told(error)
    elif isinstance(error, RequestValidationError):
        status, code = BadRequest.status, BadRequest.code
        message = "Nie rozumiemy parametrów zapytania."
        details = tuple(str(problem["msg"]) for problem in error.errors())
    elif isinstance(error, HTTPException):
        status, details = error.status_code, ()
        code = HTTPStatus(status).phrase.lower().replace(" ", "_")
        message = _HTTP_MESSAGES.get(status, "Nie da się wykonać tego żądania.")
    else:
        status, code, message, details = 500, "internal_error", _BROKEN, ()
    if addresses.is_for_programs(request.url.path):
        content = {"error": {"code": code, "message": message, "details": list(details)}}
        response: Response = JSONResponse(content, status)
    else:
        if isinstance(error, KbError) and error.for_readers:
            _LOG.error("%s: %s %s", code, message, "; ".join(details))
            message, details = error.for_readers, ()
        response = respond(request, error_page(request, status, message, details), status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    if status == 503:
        response.headers["Retry-After"] = str(error.retry_after if isinstance(error, KbError) else KbError.retry_after)
    return response


def _told(error: KbError) -> tuple[str, ...]:
    """The details of an error that may be told to anybody; the log has the others."""
    if error.discreet and error.details:
        _LOG.error("%s: %s", error.code, "; ".join(error.details))
        return ()
    return error.details


def _where_it_went(request: Request) -> Response | None:
    """The way to a document that is under another id, or whose address was copied with the end of a sentence.

    Of a removed one what it was; None for a document that is here, or never was.
    """
    versions, path = site_of(request).versions, request.url.path
    query = f"?{request.url.query}" if request.url.query else ""
    shorter = addresses.without_end_of_sentence(path)
    if shorter and not addresses.is_for_programs(path):
        return RedirectResponse(shorter + query, HTTPStatus.FOUND)
    id = addresses.document_of(path)
    target = versions.moved_to(id)
    if target:
        return RedirectResponse(addresses.of_other_document(path, target) + query, HTTPStatus.MOVED_PERMANENTLY)
    passed = versions.passed(id)
    if passed is None:
        return None
    if not addresses.is_for_programs(path):
        return respond(request, removed_page(request, passed), Gone.status)
    document = passed.document
    message = f"Dokument „{document.title}” usunięto z bazy {said(passed.removed)} Jego wersje można nadal czytać."
    details = [addresses.API_VERSIONS.format(id=document.id)]
    return JSONResponse({"error": {"code": Gone.code, "message": message, "details": details}}, Gone.status)


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
            return _on_error(Request({**scope, **_NOBODY}), error)
        if not isinstance(error, Overloaded):
            return _on_error(Request(scope), error)
        # Made once: whoever is refused must not take time from those who are answered.
        start = addresses.API if addresses.is_for_programs(scope["path"]) else addresses.START
        if start not in self._refusals:
            self._refusals[start] = _on_error(Request({**scope, **_NOBODY, "path": start, "query_string": b""}), error)
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
        if headers.get("allow") == "GET":
            headers["Allow"] = "GET, HEAD"
        tag = headers.get("etag", "")
        if "content-encoding" in headers and tag and not tag.startswith("W/"):
            headers["ETag"] = f"W/{tag}"  # other bytes than those that the validator was made of
