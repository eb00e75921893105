# Two commands do everything on a fresh machine: "make run" and "make test". Both prepare .venv once.
PYTHON ?= python3
BIN := .venv/bin
INSTALL = -m pip install --quiet --disable-pip-version-check

# Text recognition in scans is installed where Tesseract is: without it the packages are of no use.
OCR := $(if $(shell command -v tesseract),.venv/installed-ocr)

.PHONY: attack run test index documents screenshots constraints clean

run: .venv/installed $(OCR)
	$(BIN)/kb index || test $$? -eq 1
	$(BIN)/kb serve

index: .venv/installed $(OCR)
	$(BIN)/kb index

test: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist loadfile

attack: .venv/installed-attack
	$(BIN)/python benchmarks/attack.py --write docs/reliability.md

documents: .venv/installed-documents
	$(BIN)/python sources/build.py

# Needs Chromium.
screenshots: .venv/installed
	$(BIN)/python sources/screenshots.py

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Potrzebny jest Python 3.11 albo nowszy.")'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt .venv/bin/python
	$(BIN)/python $(INSTALL) -c constraints.txt --editable '.[meaning]'
	touch $@

.venv/installed-test: pyproject.toml constraints.txt .venv/bin/python
	$(BIN)/python $(INSTALL) -c constraints.txt --editable '.[test,ocr]'
	# Of this one only the script in it is wanted, not Playwright with its own browser.
	$(BIN)/python $(INSTALL) -c constraints.txt --no-deps axe-playwright-python
	touch .venv/installed $@

.venv/installed-ocr: pyproject.toml constraints.txt .venv/bin/python
	$(BIN)/python $(INSTALL) -c constraints.txt --editable '.[ocr]'
	touch .venv/installed $@

.venv/installed-attack: pyproject.toml constraints.txt .venv/bin/python
	$(BIN)/python $(INSTALL) -c constraints.txt --editable '.[meaning,attack]'
	touch .venv/installed $@

.venv/installed-documents: pyproject.toml constraints.txt .venv/bin/python
	$(BIN)/python $(INSTALL) -c constraints.txt --editable '.[documents]'
	touch .venv/installed $@

# The newest versions that pyproject.toml allows, found in an environment of their own; the comment at the top stays.
constraints:
	$(PYTHON) -m venv --clear .venv/constraints
	.venv/constraints/bin/python $(INSTALL) --editable '.[test,documents,ocr,attack]'
	.venv/constraints/bin/python $(INSTALL) --no-deps axe-playwright-python
	grep '^#' constraints.txt > .venv/constraints/list
	.venv/constraints/bin/python -m pip freeze --exclude-editable >> .venv/constraints/list
	cp .venv/constraints/list constraints.txt
	rm -rf .venv/constraints

clean:
	rm -rf .venv index/builds index/extracted index/CURRENT index/files.json index/lock
