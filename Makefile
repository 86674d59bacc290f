# All that a developer does, by name. It wants make and Python 3.11 or newer, and fetches the rest.
SHELL := bash
PORT ?= 8000
SECONDS ?= 60
RUN := .venv/installed-to-run
DEVELOP := .venv/installed-to-develop
WIDGET := widget/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help run test lint bench soak format build image release pins clean parts sites

help: ## list these
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 16

run: $(RUN) ## serve the demo at http://127.0.0.1:8000/demo, or at another PORT=
	@mkdir -p data
	@LIKEWISE_PORT=$(PORT) LIKEWISE_DATABASE=data/likewise.db PYTHONPATH=src .venv/bin/python -m likewise demo

test: $(DEVELOP) $(WIDGET) sites ## run every test, after setting up all that they need
	@scripts/test

lint: $(DEVELOP) $(WIDGET) ## check style, types, import directions and that the built widget is fresh
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	scripts/widget check

bench: $(DEVELOP) parts ## compare speed and memory; ARTICLE=folder of its main.py, OPTIONS=--help
	@.venv/bin/python -m benchmarks.compare $(if $(ARTICLE),--article "$(ARTICLE)") $(OPTIONS)

soak: $(DEVELOP) parts ## long tests: memory for SECONDS=60, and all that `make test` leaves out
	@.venv/bin/python -m benchmarks.soak --seconds $(SECONDS) $(OPTIONS)
	@.venv/bin/python -m pytest -m soak

format: $(DEVELOP) $(WIDGET) ## put all code into its form
	.venv/bin/ruff format
	.venv/bin/ruff check --fix
	scripts/widget format

build: $(DEVELOP) $(WIDGET) ## make the widget, then wheel and sdist in dist/
	scripts/widget build
	.venv/bin/uv build --no-build-isolation --python .venv/bin/python

image: ## build the container image with docker, podman or buildah
	@scripts/image

release: $(DEVELOP) $(WIDGET) ## build twice, compare and test a release in dist/; tells how to publish it
	@scripts/release $(TESTS)

pins: $(DEVELOP) ## remake the pinned requirements from pyproject.toml
	scripts/pins

clean: ## remove everything that was made here, except data/
	rm -rf .venv dist widget/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUN): requirements.txt
	@scripts/environment $<
	@touch $@

$(DEVELOP): requirements-dev.txt pyproject.toml
	@scripts/environment $<
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(WIDGET): widget/package-lock.json | parts
	@scripts/widget install

parts:
	@scripts/test-parts

sites: $(DEVELOP) | parts
	@scripts/sites
	@scripts/blocking-lists
