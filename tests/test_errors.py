"""The tree of errors: each knows its HTTP status, exit code and name for programs."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from http import HTTPStatus

import pytest

import kb
from kb.errors import KbError


def _all_errors() -> list[type[KbError]]:
    for module in pkgutil.walk_packages(kb.__path__, "kb."):
        if module.name != "kb.extract.child":  # a program
            importlib.import_module(module.name)
    return [KbError, *_below(KbError)]


def _below(error: type[KbError]) -> Iterator[type[KbError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)


@pytest.mark.parametrize("error", _all_errors(), ids=lambda error: error.__name__)
def test_an_error_says_all_that_is_asked(error: type[KbError]) -> None:
    """Status, exit code, code, message and details are there, and a sentence that says when it is raised."""
    raised = error("Coś poszło źle.", ["raz", "dwa"])
    assert 400 <= HTTPStatus(raised.status) < 600
    assert raised.exit_code in (1, 2)
    assert raised.code.isidentifier()
    assert raised.code == raised.code.lower()
    assert (raised.message, str(raised), raised.details) == ("Coś poszło źle.", "Coś poszło źle.", ("raz", "dwa"))
    assert error("x").details == ()
    assert error.__doc__
    assert error.__doc__ != KbError.__doc__ or error is KbError


def test_codes_are_unique() -> None:
    """A program can tell every error by its code."""
    codes = [error.code for error in _all_errors()]
    assert len(codes) == len(set(codes))


def test_all_errors_stand_in_one_place() -> None:
    """The tree is written in ``kb.errors`` and nowhere else, so that it can be read at once."""
    assert {error.__module__ for error in _all_errors()} == {"kb.errors"}
