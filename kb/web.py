"""The web application: ``create_app`` puts pages, API, static files, error handling and headers together."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable
from datetime import date
from http import HTTPStatus

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb import pages
from kb.api import routes as api
from kb.engine import Store
from kb.errors import BadRequest, KbError
from kb.pages.errors import error_page
from kb.pages.layout import respond
from kb.reading.query import make_query
from kb.search import KnowledgeBase
from kb.settings import Settings, load
from kb.site import NAME, STATIC, Site, load_templates

_LOG = logging.getLogger(__name__)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_THREADS = 4
"""Handlers at work in one process. They take turns at the interpreter: more of them at once only let all wait longer."""
_TURN_SECONDS = 0.0005
"""A search gives its turn up at each reading and long sum; at Python's own 0.005 s it would wait that long for each of them."""
_JSON_PATHS = ("/api/", "/healthz", "/readyz")
_BROKEN = "Po naszej stronie wystąpił błąd. Spróbuj ponownie za chwilę; jeśli się powtórzy, napisz do redakcji."
_HTTP_MESSAGES = {
    404: "Pod tym adresem niczego nie ma. Adres mógł zostać źle przepisany, a strona usunięta.",
    405: "Pod tym adresem można tylko czytać (metoda GET).",
}


def create_app(
    settings: Settings | None = None, today: Callable[[], date] = date.today, store: Store | None = None
) -> FastAPI:
    """The application over the index of ``settings``, by default those of the environment.

    It starts without an index and answers 503 until there is one. ``today`` is the clock, for dates of access; ``store`` is
    the index, where it is opened already.
    """
    settings = settings or load()
    site = Site(settings, KnowledgeBase(settings, store=store), load_templates(settings), today)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        sys.setswitchinterval(_TURN_SECONDS)
        await run_in_threadpool(_warm_up, site.knowledge)
        # Suggestions take a second or two of a large collection; answers need not wait for them.
        threading.Thread(target=_warm_up_suggestions, args=(site.knowledge,), daemon=True).start()
        yield

    app = FastAPI(
        title=f"{NAME} – API",
        description="Wyszukiwanie i czytanie dokumentów Centrum Wsparcia Doradczego. Wszystkie odpowiedzi to JSON.",
        version="1",
        lifespan=lifespan,
        # The stock documentation pages load scripts from elsewhere; ours is the page /api.
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.site = site
    app.include_router(api.health)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(_Frame)
    app.add_exception_handler(KbError, _on_error)
    app.add_exception_handler(HTTPException, _on_error)
    app.add_exception_handler(RequestValidationError, _on_error)
    return app


def _warm_up(knowledge: KnowledgeBase) -> None:
    """Open the index and the dictionary before the first reader comes; without an index there is nothing to open."""
    with contextlib.suppress(KbError):
        knowledge.search(make_query("samorząd"))


def _warm_up_suggestions(knowledge: KnowledgeBase) -> None:
    with contextlib.suppress(KbError):
        knowledge.suggest("sa")
    # All that lasts is there now; to look through it again and again the collector would stop every thread for 0.1 s.
    gc.freeze()


def _on_error(request: Request, error: Exception) -> Response:
    """Any error as JSON for programs, as a page for people. Of what is unexpected nothing is shown."""
    if isinstance(error, KbError):
        status, code, message, details = error.status, error.code, error.message, error.details
    elif isinstance(error, RequestValidationError):
        status, code = BadRequest.status, BadRequest.code
        message, details = "Nie rozumiemy parametrów zapytania.", tuple(str(one["msg"]) for one in error.errors())
    elif isinstance(error, HTTPException):
        status, details = error.status_code, ()
        code = HTTPStatus(status).phrase.lower().replace(" ", "_")
        message = _HTTP_MESSAGES.get(status, "Nie da się wykonać tego żądania.")
    else:
        status, code, message, details = 500, "internal_error", _BROKEN, ()
    if request.url.path.startswith(_JSON_PATHS):
        content = {"error": {"code": code, "message": message, "details": list(details)}}
        response: Response = JSONResponse(content, status)
    else:
        response = respond(request, error_page(request, status, message, details), status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    if status == 503:
        response.headers["Retry-After"] = "30"
    return response


class _Frame:
    """Around every answer: security headers, caching where nothing else is said, HEAD answered as GET without its body.

    An unexpected exception ends here, in the log: let through to the server, it would also cut the reader's connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
                _set_headers(MutableHeaders(scope=message), scope["path"])
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"} if head else scope
        try:
            await self._app(inner, receive, framed)
        except Exception as error:
            if started:
                raise
            _LOG.exception("%s %s", scope["method"], scope["path"])
            await _on_error(Request(inner, receive), error)(inner, receive, framed)


def _set_headers(headers: MutableHeaders, path: str) -> None:
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if headers.get("content-type", "").startswith("application/pdf"):
        # Browsers show a PDF with a viewer of their own, which our policy for pages would break.
        headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    if path.startswith("/static/"):
        # Addresses of static files change with their content.
        headers.setdefault("Cache-Control", "public, max-age=31536000, immutable")
    headers.setdefault("Cache-Control", "no-cache")
