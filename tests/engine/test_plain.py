"""The plain engine is an engine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from engine.contract import AskedElsewhere, EngineContract, in_a_thread
from engine.plain import PlainStore
from kb.tuning import Tuning


class TestPlain(EngineContract):
    """All that any engine must do."""

    def open(self, folder: Path, tuning: Tuning) -> PlainStore:
        """A store in memory."""
        return PlainStore(folder, tuning)

    def elsewhere(self, folder: Path) -> AbstractContextManager[AskedElsewhere]:
        """It is in no other process."""
        return in_a_thread(PlainStore(folder, Tuning()))
