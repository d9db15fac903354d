# The commands of the project. `make run` and `make test` set up what they need on first use.
# Needs: Python 3.11 or newer with venv. Everything else comes from the package registries pip and npm are set up for.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
FRONT  := dashboards/frontend
NODE   := PATH="$(CURDIR)/$(BIN):$$PATH"
BUNDLE := dashboards/assets/manifest.json
DATA   ?= .amber
PORT   ?= 8700
JOBS   ?= 3  # on two cores: tests wait for servers and browsers a third of the time

# Every test process and every server started by one would compile all modules anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup compiled run test fuzz check format bench docs constraints clean

help: ## Show the commands.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Amber needs Python 3.11 or newer; $(PYTHON) was not found. Install it, or say: make PYTHON=/path/to/python3 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Amber needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Say: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python lacks the venv module. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (first time: a few minutes, about 1.5 GB) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(FRONT)/node_modules/.ready: $(FRONT)/package.json $(FRONT)/package-lock.json $(FRONT)/.npmrc | $(STAMP)
	@echo "Fetching the libraries of the pages ..."
	@cd $(FRONT) && $(NODE) npm ci --silent && touch node_modules/.ready

$(BUNDLE): $(FRONT)/node_modules/.ready $(shell find $(FRONT)/src $(FRONT)/scripts -type f 2>/dev/null)
	@cd $(FRONT) && $(NODE) npm run --silent build

setup: $(STAMP) $(BUNDLE) ## Create .venv with everything pinned in constraints.txt, and build the pages.

compiled: setup
	@$(BIN)/python -m compileall -q -j 0 engine iam queries ml ingest dashboards server sdk/amber

run: compiled ## Start Amber on port 8700 with the demo shop (DATA=dir PORT=n).
	@$(BIN)/amber serve --data $(DATA) --port $(PORT) --demo

test: compiled ## Run all tests.
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -q

fuzz: setup ## Ten times as many texts as the tests try, other ones each time (TIMES=n).
	@AMBER_FUZZ=$(or $(TIMES),10) $(BIN)/python -m pytest -n $(JOBS) -q tests/queries_compile/test_thousands_of_texts.py tests/queries_syntax/test_round_trip.py tests/ingest/test_door_fuzz.py

check: setup ## Lint, types (Python and TypeScript), layers, dependencies.
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@cd $(FRONT) && $(NODE) npm run --silent check

format: setup ## Format the code.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix -q .

bench: compiled ## Measure the budgets; writes docs/performance.md (ROWS=n).
	@$(BIN)/python -m benchmarks $(if $(ROWS),--rows $(ROWS))

docs: setup ## Write the generated reference pages anew.
	@$(BIN)/python -m engine.reference
	@$(BIN)/python -m queries.reference >docs/reference/functions.md.new && mv docs/reference/functions.md.new docs/reference/functions.md
	@$(BIN)/python -m queries.editor.reference <docs/reference/discover.md >docs/reference/discover.md.new && mv docs/reference/discover.md.new docs/reference/discover.md
	@$(BIN)/python -m server.settings >docs/reference/settings.md.new && mv docs/reference/settings.md.new docs/reference/settings.md
	@$(BIN)/python -m iam.reference >docs/explanation/access.md.new && mv docs/explanation/access.md.new docs/explanation/access.md
	@$(BIN)/python -m server.cli.reference >docs/reference/cli.md.new && mv docs/reference/cli.md.new docs/reference/cli.md
	@$(BIN)/python -m server.http.reference
	@$(BIN)/python -m ingest.reference >docs/reference/ingest.md.new && mv docs/reference/ingest.md.new docs/reference/ingest.md
	@$(BIN)/python -m ingest.native.needs <docs/reference/native-ingest.md >docs/reference/native-ingest.md.new && mv docs/reference/native-ingest.md.new docs/reference/native-ingest.md
	@$(BIN)/python -m dashboards.welcome.reference

constraints: ## Write constraints.txt anew from a fresh environment.
	@rm -rf .venv-fresh && $(PYTHON) -m venv .venv-fresh && .venv-fresh/bin/pip install -q '.[dev,bench]'
	@{ echo '# Exact versions everything is tested with. `make constraints` writes this file anew from a fresh environment.'; \
	   .venv-fresh/bin/pip freeze --exclude amber-observability | sort -f; } > constraints.txt
	@rm -rf .venv-fresh

clean: ## Remove .venv, the built pages and the demo data.
	@rm -rf $(VENV) $(DATA) $(FRONT)/node_modules dashboards/assets
