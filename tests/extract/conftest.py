"""What the tests of extraction share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.polish import shared_analyzer


@pytest.fixture(scope="session")
def known() -> Callable[[str], bool]:
    """The real dictionary."""
    return shared_analyzer().known


@pytest.fixture
def corpus() -> Path:
    """A folder of real documents outside the project, with ``pdf``, ``hostile`` and ``md`` in it."""
    folder = os.environ.get("KB_CORPUS")
    if not folder:
        pytest.skip("KB_CORPUS names no folder of real documents")
    return Path(folder)
