"""The architecture is enforced: imports follow the layers written in pyproject.toml."""

from __future__ import annotations

import ast
import contextlib
import io
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parent.parent
KNOWN_TO_ONE = {
    "whoosh": "kb/engine/embedded/codec.py kb/engine/embedded/segments.py kb/engine/embedded/writer.py",
    "opensearchpy": "kb/engine/opensearch/connection.py",
    "pypdf": "kb/extract/pdf.py",
    # Lines, forms and pictures are read off the page that is open: subjects of their own, one library.
    "pypdfium2": "kb/extract/extras.py kb/extract/glyphs.py kb/extract/page.py kb/extract/pdf.py kb/extract/picture.py "
    "kb/extract/scans.py",
    "ocrmypdf": "kb/extract/ocr.py",
    "pikepdf": "kb/extract/ocr.py",
    "markdown_it": "kb/extract/markdown.py",
    "nh3": "kb/extract/markdown.py",
    "morfeusz2": "kb/polish.py",
    "Stemmer": "kb/polish.py",
    "typer": "kb/cli.py kb/usage.py",
}
"""Libraries that one module stands for, or some that belong together: another takes their place by a change there alone."""


def test_arrows_run_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """No module imports one above it, and every module has its place in the list."""
    monkeypatch.chdir(ROOT)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = lint_imports(no_cache=True, no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, said.getvalue()


def test_libraries_are_known_to_one_module() -> None:
    """Each of these libraries is imported by its own module and no other."""
    users: dict[str, set[str]] = {library: set() for library in KNOWN_TO_ONE}
    for path in (ROOT / "kb").rglob("*.py"):
        for name in _imported(path):
            if name in users:
                users[name].add(path.relative_to(ROOT).as_posix())
    assert users == {library: set(modules.split()) for library, modules in KNOWN_TO_ONE.items()}


def _imported(path: Path) -> set[str]:
    """Top-level names that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
