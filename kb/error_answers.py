"""Any error as an answer: a page for people, JSON for programs, or the way to what has moved."""

from __future__ import annotations

import contextlib
import logging
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from kb import addresses, messages
from kb.errors import BadRequest, Gone, KbError, NotFound
from kb.pages.base import respond
from kb.pages.errors import error_page
from kb.pages.versions import removed_page
from kb.site import site_of

_LOG = logging.getLogger(__name__)
_BROKEN = "Po naszej stronie wystąpił błąd. Spróbuj ponownie za chwilę."
_HTTP_MESSAGES = {
    404: "Pod tym adresem nic nie ma. Adres mógł zostać źle przepisany albo strona została usunięta.",
    405: "Ten adres służy tylko do czytania (metoda GET).",
}


def answer_to_error(request: Request, error: Exception) -> Response:
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
    message = f"Dokument „{document.title}” usunięto z bazy {messages.date_of(passed.removed)} Jego wersje można nadal czytać."
    details = [addresses.API_VERSIONS.format(id=document.id)]
    return JSONResponse({"error": {"code": Gone.code, "message": message, "details": details}}, Gone.status)
