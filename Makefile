# Everything a newcomer needs. Python 3.11 or newer, make and git are enough.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo install test lint format bench page lock clean
.DEFAULT_GOAL := help

help: ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: .venv/.run ## A whole desk on this machine, no accounts needed
	@exec $(BIN)/deskhand demo $(ARGS)

install: .venv/.dev ## The .venv with all that development needs

test: .venv/.dev ## The tests, on SQLite and PostgreSQL, in a browser where there is one
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/.dev ## Formatting, style, types and the arrows between rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev ## Put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev ## Measurements, as ratios side by side
	$(BIN)/python -m bench $(ARGS)

page: ## Test and build the local Slack's page from its source (needs Node)
	cd bot/local/page && npm ci && npm test && npm run build

lock: .venv/.dev ## Lock exact versions with hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--group build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean: ## Remove what was installed and built
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Deskhand needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv

.venv/.run: requirements.txt pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

.venv/.dev: requirements-dev.txt pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements-dev.txt
	$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@ .venv/.run
