# Every target that needs the environment sets it up first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: up down help setup demo test coverage test-compose test-fast faults lint types format lock docs docs-env site \
	screenshots sbom audit \
	spark-archive bench-backup bench-cadence bench-deciding bench-drills bench-feasibility bench-gates bench-history \
	bench-incidents bench-landing bench-monitoring bench-monitoring-peers bench-night bench-others bench-parsing bench-promotion bench-race bench-recovery \
	bench-rows bench-scoring bench-serving bench-training clean distclean

NIGHTS ?= 3
EXIT ?=
# Tests are shared by this many processes. tests/groups.py says which tests run together, and in which order.
WORKERS ?= 2
PARALLEL = -n $(WORKERS) --dist loadscope --no-loadscope-reorder

# On busy cores, OpenMP threads that wait for each other slow fits down by a factor of ten or more.
export OMP_NUM_THREADS ?= 1
# Airflow starts twice as fast from compiled files. spark-submit and Airflow find python3 on the path.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-24s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install Java where possible, and the pinned packages into .venv
	@scripts/bootstrap.sh

ifeq ($(STACK),compose)
up:
	@scripts/make_env.sh
	@docker compose build
	@docker compose up --wait

down:
	@docker compose down

demo: up
	@docker compose run --rm --no-deps demo --nights $(NIGHTS) $(if $(EXIT),--exit)
else
up: setup ## Start Airflow on this machine, in the background (STACK=compose: the container stack, with new secrets)
	@contender up

down: setup ## Stop what `make up` started (STACK=compose: the container stack; volumes are kept)
	@contender down

demo: setup ## Run NIGHTS=3 nights in a real Airflow (STACK=compose: on the container stack; EXIT=1: exit with a status)
	@python -m demo --nights $(NIGHTS) $(if $(EXIT),--exit)
endif

spark-archive: setup # in the background, while one core checks types
	@python -m tests.spark_archive &

test: spark-archive lint types ## Run every check and every test
	@mkdir -p build
	@python -m pytest $(PARALLEL) --durations=20 --junit-xml=build/junit.xml

coverage: setup ## Run every test and measure coverage; fail below its floor
	@mkdir -p build
	@python -m pytest $(PARALLEL) --cov --cov-report=
	@coverage xml --quiet -o build/coverage.xml
	@coverage report --skip-covered --sort=cover
	@coverage json --quiet -o build/coverage.json
	@echo "Branches of except that no test executed:" && python -m scripts.unexecuted_handlers build/coverage.json

test-fast: setup ## Run the tests that need no servers
	@python -m pytest $(PARALLEL) tests/unit tests/dags

lint: setup ## Check style, formatting and import contracts
	@ruff check .
	@ruff format --check --quiet .
	@lint-imports --no-cache

types: setup ## Check types
	@mypy

format: setup ## Format the code
	@ruff check --fix --quiet . ; ruff format --quiet .

lock: setup ## Compile requirements*.txt from requirements*.in
	@uv pip compile --quiet --override requirements-override.txt --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links requirements.in -o requirements.txt
	@uv pip compile --quiet --override requirements-override.txt --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links -c requirements.txt requirements-dev.in -o requirements-dev.txt
	@uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links requirements-docs.in -o requirements-docs.txt

docs: setup ## Regenerate the generated pages of docs/
	@AIRFLOW_HOME="$(CURDIR)/build/airflow" python -m scripts.generate_docs
	@python -m scripts.engines_page

docs-env: setup # the packages of the two targets below
	@[ build/docs-env/installed -nt requirements-docs.txt ] || { uv venv --quiet --clear build/docs-env && \
		uv pip sync --quiet --python build/docs-env --require-hashes requirements-docs.txt && touch build/docs-env/installed; }

site: docs-env ## Build the website of docs/ into build/site/html; fail if a link is broken
	@python -m scripts.site_pages
	@build/docs-env/bin/zensical build --clean --strict

screenshots: docs-env ## Take the pictures of docs/PAGES.md, after `make demo EXIT=1`; needs Chromium
	@python -m scripts.screenshots
	@python -m scripts.role_pictures

sbom: setup ## Write build/sbom.json: the locked packages, as CycloneDX
	@mkdir -p build
	@uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements --output-reproducible \
		--output-format JSON --output-file build/sbom.json requirements.txt
	@echo "build/sbom.json: $$(grep -c '"purl"' build/sbom.json) packages"

audit: setup ## Check the locked packages for known vulnerabilities; status 3 if some could not be checked
	@python -m scripts.audit_packages

bench-promotion: setup ## Measure promotion rules: false promotions, days to promote, served loss, blocked corruptions
	@python -m benchmarks.promotion

bench-race: setup ## Measure the sequential test of rivals: false promotions by kind of difference, days to promote
	@python -m benchmarks.race

bench-monitoring: setup ## Measure monitoring: false verdicts on quiet years, delay and kind of verdict on injected changes
	@python -m benchmarks.monitoring

bench-monitoring-peers: setup ## Compare monitoring with popmon, river and NannyML on the same days and changes
	@python -m benchmarks.monitoring.peers

bench-drills: setup ## Run drills on the examples: days to the verdict, served loss beside other strategies
	@python -m benchmarks.drills

bench-feasibility: setup ## Measure the forecast of learning curves: coverage of its interval on the examples and simulated
	@python -m benchmarks.feasibility

bench-recovery: setup ## Measure recovery from a change of the world: simulated breaks, and the crash of March 2020
	@python -m benchmarks.recovery

bench-cadence: setup ## Measure cadences on the examples: fits, CPU seconds of fits, served loss against nightly fits
	@python -m benchmarks.cadence

bench-serving: setup ## Measure online predictions beside bare calls of the pipeline, with promotions during requests
	@python -m benchmarks.serving

bench-deciding: setup ## Measure the cost of a backtest night and of a thousand models' decisions
	@python -m benchmarks.deciding

bench-parsing: setup ## Measure loading a large catalog, and parsing and serialising its DAGs
	@python -m benchmarks.parsing

bench-scoring: setup ## Measure scoring at 0.1 to 20 million rows a night, in CPU time and memory, beside a bare call
	@python -m benchmarks.scoring

bench-training: setup ## Measure fits on 0.1 to 5 million rows, in CPU time and memory: on all of them, and on a sample
	@python -m benchmarks.training

bench-rows: setup ## Measure the tasks of a night with 0.1 and 1 million rows, in CPU time and memory
	@python -m benchmarks.rows

bench-night: setup ## Measure a night of flights: by hand in Polars and DuckDB, by this project's functions, and in Airflow
	@python -m benchmarks.night

bench-others: setup ## Measure what a step costs in Airflow, Dagster, Prefect and Kedro
	@python -m benchmarks.others

bench-history: setup ## Measure one more night after 30, 365 and 3,650 days of history
	@python -m benchmarks.history

bench-gates: setup ## Measure gates against a hand-written query, sketches, and publishing into long tables
	@python -m benchmarks.gates

bench-landing: setup ## Measure landing and publishing of Parquet deliveries, in CPU time and memory, against copies by DuckDB
	@python -m benchmarks.landing

bench-backup: setup ## Measure backup and restore beside a plain copy of the same files
	@python -m benchmarks.backup

bench-incidents: setup ## Count the mails about incidents: one cause, ten causes, a month of small trouble
	@python -m benchmarks.incidents

faults: setup ## Run 10,000 nights with faults at every store call, and write docs/FAULTS.md
	@python -m tests.faults

test-compose: setup ## Run nights on the container stack and kill processes; status 77 if it cannot run here
	@tests/compose/run

clean: ## Delete the demo's data and logs, and test artifacts
	@rm -rf .contender build .coverage* .pytest_cache .hypothesis .mypy_cache .ruff_cache spark-warehouse

distclean: clean ## Delete the virtual environment too
	@rm -rf .venv include/*.egg-info
