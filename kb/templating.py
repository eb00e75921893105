"""How templates become HTML: Jinja, Polish typesetting, and where static files are."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from kb import addresses, messages
from kb.settings import Settings

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
STYLE = (STATIC / "style.css").read_text(encoding="utf-8")
"""The style of every page, in the page: on a slow line a file of its own would have people wait twice for the first words.
A refusal is short instead, and has the file."""
STYLE_HASH = f"sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}"
"""By which the security policy knows it."""


def load_templates(settings: Settings) -> Environment:
    """Jinja with autoescape, and strict undefined: a name that a page does not have is an error."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_Tied],
    )
    environment.filters["tied"] = tied
    environment.filters["long_date"] = messages.long_date
    environment.filters["quoted"] = messages.quoted
    environment.filters["grouped"] = messages.grouped
    environment.globals["site_name"] = messages.SITE_NAME
    environment.globals["contact"] = settings.contact
    environment.globals["addresses"] = addresses
    environment.globals["static"] = static_url
    environment.globals["style"] = STYLE
    return environment


class _Tied(Extension):
    """The text of the templates themselves, typeset like what ``tied`` is said of in them."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Tie the one-letter words of everything that is no expression."""
        for token in stream:
            yield Token(token.lineno, token.type, tied(token.value)) if token.type == "data" else token


def tied(text: str) -> str:
    """For titles and other words of ours in HTML; nothing that people copy, such as a citation, is given to it."""
    typeset = messages.tied(text)
    return Markup(typeset) if isinstance(text, Markup) else typeset  # noqa: S704  # as safe as it was


@cache
def static_url(name: str) -> str:
    """A static file's address; it changes with the file, so that browsers may keep it for good."""
    return addresses.static_url(name, hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12])
