# make demo | report | test | catalog SPECTRA=folder NAME=mine | models | box | lint | dry-run | clean
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
READY := .venv/.ready
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES) --rerun-incomplete
WORKERS ?= $(CORES)
NAME ?= mine
SLURM_TESTS ?= tests/slurm
LIBRARY := results/templates/library.h5

.PHONY: docs pages help setup demo paper-demo report box engines test test-quick test-slurm test-archives test-desk catalog models lint format dry-run clean
help:
	@echo "make demo                              set up, then the whole workflow on the simulated survey"
	@echo "make paper-demo                        the demo's spectra by the paper's recipe too, and what each repairs and harms"
	@echo "make report                            the demo's figures, tables and comparisons, as pages for a browser"
	@echo "make catalog SPECTRA=folder NAME=mine  a catalogue of your own LAMOST FITS files"
	@echo "make engines                           the demo's parameters by every engine, beside each other"
	@echo "make models                            the demo's trained models in one file, results/demo/models.tar.gz"
	@echo "make box                               the models that come with mstars, anew (hours)"
	@echo "make test                              set up, then the tests, side by side on all cores"
	@echo "make test-quick                        the quick ones: for the time between two edits"
	@echo "make test-slurm                        the tests of the cluster path, on a Slurm brought up for them (as root)"
	@echo "make test-archives                     the tests of fetching, on archives brought up for them (a TAP service as root)"
	@echo "make test-desk                         the tests of the review desk, in a browser where chromium is installed"
	@echo "make docs                              these pages for a browser, build/docs/html/index.html"
	@echo "make pages                             the pages and files that are made from the code (docs/configuration.md, ...)"
	@echo "make lint | format | dry-run | clean"

setup: $(READY)
$(READY): envs/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mstars needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/mstars compile
	@touch $@

demo: $(READY)
	$(SNAKEMAKE) all
	@cat results/demo/validation/scorecard.md

# in the paper people decide every candidate; here the consensus does, in both
PAPER := --configfile config/paper.yaml config/paper_demo.yaml --config 'review={"mode": "provisional"}'
paper-demo: $(READY)
	$(SNAKEMAKE) -- results/demo/validation/scorecard.json
	$(SNAKEMAKE) results/demo_paper/validation/scorecard.json $(PAPER)
	$(SNAKEMAKE) -- results/demo/validation/recipes.csv
	@cat results/demo/validation/recipes.md

report: $(READY)
	$(SNAKEMAKE) paper
	$(SNAKEMAKE) --report results/demo/report.html -- paper
	@echo "open results/demo/report.html and results/demo/index.html in a browser"

# by the environment, so that quotes and blanks in a path reach Snakemake as they are
override export SPECTRA := $(value SPECTRA)
override export NAME := $(value NAME)
AS_JSON := $(BIN)/python -c 'import json, sys; a = sys.argv[1:]; print(a[0] + "=" + json.dumps(dict(zip(a[1::2], a[2::2]))))'
catalog: $(READY)
	@test -n "$$SPECTRA" || { echo 'say which files: make catalog SPECTRA=folder-or-glob NAME=mine' >&2; exit 2; }
	@files=$$($(AS_JSON) files spectra "$$SPECTRA"); survey=$$($(AS_JSON) survey name "$$NAME" kind files); \
		$(SNAKEMAKE) all --configfile config/spectra.yaml --config "$$survey" "$$files"

docs: $(READY)
	@rm -rf docs/reference/api
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs build/docs/html
	@echo "open build/docs/html/index.html in a browser"

models: $(READY)
	$(SNAKEMAKE) models

# resources/models/README.md says what they are
box: $(READY)
	$(SNAKEMAKE) models --configfile config/box.yaml
	cp results/box/models.tar.gz resources/models/simulated-1.tar.gz

engines: $(READY)
	$(SNAKEMAKE) engines_beside --configfile config/engines.yaml

# built once for all tests that run the workflow
$(LIBRARY): $(wildcard src/mstars/templates/*.py) | $(READY)
	$(SNAKEMAKE) --quiet all -- $@

TEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal
test: $(READY) $(LIBRARY)
	$(TEST)

test-quick: $(READY)
	$(TEST) -m "not slow and not workflow and not browser and not slurm"

test-slurm: $(READY) $(LIBRARY)
	@$(BIN)/python tests/slurm/cluster.py install
	$(BIN)/python -m pytest -m slurm --durations=0 $(SLURM_TESTS)

# the tests that need no service of their own are part of `make test`
test-archives: $(READY) $(LIBRARY)
	@$(BIN)/python tests/archives/dachs.py install
	$(BIN)/python -m pytest -m archives --durations=5 tests/archives

test-desk: $(READY)
	$(BIN)/python -m pytest tests/mstars_desk

# pages that are made from the code are tracked: a test says when they are behind
pages: $(READY)
	$(BIN)/mstars config --write-docs .
	$(BIN)/python -m mstars.catalog > docs/columns.md

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/codespell
	$(BIN)/python docs/prose.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@$(BIN)/python docs/prose.py --wrap || true

dry-run: $(READY)
	$(SNAKEMAKE) -n all

clean:
	rm -rf results .snakemake build
