# Everything a contributor needs to remember:
#   make serve   a fresh machine: sets up, then starts the gateway (HOST and PORT are honoured; Ctrl-C stops it)
#   make check   what to run before a commit: lint, types, unit tests, validate, docs
#   make test    what CI runs: check, ignorant, laws, hardening, then the recorded traffic, the official client libraries, the coding agents
#   make laws  what must hold for any message between any two protocols; the matrix of fields
#   make hardening  hostile clients, failing upstreams, the gateway from end to end
#   make ignorant  the tests of the engine with every protocol taken away
#   make matrix  docs/matrix.md anew: which field of which protocol gets through to which other
#   make translation  docs/translation/ anew: what becomes of messages between two protocols
#   make test-latest  the snippets once more, with whatever client libraries are the newest today; asks the registries
#   make agents  Claude Code, Codex and Gemini CLI do tasks through the gateway, with nothing but the loopback within reach (800 MB)
#   make previous  the client libraries one generation back, with which the snippets run, too
#   make bench   what a request costs here, and at least, in about 2 minutes
#   make scaling   requests a second with one worker and with two
#   make bench-peers  the same, beside nginx and other gateways; installs those (800 MB)
#   make memory  how much memory a worker takes while 50 forms of 20 MiB pass through it at once
#   make smuggling  payloads that hide requests, through nginx and HAProxy where they are installed
#   make fuzz    bytes that nobody would send, for 20 seconds at each reader; EACH=600 takes longer
#   make soak    reloads under load, and faults of all kinds for 10 minutes; SOAK="--requests 20000 --reloads 20 --streams 50 --seconds 30" is shorter
#   make chaos   workers that are killed, clients that leave or do not read, providers that are all down; CHAOS="--idle 500" and so on
#   make inventories  rewrite schema/protocols/*.schema.json from the published specifications and their overlays
#   make locks   rewrite the locks of requirements and tests/node from what setup.cfg, previous.in and package.json ask for

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: serve check lint types unit validate test ignorant laws hardening sdk agents previous test-latest matrix translation bench scaling bench-peers peers memory smuggling fuzz soak chaos inventories locks setup clean

# The first Python that is new enough; `make serve PYTHON=/path/to/python` overrides the choice.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
PREVIOUS := .venv-previous
NODE := $(if $(shell command -v npm),tests/node/node_modules/.installed tests/node/previous/node_modules/.installed)
AGENTS := $(if $(shell command -v npm),tests/node/agents/node_modules/.installed)
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# Tests run on all cores, on four at most; who has no more to do takes from the others.
TOGETHER := -n auto --maxprocesses 4 --dist worksteal -rR

# On a terminal the gateway becomes a job of its own, so that Ctrl-C reaches it and not make; `&& exit 0` keeps the
# shell from replacing itself with it.
serve: $(RUN)
	@if [ -t 0 ]; then set -m; fi; $(BIN)/torouter serve && exit 0

check: lint types unit validate

lint: $(DEV)
	$(BIN)/ruff check --quiet .

types: $(DEV)
	$(BIN)/mypy

unit: $(DEV)
	$(BIN)/pytest -q $(TOGETHER) -m "not corpus and not sdk and not agents" $(LAWS:%=--ignore %) $(HARD:%=--ignore %)

validate: $(DEV)
	$(BIN)/torouter validate

test: check ignorant laws hardening sdk agents

# What must hold for any message between any two protocols, and that every field gets through or is told as lost.
LAWS := tests/laws tests/coverage
laws: $(DEV)
	$(BIN)/pytest -q $(TOGETHER) $(LAWS)

# What clients send that is wrong, and what upstreams do: every row of the tables, on every protocol.
HARD := tests/faults tests/hostile tests/e2e
hardening: $(DEV)
	$(BIN)/pytest -q $(TOGETHER) -m "not corpus and not sdk" $(HARD)

# The engine with every protocol, provider and model taken away: its own tests pass on protocols that are made up.
WITHOUT := tests/canonical tests/cases tests/diagnostics tests/language tests/laws tests/made_up tests/observe tests/pipeline tests/protocol \
	tests/upstream tests/wire
ignorant: $(DEV)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && git ls-files -z | xargs -0 cp --parents -t "$$folder" && \
	cd "$$folder" && rm -rf transforms/*/ routes/*.yaml routes/sandbox && \
	ln -s engine torouter && for data in routes transforms schema; do ln -s "../$$data" "engine/$$data"; done && \
	PYTHONPATH="$$folder" "$(CURDIR)/$(BIN)/python" -m pytest -q $(TOGETHER) -p no:cacheprovider -m "not corpus and not sdk" $(WITHOUT)

sdk: $(DEV) previous
	$(BIN)/pytest -q $(TOGETHER) -m "corpus or sdk" -rsR

# npm takes an older library for an older Node unless it is told to take the latest.
test-latest: $(DEV)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(BIN)/python -m venv "$$folder/venv" && \
	"$$folder/venv/bin/python" -m pip --disable-pip-version-check --quiet install --upgrade openai anthropic google-genai && \
	"$$folder/venv/bin/python" -m pip --disable-pip-version-check list | grep -E '^(openai|anthropic|google-genai) ' && \
	if command -v npm > /dev/null; then npm install --silent --no-audit --no-fund --prefix "$$folder" \
	openai@latest @anthropic-ai/sdk@latest @google/genai@latest && npm ls --prefix "$$folder"; fi && \
	TOROUTER_LATEST="$$folder" $(BIN)/pytest -q $(TOGETHER) -rsR tests/sdk/test_snippets.py

previous: $(PREVIOUS)/.installed $(NODE)

# One after the other: they share one gateway in a network of its own.
agents: $(DEV) $(AGENTS)
	$(BIN)/pytest -q -m agents -rsR

# What the docs show of the mappings.
matrix: $(DEV)
	$(BIN)/torouter coverage --format md > docs/matrix.md

translation: $(DEV)
	$(BIN)/pytest -q --bless tests/test_docs_translation.py

bench: $(DEV)
	$(BIN)/python -m bench.run

scaling: $(DEV)
	$(BIN)/python -m bench.scaling

bench-peers: $(DEV) peers
	$(BIN)/python -m bench.run --peers

# Other gateways, as they are today; who cannot be installed is named in the report as missing.
peers: $(BIN)/python
	[ -x .peers/litellm/bin/litellm ] || { $(BIN)/python -m venv .peers/litellm && \
	.peers/litellm/bin/pip --disable-pip-version-check --quiet install 'litellm[proxy]'; } || true
	[ -d .peers/node/node_modules ] || npm install --silent --no-audit --no-fund --prefix .peers/node \
	@portkey-ai/gateway @musistudio/claude-code-router || true

memory: $(DEV)
	$(BIN)/python -m bench.memory

soak: $(DEV)
	$(BIN)/python -m tests.soak.soak $(SOAK)

chaos: $(DEV)
	$(BIN)/python -m tests.soak.chaos $(CHAOS)

setup: $(DEV)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "ToRouter needs Python 3.11 or newer; none was found." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt setup.cfg pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(PREVIOUS)/.installed: requirements/previous.txt | $(BIN)/python
	$(BIN)/python -m venv $(PREVIOUS)
	$(PREVIOUS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/previous.txt
	@touch $@

%/node_modules/.installed: %/package-lock.json
	cd $* && npm ci --silent --no-audit --no-fund
	@touch $@

smuggling: $(DEV)
	$(BIN)/python -m tests.hostile.smuggling

fuzz: $(DEV)
	$(BIN)/python -m tests.fuzz.run $(or $(EACH),20)

inventories: $(DEV)
	$(BIN)/python -m tests.inventory.build

locks: $(DEV)
	$(PIP) install pip-tools
	$(LOCK) --build-deps-for editable -o requirements/run.txt setup.cfg
	$(LOCK) --build-deps-for editable --extra dev --constraint requirements/run.txt -o requirements/dev.txt setup.cfg
	$(LOCK) -o requirements/previous.txt requirements/previous.in
	for folder in tests/node tests/node/previous tests/node/agents; do \
	npm install --prefix $$folder --package-lock-only --omit-lockfile-registry-resolved; done

clean:
	rm -rf $(VENV) $(PREVIOUS) build dist *.egg-info tests/node/node_modules tests/node/previous/node_modules tests/node/agents/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
