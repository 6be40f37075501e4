# Gantry. `make` lists what can be done; `make run` is all it takes to try it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# The newest Python from 3.11 up that is on the PATH.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PYTEST ?= $(BIN)/python -m pytest
WORKERS ?= 3
# What formats and checks the islands of JavaScript and the OpenAPI document, pinned by its own package-lock.json.
JS_TOOLS := tests/islands
ISLANDS := gantry/ui/islands
BIOME := PATH="$(CURDIR)/$(BIN):$$PATH" $(JS_TOOLS)/node_modules/.bin/biome
# Query sets for measuring search, and beside them what builds the embedding model where it cannot be downloaded.
RETRIEVAL_DATA ?= $(realpath ../shared/retrieval/dev)
export RETRIEVAL_DATA
export REFLEX_USE_NPM := 1
export REFLEX_TELEMETRY_ENABLED := false
export REFLEX_CHECK_LATEST_VERSION := false
export NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED := true

.PHONY: help
help:  ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { print "\n" substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use
.PHONY: run build export wheel migrate backup restore doctor
run: setup  ## Serve Gantry on http://localhost:3000 (PORT=… for another port)
	@$(BIN)/python -m gantry serve

build: setup  ## Compile the front end
	@$(BIN)/python -m gantry build

export: setup  ## Write the front end for a static host to dist/ (BACKEND_URL=… if the backend is elsewhere)
	@$(BIN)/python -m gantry build --out "$(or $(OUT),dist)" --backend "$(BACKEND_URL)"

wheel: setup-dev build  ## Make a wheel with the compiled front end, in wheelhouse/: pip install wheelhouse/gantry-….whl
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir wheelhouse .

migrate: setup  ## Bring the database to the schema of this version
	@$(BIN)/python -m gantry migrate

backup: setup  ## Save everything to one file in data/backups, also while Gantry runs
	@$(BIN)/python -m gantry backup

restore: setup  ## Put a backup in the place of everything: f=data/backups/….tar
	@$(BIN)/python -m gantry restore "$(f)" --replace

doctor: setup  ## Check everything, and tell how to mend it
	@$(BIN)/python -m gantry doctor

##@ Set up
.PHONY: setup setup-dev system-packages deps
setup: $(VENV)/.stamp  ## Make the virtual environment, when requirements.txt has changed

setup-dev: $(VENV)/.stamp-dev  ## The same, with everything that tests and checks need

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Gantry needs Python 3.11 or newer: https://www.python.org/downloads/"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: sudo apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.stamp: requirements.txt | $(VENV)/bin/python
	@echo "Installing requirements (once; a minute or two) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing development requirements …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.stamp

$(JS_TOOLS)/node_modules/.stamp: $(JS_TOOLS)/package-lock.json | $(VENV)/bin/python
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(JS_TOOLS) ci --ignore-scripts --silent --no-audit --no-fund
	@touch $@

# Only its program: the package would start a server on port 80.
NGINX := .cache/nginx/usr/sbin/nginx

# What tests run against, by the command each package brings; PostgreSQL's is not on the PATH, and languages of Tesseract are
# files. Chromium without the parts for a screen takes half the processor time; where it is not to be had, the whole one does.
system-packages:
	@missing=""; \
	command -v chromium-headless-shell >/dev/null \
		|| { command -v chromium >/dev/null && ! apt-cache show chromium-headless-shell >/dev/null 2>&1; } \
		|| missing="$$missing chromium-headless-shell"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$$missing postgresql"; \
	ls /usr/share/tesseract-ocr/*/tessdata/eng.traineddata >/dev/null 2>&1 || command -v tesseract >/dev/null \
		|| missing="$$missing tesseract-ocr-eng tesseract-ocr-osd"; \
	unpack=""; command -v nginx >/dev/null || test -x $(NGINX) || unpack=nginx; \
	test -z "$$missing$$unpack" && exit 0; \
	if test "$$(id -u)" = 0; then sudo=""; else sudo="sudo -n"; fi; \
	if command -v apt-get >/dev/null && $$sudo true 2>/dev/null; then \
		echo "Installing$$missing $$unpack …"; \
		wait="-o DPkg::Lock::Timeout=600"; \
		$$sudo apt-get $$wait update -qq && \
		{ apt-cache show chromium-headless-shell >/dev/null 2>&1 || missing="$$(echo "$$missing" | sed s/-headless-shell//)"; } && \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get $$wait install -y -qq --no-install-recommends $$missing >/dev/null && \
		{ test -z "$$unpack" || { mkdir -p .cache/nginx && cd .cache/nginx && rm -f *.deb && \
			apt-get download -qq nginx 2>/dev/null && dpkg -x nginx_*.deb .; }; }; \
	else \
		echo "Not installed:$$missing $$unpack. Tests that need them are skipped, or fail when GANTRY_TEST_REQUIRE=all."; \
		echo "On Debian and Ubuntu: sudo apt install$$missing $$unpack"; \
	fi

# Programs that nobody here wrote, as tests run them: their pins are not ours (230 MB).
CLIENTS := tests/clients
.PHONY: clients
clients: $(CLIENTS)/node_modules/.stamp .cache/clients/.stamp

$(CLIENTS)/node_modules/.stamp: $(CLIENTS)/package-lock.json | $(VENV)/.stamp-dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(CLIENTS) ci --silent --no-audit --no-fund
	@touch $@

.cache/clients/.stamp: $(CLIENTS)/requirements.txt | $(VENV)/.stamp-dev
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .cache/clients
	@$(BIN)/uv pip install --quiet --python .cache/clients/bin/python --require-hashes -r $(CLIENTS)/requirements.txt
	@touch $@

# Extras stay in the pins: pip would look for the newest release of `coverage[toml]` beside a pinned `coverage`.
deps: setup-dev  ## Recompile the pinned requirements from the .in files
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --custom-compile-command "make deps" --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --custom-compile-command "make deps" --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --custom-compile-command "make deps" --generate-hashes --python-version 3.11 $(CLIENTS)/requirements.in -o $(CLIENTS)/requirements.txt

##@ Develop
.PHONY: dev fmt lint types arch migration docs bench bench-peers bench-retrieval messages screenshots
dev: setup-dev  ## Serve with hot reload: pages on :3000, backend on :8000
	@$(BIN)/python -m gantry migrate
	@PATH="$(CURDIR)/$(BIN):$$PATH" REFLEX_HOT_RELOAD_OVERRIDE_PATHS=gantry $(BIN)/reflex run

fmt: setup-dev $(JS_TOOLS)/node_modules/.stamp  ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIOME) check --write $(ISLANDS) $(JS_TOOLS)/*.js

lint: setup-dev $(JS_TOOLS)/node_modules/.stamp  ## Style and spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIOME) check $(ISLANDS) $(JS_TOOLS)/*.js
	$(BIN)/codespell --skip "*/node_modules" gantry tests docs bench alembic Makefile *.md *.in

types: setup-dev  ## Types
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pyright

arch: setup-dev  ## Who may import whom
	$(BIN)/lint-imports

migration: setup-dev  ## Write a migration from the models: m="add …"
	@test -n "$(m)" || { echo 'Say what it does: make migration m="add pinned to conversation"'; exit 1; }
	$(BIN)/python -m gantry revision "$(m)"

docs: setup-dev  ## Write docs/configuration.md and .env.example from the settings
	PYTHONPATH=. $(BIN)/python docs/generate.py

bench: setup-dev  ## Measure against the budgets
	$(BIN)/python -m bench

bench-peers: setup-dev  ## Measure beside Open WebUI and Chainlit, installed once into .cache/peers (3 GB)
	$(BIN)/python -m bench.peers

bench-retrieval: setup-dev  ## Measure search on the query sets under RETRIEVAL_DATA
	$(BIN)/python -m bench.retrieval $(SETS)

messages: setup-dev  ## Bring the catalogues of every language to what the code says
	@template=$$(mktemp) && $(BIN)/pybabel -q extract -F pyproject.toml -k plural:1,2 --no-wrap --add-location=file --omit-header -o $$template gantry \
		&& for language in gantry/languages/*/; do \
			$(BIN)/pybabel -q update -i $$template -d gantry/languages -D gantry -l $$(basename $$language) --no-wrap --no-fuzzy-matching --ignore-obsolete; \
		done; rm $$template

screenshots: setup-dev system-packages  ## Take the pictures of the documentation
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

##@ Test
.PHONY: test test-unit test-integration test-e2e test-open-webui test-deploy check
test: setup-dev system-packages clients $(JS_TOOLS)/node_modules/.stamp  ## All tests that this machine can run
	$(PYTEST) -n $(WORKERS) --dist loadgroup -m "not deploy"

test-unit: setup-dev  ## The fast ones
	$(PYTEST) -m unit

test-integration: setup-dev system-packages clients $(JS_TOOLS)/node_modules/.stamp  ## Against real databases and servers
	$(PYTEST) -m integration

test-e2e: setup-dev system-packages  ## In a real browser
	$(PYTEST) -m e2e

test-open-webui: setup-dev  ## Open WebUI with Gantry as its model server (installs 3 GB into .cache/peers)
	$(BIN)/python -c "from bench.peer_products import OPEN_WEBUI; OPEN_WEBUI.install()"
	$(PYTEST) tests/integration/api/test_open_webui.py

test-deploy: setup-dev system-packages  ## The production images on a real Docker engine (root; takes ports 80 and 443)
	$(PYTEST) -m deploy --timeout 900

check: lint types arch test  ## Everything a pull request must pass
