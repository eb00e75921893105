"""What all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from library import TAXONOMY, Library

# No generated example fails for the time that it takes: a machine that runs several tests at once is slow.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_FOR_ALL = {
    # What is no test of meaning does without: encoding would take minutes.
    "KB_MEANING": "off",
    # A machine that runs several tests at once is slow. Tests of the time limit have a clock of their own.
    "KB_REQUEST_SECONDS": "60",
}


@pytest.fixture(autouse=True, scope="session")
def _settings_for_all() -> None:
    """Here, not in a fixture of each test: applications that many tests share read them too."""
    os.environ.update(_FOR_ALL)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the person who runs the tests do not change what they say."""
    for name in [name for name in os.environ if name.startswith("KB_") and name not in {"KB_CORPUS", *_FOR_ALL}]:
        monkeypatch.delenv(name)
    # Recognising takes seconds and needs programs that not every machine has: tests of it switch it on.
    monkeypatch.setenv("KB_OCR", "off")


@pytest.fixture
def _careless_whoosh() -> Iterator[None]:
    """For tests that spoil an index: Whoosh leaves open what it cannot read, which must not trouble the next test."""
    yield
    gc.collect()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty collection with a taxonomy."""
    made = Library(tmp_path)
    made.write("taxonomy.yaml", TAXONOMY)
    return made
