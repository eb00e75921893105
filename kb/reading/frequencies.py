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
        new = list({c.forms: c for c in concepts if c.forms not in self._known}.values())
        if new:
            self._known.update(zip((c.forms for c in new), self._state.frequencies(new), strict=True))
        return [self._known[concept.forms] for concept in concepts]
