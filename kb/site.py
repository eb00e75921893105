"""What every handler needs, held by the application and nowhere else: the knowledge base, templates, clock and settings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from kb import messages
from kb.search import KnowledgeBase
from kb.settings import Settings

NAME = "Baza wiedzy CWD"
STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Site:
    """One running site. ``today`` is the clock, for dates of access."""

    settings: Settings
    knowledge: KnowledgeBase
    templates: Environment
    today: Callable[[], date]

    def base_url(self, request: Request) -> str:
        """Where the site is for the world, without a slash at the end; else as the request found it."""
        return (self.settings.public_url or str(request.base_url)).rstrip("/")


def site_of(request: Request) -> Site:
    """The site that a request is for."""
    site: Site = request.app.state.site
    return site


def load_templates(settings: Settings) -> Environment:
    """Templates that escape by themselves and fail loudly on a name that a page does not have."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["long_date"] = messages.long_date
    environment.filters["documents"] = messages.documents
    environment.filters["pages"] = messages.pages
    environment.filters["grouped"] = messages.grouped
    environment.globals["site_name"] = NAME
    environment.globals["contact"] = settings.contact
    environment.globals["static"] = _static_url
    return environment


def _static_url(name: str) -> str:
    """A static file's address; it changes with the file, so that browsers may keep the file for good."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
