# `make run` and `make test` are all a newcomer needs; both install what they use. `make test-all` adds the tests of
# minutes, as CI and every night do.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python flow/run.py
# One process more than CPUs that may be used, for some tests wait: for a server, a limit of time, the end of a process.
# tests/conftest.py says which tests stay together and which begin. After a test that hung the rest goes on in a new
# process, twice at most.
PYTEST := $(BIN)/python -m pytest --numprocesses $(shell expr $$(nproc) + 1) --dist loadgroup --no-loadscope-reorder --max-worker-restart 2

PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# One lock for every Python from 3.11 on: `make lock` fits it to the ranges of pyproject.toml, UPGRADE=--upgrade renews it.
LOCK := $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header $(UPGRADE)
# What `make docs` needs beside all that.
DOCS_EXTRA := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")

.PHONY: setup run test test-all coverage lint hooks mutate bench reports docs lock dist clean

setup: .venv/installed

.venv/installed: pyproject.toml requirements.lock.txt
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.lock.txt
	$(PIP) --no-deps -e .
	touch $@

.venv/docs-installed: .venv/installed requirements-docs.lock.txt
	$(PIP) --require-hashes -r requirements-docs.lock.txt
	touch $@

lock: setup
	$(PIP) uv==0.13.9
	$(LOCK) --extra dev --output-file requirements.lock.txt pyproject.toml
	$(BIN)/python -c '$(DOCS_EXTRA)' | $(LOCK) --constraint requirements.lock.txt --output-file requirements-docs.lock.txt -

run: setup
	$(RUN) --design expmul

test: setup lint
	$(PYTEST) -m 'not slow'

test-all: setup lint
	$(PYTEST)

# Which lines of the code the quick tests run, in the commands that they start too.
coverage: setup
	mkdir -p build/coverage
	$(PYTEST) -m 'not slow' --cov --cov-report=term:skip-covered --cov-report=markdown:build/coverage.md

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# The checks of `make lint` before every commit, by git's hook; pre-commit is in no other command's way.
hooks: setup
	$(PIP) pre-commit==4.7.0
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

# The study of docs/search.md, from its kept results.
STUDY := $(BIN)/python flow/search.py --no-run --design expmul --set format=e4m3 --jobs 1 --objectives die,energy,delay,area \
	--vary synthesis=timing,area,adders --vary utilization=50..80:10 --vary padding=0..2

# The committed comparison, accuracy, search and reproduction pages again from the results beside them, to the same bytes.
reports: setup
	$(BIN)/python flow/compare.py --no-run --dims 16,32,64 --formats bf16,e4m3 --pdk nangate45,sky130,asap7,ihp130
	$(BIN)/python flow/compare.py --no-run --dims 16,32 --formats bf16,e4m3 --pdk nangate45,sky130 --name variants \
		--kernels fa2_baseline,fa2_expmul,fa2_log2,fa2_log2_fixed,fa2_intmax
	$(BIN)/python flow/compare.py --no-run --dims 16,32 --formats bf16,e4m3 --pdk nangate45 --name kernels --kernels all
	$(BIN)/python flow/accuracy.py --no-run
	$(BIN)/python flow/report.py
	$(STUDY) --to place --reports reports/search/expmul_e4m3_place
	$(STUDY) --to gds --reports reports/search/expmul_e4m3_gds
	rm -f build/committed_history.db
	$(BIN)/python flow/track.py --db build/committed_history.db import reports/history.jsonl
	$(BIN)/python flow/track.py --db build/committed_history.db dashboard --page reports

# The guide to the kernels, drawn from the kernels; then every guide and report as a site that can be searched.
docs: .venv/docs-installed
	$(BIN)/python -m hdl.datapath > docs/kernels.md
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs --doctree-dir build/doctrees . build/site

# The files of a release: wheel, source archive, and the version's section of CHANGELOG.md.
dist: setup
	$(PIP) build==1.3.0
	rm -rf build/dist
	$(BIN)/python -m build --outdir build/dist
	awk -v version="$$($(BIN)/python -c 'from flow.common.version import VERSION; print(VERSION)')" \
		'/^## /{shown = $$2 == version; next} shown' CHANGELOG.md > build/dist/notes.md

clean:
	rm -rf build
