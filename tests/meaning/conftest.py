"""What tests of meaning share: the server, and a collection with subjects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from library import Library

from meaning.server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of embeddings."""
    with serving() as started:
        yield started


@pytest.fixture
def shelf(library: Library) -> Library:
    """Thirty documents about nothing, and some that mean something."""
    for number in range(30):
        library.markdown(
            f"n{number}.md",
            f"Uchwała numer {number} o sprawach zwykłych{' i bruku' if number < 3 else ''}.",
            title=f"Uchwała {number}",
        )
    library.markdown("kredyt.md", "Kredyt spłaca się przez lata.", title="Finanse", kind="poradnik")
    library.markdown("autobus.md", "Autobus jedzie co godzinę.", title="Linie", kind="raport")
    library.run()
    return library
