# `make run` and `make test` are all a newcomer needs; both install what they use.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python flow/run.py
# One process per CPU that may be used; tests/conftest.py says which tests stay together and which begin. After a test
# that hung the rest goes on in a new process, twice at most.
PYTEST := $(BIN)/python -m pytest --numprocesses $(shell nproc) --dist loadgroup --no-loadscope-reorder --max-worker-restart 2

.PHONY: setup run test test-quick lint hooks mutate bench reports docs clean

setup: .venv/installed

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

run: setup
	$(RUN) --design expmul

test: setup lint
	$(PYTEST)

test-quick: setup lint
	$(PYTEST) -m 'not slow'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# The checks of `make lint` before every commit, by git's hook; pre-commit is in no other command's way.
hooks: setup
	$(BIN)/pip install --quiet --disable-pip-version-check pre-commit==4.7.0
	$(BIN)/pre-commit install

# Does a test notice when hdl/ says something else? So many mutants, drawn with the seed; a table by file.
MUTANTS ?= 80
SEED ?= 1
TABLE ?= build/mutation.md
mutate: setup
	mkdir -p $(dir $(TABLE))
	$(BIN)/python tests/mutate.py --mutants $(MUTANTS) --seed $(SEED) --table $(TABLE)

bench: setup
	$(BIN)/python -m flow.bench

# The committed comparison, accuracy and reproduction pages again from the results beside them, to the same bytes.
reports: setup
	$(BIN)/python flow/compare.py --no-run --dims 16,32,64 --formats bf16,e4m3 --pdk nangate45,sky130,asap7
	$(BIN)/python flow/compare.py --no-run --dims 16,32 --formats bf16,e4m3 --pdk nangate45,sky130 --name variants \
		--kernels fa2_baseline,fa2_expmul,fa2_log2,fa2_log2_fixed,fa2_intmax
	$(BIN)/python flow/accuracy.py --no-run
	$(BIN)/python flow/report.py
	rm -f build/committed_history.db
	$(BIN)/python flow/track.py --db build/committed_history.db import reports/history.jsonl
	$(BIN)/python flow/track.py --db build/committed_history.db dashboard --page reports

# The guide to the kernels, drawn from the kernels.
docs: setup
	$(BIN)/python -m hdl.datapath > docs/kernels.md

clean:
	rm -rf build
