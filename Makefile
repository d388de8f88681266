# Two commands for a fresh machine with Python 3.10 or newer, git and make:  make demo   and   make test
PYTHON ?= python3
VENV := .venv
BIN := $(abspath $(VENV))/bin
STAMP := $(VENV)/.installed
EXAMPLE := example_project
# dg and dagster write no telemetry from this repository's commands.
export DAGSTER_DISABLE_TELEMETRY ?= 1
export PATH := $(BIN):$(PATH)
DEMO_HOME := $(abspath $(EXAMPLE))/.dagster_home

# Event logs and databases of tests would wait for the disk after each write, so their folders are in memory if it has room.
MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')
# Processes that tests start would compile the package anew each time.
unexport PYTHONDONTWRITEBYTECODE
test check test-all: export TMPDIR ?= $(or $(MEMORY),/tmp)

.PHONY: demo test test-all static check fix reference dev bench bench-quick screenshot install clean

install: $(STAMP)

$(STAMP): pyproject.toml requirements-dev.txt constraints.txt $(EXAMPLE)/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -r requirements-dev.txt -e . -e $(EXAMPLE)
	touch $(STAMP)

# Prepares the example's dbt project for its Python definition and for its component, materializes everything on an
# embedded PostgreSQL, prints what was built.
demo: $(STAMP) $(DEMO_HOME)/dagster.yaml
	cd $(EXAMPLE) && dbt-component project prepare-and-package --file src/nyc_flights/defs/alerts/unusual_days.py
	cd $(EXAMPLE) && DAGSTER_HOME=$(DEMO_HOME) dg utils refresh-defs-state
	cd $(EXAMPLE) && DAGSTER_HOME=$(DEMO_HOME) python ../scripts/demo.py

# Writes docs/reliability.md: what was tried, and how it ended.
test: $(STAMP)
	python -m pytest tests -n 2 --dist worksteal --write-reliability docs/reliability.md

test-all: $(STAMP)
	EQUIVALENCE_EVERY_MODE=1 python -m pytest tests -m "slow or not slow"

static: $(STAMP)
	ruff format --check .
	ruff check .
	mypy
	lint-imports

check: static
	python -m pytest tests -n 2 --dist worksteal -m "not server and not slow"

fix: $(STAMP)
	ruff format .
	ruff check --fix .

# docs/reference.md from the code; `make check` fails if it differs.
reference: $(STAMP)
	python scripts/reference.py

# Dagster's UI on the example, with the runs that `make demo` made.
dev: $(STAMP) $(DEMO_HOME)/dagster.yaml
	cd $(EXAMPLE) && DAGSTER_HOME=$(DEMO_HOME) dg dev

bench: $(STAMP)
	python -m benchmarks

bench-quick: $(STAMP)
	python -m benchmarks --quick --skip-peer

# The pictures of the documentation, from the real UI and the runs that `make demo` made; needs Chromium.
screenshot: $(STAMP) $(DEMO_HOME)/dagster.yaml
	cd $(EXAMPLE) && DAGSTER_HOME=$(DEMO_HOME) python ../scripts/screenshot.py ../docs

$(DEMO_HOME)/dagster.yaml:
	@mkdir -p $(DEMO_HOME)
	@printf 'telemetry:\n  enabled: false\n' > $@

clean:
	rm -rf $(VENV) .peer-venv $(EXAMPLE)/.dagster_home $(EXAMPLE)/.postgres
