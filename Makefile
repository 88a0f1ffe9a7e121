# `make demo` and `make test` are all that a fresh machine needs: Python 3.11 or newer, and make.

PYTHON ?= $(shell for p in python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
INSTALLED := .venv/.installed
DOCS_INSTALLED := .venv/.docs-installed
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all test-versions lint format types readme docs linkcheck bench clean

help:  ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found: install one, or say make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(DOCS_INSTALLED): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	@touch $@

install: $(INSTALLED)  ## create .venv with the package and the pinned packages it needs

demo: $(INSTALLED)  ## tune a network on a table of scikit-learn for 45 seconds, score it honestly, write a report
	$(BIN)/sknet-hp tune sklearn:digits --scoring neg_log_loss --time-budget 45 --outer-cv 3 --overwrite
	@echo; echo "Open the report in a browser: digits-tuned/report.html"

test: $(INSTALLED)  ## run the tests, all but the slow ones
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

test-all: $(INSTALLED)  ## run all tests
	$(BIN)/python -m pytest -n $(WORKERS)

test-versions:  ## run the quick tests with the oldest and the newest supported versions, an environment each
	$(PYTHON) .ci/test_versions.py $(ARGS)

lint: $(INSTALLED)  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(INSTALLED)  ## repair what can be repaired of style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(INSTALLED)  ## check the package's types
	$(BIN)/mypy

readme: $(INSTALLED)  ## run the code and the commands of the README and the documentation's pages
	$(BIN)/python -m pytest -n $(WORKERS) tests/test_readme.py

docs: $(DOCS_INSTALLED)  ## build the documentation, examples included: docs/_build/html/index.html
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "docs/_build/html/index.html"

linkcheck: $(DOCS_INSTALLED)  ## look whether the addresses that the documentation links to exist
	$(BIN)/python -m sphinx --builder linkcheck --define plot_gallery=0 --quiet docs docs/_build/linkcheck

bench: $(INSTALLED)  ## measure fused training against skorch
	$(BIN)/python benchmarks/fused_vs_skorch.py

clean:  ## remove .venv and caches
	rm -rf .venv .venv-oldest .venv-newest docs/_build docs/auto_examples docs/reference/generated .mypy_cache .pytest_cache .ruff_cache
