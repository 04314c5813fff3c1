# `make demo` and `make test` set up what they need by themselves.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: up down help setup demo test test-compose test-fast lint types format lock docs sbom audit bench-deciding bench-gates \
	bench-promotion clean distclean

NIGHTS ?= 3
EXIT ?=

# Two OpenMP threads that wait for each other on busy cores cost tens of times what they bring.
export OMP_NUM_THREADS ?= 1
# Airflow starts twice as fast from compiled files; spark-submit and Airflow look for python3 on the path.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install Java where it may, and the pinned packages into .venv
	@scripts/bootstrap.sh

ifeq ($(STACK),compose)
demo: up
	@docker compose run --rm --no-deps demo --nights $(NIGHTS) $(if $(EXIT),--exit)
else
demo: setup ## Live NIGHTS=3 nights in a real Airflow (STACK=compose: in the containers); EXIT=1 ends with a status
	@python -m demo --nights $(NIGHTS) $(if $(EXIT),--exit)
endif

test: setup lint types ## Run every check and every test
	@mkdir -p build
	@python -m pytest --cov --cov-report= --junit-xml=build/junit.xml
	@coverage xml --quiet -o build/coverage.xml
	@coverage report --skip-covered --sort=cover

test-fast: setup ## Run the tests that need no servers
	@python -m pytest tests/unit tests/dags

lint: setup ## Check style and the architecture's contracts
	@ruff check .
	@ruff format --check --quiet .
	@lint-imports --no-cache

types: setup ## Check types
	@mypy

format: setup ## Put the code into its form
	@ruff check --fix --quiet . ; ruff format --quiet .

lock: setup ## Make requirements*.txt from requirements*.in
	@uv pip compile --quiet --override requirements-override.txt --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links requirements.in -o requirements.txt
	@uv pip compile --quiet --override requirements-override.txt --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links -c requirements.txt requirements-dev.in -o requirements-dev.txt

docs: setup ## Make the generated pages of docs/
	@AIRFLOW_HOME=$(CURDIR)/build/airflow python -m scripts.generate_docs

sbom: setup ## List what is locked as CycloneDX, in build/sbom.json
	@mkdir -p build
	@uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py requirements --output-reproducible \
		--output-format JSON --output-file build/sbom.json requirements.txt
	@echo "build/sbom.json: $$(grep -c '"purl"' build/sbom.json) packages"

audit: setup ## Ask for known holes of what is locked; status 3 when no service answers
	@python -m scripts.audit_packages

bench-promotion: setup ## Measure false promotions, days to find what is better, and the loss that rules serve
	@python -m benchmarks.promotion

bench-deciding: setup ## Measure a backtest's night beside its bare fits, and decisions of a thousand models
	@python -m benchmarks.deciding

bench-gates: setup ## Measure gates beside a hand-written query, sketches, and publishing into long tables
	@python -m benchmarks.gates

up: ## Start the stack of docker-compose.yaml, its secrets made on first use
	@scripts/make_env.sh
	@docker compose build
	@docker compose up --wait

test-compose: setup ## Try that stack for real: nights, kills and restarts; status 77 where it cannot be tried
	@tests/compose/run

down: ## Stop that stack; its volumes stay
	@docker compose down

clean: ## Forget the demo's lake, records and logs, and what tests left
	@rm -rf .contender build .coverage* .pytest_cache .hypothesis .mypy_cache .ruff_cache spark-warehouse

distclean: clean ## Forget the virtual environment, too
	@rm -rf .venv include/*.egg-info
