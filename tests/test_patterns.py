"""Every regular expression of the program on inputs made to be dear for it: none may take more than its share of processor time.

A pattern that goes back over what it has read takes four times the input sixteen times as long. Inputs are made of the
pattern's own characters and words, so that a new pattern is attacked too.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import kb
from kb.extract import encodings
from kb.facets import FACETS

_SIZES = (1_000, 8_000)
_TOO_LONG = 0.04
"""Seconds for the longest input: a pattern that reads each character once needs less than a fifteenth of that."""
_RUNS = 3
_FUNCTIONS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
_ONCE = {"match", "fullmatch"}
_COMMON = ' \n\t.,…!?"”„»()-–/_<>&§•1aąAż\u00ad\ue000'
_SECOND = " .1"
_ENDS = ("", "\x00")


class Use(NamedTuple):
    """A pattern in a module, and whether it is tried at every place of a text or at its beginning alone."""

    where: str
    pattern: re.Pattern[str]
    anywhere: bool


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(kb.__path__, "kb."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls of functions of ``re``."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in _FUNCTIONS
        ):
            yield node


def _methods(tree: ast.Module) -> dict[str, set[str]]:
    """Name → what is called on it, or "" where it is passed on."""
    found: dict[str, set[str]] = {}
    called = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in called:
            found.setdefault(node.id, set()).add("")
    return found


def _value(node: ast.expr, module: ModuleType) -> object:
    return eval(compile(ast.Expression(node), module.__name__, "eval"), vars(module))  # the program's own text


def _uses() -> Iterator[Use]:
    for module in _modules():
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        methods = _methods(tree)
        names = {
            id(node.value): target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in _calls(tree):
            assert isinstance(call.func, ast.Attribute)
            where = f"{module.__name__}:{call.lineno}"
            if call.func.attr == "compile":
                try:
                    pattern = _value(call, module)
                except NameError:
                    # A pattern made for each of a list: they are taken from there.
                    assert module is encodings, f"{where}: which pattern is this?"
                    continue
                used = methods.get(names.get(id(call), ""), {""})
            else:
                flags = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
                try:
                    source = _value(call.args[0], module)
                except NameError:
                    # A pattern that is a value of a table: it is taken from there.
                    assert ast.unparse(call.args[0]) == "facet.pattern", f"{where}: which pattern is this?"
                    continue
                pattern = re.compile(str(source), *(_value(flag, module) for flag in flags))  # type: ignore[arg-type]
                used = {call.func.attr}
            assert isinstance(pattern, re.Pattern)
            yield Use(where, pattern, not used <= _ONCE)
    for number, misreading in enumerate(encodings.misreadings()):
        for pattern in (misreading.seen, misreading.word, *(pattern for pattern, _ in misreading.signs[:3])):
            yield Use(f"misreading {number}", pattern, anywhere=True)
    for name, facet in FACETS.items():
        if facet.pattern:
            yield Use(f"facet {name}", re.compile(facet.pattern), anywhere=False)


def _inputs(pattern: str, size: int) -> Iterator[str]:
    """Long repeats of what the pattern may look for, with ends at which it may fail."""
    plain = re.sub(r"\\[a-zA-Z]", " ", pattern)
    words = sorted(set(re.findall(r"[^\W\d_]{2,}|<\w+>| \(", plain)), key=len)[-8:]
    signs = sorted(set(plain) | set(_COMMON))
    units = [*signs, *words, *(sign + second for sign, second in product(signs, _SECOND))]
    for unit in units:
        body = unit * (size // len(unit))
        for end in _ENDS if len(unit) == 1 else ("\x00",):
            yield body + end
    for word in words:
        yield word + " " * size + "\x00"
        yield word + "1" * size + "\x00"


def _seconds(use: Use, text: str) -> float:
    """The processor time of looking for the pattern all through a text; the best of several runs where it seems long."""
    best = float("inf")
    for _ in range(_RUNS):
        start = time.thread_time()
        if use.anywhere:
            for _found in use.pattern.finditer(text):
                pass
        else:
            use.pattern.match(text)
            use.pattern.fullmatch(text)
        best = min(best, time.thread_time() - start)
        if best <= _TOO_LONG:
            break
    return best


def _dear_input(use: Use) -> str:
    """The beginning of the first input that takes too long, with its length; "" where there is none."""
    for size in _SIZES:
        for text in _inputs(use.pattern.pattern, size):
            if _seconds(use, text) > _TOO_LONG:
                return f"{text[:20]!r}… of {len(text)}"
    return ""


_USES = list(_uses())


@pytest.mark.parametrize("use", _USES, ids=lambda use: use.where)
def test_no_pattern_goes_back_over_what_it_has_read(use: Use) -> None:
    """Eight thousand characters of anything are looked through in no time."""
    assert _dear_input(use) == "", use.pattern.pattern


def test_every_pattern_is_found() -> None:
    """The list has the patterns of modules, of functions and of tables, whatever function they are used with."""
    found = {use.where.split(":")[0] for use in _USES}
    assert {
        "kb.finding.snippets",
        "kb.extract.layout",
        "kb.catalogue.metadata",
        "kb.finding.suggest",
        "facet year",
    } <= found
    imported = {id(value) for module in _modules() for value in vars(module).values() if isinstance(value, re.Pattern)}
    assert len(_USES) >= len(imported)


@pytest.mark.parametrize(
    ("pattern", "dear"),
    [
        (r"[.!?…]+\s+(?=[A-Z])", True),
        (r"[.!?…]++(?=\s+[A-Z])|[.!?…]++", False),
        (r"<b>(.*?)</b>", True),
        (r"<b>([^<]*+)</b>", False),
    ],
)
def test_the_measure_tells_good_from_bad(pattern: str, *, dear: bool) -> None:
    """Patterns known to be slow are caught, those mended are not."""
    assert bool(_dear_input(Use("", re.compile(pattern), anywhere=True))) is dear
