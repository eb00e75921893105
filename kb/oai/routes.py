"""The address of the OAI-PMH repository, by GET and by POST."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from kb import addresses, messages
from kb.errors import NotFound
from kb.oai.answers import Repository, answer
from kb.site import site_of

router = APIRouter(include_in_schema=False, default_response_class=Response)


@router.get(addresses.OAI)
def oai(request: Request) -> Response:
    """An answer to a harvester."""
    return _answer(request, request.query_params.multi_items())


@router.post(addresses.OAI)
async def posted_oai(request: Request) -> Response:
    """The same for arguments that come as a form."""
    form = (await request.body()).decode("utf-8", "replace")
    return await run_in_threadpool(_answer, request, parse_qsl(form, keep_blank_values=True))


def _answer(request: Request, pairs: Sequence[tuple[str, str]]) -> Response:
    site = site_of(request)
    if not site.is_harvested:
        raise NotFound(
            "To repozytorium OAI-PMH nie jest jeszcze czynne: protokół wymaga adresu e-mail, pod którym można napisać do "
            "administratora. Można go podać w ustawieniu KB_CONTACT."
        )
    repository = Repository(
        name=messages.SITE_NAME,
        address=site.base_url(request) + addresses.OAI,
        contact=site.settings.contact,
        ledger=site.archive.ledger,
        taxonomy=site.knowledge.taxonomy,
        source=lambda document: site.source(request, document),
    )
    content = answer(repository, pairs, datetime.now(UTC))
    return Response(content, media_type="text/xml; charset=utf-8")
