# Two commands do all set-up: `make demo` runs the whole way, `make test` passes the tests.
# What each target is for stands behind its name; CONTRIBUTING.md says when to use which.
# The first of these that starts is the default; PYTHON=python3.13 takes another one, and installs
# it all beside the default's, into .venv-python3.13.
DEFAULT := $(shell for python in python3.11 python3.12 python3.13; do \
    $$python -c '' 2>/dev/null && echo $$python && break; done)
PYTHON ?= $(DEFAULT)
VENV := .venv$(if $(filter-out $(DEFAULT),$(PYTHON)),-$(notdir $(PYTHON)))
BIN := $(VENV)/bin
CONFIG ?= expansion.toml
UV := $(shell command -v uv 2>/dev/null)
export DO_NOT_TRACK = true
# Compiled modules are written beside the sources: without them every process compiles all anew.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: demo test quick default check spark serve mlflow bench docs lock clean

$(VENV)/installed: requirements.lock pyproject.toml
	$(if $(PYTHON),,$(error no python3.11, python3.12 or python3.13 starts here; name one: PYTHON=...))
ifneq ($(UV),)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	$(PYTHON) -m venv $(VENV)
	# What is never imported need not be compiled: this halves the time.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes \
	    --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	touch $@

demo: $(VENV)/installed   ## the whole way on a simulated company, ending with its ten next-best accounts
	$(BIN)/expansion demo

test: check               ## everything that must hold before a change lands
	$(BIN)/python -m pytest

quick: $(VENV)/installed  ## a sample of the tests for while you work: a minute on one core
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 0 -m "(unit or spec) and not slow"

default:                  ## prints the Python that is taken where none is named
	@echo $(DEFAULT)

check: $(VENV)/installed  ## style, types and architecture
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

spark: $(VENV)/spark      ## adds PySpark (450 MB; it needs Java 17), for [engine] kind = "spark" and its tests

$(VENV)/spark: requirements-spark.lock $(VENV)/installed
ifneq ($(UV),)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --no-deps --no-build-isolation \
	    --requirement requirements-spark.lock
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes \
	    --no-deps --no-build-isolation --requirement requirements-spark.lock
endif
	touch $@

serve: $(VENV)/installed  ## the scoring API of the company in $(CONFIG)
	$(BIN)/expansion serve --config $(CONFIG)

mlflow: $(VENV)/installed ## the registry's pages
	$(BIN)/mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db --port 5000 --workers 1

bench: $(VENV)/installed  ## ratios against named peers, measured in the same run
	for file in benchmarks/*.py; do $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

docs: $(VENV)/installed   ## writes the generated documents anew
	$(BIN)/expansion catalogue --write
	$(BIN)/python -m tests.support.rooms
	$(BIN)/python -m serving.openapi.document docs/openapi.json
	$(BIN)/python -m serving.openapi.document --crm docs/openapi-crm.json

LOCKED = uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
    --no-annotate --universal --python-version 3.11 pyproject.toml
lock:                     ## resolves all locks anew (needs uv)
	$(LOCKED) --extra serving --extra telemetry --extra pipelines --extra postgres \
	    --extra pdf --extra dev --output-file requirements.lock
	for side in serving pipelines; do $(LOCKED) --extra $$side --extra telemetry --extra postgres \
	    --constraint requirements.lock --output-file requirements-$$side.lock || exit 1; done
	$(LOCKED) --extra spark --constraint requirements.lock --output-file requirements-spark.lock

clean:
	rm -rf .venv .venv-* var mlruns/mlflow.db mlruns/artifacts
