# The ways in. All of them set up what is missing first: a virtual environment in .venv from requirements.lock, profiles.yml.
# PARITY=tables has spark-parity compare one run's tables and leave out dbt's and telco360's own tests on Spark.
# TELCO360_HOME names the directory of all data (default data/), PYTHON the Python to set up with (3.11 or later).
PYTHON ?= python3
BIN := .venv/bin
SUBSCRIBERS ?= 100000
KILLS ?= 200
LEVELS ?= 10

.PHONY: demo nightly test test-runs test-fast coverage check dev console docs bench chaos same-answer mutation spark-parity setup

demo: setup ## make a synthetic operator, run a run on it, show what it made
	@$(BIN)/telco360 sample
	@$(BIN)/telco360 nightly
	@$(BIN)/telco360 tour

nightly: setup ## take in, build, test, publish, export
	@$(BIN)/telco360 nightly

test: setup ## all tests but those of `make test-runs`: under ten minutes on two cores
	@$(BIN)/python -m pytest -q -n 2 -m "not runs"

test-runs: setup ## tests over many whole runs, and all figures held against the oracle
	@$(BIN)/python -m pytest -q -n 2 -m runs tests/integration

test-fast: setup ## unit tests without slow ones: under a minute
	@$(BIN)/python -m pytest -q -n 2 -m "unit and not slow" tests/unit

coverage: setup ## all tests, and the share of orchestration and sample that they run, which has a floor in pyproject.toml
	@$(BIN)/python -m pytest -q -n 2 --cov --cov-report=term

check: setup ## style, types, layers, SQL, YAML, the dbt project, its structure
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/sqlfluff lint --disable-progress-bar models
	@$(BIN)/sqlfluff lint --disable-progress-bar orchestration/targeting/sql
	@$(BIN)/yamllint --strict .
	@$(BIN)/dbt --quiet parse
	@$(BIN)/python -m pytest -q tests/unit/test_structure.py

bench: setup ## seconds and memory of a run by step, for SUBSCRIBERS made-up lines
	@$(BIN)/python -m benchmarks.bench --subscribers $(SUBSCRIBERS)

chaos: setup ## kills, full disks, damaged files and more, on copies of a small home: hours (as root, for mounts); KILLS=20 for less
	@$(BIN)/python -m benchmarks.chaos --kills $(KILLS) --levels $(LEVELS)

same-answer: setup ## full load, day by day, shuffled arrivals, rebuilt for a past date: every public table by checksum; a quarter of an hour
	@$(BIN)/python -m benchmarks.same_answer

mutation: setup ## a hundred defects seeded one at a time, and what notices each; writes docs/kill-matrix.md
	@$(BIN)/python -m benchmarks.mutations --page docs/kill-matrix.md

spark-parity: setup ## both engines on a cluster of this machine (Java 17), every public table row by row
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
ifeq ($(PARITY),tables)
	@$(BIN)/python -m benchmarks.spark_parity --ci
else
	@$(BIN)/python -m benchmarks.spark_parity
	@TELCO360_SPARK_TESTS=1 $(BIN)/python -m pytest -q tests/integration/test_spark_*.py
endif

docs: setup ## the documentation site in site/html; answers of example queries need a published version
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m reference

dev: setup ## Dagster's page on 127.0.0.1:3000
	@$(BIN)/telco360 dev

console: setup ## pages over the published version, on 127.0.0.1:3360
	@$(BIN)/telco360 console

setup: .venv/.ready profiles.yml

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14) and "telco360 needs Python 3.11 to 3.13; name one: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

profiles.yml: | profiles.yml.example
	@cp profiles.yml.example $@
