# `make run` and `make test` are all a newcomer needs; both install what they use.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python flow/run.py

.PHONY: setup run test test-quick lint clean

setup: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

run: setup
	$(RUN) --design expmul

test: setup lint
	$(BIN)/python -m pytest

test-quick: setup lint
	$(BIN)/python -m pytest -m 'not slow'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf build
