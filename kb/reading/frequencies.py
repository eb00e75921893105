"""On how many pages concepts stand: asked for in one call, and never twice."""

from __future__ import annotations

from collections.abc import Iterable

from kb.engine import Concept, Form, State


class Frequencies:
    """On how many pages concepts stand in one state of the index: asked for in one call, and never twice."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[tuple[Form, ...], int] = {}

    def of(self, concepts: Iterable[Concept]) -> list[int]:
        """The frequency of each concept."""
        concepts = list(concepts)
        found = [self._known.get(concept.forms) for concept in concepts]
        new = {each.forms: each for each, pages in zip(concepts, found, strict=True) if pages is None}
        if new:
            self._known.update(zip(new, self._state.frequencies(list(new.values())), strict=True))
        return [
            self._known[each.forms] if pages is None else pages for each, pages in zip(concepts, found, strict=True)
        ]
