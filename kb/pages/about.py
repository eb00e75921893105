"""About the base: what is in it and how to search, by examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from kb import messages
from kb.addresses import ABOUT
from kb.pages.base import BasePage, Link, search_link

EXAMPLES = (
    ("wkład własny", "słowa w dowolnej formie: odnajdzie także „wkładu własnego”"),
    ("zrodla dofinansowania", "bez polskich liter albo z literówką"),
    ("ZIT", "skrót odnajduje też „zintegrowane inwestycje terytorialne” – i odwrotnie"),
    ("„opinia regionalnej izby obrachunkowej”", "w cudzysłowie: dokładnie te słowa w tej kolejności"),
    ("„partnerstwa”", "jedno słowo w cudzysłowie: tylko ta forma"),
    ("rewitalizacja -komitet", "minus przed słowem pomija strony, na których ono występuje"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPage(BasePage):
    """``/o-bazie``; ``collection`` is what editors say of the documents, "" for nothing."""

    template: ClassVar[str] = "about.html"
    documents: str
    pages: str
    examples: tuple[Link, ...]
    collection: Markup


def about_page(size: tuple[int, int], collection: Markup) -> AboutPage:
    """What the base is and how to search."""
    return AboutPage(
        title="O bazie",
        canonical=ABOUT,
        documents=messages.documents(size[0]),
        pages=messages.counted(size[1], "stronę", "strony", "stron"),
        examples=tuple(Link(text=text, url=search_link(text), note=note) for text, note in EXAMPLES),
        collection=collection,
    )
