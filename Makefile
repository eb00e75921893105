# Two commands do everything on a fresh machine: „make run" and „make test". Both prepare .venv once.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test index documents clean

run: .venv/installed
	$(BIN)/kb index || test $$? -eq 1
	$(BIN)/kb serve

index: .venv/installed
	$(BIN)/kb index

test: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

documents: .venv/installed-documents
	$(BIN)/python sources/build.py

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Potrzebny jest Python 3.11 albo nowszy.")'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-test: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch .venv/installed $@

.venv/installed-documents: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[documents]'
	touch .venv/installed $@

clean:
	rm -rf .venv index/builds index/extracted index/CURRENT index/files.json index/lock
